//! What is stored of where cars were, for hiding what lies in places that became private. The caller has locked the vehicle and
//! acts as the machine.

use chrono::{DateTime, Utc};
use domain::fold::Sighting;
use domain::reading::{Position, Reading, Signal, Value};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{StoreError, canonical, readings};

/// Takes the places of which something is still to be hidden of this vehicle off the list.
pub async fn take_places(db: &mut PgConnection, vehicle: Uuid) -> Result<Vec<Uuid>, StoreError> {
    let places = sqlx::query_scalar!(
        "DELETE FROM places_to_hide WHERE vehicle_id = $1 RETURNING geofence_id",
        vehicle,
    )
    .fetch_all(db)
    .await?;
    Ok(places)
}

/// Behind which reading a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    at: DateTime<Utc>,
    signal: String,
    hash: i64,
}

struct Row {
    at: DateTime<Utc>,
    signal: String,
    value_hash: i64,
    kind: String,
    value: String,
    quality: String,
    by_hand: bool,
    original: Option<String>,
}

/// A page of readings that may tell where the vehicle was, and where the next one begins; `None` behind the last.
pub async fn tellings(
    db: &mut PgConnection,
    vehicle: Uuid,
    behind: Option<&Behind>,
    limit: i64,
) -> Result<(Vec<Sighting>, Option<Behind>), StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT at, signal, value_hash, kind::text AS "kind!", value, quality::text AS "quality!", by_hand, original
           FROM readings
           WHERE vehicle_id = $1 AND ($2::timestamptz IS NULL OR (at, signal, value_hash) > ($2, $3, $4))
             AND (kind IN ('position', 'structure') OR signal LIKE '%location%')
           ORDER BY at, signal, value_hash LIMIT $5"#,
        vehicle,
        behind.map(|behind| behind.at),
        behind.map(|behind| behind.signal.as_str()),
        behind.map(|behind| behind.hash),
        limit,
    )
    .fetch_all(db)
    .await?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|rows| rows == limit);
    let last = rows.last().filter(|_| is_full);
    let next = last.map(|row| Behind { at: row.at, signal: row.signal.clone(), hash: row.value_hash });
    let tellings = rows.into_iter().map(Sighting::try_from).collect::<Result<_, _>>()?;
    Ok((tellings, next))
}

/// Writes other readings in the stead of these.
pub async fn replace(
    db: &mut PgConnection,
    vehicle: Uuid,
    old: &[Reading],
    new: Vec<Sighting>,
) -> Result<(), StoreError> {
    let hash = |value: &Value| canonical::hash(canonical::kind(value), &canonical::text(value));
    let moments: Vec<DateTime<Utc>> = old.iter().map(|reading| reading.at).collect();
    let signals: Vec<&str> = old.iter().map(|reading| reading.signal.as_str()).collect();
    let hashes: Vec<i64> = old.iter().map(|reading| hash(&reading.value)).collect();
    sqlx::query!(
        "DELETE FROM readings AS known USING unnest($2::timestamptz[], $3::text[], $4::bigint[]) AS old (at, signal, hash)
         WHERE known.vehicle_id = $1 AND known.at = old.at AND known.signal = old.signal AND known.value_hash = old.hash",
        vehicle,
        &moments,
        &signals as &[&str],
        &hashes,
    )
    .execute(&mut *db)
    .await?;
    if new.is_empty() {
        return Ok(());
    }
    let new: Vec<(Uuid, Sighting)> = new.into_iter().map(|seen| (vehicle, seen)).collect();
    readings::insert(db, &new).await?;
    Ok(())
}

/// The last values without a time of their own that may tell where the vehicle was.
pub async fn untimed(db: &mut PgConnection, vehicle: Uuid) -> Result<Vec<(Signal, Value)>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT signal, kind::text AS "kind!", value FROM untimed_readings
           WHERE vehicle_id = $1 AND (kind IN ('position', 'structure') OR signal LIKE '%location%')"#,
        vehicle,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| Ok((Signal::new(&row.signal), canonical::parse(&row.kind, &row.value)?)))
        .collect()
}

