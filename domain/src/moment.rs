//! How moments are written down where many are kept: as text for people, as milliseconds and what is left of them for
//! machines, in a third of the bytes and a tenth of the time. `#[serde(with = "crate::moment")]` on a field; the forms that
//! people read stay as they are.

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds since 1970, and the nanoseconds beyond (none, of what cars say).
type Parts = (i64, u32);

pub fn serialize<S: Serializer>(moment: &DateTime<Utc>, to: S) -> Result<S::Ok, S::Error> {
    if to.is_human_readable() { moment.serialize(to) } else { parts(*moment).serialize(to) }
}

pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<DateTime<Utc>, D::Error> {
    if from.is_human_readable() {
        DateTime::deserialize(from)
    } else {
        Parts::deserialize(from).and_then(whole::<D>)
    }
}

fn parts(moment: DateTime<Utc>) -> Parts {
    (moment.timestamp_millis(), moment.timestamp_subsec_nanos() % 1_000_000)
}

fn whole<'de, D: Deserializer<'de>>((millis, nanos): Parts) -> Result<DateTime<Utc>, D::Error> {
    DateTime::from_timestamp_millis(millis)
        .and_then(|moment| moment.checked_add_signed(TimeDelta::nanoseconds(nanos.into())))
        .ok_or_else(|| D::Error::custom("a moment beyond all calendars"))
}

/// The same for a moment that may be missing.
pub mod option {
    use super::{DateTime, Deserialize, Deserializer, Parts, Serialize, Serializer, Utc, parts, whole};

    pub fn serialize<S: Serializer>(moment: &Option<DateTime<Utc>>, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() { moment.serialize(to) } else { moment.map(parts).serialize(to) }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DateTime<Utc>>, D::Error> {
        if from.is_human_readable() {
            Option::deserialize(from)
        } else {
            Option::<Parts>::deserialize(from)?.map(whole::<D>).transpose()
        }
    }
}

/// The same for a moment that may be missing, and what stands beside it.
pub mod beside {
    use super::{DateTime, Deserialize, Deserializer, Parts, Serialize, Serializer, Utc, parts, whole};

    pub fn serialize<T, S>(known: &Option<(DateTime<Utc>, T)>, to: S) -> Result<S::Ok, S::Error>
    where
        T: Serialize,
        S: Serializer,
    {
        if to.is_human_readable() {
            known.serialize(to)
        } else {
            known.as_ref().map(|(moment, beside)| (parts(*moment), beside)).serialize(to)
        }
    }

    pub fn deserialize<'de, T, D>(from: D) -> Result<Option<(DateTime<Utc>, T)>, D::Error>
    where
        T: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        if from.is_human_readable() {
            return Option::deserialize(from);
        }
        let known = Option::<(Parts, T)>::deserialize(from)?;
        known.map(|(moment, beside)| Ok((whole::<D>(moment)?, beside))).transpose()
    }
}
