//! When two numbers or moments are as good as equal.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

pub const ODOMETER_KM: f64 = 0.1;
const LEVEL_POINTS: f64 = 0.5;
const MINUTE: TimeDelta = TimeDelta::minutes(1);
/// Two moments, each off by a minute.
const DURATION_MINUTES: f64 = 2.0;
/// Of any other number.
const SHARE: f64 = 0.02;
/// So that zero has neighbours: less than any book shows.
const LEAST: f64 = 0.001;

/// By field, how far a number may be off.
#[derive(Debug, Default)]
pub struct Closeness(BTreeMap<String, Allowed>);

/// The larger of both counts.
#[derive(Debug, Clone, Copy, Default)]
struct Allowed {
    amount: f64,
    share: f64,
}

impl Closeness {
    /// From what a case says: numbers, or texts such as `1 min` and `max(6 L, 15 %)`.
    pub fn of(tolerance: &Map<String, Value>) -> Self {
        let allowed = tolerance.iter().map(|(field, value)| {
            let allowed = match value {
                Value::String(text) => Allowed::parse(text),
                _ => Allowed { amount: value.as_f64().unwrap_or(0.0), share: 0.0 },
            };
            (field.clone(), allowed)
        });
        Self(allowed.collect())
    }

    pub fn number(&self, field: &str, wanted: f64, found: f64) -> bool {
        (wanted - found).abs() <= self.allowed(field, wanted) + f64::EPSILON * wanted.abs()
    }

    /// How far a field may be off that should be `wanted`.
    pub fn allowed(&self, field: &str, wanted: f64) -> f64 {
        if let Some(allowed) = self.0.get(field) {
            return allowed.amount.max(allowed.share * wanted.abs());
        }
        match field {
            _ if field.contains("odometer") => ODOMETER_KM,
            _ if field.contains("soc") || field.contains("level") || field.contains("percent") => {
                LEVEL_POINTS
            }
            "duration_min" => DURATION_MINUTES,
            "duration_s" => DURATION_MINUTES * 60.0,
            _ => (SHARE * wanted.abs()).max(LEAST),
        }
    }

    /// Within a minute.
    pub fn moment(wanted: DateTime<Utc>, found: DateTime<Utc>) -> bool {
        (wanted - found).abs() <= MINUTE
    }

    /// Both within the interval, give or take a minute.
    pub fn inside(wanted: [DateTime<Utc>; 2], from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
        wanted.iter().all(|at| *at >= from - MINUTE && *at <= to + MINUTE)
    }
}

impl Allowed {
    /// Numbers before a colon; one that `%` follows is a share.
    fn parse(text: &str) -> Self {
        let text = text.split(':').next().unwrap_or_default();
        let mut allowed = Self::default();
        let mut words = text
            .split(|it: char| it.is_whitespace() || "(),".contains(it))
            .filter(|it| !it.is_empty())
            .peekable();
        while let Some(word) = words.next() {
            let (number, percent) = match word.strip_suffix('%') {
                Some(number) => (number.parse::<f64>(), true),
                None => (word.parse::<f64>(), words.peek() == Some(&"%")),
            };
            match number {
                Ok(number) if percent => allowed.share = number / 100.0,
                Ok(number) => allowed.amount = number,
                Err(_) => {}
            }
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tolerance_may_be_said_in_words() {
        let allowed = Allowed::parse("max(6 L, 15 %): 3 of the fuel");
        assert!((allowed.amount - 6.0).abs() < 1e-9 && (allowed.share - 0.15).abs() < 1e-9, "{allowed:?}");
        assert!((Allowed::parse("1 min").amount - 1.0).abs() < 1e-9);
    }

    #[test]
    fn each_kind_of_number_has_its_own_closeness() {
        let close = Closeness::default();
        for (field, wanted, near, far) in [
            ("odometer_km", 40_000.0, 40_000.1, 40_000.2),
            ("end_soc", 80.0, 80.5, 80.6),
            ("energy_kwh", 50.0, 51.0, 51.1),
            ("cost", 0.0, 0.0005, 0.01),
        ] {
            assert!(close.number(field, wanted, near), "{field}");
            assert!(!close.number(field, wanted, far), "{field}");
        }
    }
}
