//! What flows in and out of a tank or a battery: how much was used of it, and between what that lies.

use serde::Serialize;
use utoipa::ToSchema;

use crate::value::thousandths;

/// Why no consumption can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Below 50 km, or nobody knows how far.
    TooShort,
    /// Of a fill-up or a session nobody knows how much it was.
    AmountUnknown,
    /// Nobody knows the level at both ends.
    LevelUnknown,
    /// Nobody knows how much goes into the tank or the battery.
    SizeUnknown,
    /// Less than a tenth of the tank or the battery: gauges are not that exact.
    TooLittle,
}

/// A tank or a battery over a way, all in litres or all in kilowatt hours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vessel {
    pub put_in: f64,
    /// Nobody is in doubt of how much was put in at any time.
    pub is_known: bool,
    /// How far that may be off; `None` where nobody knows.
    pub put_in_off: Option<f64>,
    /// Percent at both ends of the way.
    pub before: Option<f64>,
    pub after: Option<f64>,
    pub size: Option<Size>,
    pub gauge: Gauge,
}

/// How much goes in, and how far that may be off.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub full: f64,
    pub off: f64,
}

/// How well two levels tell what lies between them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gauge {
    /// Percent of the whole.
    points: f64,
    /// Of what lies between: points are not all of one size.
    share: f64,
}

/// An amount, and between what it lies where anybody knows how far it may be off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Figure {
    pub value: f64,
    pub range: Option<Range>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    pub low: f64,
    pub high: f64,
}

const SHORTEST_KM: f64 = 50.0;
const SMALLEST_SHARE: f64 = 0.1;
/// A counter shows whole kilometres or whole miles, so that a way between two of its numbers is known to a mile.
const COUNTER_KM: f64 = 1.609;

impl Gauge {
    /// As fill-ups are reckoned (`domain/src/fuel/open.rs`).
    pub(super) const OF_TANKS: Self = Self { points: 1.5, share: 0.03 };
    /// As charging is where nothing else tells (`domain/src/charging/energy.rs`).
    pub(super) const OF_BATTERIES: Self = Self { points: 1.0, share: 0.03 };
}

impl Vessel {
    /// How much of it was used.
    pub(super) fn used(&self) -> Result<Figure, Missing> {
        if !self.is_known {
            return Err(Missing::AmountUnknown);
        }
        let (before, after) = self.before.zip(self.after).ok_or(Missing::LevelUnknown)?;
        let Size { full, off } = self.size.ok_or(Missing::SizeUnknown)?;
        let Gauge { points, share } = self.gauge;
        let fallen = (before - after) / 100.0;
        let value = self.put_in + fallen * full;
        let levels_off = (points / 100.0 + share * fallen.abs()) * full + fallen.abs() * off;
        let range = self.put_in_off.map(|put_in_off| {
            let off = put_in_off + levels_off;
            Range { low: (value - off).max(0.0), high: value + off }
        });
        Ok(Figure { value, range }.rounded())
    }

    pub(super) fn per_100_km(&self, km: Option<f64>) -> Result<Figure, Missing> {
        let km = far_enough(km).ok_or(Missing::TooShort)?;
        let used = self.used()?;
        if self.size.is_some_and(|size| used.value < size.full * SMALLEST_SHARE) {
            return Err(Missing::TooLittle);
        }
        let over = |used: f64, km: f64| used / km * 100.0;
        let range = used.range.map(|Range { low, high }| Range {
            low: over(low, km + COUNTER_KM),
            high: over(high, km - COUNTER_KM),
        });
        Ok(Figure { value: over(used.value, km), range }.rounded())
    }

    /// Whether the car has one at all, by what it says and gets.
    pub(super) fn is_there(&self) -> bool {
        !self.is_known || self.put_in > 0.0 || self.before.is_some() || self.after.is_some()
    }
}

impl Figure {
    pub(super) fn low(self) -> Option<f64> {
        self.range.map(|range| range.low)
    }

    pub(super) fn high(self) -> Option<f64> {
        self.range.map(|range| range.high)
    }

    fn rounded(self) -> Self {
        let range =
            self.range.map(|Range { low, high }| Range { low: thousandths(low), high: thousandths(high) });
        Self { value: thousandths(self.value), range }
    }
}

/// The way, where it is long enough that something can be said for each 100 km.
pub(super) fn far_enough(km: Option<f64>) -> Option<f64> {
    km.filter(|km| *km >= SHORTEST_KM)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIFTY: Option<Size> = Some(Size { full: 50.0, off: 0.0 });

    fn tank() -> Vessel {
        Vessel {
            put_in: 40.0,
            is_known: true,
            put_in_off: Some(2.0),
            before: Some(50.0),
            after: Some(60.0),
            size: FIFTY,
            gauge: Gauge::OF_TANKS,
        }
    }

    fn figure(value: f64, low: f64, high: f64) -> Figure {
        Figure { value, range: Some(Range { low, high }) }
    }

    #[test]
    fn what_stays_in_the_tank_was_not_used() {
        // 2 litres by the fill-ups, 0.75 by the gauge, 0.15 because points differ.
        assert_eq!(tank().used(), Ok(figure(35.0, 32.1, 37.9)));
        // The way is between 498.391 and 501.609 km.
        assert_eq!(tank().per_100_km(Some(500.0)), Ok(figure(7.0, 6.399, 7.604)));
    }

    #[test]
    fn a_battery_whose_size_is_in_doubt_tells_less_the_further_its_level_fell() {
        let battery = |after: f64| Vessel {
            put_in: 30.0,
            put_in_off: Some(1.0),
            before: Some(80.0),
            after: Some(after),
            size: Some(Size { full: 50.0, off: 2.0 }),
            gauge: Gauge::OF_BATTERIES,
            ..tank()
        };
        assert_eq!(battery(80.0).used(), Ok(figure(30.0, 28.5, 31.5)));
        assert_eq!(battery(20.0).used(), Ok(figure(60.0, 56.4, 63.6)));
    }

    #[test]
    fn nothing_is_less_than_nothing_used() {
        let doubtful = Vessel { put_in_off: Some(50.0), ..tank() };
        assert_eq!(doubtful.used().map(Figure::low), Ok(Some(0.0)));
        assert_eq!(doubtful.per_100_km(Some(500.0)).map(Figure::low), Ok(Some(0.0)));
    }

    #[test]
    fn who_does_not_know_how_far_it_is_off_tells_no_range() {
        let unknown = Vessel { put_in_off: None, ..tank() };
        assert_eq!(unknown.used(), Ok(Figure { value: 35.0, range: None }));
        assert_eq!(unknown.per_100_km(Some(500.0)), Ok(Figure { value: 7.0, range: None }));
    }

    #[test]
    fn what_is_not_known_is_said_and_never_zero() {
        assert_eq!(tank().per_100_km(Some(49.9)), Err(Missing::TooShort));
        assert_eq!(tank().per_100_km(None), Err(Missing::TooShort));
        let cases = [
            (Vessel { is_known: false, ..tank() }, Missing::AmountUnknown),
            (Vessel { after: None, ..tank() }, Missing::LevelUnknown),
            (Vessel { size: None, ..tank() }, Missing::SizeUnknown),
            (Vessel { put_in: 0.0, after: Some(49.0), ..tank() }, Missing::TooLittle),
        ];
        for (vessel, missing) in cases {
            assert_eq!(vessel.per_100_km(Some(500.0)), Err(missing));
        }
    }
}
