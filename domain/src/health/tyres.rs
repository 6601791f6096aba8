//! Tyres: too low, uneven, leaking. Each is compared with the others and with what it uses to hold: when all four fall, it is
//! the weather.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::warning::Warning;
use super::wheels::{Pressures, Sample, median};
use super::{Ailment, Wheel, structure};
use crate::book::{Book, Entry};
use crate::distance::Distance;
use crate::fold::Scene;
use crate::reading::{Milli, Reading, Value};

/// Thousandths of what it uses to hold, measured by the others: low, much too low, and well again.
const LOW: i64 = 900;
const MUCH_TOO_LOW: i64 = 800;
const WELL: i64 = 930;
/// No tyre of a car should show less (thousandths of a kPa, as all below); well again from the other on.
const FLAT: i64 = 150_000;
const NOT_FLAT: i64 = 165_000;
/// Two tyres of an axle are uneven by more than this, and even again by less than the other.
const UNEVEN: i64 = 20_000;
const EVEN: i64 = 14_000;
/// A tyre leaks that loses more than this a week, seen over so many hours and samples; it does not by less than the other.
const LEAK: i64 = 5_000;
const NO_LEAK: i64 = 2_500;
const LEAK_HOURS: i64 = 7 * 24;
const LEAK_SAMPLES: usize = 5;
/// It loses fast that loses this within a day, while the others are steady within the other.
const FAST: i64 = 20_000;
const STEADY: i64 = 10_000;
const A_DAY: TimeDelta = TimeDelta::hours(24);
/// Whoever pumps up a tyre pumps up by more than this.
const PUMPED: i64 = 15_000;
/// What it uses to hold is the median of so many samples, so many hours apart: of thirty days.
const SAMPLES: usize = 15;
const APART_HOURS: i64 = 47;
/// Fewer do not tell what it uses to hold.
const ENOUGH: usize = 3;
/// The air's temperature counts for so long.
const FELT: TimeDelta = TimeDelta::hours(1);
/// Sensors that show the same to the digit after such a way have said nothing new.
const FAR: Distance = Distance::from_km(100);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    #[serde(with = "crate::moment")]
    at: DateTime<Utc>,
    pressures: Pressures,
    sample: Sample,
    travelled: Option<Distance>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tyres {
    #[serde(with = "crate::moment::beside")]
    celsius: Option<(DateTime<Utc>, Milli)>,
    last: Option<Seen>,
    /// Oldest first.
    samples: Vec<Sample>,
    /// The reading before showed one too low, or an axle uneven, already.
    is_doubted: bool,
    low: Warning,
    uneven: Warning,
    leak: Warning,
    fast: Warning,
}

impl Tyres {
    /// How warm the air is.
    pub fn felt(&mut self, reading: &Reading) {
        if let Value::Number(celsius) = reading.value {
            self.celsius = (-60_000..=60_000).contains(&celsius.0).then_some((reading.at, celsius));
        }
    }

    pub fn saw(&mut self, reading: &Reading, scene: &Scene<'_>, book: &mut Book) {
        let Some(pressures) = structure::text(&reading.value).and_then(Pressures::read) else { return };
        let celsius = self.celsius.filter(|(at, _)| reading.at - *at <= FELT).map(|(_, celsius)| celsius);
        let travelled = scene.motion.mileage.map(|mileage| mileage.travelled);
        let sample = pressures.sample(reading.at, celsius);
        let now = Seen { at: reading.at, pressures, sample, travelled };
        match self.last.take() {
            Some(last) if now.repeats(&last) => {
                self.last = Some(last);
                return;
            }
            Some(last) if last.pressures.wheels == now.pressures.wheels => {
                self.pumped(&last, &now, scene, book);
                self.loses_fast(&last, &now, reading, scene, book);
            }
            // Other wheels than before: nothing is known of them.
            Some(_) | None => self.begin_anew(reading.at, scene, book),
        }
        self.is_low(&now, reading, scene, book);
        self.leaks(&now, reading, scene, book);
        self.last = Some(now);
    }

