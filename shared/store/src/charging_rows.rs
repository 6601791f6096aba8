//! `charging_sessions` as the machine writes them.

use chrono::{DateTime, Utc};
use domain::charging::{ChargingSession, Current, EnergySource, Piece, Segment};
use domain::reading::Milli;
use domain::setup::Setup;
use domain::tariff::{Cost, Line};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::evidence::evidence;
use crate::place::Spot;
use crate::sheet::{Decimal, Place, Row, Sent, Sheet, state};

#[derive(Debug, Serialize)]
struct Columns<'a> {
    started_after: DateTime<Utc>,
    started_at: DateTime<Utc>,
    ended_after: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    start_soc: Option<Decimal>,
    end_soc: Option<Decimal>,
    energy_kwh: Option<Decimal>,
    energy_plus_minus_kwh: Option<Decimal>,
    energy_source: Option<&'static str>,
    grid_kwh: Option<Decimal>,
    grid_plus_minus_kwh: Option<Decimal>,
    current_type: Option<&'static str>,
    peak_kw: Option<Decimal>,
    odometer_reading: Option<Decimal>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    private_zone: Option<String>,
    place_id: Option<Uuid>,
    segments: Vec<SegmentJson>,
    flow: Vec<PieceJson>,
    inferred: bool,
    cost: Option<Decimal>,
    cost_low: Option<Decimal>,
    cost_high: Option<Decimal>,
    currency: Option<&'a str>,
    cost_share: Option<Decimal>,
    cost_parts: Option<&'a [Line]>,
    tariff_versions: Vec<Uuid>,
    expense_id: Option<Uuid>,
    state: &'static str,
}

/// As pages read it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SegmentJson {
    started_after: DateTime<Utc>,
    started_at: DateTime<Utc>,
    ended_after: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    start_soc: Option<f64>,
    end_soc: Option<f64>,
    kwh: Option<f64>,
}

#[derive(Debug, Serialize)]
struct PieceJson {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    kwh: f64,
}

/// `expense`: the row that says what it cost, where there is one.
pub fn row(
    place: Place,
    session: &ChargingSession,
    cost: Option<&Cost>,
    expense: Option<Uuid>,
    setup: &Setup,
) -> Result<Row, StoreError> {
    let Spot { latitude, longitude, private_zone, place_id } = Spot::of(session.place.as_ref(), setup);
    let columns = Columns {
        started_after: session.start.after,
        started_at: session.start.by,
        ended_after: session.end.map(|end| end.after),
        ended_at: session.end.map(|end| end.by),
        start_soc: session.start_level.map(Decimal::from),
        end_soc: session.end_level.map(Decimal::from),
        energy_kwh: session.energy.map(|energy| Decimal(energy.wh)),
        energy_plus_minus_kwh: session.energy.map(|energy| Decimal(energy.plus_minus_wh)),
        energy_source: session.energy.map(|energy| source(energy.source)),
        grid_kwh: session.grid.map(|energy| Decimal(energy.wh)),
        grid_plus_minus_kwh: session.grid.map(|energy| Decimal(energy.plus_minus_wh)),
        current_type: session.current.map(current),
        peak_kw: session.peak.map(Decimal),
        odometer_reading: session.odometer.map(Decimal::from),
        latitude,
        longitude,
        private_zone,
        place_id,
        segments: session.segments.iter().map(SegmentJson::of).collect(),
        flow: session.flow.iter().map(PieceJson::of).collect(),
        inferred: session.inferred,
        cost: cost.map(|cost| Decimal::rounded(cost.expected)),
        cost_low: cost.map(|cost| Decimal::rounded(cost.low)),
        cost_high: cost.map(|cost| Decimal::rounded(cost.high)),
        currency: cost.map(|cost| cost.currency.as_str()),
        cost_share: cost.map(|cost| Decimal(cost.priced_share.into())),
        cost_parts: cost.map(|cost| cost.lines.as_slice()),
        tariff_versions: cost.map_or_else(Vec::new, |cost| {
            cost.versions.iter().map(|version| Uuid::from_u128(version.0)).collect()
        }),
        expense_id: expense,
        state: state(session.state),
    };
    let why = evidence("charging", None, &session.evidence);
    Row::new(Sheet::ChargingSessions, place, session.evidence.until, &why, columns)
}

