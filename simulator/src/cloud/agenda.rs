//! What the cloud has to do next, in the order of virtual time.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::event::Event;

/// Something to do at its time.
#[derive(Debug)]
pub enum Task {
    /// To hear what the car of this number says, if this is its newest appointment.
    Car(usize, u64),
    /// To send an event.
    Event(Arc<Event>),
}

/// Tasks by their time; of equal times, the one that was put first.
#[derive(Debug, Default)]
pub struct Agenda {
    tasks: BTreeMap<(DateTime<Utc>, u64), Task>,
    count: u64,
}

impl Agenda {
    pub fn put(&mut self, at: DateTime<Utc>, task: Task) {
        self.tasks.insert((at, self.count), task);
        self.count += 1;
    }

    /// How many tasks were ever put.
    pub fn count(&self) -> i64 {
        self.count.cast_signed()
    }

    pub fn next_at(&self) -> Option<DateTime<Utc>> {
        self.tasks.first_key_value().map(|((at, _), _)| *at)
    }

    pub fn take_next(&mut self) -> Option<Task> {
        self.tasks.pop_first().map(|(_, task)| task)
    }
}
