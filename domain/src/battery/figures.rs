//! Figures that a few odd sessions cannot move: weighted medians, and slopes between all pairs.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// What is remembered; beyond, neighbours in time become one.
const MOST: usize = 64;
/// A trend needs so many points over such a time.
const TREND_POINTS: usize = 8;
const TREND_SPAN: TimeDelta = TimeDelta::days(90);
/// 95 of a hundred lie within so many standard deviations.
const SIGMAS: f64 = 1.96;
/// From the median of deviations to the standard deviation of what is normally distributed; and how much wider a median is
/// spread than a mean.
const SIGMA_OF_MAD: f64 = 1.4826;
const MEDIAN_OF_MEAN: f64 = 1.2533;
/// A level is off by up to half a point at either end of a session; so much is that, in thousandths, as a standard deviation.
const LEVEL_SIGMA: f64 = 408.0;
const DAYS_PER_YEAR: f64 = 365.25;

/// What a session (or some that lay close) says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Point {
    #[serde(with = "chrono::serde::ts_milliseconds")]
    pub(super) at: DateTime<Utc>,
    /// Between empty and full.
    pub(super) wh: i64,
    /// Thousandths of a percent that the battery gained: what it says counts by the square of this.
    pub(super) gain: i64,
    pub(super) sessions: u16,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Points(Vec<Point>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Median {
    pub(super) wh: i64,
    /// Half of the interval in which it lies with 95 per cent.
    pub(super) plus_minus: i64,
    pub(super) sessions: u16,
}

/// Watt hours a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trend {
    pub(super) per_year: i64,
    /// The upper end of the interval in which it lies with 95 per cent.
    pub(super) at_best: i64,
}

impl Point {
    #[expect(clippy::cast_precision_loss, reason = "a percentage in thousandths")]
    fn weight(&self) -> f64 {
        let gain = self.gain as f64;
        gain * gain * f64::from(self.sessions)
    }
}

impl Points {
    pub(super) fn add(&mut self, point: Point) {
        self.0.push(point);
        if self.0.len() > MOST {
            let apart = self.0.windows(2).map(|pair| pair[1].at - pair[0].at).enumerate();
            if let Some((index, _)) = apart.min_by_key(|(_, apart)| *apart) {
                let later = self.0.remove(index + 1);
                self.0[index] = joined(self.0[index], later);
            }
        }
    }

    pub(super) fn span(&self) -> TimeDelta {
        match (self.0.first(), self.0.last()) {
            (Some(first), Some(last)) => last.at - first.at,
            (None, _) | (_, None) => TimeDelta::zero(),
        }
    }

    /// The index from which on the points are of this month, or as far back as it takes for this many sessions.
    pub(super) fn since(&self, month: DateTime<Utc>, sessions: u32) -> usize {
        let mut first = self.0.partition_point(|point| point.at < month);
        let count = |first: usize| self.0[first..].iter().map(|point| u32::from(point.sessions)).sum::<u32>();
        while first > 0 && count(first) < sessions {
            first -= 1;
        }
        first
    }

    /// Of the points from this index on.
    pub(super) fn median(&self, first: usize) -> Option<Median> {
        let points = self.0.get(first..)?;
        let wh = weighted(points.iter().map(|point| (point.wh, point.weight())).collect())?;
        let deviations = points.iter().map(|point| ((point.wh - wh).abs(), point.weight()));
        let deviation = float(weighted(deviations.collect())?);
        let weights: Vec<f64> = points.iter().map(Point::weight).collect();
        let squares: f64 = weights.iter().map(|weight| weight * weight).sum();
        let count = weights.iter().sum::<f64>().powi(2) / squares;
        let spread = SIGMA_OF_MAD * deviation;
        // Even if all sessions say the same, their levels were rounded.
        let rounding =
            points.iter().map(|point| LEVEL_SIGMA / float(point.gain) * float(wh)).fold(f64::MAX, f64::min);
        let plus_minus = SIGMAS * MEDIAN_OF_MEAN * spread.max(rounding) / count.sqrt();
        let sessions = points.iter().map(|point| point.sessions).fold(0, u16::saturating_add);
        Some(Median { wh, plus_minus: whole(plus_minus).max(1), sessions })
    }

