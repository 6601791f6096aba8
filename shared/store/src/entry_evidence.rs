//! Why an entry of any book is what it is: what it rests on, what it said before, and what people decided about it.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// What is kept beside an entry.
#[derive(Debug, Clone, PartialEq)]
pub struct EvidenceRow {
    /// Null on what a person wrote.
    pub evidence: Option<Value>,
    pub confidence: Option<f64>,
    pub state: Option<String>,
    pub until: Option<DateTime<Utc>>,
}

/// What an entry said before, and how it changed then.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryRow {
    pub what: String,
    pub before: Value,
    pub changed_at: DateTime<Utc>,
}

/// What a person decided.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionRow {
    pub verdict: String,
    pub decided_at: DateTime<Utc>,
}

/// The evidence of a row of this table; `None` if it is not in it (any more).
pub async fn find(
    db: &mut PgConnection,
    table: &str,
    car: Uuid,
    id: Uuid,
) -> Result<Option<EvidenceRow>, StoreError> {
    let row = sqlx::query_as!(
        EvidenceRow,
        r#"SELECT evidence, confidence, state, until
           FROM (
             SELECT id, car_id, evidence, (evidence ->> 'confidence')::float8 AS confidence, NULL AS state,
               evidence_until AS until FROM meter_entries WHERE $1 = 'meter_entries'
             UNION ALL
             SELECT id, car_id, evidence, confidence::float8, state::text, evidence_until FROM fuel_entries
             WHERE $1 = 'fuel_entries'
             UNION ALL
             SELECT id, car_id, evidence, confidence::float8, state::text, evidence_until FROM charging_sessions
             WHERE $1 = 'charging_sessions'
             UNION ALL
             SELECT id, car_id, evidence, confidence::float8, state::text, evidence_until FROM trips WHERE $1 = 'trips'
             UNION ALL
             SELECT id, car_id, evidence, confidence::float8, NULL, evidence_until FROM battery_estimates
             WHERE $1 = 'battery_estimates'
             UNION ALL
             SELECT id, car_id, evidence, confidence::float8, NULL, evidence_until FROM geofence_events
             WHERE $1 = 'geofence_events'
             UNION ALL
             SELECT id, car_id, evidence, confidence::float8, NULL, evidence_until FROM alerts WHERE $1 = 'alerts'
             UNION ALL
             SELECT id, car_id, evidence, NULL::float8, status::text, evidence_until FROM issues WHERE $1 = 'issues'
           ) AS entry
           WHERE id = $3 AND car_id = $2"#,
        table,
        car,
        id,
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}

/// How the entry changed, oldest first; also of one that is gone.
pub async fn history(
    db: &mut PgConnection,
    table: &str,
    car: Uuid,
    id: Uuid,
) -> Result<Vec<HistoryRow>, StoreError> {
    let rows = sqlx::query_as!(
        HistoryRow,
        "SELECT what, before, changed_at FROM entry_history
         WHERE row_id = $3 AND car_id = $2 AND kind = $1 ORDER BY id LIMIT 200",
        table,
        car,
        id,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// What people decided about the entry, oldest first; without what they only wrote beside it, which the entry itself says.
pub async fn decisions(db: &mut PgConnection, car: Uuid, id: Uuid) -> Result<Vec<DecisionRow>, StoreError> {
    let rows = sqlx::query_as!(
        DecisionRow,
        r#"SELECT verdict::text AS "verdict!", decided_at FROM decisions
           WHERE row_id = $2 AND car_id = $1 AND note IS NULL ORDER BY decided_at LIMIT 200"#,
        car,
        id,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}
