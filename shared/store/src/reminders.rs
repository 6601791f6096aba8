//! `service_reminders`: what has to be done to a car, and all that says when.

mod outlook;
mod telling;

use chrono::{DateTime, Utc};
use domain::distance::Distance;
use domain::reading::Milli;
use domain::reminder::{Due, Plan, due};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

pub use outlook::{Hint, Outlook, outlook};
pub use telling::{look, tell};

/// More reminders than any car has.
pub const MOST: i64 = 100;

/// A reminder.
#[derive(Debug, Clone, PartialEq)]
pub struct ReminderRow {
    pub id: Uuid,
    pub car_id: Uuid,
    pub created_at: DateTime<Utc>,
    pub reminder: Reminder,
    pub finished_at: Option<DateTime<Utc>>,
    pub snoozed_until: Option<DateTime<Utc>>,
    /// Signs that it was done, up to then, were none.
    pub dismissed_until: Option<DateTime<Utc>>,
    /// Of which stage its person was told last.
    pub told_stage: Option<String>,
}

/// What a person says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reminder {
    pub title: String,
    pub notes: Option<String>,
    pub interval_km: Option<f64>,
    pub interval_months: Option<i32>,
    pub is_recurring: bool,
    pub is_fixed: bool,
    pub watches_oil: bool,
    pub done_at: Option<DateTime<Utc>>,
    pub done_km: Option<f64>,
}

impl ReminderRow {
    /// From when on what counts.
    pub fn plan(&self) -> Plan {
        let km = |km: f64| Milli::from_f64(km).ok().map(Distance::from_km_reading);
        Plan {
            every: self.reminder.interval_km.and_then(km),
            months: self.reminder.interval_months.and_then(|months| u32::try_from(months).ok()),
            done_at: self.reminder.done_at.unwrap_or(self.created_at),
            done_odometer: self.reminder.done_km.and_then(km),
        }
    }

    /// When it is due, by what is known of the car.
    pub fn due(&self, outlook: &Outlook, now: DateTime<Utc>) -> Due {
        let oil = outlook.oil.filter(|_| self.reminder.watches_oil);
        let seed = self.id.as_u64_pair().1;
        due(&self.plan(), &outlook.road, oil, now, seed)
    }

    /// The newest sign that it was done since it counts, unless a person said that it is none.
    pub fn proposal<'a>(&self, outlook: &'a Outlook) -> Option<&'a Hint> {
        let since = self.plan().done_at.max(self.dismissed_until.unwrap_or(DateTime::UNIX_EPOCH));
        let fits = |hint: &&Hint| hint.at > since && (!hint.is_oil || self.reminder.watches_oil);
        outlook.hints.iter().filter(fits).max_by_key(|hint| hint.at)
    }
}

struct Row {
    id: Uuid,
    car_id: Uuid,
    created_at: DateTime<Utc>,
    title: String,
    notes: Option<String>,
    interval_km: Option<f64>,
    interval_months: Option<i32>,
    is_recurring: bool,
    is_fixed: bool,
    watches_oil: bool,
    done_at: Option<DateTime<Utc>>,
    done_km: Option<f64>,
    finished_at: Option<DateTime<Utc>>,
    snoozed_until: Option<DateTime<Utc>>,
    dismissed_until: Option<DateTime<Utc>>,
    told_stage: Option<String>,
}

impl From<Row> for ReminderRow {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            car_id: row.car_id,
            created_at: row.created_at,
            reminder: Reminder {
                title: row.title,
                notes: row.notes,
                interval_km: row.interval_km,
                interval_months: row.interval_months,
                is_recurring: row.is_recurring,
                is_fixed: row.is_fixed,
                watches_oil: row.watches_oil,
                done_at: row.done_at,
                done_km: row.done_km,
            },
            finished_at: row.finished_at,
            snoozed_until: row.snoozed_until,
            dismissed_until: row.dismissed_until,
            told_stage: row.told_stage,
        }
    }
}

