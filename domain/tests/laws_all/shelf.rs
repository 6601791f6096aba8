//! What the database keeps of one car, in memory, and each batch folded as the worker folds it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::book::{Entry, EntryKey, changes};
use domain::decision::{Beginning, Decided, Decision, Kind, Stretch, Told, apply};
use domain::fact::Fact;
use domain::fold::Sighting;
use domain::setup::Setup;
use domain::timeline::{Head, Outcome, Settled, advance};

#[derive(Default)]
pub struct Shelf {
    setup: Setup,
    readings: Vec<Sighting>,
    facts: Vec<Fact>,
    decisions: Vec<Decision>,
    /// The states in which days ended.
    pub days: BTreeMap<NaiveDate, Settled>,
    pub head: Head,
    rows: BTreeMap<EntryKey, Told>,
}

/// What a fold makes of the rows.
pub struct Difference {
    pub insert: Vec<Told>,
    pub amend: Vec<Told>,
    pub retract: Vec<Told>,
    /// It began within something that people joined or cut, and has to begin earlier.
    partly: Option<DateTime<Utc>>,
}

impl Shelf {
    pub fn new(setup: &Setup) -> Self {
        Self { setup: setup.clone(), ..Self::default() }
    }

    /// One batch: store what is new, find where to begin, fold on, apply the difference.
    pub fn take(&mut self, batch: &[Sighting]) {
        let mut fresh = Vec::new();
        for seen in batch {
            if !self.readings.contains(seen) {
                self.readings.push(seen.clone());
                fresh.push(seen.clone());
            }
        }
        if let Some(earliest) = fresh.iter().map(|seen| seen.reading.at).min() {
            self.fold_from(earliest, fresh);
        }
    }

    /// A person speaks.
    pub fn hear(&mut self, fact: Fact) {
        self.facts.push(fact);
        self.fold_from(fact.at(), Vec::new());
    }

    /// A person takes back what they said.
    pub fn unhear(&mut self, fact: Fact) {
        self.facts.retain(|known| *known != fact);
        self.fold_from(fact.at(), Vec::new());
    }

    /// A person corrects the book.
    pub fn decide(&mut self, decision: Decision) {
        let since = match &decision.what {
            Decided::MeterEntry { at, .. } => *at,
            Decided::Issue => return,
            Decided::FillUp { stretch, .. }
            | Decided::ChargingSession { stretch, .. }
            | Decided::Trip { stretch, .. } => stretch.start.after,
        };
        self.decisions.push(decision);
        self.fold_from(since, Vec::new());
    }

    pub fn book(&self) -> Vec<Told> {
        self.rows.values().cloned().collect()
    }

    /// What folding everything again from each state that is kept would change: nothing, if the book is right.
    pub fn replays(&self) -> impl Iterator<Item = (DateTime<Utc>, Difference)> {
        self.days.values().map(|start| {
            let outcome =
                advance(start.clone(), self.readings.clone(), self.facts.iter().copied(), &self.setup);
            (start.until.unwrap_or_default(), self.difference(&outcome))
        })
    }

    fn fold_from(&mut self, earliest: DateTime<Utc>, fresh: Vec<Sighting>) {
        if let Some(onward) = self.head.onward(&fresh) {
            let outcome = onward.fold(fresh, self.facts.clone(), &self.setup);
            self.apply(outcome);
            return;
        }
        let (start, sightings) = if self.head.reaches(earliest) {
            (self.head.settled.clone(), [self.head.tail.clone(), fresh].concat())
        } else {
            let before = self.days.range(..earliest.date_naive()).next_back();
            (before.map_or_else(Settled::default, |(_, state)| state.clone()), self.readings.clone())
        };
        let first_day = start.day();
        let outcome = advance(start, sightings, self.facts.clone(), &self.setup);
        self.days.retain(|day, _| *day <= first_day);
        self.apply(outcome);
    }

    fn apply(&mut self, outcome: Outcome) {
        let since = outcome.since;
        let Difference { insert, amend, retract, partly } = self.difference(&outcome);
        for row in insert {
            let twice = self.rows.insert(row.entry.key(), row.clone());
            assert!(twice.is_none(), "inserted twice: {twice:?}, then {row:?}, begun at {since:?}");
        }
        for row in amend {
            self.rows.insert(row.entry.key(), row);
        }
        for row in retract {
            self.rows.remove(&row.entry.key());
        }
        self.days.extend(outcome.days.into_iter().map(|day| (day.day(), day)));
        self.head = outcome.head;
        if let Some(earlier) = partly {
            self.fold_from(earlier, Vec::new());
        }
    }

    fn difference(&self, outcome: &Outcome) -> Difference {
        let Outcome { since, open, book, .. } = outcome;
        let entries = book.entries().cloned().collect();
        let applied = apply(entries, &self.decisions, Beginning { since: *since, open });
        let left_alone = |told: &Told| {
            Stretch::of(&told.entry)
                .is_some_and(|(kind, _)| applied.partly.iter().any(|(partly, _)| *partly == kind))
        };
        let reachable = |(key, row): &(&EntryKey, &Told)| {
            since.is_none_or(|since| row.entry.evidence().until > since) || open.contains(key)
        };
        let stored = self.rows.iter().filter(reachable).map(|(_, row)| row.clone());
        let stored = stored.filter(|row| !left_alone(row)).collect();
        let wanted = applied.told.iter().filter(|row| !left_alone(row)).cloned().collect();
        let todo = changes(stored, wanted, |row: &Told| row.entry.key());
        let partly = applied.partly.iter().map(|(_, stretch)| stretch.start.after).min();
        Difference { insert: todo.insert, amend: todo.amend, retract: todo.retract, partly }
    }
}

impl Difference {
    pub fn is_none(&self) -> bool {
        self.insert.is_empty() && self.amend.is_empty() && self.retract.is_empty()
    }
}

/// Whether an entry is of this kind.
pub fn is(kind: Kind, entry: &Entry) -> bool {
    Stretch::of(entry).is_some_and(|(own, _)| own == kind)
}
