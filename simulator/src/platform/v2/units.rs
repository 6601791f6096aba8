//! Metric or imperial, as the header of a request wants it.

use axum::http::HeaderMap;

use crate::wire::Number;

/// The unit system of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Units {
    Metric,
    Imperial,
}

const KM_PER_MILE: f64 = 1.609_344;
const LITRES_PER_GALLON: f64 = 3.785_411_784;
const KPA_PER_PSI: f64 = 6.894_757;

impl Units {
    /// `SC-Unit-System`; metric if it is not there. `None` for a system that nobody knows.
    pub fn wanted(headers: &HeaderMap) -> Option<Self> {
        let wanted = headers.get("sc-unit-system").map_or(Some("metric"), |value| value.to_str().ok())?;
        match wanted.to_lowercase().as_str() {
            "metric" => Some(Self::Metric),
            "imperial" => Some(Self::Imperial),
            _ => None,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Metric => "metric",
            Self::Imperial => "imperial",
        }
    }

    /// Kilometres or miles, to the hundredth.
    pub fn distance(self, km: f64) -> Number {
        self.rounded(km, KM_PER_MILE)
    }

    /// Litres or gallons of the United States, to the hundredth.
    pub fn volume(self, litres: f64) -> Number {
        self.rounded(litres, LITRES_PER_GALLON)
    }

    /// Kilopascal or pounds per square inch, to the hundredth.
    pub fn pressure(self, kpa: f64) -> Number {
        self.rounded(kpa, KPA_PER_PSI)
    }

    fn rounded(self, metric: f64, metric_per_imperial: f64) -> Number {
        let value = match self {
            Self::Metric => metric,
            Self::Imperial => metric / metric_per_imperial,
        };
        Number::from((value * 100.0).round() / 100.0)
    }
}

/// A distance that the car told in its own unit.
pub fn kilometres(value: f64, unit: &str) -> f64 {
    if unit == "miles" { value * KM_PER_MILE } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imperial_answers_count_miles_gallons_and_psi() {
        let imperial = Units::Imperial;
        assert!((imperial.distance(160.934_4).as_f64() - 100.0).abs() < 1e-9);
        assert!((imperial.volume(37.854_117_84).as_f64() - 10.0).abs() < 1e-9);
        assert!((imperial.pressure(250.0).as_f64() - 36.26).abs() < 1e-9);
        assert!((Units::Metric.distance(12_345.678).as_f64() - 12_345.68).abs() < 1e-9);
        assert!((kilometres(100.0, "miles") - 160.934_4).abs() < 1e-9);
    }
}
