//! Replaying a vehicle: what waited for its connection is taken in, and what is marked is folded again.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use smartcar::redact;
use smartcar::webhook;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use store::book::PageChanges;
use store::vehicles::{Connection, VehicleKey};
use store::{StoreError, act_as_machine, dirty, events, parked, vehicles};
use uuid::Uuid;

use crate::absorb::{Said, absorb};
use crate::hiding;
use crate::known::KnownReadings;
use crate::refold::{Fresh, Reach, Walk, refold};
use crate::setups::KnownSetups;

/// So many events that waited are taken in one transaction.
const AT_ONCE: i64 = 500;

/// Where a replay that a person asked for begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// With the very first reading.
    TheStart,
    /// With the state before this moment.
    Moment(DateTime<Utc>),
}

/// What a stretch of a replay came to.
#[derive(Debug, Default)]
pub struct Stretch {
    pub changes: PageChanges,
    /// What is written up to this moment stays: the readings that it rests on are gone.
    pub stays_until: Option<DateTime<Utc>>,
    /// Why the vehicle was not folded; it stays marked.
    pub trouble: Option<&'static str>,
}

/// Replays one vehicle to its end; a vehicle that is gone is nothing to replay.
pub async fn replay(pool: &PgPool, vehicle: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
    let mut replay = Replay::of_marked(pool.clone(), vehicle, now);
    while replay.next().await?.is_some() {}
    Ok(())
}

/// Replays one vehicle because a person asked for it.
pub async fn from(pool: &PgPool, vehicle: Uuid, since: Since, now: DateTime<Utc>) -> Result<(), StoreError> {
    let mut replay = Replay::begin(pool.clone(), vehicle, since, now).await?;
    while replay.next().await?.is_some() {}
    Ok(())
}

/// A replay of one vehicle, a transaction a stretch. Should this process die on the way, the vehicle stays marked and the
/// scheduler asks for the rest.
#[derive(Debug)]
pub struct Replay {
    pool: PgPool,
    vehicle: Uuid,
    now: DateTime<Utc>,
    is_over: bool,
    went_back: usize,
}

/// So often a replay goes back behind its beginning for what a person joined or cut there; then the scheduler asks again.
const BACK_AT_MOST: usize = 5;

impl Replay {
    /// Of a vehicle that is marked, or for which events wait.
    pub const fn of_marked(pool: PgPool, vehicle: Uuid, now: DateTime<Utc>) -> Self {
        Self { pool, vehicle, now, is_over: false, went_back: 0 }
    }

    /// Because a person asked for it.
    pub async fn begin(
        pool: PgPool,
        vehicle: Uuid,
        since: Since,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let mut db = pool.acquire().await?;
        dirty::mark(&mut db, &[(vehicle, since.moment(), "a person asked for it")]).await?;
        drop(db);
        Ok(Self::of_marked(pool, vehicle, now))
    }

    /// Folds and writes the next stretch; `None` after the last one.
    pub async fn next(&mut self) -> Result<Option<Stretch>, StoreError> {
        if self.is_over {
            return Ok(None);
        }
        let mut tx = self.pool.begin().await?;
        act_as_machine(&mut tx).await?;
        // Before it is looked at: what somebody changes while we wait is seen.
        vehicles::lock(&mut tx, &[self.vehicle]).await?;
        let Some((key, connection)) = vehicles::find(&mut tx, self.vehicle).await? else {
            // Without a car there is no book to fold.
            dirty::forget(&mut tx, self.vehicle).await?;
            tx.commit().await?;
            self.is_over = true;
            return Ok(None);
        };
        hiding::hide(&mut tx, self.vehicle, connection.car_id).await?;
        // A disconnected car takes nothing in any more, but its owner may still correct its book.
        let (taken, mut fresh) = if connection.is_disconnected {
            (0, Vec::new())
        } else {
            take_waiting(&mut tx, &key, &connection, self.now).await?
        };
        if fresh.is_empty() {
            fresh.push(Fresh::nothing(self.vehicle, connection.car_id));
        }
        let refolded = refold(&mut tx, fresh, Reach::Everything, &KnownSetups::default()).await?;
        let goes_back = refolded.reaches_back_to().is_some() && self.went_back < BACK_AT_MOST;
        self.went_back += usize::from(goes_back);
        self.is_over = taken < AT_ONCE && !refolded.is_partial() && !goes_back;
        let (stays_until, trouble) = (refolded.stays_until(), refolded.trouble());
        let changes = refolded.write(&mut tx, self.now).await?;
        tx.commit().await?;
        Ok(Some(Stretch { changes, stays_until, trouble }))
    }
}

