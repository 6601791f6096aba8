//! `purpose_rules`: which trips are for what. Triggers have the person's cars folded anew.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// More rules than any person has.
pub const MOST: i64 = 100;

/// A rule; the first one that fits a trip counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRow {
    pub id: Uuid,
    /// Asked in this order.
    pub rank: i32,
    pub rule: Rule,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `business` or `private`.
    pub purpose: String,
    /// One of these is where the trip began or ended; empty: anywhere.
    pub geofences: Vec<Uuid>,
    /// Monday first.
    pub weekdays: Vec<bool>,
    /// Minutes of the day by the person's clock, from inclusive, to exclusive; across midnight where `to` is not after `from`.
    pub from_minute: i16,
    pub to_minute: i16,
}

struct Row {
    id: Uuid,
    rank: i32,
    purpose: String,
    geofence_ids: Vec<Uuid>,
    weekdays: Vec<bool>,
    from_minute: i16,
    to_minute: i16,
}

/// The person's rules, in the order in which they are asked.
pub async fn list(db: &mut PgConnection, user: Uuid) -> Result<Vec<RuleRow>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, rank, purpose, geofence_ids, weekdays, from_minute, to_minute FROM purpose_rules
         WHERE user_id = $1 ORDER BY rank, id LIMIT $2",
        user,
        MOST,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(RuleRow::from).collect())
}

/// Locks a rule of the person; `None` if there is none.
pub async fn find_for_change(
    db: &mut PgConnection,
    user: Uuid,
    id: Uuid,
) -> Result<Option<RuleRow>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, rank, purpose, geofence_ids, weekdays, from_minute, to_minute FROM purpose_rules
         WHERE user_id = $1 AND id = $2 FOR UPDATE",
        user,
        id,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(RuleRow::from))
}

/// Writes a rule; without a rank it is asked last. `None` if the person has as many as there may be.
pub async fn add(
    db: &mut PgConnection,
    user: Uuid,
    rank: Option<i32>,
    rule: &Rule,
    now: DateTime<Utc>,
) -> Result<Option<RuleRow>, StoreError> {
    let Rule { purpose, geofences, weekdays, from_minute, to_minute } = rule;
    let row = sqlx::query_as!(
        Row,
        "INSERT INTO purpose_rules (user_id, rank, purpose, geofence_ids, weekdays, from_minute, to_minute, created_at)
         SELECT $1, coalesce($2, known.last + 1, 1), $3, $4, $5, $6, $7, $8
         FROM (SELECT count(*) AS rules, max(rank) AS last FROM purpose_rules WHERE user_id = $1) AS known
         WHERE known.rules < $9
         RETURNING id, rank, purpose, geofence_ids, weekdays, from_minute, to_minute",
        user,
        rank,
        purpose,
        geofences,
        weekdays,
        from_minute,
        to_minute,
        now,
        MOST,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(RuleRow::from))
}

/// Writes a rule over what it was.
pub async fn replace(db: &mut PgConnection, user: Uuid, row: &RuleRow) -> Result<(), StoreError> {
    let RuleRow { id, rank, rule: Rule { purpose, geofences, weekdays, from_minute, to_minute } } = row;
    sqlx::query!(
        "UPDATE purpose_rules SET rank = $3, purpose = $4, geofence_ids = $5, weekdays = $6, from_minute = $7, to_minute = $8
         WHERE user_id = $1 AND id = $2",
        user,
        id,
        rank,
        purpose,
        geofences,
        weekdays,
        from_minute,
        to_minute,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets a rule; false if the person has no such one.
pub async fn delete(db: &mut PgConnection, user: Uuid, id: Uuid) -> Result<bool, StoreError> {
    let deleted = sqlx::query!("DELETE FROM purpose_rules WHERE user_id = $1 AND id = $2", user, id)
        .execute(db)
        .await?;
    Ok(deleted.rows_affected() == 1)
}

impl From<Row> for RuleRow {
    fn from(row: Row) -> Self {
        let Row { id, rank, purpose, geofence_ids, weekdays, from_minute, to_minute } = row;
        Self { id, rank, rule: Rule { purpose, geofences: geofence_ids, weekdays, from_minute, to_minute } }
    }
}