    /// The median of the slopes between all pairs (Theil and Sen), if there are enough of them.
    pub(super) fn trend(&self) -> Option<Trend> {
        let count = self.0.len();
        if count < TREND_POINTS || self.span() < TREND_SPAN {
            return None;
        }
        let mut slopes: Vec<f64> = Vec::with_capacity(count * count / 2);
        for (index, one) in self.0.iter().enumerate() {
            for other in &self.0[index + 1..] {
                let days = float((other.at - one.at).num_minutes()) / (24.0 * 60.0);
                if days > 0.0 {
                    slopes.push(float(other.wh - one.wh) * DAYS_PER_YEAR / days);
                }
            }
        }
        slopes.sort_by(f64::total_cmp);
        let points = f64::from(u32::try_from(count).ok()?);
        // Kendall's variance of the number of rising pairs.
        let variance = points * (points - 1.0) * (2.0 * points + 5.0) / 18.0;
        let pairs = f64::from(u32::try_from(slopes.len()).ok()?);
        let upper = f64::midpoint(pairs, SIGMAS * variance.sqrt());
        let last = slopes.len().checked_sub(1)?;
        let index = usize::try_from(whole(upper)).ok()?.min(last);
        Some(Trend { per_year: whole(slopes[last / 2]), at_best: whole(slopes[index]) })
    }
}

fn joined(one: Point, other: Point) -> Point {
    let (one_weight, other_weight) = (one.weight(), other.weight());
    let share = other_weight / (one_weight + other_weight);
    let between = |one: i64, other: i64| one + whole(float(other - one) * share);
    let minutes = whole(float((other.at - one.at).num_minutes()) * share);
    Point {
        at: one.at + TimeDelta::minutes(minutes),
        wh: between(one.wh, other.wh),
        gain: between(one.gain, other.gain),
        sessions: one.sessions.saturating_add(other.sessions),
    }
}

/// The value below which half of the weight lies.
fn weighted(mut values: Vec<(i64, f64)>) -> Option<i64> {
    values.sort_by_key(|(value, _)| *value);
    let half = values.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut so_far = 0.0;
    let reaches_half = |(_, weight): &&(i64, f64)| {
        so_far += weight;
        so_far >= half
    };
    values.iter().find(reaches_half).map(|(value, _)| *value)
}

#[expect(clippy::cast_precision_loss, reason = "watt hours, minutes and percentages are small")]
fn float(number: i64) -> f64 {
    number as f64
}

#[expect(clippy::cast_possible_truncation, reason = "made of small numbers, and the cast ends at the limits")]
fn whole(number: f64) -> i64 {
    number.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(day: i64, wh: i64, gain: i64) -> Point {
        Point { at: DateTime::UNIX_EPOCH + TimeDelta::days(day), wh, gain, sessions: 1 }
    }

    #[test]
    fn one_odd_session_does_not_move_the_median() {
        let points = Points([58_000, 59_000, 20_000, 58_500, 59_500].map(|wh| point(1, wh, 40_000)).to_vec());
        assert_eq!(points.median(0).map(|median| median.wh), Some(58_500));
    }

    #[test]
    fn a_session_through_most_of_the_battery_counts_more() {
        let points =
            Points(vec![point(1, 50_000, 30_000), point(2, 51_000, 30_000), point(3, 60_000, 80_000)]);
        assert_eq!(points.median(0).map(|median| median.wh), Some(60_000));
    }

    #[test]
    fn a_steady_loss_is_found_among_odd_sessions() {
        let losing = (0..24)
            .map(|month| point(month * 30, 60_000 - month * 100 + i64::from(month % 7 == 3) * 9000, 50_000));
        let trend = Points(losing.collect()).trend().unwrap();
        assert!((-1400..=-1000).contains(&trend.per_year), "{trend:?}");
        assert!(trend.at_best < 0, "{trend:?}");
    }

    #[test]
    fn many_years_stay_few_points() {
        let mut points = Points::default();
        for day in 0..3000 {
            points.add(point(day, 60_000, 50_000));
        }
        assert!(points.0.len() <= MOST);
        assert_eq!(points.0.iter().map(|point| u32::from(point.sessions)).sum::<u32>(), 3000);
        assert!(points.0.is_sorted_by_key(|point| point.at));
    }
}
