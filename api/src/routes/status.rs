//! What the badge on a car's page shows.

use axum::extract::State;
use axum::response::Json;
use chrono::{DateTime, Utc};
use connections::{Badge, ReconnectReason, Status, StatusError};
use runtime::clock;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;
use crate::extract::OwnCar;
use crate::problem::Answer;
use crate::refusal::Waiting;

/// How a car is connected.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionStatus {
    car_id: Uuid,
    badge: BadgeWord,
    /// Why the person has to connect again, where the badge says so.
    reconnect: Option<Reconnect>,
    connected_at: Option<DateTime<Utc>>,
    /// When the car was last heard of, to the minute.
    last_synced_at: Option<DateTime<Utc>>,
    location_consent: bool,
    /// What the owner agreed to, in Smartcar's words; empty if nobody knows.
    scopes: Vec<String>,
    /// When each signal was last said, in the car's own time; the newest first.
    signals: Vec<Signal>,
    /// The consent ends then, and that is soon: tell the person to connect again.
    consent_expires_at: Option<DateTime<Utc>>,
    /// The car is left alone for a while.
    rests: Option<Rest>,
    /// How often the car may still be asked in this month.
    calls_left: i64,
}

/// The one word.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum BadgeWord {
    NotConnected,
    Connected,
    /// Connected, and silent for longer than this car should be.
    Stale,
    ReconnectNeeded,
}

/// Why the person has to connect again, in the platform's words.
#[derive(Serialize, ToSchema)]
struct Reconnect {
    kind: String,
    code: Option<String>,
    /// For the person.
    message: Option<String>,
    /// Where the person can put it right, if Smartcar says so.
    url: Option<String>,
}

/// What a car told of, and when.
#[derive(Serialize, ToSchema)]
struct Signal {
    signal: String,
    at: DateTime<Utc>,
}

/// Until when a car is left alone, and why.
#[derive(Serialize, ToSchema)]
struct Rest {
    until: DateTime<Utc>,
    why: Waiting,
}

/// How the car is connected, when it was heard of, and whether the person has to do something.
#[utoipa::path(get, path = "/api/smartcar/status/{carId}", tag = "smartcar", operation_id = "getStatus",
    security(("person" = [])), params(("carId" = Uuid, Path)),
    responses(
        (status = 200, description = "The connection", body = ConnectionStatus),
        (status = 501, description = "Not set up"),
    ))]
pub async fn status(State(app): State<App>, car: OwnCar) -> Answer<Json<ConnectionStatus>> {
    let status = app.connections()?.status(car.person.id, car.id, clock::now()).await;
    let status = status.map_err(|error| match error {
        StatusError::NoSuchCar => OwnCar::none(),
        StatusError::Store(error) => error.into(),
    })?;
    Ok(Json(status.into()))
}

impl From<Status> for ConnectionStatus {
    fn from(status: Status) -> Self {
        let Status {
            car_id,
            badge,
            // Of no use to pages, which know cars.
            vehicle_id: _,
            connected_at,
            last_synced_at,
            location_consent,
            scopes,
            signals,
            consent_expires_at,
            rests,
            calls_left,
        } = status;
        let (badge, reconnect) = match badge {
            Badge::NotConnected => (BadgeWord::NotConnected, None),
            Badge::Connected => (BadgeWord::Connected, None),
            Badge::Stale => (BadgeWord::Stale, None),
            Badge::ReconnectNeeded(ReconnectReason { kind, code, message, url }) => {
                (BadgeWord::ReconnectNeeded, Some(Reconnect { kind, code, message, url }))
            }
        };
        let signals = signals.into_iter().map(|seen| Signal { signal: seen.signal, at: seen.at }).collect();
        let rests = rests.map(|(until, why)| Rest { until, why: why.into() });
        Self {
            car_id,
            badge,
            reconnect,
            connected_at,
            last_synced_at,
            location_consent,
            scopes,
            signals,
            consent_expires_at,
            rests,
            calls_left,
        }
    }
}
