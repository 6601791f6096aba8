//! Replaying a vehicle: what waited for its connection is taken in, and what is marked is folded again.

use chrono::{DateTime, Utc};
use smartcar::redact;
use smartcar::webhook;
use sqlx::{PgConnection, PgPool};
use store::book::PageChanges;
use store::vehicles::{Connection, VehicleKey};
use store::{StoreError, act_as_machine, events, parked, vehicles};
use uuid::Uuid;

use crate::absorb::{Said, absorb};
use crate::known::KnownReadings;
use crate::refold::{Fresh, Reach, refold};

/// So many events that waited are taken in one transaction.
const AT_ONCE: i64 = 500;

/// Replays one vehicle to its end; a vehicle that is gone is nothing to replay.
pub async fn replay(
    pool: &PgPool,
    vehicle: Uuid,
    reach: Reach,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    while step(pool, vehicle, reach, now).await? == Step::More {}
    Ok(())
}

/// What a replay would change, without changing it. `None` if there is no such connection.
pub async fn dry_run(pool: &PgPool, vehicle: Uuid) -> Result<Option<PageChanges>, StoreError> {
    let mut tx = pool.begin().await?;
    act_as_machine(&mut tx).await?;
    let Some((_, connection)) = vehicles::find(&mut tx, vehicle).await? else {
        return Ok(None);
    };
    vehicles::lock(&mut tx, &[vehicle]).await?;
    let nothing = vec![Fresh::nothing(vehicle, connection.car_id)];
    let changes = refold(&mut tx, nothing, Reach::FromTheStart)
        .await?
        .into_changes();
    tx.rollback().await?;
    Ok(Some(changes))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    More,
    Done,
}

async fn step(pool: &PgPool, vehicle: Uuid, reach: Reach, now: DateTime<Utc>) -> Result<Step, StoreError> {
    let mut tx = pool.begin().await?;
    act_as_machine(&mut tx).await?;
    let Some((key, connection)) = vehicles::find(&mut tx, vehicle).await? else {
        return Ok(Step::Done);
    };
    if connection.is_disconnected {
        return Ok(Step::Done);
    }
    vehicles::lock(&mut tx, &[vehicle]).await?;
    let (taken, mut fresh) = take_waiting(&mut tx, &key, &connection, now).await?;
    if fresh.is_empty() {
        fresh.push(Fresh::nothing(vehicle, connection.car_id));
    }
    refold(&mut tx, fresh, reach).await?.write(&mut tx, now).await?;
    tx.commit().await?;
    Ok(if taken == AT_ONCE { Step::More } else { Step::Done })
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
                        said.push(Said {
                            connection: connection.clone(),
                            report,
                            event_id: &event.event_id,
                            received_at: event.received_at,
                            by_hand: event.by_hand,
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
