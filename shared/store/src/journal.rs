//! The books of a car side by side, as one line of time.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// An entry of any book.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalRow {
    /// The table.
    pub book: String,
    pub id: Uuid,
    pub from: DateTime<Utc>,
    /// Absent while it goes on; the same as `from` for what is a moment.
    pub to: Option<DateTime<Utc>>,
    pub state: Option<String>,
    pub confidence: Option<f64>,
    /// `12.5 km`, `37.2 l`: what it is about, with its unit.
    pub amount: Option<f64>,
    pub unit: Option<String>,
    pub cost: Option<f64>,
    pub currency: Option<String>,
    /// The purpose of a trip, the category of an expense, the kind of an alert, the title of an issue, the name of a place.
    pub about: Option<String>,
    pub notes: Option<String>,
    pub source: String,
    pub until: Option<DateTime<Utc>>,
}

/// A time in which nothing was heard of the car.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SilenceRow {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// Which part of the line of time is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Inclusive.
    pub from: DateTime<Utc>,
    /// Exclusive.
    pub to: DateTime<Utc>,
    /// Entries that are too small to be shown, too.
    pub hidden: bool,
}

/// Everything that began within a span, in the order of time; at most `limit`, the newest.
pub async fn entries(
    db: &mut PgConnection,
    car: Uuid,
    span: Span,
    limit: i64,
) -> Result<Vec<JournalRow>, StoreError> {
    let mut rows = sqlx::query_as!(
        JournalRow,
        r#"SELECT book AS "book!", id AS "id!", began AS "from!", ended AS "to", state, confidence, amount, unit, cost, currency,
             about, notes, source AS "source!", until
           FROM (
             SELECT 'meter_entries' AS book, id, entry_date::timestamptz AS began, entry_date::timestamptz AS ended,
               NULL AS state, (evidence ->> 'confidence')::float8 AS confidence, odometer_reading::float8 AS amount,
               'km' AS unit, NULL::float8 AS cost, NULL AS currency, NULL AS about, notes, source_type::text AS source,
               evidence_until AS until
             FROM meter_entries WHERE car_id = $1 AND entry_date >= $2 AND entry_date < $3
             UNION ALL
             SELECT 'fuel_entries', id, filled_at::timestamptz, filled_at::timestamptz, state::text, confidence::float8,
               litres::float8, 'l', total_cost::float8, currency::text, NULL, notes, source_type::text, evidence_until
             FROM fuel_entries WHERE car_id = $1 AND filled_at >= $2 AND filled_at < $3
             UNION ALL
             SELECT 'charging_sessions', id, started_at, ended_at, state::text, confidence::float8, energy_kwh::float8, 'kWh',
               cost::float8, currency, NULL, notes, source_type, evidence_until
             FROM charging_sessions WHERE car_id = $1 AND started_at >= $2 AND started_at < $3
             UNION ALL
             SELECT 'trips', id, started_at, ended_at, state::text, confidence::float8, distance_km::float8, 'km', NULL, NULL,
               purpose, notes, source_type, evidence_until
             FROM trips WHERE car_id = $1 AND started_at >= $2 AND started_at < $3
             UNION ALL
             SELECT 'expenses', id, coalesce(occurred_at, created_at)::timestamptz, coalesce(occurred_at, created_at)::timestamptz,
               NULL, NULL, NULL, NULL, amount::float8, currency::text, category::text, notes, source_type::text, evidence_until
             FROM expenses
             -- What a session cost stands with the session.
             WHERE car_id = $1 AND coalesce(occurred_at, created_at) >= $2 AND coalesce(occurred_at, created_at) < $3
               AND NOT EXISTS (SELECT FROM charging_sessions WHERE car_id = $1 AND expense_id = expenses.id)
             UNION ALL
             SELECT 'battery_estimates', id, estimated_for, estimated_for, NULL, confidence::float8, usable_kwh::float8, 'kWh',
               NULL, NULL, NULL, NULL, 'smartcar_sync', evidence_until
             FROM battery_estimates WHERE car_id = $1 AND estimated_for >= $2 AND estimated_for < $3
             UNION ALL
             SELECT 'geofence_events', id, at, at, passage, confidence::float8, NULL, NULL, NULL, NULL, name, NULL,
               'smartcar_sync', evidence_until
             FROM geofence_events WHERE car_id = $1 AND at >= $2 AND at < $3
             UNION ALL
             SELECT 'alerts', id, at, at, CASE WHEN dismissed_at IS NOT NULL THEN 'hidden' END, confidence::float8, NULL, NULL,
               NULL, NULL, kind, NULL, 'smartcar_sync', evidence_until
             FROM alerts
             -- What happened at a place stands there by itself.
             WHERE car_id = $1 AND at >= $2 AND at < $3 AND NOT details ? 'geofenceId'
             UNION ALL
             SELECT 'issues', id, occurred_at::timestamptz, occurred_at::timestamptz, status::text, NULL, NULL, NULL, NULL, NULL,
               title, description, coalesce(source_type::text, 'manual'), evidence_until
             FROM issues WHERE car_id = $1 AND occurred_at >= $2 AND occurred_at < $3
           ) AS entry
           WHERE $4 OR state IS DISTINCT FROM 'hidden'
           ORDER BY began DESC, book, id LIMIT $5"#,
        car,
        span.from,
        span.to,
        span.hidden,
        limit,
    )
    .fetch_all(db)
    .await?;
    rows.reverse();
    Ok(rows)
}

/// When nothing was heard of the car for longer than it is used to be silent, and at least so long: by its own learned rhythm,
/// three times the longest of its usual silences, at most a week. A silence that begins before the span or ends after it is
/// told whole; one that has not ended lasts until `now`.
pub async fn silences(
    db: &mut PgConnection,
    car: Uuid,
    span: Span,
    at_least: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Vec<SilenceRow>, StoreError> {
    let rows = sqlx::query_as!(
        SilenceRow,
        r#"WITH vehicle AS (
             SELECT id FROM smartcar_vehicles WHERE car_id = $1
           ), heard AS (
             SELECT reading.at FROM readings AS reading
             WHERE reading.vehicle_id IN (SELECT id FROM vehicle) AND reading.at >= $2 AND reading.at < $3
             UNION
             SELECT max(reading.at) FROM readings AS reading
             WHERE reading.vehicle_id IN (SELECT id FROM vehicle) AND reading.at < $2
             UNION
             SELECT coalesce(min(reading.at), $5) FROM readings AS reading
             WHERE reading.vehicle_id IN (SELECT id FROM vehicle) AND reading.at >= $3
           )
           SELECT at AS "from!", next AS "to!"
           FROM (SELECT at, lead(at) OVER (ORDER BY at) AS next FROM heard WHERE at IS NOT NULL) AS moment
           WHERE next - at > greatest(make_interval(secs => $4), make_interval(secs => least(7 * 86400, 3 * coalesce((
             SELECT max(long_gap_seconds) FROM vehicle_cadences WHERE vehicle_id IN (SELECT id FROM vehicle)), 0))))
             AND at < $3 AND next > $2
           ORDER BY at"#,
        car,
        span.from,
        span.to,
        at_least.as_seconds_f64(),
        now,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}
