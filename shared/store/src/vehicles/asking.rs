//! What has to be known of a connection before its car is asked anything, and of its badge.

use std::error::Error;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// A connection, as whoever asks its car has to know it.
#[derive(Debug, Clone)]
pub struct Subject {
    pub id: Uuid,
    pub car_id: Uuid,
    pub smartcar_vehicle_id: String,
    pub smartcar_user_id: Option<String>,
    pub grant_id: Option<Uuid>,
    pub status: Status,
    pub make: Option<String>,
    pub location_consent: bool,
    pub connected_at: Option<DateTime<Utc>>,
    pub last_synced_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Active,
    ReauthRequired,
    Disconnected,
}

impl Status {
    /// The name in the Postgres enum `connection_status`.
    const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::ReauthRequired => "reauth_required",
            Self::Disconnected => "disconnected",
        }
    }

    fn parse(name: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        [Self::Active, Self::ReauthRequired, Self::Disconnected]
            .into_iter()
            .find(|status| status.name() == name)
            .ok_or_else(|| format!("{name:?} is no status of a connection").into())
    }
}

pub async fn subject(db: &mut PgConnection, vehicle: Uuid) -> Result<Option<Subject>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT vehicle.id, car_id AS "car_id!", smartcar_vehicle_id, smartcar_user_id, grant_id,
             CASE WHEN coalesce(is_active, true) THEN status::text ELSE 'disconnected' END AS "status!",
             upper(coalesce(vehicle.make, car.make)) AS make, location_consent, connected_at, last_synced_at
           FROM smartcar_vehicles AS vehicle JOIN cars AS car ON car.id = vehicle.car_id WHERE vehicle.id = $1"#,
        vehicle,
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Subject {
        id: row.id,
        car_id: row.car_id,
        smartcar_vehicle_id: row.smartcar_vehicle_id,
        smartcar_user_id: row.smartcar_user_id,
        grant_id: row.grant_id,
        status: Status::parse(&row.status).map_err(StoreError::corrupt("smartcar_vehicles", "status"))?,
        make: row.make,
        location_consent: row.location_consent,
        connected_at: row.connected_at,
        last_synced_at: row.last_synced_at,
    }))
}

/// The newest connection that this user's car ever had.
pub async fn latest_of_car(db: &mut PgConnection, car: Uuid) -> Result<Option<Uuid>, StoreError> {
    let vehicle = sqlx::query_scalar!(
        "SELECT id FROM smartcar_vehicles WHERE car_id = $1
         ORDER BY status = 'disconnected', connected_at DESC NULLS LAST LIMIT 1",
        car,
    )
    .fetch_optional(db)
    .await?;
    Ok(vehicle)
}

/// What is wrong with a connection, as the platform put it last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub kind: String,
    /// Empty where the platform names none.
    pub code: String,
    pub message: Option<String>,
    pub resolution_url: Option<String>,
}

/// Why the person has to connect this vehicle again, if so.
pub async fn reauth_trouble(db: &mut PgConnection, vehicle: Uuid) -> Result<Option<Trouble>, StoreError> {
    let trouble = sqlx::query_as!(
        Trouble,
        "SELECT type AS kind, code, message, resolution_url FROM vehicle_errors
         WHERE vehicle_id = $1 AND is_open AND needs_reauthentication ORDER BY said_at DESC LIMIT 1",
        vehicle,
    )
    .fetch_optional(db)
    .await?;
    Ok(trouble)
}

/// When each signal was last said since a moment, newest first.
pub async fn last_seen(
    db: &mut PgConnection,
    vehicle: Uuid,
    since: DateTime<Utc>,
) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT signal, max(at) AS "at!" FROM readings WHERE vehicle_id = $1 AND at > $2
           GROUP BY signal ORDER BY 2 DESC, 1"#,
        vehicle,
        since,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.signal, row.at)).collect())
}
