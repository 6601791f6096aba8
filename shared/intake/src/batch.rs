//! The transaction: claim, resolve, lock, store, fold, write, commit. Nothing here retries or acknowledges.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use broker::message::Source;
use chrono::{DateTime, Utc};
use domain::fences::Fence;
use domain::fold::Sighting;
use smartcar::redact::{self, Redacted};
use smartcar::report::Report;
use smartcar::webhook;
use sqlx::{Connection as _, PgConnection, PgPool};
use store::book::Written;
use store::events::{self, EventSource, NewEvent};
use store::vehicles::{self, Connection, VehicleKey};
use store::{StoreError, act_as_machine, erasure, geofences, parked};
use uuid::Uuid;

use crate::absorb::{Absorbed, Said, absorb};
use crate::known::KnownReadings;
use crate::refold::{Reach, refold};
use crate::understood::{Understood, parked_delivery};

/// What a batch came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    pub folded: usize,
    /// Deliveries that were folded before.
    pub duplicates: usize,
    pub parked: usize,
    /// About vehicles that nobody connected (yet).
    pub waiting: usize,
    pub readings_seen: usize,
    pub readings_new: usize,
    pub written: Written,
}

/// What [`handle_in`] did, which counts only once it is committed.
#[must_use = "say that it is committed"]
pub struct Handled {
    outcome: Outcome,
    stored: Vec<(Uuid, Sighting)>,
}

impl Handled {
    /// Call after the commit, and only then.
    pub fn committed(self, known: &KnownReadings) -> Outcome {
        known.remember(&self.stored);
        self.outcome
    }
}

/// Handles the batch as one fact: all of it is committed, or none.
pub async fn handle(
    pool: &PgPool,
    known: &KnownReadings,
    batch: &[&Understood],
    now: DateTime<Utc>,
) -> Result<Outcome, StoreError> {
    let mut db = pool.acquire().await?;
    let committed = commit(&mut db, known, batch, now).await;
    if committed.as_ref().is_err_and(StoreError::is_stale_plan) {
        // The next session prepares anew. That this one may not hear of its end changes nothing.
        let _ = db.close().await;
    }
    committed
}

async fn commit(
    db: &mut PgConnection,
    known: &KnownReadings,
    batch: &[&Understood],
    now: DateTime<Utc>,
) -> Result<Outcome, StoreError> {
    let mut tx = db.begin().await?;
    act_as_machine(&mut tx).await?;
    let handled = handle_in(&mut tx, known, batch, now).await?;
    tx.commit().await?;
    Ok(handled.committed(known))
}

/// Handles the batch in a transaction of the caller, who acts as the machine, and commits.
pub async fn handle_in(
    db: &mut PgConnection,
    known: &KnownReadings,
    batch: &[&Understood],
    now: DateTime<Utc>,
) -> Result<Handled, StoreError> {
    let mut outcome = Outcome::default();
    let unreadable: Vec<_> = batch
        .iter()
        .filter_map(|one| Some(parked_delivery(&one.delivery, reason(one.said.as_ref().err()?), now)))
        .collect();
    if !unreadable.is_empty() {
        parked::insert(db, &unreadable).await?;
        outcome.parked = unreadable.len();
    }
    let readable: Vec<(&Understood, &webhook::Delivery)> =
        batch.iter().filter_map(|one| Some((*one, one.said.as_ref().ok()?))).collect();
    let new = claim(db, &readable, now).await?;
    outcome.duplicates = readable.len() - new.len();
    let absorbed = take(db, known, &new, &mut outcome).await?;
    if !absorbed.fresh.is_empty() {
        let refolded = refold(db, absorbed.fresh, Reach::Horizon, &known.setups).await?;
        outcome.written = refolded.write(db, now).await?.written();
    }
    Ok(Handled { outcome, stored: absorbed.stored })
}

/// The deliveries that nobody folded before, each once.
async fn claim<'a>(
    db: &mut PgConnection,
    readable: &[(&'a Understood, &'a webhook::Delivery)],
    now: DateTime<Utc>,
) -> Result<Vec<(&'a Understood, &'a webhook::Delivery)>, StoreError> {
    if readable.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&str> = readable.iter().map(|(one, _)| one.delivery.event_id.as_str()).collect();
    let mut claimed: HashSet<String> = events::claim(db, &ids, now).await?;
    Ok(readable.iter().filter(|(one, _)| claimed.remove(&one.delivery.event_id)).copied().collect())
}

