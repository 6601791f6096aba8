//! *Sync now*: the car is asked, and the person is told what came of it.

use axum::extract::State;
use axum::response::Json;
use chrono::{DateTime, Utc};
use connections::{EntryAction, EntryWritten, SyncError, SyncOutcome};
use runtime::clock;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;
use crate::extract::OwnCar;
use crate::problem::{Answer, Problem};
use crate::refusal::{self, Waiting};

/// What asking the car came to.
#[derive(Serialize, ToSchema)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum SyncResult {
    /// The book changed.
    Written {
        entries: Vec<WrittenEntry>,
        /// How many readings were new, of whatever kind.
        #[serde(rename = "readingsNew")]
        readings_new: usize,
    },
    /// The car says something new, and its mileage is in the book already.
    Duplicate {
        #[serde(rename = "odometerKm")]
        odometer_km: Option<f64>,
        #[serde(rename = "readingsNew")]
        readings_new: usize,
    },
    /// The car says what it said before.
    NothingNew {
        #[serde(rename = "odometerKm")]
        odometer_km: Option<f64>,
    },
    /// The car is left alone until then.
    Waiting { until: DateTime<Utc>, why: Waiting },
}

/// An entry of the mileage book that this sync wrote.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WrittenEntry {
    id: Uuid,
    odometer_km: f64,
    /// The moment at the car.
    entry_date: DateTime<Utc>,
    action: WrittenAction,
}

/// What happened to the entry.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WrittenAction {
    Inserted,
    Amended,
    Retracted,
}

/// Asks the car now, and says what came of it. May take a minute: some cars have to be woken.
#[utoipa::path(post, path = "/api/smartcar/sync/{carId}", tag = "smartcar", operation_id = "syncNow",
    security(("person" = [])), params(("carId" = Uuid, Path)),
    responses(
        (status = 200, description = "What came of it", body = SyncResult),
        (status = 409, description = "Not connected, or to be connected again"),
        (status = 423, description = "Its tokens are being renewed"),
        (status = 501, description = "Not set up"),
        (status = 502, description = "Smartcar has trouble"),
    ))]
pub async fn sync(State(app): State<App>, car: OwnCar) -> Answer<Json<SyncResult>> {
    app.allowance.action(car.person.id)?;
    let connections = app.connections()?.clone();
    let outcome =
        app.to_its_end(async move { connections.sync_car(car.person.id, car.id, clock::now()).await });
    match outcome.await?.map_err(refuse)? {
        SyncOutcome::Written { entries, readings_new } => {
            let entries = entries.into_iter().map(WrittenEntry::from).collect();
            Ok(Json(SyncResult::Written { entries, readings_new }))
        }
        SyncOutcome::Duplicate { odometer_km, readings_new } => {
            Ok(Json(SyncResult::Duplicate { odometer_km, readings_new }))
        }
        SyncOutcome::NothingNew { odometer_km } => Ok(Json(SyncResult::NothingNew { odometer_km })),
        SyncOutcome::Wait { until, why } => Ok(Json(SyncResult::Waiting { until, why: why.into() })),
        SyncOutcome::BudgetExhausted { until } => Err(refusal::budget(until, clock::now())),
        SyncOutcome::Reconnect(reason) => Err(refusal::reconnect(&reason)),
    }
}

fn refuse(error: SyncError) -> Problem {
    match error {
        SyncError::NotConnected => refusal::not_connected(),
        SyncError::Store(error) => error.into(),
        SyncError::Refresh(error) => refusal::refresh(error),
        error @ (SyncError::Vault(_) | SyncError::Platform(_)) => Problem::internal(&error),
    }
}

impl From<EntryWritten> for WrittenEntry {
    fn from(entry: EntryWritten) -> Self {
        let EntryWritten { id, odometer_km, at, action } = entry;
        let action = match action {
            EntryAction::Inserted => WrittenAction::Inserted,
            EntryAction::Amended => WrittenAction::Amended,
            EntryAction::Retracted => WrittenAction::Retracted,
        };
        Self { id, odometer_km, entry_date: at, action }
    }
}
