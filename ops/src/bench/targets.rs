//! What was aimed at, and whether it was reached: ratios of one run, and some limits.

use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::figures::{
    A_MILLION_CARS, CALM, CROWDED, DELIVERIES, DRAINING, Figures, INGEST_AT_FIRST, INGEST_AT_LAST,
    INGEST_MEMORY, LATER, SCHEDULER_MEMORY, SOONER, SPACIOUS, WORKER_AT_FIRST, WORKER_AT_LAST, WORKER_MEMORY,
};
use super::options::{Measurement, Payload};

/// A figure or a ratio beside its target. With several rounds it is the median of what each of them came to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Judged {
    pub payload: Payload,
    pub what: String,
    pub value: f64,
    pub bound: Bound,
    pub reached: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Bound {
    AtLeast(f64),
    AtMost(f64, &'static str),
}

/// A figure of one measurement over one of another.
struct Ratio {
    of: (Measurement, &'static str),
    to: (Measurement, &'static str),
    bound: Bound,
}

/// A figure that must not grow beyond something.
struct Limit {
    of: Measurement,
    name: &'static str,
    at_most: f64,
    unit: &'static str,
}

/// A ratio to a probe is a ratio to what the same machine can do at most.
const RATIOS: [Ratio; 12] = [
    Ratio::at_least(0.85, Measurement::Ingest, Measurement::ConfirmProbe),
    Ratio::at_least(0.85, Measurement::Ingest, Measurement::DoorProbe),
    Ratio::at_least(0.5, Measurement::Worker, Measurement::InsertProbe),
    // Many rules may cost what one costs, and a third more.
    Ratio::at_least(0.75, Measurement::Worker, Measurement::MileageOnly),
    Ratio::within(1.1, Measurement::Statements, LATER, SOONER),
    Ratio::at_least(0.6, Measurement::Whole, Measurement::WholeProbe),
    Ratio::at_least(5.0, Measurement::Whole, Measurement::Baseline),
    Ratio::within(2.0, Measurement::Crowds, CROWDED, CALM),
    Ratio::within(2.0, Measurement::Crowds, SPACIOUS, CALM),
    Ratio::within(4.0, Measurement::Backlog, DRAINING, CALM),
    // What leaks leaks for ever; what is a cache is full after some minutes.
    Ratio::within(1.1, Measurement::Soak, INGEST_AT_LAST, INGEST_AT_FIRST),
    Ratio::within(1.1, Measurement::Soak, WORKER_AT_LAST, WORKER_AT_FIRST),
];

const LIMITS: [Limit; 10] = [
    Limit::at_most(10_000.0, "ms", Measurement::Planning, A_MILLION_CARS),
    Limit::at_most(64.0, "MB", Measurement::Planning, SCHEDULER_MEMORY),
    Limit::at_most(1_000.0, "ms", Measurement::Lag, "p99"),
    Limit::at_most(64.0, "MB", Measurement::Ingest, INGEST_MEMORY),
    Limit::at_most(64.0, "MB", Measurement::Whole, INGEST_MEMORY),
    Limit::at_most(256.0, "MB", Measurement::Worker, WORKER_MEMORY),
    Limit::at_most(256.0, "MB", Measurement::Whole, WORKER_MEMORY),
    Limit::at_most(256.0, "MB", Measurement::Backlog, WORKER_MEMORY),
    Limit::at_most(64.0, "MB", Measurement::Soak, INGEST_MEMORY),
    Limit::at_most(256.0, "MB", Measurement::Soak, WORKER_MEMORY),
];

/// Judges what was measured; what was not is left out.
pub(super) fn judge(figures: &Figures) -> Vec<Judged> {
    let payloads = [Payload::Small, Payload::Large];
    payloads
        .into_iter()
        .flat_map(|payload| {
            let ratios = RATIOS.iter().filter_map(move |ratio| ratio.judge(figures, payload));
            ratios.chain(LIMITS.iter().filter_map(move |limit| limit.judge(figures, payload)))
        })
        .collect()
}

impl Ratio {
    const fn at_least(least: f64, of: Measurement, to: Measurement) -> Self {
        Self { of: (of, DELIVERIES), to: (to, DELIVERIES), bound: Bound::AtLeast(least) }
    }

    /// Two figures of one measurement.
    const fn within(most: f64, measurement: Measurement, of: &'static str, to: &'static str) -> Self {
        Self { of: (measurement, of), to: (measurement, to), bound: Bound::AtMost(most, "") }
    }

    fn judge(&self, figures: &Figures, payload: Payload) -> Option<Judged> {
        let value = median(figures, |round| {
            let get = |(of, name): (Measurement, &str)| figures.get(round, payload, of, name);
            Some(get(self.of)? / get(self.to)?)
        })?;
        let what = |(of, name): (Measurement, &str)| {
            if name == DELIVERIES { of.name().to_owned() } else { name.to_owned() }
        };
        Some(Judged {
            payload,
            what: format!("{} / {}", what(self.of), what(self.to)),
            value,
            bound: self.bound,
            reached: self.bound.is_kept_by(value),
        })
    }
}

impl Limit {
    const fn at_most(at_most: f64, unit: &'static str, of: Measurement, name: &'static str) -> Self {
        Self { of, name, at_most, unit }
    }

    fn judge(&self, figures: &Figures, payload: Payload) -> Option<Judged> {
        let value = median(figures, |round| figures.get(round, payload, self.of, self.name))?;
        Some(Judged {
            payload,
            what: format!("{}: {}", self.of.name(), self.name),
            value,
            bound: Bound::AtMost(self.at_most, self.unit),
            reached: Bound::AtMost(self.at_most, self.unit).is_kept_by(value),
        })
    }
}

/// The median over the rounds in which there is a value; the lower one of two.
fn median(figures: &Figures, value: impl Fn(u32) -> Option<f64>) -> Option<f64> {
    let mut values: Vec<f64> = (1..=figures.rounds()).filter_map(value).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len().checked_sub(1)? / 2).copied()
}

impl Bound {
    fn is_kept_by(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most, _) => value <= most,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = match self {
            Self::AtLeast(least) => format!("at least {least}"),
            Self::AtMost(most, unit) => format!("at most {most} {unit}").trim_end().to_owned(),
        };
        f.pad(&bound)
    }
}

impl Serialize for Judged {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut judged = serializer.serialize_struct("Judged", 5)?;
        judged.serialize_field("payload", self.payload.name())?;
        judged.serialize_field("what", &self.what)?;
        judged.serialize_field("value", &self.value)?;
        judged.serialize_field("target", &self.bound.to_string())?;
        judged.serialize_field("reached", &self.reached)?;
        judged.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figures::{Draft, Unit};

    fn rates(round: u32, of: &[(Measurement, f64)]) -> Figures {
        let mut figures = Figures::default();
        for (of, rate) in of {
            let of = Draft::new(round, Payload::Large, *of);
            figures.extend(of.with(DELIVERIES, *rate, Unit::PerSecond).done());
        }
        figures
    }

    #[test]
    fn a_ratio_is_judged_when_both_sides_were_measured() {
        let judged = judge(&rates(
            1,
            &[(Measurement::Worker, 40.0), (Measurement::InsertProbe, 100.0), (Measurement::Whole, 1.0)],
        ));
        assert_eq!(judged.len(), 1);
        assert!((judged[0].value - 0.4).abs() < 1e-9 && !judged[0].reached);
    }

    #[test]
    fn of_several_rounds_the_median_counts() {
        let mut figures = Figures::default();
        for (round, rate) in [(1, 90.0), (2, 10.0), (3, 60.0)] {
            let both = [(Measurement::Worker, rate), (Measurement::InsertProbe, 100.0)];
            figures.extend(rates(round, &both));
        }
        assert!((judge(&figures)[0].value - 0.6).abs() < 1e-9);
    }

    #[test]
    fn what_is_too_much_is_not_reached() {
        for (milliseconds, reached) in [(999.0, true), (1_001.0, false)] {
            let lag = Draft::new(1, Payload::Small, Measurement::Lag);
            let lag = lag.with("p99", milliseconds, Unit::Milliseconds).done();
            assert_eq!(judge(&lag)[0].reached, reached);
        }
    }
}
