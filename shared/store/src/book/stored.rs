//! What is stored of the books, of all kinds at once.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Taken;
use crate::StoreError;
use crate::scope::Scope;
use crate::sheet::{Row, Sheet};

/// A row of the machine that is stored, as far as it takes to see whether it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownRow {
    pub sheet: Sheet,
    pub id: Uuid,
    /// The newest reading that it rests on.
    #[serde(with = "domain::moment")]
    pub until: DateTime<Utc>,
    /// `None`: from before there were digests.
    pub digest: Option<i64>,
}

impl KnownRow {
    /// As it is once it is written.
    pub fn of(row: &Row) -> Self {
        Self { sheet: row.sheet, id: row.id, until: row.until, digest: Some(row.digest) }
    }
}

/// The machine's rows that folding on may change, by vehicle.
pub(super) async fn reachable(
    db: &mut PgConnection,
    scope: &Scope,
) -> Result<HashMap<Uuid, Vec<KnownRow>>, StoreError> {
    let rows = sqlx::query!(
        r#"WITH fold AS (
             SELECT vehicle, since, coalesce(until, 'infinity') AS until
             FROM unnest($1::uuid[], $2::timestamptz[], $4::timestamptz[]) AS fold (vehicle, since, until)
           )
           SELECT 0::smallint AS "sheet!", row.source_id AS "vehicle!", row.id AS "id!", row.evidence_until AS "until!", row.digest AS digest
           FROM fold JOIN meter_entries AS row ON row.source_id = fold.vehicle AND row.evidence_until > fold.since AND row.evidence_until <= fold.until
           UNION
           SELECT 0::smallint, source_id, id, evidence_until, digest FROM meter_entries
           WHERE id = ANY ($3) AND evidence_until IS NOT NULL
           UNION
           SELECT 1::smallint, row.vehicle_id, row.id, row.evidence_until, row.digest
           FROM fold JOIN quarantined_readings AS row ON row.vehicle_id = fold.vehicle AND row.evidence_until > fold.since AND row.evidence_until <= fold.until
           UNION
           SELECT 1::smallint, vehicle_id, id, evidence_until, digest FROM quarantined_readings
           WHERE id = ANY ($3) AND evidence_until IS NOT NULL
           UNION
           SELECT 2::smallint, row.source_id, row.id, row.evidence_until, row.digest
           FROM fold JOIN issues AS row ON row.source_id = fold.vehicle AND row.evidence_until > fold.since AND row.evidence_until <= fold.until
           UNION
           SELECT 2::smallint, source_id, id, evidence_until, digest FROM issues
           WHERE id = ANY ($3) AND evidence_until IS NOT NULL
           UNION
           SELECT 3::smallint, row.source_id, row.id, row.evidence_until, row.digest
           FROM fold JOIN fuel_entries AS row ON row.source_id = fold.vehicle AND row.evidence_until > fold.since AND row.evidence_until <= fold.until
           UNION
           SELECT 3::smallint, source_id, id, evidence_until, digest FROM fuel_entries
           WHERE id = ANY ($3) AND evidence_until IS NOT NULL
           UNION
           SELECT 4::smallint, row.source_id, row.id, row.evidence_until, row.digest
           FROM fold JOIN charging_sessions AS row ON row.source_id = fold.vehicle AND row.evidence_until > fold.since AND row.evidence_until <= fold.until
           UNION
           SELECT 4::smallint, source_id, id, evidence_until, digest FROM charging_sessions
           WHERE id = ANY ($3) AND evidence_until IS NOT NULL
           UNION
           SELECT 5::smallint, row.source_id, row.id, row.evidence_until, row.digest
           FROM fold JOIN expenses AS row ON row.source_id = fold.vehicle AND row.evidence_until > fold.since AND row.evidence_until <= fold.until
           UNION
           SELECT 5::smallint, source_id, id, evidence_until, digest FROM expenses
           WHERE id = ANY ($3) AND evidence_until IS NOT NULL
           UNION
           SELECT 6::smallint, row.source_id, row.id, row.evidence_until, row.digest
           FROM fold JOIN trips AS row ON row.source_id = fold.vehicle AND row.evidence_until > fold.since AND row.evidence_until <= fold.until
           UNION
           SELECT 6::smallint, source_id, id, evidence_until, digest FROM trips
           WHERE id = ANY ($3) AND evidence_until IS NOT NULL
           UNION
           SELECT 7::smallint, row.source_id, row.id, row.evidence_until, row.digest
           FROM fold JOIN battery_estimates AS row ON row.source_id = fold.vehicle AND row.evidence_until > fold.since AND row.evidence_until <= fold.until
           UNION
           SELECT 7::smallint, source_id, id, evidence_until, digest FROM battery_estimates
           WHERE id = ANY ($3) AND evidence_until IS NOT NULL
           UNION
           SELECT 8::smallint, row.source_id, row.id, row.evidence_until, row.digest
           FROM fold JOIN geofence_events AS row ON row.source_id = fold.vehicle AND row.evidence_until > fold.since AND row.evidence_until <= fold.until
           UNION
           SELECT 8::smallint, source_id, id, evidence_until, digest FROM geofence_events
           WHERE id = ANY ($3) AND evidence_until IS NOT NULL
           UNION
           SELECT 9::smallint, row.source_id, row.id, row.evidence_until, row.digest
           FROM fold JOIN alerts AS row ON row.source_id = fold.vehicle AND row.evidence_until > fold.since AND row.evidence_until <= fold.until
           UNION
           SELECT 9::smallint, source_id, id, evidence_until, digest FROM alerts
           WHERE id = ANY ($3) AND evidence_until IS NOT NULL"#,
        &scope.vehicles,
        &scope.since,
        &scope.open,
        &scope.until as &[Option<DateTime<Utc>>],
    )
    .fetch_all(db)
    .await?;
    let mut known: HashMap<Uuid, Vec<KnownRow>> = HashMap::new();
    for row in rows {
        let sheet = Sheet::of_number(row.sheet)?;
        known.entry(row.vehicle).or_default().push(KnownRow {
            sheet,
            id: row.id,
            until: row.until,
            digest: row.digest,
        });
    }
    Ok(known)
}

