//! What a row of `vehicle_states` remembers, in bytes: a version, and behind it postcard's form of [`Memory`]. What cannot be
//! read is folded again from the readings, so nothing here has to understand an older form.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use domain::fold::{Sighting, VehicleState};
use domain::timeline::{Head, Settled};
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::book::Remembered;

/// Raised whenever the form of anything below changes, states of rules included. (A change of what the rules conclude raises
/// `RULES_VERSION`.)
const FORM: u8 = 2;

#[derive(Serialize, Deserialize)]
struct Memory<'a> {
    state: Cow<'a, VehicleState>,
    tail: Cow<'a, [Sighting]>,
    tip: Option<Tip<'a>>,
    remembered: Cow<'a, Remembered>,
}

#[derive(Serialize, Deserialize)]
struct Tip<'a> {
    #[serde(with = "domain::moment::option")]
    until: Option<DateTime<Utc>>,
    state: Cow<'a, VehicleState>,
}

/// The head of a car.
pub(super) fn of_head(head: &Head, remembered: &Remembered) -> Result<Vec<u8>, StoreError> {
    write(&Memory {
        state: Cow::Borrowed(&head.settled.state),
        tail: Cow::Borrowed(&head.tail),
        tip: head.tip.as_ref().map(|tip| Tip { until: tip.until, state: Cow::Borrowed(&tip.state) }),
        remembered: Cow::Borrowed(remembered),
    })
}

/// The state in which an earlier day ended.
pub(super) fn of_day(settled: &Settled) -> Result<Vec<u8>, StoreError> {
    write(&Memory {
        state: Cow::Borrowed(&settled.state),
        tail: Cow::Borrowed(&[]),
        tip: None,
        remembered: Cow::Owned(Remembered::default()),
    })
}

/// `None` for what another version wrote.
pub(super) fn read(until: Option<DateTime<Utc>>, bytes: &[u8]) -> Option<(Head, Remembered)> {
    let (form, memory) = bytes.split_first()?;
    if *form != FORM {
        return None;
    }
    let Memory { state, tail, tip, remembered } = postcard::from_bytes(memory).ok()?;
    let tip = tip.map(|tip| Settled { until: tip.until, state: tip.state.into_owned() });
    let settled = Settled { until, state: state.into_owned() };
    Some((Head { settled, tail: tail.into_owned(), tip }, remembered.into_owned()))
}

fn write(memory: &Memory<'_>) -> Result<Vec<u8>, StoreError> {
    postcard::to_extend(memory, vec![FORM])
        .map_err(|error| StoreError::corrupt("vehicle_states", "memory")(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use domain::reading::{Milli, Position, Reading, Signal, TimeQuality, Value};
    use domain::setup::Setup;
    use domain::timeline::advance;

    const SIGNALS: [&str; 5] = [
        Signal::ODOMETER,
        Signal::FUEL_LEVEL,
        Signal::STATE_OF_CHARGE,
        Signal::IS_CHARGING,
        Signal::LOCATION,
    ];

    /// Three days of a plug-in hybrid, an hour apart: it drives by day and is charged at night.
    fn lived() -> Head {
        let start = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let value = |signal: &str, hour: i64| match signal {
            Signal::ODOMETER => Value::Number(Milli((10_000 + hour / 8 * 31) * 1000)),
            Signal::IS_CHARGING => Value::Bool(hour % 24 < 6),
            Signal::LOCATION => {
                Value::Position(Position { latitude_e6: 52_000_000, longitude_e6: 13_000_000 })
            }
            _ => Value::Number(Milli((40 + hour % 24 * 2) * 1000)),
        };
        let sightings = (0..72).flat_map(|hour| {
            SIGNALS.map(|code| Sighting {
                reading: Reading {
                    at: start + TimeDelta::milliseconds(hour * 3_600_000 + 7),
                    signal: Signal::new(code),
                    value: value(code, hour),
                    quality: TimeQuality::Oem,
                    original: None,
                },
                by_hand: false,
            })
        });
        advance(Settled::default(), sightings, [], &Setup::default()).head
    }

    #[test]
    fn what_is_written_is_read_as_it_was_and_takes_a_fraction_of_its_json() {
        let head = lived();
        let bytes = of_head(&head, &Remembered::default()).unwrap();
        assert_eq!(read(head.settled.until, &bytes), Some((head.clone(), Remembered::default())));
        let tip = head.tip.as_ref().map(|tip| &tip.state);
        let json = serde_json::to_string(&(&head.settled.state, &head.tail, tip)).unwrap();
        assert!(bytes.len() * 4 < json.len(), "{} bytes, {} as JSON", bytes.len(), json.len());
    }

    #[test]
    fn the_state_of_a_day_has_no_tail() {
        let head = lived();
        let bytes = of_day(&head.settled).unwrap();
        let day = Head { settled: head.settled.clone(), ..Head::default() };
        assert_eq!(read(head.settled.until, &bytes), Some((day, Remembered::default())));
    }

    #[test]
    fn another_form_and_what_is_cut_off_are_not_read() {
        let head = lived();
        let bytes = of_head(&head, &Remembered::default()).unwrap();
        let other = [&[FORM + 1], &bytes[1..]].concat();
        assert_eq!(read(None, &other), None);
        assert_eq!(read(None, &bytes[..bytes.len() / 2]), None);
        assert_eq!(read(None, &[]), None);
    }
}
