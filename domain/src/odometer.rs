//! The odometer rule: which readings are believed, and which of these become meter entries.
//!
//! A reading is believed if the car can have driven that far since the reading before. The newest believed
//! reading stays open until another one agrees with it: if three others agree with each other and not with
//! it, it was the odd one out and its entry is taken back. What is not believed is quarantined, and
//! released when two later readings agree with it. Nothing here knows when a reading arrived.

mod track;
mod units;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::book::{
    Anchor, Book, Doubt, Entry, Evidence, IssueKind, Mark, MeterEntry, Quarantined, SuggestedIssue,
};
use crate::distance::Distance;
use crate::fact::{Fact, RowId};
use crate::reading::{Reading, Signal};

use track::{Fit, Track, Verdict, falls};
pub use track::{Point, stands_for};
use units::Scale;

/// No road car has shown more: above it are marks for "no value" such as 2³²/10.
const HIGHEST: Distance = Distance::from_km(3_000_000);
/// Readings that vouch for each other lie at least this far apart.
const APART: TimeDelta = TimeDelta::hours(1);
/// A counter that is lower and stays so for this long was probably changed.
const REPLACED_AFTER: TimeDelta = TimeDelta::hours(24);
/// Doubted readings that are remembered: the first and the last of them, so that a long stretch keeps both ends.
const SUSPECTS: usize = 16;

/// What the rule remembers of a car.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Odometer {
    /// As of the newest reading that a later one agreed with.
    sure: Track,
    /// The newest believed reading, open until another one agrees with it.
    newest: Option<Newest>,
    /// Readings that are not believed yet, oldest first.
    suspects: Vec<Suspect>,
    /// The owner was asked whether these come from a new counter: asked once, not with every reading.
    asked: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Newest {
    anchor: Anchor,
    track: Track,
    /// What was written because this reading was believed.
    entries: Vec<Entry>,
    /// What people said since: told again should this reading turn out to be wrong.
    facts: Vec<Fact>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Suspect {
    anchor: Anchor,
    odometer: Distance,
    entry: Quarantined,
}

/// What a reading changed of what is believed of the odometer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Belief {
    Unchanged,
    /// It goes on with this.
    Continues(Point),
    /// After all it showed these, oldest first, since the newest believed reading; or in its place if that was the odd one.
    Rewritten {
        newest_was_odd: bool,
        points: Vec<Point>,
    },
}

impl Odometer {
    /// Takes in a reading of the odometer signal (canonical unit: km).
    pub fn saw(&mut self, reading: &Reading, by_hand: bool, book: &mut Book) -> Belief {
        let anchor = Anchor::of(reading, by_hand);
        let odometer = Distance::from_km_reading(anchor.number());
        if !(Distance::ZERO < odometer && odometer <= HIGHEST) {
            book.put(Entry::Quarantined(quarantined(&anchor, Doubt::Impossible)));
            return Belief::Unchanged;
        }
        let at = anchor.at;
        match self.track().fit(odometer, anchor.at) {
            Fit::Yes { odometer } => {
                self.believe(anchor, odometer, None, Evidence::at(at), book);
                Belief::Continues(Point { at, odometer })
            }
            Fit::OtherUnit { odometer, scale } => {
                let evidence = Evidence { marks: vec![Mark::UnitCorrected], ..Evidence::at(reading.at) };
                self.believe(anchor, odometer, Some(scale), evidence, book);
                Belief::Continues(Point { at, odometer })
            }
            Fit::No(doubt) => self.doubt(anchor, doubt, book),
        }
    }

    /// Takes in what a person said.
    pub fn told(&mut self, fact: Fact, book: &mut Book) {
        self.heed(fact, fact.at(), book);
    }

    /// `until`: the moment because of which the fact is looked at, now or again.
    fn heed(&mut self, fact: Fact, until: DateTime<Utc>, book: &mut Book) {
        match fact {
            Fact::FillUp { .. } => {}
            Fact::OdometerReplaced { .. } => {
                let units = self.track().units;
                *self = Self { sure: Track { units, ..Track::default() }, ..Self::default() };
            }
            Fact::MeterEntry { at, odometer, row } => {
                let said = Point { at, odometer };
                let conflict = self.track().last.filter(|last| falls(last.odometer, odometer));
                match (conflict, &mut self.newest) {
                    (Some(last), _) => self.write(conflict_issue(said, row, last, until), book),
                    (None, Some(newest)) => newest.track.person = Some((said, row)),
                    (None, None) => self.sure.person = Some((said, row)),
                }
                if let Some(newest) = &mut self.newest {
                    newest.facts.push(fact);
                }
            }
        }
    }

    /// The entries that a later reading may still take back or change.
    pub fn open_entries(&self) -> Vec<Entry> {
        let suspects = self.suspects.iter().map(|suspect| Entry::Quarantined(suspect.entry.clone()));
        self.newest.iter().flat_map(|newest| newest.entries.iter().cloned()).chain(suspects).collect()
    }

    /// The last believed reading of the series that is going on; never the highest ever seen.
    pub fn current(&self) -> Option<(DateTime<Utc>, Distance)> {
        self.track().last.map(|point| (point.at, point.odometer))
    }

    fn track(&self) -> &Track {
        self.newest.as_ref().map_or(&self.sure, |newest| &newest.track)
    }

