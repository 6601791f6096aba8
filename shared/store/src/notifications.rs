//! `notifications`: that people are told of alerts, and whether they read it. A trigger writes each with its alert; its words are
//! the alert's own, so that what the machine takes back is not told any more.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::hand_entries::Place;

/// An alert as its person is told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub alert_id: Uuid,
    pub car_id: Uuid,
    pub car_name: String,
    pub kind: String,
    /// When the car showed it.
    pub at: DateTime<Utc>,
    pub found_at: DateTime<Utc>,
    pub details: Value,
    /// In the page, or in the book of alerts.
    pub read_at: Option<DateTime<Utc>>,
}

/// An alert of which nobody decided yet how it is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Unplanned {
    pub user_id: Uuid,
    /// `None` if the machine took it back, or the person has seen it already.
    pub alert: Option<Told>,
}

/// How many the person has not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread {
    pub count: i64,
    /// When the newest came; of interest only for whether there is another one.
    pub newest: Option<DateTime<Utc>>,
}

/// Marks alerts of which nobody decided how they are told as asked about until then.
pub async fn lease(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Uuid>, StoreError> {
    let ids = sqlx::query_scalar!(
        "UPDATE notifications SET asked_until = $2
         WHERE alert_id IN (
           SELECT alert_id FROM notifications
           WHERE planned_at IS NULL AND (asked_until IS NULL OR asked_until < $1)
           ORDER BY created_at LIMIT $3 FOR UPDATE SKIP LOCKED)
         RETURNING alert_id",
        now,
        until,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(ids)
}

/// Takes those that could not be asked about back.
pub async fn give_back(db: &mut PgConnection, alerts: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query!("UPDATE notifications SET asked_until = NULL WHERE alert_id = ANY ($1)", alerts)
        .execute(db)
        .await?;
    Ok(())
}

/// Locks what is to be decided about, and notes that it is; `None` if somebody did.
pub async fn plan(
    db: &mut PgConnection,
    alert: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Unplanned>, StoreError> {
    let user = sqlx::query_scalar!(
        "UPDATE notifications SET planned_at = $2 WHERE alert_id = $1 AND planned_at IS NULL RETURNING user_id",
        alert,
        now,
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(user_id) = user else { return Ok(None) };
    let told = about(db, user_id, &[alert]).await?.into_iter().find(|told| told.read_at.is_none());
    Ok(Some(Unplanned { user_id, alert: told }))
}

/// What these alerts say, oldest first; without those that were taken back or put away.
pub async fn about(db: &mut PgConnection, user: Uuid, alerts: &[Uuid]) -> Result<Vec<Told>, StoreError> {
    let told = sqlx::query_as!(
        Told,
        r#"SELECT alert.id AS alert_id, alert.car_id, car.name AS car_name, alert.kind, alert.at, alert.created_at AS found_at,
             alert.details, coalesce(note.read_at, alert.seen_at) AS read_at
           FROM notifications AS note
           JOIN alerts AS alert ON alert.id = note.alert_id
           JOIN cars AS car ON car.id = alert.car_id
           WHERE note.user_id = $1 AND note.alert_id = ANY ($2) AND alert.dismissed_at IS NULL
           ORDER BY alert.at, alert.id"#,
        user,
        alerts,
    )
    .fetch_all(db)
    .await?;
    Ok(told)
}

/// What the person is told in their page, newest first, behind a place; without kinds that they do not want there.
pub async fn page(
    db: &mut PgConnection,
    user: Uuid,
    behind: Option<Place>,
    limit: i64,
) -> Result<Vec<Told>, StoreError> {
    let rows = sqlx::query_as!(
        Told,
        r#"SELECT alert.id AS alert_id, alert.car_id, car.name AS car_name, alert.kind, alert.at, note.created_at AS found_at,
             alert.details, coalesce(note.read_at, alert.seen_at) AS read_at
           FROM notifications AS note
           JOIN alerts AS alert ON alert.id = note.alert_id
           JOIN cars AS car ON car.id = alert.car_id
           WHERE note.user_id = $1 AND alert.dismissed_at IS NULL
             AND ($2::timestamptz IS NULL OR (note.created_at, note.alert_id) < ($2, $3))
             AND NOT EXISTS (SELECT FROM notification_choices AS choice WHERE choice.user_id = $1
               AND choice.kind = alert.kind AND choice.channel = 'page' AND NOT choice.wanted)
           ORDER BY note.created_at DESC, note.alert_id DESC LIMIT $4"#,
        user,
        behind.map(|place| place.at),
        behind.map_or(Uuid::nil(), |place| place.id),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// What of the page is unread.
pub async fn unread(db: &mut PgConnection, user: Uuid) -> Result<Unread, StoreError> {
    let unread = sqlx::query_as!(
        Unread,
        r#"SELECT count(*) AS "count!", max(note.created_at) AS newest
           FROM notifications AS note
           JOIN alerts AS alert ON alert.id = note.alert_id
           WHERE note.user_id = $1 AND note.read_at IS NULL AND alert.seen_at IS NULL AND alert.dismissed_at IS NULL
             AND NOT EXISTS (SELECT FROM notification_choices AS choice WHERE choice.user_id = $1
               AND choice.kind = alert.kind AND choice.channel = 'page' AND NOT choice.wanted)"#,
        user,
    )
    .fetch_one(db)
    .await?;
    Ok(unread)
}

/// Notes that the person read one. Whether there is such a one.
pub async fn read(
    db: &mut PgConnection,
    user: Uuid,
    alert: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let read = sqlx::query!(
        "UPDATE notifications SET read_at = coalesce(read_at, $3) WHERE alert_id = $2 AND user_id = $1",
        user,
        alert,
        now,
    )
    .execute(db)
    .await?;
    Ok(read.rows_affected() > 0)
}

/// Notes that the person read all that had come until then.
pub async fn read_all(
    db: &mut PgConnection,
    user: Uuid,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE notifications SET read_at = $3 WHERE user_id = $1 AND read_at IS NULL AND created_at <= $2",
        user,
        until,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