/// Stores the deliveries and what they say. The vehicles of those that are folded are locked from here on.
async fn take(
    db: &mut PgConnection,
    known: &KnownReadings,
    new: &[(&Understood, &webhook::Delivery)],
    outcome: &mut Outcome,
) -> Result<Absorbed, StoreError> {
    if new.is_empty() {
        return Ok(Absorbed::default());
    }
    let connections = resolve_and_lock(db, new).await?;
    let erased = erased(db, new, &connections).await?;
    let zones = private_zones(db, &connections).await?;
    let (mut rows, mut said) = (Vec::new(), Vec::new());
    for (one, delivery) in new {
        let about = About::new(one.delivery.received_at, delivery, &connections, &erased, &zones);
        outcome.folded += usize::from(about.is_known);
        outcome.waiting += usize::from(!about.is_known);
        rows.push(event_row(one, delivery, &about));
        said.extend(about.said(one));
    }
    events::insert(db, &rows).await?;
    let absorbed = absorb(db, &said, known).await?;
    outcome.readings_seen = absorbed.readings_seen;
    outcome.readings_new = absorbed.readings_new;
    Ok(absorbed)
}

/// The places that people keep to themselves, of connections that may tell positions at all.
async fn private_zones(
    db: &mut PgConnection,
    connections: &HashMap<VehicleKey, Vec<Connection>>,
) -> Result<HashMap<Uuid, Vec<Fence>>, StoreError> {
    let telling = connections.values().flatten().filter(|one| one.location_consent && !one.is_disconnected);
    let telling: Vec<Uuid> = telling.map(|one| one.id).collect();
    if telling.is_empty() { Ok(HashMap::new()) } else { geofences::private_for(db, &telling).await }
}

/// When the data of vehicles were deleted, of those of which a delivery may be from before that: nobody has connected them since,
/// or it came before somebody did.
async fn erased(
    db: &mut PgConnection,
    new: &[(&Understood, &webhook::Delivery)],
    connections: &HashMap<VehicleKey, Vec<Connection>>,
) -> Result<HashMap<VehicleKey, DateTime<Utc>>, StoreError> {
    let mut asked: BTreeSet<VehicleKey> = BTreeSet::new();
    for (one, delivery) in new {
        let came_before =
            |connection: &Connection| connection.since.is_some_and(|since| one.delivery.received_at <= since);
        let keys = delivery.reports.iter().map(key);
        asked.extend(
            keys.filter(|key| connections.get(key).is_none_or(|there| there.iter().all(came_before))),
        );
    }
    if asked.is_empty() {
        return Ok(HashMap::new());
    }
    erasure::erased(db, &asked.iter().collect::<Vec<_>>()).await
}

/// The connections as they are while they are locked: what somebody changed or took away while the lock was waited for
/// is seen.
async fn resolve_and_lock(
    db: &mut PgConnection,
    new: &[(&Understood, &webhook::Delivery)],
) -> Result<HashMap<VehicleKey, Vec<Connection>>, StoreError> {
    let mut locked: HashSet<Uuid> = HashSet::new();
    loop {
        let connections = resolve(db, new).await?;
        let there = connections.values().flatten().map(|connection| connection.id);
        let missing: Vec<Uuid> = there.filter(|id| !locked.contains(id)).collect();
        if missing.is_empty() {
            return Ok(connections);
        }
        vehicles::lock(db, &missing).await?;
        locked.extend(missing);
    }
}

async fn resolve(
    db: &mut PgConnection,
    new: &[(&Understood, &webhook::Delivery)],
) -> Result<HashMap<VehicleKey, Vec<Connection>>, StoreError> {
    let keys: HashSet<VehicleKey> =
        new.iter().flat_map(|(_, delivery)| delivery.reports.iter().map(key)).collect();
    let keys: Vec<VehicleKey> = keys.into_iter().collect();
    let connections = vehicles::resolve(db, &keys).await?;
    Ok(keys.into_iter().zip(connections).collect())
}

/// What is known of the vehicles that a delivery speaks of.
struct About<'a> {
    reports: Vec<(&'a Report, &'a [Connection])>,
    /// It also speaks of a vehicle whose data were deleted since: then nothing of its bytes is kept.
    is_erased: bool,
    /// Every vehicle that it names is connected, so that nothing of it has to wait.
    is_known: bool,
    /// Everybody whose car it is about agreed that positions are kept.
    positions_allowed: bool,
    /// The private places of each connection's people.
    zones: &'a HashMap<Uuid, Vec<Fence>>,
}

