//! The garage: a person's cars at a glance.

use axum::extract::State;
use axum::response::Json;
use chrono::{DateTime, Utc};
use serde::Serialize;
use store::garage::{self, CarRow};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;
use crate::identity::Person;
use crate::problem::Answer;

/// The cars of the person.
#[derive(Serialize, ToSchema)]
pub struct Garage {
    items: Vec<Car>,
}

/// A car at a glance.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Car {
    id: Uuid,
    name: String,
    make: Option<String>,
    model: Option<String>,
    year: Option<i32>,
    vin: Option<String>,
    powertrain: Option<String>,
    connection: Connection,
    last_synced_at: Option<DateTime<Utc>>,
    /// The newest entry of the mileage book, in kilometres, and when it was read.
    odometer_km: Option<f64>,
    odometer_at: Option<DateTime<Utc>>,
}

/// How a car is connected; `GET /api/smartcar/status/{carId}` knows more.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Connection {
    NotConnected,
    Active,
    /// The person has to connect it again.
    ReauthRequired,
}

/// The cars of the person, by name.
#[utoipa::path(get, path = "/api/cars", tag = "cars", operation_id = "listCars", security(("person" = [])),
    responses((status = 200, description = "The cars", body = Garage)))]
pub async fn list(State(app): State<App>, person: Person) -> Answer<Json<Garage>> {
    let mut db = app.pool.acquire().await?;
    let rows = garage::of_user(&mut db, person.id).await?;
    Ok(Json(Garage { items: rows.into_iter().map(Car::from).collect() }))
}

impl From<CarRow> for Car {
    fn from(row: CarRow) -> Self {
        let CarRow {
            id,
            name,
            make,
            model,
            year,
            vin,
            powertrain,
            connection,
            last_synced_at,
            odometer_km,
            odometer_at,
        } = row;
        let connection = match connection.as_deref() {
            Some("active") => Connection::Active,
            Some("reauth_required") => Connection::ReauthRequired,
            Some(_) | None => Connection::NotConnected,
        };
        Self {
            id,
            name,
            make,
            model,
            year,
            vin,
            powertrain,
            connection,
            last_synced_at,
            odometer_km,
            odometer_at,
        }
    }
}
