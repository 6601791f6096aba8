//! What deliveries say about connected vehicles, stored: readings, values without a time, errors.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::fold::Sighting;
use domain::reading::{Signal, Value};
use smartcar::report::{Problem, ProblemState, Report};
use sqlx::PgConnection;
use store::untimed::{self, UntimedReading};
use store::vehicle_errors::{self, ErrorWord};
use store::vehicles::{self, Connection};
use store::{StoreError, cadence, readings};
use uuid::Uuid;

use crate::known::{KnownReadings, Seen};
use crate::refold::Fresh;

/// What one delivery says about one connection.
#[derive(Debug)]
pub(crate) struct Said<'a> {
    pub connection: Connection,
    /// Without positions where the connection has no consent to them.
    pub report: Cow<'a, Report>,
    pub event_id: &'a str,
    pub received_at: DateTime<Utc>,
    pub by_hand: bool,
    /// It has just come by itself: what a car's rhythm is learned from.
    pub unasked: bool,
}

/// What was stored, and what of it has to be folded.
#[derive(Debug, Default)]
pub(crate) struct Absorbed {
    pub fresh: Vec<Fresh>,
    /// Everything that is stored now: to be remembered once it is committed.
    pub stored: Vec<(Uuid, Sighting)>,
    pub readings_seen: usize,
    pub readings_new: usize,
}

/// Stores what was said. A handful of statements, whatever the number of deliveries.
pub(crate) async fn absorb(
    db: &mut PgConnection,
    said: &[Said<'_>],
    known: &KnownReadings,
) -> Result<Absorbed, StoreError> {
    note_when(db, said).await?;
    let untimed: Vec<UntimedReading> = said.iter().flat_map(untimed_of).collect();
    if !untimed.is_empty() {
        untimed::upsert(db, &untimed).await?;
    }
    let words =
        said.iter().flat_map(|one| one.report.problems.iter().filter_map(|it| word(one, it))).collect();
    vehicle_errors::note(db, words).await?;

    let seen = once_each(said);
    let readings_seen = seen.len();
    let stored = known.leave_out(seen);
    let new = if stored.is_empty() { Vec::new() } else { readings::insert(db, &stored).await? };
    let folded = |(_, seen): &&(Uuid, Sighting)| known.concerns(&seen.reading.signal);
    let fresh = fresh(said, new.iter().map(|index| &stored[*index]).filter(folded));
    Ok(Absorbed { fresh, readings_seen, readings_new: new.len(), stored })
}

/// Notes when the vehicles were heard of, and what that says of their rhythm.
async fn note_when(db: &mut PgConnection, said: &[Said<'_>]) -> Result<(), StoreError> {
    let news: Vec<&Said<'_>> = said.iter().filter(|one| one.connection.is_news(one.received_at)).collect();
    if news.is_empty() {
        return Ok(());
    }
    let when = |one: &&Said<'_>| (one.connection.id, one.received_at);
    vehicles::touch(db, &news.iter().map(when).collect::<Vec<_>>()).await?;
    let unasked: Vec<(Uuid, DateTime<Utc>)> = news.iter().filter(|one| one.unasked).map(when).collect();
    if !unasked.is_empty() {
        cadence::note(db, &unasked).await?;
    }
    Ok(())
}

/// Each reading once, in the order in which every worker stores them, so that no two wait for each other.
fn once_each<'a>(said: &'a [Said<'_>]) -> Vec<Seen<'a>> {
    let mut once: BTreeMap<(Uuid, DateTime<Utc>, &Signal, &Value), Seen<'a>> = BTreeMap::new();
    for one in said {
        for reading in &one.report.readings {
            let (vehicle, quality, by_hand) = (one.connection.id, reading.quality, one.by_hand);
            let key = (vehicle, reading.at, &reading.signal, &reading.value);
            let seen = once.entry(key).or_insert(Seen { vehicle, reading, quality, by_hand });
            seen.by_hand |= by_hand;
            seen.quality = seen.quality.min(quality);
        }
    }
    once.into_values().collect()
}

/// What is new and folded, by vehicle.
fn fresh<'a>(said: &[Said<'_>], new: impl Iterator<Item = &'a (Uuid, Sighting)>) -> Vec<Fresh> {
    let connections: BTreeMap<Uuid, &Connection> =
        said.iter().map(|one| (one.connection.id, &one.connection)).collect();
    let mut fresh: BTreeMap<Uuid, Fresh> = BTreeMap::new();
    for (vehicle, seen) in new {
        if let Some(connection) = connections.get(vehicle) {
            let place = fresh.entry(*vehicle).or_insert_with(|| Fresh::nothing(*vehicle, connection.car_id));
            place.sightings.push(seen.clone());
        }
    }
    fresh.into_values().collect()
}

fn untimed_of<'a>(one: &'a Said<'_>) -> impl Iterator<Item = UntimedReading> + 'a {
    one.report.untimed.iter().map(|untimed| UntimedReading {
        vehicle: one.connection.id,
        signal: untimed.signal.clone(),
        value: untimed.value.clone(),
        received_at: one.received_at,
    })
}

/// `None` for what means nothing: missing permissions for signals that nobody reads come daily.
fn word(one: &Said<'_>, problem: &Problem) -> Option<ErrorWord> {
    (!problem.is_noise()).then(|| ErrorWord {
        vehicle: one.connection.id,
        kind: problem.kind.clone(),
        code: problem.code.clone().unwrap_or_default(),
        is_open: match problem.state {
            ProblemState::Raised => true,
            ProblemState::Resolved => false,
        },
        needs_reauthentication: problem.asks_reauthentication(),
        message: problem.user_message.clone().or_else(|| problem.description.clone()),
        resolution_url: problem.url.clone(),
        said_at: problem.at,
        event_id: one.event_id.to_owned(),
    })
}