impl SegmentJson {
    fn of(segment: &Segment) -> Self {
        Self {
            started_after: segment.start.after,
            started_at: segment.start.by,
            ended_after: segment.end.map(|end| end.after),
            ended_at: segment.end.map(|end| end.by),
            start_soc: segment.start_level.map(Milli::to_f64),
            end_soc: segment.end_level.map(Milli::to_f64),
            kwh: segment.wh.map(|wh| Milli(wh).to_f64()),
        }
    }
}

impl PieceJson {
    fn of(piece: &Piece) -> Self {
        Self { from: piece.from, to: piece.to, kwh: Milli(piece.wh).to_f64() }
    }
}

fn source(source: EnergySource) -> &'static str {
    match source {
        EnergySource::Counter => "counter",
        EnergySource::Power => "power",
        EnergySource::Level => "level",
        EnergySource::Meter => "meter",
    }
}

fn current(current: Current) -> &'static str {
    match current {
        Current::Alternating => "AC",
        Current::Direct => "DC",
    }
}

/// Writes and amends; what a person changed or deleted meanwhile stays as it is.
pub async fn write(db: &mut PgConnection, rows: &Sent, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH row AS (
           SELECT row.*, own.*
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[], $6::bigint[], $7::bool[])
             AS row (id, vehicle, car, until, columns, digest, is_new)
           CROSS JOIN LATERAL json_to_record(row.columns::json) AS own (
             started_after timestamptz, started_at timestamptz, ended_after timestamptz, ended_at timestamptz,
             start_soc numeric, end_soc numeric, energy_kwh numeric, energy_plus_minus_kwh numeric, energy_source text,
             grid_kwh numeric, grid_plus_minus_kwh numeric, current_type text, peak_kw numeric,
             odometer_reading numeric, latitude float8, longitude float8, private_zone text, place_id uuid,
             segments jsonb, flow jsonb, inferred bool, cost numeric, cost_low numeric, cost_high numeric,
             currency text, cost_share numeric, cost_parts jsonb, tariff_versions uuid[], expense_id uuid,
             state entry_state, evidence jsonb)
         ), amended AS (
           UPDATE charging_sessions AS session
           SET car_id = row.car, started_after = row.started_after, started_at = row.started_at,
             ended_after = row.ended_after, ended_at = row.ended_at, start_soc = row.start_soc, end_soc = row.end_soc,
             energy_kwh = row.energy_kwh, energy_plus_minus_kwh = row.energy_plus_minus_kwh,
             energy_source = row.energy_source, grid_kwh = row.grid_kwh, grid_plus_minus_kwh = row.grid_plus_minus_kwh,
             current_type = row.current_type, peak_kw = row.peak_kw, odometer_reading = row.odometer_reading,
             latitude = row.latitude, longitude = row.longitude, private_zone = row.private_zone,
             place_id = row.place_id, segments = row.segments, flow = row.flow, inferred = row.inferred,
             cost = row.cost, cost_low = row.cost_low, cost_high = row.cost_high, currency = row.currency,
             cost_share = row.cost_share, cost_parts = row.cost_parts, tariff_versions = row.tariff_versions,
             expense_id = row.expense_id, state = row.state,
             evidence = row.evidence,
             confidence = (row.evidence->>'confidence')::numeric, evidence_until = row.until, digest = row.digest
           FROM row
           WHERE session.id = row.id AND NOT row.is_new AND session.evidence_until IS NOT NULL
         )
         INSERT INTO charging_sessions (
           id, source_id, car_id, started_after, started_at, ended_after, ended_at, start_soc, end_soc, energy_kwh,
           energy_plus_minus_kwh, energy_source, grid_kwh, grid_plus_minus_kwh, current_type, peak_kw, odometer_reading,
           latitude, longitude, private_zone, place_id, segments, flow, inferred, cost, cost_low, cost_high, currency,
           cost_share, cost_parts, tariff_versions, expense_id, state, evidence, confidence, evidence_until, digest,
           source_type, created_at)
         SELECT row.id, row.vehicle, row.car, row.started_after, row.started_at, row.ended_after, row.ended_at,
           row.start_soc, row.end_soc, row.energy_kwh, row.energy_plus_minus_kwh, row.energy_source, row.grid_kwh,
           row.grid_plus_minus_kwh, row.current_type, row.peak_kw, row.odometer_reading, row.latitude, row.longitude,
           row.private_zone, row.place_id, row.segments, row.flow, row.inferred, row.cost, row.cost_low, row.cost_high,
           row.currency, row.cost_share, row.cost_parts, row.tariff_versions, row.expense_id, row.state,
           row.evidence, (row.evidence->>'confidence')::numeric, row.until, row.digest, 'smartcar_sync', $8
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
