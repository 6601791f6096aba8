//! `vehicle_plans`: how many cars a user may connect.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// How many cars this user may connect: what the plan says, else `free`.
pub async fn allowed(db: &mut PgConnection, user: Uuid, free: u32) -> Result<i64, StoreError> {
    let planned = sqlx::query_scalar!("SELECT vehicles FROM vehicle_plans WHERE user_id = $1", user)
        .fetch_optional(db)
        .await?;
    Ok(planned.map_or(i64::from(free), i64::from))
}

/// How many cars this user has connected, without this one.
pub async fn connected_besides(db: &mut PgConnection, user: Uuid, car: Uuid) -> Result<i64, StoreError> {
    let connected = sqlx::query_scalar!(
        r#"SELECT count(*) AS "connected!" FROM smartcar_vehicles AS vehicle JOIN cars AS car ON car.id = vehicle.car_id
           WHERE car.user_id = $1 AND car.id <> $2 AND vehicle.status <> 'disconnected' AND coalesce(vehicle.is_active, true)"#,
        user,
        car,
    )
    .fetch_one(db)
    .await?;
    Ok(connected)
}

/// Lets one connection of this user be made at a time, until the transaction ends: two at once would each find room for
/// one.
pub async fn lock(db: &mut PgConnection, user: Uuid) -> Result<(), StoreError> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('connect:' || $1, 0))", user.to_string())
        .fetch_one(db)
        .await?;
    Ok(())
}
