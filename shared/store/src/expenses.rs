//! `expenses` as people read and write them.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::hand_entries::{Edit, Place};

/// An expense in the book.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpenseRow {
    pub id: Uuid,
    pub category: String,
    pub amount: f64,
    /// ISO 4217.
    pub currency: Option<String>,
    pub at: DateTime<Utc>,
    pub source: String,
    pub notes: Option<String>,
}

/// What a person wants to write.
#[derive(Debug, Clone, PartialEq)]
pub struct NewExpense {
    pub category: String,
    pub amount: f64,
    pub currency: String,
    pub at: DateTime<Utc>,
    pub notes: Option<String>,
}

/// What a person wants to be different; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExpenseChange {
    pub category: Option<String>,
    pub amount: Option<f64>,
    pub currency: Option<String>,
    pub at: Option<DateTime<Utc>>,
    pub notes: Edit<String>,
}

/// The expenses of a car, newest first, behind a place. One without a moment stands where it was written down.
pub async fn page(
    db: &mut PgConnection,
    car: Uuid,
    behind: Option<Place>,
    limit: i64,
) -> Result<Vec<ExpenseRow>, StoreError> {
    let rows = sqlx::query_as!(
        ExpenseRow,
        r#"SELECT id, category::text AS "category!", amount::float8 AS "amount!", currency::text AS currency,
             coalesce(occurred_at, created_at)::timestamptz AS "at!", source_type::text AS "source!", notes
           FROM expenses
           WHERE car_id = $1
             AND ($2::timestamptz IS NULL OR (coalesce(occurred_at, created_at)::timestamptz, id) < ($2, $3))
           ORDER BY coalesce(occurred_at, created_at)::timestamptz DESC, id DESC LIMIT $4"#,
        car,
        behind.map(|place| place.at),
        behind.map_or(Uuid::nil(), |place| place.id),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// Writes an expense of a person.
pub async fn add(
    db: &mut PgConnection,
    car: Uuid,
    expense: &NewExpense,
    now: DateTime<Utc>,
) -> Result<ExpenseRow, StoreError> {
    let NewExpense { category, amount, currency, at, notes } = expense;
    let row = sqlx::query_as!(
        ExpenseRow,
        r#"INSERT INTO expenses (car_id, category, amount, currency, occurred_at, source_type, notes, created_at)
           VALUES ($1, $2, trim_scale($3::float8::numeric), $4, $5, 'manual', $6, $7)
           RETURNING id, category::text AS "category!", amount::float8 AS "amount!", currency::text AS currency,
             coalesce(occurred_at, created_at)::timestamptz AS "at!", source_type::text AS "source!", notes"#,
        car,
        category,
        amount,
        currency,
        at,
        notes.as_deref(),
        now,
    )
    .fetch_one(db)
    .await?;
    Ok(row)
}

/// Changes an expense of this car; `None` if there is none.
pub async fn change(
    db: &mut PgConnection,
    car: Uuid,
    id: Uuid,
    change: &ExpenseChange,
) -> Result<Option<ExpenseRow>, StoreError> {
    let ExpenseChange { category, amount, currency, at, notes } = change;
    let (writes_notes, notes) = notes.written();
    let row = sqlx::query_as!(
        ExpenseRow,
        r#"UPDATE expenses
           SET category = coalesce($3, category), amount = coalesce(trim_scale($4::float8::numeric), amount),
             currency = coalesce($5, currency), occurred_at = coalesce($6, occurred_at),
             notes = CASE WHEN $7 THEN $8 ELSE notes END
           WHERE id = $2 AND car_id = $1
           RETURNING id, category::text AS "category!", amount::float8 AS "amount!", currency::text AS currency,
             coalesce(occurred_at, created_at)::timestamptz AS "at!", source_type::text AS "source!", notes"#,
        car,
        id,
        category.as_deref(),
        *amount,
        currency.as_deref(),
        *at,
        writes_notes,
        notes,
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}

/// Deletes an expense of this car; says whether there was one.
pub async fn delete(db: &mut PgConnection, car: Uuid, id: Uuid) -> Result<bool, StoreError> {
    let done =
        sqlx::query!("DELETE FROM expenses WHERE id = $2 AND car_id = $1", car, id).execute(db).await?;
    Ok(done.rows_affected() > 0)
}
