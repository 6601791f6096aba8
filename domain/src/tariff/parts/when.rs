//! When a price counts: weekdays, hours and months of the tariff's own clock.

use chrono::{DateTime, Datelike, Timelike, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Always, unless something else is said. Weekday and month are those of the moment itself: the hours after midnight of a
/// night from Friday to Saturday are Saturday's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct When {
    #[serde(default)]
    pub weekdays: Weekdays,
    /// Inclusive.
    #[serde(default)]
    pub from: MinuteOfDay,
    /// Exclusive; not after `from`: on the next day. The same as `from`: the whole day.
    #[serde(default)]
    pub to: MinuteOfDay,
    #[serde(default)]
    pub months: Months,
}

/// A set of weekdays, Monday first. In JSON a list: `["mon", "sat"]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weekdays(pub [bool; 7]);

/// A set of months, January first. In JSON a list: `[11, 12, 1, 2]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Months(pub [bool; 12]);

/// A time of day to the minute, below 24 hours. In JSON `22:30`; `24:00` is midnight, too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MinuteOfDay(u16);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no time of day: write hours and minutes, such as 22:30")]
pub struct NoTime(String);

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY: u16 = 24 * 60;

impl When {
    pub const ALWAYS: Self = Self {
        weekdays: Weekdays([true; 7]),
        from: MinuteOfDay(0),
        to: MinuteOfDay(0),
        months: Months([true; 12]),
    };

    /// Whether the moment is within, by this clock. On the days of the change of time the clock skips or repeats an hour, and so
    /// does the price.
    pub(in crate::tariff) fn holds(self, at: DateTime<Utc>, zone: Tz) -> bool {
        let local = at.with_timezone(&zone);
        let minute = MinuteOfDay::of(local.hour(), local.minute());
        let in_hours = if self.from < self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        };
        in_hours && self.weekdays.has(local.weekday()) && self.months.has(local.month0())
    }

    pub(super) fn is_never(self) -> bool {
        self.weekdays.0 == [false; 7] || self.months.0 == [false; 12]
    }
}

impl Default for When {
    fn default() -> Self {
        Self::ALWAYS
    }
}

impl Weekdays {
    fn has(self, day: Weekday) -> bool {
        self.0.iter().zip(0..).any(|(is_in, number)| *is_in && number == day.num_days_from_monday())
    }
}

impl Months {
    fn has(self, month0: u32) -> bool {
        self.0.iter().zip(0..).any(|(is_in, number)| *is_in && number == month0)
    }
}

impl Default for Weekdays {
    fn default() -> Self {
        Self([true; 7])
    }
}

impl Default for Months {
    fn default() -> Self {
        Self([true; 12])
    }
}

impl MinuteOfDay {
    pub fn parse(text: &str) -> Result<Self, NoTime> {
        let number = |digits: &str| {
            let fits = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
            digits.parse::<u16>().ok().filter(|_| fits)
        };
        let parsed =
            text.split_once(':').and_then(|(hours, minutes)| Some((number(hours)?, number(minutes)?)));
        match parsed {
            Some((hours @ 0..24, minutes @ 0..60)) => Ok(Self(hours * 60 + minutes)),
            Some((24, 0)) => Ok(Self(0)),
            Some(_) | None => Err(NoTime(text.to_owned())),
        }
    }

    /// Since midnight, as the clock shows it.
    pub const fn minutes(self) -> u16 {
        self.0
    }

    fn of(hour: u32, minute: u32) -> Self {
        Self(u16::try_from(hour * 60 + minute).unwrap_or_default() % DAY)
    }
}

impl Serialize for MinuteOfDay {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{:02}:{:02}", self.0 / 60, self.0 % 60))
    }
}

impl<'de> Deserialize<'de> for MinuteOfDay {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(de::Error::custom)
    }
}

impl Serialize for Weekdays {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let days: Vec<&str> =
            DAYS.iter().zip(self.0).filter(|(_, is_in)| *is_in).map(|(day, _)| *day).collect();
        days.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Weekdays {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let days = Vec::<String>::deserialize(from)?;
        if let Some(other) = days.iter().find(|day| !DAYS.contains(&day.as_str())) {
            return Err(de::Error::custom(format_args!(
                "{other} is no weekday: they are {}",
                DAYS.join(", ")
            )));
        }
        Ok(Self(DAYS.map(|day| days.iter().any(|named| named == day))))
    }
}

impl Serialize for Months {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let months: Vec<u8> =
            (1..=12).zip(self.0).filter(|(_, is_in)| *is_in).map(|(month, _)| month).collect();
        months.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Months {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let named = Vec::<u8>::deserialize(from)?;
        if let Some(other) = named.iter().find(|month| !(1..=12).contains(*month)) {
            return Err(de::Error::custom(format_args!("{other} is no month: they are 1 to 12")));
        }
        let mut months = [false; 12];
        for (is_in, month) in months.iter_mut().zip(1..) {
            *is_in = named.contains(&month);
        }
        Ok(Self(months))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_hours_and_minutes() {
        for (text, minutes) in [("00:00", 0), ("22:30", 1350), ("23:59", 1439), ("24:00", 0)] {
            assert_eq!(MinuteOfDay::parse(text).unwrap().minutes(), minutes, "{text}");
        }
        for bad in ["24:01", "12:60", "7:00", "+7:00", "07:0", "0700", ""] {
            assert!(MinuteOfDay::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn absent_means_always_and_a_list_names_what_counts() {
        let when: When = serde_json::from_str("{}").unwrap();
        assert_eq!(when, When::ALWAYS);
        let json = r#"{"weekdays":["mon","sun"],"from":"22:00","to":"06:00","months":[1,12]}"#;
        let when: When = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&when).unwrap(), json);
        for bad in [r#"{"weekdays":["monday"]}"#, r#"{"months":[0]}"#, r#"{"hours":1}"#] {
            assert!(serde_json::from_str::<When>(bad).is_err(), "{bad}");
        }
    }
}
