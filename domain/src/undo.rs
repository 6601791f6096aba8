//! The rules on the road that the odometer tells, and the way back: the newest odometer reading stays open until another
//! one agrees with it, and so does everything that was concluded from it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::book::{Book, Entry, EntryKey};
use crate::distance::Distance;
use crate::fact::Fact;
use crate::fold::Event;
use crate::motion::Mileage;
use crate::odometer::Point;
use crate::reading::Reading;
use crate::rules::Rules;
use crate::setup::Setup;

/// A car that goes without odometer readings for so many others is believed without the way back.
const LONGEST: usize = 120;

/// The rules and how they come back to where they were.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Road {
    /// Kilobytes, which are not to be copied whenever a state is handed on.
    rules: Box<Rules>,
    counter: Counter,
    undo: Option<Box<Undo>>,
}

/// From what the counter shows to the way travelled, across replaced counters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Counter {
    last: Option<Mileage>,
    /// Travelled when the counter showed zero; negative where nobody knows of another counter before.
    offset: Distance,
    /// The next reading begins a new counter.
    replaced: bool,
}

/// Where the rules were before the newest odometer reading, and what came since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Undo {
    rules: Packed,
    /// The entries that they had open.
    open: Vec<Entry>,
    counter: Counter,
    newest: Point,
    since: Vec<Seen>,
    /// What became of entries since: written so, or taken back.
    touched: Vec<(EntryKey, Option<Entry>)>,
}

/// So many bytes rules take, or fewer: what grows while it is written is copied.
const USUAL: usize = 2048;

/// Rules as bytes. The way back is seldom taken: a state that is read, folded on and written again need not know what is in them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Packed(#[serde(with = "serde_bytes")] Vec<u8>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Seen {
    Reading(Reading),
    Fact(Fact),
    /// Only while the road is told anew.
    Odometer(Point),
}

impl Packed {
    /// Nothing that rules hold is beyond postcard; should it be some day, there is no way back.
    fn pack(rules: &Rules) -> Option<Self> {
        postcard::to_extend(rules, Vec::with_capacity(USUAL)).ok().map(Self)
    }

    /// `None` only for what was damaged on its way.
    fn unpack(&self) -> Option<Rules> {
        postcard::from_bytes(&self.0).ok()
    }
}

impl Seen {
    fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Reading(reading) => reading.at,
            Self::Fact(fact) => fact.at(),
            Self::Odometer(point) => point.at,
        }
    }
}

impl Counter {
    fn mileage(&mut self, point: Point) -> Mileage {
        if std::mem::take(&mut self.replaced) {
            let travelled = self.last.map_or(Distance::ZERO, |last| last.travelled);
            self.offset = travelled.minus(point.odometer);
        }
        let travelled = point.odometer.plus(self.offset);
        let mileage = Mileage { at: point.at, odometer: point.odometer, travelled };
        self.last = Some(mileage);
        mileage
    }
}

impl Road {
    /// A reading of any signal but the odometer.
    pub fn saw(&mut self, reading: &Reading, setup: &Setup, book: &mut Book) {
        self.take(Seen::Reading(reading.clone()), reading.at, setup, book);
    }

    pub fn told(&mut self, fact: &Fact, setup: &Setup, book: &mut Book) {
        self.take(Seen::Fact(*fact), fact.at(), setup, book);
    }

    /// The odometer continues: what was newest before is sure now.
    pub fn goes_on(&mut self, newest: Point, setup: &Setup, book: &mut Book) {
        self.continues(newest, newest.at, setup, book);
    }

    fn continues(&mut self, newest: Point, until: DateTime<Utc>, setup: &Setup, book: &mut Book) {
        self.undo = Packed::pack(&self.rules).map(|rules| {
            Box::new(Undo {
                rules,
                open: self.rules.open_entries(),
                counter: self.counter,
                newest,
                since: Vec::new(),
                touched: Vec::new(),
            })
        });
        self.step(&Seen::Odometer(newest), until, setup, book);
    }

    /// The odometer was another one since (or, if it was odd, at) its newest reading: what was concluded is taken back, and
    /// the road is told anew with these points. `until`: the moment of the reading because of which.
    pub fn was_another(
        &mut self,
        newest_was_odd: bool,
        points: &[Point],
        until: DateTime<Utc>,
        setup: &Setup,
        book: &mut Book,
    ) {
        let mut road: Vec<Seen> = points.iter().map(|point| Seen::Odometer(*point)).collect();
        let back = self.undo.take().and_then(|undo| Some((undo.rules.unpack()?, undo)));
        if let Some((rules, undo)) = back {
            book.restore(undo.touched.iter().map(|(key, _)| key), undo.open);
            (*self.rules, self.counter) = (rules, undo.counter);
            if !newest_was_odd {
                road.insert(0, Seen::Odometer(undo.newest));
            }
            road.extend(undo.since);
            // Stable: at the same moment the odometer speaks first.
            road.sort_by_key(Seen::at);
        }
        for seen in road {
            match seen {
                Seen::Odometer(point) => self.continues(point, until, setup, book),
                Seen::Reading(_) | Seen::Fact(_) => self.take(seen, until, setup, book),
            }
        }
    }

    /// The entries that may still change: by the rules, or because their road does.
    pub fn open_entries(&self) -> Vec<Entry> {
        let mut open: BTreeMap<EntryKey, Entry> = BTreeMap::new();
        if let Some(undo) = &self.undo {
            open.extend(undo.open.iter().map(|entry| (entry.key(), entry.clone())));
            for (key, entry) in &undo.touched {
                match entry {
                    Some(entry) => open.insert(key.clone(), entry.clone()),
                    None => open.remove(key),
                };
            }
        }
        open.extend(self.rules.open_entries().into_iter().map(|entry| (entry.key(), entry)));
        open.into_values().collect()
    }

    /// The keys of what was taken back since the newest odometer reading: without it, it may come back.
    pub fn withdrawn(&self) -> impl Iterator<Item = &EntryKey> {
        let touched = self.undo.iter().flat_map(|undo| &undo.touched);
        touched.filter(|(_, entry)| entry.is_none()).map(|(key, _)| key)
    }

    fn take(&mut self, seen: Seen, until: DateTime<Utc>, setup: &Setup, book: &mut Book) {
        self.step(&seen, until, setup, book);
        if let Some(undo) = &mut self.undo {
            undo.since.push(seen);
        }
        if self.undo.as_ref().is_some_and(|undo| undo.since.len() > LONGEST) {
            self.undo = None;
        }
    }

    fn step(&mut self, seen: &Seen, until: DateTime<Utc>, setup: &Setup, book: &mut Book) {
        // What other rules touched is not ours to remember.
        let _ = book.take_touched();
        match seen {
            Seen::Odometer(point) => {
                let mileage = self.counter.mileage(*point);
                self.rules.take(&Event::Odometer(mileage), until, setup, book);
            }
            Seen::Reading(reading) => self.rules.take(&Event::Reading(reading), until, setup, book),
            Seen::Fact(fact) => {
                if let Fact::OdometerReplaced { .. } = fact {
                    self.counter.replaced = true;
                }
                self.rules.take(&Event::Fact(fact), until, setup, book);
            }
        }
        let touched = book.take_touched();
        if let Some(undo) = &mut self.undo {
            for key in touched {
                let now = book.get(&key).cloned();
                match undo.touched.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, entry)) => *entry = now,
                    None => undo.touched.push((key, now)),
                }
            }
        }
    }
}
