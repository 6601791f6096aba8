//! What is written of cars although the readings that it rests on are gone: an operator let them expire.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// A car's book that begins before its readings do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// The oldest reading that is left.
    pub first_reading: Option<DateTime<Utc>>,
    /// The newest evidence of all that is written.
    pub newest: DateTime<Utc>,
}

/// Those of the vehicles whose machine's rows rest on older readings than there are.
pub async fn lost(db: &mut PgConnection, vehicles: &[Uuid]) -> Result<HashMap<Uuid, Lost>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT wanted.id AS "vehicle!", readings.first, book.newest AS "newest!"
           FROM unnest($1::uuid[]) AS wanted (id)
           CROSS JOIN LATERAL (SELECT min(at) AS first FROM readings WHERE vehicle_id = wanted.id) AS readings
           CROSS JOIN LATERAL (
             SELECT min(sheet.oldest) AS oldest, max(sheet.newest) AS newest
             FROM (
               SELECT min(evidence_until) AS oldest, max(evidence_until) AS newest
               FROM meter_entries WHERE source_id = wanted.id
               UNION ALL
               SELECT min(evidence_until), max(evidence_until) FROM quarantined_readings WHERE vehicle_id = wanted.id
               UNION ALL
               SELECT min(evidence_until), max(evidence_until) FROM issues WHERE source_id = wanted.id
               UNION ALL
               SELECT min(evidence_until), max(evidence_until) FROM fuel_entries WHERE source_id = wanted.id
               UNION ALL
               SELECT min(evidence_until), max(evidence_until) FROM charging_sessions WHERE source_id = wanted.id
               UNION ALL
               SELECT min(evidence_until), max(evidence_until) FROM expenses WHERE source_id = wanted.id
               UNION ALL
               SELECT min(evidence_until), max(evidence_until) FROM trips WHERE source_id = wanted.id
               UNION ALL
               SELECT min(evidence_until), max(evidence_until) FROM battery_estimates WHERE source_id = wanted.id
               UNION ALL
               SELECT min(evidence_until), max(evidence_until) FROM geofence_events WHERE source_id = wanted.id
               UNION ALL
               SELECT min(evidence_until), max(evidence_until) FROM alerts WHERE source_id = wanted.id
             ) AS sheet
           ) AS book
           WHERE book.oldest < coalesce(readings.first, 'infinity')"#,
        vehicles,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.vehicle, Lost { first_reading: row.first, newest: row.newest }))
        .collect())
}