/// What a replay would change, without changing it and without what waits for the vehicle. It looks at the books as they are
/// when it begins, and keeps nobody waiting.
#[derive(Debug)]
pub struct DryRun {
    tx: Transaction<'static, Postgres>,
    walk: Walk,
}

impl DryRun {
    /// `None` if there is no such connection.
    pub async fn begin(pool: &PgPool, vehicle: Uuid, since: Since) -> Result<Option<Self>, StoreError> {
        let mut tx = pool.begin().await?;
        store::only_look(&mut tx).await?;
        let Some((_, connection)) = vehicles::find(&mut tx, vehicle).await? else {
            return Ok(None);
        };
        let mut from = since.moment();
        let car = connection.car_id;
        for _ in 0..if since == Since::TheStart { 0 } else { BACK_AT_MOST } {
            let mut first = Walk::begin(&mut tx, vehicle, car, from, KnownSetups::default()).await?;
            match Box::pin(first.next(&mut tx)).await?.and_then(|refolded| refolded.reaches_back_to()) {
                Some(earlier) if earlier < from => from = earlier,
                Some(_) | None => break,
            }
        }
        let walk = Walk::begin(&mut tx, vehicle, car, from, KnownSetups::default()).await?;
        Ok(Some(Self { tx, walk }))
    }

    /// Folds the next stretch; `None` after the last one.
    pub async fn next(&mut self) -> Result<Option<Stretch>, StoreError> {
        let Some(refolded) = Box::pin(self.walk.next(&mut self.tx)).await? else { return Ok(None) };
        let (stays_until, trouble) = (refolded.stays_until(), refolded.trouble());
        Ok(Some(Stretch { changes: refolded.into_changes(), stays_until, trouble }))
    }
}

impl Since {
    const fn moment(self) -> DateTime<Utc> {
        match self {
            Self::TheStart => DateTime::UNIX_EPOCH,
            Self::Moment(since) => since,
        }
    }
}

/// Takes in what came before the vehicle was connected.
async fn take_waiting(
    db: &mut PgConnection,
    key: &VehicleKey,
    connection: &Connection,
    now: DateTime<Utc>,
) -> Result<(i64, Vec<Fresh>), StoreError> {
    let waiting = events::take_waiting(db, key, AT_ONCE).await?;
    let mut said = Vec::new();
    for event in &waiting {
        match webhook::decode(&event.body, event.received_at) {
            Ok(delivery) => {
                for mut report in delivery.reports {
                    if report.vehicle.smartcar_vehicle_id == key.smartcar_vehicle_id {
                        if !connection.location_consent {
                            redact::strip_positions(&mut report);
                        }
                        // It came before this consent: what was wrong was wrong with an older one.
                        report.problems.clear();
                        said.push(Said {
                            connection: connection.clone(),
                            report: Cow::Owned(report),
                            event_id: &event.event_id,
                            received_at: event.received_at,
                            by_hand: event.by_hand,
                            unasked: false,
                        });
                    }
                }
            }
            // It was readable when it came: only a body that was redacted as a whole is not.
            Err(error) => parked::insert(db, &[unreadable(event, &error, now)]).await?,
        }
    }
    let absorbed = absorb(db, &said, &KnownReadings::default()).await?;
    Ok((i64::try_from(waiting.len()).unwrap_or(AT_ONCE), absorbed.fresh))
}

fn unreadable(
    event: &events::WaitingEvent,
    error: &webhook::Undecodable,
    now: DateTime<Utc>,
) -> parked::ParkedMessage {
    parked::ParkedMessage {
        queue: broker::Queue::Events.to_string(),
        message_key: event.event_id.clone(),
        why: runtime::chain(error),
        body: event.body.clone(),
        headers: serde_json::json!({ "event_id": event.event_id }),
        parked_at: now,
    }
}
