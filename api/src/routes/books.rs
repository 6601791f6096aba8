//! What the lists of all books have in common.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::extract::Cursor;

/// A page of a list, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The `cursor` of the next page; `null` on the last.
    pub next: Option<Cursor>,
}

/// An entry was written: 201 with the entry, and where it is.
pub fn created<T: Serialize>(list: &str, id: uuid::Uuid, entry: &T) -> Response {
    let mut response = (StatusCode::CREATED, Json(entry)).into_response();
    if let Ok(place) = HeaderValue::from_str(&format!("{list}/{id}")) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// Whether something that lasts is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// It goes on, as far as the car said.
    Open,
    /// The car did not say that it ended, and has not spoken of it for long.
    Stale,
    Closed,
}

/// After such a silence nobody believes that something still goes on.
const STALE: TimeDelta = TimeDelta::hours(12);

impl Progress {
    /// `until`: the newest reading that it rests on.
    pub fn of(
        ended_at: Option<DateTime<Utc>>,
        until: Option<DateTime<Utc>>,
        began: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Self {
        match ended_at {
            Some(_) => Self::Closed,
            None if now - until.unwrap_or(began) > STALE => Self::Stale,
            None => Self::Open,
        }
    }
}

/// The books of a car, by the names that addresses have for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Book {
    MeterEntries,
    FuelEntries,
    ChargingSessions,
    Trips,
    Expenses,
    Battery,
    GeofenceEvents,
    Alerts,
    Issues,
}

impl Book {
    const ALL: [Self; 9] = [
        Self::MeterEntries,
        Self::FuelEntries,
        Self::ChargingSessions,
        Self::Trips,
        Self::Expenses,
        Self::Battery,
        Self::GeofenceEvents,
        Self::Alerts,
        Self::Issues,
    ];

    /// The table's name.
    pub const fn table(self) -> &'static str {
        match self {
            Self::MeterEntries => "meter_entries",
            Self::FuelEntries => "fuel_entries",
            Self::ChargingSessions => "charging_sessions",
            Self::Trips => "trips",
            Self::Expenses => "expenses",
            Self::Battery => "battery_estimates",
            Self::GeofenceEvents => "geofence_events",
            Self::Alerts => "alerts",
            Self::Issues => "issues",
        }
    }

    pub fn of_table(table: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|book| book.table() == table)
    }
}
