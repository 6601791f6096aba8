//! Replaying a vehicle: what waited for its connection is taken in, and what is marked is folded again.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use smartcar::redact;
use smartcar::webhook;
use sqlx::{PgConnection, PgPool};
use store::book::PageChanges;
use store::vehicles::{Connection, VehicleKey};
use store::{StoreError, act_as_machine, dirty, events, parked, vehicles};
use uuid::Uuid;

use crate::absorb::{Said, absorb};
use crate::hiding;
use crate::known::KnownReadings;
use crate::refold::{Fresh, Reach, refold};
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

/// Replays one vehicle to its end; a vehicle that is gone is nothing to replay. Gives what was changed, a transaction
/// each.
pub async fn replay(
    pool: &PgPool,
    vehicle: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<PageChanges>, StoreError> {
    let mut done = Vec::new();
    loop {
        match step(pool, vehicle, now).await? {
            Step::Nothing => return Ok(done),
            Step::More(changes) => done.push(changes),
            Step::Last(changes) => {
                done.push(changes);
                return Ok(done);
            }
        }
    }
}

/// Replays one vehicle because a person asked for it. Should this process die on the way, the vehicle stays marked
/// and the scheduler asks for its replay.
pub async fn from(
    pool: &PgPool,
    vehicle: Uuid,
    since: Since,
    now: DateTime<Utc>,
) -> Result<Vec<PageChanges>, StoreError> {
    let mut tx = pool.begin().await?;
    begin(&mut tx, vehicle, since).await?;
    tx.commit().await?;
    replay(pool, vehicle, now).await
}

/// What such a replay would change, without changing it and without what waits for the vehicle. `None` if there is no
/// such connection.
pub async fn dry_run(pool: &PgPool, vehicle: Uuid, since: Since) -> Result<Option<PageChanges>, StoreError> {
    let mut tx = pool.begin().await?;
    act_as_machine(&mut tx).await?;
    vehicles::lock(&mut tx, &[vehicle]).await?;
    let Some((_, connection)) = vehicles::find(&mut tx, vehicle).await? else {
        return Ok(None);
    };
    begin(&mut tx, vehicle, since).await?;
    let nothing = vec![Fresh::nothing(vehicle, connection.car_id)];
    let changes = refold(&mut tx, nothing, Reach::Everything, &KnownSetups::default())
        .await?
        .into_changes(&mut tx)
        .await?;
    tx.rollback().await?;
    Ok(Some(changes))
}

/// Marks the vehicle where that says how far back to go: the way of everything that has to be folded again.
async fn begin(db: &mut PgConnection, vehicle: Uuid, since: Since) -> Result<(), StoreError> {
    let since = match since {
        Since::TheStart => DateTime::UNIX_EPOCH,
        Since::Moment(since) => since,
    };
    dirty::mark(db, &[(vehicle, since, "a person asked for it")]).await
}

#[derive(Debug)]
enum Step {
    /// There is no such connection any more.
    Nothing,
    More(PageChanges),
    Last(PageChanges),
}

async fn step(pool: &PgPool, vehicle: Uuid, now: DateTime<Utc>) -> Result<Step, StoreError> {
    let mut tx = pool.begin().await?;
    act_as_machine(&mut tx).await?;
    // Before it is looked at: what somebody changes while we wait is seen.
    vehicles::lock(&mut tx, &[vehicle]).await?;
    let Some((key, connection)) = vehicles::find(&mut tx, vehicle).await? else {
        // Without a car there is no book to fold.
        dirty::forget(&mut tx, vehicle).await?;
        tx.commit().await?;
        return Ok(Step::Nothing);
    };
    hiding::hide(&mut tx, vehicle, connection.car_id).await?;
    // A disconnected car takes nothing in any more, but its owner may still correct its book.
    let (taken, mut fresh) = if connection.is_disconnected {
        (0, Vec::new())
    } else {
        take_waiting(&mut tx, &key, &connection, now).await?
    };
    if fresh.is_empty() {
        fresh.push(Fresh::nothing(vehicle, connection.car_id));
    }
    let changes =
        refold(&mut tx, fresh, Reach::Everything, &KnownSetups::default()).await?.write(&mut tx, now).await?;
    tx.commit().await?;
    Ok(if taken == AT_ONCE { Step::More(changes) } else { Step::Last(changes) })
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
