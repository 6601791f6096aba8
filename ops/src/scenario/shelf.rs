//! What the database would keep of one car, in memory, and each batch folded as the worker folds it: store what is
//! new, find the state to begin with, fold on, apply the difference.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::book::{Entry, EntryKey, changes};
use domain::fact::Fact;
use domain::fold::Sighting;
use domain::setup::Setup;
use domain::timeline::{Head, Outcome, Settled, advance};

#[derive(Default)]
pub struct Shelf {
    setup: Setup,
    facts: Vec<Fact>,
    readings: Vec<Sighting>,
    /// The states in which days ended.
    days: BTreeMap<NaiveDate, Settled>,
    head: Head,
    rows: BTreeMap<EntryKey, Entry>,
}

impl Shelf {
    /// The shelf of a car whose people set and said this.
    pub fn new(setup: Setup, facts: Vec<Fact>) -> Self {
        Self { setup, facts, ..Self::default() }
    }

    /// Handles one batch.
    pub fn take(&mut self, batch: &[Sighting]) {
        let mut fresh = Vec::new();
        for seen in batch {
            if !self.readings.contains(seen) {
                self.readings.push(seen.clone());
                fresh.push(seen.clone());
            }
        }
        if let Some(earliest) = fresh.iter().map(|seen| seen.reading.at).min() {
            self.fold(earliest, fresh);
        }
    }

    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The book, and what is kept out of it.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.rows.values()
    }

    fn fold(&mut self, earliest: DateTime<Utc>, fresh: Vec<Sighting>) {
        if let Some(onward) = self.head.onward(&fresh) {
            let outcome = onward.fold(fresh, self.facts.clone(), &self.setup);
            self.apply(outcome);
            return;
        }
        let (start, sightings) = if self.head.reaches(earliest) {
            let tail = std::mem::take(&mut self.head.tail);
            (self.head.settled.clone(), [tail, fresh].concat())
        } else {
            let before = self.days.range(..earliest.date_naive()).next_back();
            let start = before.map(|(_, state)| state.clone()).unwrap_or_default();
            (start, self.readings.clone())
        };
        let first_day = start.day();
        let outcome = advance(start, sightings, self.facts.clone(), &self.setup);
        self.days.retain(|day, _| *day <= first_day);
        self.apply(outcome);
    }

    fn apply(&mut self, outcome: Outcome) {
        let reachable = |(key, row): &(&EntryKey, &Entry)| {
            outcome.since.is_none_or(|since| row.evidence().until > since) || outcome.open.contains(key)
        };
        let stored = self.rows.iter().filter(reachable).map(|(_, row)| row.clone()).collect();
        let todo = changes(stored, outcome.book.into_entries(), Entry::key);
        for row in &todo.retract {
            self.rows.remove(&row.key());
        }
        for row in todo.insert.into_iter().chain(todo.amend) {
            self.rows.insert(row.key(), row);
        }
        for day in outcome.days {
            self.days.insert(day.day(), day);
        }
        self.head = outcome.head;
    }
}
