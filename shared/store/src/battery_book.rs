//! `battery_estimates` as people read them.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// What the battery held in one month.
#[derive(Debug, Clone, PartialEq)]
pub struct EstimateRow {
    pub id: Uuid,
    /// The month's first moment.
    pub month: DateTime<Utc>,
    pub usable_kwh: f64,
    pub plus_minus_kwh: f64,
    pub health_percent: Option<f64>,
    pub trend_percent_per_year: Option<f64>,
    pub sessions: i32,
    pub confidence: Option<f64>,
}

/// The estimates of a car, newest first: one a month, so all at once.
pub async fn all(db: &mut PgConnection, car: Uuid) -> Result<Vec<EstimateRow>, StoreError> {
    let rows = sqlx::query_as!(
        EstimateRow,
        r#"SELECT id, estimated_for AS month, usable_kwh::float8 AS "usable_kwh!", plus_minus_kwh::float8 AS "plus_minus_kwh!",
             health_percent::float8 AS health_percent, trend_percent_per_year::float8 AS trend_percent_per_year,
             sessions, confidence::float8 AS confidence
           FROM battery_estimates WHERE car_id = $1 ORDER BY estimated_for DESC, id"#,
        car,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}
