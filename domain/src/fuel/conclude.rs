//! What the levels and people say of fill-ups, and what is learned on the way.

use super::economy::Counted;
use super::open::{BY_MEMORY, Open, Stage};
use super::rise::{Rise, behind, rises};
use super::stand::{Part, STEP, between};
use super::{Fuel, Receipt};
use crate::fold::Scene;

/// Parts that are looked at again before they are settled: so many after a fill-up, and so many at most.
const PARTS_AFTER: usize = 2;
const MOST_PARTS: usize = 6;

impl Fuel {
    /// What the parts that are long past say is learned, and the parts are forgotten.
    pub(super) fn settle(&mut self, written: &[Open], scene: &Scene<'_>) {
        loop {
            let parts = self.parts();
            let first = rises(self.stops.clone(), &parts, self.bounds(scene)).into_iter().next();
            let rise = first.filter(|(number, _)| *number == 0).map(|(_, rise)| rise);
            let count = rise.map_or(1, |rise| rise.parts);
            let goes_on = parts.get(count).is_some_and(|next| next.stands);
            let Some(last) = parts.get(count - 1) else { return };
            if parts.len() <= MOST_PARTS && (goes_on || parts.len() < count + PARTS_AFTER) {
                return;
            }
            if let Some(rise) = rise {
                let mut open = self.open(&rise, written, scene);
                open.stage = Stage::Settled;
                self.open.retain(Open::is_settled);
                self.open.push(open);
                self.stops.clear();
            } else {
                self.learn(&parts[0]);
            }
            behind(&mut self.stops, last.stop());
            self.levels.forget(last.last);
        }
    }

    /// Learns from the way to a stop at which nobody filled up.
    fn learn(&mut self, part: &Part) {
        let Some(last) = self.stops.last() else { return };
        let fell = last.level.0 - part.level.0;
        let bought = self.receipts.iter().any(|receipt| last.at < receipt.at && receipt.at <= part.first);
        if part.stands {
            if fell >= STEP {
                self.ledger.came(0, Some(-fell));
            }
        } else if let Some(way) = between(last.way, part.way).filter(|_| !bought && !part.swaying) {
            self.habits.went(way, fell);
        }
    }

    /// Looks for fill-ups in what is not settled.
    pub(super) fn find(&mut self, parts: &[Part], written: &[Open], scene: &Scene<'_>) {
        self.open.retain(Open::is_settled);
        for (_, rise) in rises(self.stops.clone(), parts, self.bounds(scene)) {
            let open = self.open(&rise, written, scene);
            self.open.push(open);
        }
    }

    /// Lets later levels, people and positions speak.
    pub(super) fn judge(&mut self, parts: &[Part], scene: &Scene<'_>) {
        let receipts: Vec<Option<usize>> =
            self.receipts.iter().map(|receipt| self.belongs(receipt)).collect();
        for found in receipts.into_iter().flatten() {
            self.open[found].confirm();
        }
        let mut open = std::mem::take(&mut self.open);
        open.retain_mut(|open| open.stands_trial(parts, self.bounds(scene)));
        for open in &mut open {
            open.locate(scene);
        }
        self.open = open;
    }

    /// Which open fill-up a person's entry speaks of: the nearest.
    pub(super) fn belongs(&self, receipt: &Receipt) -> Option<usize> {
        let apart = |(number, open): (usize, &Open)| (open.apart(receipt.at), number);
        let nearest = self.open.iter().enumerate().map(apart).min();
        nearest.filter(|(apart, _)| *apart <= BY_MEMORY).map(|(_, number)| number)
    }

    /// Reckons what was burnt between the fill-ups.
    pub(super) fn count(&mut self, scene: &Scene<'_>) {
        let plugs_in = self.bounds(scene).plugs_in;
        let tank = self.tank(scene).map(|tank| tank.litres);
        let mut ledger = self.ledger.clone();
        let mut open = std::mem::take(&mut self.open);
        for open in open.iter_mut().filter(|open| !open.is_candidate() && open.stage != Stage::Counted) {
            let fill = &mut open.fill;
            let counted = Counted {
                from: open.from,
                to: open.to,
                level_before: fill.level_before,
                level_after: fill.level_after,
                litres: fill.litres.map(|litres| litres.amount),
                full: fill.full,
                plugs_in,
            };
            let verdict = ledger.count(counted, tank);
            fill.missed_previous = verdict.missed_previous;
            (fill.economy, fill.economy_at_pump) = (verdict.by_level, verdict.at_pump);
            if open.is_settled() {
                open.stage = Stage::Counted;
                self.ledger = ledger.clone();
                self.habits.filled_up_to(open.fill.level_after);
            }
        }
        self.open = open;
    }

    fn open(&self, rise: &Rise, written: &[Open], scene: &Scene<'_>) -> Open {
        let before = written.iter().find(|open| open.fill.between.by == rise.after.at);
        Open::of(rise, before, self.tank(scene), &self.habits, self.gauge, scene)
    }
}
