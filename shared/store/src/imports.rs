//! Lines of files on their way into the books of a car, and out of them again. Each line is a person's word.

mod attach;
mod insert;
mod undo;

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use exchange::compare::{Finding, Stored, compare};
use exchange::identity;
use exchange::number::Number;
use exchange::options::Program;
use exchange::read::Line;
use exchange::record::Kind;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

pub use undo::{ImportRow, Undone, list, undo};

/// What a person brings in at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewImport {
    pub id: Uuid,
    pub program: Program,
}

/// What a person wants where the machine wrote of the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The machine's entry stays and is filled in with what the line knows; it is the person's from then on. Where one line is
    /// not one entry, this is [`Replace`](Self::Replace).
    Attach,
    /// The line takes the place of the machine's entries.
    Replace,
    /// The machine's entry stays, and the line stays out.
    Leave,
}

/// What a person chose, for all lines and for some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    pub usual: Choice,
    /// By the line's number in its file.
    pub of_lines: HashMap<u64, Choice>,
}

/// What an import did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Lines that became entries.
    pub written: u64,
    /// Entries of the machine that lines filled in.
    pub attached: u64,
    /// Entries of the machine whose place lines took.
    pub replaced: u64,
}

/// So far around the lines of a file the books are looked at: longer than any entry lasts.
const AROUND: TimeDelta = TimeDelta::days(9);

/// Says what would become of each line, in their order.
pub async fn preview(db: &mut PgConnection, car: Uuid, lines: &[Line]) -> Result<Vec<Finding>, StoreError> {
    let moments = || lines.iter().map(|line| line.record.when().at);
    let (Some(first), Some(last)) = (moments().min(), moments().max()) else { return Ok(Vec::new()) };
    let stored = stored(db, car, first - AROUND, last + AROUND).await?;
    let known = known(db, car, &identity::ids(car, lines)).await?;
    Ok(compare(car, lines, &stored, &known))
}

/// Does what was found, as the person chose, and remembers it under the id of the import, unless nothing was to be done. To be
/// called in the transaction of the [`preview`]; `findings` are those of `lines`, in their order.
pub async fn apply(
    db: &mut PgConnection,
    car: Uuid,
    import: NewImport,
    lines: &[Line],
    findings: &[Finding],
    choices: &Choices,
    now: DateTime<Utc>,
) -> Result<Imported, StoreError> {
    begin(db, car, import, now).await?;
    let import = import.id;
    let mut imported = Imported::default();
    let (mut new, mut replaced) = (Vec::new(), BTreeSet::new());
    for (line, finding) in lines.iter().zip(findings) {
        match finding {
            Finding::Known(_) => {}
            Finding::New(id) => new.push((*id, &line.record)),
            Finding::Same(same) => match (choices.of(line.number), same.machines.as_slice()) {
                (Choice::Leave, _) => {}
                (Choice::Attach, [row]) if same.is_one_to_one => {
                    imported.attached +=
                        attach::fill_in(db, car, import, (same.id, &line.record), *row, now).await?;
                }
                (Choice::Attach | Choice::Replace, rows) => {
                    replaced.extend(rows);
                    new.push((same.id, &line.record));
                }
            },
        }
    }
    let replaced: Vec<Uuid> = replaced.into_iter().collect();
    imported.replaced = insert::take_out(db, car, import, &replaced).await?;
    imported.written = insert::all(db, car, import, &new, now).await?;
    end(db, import, imported).await?;
    Ok(imported)
}

