//! The oil's life: low, wearing faster than it did, and renewed.

use serde::{Deserialize, Serialize};

use super::Ailment;
use super::warning::Warning;
use crate::book::{Book, Entry};
use crate::distance::Distance;
use crate::fold::Scene;
use crate::reading::{Milli, Reading, Value};

/// Below these (thousandths of a percent) a change is due soon, or now.
const LOW: i64 = 20_000;
const SPENT: i64 = 5_000;
/// It is well again from here on.
const WELL: i64 = 25_000;
/// A rise by so much to so much is new oil.
const RENEWED_BY: i64 = 30_000;
const RENEWED_TO: i64 = 90_000;
/// A rate is learned over so many points, and a new one seen over so many.
const LEARNED: i64 = 20_000;
const TELLING: i64 = 10_000;
/// Over less way than this no rate is known: standing cars' oil ages, too.
const FAR: Distance = Distance::from_km(300);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Point {
    life: Milli,
    travelled: Distance,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Oil {
    life: Option<Milli>,
    /// Where the oil was first seen, and where the last few points began.
    first: Option<Point>,
    recent: Option<Point>,
    low: Warning,
    fast: Warning,
    renewed: Warning,
}

impl Oil {
    pub fn saw(&mut self, reading: &Reading, scene: &Scene<'_>, book: &mut Book) {
        let Value::Number(life) = reading.value else { return };
        // Zero is what cars say that do not know.
        if life.0 <= 0 || life.0 > 100_000 {
            return;
        }
        let before = self.life.replace(life);
        if let Some(from) = before.filter(|from| life.0 - from.0 >= RENEWED_BY && life.0 >= RENEWED_TO) {
            let what = Ailment::OilRenewed { from, to: life };
            self.renewed.raise(reading, what, false, scene, book);
            self.renewed.end(reading.at, scene, book);
            self.fast.end(reading.at, scene, book);
            (self.first, self.recent) = (None, None);
        }
        match life.0 {
            ..SPENT => self.low.raise(reading, Ailment::OilLow { life }, true, scene, book),
            SPENT..LOW => self.low.raise(reading, Ailment::OilLow { life }, false, scene, book),
            LOW..WELL => {}
            WELL.. => self.low.end(reading.at, scene, book),
        }
        if let Some(mileage) = scene.motion.mileage {
            self.wears(Point { life, travelled: mileage.travelled }, reading, scene, book);
        }
    }

    /// Compares the last points' rate with that of all before.
    fn wears(&mut self, now: Point, reading: &Reading, scene: &Scene<'_>, book: &mut Book) {
        let (first, recent) = (*self.first.get_or_insert(now), *self.recent.get_or_insert(now));
        if recent.life.0 - now.life.0 < TELLING {
            return;
        }
        self.recent = Some(now);
        if first.life.0 - recent.life.0 < LEARNED {
            return;
        }
        let (Some(before), Some(now)) = (rate(first, recent), rate(recent, now)) else { return };
        if now.0 > 2 * before.0 {
            self.fast.raise(reading, Ailment::OilWearsFast { now, before }, false, scene, book);
        } else {
            self.fast.end(reading.at, scene, book);
        }
    }

    pub fn open_entries(&self) -> Vec<Entry> {
        let mut open = self.low.open_entries();
        open.extend(self.fast.open_entries());
        open.extend(self.renewed.open_entries());
        open
    }
}

/// Points for a thousand kilometres.
fn rate(from: Point, to: Point) -> Option<Milli> {
    let way = to.travelled.minus(from.travelled);
    let enough = way >= FAR;
    enough.then(|| Milli((from.life.0 - to.life.0) * 1_000_000 / way.metres().max(1)))
}