/// Writes another value without a time, or none.
pub async fn replace_untimed(
    db: &mut PgConnection,
    vehicle: Uuid,
    signal: &Signal,
    value: Option<&Value>,
) -> Result<(), StoreError> {
    let (kind, text) = value.map(|value| (canonical::kind(value), canonical::text(value))).unzip();
    sqlx::query!(
        "WITH changed AS (
           UPDATE untimed_readings SET kind = $3::text::reading_kind, value = $4
           WHERE vehicle_id = $1 AND signal = $2 AND $3::text IS NOT NULL
         )
         DELETE FROM untimed_readings WHERE vehicle_id = $1 AND signal = $2 AND $3::text IS NULL",
        vehicle,
        signal.as_str(),
        kind,
        text,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Where an entry of a book says that the car was.
#[derive(Debug, Clone, PartialEq)]
pub struct Spot {
    pub id: Uuid,
    /// Which of an entry's positions it is: the columns' prefix.
    pub which: String,
    pub at: Position,
}

/// All positions in the books of a car, whoever wrote them.
pub async fn spots(db: &mut PgConnection, car: Uuid) -> Result<Vec<Spot>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id!", which AS "which!", latitude AS "latitude!", longitude AS "longitude!"
           FROM (
             SELECT id, 'charge' AS which, latitude, longitude FROM charging_sessions WHERE car_id = $1
             UNION ALL SELECT id, 'fill', latitude, longitude FROM fuel_entries WHERE car_id = $1
             UNION ALL SELECT id, 'from', from_latitude, from_longitude FROM trips WHERE car_id = $1
             UNION ALL SELECT id, 'to', to_latitude, to_longitude FROM trips WHERE car_id = $1
           ) AS spot
           WHERE latitude IS NOT NULL AND longitude IS NOT NULL"#,
        car,
    )
    .fetch_all(db)
    .await?;
    let spot = |(id, which, latitude, longitude)| {
        // People may write the tables by themselves: what is no place on earth lies in no place of theirs.
        Some(Spot { id, which, at: Position::from_degrees(latitude, longitude).ok()? })
    };
    Ok(rows.into_iter().filter_map(|row| spot((row.id, row.which, row.latitude, row.longitude))).collect())
}

/// Puts private zones in the place of these positions.
pub async fn hide_spots(db: &mut PgConnection, hidden: &[(Spot, String)]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = hidden.iter().map(|(spot, _)| spot.id).collect();
    let which: Vec<&str> = hidden.iter().map(|(spot, _)| spot.which.as_str()).collect();
    let zones: Vec<&str> = hidden.iter().map(|(_, zone)| zone.as_str()).collect();
    sqlx::query!(
        "WITH hidden AS (
           SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[]) AS hidden (id, which, zone)
         ), charges AS (
           UPDATE charging_sessions AS entry SET latitude = NULL, longitude = NULL, private_zone = hidden.zone
           FROM hidden WHERE hidden.which = 'charge' AND entry.id = hidden.id
         ), fills AS (
           UPDATE fuel_entries AS entry SET latitude = NULL, longitude = NULL, private_zone = hidden.zone
           FROM hidden WHERE hidden.which = 'fill' AND entry.id = hidden.id
         )
         UPDATE trips AS entry
         SET from_latitude = CASE WHEN began.zone IS NULL THEN entry.from_latitude END,
           from_longitude = CASE WHEN began.zone IS NULL THEN entry.from_longitude END,
           from_private_zone = coalesce(began.zone, entry.from_private_zone),
           to_latitude = CASE WHEN ended.zone IS NULL THEN entry.to_latitude END,
           to_longitude = CASE WHEN ended.zone IS NULL THEN entry.to_longitude END,
           to_private_zone = coalesce(ended.zone, entry.to_private_zone)
         FROM (SELECT DISTINCT id FROM hidden WHERE which IN ('from', 'to')) AS one
         LEFT JOIN hidden AS began ON began.id = one.id AND began.which = 'from'
         LEFT JOIN hidden AS ended ON ended.id = one.id AND ended.which = 'to'
         WHERE entry.id = one.id",
        &ids,
        &which as &[&str],
        &zones as &[&str],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes all positions out of what the entries of a car said before they were changed: nobody needs them any more.
pub async fn clear_history(db: &mut PgConnection, car: Uuid) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE entry_history
         SET before = before - ARRAY['latitude', 'longitude', 'from_latitude', 'from_longitude', 'to_latitude', 'to_longitude']
           - CASE WHEN kind = 'alerts' THEN 'details' ELSE '' END
         WHERE car_id = $1",
        car,
    )
    .execute(db)
    .await?;
    Ok(())
}

impl TryFrom<Row> for Sighting {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let Row { at, signal, value_hash: _, kind, value, quality, by_hand, original } = row;
        let reading = Reading {
            at,
            signal: Signal::new(&signal),
            value: canonical::parse(&kind, &value)?,
            quality: canonical::parse_quality(&quality)?,
            original,
        };
        Ok(Self { reading, by_hand })
    }
}
