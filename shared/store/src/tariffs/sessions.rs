//! Charging sessions that tariffs price, as the rules know them: for looking at what another tariff would make of them.

use chrono::{DateTime, Utc};
use domain::book::{EntryState, Evidence};
use domain::charging::{ChargingSession, Energy, EnergySource, Piece, Segment};
use domain::motion::Place;
use domain::reading::{Milli, Position};
use domain::within::Within;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// A session and what it costs now.
#[derive(Debug, Clone, PartialEq)]
pub struct PricedSession {
    pub id: Uuid,
    pub car: Uuid,
    /// Of which it follows: its people's setup prices it.
    pub vehicle: Uuid,
    /// As far as its price depends on it.
    pub session: ChargingSession,
    pub cost: Option<StoredCost>,
}

/// What stands in the book.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredCost {
    pub amount: f64,
    pub low: f64,
    pub high: f64,
    pub currency: String,
    /// Of 1.
    pub share: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SegmentJson {
    started_after: DateTime<Utc>,
    started_at: DateTime<Utc>,
    ended_after: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct PieceJson {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    kwh: f64,
}

struct Row {
    id: Uuid,
    car: Uuid,
    vehicle: Uuid,
    started_after: DateTime<Utc>,
    started_at: DateTime<Utc>,
    ended_after: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    energy_wh: Option<i64>,
    energy_plus_minus_wh: Option<i64>,
    energy_source: Option<String>,
    grid_wh: Option<i64>,
    grid_plus_minus_wh: Option<i64>,
    peak: Option<i64>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    private_zone: Option<String>,
    segments: serde_json::Value,
    flow: serde_json::Value,
    inferred: bool,
    until: DateTime<Utc>,
    cost: Option<f64>,
    cost_low: Option<f64>,
    cost_high: Option<f64>,
    currency: Option<String>,
    cost_share: Option<f64>,
}

/// The sessions of this person's cars that went on after a moment and that the machine prices, newest first. What a person
/// wrote, corrected or paid is not among them, and no question is.
pub async fn priced_sessions(
    db: &mut PgConnection,
    user: Uuid,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<PricedSession>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT session.id, session.car_id AS car, session.source_id AS "vehicle!", session.started_after,
             session.started_at, session.ended_after, session.ended_at,
             round(session.energy_kwh * 1000)::bigint AS energy_wh,
             round(session.energy_plus_minus_kwh * 1000)::bigint AS energy_plus_minus_wh, session.energy_source,
             round(session.grid_kwh * 1000)::bigint AS grid_wh,
             round(session.grid_plus_minus_kwh * 1000)::bigint AS grid_plus_minus_wh,
             round(session.peak_kw * 1000)::bigint AS peak, session.latitude, session.longitude, session.private_zone,
             session.segments, session.flow, session.inferred, session.evidence_until AS "until!",
             session.cost::float8 AS cost, session.cost_low::float8 AS cost_low, session.cost_high::float8 AS cost_high,
             session.currency, session.cost_share::float8 AS cost_share
           FROM cars AS car JOIN charging_sessions AS session ON session.car_id = car.id
           WHERE car.user_id = $1 AND session.evidence_until IS NOT NULL AND session.source_id IS NOT NULL
             AND coalesce(session.ended_at, session.evidence_until) >= $2
             AND (session.cost IS NULL OR session.tariff_versions <> '{}') AND session.state <> 'candidate'
           ORDER BY session.started_at DESC, session.id DESC LIMIT $3"#,
        user,
        since,
        limit,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(PricedSession::try_from).collect()
}

/// How many sessions of this person's cars went on after a moment and have a price that no tariff changes: a person wrote or
/// corrected them, or said what they cost.
pub async fn locked_sessions(
    db: &mut PgConnection,
    user: Uuid,
    since: DateTime<Utc>,
) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!"
           FROM cars AS car JOIN charging_sessions AS session ON session.car_id = car.id
           WHERE car.user_id = $1 AND coalesce(session.ended_at, session.evidence_until, session.started_at) >= $2
             AND (session.evidence_until IS NULL OR (session.cost IS NOT NULL AND session.tariff_versions = '{}'))"#,
        user,
        since,
    )
    .fetch_one(db)
    .await?;
    Ok(count)
}

impl TryFrom<Row> for PricedSession {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let cost = match (row.cost, &row.currency) {
            (Some(amount), Some(currency)) => Some(StoredCost {
                amount,
                low: row.cost_low.unwrap_or(amount),
                high: row.cost_high.unwrap_or(amount),
                currency: currency.clone(),
                share: row.cost_share.unwrap_or(1.0),
            }),
            (_, _) => None,
        };
        let (id, car, vehicle) = (row.id, row.car, row.vehicle);
        Ok(Self { id, car, vehicle, session: row.session()?, cost })
    }
}

impl Row {
    fn session(self) -> Result<ChargingSession, StoreError> {
        let start = Within { after: self.started_after, by: self.started_at };
        let source = source(self.energy_source.as_deref());
        let energy = |wh: Option<i64>, plus_minus: Option<i64>| {
            wh.map(|wh| Energy { wh, plus_minus_wh: plus_minus.unwrap_or(0), source })
        };
        Ok(ChargingSession {
            key: self.started_at,
            start,
            end: within(self.ended_after, self.ended_at),
            start_level: None,
            end_level: None,
            energy: energy(self.energy_wh, self.energy_plus_minus_wh),
            grid: energy(self.grid_wh, self.grid_plus_minus_wh),
            current: None,
            peak: self.peak,
            odometer: None,
            place: place(self.private_zone, self.latitude, self.longitude),
            segments: json::<SegmentJson>(self.segments, "segments")?
                .into_iter()
                .map(Segment::from)
                .collect(),
            flow: json::<PieceJson>(self.flow, "flow")?.into_iter().map(Piece::from).collect(),
            inferred: self.inferred,
            state: EntryState::Recorded,
            evidence: Evidence::at(self.until),
        })
    }
}

fn json<T: DeserializeOwned>(value: serde_json::Value, column: &'static str) -> Result<Vec<T>, StoreError> {
    serde_json::from_value(value)
        .map_err(|error| StoreError::corrupt("charging_sessions", column)(error.into()))
}

fn within(after: Option<DateTime<Utc>>, by: Option<DateTime<Utc>>) -> Option<Within> {
    Some(Within { after: after?, by: by? })
}

fn place(zone: Option<String>, latitude: Option<f64>, longitude: Option<f64>) -> Option<Place> {
    zone.map(Place::Private).or_else(|| Position::from_degrees(latitude?, longitude?).ok().map(Place::At))
}

fn source(word: Option<&str>) -> EnergySource {
    match word {
        Some("counter") => EnergySource::Counter,
        Some("power") => EnergySource::Power,
        Some("meter") => EnergySource::Meter,
        _ => EnergySource::Level,
    }
}

impl From<SegmentJson> for Segment {
    fn from(json: SegmentJson) -> Self {
        let SegmentJson { started_after, started_at, ended_after, ended_at } = json;
        Self {
            start: Within { after: started_after, by: started_at },
            end: within(ended_after, ended_at),
            start_level: None,
            end_level: None,
            wh: None,
        }
    }
}

impl From<PieceJson> for Piece {
    fn from(json: PieceJson) -> Self {
        let PieceJson { from, to, kwh } = json;
        Self { from, to, wh: Milli::from_f64(kwh).unwrap_or_default().0 }
    }
}
