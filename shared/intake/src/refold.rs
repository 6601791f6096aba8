//! The one road to a car's book: find where to begin, load what is needed, fold, and say what follows.
//!
//! A batch of deliveries, a late reading, a person's correction, a replay and a dry run all come through here.

mod plan;
mod walk;

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::fact::Fact;
use domain::fold::{FOLDED, Sighting, VehicleState};
use domain::setup::Setup;
use domain::timeline::{Outcome, Settled, advance, pass};
use sqlx::PgConnection;
use store::book::{self, Basis, Page, PageChanges};
use store::states::{self, Kept, Start};
use store::{StoreError, decisions, dirty, facts, history, readings};
use tracing::error;
use uuid::Uuid;

use crate::setups::{KnownSetups, Told};
use plan::{Begins, Fold, NEWER_RULES, Plan};

pub use walk::Walk;

/// Why a car is marked whose fold failed.
const FAILED: &str = "folding failed";
/// Moments are kept to the millisecond.
const JUST_AFTER: TimeDelta = TimeDelta::milliseconds(1);

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
    /// A replay: as far as it takes, a stretch at a time.
    Everything,
}

/// So many readings a stretch of a replay holds: some megabytes, with all that follows from them.
const STRETCH: usize = 10_000;

/// What follows from folding, not written yet.
#[derive(Debug)]
pub struct Refolded {
    changes: PageChanges,
    outcomes: Vec<Folded>,
    /// Marks that are heeded with this fold.
    heeded: Vec<(Uuid, Uuid)>,
    /// Vehicles that could not be folded here, or not all of them.
    marks: Vec<(Uuid, DateTime<Utc>, &'static str)>,
    /// Vehicles whose history goes on after this fold: with the mark that brought it here, and up to where it came.
    moves_on: Vec<(Uuid, Option<Uuid>, DateTime<Utc>)>,
    /// Vehicles of which what is written up to a moment stays, since the readings that it rests on are gone.
    stays: Vec<(Uuid, DateTime<Utc>)>,
}

#[derive(Debug)]
struct Folded {
    vehicle: Uuid,
    car: Uuid,
    start: Began,
    outcome: Outcome<Option<VehicleState>>,
}

/// Where a fold began.
#[derive(Debug)]
enum Began {
    /// With the tip of the head, which is settled as it was.
    Tip,
    /// With the settled state of the head.
    Head(Box<Settled>),
    Earlier(Box<Settled>),
}

impl Fresh {
    pub fn nothing(vehicle: Uuid, car: Uuid) -> Self {
        Self { vehicle, car, sightings: Vec::new() }
    }
}

impl Refolded {
    /// Whether the history of a vehicle goes on after this fold.
    pub fn is_partial(&self) -> bool {
        !self.moves_on.is_empty()
    }

    /// Why a vehicle was not folded at all.
    pub fn trouble(&self) -> Option<&'static str> {
        self.marks.iter().map(|(_, _, why)| *why).find(|why| [FAILED, NEWER_RULES].contains(why))
    }

    /// Up to when what is written of a vehicle stays because the readings are gone that it rests on.
    pub fn stays_until(&self) -> Option<DateTime<Utc>> {
        self.stays.iter().map(|(_, until)| *until).max()
    }

    /// From where a vehicle has to be folded instead, because of what a person joined or cut there.
    pub fn reaches_back_to(&self) -> Option<DateTime<Utc>> {
        self.changes.partly().map(|(_, since)| since).min()
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
                start: match &folded.start {
                    Began::Tip => Start::Tip,
                    Began::Head(settled) => Start::Head(settled),
                    Began::Earlier(settled) => Start::Earlier(settled),
                },
                days: &folded.outcome.days,
                head: &folded.outcome.head,
                remembered: self.changes.remembered(folded.vehicle),
            })
            .collect();
        if !kept.is_empty() {
            states::save(db, &kept).await?;
        }
        for (vehicle, heeded, until) in &self.moves_on {
            dirty::move_on(db, *vehicle, *heeded, *until + JUST_AFTER).await?;
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
    let heads = states::heads(db, &ids).await?;
    let dirty = dirty::of(db, &ids).await?;
    let mut plan = Plan::new(fresh, heads, &dirty, reach);
    load(db, &mut plan.folds, reach).await?;
    follow(db, plan, known).await
}

