//! Whether people have to be told: each reminder is looked at once a day, and each stage is told once.

use chrono::{DateTime, TimeDelta, Utc};
use domain::alert::AlertKind;
use domain::reminder::{Due, Stage};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{ReminderRow, Row};
use crate::StoreError;

/// A little less than a day: who looks each hour looks at each of them once a day.
const EVERY: TimeDelta = TimeDelta::hours(23);

/// Locks up to `limit` reminders that nobody has looked at for a day, and notes that somebody does. What is finished or put off is
/// left alone.
pub async fn look(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<ReminderRow>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"UPDATE service_reminders AS reminder SET looked_at = $1
           FROM (
             SELECT id FROM service_reminders
             WHERE finished_at IS NULL AND (looked_at IS NULL OR looked_at < $2) AND (snoozed_until IS NULL OR snoozed_until <= $1)
             ORDER BY looked_at NULLS FIRST LIMIT $3 FOR UPDATE SKIP LOCKED
           ) AS due
           WHERE reminder.id = due.id
           RETURNING reminder.id, car_id, created_at, title, notes, interval_km::float8 AS interval_km, interval_months, is_recurring,
             is_fixed, watches_oil, done_at, done_km::float8 AS done_km, finished_at, snoozed_until, dismissed_until, told_stage"#,
        now,
        now - EVERY,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(ReminderRow::from).collect())
}

/// Raises an alert that a reminder has come to this stage. Each stage of each round has an id of its own: telling it twice is telling
/// it once.
pub async fn tell(
    db: &mut PgConnection,
    row: &ReminderRow,
    due: &Due,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let round = format!("{}|{}", row.plan().done_at.timestamp_millis(), due.stage.name());
    let id = Uuid::new_v5(&row.id, round.as_bytes());
    let km = |distance: domain::distance::Distance| domain::reading::Milli(distance.metres()).to_f64();
    let details = json!({
        "reminderId": row.id,
        "title": row.reminder.title,
        "stage": due.stage.name(),
        "dueKm": due.odometer.map(km),
        "leftKm": due.left.map(km),
        "dueAt": due.date.map(|date| date.expected),
        "isGrave": due.stage >= Stage::Due,
    });
    sqlx::query!(
        // It tells how far the car was driven, so it goes with what the car told.
        "INSERT INTO alerts (id, source_id, car_id, at, kind, details, created_at)
         VALUES ($1, coalesce((
           SELECT id FROM smartcar_vehicles WHERE car_id = $3 ORDER BY connected_at DESC NULLS LAST, id LIMIT 1), $2), $3, $4, $5, $6, $4)
         ON CONFLICT (id) DO NOTHING",
        id,
        row.id,
        row.car_id,
        now,
        AlertKind::ServiceDue.name(),
        details,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("UPDATE service_reminders SET told_stage = $2 WHERE id = $1", row.id, due.stage.name())
        .execute(db)
        .await?;
    Ok(())
}
