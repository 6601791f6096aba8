//! What a row of `vehicle_states` remembers, in bytes: a version, and behind it postcard's form, compressed. What folding on needs
//! is in `memory`, the settled state in `settled`: most deliveries read and write the first alone. What cannot be read is folded
//! again from the readings, so nothing here has to understand an older form.
//!
//! The rules and the way back to what they were a reading ago differ in little, and each signal's name comes again and again:
//! LZ4 leaves a quarter, so that a row takes part of a page, and its next version lies beside it.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use domain::fold::{Sighting, VehicleState};
use domain::timeline::{Head, Settled};
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::book::Remembered;

/// Raised whenever the form of anything below changes, states of rules included. (A change of what the rules conclude raises
/// `RULES_VERSION`.)
const FORM: u8 = 6;

/// So many bytes a head takes, or fewer: what grows while it is written is copied.
const USUAL: usize = 6144;

/// LZ4 makes no more of a byte.
const MOST_OF_A_BYTE: usize = 255;

/// What folding on needs.
#[derive(Default, Serialize, Deserialize)]
struct Memory<'a> {
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

/// Of the head of a car.
pub(super) fn of_head<S>(head: &Head<S>, remembered: &Remembered) -> Result<Vec<u8>, StoreError> {
    write(
        "memory",
        &Memory {
            tail: Cow::Borrowed(&head.tail),
            tip: head.tip.as_ref().map(|tip| Tip { until: tip.until, state: Cow::Borrowed(&tip.state) }),
            remembered: Cow::Borrowed(remembered),
        },
    )
}

/// Of an earlier day.
pub(super) fn of_day() -> Result<Vec<u8>, StoreError> {
    write("memory", &Memory::default())
}

/// `None` for what another version wrote.
pub(super) fn read(until: Option<DateTime<Utc>>, memory: &[u8]) -> Option<(Head<()>, Remembered)> {
    let Memory { tail, tip, remembered } = postcard::from_bytes(&plain(memory)?).ok()?;
    let tip = tip.map(|tip| Settled { until: tip.until, state: tip.state.into_owned() });
    let head = Head { settled: Settled { until, state: () }, tail: tail.into_owned(), tip };
    Some((head, remembered.into_owned()))
}

pub(super) fn of_state(state: &VehicleState) -> Result<Vec<u8>, StoreError> {
    write("settled", state)
}

/// `None` for what another version wrote.
pub(super) fn read_state(settled: &[u8]) -> Option<VehicleState> {
    postcard::from_bytes(&plain(settled)?).ok()
}

fn plain(bytes: &[u8]) -> Option<Vec<u8>> {
    let compressed = ours(bytes)?;
    let (size, _) = lz4_flex::block::uncompressed_size(compressed).ok()?;
    // What is damaged may say any size.
    let is_possible = size <= compressed.len().saturating_mul(MOST_OF_A_BYTE);
    is_possible.then(|| lz4_flex::block::decompress_size_prepended(compressed).ok()).flatten()
}

/// Behind our version.
pub(super) fn ours(bytes: &[u8]) -> Option<&[u8]> {
    bytes.split_first().filter(|(form, _)| **form == FORM).map(|(_, rest)| rest)
}

