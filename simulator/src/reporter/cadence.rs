//! When a car speaks while it does one thing.

use chrono::{DateTime, Duration, Utc};

use super::Moment;
use crate::chance::Chance;
use crate::world::{Cadence, Doing, Segment};

/// The moments of a segment, in order and within it.
pub fn moments(cadence: Cadence, segment: &Segment, last: Last, chance: &mut Chance) -> Vec<Moment> {
    let Some(interval_seconds) = interval_seconds(cadence, segment.doing) else {
        return Vec::new();
    };
    let parks = matches!(segment.doing, Doing::Standing { .. } | Doing::InService);
    let mut at = match segment.doing {
        Doing::Driving { .. } if cadence.on_change => segment.from + jitter(interval_seconds, chance),
        _ if cadence.on_change => segment.from + Duration::seconds(chance.between(30, 240)),
        // The timer still runs quickly when a car has just been parked.
        _ if parks && !last.settled => last.at + jitter(cadence.active_minutes * 60, chance),
        _ => last.at + jitter(interval_seconds, chance),
    };
    at = at.max(segment.from + Duration::seconds(30));
    let mut moments = Vec::new();
    while at < segment.until {
        moments.push(Moment { at, opening: moments.is_empty() });
        at += jitter(interval_seconds, chance);
    }
    moments
}

/// Nobody reports at the pump; and while it charges a car speaks less often than while it drives.
fn interval_seconds(cadence: Cadence, doing: Doing) -> Option<i64> {
    let active = cadence.active_minutes * 60;
    match doing {
        Doing::Driving { .. } => Some(active),
        Doing::Charging { .. } => Some(active.max((active * 3).min(900))),
        Doing::Standing { .. } | Doing::InService => Some(cadence.idle_hours * 3_600),
        Doing::Refuelling => None,
    }
}

/// A fifth shorter or longer.
fn jitter(seconds: i64, chance: &mut Chance) -> Duration {
    Duration::seconds(chance.between(seconds * 4 / 5, seconds * 6 / 5))
}

/// When a car spoke last, and whether it had stood still then already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Last {
    pub at: DateTime<Utc>,
    pub settled: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{Gauges, Place, PlaceKind, Position, Stamps};

    const LIVELY: Cadence = Cadence {
        active_minutes: 10,
        idle_hours: 6,
        on_change: true,
        stamps: Stamps::Changes,
        odometer_while_driving: true,
        whole_seconds: true,
    };
    const SLEEPY: Cadence = Cadence { on_change: false, idle_hours: 12, active_minutes: 40, ..LIVELY };

    fn spoken(cadence: Cadence, doing: Doing, minutes: i64, last: (i64, bool)) -> Vec<i64> {
        let from = DateTime::from_timestamp(1_780_000_000, 0).unwrap();
        let place = Place { kind: PlaceKind::Home, position: Position { latitude_e6: 0, longitude_e6: 0 } };
        let gauges = Gauges { odometer_m: 0, fuel_ml: 0, battery_wh: 0, serviced_at_m: 0 };
        let until = from + Duration::minutes(minutes);
        let segment = Segment { from, until, place, doing, before: gauges, after: gauges };
        let last = Last { at: from + Duration::minutes(last.0), settled: last.1 };
        let moments = moments(cadence, &segment, last, &mut Chance::new(1));
        moments.iter().map(|moment| (moment.at - from).num_minutes()).collect()
    }

    const STANDING: Doing = Doing::Standing { plugged: false };

    #[test]
    fn a_lively_car_speaks_when_it_has_parked_and_then_every_six_hours_or_so() {
        let spoken = spoken(LIVELY, STANDING, 20 * 60, (-3, false));
        assert!(spoken[0] <= 4);
        assert!((3..=5).contains(&spoken.len()), "{spoken:?}");
        assert!(spoken.windows(2).all(|two| (288..=432).contains(&(two[1] - two[0]))), "{spoken:?}");
    }

    #[test]
    fn a_charging_car_speaks_every_quarter_of_an_hour() {
        let spoken = spoken(LIVELY, Doing::Charging { watts: 11_000 }, 120, (-60, true));
        assert!((7..=10).contains(&spoken.len()), "{spoken:?}");
    }

    #[test]
    fn a_sleepy_car_is_told_by_its_timer_alone() {
        // It had spoken while driving, 5 minutes before it parked.
        let parked = spoken(SLEEPY, STANDING, 11 * 60, (-5, false));
        assert!(parked.len() == 1 && (27..=43).contains(&parked[0]), "{parked:?}");
        // It stood when it spoke last, so it sleeps on.
        assert_eq!(spoken(SLEEPY, STANDING, 8 * 60, (-30, true)), [] as [i64; 0]);
    }

    #[test]
    fn nobody_reports_at_the_pump() {
        assert!(spoken(LIVELY, Doing::Refuelling, 6, (-1, false)).is_empty());
    }
}