    fn begin_anew(&mut self, at: DateTime<Utc>, scene: &Scene<'_>, book: &mut Book) {
        self.samples.clear();
        self.is_doubted = false;
        for warning in [&mut self.low, &mut self.uneven, &mut self.leak, &mut self.fast] {
            warning.end(at, scene, book);
        }
    }

    /// Who was pumped up begins anew.
    fn pumped(&mut self, last: &Seen, now: &Seen, scene: &Scene<'_>, book: &mut Book) {
        let rises = |wheel| Some(now.sample.beyond(wheel)? - last.sample.beyond(wheel)?);
        if (0..now.sample.held.len()).filter_map(rises).any(|rise| rise >= PUMPED) {
            self.samples.clear();
            self.leak.end(now.at, scene, book);
            self.fast.end(now.at, scene, book);
        }
    }

    fn loses_fast(&mut self, last: &Seen, now: &Seen, reading: &Reading, scene: &Scene<'_>, book: &mut Book) {
        if now.at - last.at > A_DAY {
            return;
        }
        let change = |wheel: usize| {
            let (from, to) = (last.pressures.shown[wheel], now.pressures.shown[wheel]);
            (from > 0 && to > 0).then_some((wheel, from, to))
        };
        let changes: Vec<(usize, i64, i64)> = (0..now.pressures.shown.len()).filter_map(change).collect();
        let steady = changes.iter().filter(|(_, from, to)| (from - to).abs() <= STEADY).count();
        let fallen = changes.iter().find(|(_, from, to)| from - to > FAST);
        if let Some((wheel, from, to)) = fallen.filter(|_| steady >= 2) {
            let (row, column) = now.pressures.wheels[*wheel];
            let what = Ailment::TyreLosesFast { row, column, from: Milli(*from), to: Milli(*to) };
            self.fast.raise(reading, what, true, scene, book);
        }
    }

    fn is_low(&mut self, now: &Seen, reading: &Reading, scene: &Scene<'_>, book: &mut Book) {
        let wheels: Vec<(Wheel, i64)> =
            (0..now.pressures.shown.len()).filter_map(|wheel| self.judged(wheel, now)).collect();
        let under = |share: i64, flat: i64| -> Vec<Wheel> {
            let low = |(wheel, holds): &&(Wheel, i64)| *holds <= share || wheel.pressure.0 <= flat;
            wheels.iter().filter(low).map(|(wheel, _)| *wheel).collect()
        };
        let (low, grave) = (under(LOW, FLAT), under(MUCH_TOO_LOW, FLAT));
        let uneven = now.pressures.uneven();
        let is_doubted = !low.is_empty() || uneven.is_some_and(|(_, apart)| apart > UNEVEN);
        // One reading may be a sensor's whim.
        if self.is_doubted && !low.is_empty() {
            self.low.raise(reading, Ailment::TyreLow { wheels: low }, !grave.is_empty(), scene, book);
        } else if under(WELL, NOT_FLAT).is_empty() {
            self.low.end(now.at, scene, book);
        }
        match uneven {
            Some((axle, apart)) if self.is_doubted && apart > UNEVEN => {
                let what = Ailment::TyresUneven { axle, apart: Milli(apart) };
                self.uneven.raise(reading, what, false, scene, book);
            }
            Some((_, EVEN..)) => {}
            Some(_) | None => self.uneven.end(now.at, scene, book),
        }
        self.is_doubted = is_doubted;
    }

