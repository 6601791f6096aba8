//! From when to when, behind the question mark.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::problem::{Answer, Code, Problem};

/// A span of time.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Span {
    /// Inclusive (RFC 3339).
    from: DateTime<Utc>,
    /// Exclusive, later than `from` (RFC 3339).
    to: DateTime<Utc>,
}

/// Before there were cars, and beyond what anybody asks for.
const YEARS: std::ops::Range<i32> = 1900..2200;

impl Span {
    pub fn of(from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        Self { from, to }
    }

    /// Both ends, of a span that is not longer than that.
    pub fn within(self, longest: TimeDelta) -> Answer<(DateTime<Utc>, DateTime<Utc>)> {
        for (name, at) in [("from", self.from), ("to", self.to)] {
            if !YEARS.contains(&at.year()) {
                return Err(refuse("Ask for a time between 1900 and 2200.").at_field(name));
            }
        }
        if self.from >= self.to {
            return Err(refuse("`to` has to be later than `from`.").at_field("to"));
        }
        if self.to - self.from > longest {
            let detail = format!("Ask for at most {} days at once.", longest.num_days());
            return Err(Problem::new(Code::InvalidParameter, detail).at_field("to"));
        }
        Ok((self.from, self.to))
    }
}

fn refuse(detail: &'static str) -> Problem {
    Problem::new(Code::InvalidParameter, detail)
}
