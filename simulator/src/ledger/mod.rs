//! What the stand-in knows for sure: what the cars really did, what was sent of it, and what was answered.
//! The rule of every test with it: what was accepted has to be in the book, once.

mod journal;
mod record;

use std::collections::{HashMap, hash_map};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

pub use journal::JournalError;
use journal::{Entry, Journal};
pub use record::{Answer, Attempt, EventRecord, Fate, LedgerReading, ReportedOdometer};

use crate::cloud::Event;
use crate::reporter::LastKnown;
use crate::world::{CarIdentity, Segment, Truth};

/// The ledger of one simulation. Everything stays in memory: about 2 KB an event.
#[derive(Debug)]
pub struct Ledger {
    fleet: Vec<CarIdentity>,
    now_ms: AtomicI64,
    books: Mutex<Books>,
}

#[derive(Debug)]
struct Books {
    lives: Vec<Vec<Segment>>,
    events: HashMap<Uuid, EventRecord>,
    /// In the order in which they came up.
    order: Vec<Uuid>,
    /// The odometer readings that were answered by the REST APIs, by the car's number.
    polled: Vec<Vec<ReportedOdometer>>,
    journal: Option<Journal>,
}

/// How many events, by what became of them, and how many attempts that took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Events that came up, lost ones included.
    pub events: usize,
    pub accepted: usize,
    /// Four attempts were made and failed.
    pub given_up: usize,
    /// Neither accepted nor given up yet.
    pub in_flight: usize,
    /// Never sent.
    pub lost: usize,
    pub attempts: usize,
    /// Deliveries begun with an event id that had been sent before.
    pub duplicates: usize,
}

impl Ledger {
    /// An empty ledger; with a path, each entry is also a line of JSON in that (new) file.
    pub fn open(
        fleet: Vec<CarIdentity>,
        now: DateTime<Utc>,
        file: Option<&Path>,
    ) -> Result<Self, JournalError> {
        let books = Books {
            lives: vec![Vec::new(); fleet.len()],
            events: HashMap::new(),
            order: Vec::new(),
            polled: vec![Vec::new(); fleet.len()],
            journal: file.map(Journal::create).transpose()?,
        };
        Ok(Self { fleet, now_ms: AtomicI64::new(now.timestamp_millis()), books: Mutex::new(books) })
    }

    pub fn fleet(&self) -> &[CarIdentity] {
        &self.fleet
    }

