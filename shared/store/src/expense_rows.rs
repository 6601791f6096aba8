//! `expenses` as the machine writes them: what each charging session cost.

use chrono::{DateTime, Utc};
use domain::book::EntryState;
use domain::charging::ChargingSession;
use domain::tariff::Cost;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::sheet::{Decimal, Place, Row, Sent, Sheet};

const NOTES: &str = "Charging, synced from Smartcar";

#[derive(Debug, Serialize)]
struct Columns<'a> {
    amount: Decimal,
    currency: &'a str,
    occurred_at: DateTime<Utc>,
    notes: &'static str,
}

/// The id of what a session cost.
pub fn id(session: Uuid) -> Uuid {
    Uuid::new_v5(&session, b"expense")
}

/// All of the energy has a price.
const WHOLE: u16 = 1000;

/// Whether this session is an expense: it is over, it is sure, and all of it has a price. An expense is one amount and cannot
/// say that it is only a part, so what is known of a partial cost stays with the session, which can.
pub fn is_due(session: &ChargingSession, cost: &Cost) -> bool {
    let is_sure = match session.state {
        EntryState::Recorded => true,
        EntryState::Candidate | EntryState::Hidden => false,
    };
    is_sure && session.end.is_some() && cost.priced_share >= WHOLE
}

/// `place`: of the session.
pub fn row(place: Place, session: &ChargingSession, cost: &Cost) -> Result<Row, StoreError> {
    let columns = Columns {
        amount: Decimal::rounded(cost.expected),
        currency: cost.currency.as_str(),
        occurred_at: session.end.unwrap_or(session.start).by,
        notes: NOTES,
    };
    let place = Place { id: id(place.id), ..place };
    // The session has it.
    let why = ();
    Row::new(Sheet::Expenses, place, session.evidence.until, &why, columns)
}

/// Writes and amends; what a person changed or deleted meanwhile stays as it is.
pub async fn write(db: &mut PgConnection, rows: &Sent, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH row AS (
           SELECT row.*, own.*
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[], $6::bigint[], $7::bool[])
             AS row (id, vehicle, car, until, columns, digest, is_new)
           CROSS JOIN LATERAL json_to_record(row.columns::json) AS own (
             amount numeric, currency text, occurred_at timestamptz, notes text)
         ), amended AS (
           UPDATE expenses AS expense
           -- A note that a person wrote stays.
           SET car_id = row.car, amount = row.amount, currency = row.currency, occurred_at = row.occurred_at,
             evidence_until = row.until, digest = row.digest
           FROM row
           WHERE expense.id = row.id AND NOT row.is_new AND expense.evidence_until IS NOT NULL
         )
         INSERT INTO expenses (
           id, source_id, car_id, amount, currency, occurred_at, notes, evidence_until, digest, category, source_type,
           created_at)
         SELECT row.id, row.vehicle, row.car, row.amount, row.currency, row.occurred_at, row.notes, row.until, row.digest,
           'charging', 'smartcar_sync', $8
         FROM row WHERE is_new
         ON CONFLICT (id) DO NOTHING",
        &rows.ids,
        &rows.vehicles,
        &rows.cars,
        &rows.untils,
        &rows.columns as &[String],
        &rows.digests,
        &rows.is_new,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