/// What these rows of the machine say, as JSON objects of their columns.
pub(super) async fn contents(
    db: &mut PgConnection,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Value>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id!", to_jsonb(row) AS "said!" FROM meter_entries AS row WHERE id = ANY ($1) AND evidence_until IS NOT NULL
           UNION ALL
           SELECT id, to_jsonb(row) FROM quarantined_readings AS row WHERE id = ANY ($1) AND evidence_until IS NOT NULL
           UNION ALL
           SELECT id, to_jsonb(row) FROM issues AS row WHERE id = ANY ($1) AND evidence_until IS NOT NULL
           UNION ALL
           SELECT id, to_jsonb(row) FROM fuel_entries AS row WHERE id = ANY ($1) AND evidence_until IS NOT NULL
           UNION ALL
           SELECT id, to_jsonb(row) FROM charging_sessions AS row WHERE id = ANY ($1) AND evidence_until IS NOT NULL
           UNION ALL
           SELECT id, to_jsonb(row) FROM expenses AS row WHERE id = ANY ($1) AND evidence_until IS NOT NULL
           UNION ALL
           SELECT id, to_jsonb(row) FROM trips AS row WHERE id = ANY ($1) AND evidence_until IS NOT NULL
           UNION ALL
           SELECT id, to_jsonb(row) FROM battery_estimates AS row WHERE id = ANY ($1) AND evidence_until IS NOT NULL
           UNION ALL
           SELECT id, to_jsonb(row) FROM geofence_events AS row WHERE id = ANY ($1) AND evidence_until IS NOT NULL
           UNION ALL
           SELECT id, to_jsonb(row) FROM alerts AS row WHERE id = ANY ($1) AND evidence_until IS NOT NULL"#,
        ids,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.said)).collect())
}

/// Takes rows back, but for those that a person changed meanwhile.
pub(super) async fn retract(db: &mut PgConnection, rows: &[Taken]) -> Result<(), StoreError> {
    let of = |sheet: Sheet| -> Vec<Uuid> {
        rows.iter().filter(|row| row.sheet == sheet).map(|row| row.id).collect()
    };
    sqlx::query!(
        "WITH gone_0 AS (DELETE FROM meter_entries WHERE id = ANY ($1) AND evidence_until IS NOT NULL),
         gone_1 AS (DELETE FROM quarantined_readings WHERE id = ANY ($2) AND evidence_until IS NOT NULL),
         gone_2 AS (DELETE FROM issues WHERE id = ANY ($3) AND evidence_until IS NOT NULL),
         gone_3 AS (DELETE FROM fuel_entries WHERE id = ANY ($4) AND evidence_until IS NOT NULL),
         gone_4 AS (DELETE FROM charging_sessions WHERE id = ANY ($5) AND evidence_until IS NOT NULL),
         gone_5 AS (DELETE FROM expenses WHERE id = ANY ($6) AND evidence_until IS NOT NULL),
         gone_6 AS (DELETE FROM trips WHERE id = ANY ($7) AND evidence_until IS NOT NULL),
         gone_7 AS (DELETE FROM battery_estimates WHERE id = ANY ($8) AND evidence_until IS NOT NULL),
         gone_8 AS (DELETE FROM geofence_events WHERE id = ANY ($9) AND evidence_until IS NOT NULL),
         gone_9 AS (DELETE FROM alerts WHERE id = ANY ($10) AND evidence_until IS NOT NULL)
         SELECT",
        &of(Sheet::MeterEntries),
        &of(Sheet::Quarantined),
        &of(Sheet::Issues),
        &of(Sheet::FuelEntries),
        &of(Sheet::ChargingSessions),
        &of(Sheet::Expenses),
        &of(Sheet::Trips),
        &of(Sheet::BatteryEstimates),
        &of(Sheet::GeofenceEvents),
        &of(Sheet::Alerts),
    )
    .execute(db)
    .await?;
    Ok(())
}
