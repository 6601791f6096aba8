//! When something is due, in words and in the units in which the person reckons.

use chrono::{DateTime, Utc};
use domain::distance::Distance;
use domain::reminder::{Because, Due};

/// In what the person reckons distances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Units {
    Kilometres,
    Miles,
}

/// Metres of a mile.
const MILE: i64 = 1_609;

impl Units {
    /// By the word of the preferences.
    pub fn of(word: Option<&str>) -> Self {
        match word {
            Some("us" | "uk") => Self::Miles,
            Some(_) | None => Self::Kilometres,
        }
    }

    fn say(self, distance: Distance) -> String {
        let metres = distance.metres().abs();
        match self {
            Self::Kilometres => format!("{} km", (metres + 500) / 1_000),
            Self::Miles => format!("{} miles", (metres + MILE / 2) / MILE),
        }
    }
}

/// `Oil change is due in 500 miles`.
pub fn due(title: &str, due: &Due, units: Units, now: DateTime<Utc>) -> String {
    let date = due.date.map(|date| date.expected);
    match (due.because, due.left, date) {
        (Some(Because::Distance), Some(left), _) if left < Distance::ZERO => {
            format!("{title} is overdue by {}", units.say(left))
        }
        (Some(Because::Distance), Some(left), _) => format!("{title} is due in {}", units.say(left)),
        (Some(_), _, Some(at)) if at < now => format!("{title} is overdue since {}", at.format("%Y-%m-%d")),
        (Some(_), _, Some(at)) => format!("{title} is due on {}", at.format("%Y-%m-%d")),
        (Some(_), _, None) => format!("{title} is due soon"),
        (None, _, _) => format!("Nothing is known yet of when {title} is due"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use domain::reminder::{Spread, Stage};

    #[test]
    fn it_is_said_as_the_person_reckons() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let said = |because, km, units| {
            let left = Distance::from_km(km);
            let date = Some(Spread::exactly(now + TimeDelta::days(km)));
            let due =
                Due { stage: Stage::Soon, because: Some(because), odometer: None, left: Some(left), date };
            super::due("Oil change", &due, units, now)
        };
        assert_eq!(said(Because::Distance, 805, Units::Miles), "Oil change is due in 500 miles");
        assert_eq!(said(Because::Distance, 805, Units::Kilometres), "Oil change is due in 805 km");
        assert_eq!(said(Because::Distance, -20, Units::Kilometres), "Oil change is overdue by 20 km");
        assert_eq!(said(Because::Time, 10, Units::Miles), "Oil change is due on 2024-10-14");
    }
}