    /// The reading continues the track: what was newest is sure now, and what was doubted stays doubted.
    fn believe(
        &mut self,
        anchor: Anchor,
        odometer: Distance,
        scale: Option<Scale>,
        evidence: Evidence,
        book: &mut Book,
    ) {
        if let Some(newest) = self.newest.take() {
            self.sure = newest.track;
        }
        self.suspects.clear();
        self.asked = false;
        let here = Point { at: anchor.at, odometer };
        let mut track = self.sure.clone();
        track.last = Some(here);
        track.units.learn(scale);
        let entries = match track.verdict(here) {
            Verdict::Write => {
                track.written = Some(here);
                vec![Entry::Meter(MeterEntry { anchor: anchor.clone(), odometer, evidence })]
            }
            Verdict::Known => Vec::new(),
            Verdict::BelowPerson(said, row) => {
                track.person = None;
                let doubt = Doubt::BelowPerson { row, entry: said.odometer };
                let issue = conflict_issue(said, row, here, evidence.until);
                let kept_out =
                    Quarantined { evidence: Evidence::at(evidence.until), ..quarantined(&anchor, doubt) };
                vec![Entry::Quarantined(kept_out), issue]
            }
        };
        self.newest = Some(Newest { anchor, track, entries: Vec::new(), facts: Vec::new() });
        for entry in entries {
            self.write(entry, book);
        }
    }

    fn write(&mut self, entry: Entry, book: &mut Book) {
        book.put(entry.clone());
        if let Some(newest) = &mut self.newest {
            newest.entries.push(entry);
        }
    }

    /// The reading does not continue the track. Perhaps it begins a better one.
    fn doubt(&mut self, anchor: Anchor, doubt: Doubt, book: &mut Book) -> Belief {
        let until = anchor.at;
        let entry = quarantined(&anchor, doubt);
        book.put(Entry::Quarantined(entry.clone()));
        let odometer = self.track().units.scale.apply(Distance::from_km_reading(anchor.number()));
        if self.suspects.len() == SUSPECTS {
            self.suspects.remove(SUSPECTS / 2);
        }
        self.suspects.push(Suspect { anchor, odometer, entry });
        let chain = vouched_for(&self.suspects);
        let (Some(first), Some(last)) = (chain.first(), chain.last()) else { return Belief::Unchanged };
        let newest_is_odd = self.newest.is_some() && self.sure.continues(first.odometer, first.anchor.at);
        let rises = self.track().last.is_none_or(|last| !falls(last.odometer, first.odometer));
        if newest_is_odd || rises {
            let point = |suspect: &Suspect| Point { at: suspect.anchor.at, odometer: suspect.odometer };
            let points = chain.iter().map(point).collect();
            self.release(&chain, newest_is_odd, until, book);
            return Belief::Rewritten { newest_was_odd: newest_is_odd, points };
        }
        if !self.asked && last.anchor.at - first.anchor.at >= REPLACED_AFTER {
            self.asked = true;
            let from = self.track().last.map_or(Distance::ZERO, |point| point.odometer);
            book.put(replaced_issue(first, from, until));
        }
        Belief::Unchanged
    }

    /// Believes a chain of doubted readings, after taking back the one that they contradict. All that follows
    /// rests on the reading in hand (`until`): without it they would still be doubted.
    fn release(&mut self, chain: &[Suspect], newest_is_odd: bool, until: DateTime<Utc>, book: &mut Book) {
        if newest_is_odd && let Some(odd) = self.newest.take() {
            odd.entries.iter().for_each(|entry| book.withdraw(&entry.key()));
            let evidence = Evidence::at(until);
            book.put(Entry::Quarantined(Quarantined {
                evidence,
                ..quarantined(&odd.anchor, Doubt::Outlier)
            }));
            odd.facts.into_iter().for_each(|fact| self.heed(fact, until, book));
        }
        for suspect in chain {
            book.withdraw(&Entry::Quarantined(suspect.entry.clone()).key());
            let evidence = Evidence { marks: vec![Mark::Released], ..Evidence::at(until) };
            self.believe(suspect.anchor.clone(), suspect.odometer, None, evidence, book);
        }
    }
}

/// The first doubted reading that two later ones vouch for, and all that go on from it; empty if none is.
fn vouched_for(suspects: &[Suspect]) -> Vec<Suspect> {
    let follows = |before: &Suspect, after: &Suspect| {
        let before = Point { at: before.anchor.at, odometer: before.odometer };
        before.odometer <= after.odometer && before.next(after.odometer, after.anchor.at).is_some()
    };
    for (index, first) in suspects.iter().enumerate() {
        let mut chain = vec![first.clone()];
        let (mut agreeing, mut voucher) = (0, first);
        for next in &suspects[index + 1..] {
            if chain.last().is_some_and(|last| follows(last, next)) {
                chain.push(next.clone());
                if next.anchor.at - voucher.anchor.at >= APART {
                    (agreeing, voucher) = (agreeing + 1, next);
                }
            }
        }
        if agreeing >= 2 {
            return chain;
        }
    }
    Vec::new()
}

fn quarantined(anchor: &Anchor, why: Doubt) -> Quarantined {
    Quarantined {
        anchor: anchor.clone(),
        signal: Signal::new(Signal::ODOMETER),
        why,
        evidence: Evidence::at(anchor.at),
    }
}

fn conflict_issue(said: Point, row: RowId, car: Point, until: DateTime<Utc>) -> Entry {
    let what = IssueKind::OdometerConflict { row, entry: said.odometer, car: car.odometer };
    Entry::Issue(SuggestedIssue { what, at: said.at, evidence: Evidence::at(until) })
}

fn replaced_issue(first: &Suspect, from: Distance, until: DateTime<Utc>) -> Entry {
    let what = IssueKind::OdometerReplaced { value: first.anchor.value.clone(), from, to: first.odometer };
    Entry::Issue(SuggestedIssue { what, at: first.anchor.at, evidence: Evidence::at(until) })
}
