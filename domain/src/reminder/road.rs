//! The way of a car as its mileage book tells it, across replaced counters.

use chrono::{DateTime, TimeDelta, Utc};

use super::pace::Pace;
use crate::distance::Distance;

/// An entry of the mileage book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown {
    pub at: DateTime<Utc>,
    pub odometer: Distance,
}

/// An entry, and how far the car had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    pub at: DateTime<Utc>,
    pub odometer: Distance,
    pub travelled: Distance,
}

/// Oldest first; travelled never falls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Road(Vec<Point>);

/// A counter that falls by less than this is rounded.
const ROUNDING: Distance = Distance::from_km(1);

impl Road {
    /// Of the entries of a book, in any order. One that stands above its neighbours on both sides is a typing error; a counter
    /// that goes on from less is another counter.
    pub fn of(entries: impl IntoIterator<Item = Shown>) -> Self {
        let mut entries: Vec<Shown> = entries.into_iter().collect();
        entries.sort_unstable();
        let is_spike = |place: usize| {
            let next = entries.get(place + 1);
            let before = place.checked_sub(1).and_then(|place| entries.get(place));
            next.is_some_and(|next| {
                next.odometer.plus(ROUNDING) < entries[place].odometer
                    && before.is_some_and(|before| before.odometer <= next.odometer)
            })
        };
        let mut road: Vec<Point> = Vec::new();
        for (place, Shown { at, odometer }) in entries.iter().copied().enumerate() {
            if is_spike(place) {
                continue;
            }
            let way = road.last().map_or(Distance::ZERO, |last| odometer.minus(last.odometer));
            let travelled = road.last().map_or(odometer, |last| last.travelled.plus(way.max(Distance::ZERO)));
            road.push(Point { at, odometer, travelled });
        }
        Self(road)
    }

    pub fn newest(&self) -> Option<Point> {
        self.0.last().copied()
    }

    pub fn pace(&self) -> Option<Pace> {
        Pace::of(self)
    }

    /// How far it had come then: between two entries evenly. Not before the first, and the same after the last.
    pub fn travelled_at(&self, at: DateTime<Utc>) -> Option<Distance> {
        let place = self.0.partition_point(|point| point.at <= at);
        let before = self.0.get(place.checked_sub(1)?)?;
        let Some(after) = self.0.get(place) else { return Some(before.travelled) };
        let whole = (after.at - before.at).num_seconds().max(1);
        let way = after.travelled.minus(before.travelled).metres();
        let part = i128::from(way) * i128::from((at - before.at).num_seconds()) / i128::from(whole);
        Some(before.travelled.plus(Distance::from_metres(i64::try_from(part).unwrap_or(0))))
    }

    /// How far it had come when its counter showed this, about then.
    pub fn travelled_when(&self, odometer: Distance, at: DateTime<Utc>) -> Distance {
        let place = self.0.partition_point(|point| point.at <= at);
        let near = self.0.get(place.saturating_sub(1));
        near.map_or(odometer, |point| point.travelled.plus(odometer.minus(point.odometer)))
    }

    /// What the counter showed then, by the last entry before.
    pub fn odometer_at(&self, at: DateTime<Utc>) -> Option<Distance> {
        let place = self.0.partition_point(|point| point.at <= at);
        self.0.get(place.checked_sub(1)?).map(|point| point.odometer)
    }

    pub(super) fn is_known(&self, from: DateTime<Utc>) -> bool {
        self.0.first().is_some_and(|first| first.at <= from)
    }

    /// The first entry since then.
    pub(super) fn first_since(&self, from: DateTime<Utc>) -> Option<Point> {
        self.0.get(self.0.partition_point(|point| point.at < from)).copied()
    }

    pub(super) fn entries_since(&self, from: DateTime<Utc>) -> usize {
        self.0.len() - self.0.partition_point(|point| point.at < from)
    }

    /// The metres of each of so many weeks before a moment, the newest first, as far as the book reaches back.
    pub(super) fn weeks(&self, until: DateTime<Utc>, weeks: i32) -> Vec<i64> {
        let edge = |week: i32| self.travelled_at(until - TimeDelta::weeks(1) * week);
        let week = |week: i32| Some(edge(week)?.minus(edge(week + 1)?).metres());
        (0..weeks).map_while(week).collect()
    }
}
