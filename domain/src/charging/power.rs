//! Power over time, where a car tells it often enough.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::curve::Curve;
use crate::reading::{Milli, Reading, Signal, Value};

/// Fewer readings than this are no curve.
const ENOUGH: u16 = 5;
/// Over a longer time without a reading nobody knows what flowed.
const LONGEST_GAP: TimeDelta = TimeDelta::minutes(20);
/// A voltage and a current that lie so close belong together.
const TOGETHER: TimeDelta = TimeDelta::minutes(5);

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Power {
    #[serde(with = "crate::moment::beside")]
    volts: Option<(DateTime<Utc>, Milli)>,
    #[serde(with = "crate::moment::beside")]
    amperes: Option<(DateTime<Utc>, Milli)>,
    /// The car tells watts: volts times amperes are not needed, and for three phases too little.
    metered: bool,
    /// Watts.
    #[serde(with = "crate::moment::beside")]
    last: Option<(DateTime<Utc>, i64)>,
    samples: u16,
    gap: bool,
    /// Watts.
    pub(super) peak: Option<i64>,
    /// Thousandths of a watt hour.
    pub(super) curve: Curve,
}

impl Power {
    /// Current begins to flow.
    pub(super) fn begins(&mut self, at: DateTime<Utc>) {
        self.last = Some((at, -1));
    }

    /// Current flowed at least until then.
    pub(super) fn ends(&mut self, at: DateTime<Utc>) {
        self.gap |= self.last.take().is_none_or(|(last, _)| at - last > LONGEST_GAP);
    }

    /// Whether the reading is one of power; takes it in.
    pub(super) fn saw(&mut self, reading: &Reading) -> bool {
        let Value::Number(number) = reading.value else { return false };
        let at = reading.at;
        if reading.signal.is(Signal::WATTAGE) {
            if number.0 > 0 && !self.metered {
                let begun = self.last.map(|(at, _)| (at, -1));
                *self = Self { metered: true, last: begun, ..Self::default() };
            }
            self.sample(at, number.0 / 1000);
        } else if reading.signal.is(Signal::VOLTAGE) {
            self.volts = Some((at, number));
            self.multiply(at);
        } else if reading.signal.is(Signal::AMPERAGE) {
            self.amperes = Some((at, number));
            self.multiply(at);
        } else {
            return false;
        }
        true
    }

    /// Watt hours, if the curve has no hole.
    pub(super) fn wh(&self) -> Option<i64> {
        (self.samples >= ENOUGH && !self.gap).then(|| self.curve.total() / 1000)
    }

    /// Whether the car told watts, and not volts and amperes of who knows how many phases.
    pub(super) const fn is_metered(&self) -> bool {
        self.metered
    }

    fn multiply(&mut self, at: DateTime<Utc>) {
        if let (Some((one, volts)), Some((other, amperes)), false) = (self.volts, self.amperes, self.metered)
            && (one - other).abs() <= TOGETHER
        {
            self.sample(at, volts.0 * amperes.0 / 1_000_000);
        }
    }

    fn sample(&mut self, at: DateTime<Utc>, watts: i64) {
        let Some((before, last)) = self.last else { return };
        let watts = watts.max(0);
        // The first one also stands for the time since the current began.
        let mean = if last < 0 { watts } else { i64::midpoint(watts, last) };
        let took = (at - before).num_milliseconds();
        self.gap |= at - before > LONGEST_GAP;
        self.curve.add(before, at, mean * took / 3600);
        if watts > 0 {
            self.samples = self.samples.saturating_add(1);
            self.peak = self.peak.max(Some(watts));
        }
        self.last = Some((at, watts));
    }
}
