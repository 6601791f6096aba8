//! An amount over time in few pieces: what a counter counted, power summed up to, or a level gained between two readings.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Piece;

/// A session of a night still has pieces of a quarter of an hour; more would only make the state bigger.
const PIECES: usize = 48;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Curve {
    laps: Vec<Lap>,
}

/// So much between two moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Lap {
    #[serde(with = "chrono::serde::ts_milliseconds")]
    from: DateTime<Utc>,
    #[serde(with = "chrono::serde::ts_milliseconds")]
    to: DateTime<Utc>,
    amount: i64,
}

impl Lap {
    fn millis(&self) -> i64 {
        (self.to - self.from).num_milliseconds()
    }

    /// Whether `next` goes on at the same rate, give or take a tenth.
    fn is_as_fast_as(&self, next: &Self) -> bool {
        let (one, other) = (product(self.amount, next.millis()), product(next.amount, self.millis()));
        (one - other).abs() * 10 <= one.max(other)
    }
}

impl Curve {
    /// Adds what came after everything that is known. Nothing is added where nothing came.
    pub(super) fn add(&mut self, from: DateTime<Utc>, to: DateTime<Utc>, amount: i64) {
        if amount <= 0 {
            return;
        }
        let from = self.laps.last().map_or(from, |last| from.max(last.to));
        let lap = Lap { from, to, amount };
        match self.laps.last_mut() {
            Some(last) if from >= to => last.amount += amount,
            Some(last) if last.to == from && last.is_as_fast_as(&lap) => {
                *last = Lap { from: last.from, to, amount: last.amount + amount };
            }
            Some(_) | None if from < to => self.laps.push(lap),
            Some(_) | None => {}
        }
        if self.laps.len() > PIECES {
            self.join_shortest();
        }
    }

    pub(super) fn total(&self) -> i64 {
        self.laps.iter().map(|lap| lap.amount).sum()
    }

    pub(super) fn pieces(&self) -> usize {
        self.laps.len()
    }

    /// When the last of it had come.
    pub(super) fn until(&self) -> Option<DateTime<Utc>> {
        self.laps.last().map(|lap| lap.to)
    }

    /// This much energy, spread as this curve is.
    pub(super) fn shape(&self, wh: i64) -> Vec<Piece> {
        let total = i128::from(self.total());
        let (mut so_far, mut given) = (0, 0);
        let mut flow = Vec::with_capacity(self.laps.len());
        for lap in &self.laps {
            so_far += lap.amount;
            // Rounded as a running sum, so that nothing is lost on the way.
            let due = i64::try_from(product(wh, so_far) / total).unwrap_or(wh);
            if due > given {
                flow.push(Piece { from: lap.from, to: lap.to, wh: due - given });
            }
            given = due;
        }
        flow
    }

    fn join_shortest(&mut self) {
        let span = |pair: &[Lap]| pair[1].to - pair[0].from;
        let shortest = self.laps.windows(2).enumerate().min_by_key(|(_, pair)| span(pair));
        if let Some(index) = shortest.map(|(index, _)| index) {
            let gone = self.laps.remove(index + 1);
            let kept = &mut self.laps[index];
            *kept = Lap { from: kept.from, to: gone.to, amount: kept.amount + gone.amount };
        }
    }
}

fn product(one: i64, other: i64) -> i128 {
    i128::from(one) * i128::from(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn minute(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    #[test]
    fn a_curve_stays_short_and_loses_nothing() {
        let mut curve = Curve::default();
        for step in 0..1000 {
            curve.add(minute(step), minute(step + 1), 10 + (step % 7) * 10);
        }
        assert!(curve.pieces() <= PIECES);
        assert_eq!(curve.total(), (0..1000).map(|step| 10 + (step % 7) * 10).sum::<i64>());
        let flow = curve.shape(12_345);
        assert_eq!(flow.iter().map(|piece| piece.wh).sum::<i64>(), 12_345);
        assert!(flow.windows(2).all(|pair| pair[0].to <= pair[1].from));
    }

    #[test]
    fn what_goes_on_evenly_is_one_piece() {
        let mut curve = Curve::default();
        for step in 0..10 {
            curve.add(minute(step), minute(step + 1), 100);
        }
        assert_eq!(curve.pieces(), 1);
    }
}
