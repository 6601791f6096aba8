//! The one road to a car's book: find where to begin, load what is needed, fold, and say what follows.
//!
//! A batch of deliveries, a late reading, a person's correction, a replay and a dry run all come through here.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, NaiveDate, Utc};
use domain::RULES_VERSION;
use domain::fact::Fact;
use domain::fold::Sighting;
use domain::reading::Signal;
use domain::timeline::{HORIZON, Head, Outcome, Settled, advance};
use sqlx::PgConnection;
use store::book::{self, Page, PageChanges};
use store::states::{self, Kept, StoredHead};
use store::{StoreError, dirty, facts, readings};
use tracing::error;
use uuid::Uuid;

/// The signals that rules look at: what is loaded from the readings to fold again.
const FOLDED: [&str; 1] = [Signal::ODOMETER];

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
    /// A replay from the very first reading, whatever is marked.
    FromTheStart,
}

/// What follows from folding, not written yet.
#[derive(Debug)]
pub struct Refolded {
    changes: PageChanges,
    outcomes: Vec<(Uuid, Settled, Outcome)>,
    marks: Vec<(Uuid, DateTime<Utc>, &'static str)>,
}

impl Fresh {
    pub fn nothing(vehicle: Uuid, car: Uuid) -> Self {
        Self {
            vehicle,
            car,
            sightings: Vec::new(),
        }
    }
}

impl Refolded {
    /// The differences, for a dry run that writes none of them.
    pub fn into_changes(self) -> PageChanges {
        self.changes
    }

    /// Writes the differences, the states and the marks of what could not be folded here.
    pub async fn write(self, db: &mut PgConnection, now: DateTime<Utc>) -> Result<PageChanges, StoreError> {
        book::apply(db, &self.changes, now).await?;
        let kept: Vec<Kept<'_>> = self
            .outcomes
            .iter()
            .map(|(vehicle, start, outcome)| Kept {
                vehicle: *vehicle,
                start: start.clone(),
                days: &outcome.days,
                head: &outcome.head,
            })
            .collect();
        if !kept.is_empty() {
            states::save(db, &kept).await?;
        }
        if !self.marks.is_empty() {
            dirty::mark(db, &self.marks).await?;
        }
        Ok(self.changes)
    }
}

/// Folds the vehicles, which the caller has locked, and compares with what is stored. Marks that the vehicles
/// bear are taken away and heeded.
pub async fn refold(db: &mut PgConnection, fresh: Vec<Fresh>, reach: Reach) -> Result<Refolded, StoreError> {
    let ids: Vec<Uuid> = fresh.iter().map(|one| one.vehicle).collect();
    let heads = states::heads(db, &ids).await?;
    let dirty = dirty::take(db, &ids).await?;
    let mut plan = Plan::new(fresh, heads, &dirty, reach);
    plan.load_late(db).await?;

    let starts: Vec<(Uuid, Option<DateTime<Utc>>)> = plan
        .folds
        .iter()
        .map(|fold| (fold.vehicle, fold.start.until))
        .collect();
    let mut facts = facts::since(db, &starts).await?;
    let ids: Vec<Uuid> = starts.iter().map(|(vehicle, _)| *vehicle).collect();
    let mut decisions = facts::decisions(db, &ids).await?;

    let (mut pages, mut outcomes) = (Vec::new(), Vec::new());
    for fold in plan.folds {
        let facts = facts.remove(&fold.vehicle).unwrap_or_default();
        let (vehicle, car, start, earliest) = (fold.vehicle, fold.car, fold.start.clone(), fold.earliest);
        match fold.run(facts) {
            Some(mut outcome) => {
                pages.push(Page {
                    vehicle,
                    car,
                    since: start.until,
                    open: std::mem::take(&mut outcome.open),
                    entries: std::mem::take(&mut outcome.book).into_entries(),
                    decisions: decisions.remove(&vehicle).unwrap_or_default(),
                });
                outcomes.push((vehicle, start, outcome));
            }
            None => plan.marks.push((vehicle, earliest, "folding failed")),
        }
    }
    let changes = book::compare(db, pages).await?;
    Ok(Refolded {
        changes,
        outcomes,
        marks: plan.marks,
    })
}

/// One vehicle's fold: from a settled state, with the readings since.
#[derive(Debug)]
struct Fold {
    vehicle: Uuid,
    car: Uuid,
    start: Settled,
    sightings: Vec<Sighting>,
    /// The oldest moment that made this fold necessary.
    earliest: DateTime<Utc>,
    /// Set while the start is not known yet: the fold begins with the newest state before this day.
    late: Option<NaiveDate>,
}

#[derive(Debug, Default)]
struct Plan {
    folds: Vec<Fold>,
    marks: Vec<(Uuid, DateTime<Utc>, &'static str)>,
}

impl Plan {
    fn new(
        fresh: Vec<Fresh>,
        mut heads: HashMap<Uuid, StoredHead>,
        dirty: &HashMap<Uuid, DateTime<Utc>>,
        reach: Reach,
    ) -> Self {
        let mut plan = Self::default();
        for one in fresh {
            let head = heads.remove(&one.vehicle);
            let mark = dirty.get(&one.vehicle).copied();
            let earliest = one.sightings.iter().map(|seen| seen.reading.at).chain(mark).min();
            match (earliest, reach) {
                (Some(earliest), _) => plan.add(one, head, earliest, reach),
                (None, Reach::FromTheStart) => plan.add(one, head, DateTime::UNIX_EPOCH, reach),
                // Somebody else has folded it meanwhile.
                (None, Reach::Horizon | Reach::Everything) => {}
            }
        }
        plan
    }

