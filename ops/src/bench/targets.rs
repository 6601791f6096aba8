//! What was aimed at, and whether it was reached: ratios of one run, and some limits.

use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::door::INGEST_USES;
use super::figures::{DELIVERIES, Figures};
use super::options::{Measurement, Payload};
use super::worker::WORKER_USES;

/// A figure or a ratio beside its target.
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

/// Deliveries a second of one measurement over those of another.
struct Ratio {
    of: Measurement,
    to: Measurement,
    at_least: f64,
}

/// Of the probe, that is: of what the same machine can do at most.
const RATIOS: [Ratio; 5] = [
    Ratio {
        of: Measurement::Ingest,
        to: Measurement::ConfirmProbe,
        at_least: 0.85,
    },
    Ratio {
        of: Measurement::Ingest,
        to: Measurement::DoorProbe,
        at_least: 0.85,
    },
    Ratio {
        of: Measurement::Worker,
        to: Measurement::InsertProbe,
        at_least: 0.5,
    },
    Ratio {
        of: Measurement::Whole,
        to: Measurement::WholeProbe,
        at_least: 0.6,
    },
    Ratio {
        of: Measurement::Whole,
        to: Measurement::Baseline,
        at_least: 5.0,
    },
];

/// Figures that must not grow beyond something.
const LIMITS: [(Measurement, &str, f64, &str); 5] = [
    (Measurement::Lag, "p99", 1_000.0, "ms"),
    (Measurement::Ingest, INGEST_USES.0, 64.0, "MB"),
    (Measurement::Whole, INGEST_USES.0, 64.0, "MB"),
    (Measurement::Worker, WORKER_USES.0, 256.0, "MB"),
    (Measurement::Whole, WORKER_USES.0, 256.0, "MB"),
];

/// Judges what was measured; what was not is left out.
pub(super) fn judge(figures: &Figures) -> Vec<Judged> {
    let payloads = [Payload::Small, Payload::Large];
    payloads
        .into_iter()
        .flat_map(|payload| {
            let ratios = RATIOS
                .iter()
                .filter_map(move |ratio| ratio.judge(figures, payload));
            ratios.chain(
                LIMITS
                    .iter()
                    .filter_map(move |limit| limited(*limit, figures, payload)),
            )
        })
        .collect()
}

impl Ratio {
    fn judge(&self, figures: &Figures, payload: Payload) -> Option<Judged> {
        let Self { of, to, at_least } = *self;
        let value = figures.get(payload, of, DELIVERIES)? / figures.get(payload, to, DELIVERIES)?;
        Some(Judged {
            payload,
            what: format!("{} / {}", of.name(), to.name()),
            value,
            bound: Bound::AtLeast(at_least),
            reached: value >= at_least,
        })
    }
}

fn limited(
    limit: (Measurement, &str, f64, &'static str),
    figures: &Figures,
    payload: Payload,
) -> Option<Judged> {
    let (of, name, most, unit) = limit;
    let value = figures.get(payload, of, name)?;
    Some(Judged {
        payload,
        what: format!("{}: {name}", of.name()),
        value,
        bound: Bound::AtMost(most, unit),
        reached: value <= most,
    })
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = match self {
            Self::AtLeast(least) => format!("at least {least}"),
            Self::AtMost(most, unit) => format!("at most {most} {unit}"),
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
    use crate::bench::figures::{Of, Unit};

    fn rates(of: &[(Measurement, f64)]) -> Figures {
        let mut figures = Figures::default();
        for (of, rate) in of {
            figures.extend(
                Of::new(Payload::Large, *of)
                    .with(DELIVERIES, *rate, Unit::PerSecond)
                    .done(),
            );
        }
        figures
    }

    #[test]
    fn a_ratio_is_judged_when_both_sides_were_measured() {
        let figures = rates(&[
            (Measurement::Worker, 40.0),
            (Measurement::InsertProbe, 100.0),
            (Measurement::Whole, 1.0),
        ]);
        let judged = judge(&figures);
        assert_eq!(judged.len(), 1);
        assert_eq!((judged[0].value, judged[0].reached), (0.4, false));
    }

    #[test]
    fn what_is_too_much_is_not_reached() {
        for (milliseconds, reached) in [(999.0, true), (1_001.0, false)] {
            let lag = Of::new(Payload::Small, Measurement::Lag).with("p99", milliseconds, Unit::Milliseconds);
            assert_eq!(judge(&lag.done())[0].reached, reached);
        }
    }
}
