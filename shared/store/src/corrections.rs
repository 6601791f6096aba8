//! What people do to entries of a book beside writing into it: confirm, reject, join, cut, take back.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{StoreError, act_as_machine};

/// The books that people correct in these ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorrectedBook {
    FuelEntries,
    ChargingSessions,
    Trips,
}

/// An entry as far as corrections look at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Corrected {
    pub id: Uuid,
    pub started_after: DateTime<Utc>,
    pub started_at: DateTime<Utc>,
    /// Absent while it goes on.
    pub ended_at: Option<DateTime<Utc>>,
    /// The machine writes it, and no person has taken it over.
    pub is_machines: bool,
    /// It counts nowhere or is shown nowhere: a question, or too small.
    pub is_hidden: bool,
}

impl CorrectedBook {
    /// The table's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FuelEntries => "fuel_entries",
            Self::ChargingSessions => "charging_sessions",
            Self::Trips => "trips",
        }
    }
}

/// Entries of a book of this car from one moment to another, in the order of their time; hidden ones, too.
pub async fn between(
    db: &mut PgConnection,
    book: CorrectedBook,
    car: Uuid,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Corrected>, StoreError> {
    select(db, book, car, &[], Some((from, to))).await
}

/// Entries of a book of this car, in the order of their time.
pub async fn find(
    db: &mut PgConnection,
    book: CorrectedBook,
    car: Uuid,
    ids: &[Uuid],
) -> Result<Vec<Corrected>, StoreError> {
    select(db, book, car, ids, None).await
}

async fn select(
    db: &mut PgConnection,
    book: CorrectedBook,
    car: Uuid,
    ids: &[Uuid],
    span: Option<(DateTime<Utc>, DateTime<Utc>)>,
) -> Result<Vec<Corrected>, StoreError> {
    let rows = sqlx::query_as!(
        Corrected,
        r#"SELECT id AS "id!", started_after AS "started_after!", started_at AS "started_at!", ended_at,
             is_machines AS "is_machines!", is_hidden AS "is_hidden!"
           FROM (
             SELECT id, car_id, coalesce(filled_after, filled_at)::timestamptz AS started_after,
               filled_at::timestamptz AS started_at, filled_at::timestamptz AS ended_at,
               evidence_until IS NOT NULL AS is_machines,
               coalesce(state::text IN ('hidden', 'candidate'), false) AS is_hidden
             FROM fuel_entries WHERE $2 = 'fuel_entries'
             UNION ALL
             SELECT id, car_id, started_after, started_at, ended_at, evidence_until IS NOT NULL,
               state IN ('hidden', 'candidate')
             FROM charging_sessions WHERE $2 = 'charging_sessions'
             UNION ALL
             SELECT id, car_id, started_after, started_at, ended_at, evidence_until IS NOT NULL,
               state IN ('hidden', 'candidate')
             FROM trips WHERE $2 = 'trips'
           ) AS entry
           WHERE car_id = $1 AND (id = ANY ($3) OR started_at BETWEEN $4 AND $5)
           ORDER BY started_at, id"#,
        car,
        book.name(),
        ids,
        span.map(|(from, _)| from),
        span.map(|(_, to)| to),
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// Says that an entry is right: from then on it is the person's.
pub async fn confirm(
    db: &mut PgConnection,
    book: CorrectedBook,
    car: Uuid,
    id: Uuid,
) -> Result<(), StoreError> {
    match book {
        CorrectedBook::FuelEntries => {
            sqlx::query!("UPDATE fuel_entries SET state = 'confirmed' WHERE id = $2 AND car_id = $1", car, id)
                .execute(db)
                .await?
        }
        CorrectedBook::ChargingSessions => {
            sqlx::query!(
                "UPDATE charging_sessions SET state = 'confirmed' WHERE id = $2 AND car_id = $1",
                car,
                id,
            )
            .execute(db)
            .await?
        }
        CorrectedBook::Trips => {
            sqlx::query!("UPDATE trips SET state = 'confirmed' WHERE id = $2 AND car_id = $1", car, id)
                .execute(db)
                .await?
        }
    };
    Ok(())
}

/// Says that there was nothing: the entry goes and is not written again. Says whether there was one.
pub async fn reject(
    db: &mut PgConnection,
    book: CorrectedBook,
    car: Uuid,
    id: Uuid,
) -> Result<bool, StoreError> {
    let done = match book {
        CorrectedBook::FuelEntries => {
            sqlx::query!("DELETE FROM fuel_entries WHERE id = $2 AND car_id = $1", car, id)
                .execute(db)
                .await?
        }
        CorrectedBook::ChargingSessions => {
            sqlx::query!("DELETE FROM charging_sessions WHERE id = $2 AND car_id = $1", car, id)
                .execute(db)
                .await?
        }
        CorrectedBook::Trips => {
            sqlx::query!("DELETE FROM trips WHERE id = $2 AND car_id = $1", car, id).execute(db).await?
        }
    };
    Ok(done.rows_affected() > 0)
}

/// Says that these entries of the machine are one, from the first to the last.
pub async fn merge(
    db: &mut PgConnection,
    book: CorrectedBook,
    first: Uuid,
    last: Uuid,
) -> Result<(), StoreError> {
    remember(db, book, first, "merged").await?;
    remember(db, book, last, "merged").await?;
    sqlx::query!(
        r#"SELECT carvetka_decide($1, 'merged', first.said || last.said) AS "done: bool"
           FROM (
             SELECT to_jsonb(entry) AS said FROM fuel_entries AS entry WHERE $1 = 'fuel_entries' AND id = $2
             UNION ALL
             SELECT to_jsonb(entry) FROM charging_sessions AS entry WHERE $1 = 'charging_sessions' AND id = $2
             UNION ALL
             SELECT to_jsonb(entry) FROM trips AS entry WHERE $1 = 'trips' AND id = $2
           ) AS first, (
             SELECT jsonb_build_object('filled_at', filled_at) AS said FROM fuel_entries
             WHERE $1 = 'fuel_entries' AND id = $3
             UNION ALL
             SELECT jsonb_build_object('ended_after', ended_after, 'ended_at', ended_at) FROM charging_sessions
             WHERE $1 = 'charging_sessions' AND id = $3
             UNION ALL
             SELECT jsonb_build_object('ended_after', ended_after, 'ended_at', ended_at) FROM trips
             WHERE $1 = 'trips' AND id = $3
           ) AS last"#,
        book.name(),
        first,
        last,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Says that an entry of the machine is two, and where the second begins; what the odometer showed there, where somebody
/// knows.
pub async fn split(
    db: &mut PgConnection,
    book: CorrectedBook,
    id: Uuid,
    at: DateTime<Utc>,
    odometer_km: Option<f64>,
) -> Result<(), StoreError> {
    remember(db, book, id, "split").await?;
    sqlx::query!(
        r#"SELECT carvetka_decide($1, 'split', entry.said,
             jsonb_build_object('split_at', $3::timestamptz, 'odometer_km', trim_scale($4::float8::numeric))) AS "done: bool"
           FROM (
             SELECT to_jsonb(entry) AS said FROM charging_sessions AS entry WHERE $1 = 'charging_sessions' AND id = $2
             UNION ALL
             SELECT to_jsonb(entry) FROM trips AS entry WHERE $1 = 'trips' AND id = $2
           ) AS entry"#,
        book.name(),
        id,
        at,
        odometer_km,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What the odometer showed within a quarter of an hour of a moment, by the mileage book.
pub async fn odometer_at(
    db: &mut PgConnection,
    car: Uuid,
    at: DateTime<Utc>,
) -> Result<Option<f64>, StoreError> {
    let km = sqlx::query_scalar!(
        r#"SELECT odometer_reading::float8 AS "km!" FROM meter_entries
           WHERE car_id = $1 AND entry_date BETWEEN $2::timestamptz - interval '15 minutes' AND $2 + interval '15 minutes'
           ORDER BY abs(extract(epoch FROM entry_date::timestamptz - $2)) LIMIT 1"#,
        car,
        at,
    )
    .fetch_optional(db)
    .await?;
    Ok(km)
}

/// Takes back what was decided last about an entry, and with it the person's row: the machine writes its own again. Gives the
/// stretch that it was about; `None` if nothing was decided. From here on the transaction may act as the machine.
pub async fn undo(
    db: &mut PgConnection,
    book: CorrectedBook,
    car: Uuid,
    id: Uuid,
) -> Result<Option<(DateTime<Utc>, DateTime<Utc>)>, StoreError> {
    // By its row, or, for what leaves the row to the machine, by where the row is now.
    let found = sqlx::query!(
        r#"SELECT decision.id, decision.row_id AS "row!", decision.started_after AS "from!", decision.ended_at AS "to!",
             decision.verdict IN ('edited', 'confirmed', 'deleted') AS "took_over!", decision.expense_id
           FROM decisions AS decision
           WHERE decision.car_id = $1 AND decision.kind = carvetka_kind_of($2)
             -- What people wrote beside it is no view of theirs that could be taken back.
             AND decision.note IS NULL AND (decision.row_id = $3
             OR (decision.verdict IN ('merged', 'split', 'priced', 'purposed', 'unbooked') AND EXISTS (
               SELECT FROM (
                 SELECT id, car_id, started_at FROM charging_sessions WHERE $2 = 'charging_sessions'
                 UNION ALL SELECT id, car_id, started_at FROM trips WHERE $2 = 'trips'
                 UNION ALL SELECT id, car_id, filled_at::timestamptz FROM fuel_entries WHERE $2 = 'fuel_entries') AS own
               WHERE own.id = $3 AND own.car_id = $1
                 -- A fill-up is known by its end, all else by its beginning.
                 AND CASE $2 WHEN 'fuel_entries'
                   THEN own.started_at > decision.started_after AND own.started_at <= decision.ended_at
                   ELSE own.started_at >= decision.started_after AND own.started_at < decision.ended_at END)))
           ORDER BY decision.decided_at DESC LIMIT 1"#,
        car,
        book.name(),
        id,
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(found) = found else {
        return Ok(None);
    };
    remember(db, book, found.row, "undone").await?;
    // What became the person's has one decision for that, and perhaps another for deleting it then.
    sqlx::query!(
        "DELETE FROM decisions WHERE id = $1
           OR ($2 AND row_id = $3 AND car_id = $4 AND verdict IN ('edited', 'confirmed', 'deleted'))",
        found.id,
        found.took_over,
        found.row,
        car,
    )
    .execute(&mut *db)
    .await?;
    if found.took_over {
        give_back(db, book, car, found.row).await?;
    } else if let Some(expense) = found.expense_id {
        give_back_expense(db, car, expense).await?;
    }
    Ok(Some((found.from, found.to)))
}

/// Takes the person's form of an entry of the machine out of the book, and of its expense.
async fn give_back(
    db: &mut PgConnection,
    book: CorrectedBook,
    car: Uuid,
    id: Uuid,
) -> Result<(), StoreError> {
    act_as_machine(db).await?;
    sqlx::query!(
        "WITH fill_up AS (
           DELETE FROM fuel_entries
           WHERE $3 = 'fuel_entries' AND id = $1 AND car_id = $2 AND source_type::text = 'smartcar_sync'
         ), trip AS (
           DELETE FROM trips WHERE $3 = 'trips' AND id = $1 AND car_id = $2 AND source_type = 'smartcar_sync'
         ), session AS (
           DELETE FROM charging_sessions
           WHERE $3 = 'charging_sessions' AND id = $1 AND car_id = $2 AND source_type = 'smartcar_sync'
           RETURNING expense_id
         )
         DELETE FROM expenses
         WHERE id IN (SELECT expense_id FROM session) AND car_id = $2 AND source_type::text = 'smartcar_sync'",
        id,
        car,
        book.name(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes the person's form of an expense of the machine out of the book.
async fn give_back_expense(db: &mut PgConnection, car: Uuid, id: Uuid) -> Result<(), StoreError> {
    act_as_machine(db).await?;
    sqlx::query!(
        "DELETE FROM expenses WHERE id = $1 AND car_id = $2 AND source_type::text = 'smartcar_sync'",
        id,
        car,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn remember(
    db: &mut PgConnection,
    book: CorrectedBook,
    id: Uuid,
    what: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"SELECT carvetka_remember($1, $2, entry.said) AS "done: bool"
           FROM (
             SELECT to_jsonb(entry) AS said FROM fuel_entries AS entry WHERE $1 = 'fuel_entries' AND id = $3
             UNION ALL
             SELECT to_jsonb(entry) FROM charging_sessions AS entry WHERE $1 = 'charging_sessions' AND id = $3
             UNION ALL
             SELECT to_jsonb(entry) FROM trips AS entry WHERE $1 = 'trips' AND id = $3
           ) AS entry"#,
        book.name(),
        what,
        id,
    )
    .execute(db)
    .await?;
    Ok(())
}