    /// A tyre, and how many thousandths it holds of what it uses to, measured by how the others do.
    fn judged(&self, wheel: usize, now: &Seen) -> Option<(Wheel, i64)> {
        let shown = now.pressures.shown.get(wheel).copied().filter(|shown| *shown > 0)?;
        let share = |wheel: usize| {
            let held = now.sample.held.get(wheel).copied().filter(|held| *held > 0)?;
            Some(held * 1_000 / self.usual(wheel)?.max(1))
        };
        let others = (0..now.sample.held.len()).filter(|other| *other != wheel).filter_map(share).collect();
        let holds = share(wheel).zip(median(others)).map(|(own, others)| own * 1_000 / others.max(1));
        let (row, column) = now.pressures.wheels[wheel];
        let wheel = Wheel { row, column, pressure: Milli(shown), usual: self.usual(wheel).map(Milli) };
        Some((wheel, holds.unwrap_or(1_000)))
    }

    fn usual(&self, wheel: usize) -> Option<i64> {
        let held: Vec<i64> = self
            .samples
            .iter()
            .filter_map(|sample| sample.held.get(wheel).copied())
            .filter(|held| *held > 0)
            .collect();
        (held.len() >= ENOUGH).then(|| median(held)).flatten()
    }

    fn leaks(&mut self, now: &Seen, reading: &Reading, scene: &Scene<'_>, book: &mut Book) {
        if self.samples.last().is_some_and(|last| now.sample.hour - last.hour < APART_HOURS) {
            return;
        }
        if self.samples.len() == SAMPLES {
            self.samples.remove(0);
        }
        self.samples.push(now.sample.clone());
        let slopes = (0..now.sample.held.len()).filter_map(|wheel| Some((self.a_week(wheel)?, wheel)));
        let Some((a_week, wheel)) = slopes.min() else { return };
        if -a_week > LEAK {
            let (row, column) = now.pressures.wheels[wheel];
            let what = Ailment::TyreLeaks { row, column, a_week: Milli(-a_week) };
            self.leak.raise(reading, what, false, scene, book);
        } else if -a_week < NO_LEAK {
            self.leak.end(now.at, scene, book);
        }
    }

    /// How a tyre changes in a week against the others: the median of the slopes between all samples (Theil and Sen).
    fn a_week(&self, wheel: usize) -> Option<i64> {
        let points: Vec<(i64, i64)> =
            self.samples.iter().filter_map(|sample| Some((sample.hour, sample.beyond(wheel)?))).collect();
        let (first, last) = (points.first()?, points.last()?);
        if points.len() < LEAK_SAMPLES || last.0 - first.0 < LEAK_HOURS {
            return None;
        }
        let slope =
            |(one, next): (&(i64, i64), &(i64, i64))| (next.1 - one.1) * LEAK_HOURS / (next.0 - one.0).max(1);
        let pairs = points.iter().enumerate();
        let slopes =
            pairs.flat_map(|(place, one)| points[place + 1..].iter().map(move |next| slope((one, next))));
        median(slopes.collect())
    }

    pub fn open_entries(&self) -> Vec<Entry> {
        let warnings = [&self.low, &self.uneven, &self.leak, &self.fast];
        warnings.into_iter().flat_map(Warning::open_entries).collect()
    }
}

impl Seen {
    /// It says nothing new although it should: its sensors are silent.
    fn repeats(&self, last: &Self) -> bool {
        let far = self.travelled.zip(last.travelled).is_some_and(|(now, then)| now.minus(then) >= FAR);
        far && self.pressures == last.pressures
    }
}

impl Pressures {
    /// The axle whose tyres differ most, and by how much.
    fn uneven(&self) -> Option<(u8, i64)> {
        let axle = |row: u8| -> Option<(i64, u8)> {
            let of_row =
                self.wheels.iter().zip(&self.shown).filter(|((own, _), shown)| *own == row && **shown > 0);
            let shown: Vec<i64> = of_row.map(|(_, shown)| *shown).collect();
            (shown.len() == 2).then(|| ((shown[0] - shown[1]).abs(), row))
        };
        let mut rows: Vec<u8> = self.wheels.iter().map(|(row, _)| *row).collect();
        rows.dedup();
        rows.into_iter().filter_map(axle).max().map(|(apart, row)| (row, apart))
    }
}
