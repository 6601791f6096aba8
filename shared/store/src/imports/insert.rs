//! Lines that become entries, many at a time.

use chrono::{DateTime, Utc};
use exchange::record::{Kind, Record};
use exchange::write::fields;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// Lines that go into one statement.
const AT_ONCE: usize = 1_000;

/// Writes records under their ids; says how many were not there yet.
pub async fn all(
    db: &mut PgConnection,
    car: Uuid,
    import: Uuid,
    records: &[(Uuid, &Record)],
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let mut written = 0;
    for kind in Kind::ALL {
        let of_kind: Vec<Value> = records
            .iter()
            .filter(|(_, record)| record.kind() == kind)
            .map(|(id, record)| Value::Object(fields(record, &json!({ "id": id }))))
            .collect();
        for lines in of_kind.chunks(AT_ONCE) {
            let lines = Value::from(lines);
            written += match kind {
                Kind::MeterEntries => meter_entries(db, car, import, &lines, now).await?,
                Kind::FuelEntries => fuel_entries(db, car, import, &lines, now).await?,
                Kind::ChargingSessions => charging_sessions(db, car, import, &lines, now).await?,
                Kind::Trips => trips(db, car, import, &lines, now).await?,
                Kind::Expenses => expenses(db, car, import, &lines, now).await?,
            };
        }
    }
    Ok(written)
}

/// Deletes entries of the machine whose place lines take. That a person did so is kept: the machine does not write them again.
pub async fn take_out(
    db: &mut PgConnection,
    car: Uuid,
    import: Uuid,
    rows: &[Uuid],
) -> Result<u64, StoreError> {
    if rows.is_empty() {
        return Ok(0);
    }
    let mut gone = 0;
    let done = sqlx::query!(
        "WITH gone AS (
           DELETE FROM meter_entries WHERE car_id = $1 AND id = ANY ($2) AND evidence_until IS NOT NULL RETURNING id
         )
         INSERT INTO book_import_rows (import_id, row_id, book, what) SELECT $3, id, 'meter_entries', 'replaced' FROM gone",
        car,
        rows,
        import,
    );
    gone += done.execute(&mut *db).await?.rows_affected();
    let done = sqlx::query!(
        "WITH gone AS (
           DELETE FROM fuel_entries WHERE car_id = $1 AND id = ANY ($2) AND evidence_until IS NOT NULL RETURNING id
         )
         INSERT INTO book_import_rows (import_id, row_id, book, what) SELECT $3, id, 'fuel_entries', 'replaced' FROM gone",
        car,
        rows,
        import,
    );
    gone += done.execute(&mut *db).await?.rows_affected();
    let done = sqlx::query!(
        "WITH gone AS (
           DELETE FROM charging_sessions WHERE car_id = $1 AND id = ANY ($2) AND evidence_until IS NOT NULL RETURNING id
         )
         INSERT INTO book_import_rows (import_id, row_id, book, what) SELECT $3, id, 'charging_sessions', 'replaced' FROM gone",
        car,
        rows,
        import,
    );
    gone += done.execute(&mut *db).await?.rows_affected();
    let done = sqlx::query!(
        "WITH gone AS (
           DELETE FROM trips WHERE car_id = $1 AND id = ANY ($2) AND evidence_until IS NOT NULL RETURNING id
         )
         INSERT INTO book_import_rows (import_id, row_id, book, what) SELECT $3, id, 'trips', 'replaced' FROM gone",
        car,
        rows,
        import,
    );
    gone += done.execute(&mut *db).await?.rows_affected();
    let done = sqlx::query!(
        "WITH gone AS (
           DELETE FROM expenses WHERE car_id = $1 AND id = ANY ($2) AND evidence_until IS NOT NULL RETURNING id
         )
         INSERT INTO book_import_rows (import_id, row_id, book, what) SELECT $3, id, 'expenses', 'replaced' FROM gone",
        car,
        rows,
        import,
    );
    gone += done.execute(db).await?.rows_affected();
    Ok(gone)
}

async fn meter_entries(
    db: &mut PgConnection,
    car: Uuid,
    import: Uuid,
    lines: &Value,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        r#"WITH written AS (
           INSERT INTO meter_entries (id, car_id, odometer_reading, entry_date, source_type, notes, created_at)
           SELECT line.id, $1, line."odometerKm", line."entryDate", 'import', line.notes, $3
           FROM jsonb_to_recordset($2) AS line (id uuid, "odometerKm" numeric, "entryDate" timestamptz, notes text)
           ON CONFLICT (id) DO NOTHING RETURNING *
           )
           INSERT INTO book_import_rows (import_id, row_id, book, what, said)
           SELECT $4, id, 'meter_entries', 'written', to_jsonb(written) FROM written"#,
        car,
        lines,
        now,
        import,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

