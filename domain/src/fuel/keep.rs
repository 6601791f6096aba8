//! The book is brought to what is concluded, and what nothing can change any more is learned from and forgotten.

use chrono::{DateTime, Utc};

use super::Fuel;
use super::drop::drops;
use super::gauge::FULL;
use super::open::{BY_MEMORY, Open};
use super::stand::Part;
use crate::book::{Book, Entry};
use crate::fold::Scene;
use crate::reading::Milli;

/// Percent: a rise of so much, with its receipt, tells how much the tank holds.
const TEACHES: i64 = 30_000;

impl Fuel {
    /// Brings the book to what is open now.
    pub(super) fn write(&mut self, written: &[Open], scene: &Scene<'_>, book: &mut Book) {
        for gone in written.iter().filter(|old| !self.open.iter().any(|new| old.is_of(new))) {
            book.withdraw(&Entry::FillUp(gone.fill.clone()).key());
        }
        for open in &mut self.open {
            let before = written.iter().find(|old| old.is_of(open)).map(|old| &old.fill);
            open.fill.evidence.until = before.map_or(scene.until, |before| before.evidence.until);
            if before != Some(&open.fill) {
                open.fill.evidence.until = scene.until;
                book.put(Entry::FillUp(open.fill.clone()));
            }
        }
    }

    /// Raises or takes back the alarm that fuel vanished.
    pub(super) fn watch(&mut self, parts: &[Part], scene: &Scene<'_>, book: &mut Book) {
        let tank = self.tank(scene).map(|tank| tank.litres);
        let mut now = drops(parts, self.gauge, tank, scene);
        for gone in self.drops.iter().filter(|old| !now.iter().any(|new| new.at == old.at)) {
            if self.levels.is_open(gone.at) {
                book.withdraw(&Entry::Alert(gone.clone()).key());
            }
        }
        for alert in &mut now {
            let before = self.drops.iter().find(|old| old.at == alert.at);
            alert.evidence.until = before.map_or(scene.until, |before| before.evidence.until);
            if before != Some(alert) {
                alert.evidence.until = scene.until;
                book.put(Entry::Alert(alert.clone()));
            }
        }
        self.drops = now;
    }

    /// Learns from what nothing can change any more, and forgets it.
    pub(super) fn close(&mut self, now: DateTime<Utc>, scene: &Scene<'_>) {
        let spoken: Vec<Option<usize>> = self.receipts.iter().map(|receipt| self.belongs(receipt)).collect();
        let newer = |number: usize| self.open[number + 1..].iter().any(Open::is_settled);
        let closed: Vec<bool> = self
            .open
            .iter()
            .enumerate()
            .map(|(number, open)| open.is_closed(now) || open.is_settled() && newer(number))
            .collect();
        for (number, open) in self.open.iter().enumerate().filter(|(number, _)| closed[*number]) {
            if open.is_candidate() {
                continue;
            }
            self.last = Some(open.fill.between);
            let litres = self.receipts.iter().zip(&spoken).filter(|(_, of)| **of == Some(number));
            let litres: i64 = litres.map(|(receipt, _)| receipt.litres.0).sum();
            if litres > 0 && open.bought >= TEACHES {
                self.habits.took(Milli(litres), open.bought);
            }
        }
        self.forget_receipts(&spoken, &closed, scene);
        let mut number = 0..;
        self.open.retain(|_| number.next().is_none_or(|number: usize| !closed[number]));
    }

    /// What people wrote and no level shows came in all the same.
    fn forget_receipts(&mut self, spoken: &[Option<usize>], closed: &[bool], scene: &Scene<'_>) {
        let tank = self.tank(scene).map(|tank| tank.litres.0);
        let settled = self.stops.last().map(|stop| stop.at);
        let mut kept = Vec::with_capacity(self.receipts.len());
        for (receipt, of) in self.receipts.iter().zip(spoken) {
            let past = settled.is_some_and(|settled| settled - receipt.at > BY_MEMORY);
            match of {
                Some(number) if closed[*number] => {}
                None if past => {
                    let percent = tank.map(|tank| receipt.litres.0 * FULL.0 / tank);
                    self.ledger.came(receipt.litres.0, percent);
                }
                Some(_) | None => kept.push(*receipt),
            }
        }
        self.receipts = kept;
    }
}