impl<'a> About<'a> {
    fn new(
        received_at: DateTime<Utc>,
        delivery: &'a webhook::Delivery,
        connections: &'a HashMap<VehicleKey, Vec<Connection>>,
        erased: &HashMap<VehicleKey, DateTime<Utc>>,
        zones: &'a HashMap<Uuid, Vec<Fence>>,
    ) -> Self {
        let is_connected = |key: &VehicleKey| connections.get(key).is_some_and(|there| !there.is_empty());
        let is_gone = |report: &Report| {
            let key = key(report);
            erased.get(&key).is_some_and(|at| received_at <= *at || !is_connected(&key))
        };
        let reports: Vec<(&Report, &[Connection])> = delivery
            .reports
            .iter()
            .filter(|report| !is_gone(report))
            .map(|report| (report, connections.get(&key(report)).map_or(&[][..], Vec::as_slice)))
            .collect();
        let is_known = reports.iter().all(|(_, connections)| !connections.is_empty());
        let mut all = reports.iter().flat_map(|(_, connections)| connections.iter());
        let is_about_somebody = !reports.is_empty();
        let positions_allowed =
            is_about_somebody && is_known && all.all(|one| one.location_consent && !one.is_disconnected);
        let is_erased = reports.len() < delivery.reports.len();
        Self { reports, is_erased, is_known, positions_allowed, zones }
    }

    /// The vehicles that nobody has connected. Without bytes nothing can wait.
    fn waiting(&self) -> Vec<String> {
        if self.is_erased {
            return Vec::new();
        }
        let unknown = self.reports.iter().filter(|(_, connections)| connections.is_empty());
        let ids: BTreeSet<&str> =
            unknown.map(|(report, _)| report.vehicle.smartcar_vehicle_id.as_str()).collect();
        ids.into_iter().map(str::to_owned).collect()
    }

    /// Why the delivery is kept and not folded.
    fn error(&self) -> Option<&'static str> {
        if self.is_erased {
            return Some(erasure::ERASED);
        }
        if !self.is_known {
            return Some("no connection is known for this vehicle");
        }
        let mut connections = self.reports.iter().flat_map(|(_, connections)| connections.iter()).peekable();
        let disconnected = connections.peek().is_some() && connections.all(|one| one.is_disconnected);
        disconnected.then_some("the vehicle was disconnected")
    }

    /// The private places of everybody whose car it is about.
    fn all_zones(&self) -> Vec<Fence> {
        let connections = self.reports.iter().flat_map(|(_, connections)| connections.iter());
        connections.filter_map(|one| self.zones.get(&one.id)).flatten().cloned().collect()
    }

    fn said(&self, one: &'a Understood) -> Vec<Said<'a>> {
        let mut said = Vec::new();
        for (report, connections) in &self.reports {
            for connection in connections.iter().filter(|connection| !connection.is_disconnected) {
                let mut report = Cow::Borrowed(*report);
                if !connection.location_consent {
                    redact::strip_positions(report.to_mut());
                } else if let Some(zones) = self.zones.get(&connection.id) {
                    redact::hide_zones(report.to_mut(), zones);
                }
                said.push(Said {
                    connection: connection.clone(),
                    report,
                    event_id: &one.delivery.event_id,
                    received_at: one.delivery.received_at,
                    by_hand: one.delivery.source == Source::Manual,
                    unasked: one.delivery.source == Source::Webhook,
                });
            }
        }
        said
    }
}

fn event_row(one: &Understood, delivery: &webhook::Delivery, about: &About<'_>) -> NewEvent {
    let (body, original_sha256) = bytes(one, about);
    let vehicle = about.reports.first().map(|(report, _)| &report.vehicle);
    NewEvent {
        event_id: one.delivery.event_id.clone(),
        event_type: delivery.event_type.replace('\0', ""),
        source: match one.delivery.source {
            Source::Webhook => EventSource::Webhook,
            Source::Poll => EventSource::Poll,
            Source::Manual => EventSource::Manual,
        },
        vehicle_id: vehicle.map(|vehicle| vehicle.smartcar_vehicle_id.clone()).unwrap_or_default(),
        user_id: vehicle.and_then(|vehicle| vehicle.smartcar_user_id.clone()),
        body,
        original_sha256,
        waiting: about.waiting(),
        error: about.error().map(str::to_owned),
        received_at: one.delivery.received_at,
    }
}

/// What may be kept of the bytes, and the hash of what was signed if that is not all.
fn bytes(one: &Understood, about: &About<'_>) -> (Vec<u8>, Option<Vec<u8>>) {
    if about.is_erased {
        return (b"{}".to_vec(), None);
    }
    let redacted = if about.positions_allowed {
        redact::without_zones(&one.delivery.body, &about.all_zones())
    } else {
        redact::without_positions(&one.delivery.body)
    };
    match redacted {
        Redacted::Unchanged => (one.delivery.body.clone(), None),
        Redacted::Changed { body, original_sha256 } => (body, Some(original_sha256.to_vec())),
    }
}

fn key(report: &Report) -> VehicleKey {
    VehicleKey {
        smartcar_vehicle_id: report.vehicle.smartcar_vehicle_id.clone(),
        smartcar_user_id: report.vehicle.smartcar_user_id.clone(),
    }
}

fn reason(error: &webhook::Undecodable) -> String {
    runtime::chain(error)
}