async fn begin(
    db: &mut PgConnection,
    car: Uuid,
    import: NewImport,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO book_imports (id, car_id, program, written, attached, replaced, imported_at)
         VALUES ($1, $2, $3, 0, 0, 0, $4)",
        import.id,
        car,
        import.program.name(),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What did nothing is not remembered.
async fn end(db: &mut PgConnection, import: Uuid, imported: Imported) -> Result<(), StoreError> {
    let Imported { written, attached, replaced } = imported;
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    if imported == Imported::default() {
        sqlx::query!("DELETE FROM book_imports WHERE id = $1", import).execute(db).await?;
        return Ok(());
    }
    sqlx::query!(
        "UPDATE book_imports SET written = $2, attached = $3, replaced = $4 WHERE id = $1",
        import,
        count(written),
        count(attached),
        count(replaced),
    )
    .execute(db)
    .await?;
    Ok(())
}

impl Choices {
    pub fn all(usual: Choice) -> Self {
        Self { usual, of_lines: HashMap::new() }
    }

    fn of(&self, line: u64) -> Choice {
        self.of_lines.get(&line).copied().unwrap_or(self.usual)
    }
}

impl Choice {
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "attach" => Some(Self::Attach),
            "replace" => Some(Self::Replace),
            "leave" => Some(Self::Leave),
            _ => None,
        }
    }
}

/// The entries of a car in this time, of all books.
async fn stored(
    db: &mut PgConnection,
    car: Uuid,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Stored>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id!", 'meter-entries' AS "kind!", entry_date::timestamptz AS "since!",
             entry_date::timestamptz AS "until!", odometer_reading::float8 AS amount,
             evidence_until IS NOT NULL AS "is_machines!"
           FROM meter_entries WHERE car_id = $1 AND entry_date::timestamptz BETWEEN $2 AND $3
           UNION ALL
           SELECT id, 'fuel-entries', coalesce(filled_after, filled_at::timestamptz), filled_at::timestamptz,
             litres::float8, evidence_until IS NOT NULL
           FROM fuel_entries WHERE car_id = $1 AND filled_at::timestamptz BETWEEN $2 AND $3
           UNION ALL
           SELECT id, 'charging-sessions', started_after, coalesce(ended_at, started_at),
             coalesce(energy_kwh, grid_kwh)::float8, evidence_until IS NOT NULL
           FROM charging_sessions WHERE car_id = $1 AND started_at BETWEEN $2 AND $3
           UNION ALL
           SELECT id, 'trips', started_after, coalesce(ended_at, started_at), distance_km::float8,
             evidence_until IS NOT NULL
           FROM trips WHERE car_id = $1 AND started_at BETWEEN $2 AND $3
           UNION ALL
           SELECT id, 'expenses', coalesce(occurred_at, created_at)::timestamptz,
             coalesce(occurred_at, created_at)::timestamptz, amount::float8, evidence_until IS NOT NULL
           FROM expenses WHERE car_id = $1 AND coalesce(occurred_at, created_at)::timestamptz BETWEEN $2 AND $3"#,
        car,
        from,
        to,
    )
    .fetch_all(db)
    .await?;
    let stored = rows.into_iter().filter_map(|row| {
        Some(Stored {
            id: row.id,
            kind: Kind::parse(&row.kind)?,
            from: row.since,
            to: row.until,
            amount: row.amount.and_then(Number::from_f64),
            is_machines: row.is_machines,
        })
    });
    Ok(stored.collect())
}

/// Which of these lines became an entry before, or filled one in that is still there.
async fn known(db: &mut PgConnection, car: Uuid, ids: &[Uuid]) -> Result<BTreeSet<Uuid>, StoreError> {
    let ids = sqlx::query_scalar!(
        r#"WITH rows AS (
             SELECT id FROM meter_entries WHERE car_id = $1
             UNION ALL SELECT id FROM fuel_entries WHERE car_id = $1
             UNION ALL SELECT id FROM charging_sessions WHERE car_id = $1
             UNION ALL SELECT id FROM trips WHERE car_id = $1
             UNION ALL SELECT id FROM expenses WHERE car_id = $1
           )
           SELECT id AS "id!" FROM rows WHERE id = ANY ($2)
           UNION
           SELECT line.id FROM attached_lines AS line
           WHERE line.car_id = $1 AND line.id = ANY ($2) AND line.row_id IN (SELECT id FROM rows)"#,
        car,
        ids,
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().collect())
}