async fn fuel_entries(
    db: &mut PgConnection,
    car: Uuid,
    import: Uuid,
    lines: &Value,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        r#"WITH written AS (
           INSERT INTO fuel_entries (id, car_id, filled_at, litres, odometer_reading, full_tank, missed_previous,
             price_per_litre, total_cost, currency, state, notes, source_type, created_at)
           SELECT line.id, $1, line."filledAt", line.litres, line."odometerKm", line."fullTank", line."missedPrevious",
             line."pricePerLitre", line."totalCost", line.currency, line.state, line.notes, 'import', $3
           FROM jsonb_to_recordset($2) AS line (id uuid, "filledAt" timestamptz, litres numeric, "odometerKm" numeric,
             "fullTank" boolean, "missedPrevious" boolean, "pricePerLitre" numeric, "totalCost" numeric, currency text,
             state text, notes text)
           ON CONFLICT (id) DO NOTHING RETURNING *
           )
           INSERT INTO book_import_rows (import_id, row_id, book, what, said)
           SELECT $4, id, 'fuel_entries', 'written', to_jsonb(written) FROM written"#,
        car,
        lines,
        now,
        import,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

async fn charging_sessions(
    db: &mut PgConnection,
    car: Uuid,
    import: Uuid,
    lines: &Value,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        r#"WITH written AS (
           INSERT INTO charging_sessions (id, car_id, started_after, started_at, ended_after, ended_at, start_soc, end_soc,
             energy_kwh, grid_kwh, current_type, peak_kw, odometer_reading, latitude, longitude, private_zone, cost,
             currency, inferred, state, segments, flow, notes, source_type, created_at)
           SELECT line.id, $1, line."startedAfter", line."startedAt", line."endedAfter", line."endedAt", line."startSoc",
             line."endSoc", line."energyKwh", line."gridKwh", line."currentType", line."peakKw", line."odometerKm",
             line.latitude, line.longitude, line."privateZone", line.cost, line.currency, coalesce(line.inferred, false),
             coalesce(line.state, 'recorded')::entry_state, coalesce(line.segments, '[]')::jsonb,
             coalesce(line.flow, '[]')::jsonb, line.notes, 'import', $3
           FROM jsonb_to_recordset($2) AS line (id uuid, "startedAfter" timestamptz, "startedAt" timestamptz,
             "endedAfter" timestamptz, "endedAt" timestamptz, "startSoc" numeric, "endSoc" numeric, "energyKwh" numeric,
             "gridKwh" numeric, "currentType" text, "peakKw" numeric, "odometerKm" numeric, latitude float8,
             longitude float8, "privateZone" text, cost numeric, currency text, inferred boolean, state text,
             segments text, flow text, notes text)
           ON CONFLICT (id) DO NOTHING RETURNING *
           )
           INSERT INTO book_import_rows (import_id, row_id, book, what, said)
           SELECT $4, id, 'charging_sessions', 'written', to_jsonb(written) FROM written"#,
        car,
        lines,
        now,
        import,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

async fn trips(
    db: &mut PgConnection,
    car: Uuid,
    import: Uuid,
    lines: &Value,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        r#"WITH written AS (
           INSERT INTO trips (id, car_id, started_after, started_at, ended_after, ended_at, distance_km, odometer_before,
             odometer_after, from_latitude, from_longitude, from_private_zone, to_latitude, to_longitude, to_private_zone,
             what, purpose, fuel_used_percent, charge_used_percent, state, notes, source_type, created_at)
           SELECT line.id, $1, line."startedAfter", line."startedAt", line."endedAfter", line."endedAt",
             line."distanceKm", line."odometerBeforeKm", line."odometerAfterKm", line."fromLatitude",
             line."fromLongitude", line."fromPrivateZone", line."toLatitude", line."toLongitude", line."toPrivateZone",
             coalesce(line.what, 'drive'), line.purpose, line."fuelUsedPercent", line."chargeUsedPercent",
             coalesce(line.state, 'recorded')::entry_state, line.notes, 'import', $3
           FROM jsonb_to_recordset($2) AS line (id uuid, "startedAfter" timestamptz, "startedAt" timestamptz,
             "endedAfter" timestamptz, "endedAt" timestamptz, "distanceKm" numeric, "odometerBeforeKm" numeric,
             "odometerAfterKm" numeric, "fromLatitude" float8, "fromLongitude" float8, "fromPrivateZone" text,
             "toLatitude" float8, "toLongitude" float8, "toPrivateZone" text, what text, purpose text,
             "fuelUsedPercent" numeric, "chargeUsedPercent" numeric, state text, notes text)
           ON CONFLICT (id) DO NOTHING RETURNING *
           )
           INSERT INTO book_import_rows (import_id, row_id, book, what, said)
           SELECT $4, id, 'trips', 'written', to_jsonb(written) FROM written"#,
        car,
        lines,
        now,
        import,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

async fn expenses(
    db: &mut PgConnection,
    car: Uuid,
    import: Uuid,
    lines: &Value,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        r#"WITH written AS (
           INSERT INTO expenses (id, car_id, category, amount, currency, occurred_at, odometer_reading, notes, source_type,
             created_at)
           SELECT line.id, $1, line.category, line.amount, line.currency, line."occurredAt", line."odometerKm", line.notes,
             'import', $3
           FROM jsonb_to_recordset($2) AS line (id uuid, category text, amount numeric, currency text,
             "occurredAt" timestamptz, "odometerKm" numeric, notes text)
           ON CONFLICT (id) DO NOTHING RETURNING *
           )
           INSERT INTO book_import_rows (import_id, row_id, book, what, said)
           SELECT $4, id, 'expenses', 'written', to_jsonb(written) FROM written"#,
        car,
        lines,
        now,
        import,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
