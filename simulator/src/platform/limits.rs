//! How often the platform lets itself be asked: the application's bucket, each vehicle's pause, and the calls
//! that a plan includes. Pure, and off unless somebody wants it.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, Datelike, TimeDelta, Utc};

use super::problems::{Kind, Problem};

/// The limits; `None`: no limit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limits {
    pub bucket: Option<Bucket>,
    /// Calls of one vehicle within an hour.
    pub vehicle_calls_an_hour: Option<usize>,
    /// Calls of one vehicle within a calendar month, as plans include them.
    pub vehicle_calls_a_month: Option<u32>,
}

/// A bucket of requests that fills itself up again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    pub size: f64,
    pub refill_a_minute: f64,
}

impl Bucket {
    /// What the platform gives an application by default (source: its page of API limits).
    pub const DEFAULT: Self = Self { size: 120.0, refill_a_minute: 2.0 };
}

/// How much was asked.
#[derive(Debug)]
pub struct Meter {
    limits: Limits,
    level: f64,
    filled_at: Option<DateTime<Utc>>,
    lately: HashMap<String, VecDeque<DateTime<Utc>>>,
    months: HashMap<(String, i32, u32), u32>,
}

impl Meter {
    pub fn new(limits: Limits) -> Self {
        let level = limits.bucket.map_or(0.0, |bucket| bucket.size);
        Self { limits, level, filled_at: None, lately: HashMap::new(), months: HashMap::new() }
    }

    /// Other limits from now on, with a full bucket.
    pub fn set(&mut self, limits: Limits) {
        let months = std::mem::take(&mut self.months);
        *self = Self { months, ..Self::new(limits) };
    }

    /// So many requests of the application.
    pub fn application(&mut self, requests: usize, now: DateTime<Utc>) -> Result<(), Problem> {
        let Some(bucket) = self.limits.bucket else {
            return Ok(());
        };
        let since = self.filled_at.replace(now).map_or(TimeDelta::zero(), |filled| now - filled);
        let minutes = since.as_seconds_f64() / 60.0;
        self.level = (self.level + minutes * bucket.refill_a_minute).min(bucket.size);
        #[expect(clippy::cast_precision_loss, reason = "a request asks for some dozen things at most")]
        let wanted = requests as f64;
        if self.level < wanted {
            return Err(Problem::new(Kind::RateLimit, Some("SMARTCAR_API")));
        }
        self.level -= wanted;
        Ok(())
    }

    /// One call of a vehicle. A call that is refused does not count.
    pub fn vehicle(&mut self, vehicle_id: &str, now: DateTime<Utc>) -> Result<(), Problem> {
        let month = (vehicle_id.to_owned(), now.year(), now.month());
        let in_month = self.months.entry(month).or_default();
        if self.limits.vehicle_calls_a_month.is_some_and(|most| *in_month >= most) {
            return Err(Problem::new(Kind::Billing, Some("VEHICLE_REQUEST_LIMIT")));
        }
        let lately = self.lately.entry(vehicle_id.to_owned()).or_default();
        lately.retain(|at| now - *at < TimeDelta::hours(1));
        if let Some(most) = self.limits.vehicle_calls_an_hour.filter(|most| lately.len() >= *most) {
            let free_at = lately.get(lately.len() - most.max(1)).map_or(now, |at| *at + TimeDelta::hours(1));
            let seconds = (free_at - now).num_seconds().max(1).unsigned_abs();
            return Err(Problem::new(Kind::RateLimit, Some("VEHICLE")).after(seconds));
        }
        lately.push_back(now);
        *in_month += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn a_bucket_of_120_gets_two_requests_back_a_minute() {
        let mut meter = Meter::new(Limits { bucket: Some(Bucket::DEFAULT), ..Limits::default() });
        assert!(meter.application(120, at(0)).is_ok());
        let problem = meter.application(1, at(0)).unwrap_err();
        assert_eq!((problem.kind, problem.code.as_deref()), (Kind::RateLimit, Some("SMARTCAR_API")));
        assert_eq!(problem.retry_after_seconds, None);
        assert!(meter.application(1, at(29)).is_err());
        assert!(meter.application(1, at(30)).is_ok());
        assert!(meter.application(1, at(31)).is_err());
    }

    #[test]
    fn a_vehicle_says_when_it_may_be_asked_again() {
        let mut meter = Meter::new(Limits { vehicle_calls_an_hour: Some(2), ..Limits::default() });
        assert!(meter.vehicle("one", at(0)).is_ok() && meter.vehicle("one", at(600)).is_ok());
        let problem = meter.vehicle("one", at(1_200)).unwrap_err();
        assert_eq!(problem.retry_after_seconds, Some(2_400));
        assert!(meter.vehicle("two", at(1_200)).is_ok());
        assert!(meter.vehicle("one", at(3_600)).is_ok());
    }

    #[test]
    fn a_plan_ends_with_its_calls_until_the_next_month() {
        let mut meter = Meter::new(Limits { vehicle_calls_a_month: Some(3), ..Limits::default() });
        assert!((0..3).all(|second| meter.vehicle("one", at(second)).is_ok()));
        assert_eq!(meter.vehicle("one", at(4)).unwrap_err().kind, Kind::Billing);
        assert!(meter.vehicle("one", at(31 * 86_400)).is_ok());
    }
}