fn write(column: &'static str, what: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    let plain = postcard::to_extend(what, Vec::with_capacity(USUAL))
        .map_err(|error| StoreError::corrupt("vehicle_states", column)(error.into()))?;
    let mut bytes = lz4_flex::block::compress_prepend_size(&plain);
    bytes.insert(0, FORM);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    use chrono::TimeDelta;
    use domain::reading::{Milli, Position, Reading, Signal, TimeQuality, Value};
    use domain::setup::Setup;
    use domain::timeline::advance;

    const SIGNALS: [&str; 14] = [
        Signal::ODOMETER,
        Signal::FUEL_LEVEL,
        Signal::STATE_OF_CHARGE,
        Signal::IS_CHARGING,
        Signal::CABLE_CONNECTED,
        Signal::ENERGY_ADDED,
        Signal::WATTAGE,
        Signal::VOLTAGE,
        Signal::AMPERAGE,
        Signal::OUTSIDE_TEMPERATURE,
        Signal::LOCATION,
        Signal::TIRES,
        Signal::OIL_LIFE,
        Signal::LOW_VOLTAGE_STATUS,
    ];

    /// Three days of a plug-in hybrid, an hour apart: it drives by day and is charged at night.
    fn lived() -> Head {
        let start = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let value = |signal: &str, hour: i64| {
            match signal {
            Signal::ODOMETER => Value::Number(Milli((10_000 + hour / 8 * 31) * 1000)),
            Signal::IS_CHARGING | Signal::CABLE_CONNECTED => Value::Bool(hour % 24 < 6),
            Signal::LOW_VOLTAGE_STATUS => Value::Text("WARN".into()),
            Signal::TIRES => Value::Structure(
                r#"{"unit":"kPa","values":[{"column":0,"row":0,"tirePressure":239},{"column":1,"row":0,"tirePressure":180}]}"#
                    .into(),
            ),
            Signal::LOCATION => {
                Value::Position(Position { latitude_e6: 52_000_000, longitude_e6: 13_000_000 })
            }
            _ => Value::Number(Milli((40 + hour % 24 * 2) * 1000)),
        }
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

    fn asleep(head: &Head) -> Head<()> {
        let Head { settled, tail, tip } = head.clone();
        Head { settled: Settled { until: settled.until, state: () }, tail, tip }
    }

    #[test]
    fn what_is_written_is_read_as_it_was_and_takes_a_fraction_of_its_json() {
        let head = lived();
        let (memory, settled) =
            (of_head(&head, &Remembered::default()).unwrap(), of_state(&head.settled.state).unwrap());
        assert_eq!(read(head.settled.until, &memory), Some((asleep(&head), Remembered::default())));
        assert_eq!(read_state(&settled).as_ref(), Some(&head.settled.state));
        let tip = head.tip.as_ref().map(|tip| &tip.state);
        let json = serde_json::to_string(&(&head.settled.state, &head.tail, tip)).unwrap();
        let bytes = memory.len() + settled.len();
        assert!(bytes * 12 < json.len(), "{bytes} bytes, {} as JSON", json.len());
    }

    /// The bytes of a head as this form has them are kept: what reads them and writes the same has the same form, whatever its rules
    /// would conclude today.
    #[test]
    fn a_changed_form_of_states_has_another_number() {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/states");
        let advice = format!(
            "the form of states is another one: raise FORM, remove {} and run this test twice",
            kept.display()
        );
        let (memory_at, settled_at) = (kept.join("memory.bin"), kept.join("settled.bin"));
        if !kept.exists() {
            let head = lived();
            std::fs::create_dir_all(&kept).unwrap();
            std::fs::write(&memory_at, of_head(&head, &Remembered::default()).unwrap()).unwrap();
            std::fs::write(&settled_at, of_state(&head.settled.state).unwrap()).unwrap();
            panic!("wrote {}: they are to be kept", kept.display());
        }
        let (memory, settled) = (std::fs::read(&memory_at).unwrap(), std::fs::read(&settled_at).unwrap());
        let (head, remembered) = read(None, &memory).expect(&advice);
        assert!(of_head(&head, &remembered).unwrap() == memory, "{advice}");
        let state = read_state(&settled).expect(&advice);
        assert!(of_state(&state).unwrap() == settled, "{advice}");
    }

    #[test]
    fn no_moment_is_kept_as_text() {
        let head = lived();
        let memory = of_head(&head, &Remembered::default()).unwrap();
        for bytes in [memory, of_state(&head.settled.state).unwrap()].map(|bytes| plain(&bytes).unwrap()) {
            let date = bytes.windows(5).position(|five| five == b"2024-");
            assert_eq!(date.map(|at| String::from_utf8_lossy(&bytes[at..at + 20]).into_owned()), None);
        }
    }

    #[test]
    fn an_earlier_day_has_no_tail() {
        let settled = Settled { until: lived().settled.until, state: () };
        let day = Head { settled: settled.clone(), ..Head::default() };
        assert_eq!(read(settled.until, &of_day().unwrap()), Some((day, Remembered::default())));
    }

    #[test]
    fn another_form_and_what_is_cut_off_or_says_any_size_are_not_read() {
        let head = lived();
        let other = |bytes: &[u8]| [&[FORM + 1], &bytes[1..]].concat();
        let memory = of_head(&head, &Remembered::default()).unwrap();
        for bytes in [&other(&memory), &memory[..memory.len() / 2], &[]] {
            assert_eq!(read(None, bytes), None);
        }
        let settled = of_state(&head.settled.state).unwrap();
        for bytes in [&other(&settled), &settled[..settled.len() / 2], &[]] {
            assert_eq!(read_state(bytes), None);
        }
        let huge = [&settled[..1], &u32::MAX.to_le_bytes(), &settled[5..]].concat();
        assert_eq!(read_state(&huge), None);
    }
}