    fn add(&mut self, one: Fresh, head: Option<StoredHead>, earliest: DateTime<Utc>, reach: Reach) {
        let head = match head {
            Some(StoredHead::Current(head)) => *head,
            // States of newer rules are not ours to overwrite: a newer worker folds this car.
            Some(StoredHead::OtherRules { rules_version }) if rules_version > RULES_VERSION => {
                self.marks
                    .push((one.vehicle, earliest, "its state was written by newer rules"));
                return;
            }
            Some(StoredHead::OtherRules { .. }) if reach == Reach::Horizon => {
                self.marks.push((
                    one.vehicle,
                    DateTime::UNIX_EPOCH,
                    "its state was written by older rules",
                ));
                return;
            }
            Some(StoredHead::OtherRules { .. }) | None => Head::default(),
        };
        let from_the_start = reach == Reach::FromTheStart || head == Head::default();
        let in_reach = from_the_start || head.reaches(earliest);
        let beyond = head.settled.until.is_some_and(|until| until - earliest > HORIZON);
        if !in_reach && beyond && reach == Reach::Horizon {
            self.marks
                .push((one.vehicle, earliest, "a reading came later than the horizon"));
            self.fold_on(one, head, earliest);
        } else if from_the_start {
            self.fold_late(&one, earliest, DateTime::UNIX_EPOCH.date_naive());
        } else if in_reach {
            self.fold_on(one, head, earliest);
        } else {
            self.fold_late(&one, earliest, earliest.date_naive());
        }
    }

    /// In memory: the tail and what is new.
    fn fold_on(&mut self, one: Fresh, head: Head, earliest: DateTime<Utc>) {
        let sightings = [head.tail, one.sightings].concat();
        let Fresh { vehicle, car, .. } = one;
        self.folds.push(Fold {
            vehicle,
            car,
            start: head.settled,
            sightings,
            earliest,
            late: None,
        });
    }

    fn fold_late(&mut self, one: &Fresh, earliest: DateTime<Utc>, day: NaiveDate) {
        self.folds.push(Fold {
            vehicle: one.vehicle,
            car: one.car,
            start: Settled::default(),
            sightings: Vec::new(),
            earliest,
            late: Some(day),
        });
    }

    /// Loads where the late folds begin, and their readings since.
    async fn load_late(&mut self, db: &mut PgConnection) -> Result<(), StoreError> {
        let days: Vec<(Uuid, NaiveDate)> = self
            .folds
            .iter()
            .filter_map(|fold| Some((fold.vehicle, fold.late?)))
            .collect();
        if days.is_empty() {
            return Ok(());
        }
        let mut starts = states::before(db, &days).await?;
        let since: BTreeMap<Uuid, Option<DateTime<Utc>>> = days
            .iter()
            .map(|(vehicle, _)| (*vehicle, starts.get(vehicle).and_then(|start| start.until)))
            .collect();
        let since: Vec<_> = since.into_iter().collect();
        let mut sightings = readings::since(db, &since, &FOLDED).await?;
        for fold in self.folds.iter_mut().filter(|fold| fold.late.is_some()) {
            fold.start = starts.remove(&fold.vehicle).unwrap_or_default();
            fold.sightings = sightings.remove(&fold.vehicle).unwrap_or_default();
        }
        Ok(())
    }
}

impl Fold {
    /// `None` if the rules panicked: a bug, which must cost one car its newest entries and not the batch its commit.
    fn run(self, facts: Vec<Fact>) -> Option<Outcome> {
        let vehicle = self.vehicle;
        let folded = catch_unwind(AssertUnwindSafe(|| advance(self.start, self.sightings, facts)));
        if folded.is_err() {
            error!(vehicle.id = %vehicle, "folding a vehicle failed, its readings are kept and it is marked for replay");
        }
        folded.ok()
    }
}
