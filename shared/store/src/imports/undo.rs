//! Imports that people look at and take out again. What they changed by hand since then stays.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::corrections::{self, CorrectedBook};
use crate::{StoreError, expense_rows};

/// An import as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    pub id: Uuid,
    pub program: String,
    pub written: i64,
    pub attached: i64,
    pub replaced: i64,
    pub imported_at: DateTime<Utc>,
    pub undone_at: Option<DateTime<Utc>>,
}

/// What taking an import out did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Undone {
    /// Entries that went.
    pub deleted: u64,
    /// Entries that lines had filled in or whose place lines had taken: the machine writes them again.
    pub given_back: u64,
    /// Entries that a person changed since then; they stay.
    pub kept: u64,
}

/// More imports than anybody makes; a list is not cut in pages.
const MOST: i64 = 500;

/// The imports of a car, newest first.
pub async fn list(db: &mut PgConnection, car: Uuid) -> Result<Vec<ImportRow>, StoreError> {
    let rows = sqlx::query_as!(
        ImportRow,
        "SELECT id, program, written, attached, replaced, imported_at, undone_at FROM book_imports
         WHERE car_id = $1 ORDER BY imported_at DESC, id LIMIT $2",
        car,
        MOST,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// Takes an import of this car out of its books, once. `None`: there is none that was not taken out. From here on the
/// transaction may act as the machine.
pub async fn undo(
    db: &mut PgConnection,
    car: Uuid,
    import: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Undone>, StoreError> {
    let found = sqlx::query_scalar!(
        "UPDATE book_imports SET undone_at = $3 WHERE id = $2 AND car_id = $1 AND undone_at IS NULL RETURNING imported_at",
        car,
        import,
        now,
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(imported_at) = found else { return Ok(None) };
    let deleted = delete_written(db, car, import).await?;
    let rows = touched(db, car, import).await?;
    forget_lines(db, car, import, imported_at).await?;
    mark(db, car, import).await?;
    let mut undone = Undone { deleted, ..Undone::default() };
    for row in rows {
        if row.is_changed {
            undone.kept += 1;
        } else if let Some(what) = row.what {
            undone.given_back += give_back(db, car, &row.book, row.id, &what).await?;
        }
    }
    Ok(Some(undone))
}

/// Deletes what the import wrote and nobody changed since.
async fn delete_written(db: &mut PgConnection, car: Uuid, import: Uuid) -> Result<u64, StoreError> {
    let deleted = sqlx::query_scalar!(
        r#"WITH line AS (
             SELECT row_id, book, said FROM book_import_rows WHERE import_id = $2 AND what = 'written'
           ), meter AS (
             DELETE FROM meter_entries AS entry USING line WHERE line.book = 'meter_entries' AND entry.id = line.row_id
               AND entry.car_id = $1 AND to_jsonb(entry) @> line.said RETURNING entry.id
           ), fuel AS (
             DELETE FROM fuel_entries AS entry USING line WHERE line.book = 'fuel_entries' AND entry.id = line.row_id
               AND entry.car_id = $1 AND to_jsonb(entry) @> line.said RETURNING entry.id
           ), session AS (
             DELETE FROM charging_sessions AS entry USING line
             WHERE line.book = 'charging_sessions' AND entry.id = line.row_id
               AND entry.car_id = $1 AND to_jsonb(entry) @> line.said RETURNING entry.id
           ), trip AS (
             DELETE FROM trips AS entry USING line WHERE line.book = 'trips' AND entry.id = line.row_id
               AND entry.car_id = $1 AND to_jsonb(entry) @> line.said RETURNING entry.id
           ), expense AS (
             DELETE FROM expenses AS entry USING line WHERE line.book = 'expenses' AND entry.id = line.row_id
               AND entry.car_id = $1 AND to_jsonb(entry) @> line.said RETURNING entry.id
           )
           SELECT count(*) AS "count!" FROM (
             SELECT id FROM meter UNION ALL SELECT id FROM fuel UNION ALL SELECT id FROM session
             UNION ALL SELECT id FROM trip UNION ALL SELECT id FROM expense
           ) AS gone"#,
        car,
        import,
    )
    .fetch_one(db)
    .await?;
    Ok(u64::try_from(deleted).unwrap_or_default())
}

struct Touched {
    id: Uuid,
    book: String,
    /// `attached` or `replaced`; absent for what the import wrote.
    what: Option<String>,
    is_changed: bool,
}

/// What of the import is left: rows that a person changed, and what was the machine's.
async fn touched(db: &mut PgConnection, car: Uuid, import: Uuid) -> Result<Vec<Touched>, StoreError> {
    let rows = sqlx::query_as!(
        Touched,
        r#"SELECT line.row_id AS id, line.book, nullif(line.what, 'written') AS what,
             coalesce(NOT entry.said @> line.said, false) AS "is_changed!"
           FROM book_import_rows AS line
           LEFT JOIN LATERAL (
             SELECT to_jsonb(row) AS said FROM meter_entries AS row
               WHERE line.book = 'meter_entries' AND row.id = line.row_id AND row.car_id = $1
             UNION ALL SELECT to_jsonb(row) FROM fuel_entries AS row
               WHERE line.book = 'fuel_entries' AND row.id = line.row_id AND row.car_id = $1
             UNION ALL SELECT to_jsonb(row) FROM charging_sessions AS row
               WHERE line.book = 'charging_sessions' AND row.id = line.row_id AND row.car_id = $1
             UNION ALL SELECT to_jsonb(row) FROM trips AS row
               WHERE line.book = 'trips' AND row.id = line.row_id AND row.car_id = $1
             UNION ALL SELECT to_jsonb(row) FROM expenses AS row
               WHERE line.book = 'expenses' AND row.id = line.row_id AND row.car_id = $1
           ) AS entry ON true
           WHERE line.import_id = $2 AND (line.what <> 'written' OR entry.said IS NOT NULL)
           ORDER BY line.row_id"#,
        car,
        import,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// Lines that filled something in come as new ones when they come again.
async fn forget_lines(
    db: &mut PgConnection,
    car: Uuid,
    import: Uuid,
    imported_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM attached_lines WHERE car_id = $1 AND attached_at = $3
           AND row_id IN (SELECT row_id FROM book_import_rows WHERE import_id = $2 AND what = 'attached')",
        car,
        import,
        imported_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The car is folded anew from the first moment on at which the machine may write again.
async fn mark(db: &mut PgConnection, car: Uuid, import: Uuid) -> Result<(), StoreError> {
    sqlx::query!(
        r#"SELECT carvetka_mark_car_dirty($1, since, 'a person took an import out') AS "done: bool"
           FROM (
             SELECT min(decision.at) AS since FROM decisions AS decision
             WHERE decision.car_id = $1
               AND decision.row_id IN (SELECT row_id FROM book_import_rows WHERE import_id = $2 AND what <> 'written')
           ) AS first
           WHERE since IS NOT NULL"#,
        car,
        import,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes back that a person decided about this row: the machine writes its own again.
async fn give_back(
    db: &mut PgConnection,
    car: Uuid,
    book: &str,
    row: Uuid,
    what: &str,
) -> Result<u64, StoreError> {
    let corrected = match book {
        "fuel_entries" => CorrectedBook::FuelEntries,
        "charging_sessions" => CorrectedBook::ChargingSessions,
        "trips" => CorrectedBook::Trips,
        "expenses" => return book_again(db, car, row).await,
        // Of the mileage book: what was filled in says what it said before.
        _ if what == "attached" => return Ok(0),
        _ => {
            let done = sqlx::query!(
                "DELETE FROM decisions WHERE car_id = $1 AND row_id = $2 AND kind = 'meter_entry'",
                car,
                row,
            );
            return Ok(done.execute(db).await?.rows_affected());
        }
    };
    Ok(corrections::undo(db, corrected, car, row).await?.is_some().into())
}

/// An expense of the machine hangs by its session.
async fn book_again(db: &mut PgConnection, car: Uuid, expense: Uuid) -> Result<u64, StoreError> {
    let unbooked = sqlx::query!(
        r#"SELECT id, row_id AS "session!" FROM decisions
           WHERE car_id = $1 AND verdict = 'unbooked' AND row_id IS NOT NULL"#,
        car,
    )
    .fetch_all(&mut *db)
    .await?;
    let of_it = unbooked.into_iter().find(|decision| expense_rows::id(decision.session) == expense);
    let Some(decision) = of_it else { return Ok(0) };
    let done = sqlx::query!("DELETE FROM decisions WHERE id = $1", decision.id).execute(db).await?;
    Ok(done.rows_affected())
}
