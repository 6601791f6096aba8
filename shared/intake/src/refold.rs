//! The one road to a car's book: find where to begin, load what is needed, fold, and say what follows.
//!
//! A batch of deliveries, a late reading, a person's correction, a replay and a dry run all come through here.

mod plan;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use domain::fact::Fact;
use domain::fold::{FOLDED, Sighting};
use domain::setup::Setup;
use domain::timeline::{Head, Outcome, Settled, advance, go_on};
use sqlx::PgConnection;
use store::book::{self, Page, PageChanges};
use store::states::{self, Kept};
use store::{StoreError, dirty, facts, readings};
use tracing::error;
use uuid::Uuid;

use crate::setups::KnownSetups;
use plan::{Fold, Needs, Plan};

/// New readings of a vehicle that has to be folded; none if only its past has to be folded again.
#[derive(Debug)]
pub struct Fresh {
    pub vehicle: Uuid,
    pub car: Uuid,
    pub sightings: Vec<Sighting>,
}

/// How far back this fold may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// While deliveries wait: up to the horizon. What lies beyond is marked for a replay.
    Horizon,
    /// A replay: as far as it takes.
    Everything,
}

/// What follows from folding, not written yet.
#[derive(Debug)]
pub struct Refolded {
    changes: PageChanges,
    outcomes: Vec<Folded>,
    /// Marks that are heeded with this fold.
    heeded: Vec<(Uuid, Uuid)>,
    /// Vehicles that could not be folded here, or not all of them.
    marks: Vec<(Uuid, DateTime<Utc>, &'static str)>,
}

#[derive(Debug)]
struct Folded {
    vehicle: Uuid,
    /// The settled state that is stored already.
    start: Settled,
    began_at_head: bool,
    outcome: Outcome,
}

impl Fresh {
    pub fn nothing(vehicle: Uuid, car: Uuid) -> Self {
        Self { vehicle, car, sightings: Vec::new() }
    }
}

impl Refolded {
    /// The differences, for a dry run that writes none of them.
    pub async fn into_changes(mut self, db: &mut PgConnection) -> Result<PageChanges, StoreError> {
        self.changes.look_back(db).await?;
        Ok(self.changes)
    }

    /// Writes the differences, the states, and the marks of what could not be folded here.
    ///
    /// Marks come last: who corrects the book holds rows of it before they mark the car, too.
    pub async fn write(
        mut self,
        db: &mut PgConnection,
        now: DateTime<Utc>,
    ) -> Result<PageChanges, StoreError> {
        book::apply(db, &mut self.changes, now).await?;
        let kept: Vec<Kept<'_>> = self
            .outcomes
            .iter()
            .map(|folded| Kept {
                vehicle: folded.vehicle,
                start: &folded.start,
                began_at_head: folded.began_at_head,
                days: &folded.outcome.days,
                head: &folded.outcome.head,
            })
            .collect();
        if !kept.is_empty() {
            states::save(db, &kept).await?;
        }
        if !self.heeded.is_empty() {
            dirty::settle(db, &self.heeded).await?;
        }
        if !self.marks.is_empty() {
            dirty::mark(db, &self.marks).await?;
        }
        Ok(self.changes)
    }
}

/// Folds the vehicles, which the caller has locked, and compares with what is stored. Marks that the vehicles
/// bear are heeded.
pub async fn refold(
    db: &mut PgConnection,
    fresh: Vec<Fresh>,
    reach: Reach,
    known: &KnownSetups,
) -> Result<Refolded, StoreError> {
    let ids: Vec<Uuid> = fresh.iter().map(|one| one.vehicle).collect();
    let cars: Vec<(Uuid, Uuid)> = fresh.iter().map(|one| (one.vehicle, one.car)).collect();
    let heads = states::heads(db, &ids).await?;
    let dirty = dirty::of(db, &ids).await?;
    let mut plan = Plan::new(fresh, heads, &dirty, reach);
    load(db, &mut plan.folds).await?;
    let starts: Vec<(Uuid, Option<DateTime<Utc>>)> =
        plan.folds.iter().map(|fold| (fold.vehicle, fold.start.until)).collect();
    let mut facts = facts::since(db, &starts).await?;

    let setups = known.of(db, &cars).await?;
    let nothing_told = Arc::default();
    let (mut pages, mut outcomes, mut heeded) = (Vec::new(), Vec::new(), Vec::new());
    for fold in plan.folds {
        let facts = facts.remove(&fold.vehicle).unwrap_or_default();
        let Fold { vehicle, car, start, sightings, earliest, heeds, begins_at_head, goes_on, .. } = fold;
        let settled = goes_on.as_ref().map_or_else(|| start.clone(), |head| head.settled.clone());
        let setup = setups.get(&vehicle).unwrap_or(&nothing_told);
        let Some(mut outcome) = run(vehicle, start, goes_on, sightings, facts, setup) else {
            plan.marks.push((vehicle, earliest, "folding failed"));
            continue;
        };
        heeded.extend(heeds.map(|mark| (vehicle, mark)));
        pages.push(Page {
            vehicle,
            car,
            setup,
            since: outcome.since,
            open: std::mem::take(&mut outcome.open),
            entries: std::mem::take(&mut outcome.book).into_entries(),
            known: None,
            settled_until: outcome.head.settled.until,
            stays_open: std::mem::take(&mut outcome.stays_open),
            is_late: !begins_at_head || heeds.is_some(),
        });
        outcomes.push(Folded { vehicle, start: settled, began_at_head: begins_at_head, outcome });
    }
    let changes = book::compare(db, pages).await?;
    plan.marks.extend(
        changes.partly().map(|(vehicle, since)| (vehicle, since, "a person joined or cut entries here")),
    );
    Ok(Refolded { changes, outcomes, heeded, marks: plan.marks })
}

/// Loads what the folds need: where those begin that reach back, and the readings since.
async fn load(db: &mut PgConnection, folds: &mut [Fold]) -> Result<(), StoreError> {
    let days: Vec<(Uuid, NaiveDate)> =
        folds.iter().filter_map(|fold| Some((fold.vehicle, fold.day()?))).collect();
    if !days.is_empty() {
        let mut starts = states::before(db, &days).await?;
        for fold in folds.iter_mut().filter(|fold| fold.day().is_some()) {
            fold.start = starts.remove(&fold.vehicle).unwrap_or_default();
        }
    }
    let since: Vec<(Uuid, Option<DateTime<Utc>>)> = folds
        .iter()
        .filter(|fold| fold.needs != Needs::Nothing)
        .map(|fold| (fold.vehicle, fold.start.until))
        .collect();
    if !since.is_empty() {
        let mut sightings = readings::since(db, &since, &FOLDED).await?;
        for fold in folds.iter_mut().filter(|fold| fold.needs != Needs::Nothing) {
            fold.sightings = sightings.remove(&fold.vehicle).unwrap_or_default();
        }
    }
    Ok(())
}

/// `None` if the rules panicked: a bug, which must cost one car its newest entries and not the batch its commit.
fn run(
    vehicle: Uuid,
    start: Settled,
    goes_on: Option<Box<Head>>,
    sightings: Vec<Sighting>,
    facts: Vec<Fact>,
    setup: &Setup,
) -> Option<Outcome> {
    let folded = catch_unwind(AssertUnwindSafe(|| match goes_on {
        Some(head) => go_on(*head, sightings, facts, setup),
        None => advance(start, sightings, facts, setup),
    }));
    if folded.is_err() {
        error!(vehicle.id = %vehicle, "folding a vehicle failed, its readings are kept and it is marked for replay");
    }
    folded.ok()
}