    /// The virtual present.
    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.now_ms.load(Ordering::Relaxed)).unwrap_or_default()
    }

    /// What a car really did until now; `None` for a car that is not in the fleet.
    pub fn truth(&self, smartcar_vehicle_id: &str) -> Option<Truth> {
        let number = self.fleet.iter().position(|car| car.smartcar_vehicle_id == smartcar_vehicle_id)?;
        Truth::of(&self.books().lives[number], self.now())
    }

    /// The true odometer of a car now, in metres.
    pub fn odometer_now_m(&self, smartcar_vehicle_id: &str) -> Option<u64> {
        self.truth(smartcar_vehicle_id).map(|truth| truth.now.odometer_m)
    }

    /// All events, in the order in which they came up.
    pub fn events(&self) -> Vec<EventRecord> {
        let books = self.books();
        books.order.iter().filter_map(|id| books.events.get(id)).cloned().collect()
    }

    /// The events that were answered 2xx at least once.
    pub fn accepted(&self) -> Vec<EventRecord> {
        let mut events = self.events();
        events.retain(|event| event.fate() == Fate::Accepted);
        events
    }

    /// The different odometer readings (moment and number) of a car's accepted events, in the order of the
    /// car's time.
    pub fn accepted_odometers(&self, smartcar_vehicle_id: &str) -> Vec<ReportedOdometer> {
        let books = self.books();
        let of_car = books.events.values().filter(|event| event.smartcar_vehicle_id == smartcar_vehicle_id);
        let mut readings: Vec<ReportedOdometer> =
            of_car.filter(|event| event.fate() == Fate::Accepted).filter_map(EventRecord::odometer).collect();
        readings.sort_by(|one, other| one.at.cmp(&other.at).then(one.value.total_cmp(&other.value)));
        readings.dedup();
        readings
    }

    /// The different odometer readings that the REST APIs told of a car, in the car's unit, whatever unit was
    /// asked for, and in the order of the car's time.
    pub fn polled_odometers(&self, smartcar_vehicle_id: &str) -> Vec<ReportedOdometer> {
        let number = self.fleet.iter().position(|car| car.smartcar_vehicle_id == smartcar_vehicle_id);
        let mut readings = number.map(|number| self.books().polled[number].clone()).unwrap_or_default();
        readings.sort_by(|one, other| one.at.cmp(&other.at).then(one.value.total_cmp(&other.value)));
        readings.dedup();
        readings
    }

    pub fn counts(&self) -> Counts {
        let books = self.books();
        books.events.values().fold(Counts::default(), |mut counts, event| {
            counts.events += 1;
            counts.attempts += event.attempts.len();
            counts.duplicates += event.deliveries.saturating_sub(1);
            match event.fate() {
                Fate::Accepted => counts.accepted += 1,
                Fate::GivenUp => counts.given_up += 1,
                Fate::InFlight => counts.in_flight += 1,
                Fate::Lost => counts.lost += 1,
            }
            counts
        })
    }

    /// The first error of writing to the file, if there was one: from then on the file is not complete.
    pub fn journal_error(&self) -> Option<String> {
        self.books().journal.as_ref().and_then(Journal::error)
    }

    pub(crate) fn set_now(&self, now: DateTime<Utc>) {
        self.now_ms.fetch_max(now.timestamp_millis(), Ordering::Relaxed);
    }

    /// What a car does from some moment on. Where that was foretold otherwise (a command turned its way), the
    /// later word counts.
    pub(crate) fn lived(&self, car: usize, segments: Vec<Segment>) {
        let mut books = self.books();
        let Some(life) = books.lives.get_mut(car) else {
            return;
        };
        for segment in segments {
            while life.last().is_some_and(|last| last.from >= segment.from) {
                life.pop();
            }
            if let Some(last) = life.last_mut().filter(|last| last.until > segment.from) {
                *last = last.cut_at(segment.from);
            }
            life.push(segment);
        }
    }

    /// An event will never be sent.
    pub(crate) fn lost(&self, event: &Event) {
        self.books().enter(event);
    }

    /// A delivery of an event begins: up to four attempts. Tells how many deliveries of this event were begun
    /// before.
    pub(crate) fn begun(&self, event: &Event) -> usize {
        let mut books = self.books();
        let record = books.enter(event);
        record.deliveries += 1;
        record.open_deliveries += 1;
        record.deliveries - 1
    }

    /// An attempt was answered, or not.
    pub(crate) fn attempted(&self, event_id: Uuid, attempt: Attempt) {
        let mut books = self.books();
        books.note(&Entry::Attempt { event_id, attempt });
        if let Some(record) = books.events.get_mut(&event_id) {
            record.attempts.push(attempt);
        }
    }

    /// A delivery is over: it was accepted, or given up.
    pub(crate) fn ended(&self, event_id: Uuid) {
        let mut books = self.books();
        let Some(record) = books.events.get_mut(&event_id) else {
            return;
        };
        record.open_deliveries = record.open_deliveries.saturating_sub(1);
        let fate = record.fate();
        books.note(&Entry::End { event_id, fate });
    }

    /// A REST API tells what is known of a car, with its odometer or without.
    pub(crate) fn told(&self, car: usize, with_odometer: bool, known: Option<&LastKnown>) {
        let signals = known.filter(|_| with_odometer).map(|known| known.signals.as_slice());
        let readings = signals.unwrap_or_default().iter().filter_map(ReportedOdometer::of_signal);
        let mut books = self.books();
        if let Some(polled) = books.polled.get_mut(car) {
            for reading in readings.filter(|reading| polled.last() != Some(reading)).collect::<Vec<_>>() {
                polled.push(reading);
            }
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn enter(&mut self, event: &Event) -> &mut EventRecord {
        match self.events.entry(event.event_id) {
            hash_map::Entry::Occupied(known) => known.into_mut(),
            hash_map::Entry::Vacant(place) => {
                let record = EventRecord::of(event);
                if let Some(journal) = &mut self.journal {
                    journal.write(&Entry::Event(&record));
                }
                self.order.push(event.event_id);
                place.insert(record)
            }
        }
    }

    fn note(&mut self, entry: &Entry<'_>) {
        if let Some(journal) = &mut self.journal {
            journal.write(entry);
        }
    }
}