/// The reminders of a car, oldest first.
pub async fn list(db: &mut PgConnection, car: Uuid) -> Result<Vec<ReminderRow>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, car_id, created_at, title, notes, interval_km::float8 AS interval_km, interval_months, is_recurring, is_fixed,
             watches_oil, done_at, done_km::float8 AS done_km, finished_at, snoozed_until, dismissed_until, told_stage
           FROM service_reminders WHERE car_id = $1 ORDER BY created_at, id LIMIT $2"#,
        car,
        MOST,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(ReminderRow::from).collect())
}

/// Locks a reminder; `None` if the car has none of this id.
pub async fn find_for_change(
    db: &mut PgConnection,
    car: Uuid,
    id: Uuid,
) -> Result<Option<ReminderRow>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT id, car_id, created_at, title, notes, interval_km::float8 AS interval_km, interval_months, is_recurring, is_fixed,
             watches_oil, done_at, done_km::float8 AS done_km, finished_at, snoozed_until, dismissed_until, told_stage
           FROM service_reminders WHERE car_id = $1 AND id = $2 FOR UPDATE"#,
        car,
        id,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(ReminderRow::from))
}

/// Writes a reminder. `None` if the car has as many as there may be.
pub async fn add(
    db: &mut PgConnection,
    car: Uuid,
    reminder: &Reminder,
    now: DateTime<Utc>,
) -> Result<Option<ReminderRow>, StoreError> {
    let Reminder {
        title,
        notes,
        interval_km,
        interval_months,
        is_recurring,
        is_fixed,
        watches_oil,
        done_at,
        done_km,
    } = reminder;
    let row = sqlx::query_as!(
        Row,
        r#"INSERT INTO service_reminders (
             car_id, title, notes, interval_km, interval_months, is_recurring, is_fixed, watches_oil, done_at, done_km, created_at)
           SELECT $1, $2, $3, $4::float8::numeric, $5, $6, $7, $8, $9, $10::float8::numeric, $11
           WHERE (SELECT count(*) FROM service_reminders WHERE car_id = $1) < $12
           RETURNING id, car_id, created_at, title, notes, interval_km::float8 AS interval_km, interval_months, is_recurring, is_fixed,
             watches_oil, done_at, done_km::float8 AS done_km, finished_at, snoozed_until, dismissed_until, told_stage"#,
        car,
        title,
        notes.as_deref(),
        *interval_km,
        *interval_months,
        is_recurring,
        is_fixed,
        watches_oil,
        *done_at,
        *done_km,
        now,
        MOST,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(ReminderRow::from))
}

/// Writes a reminder over what it was. Its stages are told anew.
pub async fn replace(db: &mut PgConnection, row: &ReminderRow) -> Result<(), StoreError> {
    let Reminder {
        title,
        notes,
        interval_km,
        interval_months,
        is_recurring,
        is_fixed,
        watches_oil,
        done_at,
        done_km,
    } = &row.reminder;
    sqlx::query!(
        "UPDATE service_reminders
         SET title = $2, notes = $3, interval_km = $4::float8::numeric, interval_months = $5, is_recurring = $6, is_fixed = $7,
           watches_oil = $8, done_at = $9, done_km = $10::float8::numeric, finished_at = $11, snoozed_until = $12, dismissed_until = $13,
           looked_at = NULL, told_stage = CASE WHEN done_at IS NOT DISTINCT FROM $9 THEN told_stage END
         WHERE id = $1",
        row.id,
        title,
        notes.as_deref(),
        *interval_km,
        *interval_months,
        is_recurring,
        is_fixed,
        watches_oil,
        *done_at,
        *done_km,
        row.finished_at,
        row.snoozed_until,
        row.dismissed_until,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether there was one to delete.
pub async fn delete(db: &mut PgConnection, car: Uuid, id: Uuid) -> Result<bool, StoreError> {
    let gone = sqlx::query!("DELETE FROM service_reminders WHERE car_id = $1 AND id = $2", car, id)
        .execute(db)
        .await?;
    Ok(gone.rows_affected() > 0)
}
