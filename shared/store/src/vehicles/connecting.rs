//! Cars that become connected, and that leave.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// A car in somebody's garage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnCar {
    pub id: Uuid,
    pub name: String,
    pub make: Option<String>,
    pub model: Option<String>,
    pub year: Option<i32>,
    pub vin: Option<String>,
    /// `smartcar_vehicles.id` of its connection, if it is connected.
    pub vehicle_id: Option<Uuid>,
}

/// The cars of this user, in the order of their ids.
pub async fn garage(db: &mut PgConnection, user: Uuid) -> Result<Vec<OwnCar>, StoreError> {
    let cars = sqlx::query_as!(
        OwnCar,
        r#"SELECT car.id, car.name, car.make, car.model, car.year::integer AS year, car.vin, vehicle.id AS "vehicle_id?"
           FROM cars AS car
           LEFT JOIN smartcar_vehicles AS vehicle ON vehicle.car_id = car.id AND vehicle.status <> 'disconnected'
             AND coalesce(vehicle.is_active, true)
           WHERE car.user_id = $1 ORDER BY car.id"#,
        user,
    )
    .fetch_all(db)
    .await?;
    Ok(cars)
}

/// A row that stands for the same vehicle and the same user of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub id: Uuid,
    pub user_id: Option<Uuid>,
    pub car_id: Option<Uuid>,
    pub car_name: Option<String>,
    pub is_disconnected: bool,
}

/// Who has this vehicle, connected or not: with this consent, or as one of this user's own connections of before. Locks
/// these rows.
pub async fn holders(
    db: &mut PgConnection,
    user: Uuid,
    smartcar_vehicle_id: &str,
    smartcar_user_id: &str,
) -> Result<Vec<Holder>, StoreError> {
    let holders = sqlx::query_as!(
        Holder,
        r#"SELECT vehicle.id, coalesce(car.user_id, vehicle.user_id) AS user_id, vehicle.car_id, car.name AS "car_name?",
             vehicle.status = 'disconnected' OR NOT coalesce(vehicle.is_active, true) AS "is_disconnected!"
           FROM smartcar_vehicles AS vehicle LEFT JOIN cars AS car ON car.id = vehicle.car_id
           WHERE vehicle.smartcar_vehicle_id = $2
             AND (vehicle.smartcar_user_id = $3 OR coalesce(car.user_id, vehicle.user_id) = $1)
           ORDER BY vehicle.id FOR UPDATE OF vehicle"#,
        user,
        smartcar_vehicle_id,
        smartcar_user_id,
    )
    .fetch_all(db)
    .await?;
    Ok(holders)
}

/// A vehicle that a user wants connected to one of their cars.
#[derive(Debug, Clone)]
pub struct NewConnection<'a> {
    pub car_id: Uuid,
    pub user_id: Uuid,
    pub smartcar_vehicle_id: &'a str,
    pub smartcar_user_id: &'a str,
    pub grant_id: Uuid,
    pub location_consent: bool,
    pub vin: Option<&'a str>,
    pub make: Option<&'a str>,
    pub model: Option<&'a str>,
    pub year: Option<i32>,
}

/// Connects the vehicle, under a row of before (`again`) or a new one, and says which. What the platform complained of
/// before is over with the new consent.
pub async fn connect(
    db: &mut PgConnection,
    new: &NewConnection<'_>,
    again: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<Uuid, StoreError> {
    let id = again.unwrap_or_else(Uuid::new_v4);
    sqlx::query!(
        "INSERT INTO smartcar_vehicles
           (id, car_id, user_id, smartcar_vehicle_id, smartcar_user_id, grant_id, location_consent, vin, make, model, year, connected_at, created_at, is_active, status)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, true, 'active')
         ON CONFLICT (id) DO UPDATE
           SET car_id = excluded.car_id, user_id = excluded.user_id, smartcar_user_id = excluded.smartcar_user_id,
               grant_id = excluded.grant_id, location_consent = excluded.location_consent, vin = excluded.vin,
               make = excluded.make, model = excluded.model, year = excluded.year, connected_at = excluded.connected_at,
               is_active = true, status = 'active'",
        id,
        new.car_id,
        new.user_id,
        new.smartcar_vehicle_id,
        new.smartcar_user_id,
        new.grant_id,
        new.location_consent,
        new.vin,
        new.make,
        new.model,
        new.year,
        now,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "UPDATE vehicle_errors SET is_open = false, said_at = greatest(said_at, $2) WHERE vehicle_id = $1",
        id,
        now
    )
    .execute(&mut *db)
    .await?;
    // The new consent may be for more, and may have mended what the car rests for.
    sqlx::query!("DELETE FROM vehicle_incapacities WHERE vehicle_id = $1", id).execute(&mut *db).await?;
    sqlx::query!(
        "DELETE FROM vehicle_rests WHERE vehicle_id = $1 AND why IN ('owner_action', 'billing')",
        id
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("DELETE FROM pending_revocations WHERE vehicle_id = $1", id).execute(db).await?;
    Ok(id)
}

/// A connection that ends.
#[derive(Debug, Clone)]
pub struct Ended {
    pub id: Uuid,
    pub smartcar_vehicle_id: String,
    pub smartcar_user_id: Option<String>,
    pub grant_id: Option<Uuid>,
}

/// Ends the connections of this car but one.
pub async fn disconnect(
    db: &mut PgConnection,
    car: Uuid,
    except: Option<Uuid>,
) -> Result<Vec<Ended>, StoreError> {
    let ended = sqlx::query_as!(
        Ended,
        "UPDATE smartcar_vehicles SET status = 'disconnected', is_active = false
         WHERE car_id = $1 AND id IS DISTINCT FROM $2 AND status <> 'disconnected'
         RETURNING id, smartcar_vehicle_id, smartcar_user_id, grant_id",
        car,
        except,
    )
    .fetch_all(db)
    .await?;
    Ok(ended)
}

/// Takes the vehicle away from a connection that is over, which keeps its book and its readings: they are not those of
/// the car that the vehicle is connected to next.
pub async fn give_up(db: &mut PgConnection, vehicle: Uuid) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE smartcar_vehicles
         SET smartcar_vehicle_id = 'former:' || id || ':' || smartcar_vehicle_id, grant_id = NULL, status = 'disconnected'
         WHERE id = $1 AND (status = 'disconnected' OR NOT coalesce(is_active, true))",
        vehicle,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The connection of this user's car, unless it is over.
pub async fn of_car(db: &mut PgConnection, user: Uuid, car: Uuid) -> Result<Option<Uuid>, StoreError> {
    let vehicle = sqlx::query_scalar!(
        "SELECT vehicle.id FROM smartcar_vehicles AS vehicle JOIN cars AS car ON car.id = vehicle.car_id
         WHERE car.user_id = $1 AND car.id = $2 AND vehicle.status <> 'disconnected'
         ORDER BY vehicle.connected_at DESC LIMIT 1",
        user,
        car,
    )
    .fetch_optional(db)
    .await?;
    Ok(vehicle)
}

/// All connections that this user's car ever had.
pub async fn ever_of_car(db: &mut PgConnection, user: Uuid, car: Uuid) -> Result<Vec<Uuid>, StoreError> {
    let vehicles = sqlx::query_scalar!(
        "SELECT vehicle.id FROM smartcar_vehicles AS vehicle JOIN cars AS car ON car.id = vehicle.car_id
         WHERE car.user_id = $1 AND car.id = $2",
        user,
        car,
    )
    .fetch_all(db)
    .await?;
    Ok(vehicles)
}
