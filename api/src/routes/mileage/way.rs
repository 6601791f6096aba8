//! What is known of the counter, and the way between two such stands: with bounds, and nothing where nothing is known.

use chrono::{DateTime, Utc};
use serde::Serialize;
use store::mileage;
use utoipa::ToSchema;

/// A stand of the counter that stands in the books.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Stand {
    at: DateTime<Utc>,
    km: f64,
}

/// What is known of the counter at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Odometer {
    at: DateTime<Utc>,
    /// The likeliest; `null` where nothing can be said.
    km: Option<f64>,
    /// It showed at least this, and at most that, as far as is known.
    low_km: Option<f64>,
    high_km: Option<f64>,
    how: How,
    /// What it follows from: the entries of the books before and after.
    before: Option<Stand>,
    after: Option<Stand>,
}

/// How it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It stands in the books for this moment.
    Read,
    /// Between two stands, evenly over the time.
    Between,
    /// Nothing later is known: at least the last stand.
    Last,
    /// Nothing earlier is known: at most the first stand.
    First,
    /// The counter was changed in between.
    Replaced,
    Unknown,
}

/// How far the car came between two moments.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DrivenWay)]
pub struct Way {
    /// The likeliest; `null` where nothing can be said.
    km: Option<f64>,
    /// At least, and at most, as far as is known.
    low_km: Option<f64>,
    high_km: Option<f64>,
    days: f64,
    /// The counter was changed on the way: what it shows cannot be compared.
    counter_replaced: bool,
}

/// Milliseconds.
const DAY: f64 = 86_400_000.0;

impl Way {
    /// `replaced`: when the counter was changed.
    pub fn between(from: &mileage::Odometer, to: &mileage::Odometer, replaced: &[DateTime<Utc>]) -> Self {
        let counter_replaced = replaced.iter().any(|at| (from.at..=to.at).contains(at))
            || from.how == mileage::How::Replaced
            || to.how == mileage::How::Replaced
            || from.km.zip(to.km).is_some_and(|(from, to)| to < from);
        let apart = |from: Option<f64>, to: Option<f64>| {
            let km = from.zip(to).filter(|_| !counter_replaced).map(|(from, to)| to - from);
            km.map(|km| (km.max(0.0) * 1_000.0).round() / 1_000.0)
        };
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a century are below 2^52")]
        let days = (to.at - from.at).num_milliseconds() as f64 / DAY;
        Self {
            km: apart(from.km, to.km),
            low_km: apart(from.high, to.low),
            high_km: apart(from.low, to.high),
            days: (days * 1_000.0).round() / 1_000.0,
            counter_replaced,
        }
    }
}

impl From<mileage::Stand> for Stand {
    fn from(stand: mileage::Stand) -> Self {
        let mileage::Stand { at, km } = stand;
        Self { at, km }
    }
}

impl From<mileage::Odometer> for Odometer {
    fn from(known: mileage::Odometer) -> Self {
        let mileage::Odometer { at, km, low, high, how, before, after } = known;
        let how = match how {
            mileage::How::Read => How::Read,
            mileage::How::Between => How::Between,
            mileage::How::Last => How::Last,
            mileage::How::First => How::First,
            mileage::How::Replaced => How::Replaced,
            mileage::How::Unknown => How::Unknown,
        };
        let (before, after) = (before.map(Stand::from), after.map(Stand::from));
        Self { at, km, low_km: low, high_km: high, how, before, after }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand(hour: i64, km: f64) -> mileage::Stand {
        mileage::Stand { at: DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(hour), km }
    }

    fn at(hour: i64, before: Option<mileage::Stand>, after: Option<mileage::Stand>) -> mileage::Odometer {
        mileage::Odometer::at(stand(hour, 0.0).at, before, after)
    }

    #[test]
    fn a_way_is_as_exact_as_its_ends() {
        let from = at(0, Some(stand(0, 100.0)), None);
        let to = at(36, Some(stand(24, 200.0)), Some(stand(48, 260.0)));
        let way = Way::between(&from, &to, &[]);
        assert_eq!((way.km, way.low_km, way.high_km, way.days), (Some(130.0), Some(100.0), Some(160.0), 1.5));
    }

    #[test]
    fn a_way_never_goes_back() {
        let both = (Some(stand(0, 100.0)), Some(stand(48, 260.0)));
        let way = Way::between(&at(12, both.0, both.1), &at(13, both.0, both.1), &[]);
        assert_eq!((way.low_km, way.high_km), (Some(0.0), Some(160.0)));
    }

    #[test]
    fn across_another_counter_nothing_is_said() {
        let (old, new) = (at(0, Some(stand(0, 90_000.0)), None), at(9, Some(stand(9, 12.0)), None));
        assert!(Way::between(&old, &new, &[]).counter_replaced);
        // Also when the new one shows more.
        let new = at(9, Some(stand(9, 95_000.0)), None);
        let way = Way::between(&old, &new, &[stand(5, 0.0).at]);
        assert_eq!((way.km, way.low_km, way.counter_replaced), (None, None, true));
    }
}
