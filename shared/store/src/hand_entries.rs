//! `meter_entries` as people read and write them. Nothing here acts as the machine: each write is a person's word, and
//! triggers turn it into a decision.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// An entry of the mileage book.
#[derive(Debug, Clone, PartialEq)]
pub struct MeterEntryRow {
    pub id: Uuid,
    pub odometer_km: f64,
    pub at: DateTime<Utc>,
    /// `manual`, `smartcar_sync`, `import`, or another word of Carvetka's.
    pub source: String,
    pub notes: Option<String>,
}

/// Where a page of a list ends: the next one begins behind this row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub at: DateTime<Utc>,
    pub id: Uuid,
}

/// What a person wants to write.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMeterEntry {
    pub odometer_km: f64,
    pub at: DateTime<Utc>,
    pub notes: Option<String>,
}

/// What is to become of a field that may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Edit<T> {
    #[default]
    Keep,
    Empty,
    Set(T),
}

impl<T> Edit<T> {
    /// The same, of another form.
    pub fn map<U>(self, form: impl FnOnce(T) -> U) -> Edit<U> {
        match self {
            Self::Keep => Edit::Keep,
            Self::Empty => Edit::Empty,
            Self::Set(value) => Edit::Set(form(value)),
        }
    }

    /// The field afterwards.
    pub fn over(self, old: Option<T>) -> Option<T> {
        match self {
            Self::Keep => old,
            Self::Empty => None,
            Self::Set(value) => Some(value),
        }
    }

    /// Whether the field is written at all, and what then.
    pub(crate) fn written(&self) -> (bool, Option<&T>) {
        match self {
            Self::Keep => (false, None),
            Self::Empty => (true, None),
            Self::Set(value) => (true, Some(value)),
        }
    }
}

/// What a person wants to be different; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MeterEntryChange {
    pub odometer_km: Option<f64>,
    pub at: Option<DateTime<Utc>>,
    pub notes: Edit<String>,
}

/// The entries of a car, newest first, behind a place.
pub async fn page(
    db: &mut PgConnection,
    car: Uuid,
    behind: Option<Place>,
    limit: i64,
) -> Result<Vec<MeterEntryRow>, StoreError> {
    let rows = sqlx::query_as!(
        MeterEntryRow,
        r#"SELECT id, odometer_reading::float8 AS "odometer_km!", entry_date::timestamptz AS "at!",
             source_type::text AS "source!", notes
           FROM meter_entries
           WHERE car_id = $1 AND ($2::timestamptz IS NULL OR (entry_date::timestamptz, id) < ($2, $3))
           ORDER BY entry_date::timestamptz DESC, id DESC LIMIT $4"#,
        car,
        behind.map(|place| place.at),
        behind.map_or(Uuid::nil(), |place| place.id),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// Writes an entry of a person.
pub async fn add(
    db: &mut PgConnection,
    car: Uuid,
    entry: &NewMeterEntry,
    now: DateTime<Utc>,
) -> Result<MeterEntryRow, StoreError> {
    let NewMeterEntry { odometer_km, at, notes } = entry;
    let row = sqlx::query_as!(
        MeterEntryRow,
        r#"INSERT INTO meter_entries (car_id, odometer_reading, entry_date, source_type, notes, created_at)
           VALUES ($1, trim_scale($2::float8::numeric), $3, 'manual', $4, $5)
           RETURNING id, odometer_reading::float8 AS "odometer_km!", entry_date::timestamptz AS "at!",
             source_type::text AS "source!", notes"#,
        car,
        odometer_km,
        at,
        notes.as_deref(),
        now,
    )
    .fetch_one(db)
    .await?;
    Ok(row)
}

/// Changes an entry of this car, whoever wrote it; `None` if there is none.
pub async fn change(
    db: &mut PgConnection,
    car: Uuid,
    id: Uuid,
    change: &MeterEntryChange,
) -> Result<Option<MeterEntryRow>, StoreError> {
    let MeterEntryChange { odometer_km, at, notes } = change;
    let (writes_notes, notes) = notes.written();
    let row = sqlx::query_as!(
        MeterEntryRow,
        r#"UPDATE meter_entries
           SET odometer_reading = coalesce(trim_scale($3::float8::numeric), odometer_reading),
             entry_date = coalesce($4::timestamptz, entry_date::timestamptz),
             notes = CASE WHEN $5 THEN $6 ELSE notes END
           WHERE id = $2 AND car_id = $1
           RETURNING id, odometer_reading::float8 AS "odometer_km!", entry_date::timestamptz AS "at!",
             source_type::text AS "source!", notes"#,
        car,
        id,
        *odometer_km,
        *at,
        writes_notes,
        notes,
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}

/// Deletes an entry of this car, whoever wrote it; says whether there was one. The machine does not write it again.
pub async fn delete(db: &mut PgConnection, car: Uuid, id: Uuid) -> Result<bool, StoreError> {
    let done =
        sqlx::query!("DELETE FROM meter_entries WHERE id = $2 AND car_id = $1", car, id).execute(db).await?;
    Ok(done.rows_affected() > 0)
}