/// Folds what is planned and loaded, and compares it with what is stored.
async fn follow(db: &mut PgConnection, plan: Plan, known: &KnownSetups) -> Result<Refolded, StoreError> {
    let Plan { mut folds, mut marks } = plan;
    let cars: Vec<(Uuid, Uuid)> = folds.iter().map(|fold| (fold.vehicle, fold.car)).collect();
    // First of all: what somebody changes while the rest is read is another count, and not remembered as seen.
    let (told, nothing_told) = (known.of(db, &cars).await?, Told::default());
    for fold in &mut folds {
        let basis = Basis { car: fold.car, told: told.get(&fold.vehicle).map_or(0, |told| told.times) };
        fold.remembered = std::mem::take(&mut fold.remembered).on(basis);
    }
    let mut facts = said_since(db, &folds).await?;

    let (mut pages, mut outcomes) = (Vec::new(), Vec::new());
    let (mut heeded, mut moves_on, mut stays) = (Vec::new(), Vec::new(), Vec::new());
    for fold in folds {
        let facts = facts.remove(&fold.vehicle).unwrap_or_default();
        stays.extend(fold.stays_until.map(|until| (fold.vehicle, until)));
        let Fold { vehicle, car, begins, sightings, earliest, heeds, until, remembered, .. } = fold;
        let Told { setup, times } = told.get(&vehicle).unwrap_or(&nothing_told);
        let Some(ran) = run(vehicle, begins, until, sightings, facts, setup) else {
            marks.push((vehicle, earliest, FAILED));
            continue;
        };
        let Ran { start, mut outcome, kept_until } = ran;
        match until {
            Some(until) => moves_on.push((vehicle, heeds, until)),
            None => heeded.extend(heeds.map(|mark| (vehicle, mark))),
        }
        pages.push(Page {
            vehicle,
            car,
            setup,
            since: outcome.since,
            until,
            kept_until,
            open: std::mem::take(&mut outcome.open),
            unchanged: std::mem::take(&mut outcome.unchanged),
            entries: std::mem::take(&mut outcome.book).into_entries(),
            remembered,
            told: *times,
            settled_until: outcome.head.settled.until,
            stays_open: std::mem::take(&mut outcome.stays_open),
            is_late: matches!(start, Began::Earlier(_)) || heeds.is_some(),
        });
        outcomes.push(Folded { vehicle, car, start, outcome });
    }
    let changes = book::compare(db, pages).await?;
    marks.extend(
        changes.partly().map(|(vehicle, since)| (vehicle, since, "a person joined or cut entries here")),
    );
    Ok(Refolded { changes, outcomes, heeded, marks, moves_on, stays })
}

/// What people said after the folds' beginnings. A tip has heard all that was said when it was folded, whatever its date: as long
/// as what the head remembers holds, nobody has said more.
async fn said_since(db: &mut PgConnection, folds: &[Fold]) -> Result<HashMap<Uuid, Vec<Fact>>, StoreError> {
    let is_at_tip = |fold: &&Fold| matches!(fold.begins, Begins::Tip(_));
    let asking = folds.iter().filter(|fold| !is_at_tip(fold) || !fold.remembered.holds());
    let starts: Vec<(Uuid, Option<DateTime<Utc>>)> =
        asking.map(|fold| (fold.vehicle, fold.begins.until())).collect();
    if starts.is_empty() { Ok(HashMap::new()) } else { facts::since(db, &starts).await }
}

/// Loads what the folds need: the states with which they begin, and the readings since.
async fn load(db: &mut PgConnection, folds: &mut [Fold], reach: Reach) -> Result<(), StoreError> {
    let heads: Vec<Uuid> =
        folds.iter().filter(|fold| fold.begins == Begins::Head).map(|fold| fold.vehicle).collect();
    if !heads.is_empty() {
        let mut settled = states::of_heads(db, &heads).await?;
        for fold in folds.iter_mut().filter(|fold| fold.begins == Begins::Head) {
            fold.begin_at_head(settled.remove(&fold.vehicle));
        }
    }
    let days: Vec<(Uuid, NaiveDate)> =
        folds.iter().filter_map(|fold| Some((fold.vehicle, fold.day()?))).collect();
    let late: HashSet<Uuid> = days.iter().map(|(vehicle, _)| *vehicle).collect();
    if !days.is_empty() {
        let mut starts = states::before(db, &days).await?;
        for fold in folds.iter_mut().filter(|fold| late.contains(&fold.vehicle)) {
            fold.begins = Begins::At(Box::new(starts.remove(&fold.vehicle).unwrap_or_default()));
        }
    }
    begin_where_readings_do(db, folds, &late, reach).await?;
    let reading = |fold: &&mut Fold| fold.needs_readings;
    if reach == Reach::Everything {
        for fold in folds.iter_mut().filter(reading) {
            next_stretch(db, fold).await?;
        }
        return Ok(());
    }
    let since: Vec<(Uuid, Option<DateTime<Utc>>)> =
        folds.iter_mut().filter(reading).map(|fold| (fold.vehicle, fold.begins.until())).collect();
    if since.is_empty() {
        return Ok(());
    }
    let mut sightings = readings::since(db, &since, &FOLDED).await?;
    for fold in folds.iter_mut().filter(reading) {
        fold.sightings = sightings.remove(&fold.vehicle).unwrap_or_default();
    }
    Ok(())
}

