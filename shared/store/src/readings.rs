//! `readings`: what the cars said, each reading once.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::fold::Sighting;
use domain::reading::{Reading, Signal};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{StoreError, canonical};

/// Stores the readings and gives the indices of those that say something new: never seen before, or for the
/// first time brought by a manual sync or with a better time. Each (vehicle, moment, signal, value) may be in the slice once.
pub async fn insert(db: &mut PgConnection, readings: &[(Uuid, Sighting)]) -> Result<Vec<usize>, StoreError> {
    let vehicles: Vec<Uuid> = readings.iter().map(|(vehicle, _)| *vehicle).collect();
    let times: Vec<DateTime<Utc>> = readings.iter().map(|(_, seen)| seen.reading.at).collect();
    let signals: Vec<&str> = readings.iter().map(|(_, seen)| seen.reading.signal.as_str()).collect();
    let kinds: Vec<&str> = readings.iter().map(|(_, seen)| canonical::kind(&seen.reading.value)).collect();
    let values: Vec<String> = readings.iter().map(|(_, seen)| canonical::text(&seen.reading.value)).collect();
    let hashes: Vec<i64> =
        kinds.iter().zip(&values).map(|(kind, value)| canonical::hash(kind, value)).collect();
    let qualities: Vec<&str> =
        readings.iter().map(|(_, seen)| canonical::quality(seen.reading.quality)).collect();
    let by_hand: Vec<bool> = readings.iter().map(|(_, seen)| seen.by_hand).collect();
    let originals: Vec<Option<&str>> =
        readings.iter().map(|(_, seen)| seen.reading.original.as_deref()).collect();
    let rows = sqlx::query!(
        "INSERT INTO readings AS known (vehicle_id, at, signal, kind, value, value_hash, quality, by_hand, original)
         SELECT vehicle_id, at, signal, kind::reading_kind, value, value_hash, quality::time_quality, by_hand, original
         FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::bool[], $9::text[])
           AS reading (vehicle_id, at, signal, kind, value, value_hash, quality, by_hand, original)
         ON CONFLICT (vehicle_id, at, signal, value_hash) DO UPDATE
           SET by_hand = known.by_hand OR excluded.by_hand, quality = least(known.quality, excluded.quality)
           WHERE (excluded.by_hand AND NOT known.by_hand) OR excluded.quality < known.quality
         RETURNING vehicle_id, at, signal, value_hash",
        &vehicles,
        &times,
        &signals as &[&str],
        &kinds as &[&str],
        &values,
        &hashes,
        &qualities as &[&str],
        &by_hand,
        &originals as &[Option<&str>],
    )
    .fetch_all(db)
    .await?;
    let keys = vehicles.iter().zip(&times).zip(signals.iter().zip(&hashes));
    let index: HashMap<_, usize> = keys
        .enumerate()
        .map(|(index, ((vehicle, at), (signal, hash)))| ((*vehicle, *at, *signal, *hash), index))
        .collect();
    Ok(rows
        .iter()
        .filter_map(|row| index.get(&(row.vehicle_id, row.at, row.signal.as_str(), row.value_hash)).copied())
        .collect())
}

/// The readings of some signals after a moment each; of all time where it is `None`.
pub async fn since(
    db: &mut PgConnection,
    vehicles: &[(Uuid, Option<DateTime<Utc>>)],
    signals: &[&str],
) -> Result<HashMap<Uuid, Vec<Sighting>>, StoreError> {
    let (ids, moments): (Vec<Uuid>, Vec<Option<DateTime<Utc>>>) = vehicles.iter().copied().unzip();
    let rows = sqlx::query!(
        r#"SELECT reading.vehicle_id, at, signal, kind::text AS "kind!", value, quality::text AS "quality!", by_hand, original
           FROM unnest($1::uuid[], $2::timestamptz[]) AS wanted (vehicle_id, since)
           JOIN readings AS reading ON reading.vehicle_id = wanted.vehicle_id
             AND reading.at > coalesce(wanted.since, '-infinity')
           WHERE signal = ANY ($3::text[])
           ORDER BY reading.vehicle_id, at"#,
        &ids,
        &moments as &[Option<DateTime<Utc>>],
        signals as &[&str],
    )
    .fetch_all(db)
    .await?;
    let mut found: HashMap<Uuid, Vec<Sighting>> = HashMap::new();
    for row in rows {
        let (vehicle, row) = (
            row.vehicle_id,
            Row {
                at: row.at,
                signal: row.signal,
                kind: row.kind,
                value: row.value,
                quality: row.quality,
                by_hand: row.by_hand,
                original: row.original,
            },
        );
        found.entry(vehicle).or_default().push(row.sighting()?);
    }
    Ok(found)
}

/// Readings of a stretch of a car's history.
#[derive(Debug, Default)]
pub struct Stretch {
    pub sightings: Vec<Sighting>,
    /// More readings come after this moment; `None` where these are the last ones.
    pub until: Option<DateTime<Utc>>,
}

/// The next `limit` readings of some signals after a moment, or a few less: readings of one moment stay together. Where
/// there are more than that of one moment, more.
pub async fn stretch(
    db: &mut PgConnection,
    vehicle: Uuid,
    since: Option<DateTime<Utc>>,
    signals: &[&str],
    limit: usize,
) -> Result<Stretch, StoreError> {
    let wanted = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT at, signal, kind::text AS "kind!", value, quality::text AS "quality!", by_hand, original
           FROM readings
           WHERE vehicle_id = $1 AND at > coalesce($2::timestamptz, '-infinity') AND signal = ANY ($3::text[])
           ORDER BY at LIMIT $4"#,
        vehicle,
        since,
        signals as &[&str],
        wanted,
    )
    .fetch_all(&mut *db)
    .await?;
    let mut sightings = rows.into_iter().map(Row::sighting).collect::<Result<Vec<_>, _>>()?;
    if sightings.len() <= limit {
        return Ok(Stretch { sightings, until: None });
    }
    let Some(cut) = sightings.last().map(|seen| seen.reading.at) else { return Ok(Stretch::default()) };
    sightings.retain(|seen| seen.reading.at < cut);
    match sightings.last().map(|seen| seen.reading.at) {
        until @ Some(_) => Ok(Stretch { sightings, until }),
        None => Box::pin(stretch(db, vehicle, since, signals, limit.saturating_mul(2))).await,
    }
}

struct Row {
    at: DateTime<Utc>,
    signal: String,
    kind: String,
    value: String,
    quality: String,
    by_hand: bool,
    original: Option<String>,
}

impl Row {
    fn sighting(self) -> Result<Sighting, StoreError> {
        let reading = Reading {
            at: self.at,
            signal: Signal::new(&self.signal),
            value: canonical::parse(&self.kind, &self.value)?,
            quality: canonical::parse_quality(&self.quality)?,
            original: self.original,
        };
        Ok(Sighting { reading, by_hand: self.by_hand })
    }
}
