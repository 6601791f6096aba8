//! A walk over one vehicle's history that writes nothing: what a replay would change, a stretch at a time.

use chrono::{DateTime, Utc};
use domain::timeline::Settled;
use sqlx::PgConnection;
use store::book::{Disposed, PageChanges, Remembered};
use store::dirty::Mark;
use store::{StoreError, states};
use uuid::Uuid;

use super::plan::{Begins, Fold, Plan};
use super::{Fresh, Reach, Refolded, follow, load, next_stretch};
use crate::setups::KnownSetups;

/// Where a walk stands.
#[derive(Debug)]
pub struct Walk {
    /// Nothing more is to be folded.
    next: Option<Plan>,
    setups: KnownSetups,
    disposed: Disposed,
}

impl Walk {
    /// Begins where a replay from this moment on would begin.
    pub async fn begin(
        db: &mut PgConnection,
        vehicle: Uuid,
        car: Uuid,
        since: DateTime<Utc>,
        setups: KnownSetups,
    ) -> Result<Self, StoreError> {
        let mark = Mark { since, version: Uuid::nil() };
        let heads = states::heads(db, &[vehicle]).await?;
        let marks = [(vehicle, mark)].into_iter().collect();
        let mut plan = Plan::new(vec![Fresh::nothing(vehicle, car)], heads, &marks, Reach::Everything);
        load(db, &mut plan.folds, Reach::Everything).await?;
        Ok(Self { next: Some(plan), setups, disposed: Disposed::default() })
    }

    /// Folds the next stretch; `None` at the end of the history.
    pub async fn next(&mut self, db: &mut PgConnection) -> Result<Option<Refolded>, StoreError> {
        let Some(plan) = self.next.take() else { return Ok(None) };
        let mut refolded = follow(db, plan, &self.setups).await?;
        refolded.changes.follow(&self.disposed);
        self.disposed.add(&refolded.changes);
        refolded.changes.look_back(db).await?;
        if let (true, Some(folded)) = (refolded.is_partial(), refolded.outcomes.pop()) {
            let Settled { until, state } = folded.outcome.head.settled;
            // A fold that ends before the history does begins with a settled state, and settles all.
            if let Some(state) = state {
                let mut fold = Fold::on_from(folded.vehicle, folded.car, Settled { until, state });
                next_stretch(db, &mut fold).await?;
                self.next = Some(Plan { folds: vec![fold], marks: Vec::new() });
            }
        }
        Ok(Some(refolded))
    }
}

impl Fold {
    /// From a state on that no reading can change any more.
    fn on_from(vehicle: Uuid, car: Uuid, start: Settled) -> Self {
        Self {
            vehicle,
            car,
            earliest: start.until.unwrap_or_default(),
            begins: Begins::AtHead(Box::new(start)),
            sightings: Vec::new(),
            needs_readings: true,
            remembered: Remembered::default(),
            heeds: Some(Uuid::nil()),
            until: None,
            stays_until: None,
        }
    }
}

impl Refolded {
    /// The differences, which a dry run shows.
    pub fn into_changes(self) -> PageChanges {
        self.changes
    }
}