/// Loads the next stretch of a history, which ends where no person joined or cut what lies on both sides.
async fn next_stretch(db: &mut PgConnection, fold: &mut Fold) -> Result<(), StoreError> {
    let mut limit = STRETCH;
    loop {
        let stretch = readings::stretch(db, fold.vehicle, fold.begins.until(), &FOLDED, limit).await?;
        (fold.sightings, fold.until) = (stretch.sightings, stretch.until);
        while let Some(until) = fold.until {
            let Some(begins) = decisions::reaching_beyond(db, fold.vehicle, until).await? else {
                return Ok(());
            };
            fold.sightings.retain(|seen| seen.reading.at < begins);
            fold.until = fold.sightings.last().map(|seen| seen.reading.at);
        }
        if stretch.until.is_none() {
            return Ok(());
        }
        // All of it is one such stretch.
        limit *= 2;
    }
}

/// Where older readings are gone than the book rests on, a fold begins with the oldest state that knew them and after which all
/// readings are there. If today's rules folded none, they begin with the first reading that is left, and what is
/// written stays: nobody can conclude it again.
async fn begin_where_readings_do(
    db: &mut PgConnection,
    folds: &mut [Fold],
    late: &HashSet<Uuid>,
    reach: Reach,
) -> Result<(), StoreError> {
    let may_miss = |fold: &&mut Fold| {
        let is_late = reach == Reach::Everything && late.contains(&fold.vehicle);
        fold.needs_readings && (fold.begins.until().is_none() || is_late)
    };
    let vehicles: Vec<Uuid> = folds.iter_mut().filter(may_miss).map(|fold| fold.vehicle).collect();
    if vehicles.is_empty() {
        return Ok(());
    }
    let lost = history::lost(db, &vehicles).await?;
    for fold in folds.iter_mut().filter(may_miss) {
        let Some(lost) = lost.get(&fold.vehicle) else { continue };
        let first = lost.first_reading.unwrap_or(DateTime::<Utc>::MAX_UTC);
        if fold.begins.until().is_some_and(|until| until >= first) {
            continue;
        }
        let known = match lost.first_reading {
            Some(first) => states::first_since(db, fold.vehicle, first).await?,
            None => None,
        };
        let kept = known.as_ref().map_or(Some(lost.newest), |known| known.until.max(known.state.kept_until));
        fold.stays_until = kept;
        fold.begins = Begins::At(Box::new(known.unwrap_or_else(|| {
            let mut start: Settled = Settled::default();
            start.state.kept_until = Some(lost.newest);
            start
        })));
    }
    Ok(())
}

/// What a fold came to.
struct Ran {
    start: Began,
    outcome: Outcome<Option<VehicleState>>,
    kept_until: Option<DateTime<Utc>>,
}

/// `None` if the rules panicked: a bug, which must cost one car its newest entries and not the batch its commit. `until`: where
/// the fold ends if more comes after it.
fn run(
    vehicle: Uuid,
    begins: Begins,
    until: Option<DateTime<Utc>>,
    sightings: Vec<Sighting>,
    facts: Vec<Fact>,
    setup: &Setup,
) -> Option<Ran> {
    let from = |settled: &Settled, sightings, facts| {
        let outcome = match until {
            Some(until) => pass(settled.clone(), until, sightings, facts, setup),
            None => advance(settled.clone(), sightings, facts, setup),
        };
        (outcome.map(Some), settled.state.kept_until)
    };
    let folded = catch_unwind(AssertUnwindSafe(|| match begins {
        Begins::Tip(onward) => {
            let kept_until = onward.tip().state.kept_until;
            let outcome = onward.fold(sightings, facts, setup).map(|()| None);
            Some(Ran { start: Began::Tip, outcome, kept_until })
        }
        Begins::AtHead(settled) => {
            let (outcome, kept_until) = from(&settled, sightings, facts);
            Some(Ran { start: Began::Head(settled), outcome, kept_until })
        }
        Begins::At(settled) => {
            let (outcome, kept_until) = from(&settled, sightings, facts);
            Some(Ran { start: Began::Earlier(settled), outcome, kept_until })
        }
        // Not loaded: nothing can be said.
        Begins::Head | Begins::Before(_) => None,
    }));
    if folded.is_err() {
        error!(vehicle.id = %vehicle, "folding a vehicle failed, its readings are kept and it is marked for replay");
    }
    folded.ok().flatten()
}
