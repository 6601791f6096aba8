//! Figures about the whole, for people who watch it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::StoreError;

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// That came by themselves.
    pub events: i64,
    /// Answers to what we asked.
    pub polls: i64,
    pub waiting_events: i64,
    pub readings: i64,
    pub meter_entries: i64,
    /// Of these, and of the next two: what a machine wrote down, without what is only asked about.
    pub fill_ups: i64,
    pub charging_sessions: i64,
    pub trips: i64,
    pub quarantined: i64,
    pub suggested_issues: i64,
    pub parked: i64,
    pub dirty_vehicles: i64,
    pub newest_event_at: Option<DateTime<Utc>>,
}

/// Counts. Reads whole tables: for a demo and for people, not for every second of a large installation.
pub async fn figures(db: &mut PgConnection) -> Result<Figures, StoreError> {
    let figures = sqlx::query_as!(
        Figures,
        r#"SELECT
             (SELECT count(*) FROM webhook_events WHERE source = 'webhook') AS "events!",
             (SELECT count(*) FROM webhook_events WHERE source <> 'webhook') AS "polls!",
             (SELECT count(*) FROM webhook_events WHERE NOT processed) AS "waiting_events!",
             (SELECT count(*) FROM readings) AS "readings!",
             (SELECT count(*) FROM meter_entries WHERE source_type::text = 'smartcar_sync') AS "meter_entries!",
             (SELECT count(*) FROM fuel_entries
              WHERE source_type::text = 'smartcar_sync' AND state = 'recorded') AS "fill_ups!",
             (SELECT count(*) FROM charging_sessions
              WHERE source_type::text = 'smartcar_sync' AND state = 'recorded') AS "charging_sessions!",
             (SELECT count(*) FROM trips WHERE source_type::text = 'smartcar_sync' AND state = 'recorded') AS "trips!",
             (SELECT count(*) FROM quarantined_readings) AS "quarantined!",
             (SELECT count(*) FROM issues WHERE status = 'suggested') AS "suggested_issues!",
             (SELECT count(*) FROM parked_messages WHERE state = 'parked') AS "parked!",
             (SELECT count(*) FROM dirty_vehicles) AS "dirty_vehicles!",
             (SELECT max(received_at) FROM webhook_events) AS newest_event_at"#,
    )
    .fetch_one(db)
    .await?;
    Ok(figures)
}
