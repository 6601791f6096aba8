//! Lines that fill in what the machine wrote: the entry stays where it is, knows what the line knows, and is the person's
//! from then on.

use chrono::{DateTime, Utc};
use exchange::record::Record;
use exchange::write::fields;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// Fills in the machine's row with a line of an import and its id; says how many rows that were.
pub async fn fill_in(
    db: &mut PgConnection,
    car: Uuid,
    import: Uuid,
    (line, record): (Uuid, &Record),
    row: Uuid,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    // A line that tells only the day knows less of the moment than the machine.
    let moment = Some(record.when()).filter(|when| !when.whole_day).map(|when| when.at);
    let said = Value::Object(fields(record, &json!({})));
    let done = match record {
        // Both say the same kilometres, and there is nothing else to say.
        Record::Meter(_) | Record::Expense(_) => 1,
        Record::Fuel(_) => fuel_entry(db, car, row, moment, &said).await?,
        Record::Charging(_) => charging_session(db, car, row, &said).await?,
        Record::Trip(_) => trip(db, car, row, &said).await?,
    };
    sqlx::query!(
        "INSERT INTO attached_lines (id, car_id, row_id, attached_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO UPDATE SET row_id = excluded.row_id, attached_at = excluded.attached_at",
        line,
        car,
        row,
        now,
    )
    .execute(&mut *db)
    .await?;
    remember(db, import, row).await?;
    Ok(done)
}

/// Keeps what the row says now: as long as it says the same, nobody else had a hand in it.
async fn remember(db: &mut PgConnection, import: Uuid, row: Uuid) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO book_import_rows (import_id, row_id, book, what, said)
         SELECT $1, $2, book, 'attached', said
         FROM (
           SELECT 'meter_entries' AS book, to_jsonb(entry) AS said FROM meter_entries AS entry WHERE id = $2
           UNION ALL SELECT 'fuel_entries', to_jsonb(entry) FROM fuel_entries AS entry WHERE id = $2
           UNION ALL SELECT 'charging_sessions', to_jsonb(entry) FROM charging_sessions AS entry WHERE id = $2
           UNION ALL SELECT 'trips', to_jsonb(entry) FROM trips AS entry WHERE id = $2
           UNION ALL SELECT 'expenses', to_jsonb(entry) FROM expenses AS entry WHERE id = $2
         ) AS entry
         ON CONFLICT (import_id, row_id) DO NOTHING",
        import,
        row,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn fuel_entry(
    db: &mut PgConnection,
    car: Uuid,
    row: Uuid,
    moment: Option<DateTime<Utc>>,
    said: &Value,
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        r#"UPDATE fuel_entries AS entry
           SET filled_at = coalesce($3, entry.filled_at), filled_after = coalesce($3, entry.filled_after),
             litres = coalesce(line.litres, entry.litres),
             litres_plus_minus = CASE WHEN line.litres IS NULL THEN entry.litres_plus_minus END,
             odometer_reading = coalesce(line."odometerKm", entry.odometer_reading),
             full_tank = coalesce(line."fullTank", entry.full_tank),
             missed_previous = coalesce(line."missedPrevious", entry.missed_previous),
             price_per_litre = CASE WHEN line.currency IS NULL THEN entry.price_per_litre ELSE line."pricePerLitre" END,
             total_cost = CASE WHEN line.currency IS NULL THEN entry.total_cost ELSE line."totalCost" END,
             currency = coalesce(line.currency, entry.currency),
             cost_is_estimate = entry.cost_is_estimate AND line.currency IS NULL,
             notes = coalesce(line.notes, entry.notes), state = 'confirmed'
           FROM jsonb_to_record($4) AS line (litres numeric, "odometerKm" numeric, "fullTank" boolean,
             "missedPrevious" boolean, "pricePerLitre" numeric, "totalCost" numeric, currency text, notes text)
           WHERE entry.id = $2 AND entry.car_id = $1"#,
        car,
        row,
        moment,
        said,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

async fn charging_session(
    db: &mut PgConnection,
    car: Uuid,
    row: Uuid,
    said: &Value,
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        r#"UPDATE charging_sessions AS session
           SET energy_kwh = coalesce(line."energyKwh", session.energy_kwh),
             energy_plus_minus_kwh = CASE WHEN line."energyKwh" IS NULL THEN session.energy_plus_minus_kwh END,
             grid_kwh = coalesce(line."gridKwh", session.grid_kwh),
             grid_plus_minus_kwh = CASE WHEN line."gridKwh" IS NULL THEN session.grid_plus_minus_kwh END,
             start_soc = coalesce(session.start_soc, line."startSoc"), end_soc = coalesce(session.end_soc, line."endSoc"),
             current_type = coalesce(line."currentType", session.current_type),
             peak_kw = coalesce(session.peak_kw, line."peakKw"),
             odometer_reading = coalesce(session.odometer_reading, line."odometerKm"),
             cost = CASE WHEN line.cost IS NULL THEN session.cost ELSE line.cost END,
             cost_low = CASE WHEN line.cost IS NULL THEN session.cost_low END,
             cost_high = CASE WHEN line.cost IS NULL THEN session.cost_high END,
             cost_share = CASE WHEN line.cost IS NULL THEN session.cost_share ELSE 1 END,
             cost_parts = CASE WHEN line.cost IS NULL THEN session.cost_parts END,
             tariff_versions = CASE WHEN line.cost IS NULL THEN session.tariff_versions ELSE '{}' END,
             currency = coalesce(line.currency, session.currency),
             notes = coalesce(line.notes, session.notes), state = 'confirmed'
           FROM jsonb_to_record($3) AS line ("energyKwh" numeric, "gridKwh" numeric, "startSoc" numeric, "endSoc" numeric,
             "currentType" text, "peakKw" numeric, "odometerKm" numeric, cost numeric, currency text, notes text)
           WHERE session.id = $2 AND session.car_id = $1"#,
        car,
        row,
        said,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

async fn trip(db: &mut PgConnection, car: Uuid, row: Uuid, said: &Value) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        r#"UPDATE trips AS trip
           SET purpose = coalesce(line.purpose, trip.purpose), notes = coalesce(line.notes, trip.notes),
             state = 'confirmed'
           FROM jsonb_to_record($3) AS line (purpose text, notes text)
           WHERE trip.id = $2 AND trip.car_id = $1"#,
        car,
        row,
        said,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
