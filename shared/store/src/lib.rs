//! All SQL of the pipeline: one file a table, one function a question.
//!
//! Every function takes a `&mut PgConnection`. The caller owns the transaction, so the caller decides what is
//! one fact. Functions that a batch uses take slices and are one statement each, whatever their number.

pub mod alert_book;
mod alert_rows;
pub mod api_usage;
pub mod battery_book;
mod battery_rows;
pub mod book;
pub mod cadence;
mod canonical;
pub mod charging_book;
mod charging_rows;
pub mod commands;
mod conditions;
pub mod connect_attempts;
pub mod consents;
pub mod corrections;
pub mod costs;
pub mod decisions;
pub mod dirty;
pub mod email_confirmations;
pub mod energy;
pub mod entry_evidence;
pub mod erasure;
mod error;
pub mod events;
mod evidence;
mod expense_rows;
pub mod expenses;
pub mod expiry;
pub mod exports;
pub mod facts;
mod fence_rows;
pub mod figures;
pub mod fuel_entries;
mod fuel_rows;
pub mod garage;
pub mod geofences;
pub mod grants;
pub mod hand_entries;
pub mod hiding;
pub mod history;
pub mod imports;
mod issues;
pub mod journal;
pub mod latest;
pub mod legacy_tokens;
mod meter_entries;
pub mod mileage;
pub mod news;
pub mod notification_preferences;
pub mod notifications;
pub mod operators;
pub mod outgoing;
pub mod overview;
pub mod parked;
pub mod partitions;
pub mod person;
mod place;
pub mod plans;
pub mod polls;
pub mod preferences;
mod quarantine;
pub mod readings;
pub mod refresh_plans;
pub mod reminders;
pub mod replay_runs;
pub mod rests;
pub mod revocations;
mod scope;
pub mod service_centers;
pub mod setups;
mod sheet;
pub mod silence;
pub mod spool;
pub mod standing;
pub mod states;
pub mod sync_logs;
pub mod tariffs;
pub mod thinning;
pub mod trip_book;
mod trip_rows;
pub mod untimed;
pub mod vehicle_errors;
pub mod vehicles;
pub mod webhook_endpoints;

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Executor, PgConnection};

pub use error::StoreError;
pub use sheet::Sheet;

/// The schema, forward only. Exactly one process runs it: `carvetka migrate`.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

/// Opens a pool that connects when it is first used, so that a program can start before its database.
pub fn pool(database_url: &str, connections: u32) -> Result<PgPool, StoreError> {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(5))
        .connect_lazy(database_url)
        .map_err(StoreError::Url)
}

/// Reads where the database is, for a program that keeps a connection of its own instead of a pool.
pub fn address(database_url: &str) -> Result<PgConnectOptions, StoreError> {
    database_url.parse().map_err(StoreError::Url)
}

/// Says to the database that this transaction is the machine's and no person's: its writes are no decisions.
pub async fn act_as_machine(db: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("SELECT set_config('carvetka.machine', 'on', true)").fetch_one(db).await?;
    Ok(())
}

/// For the transaction that begins: it sees everything as it is now until it ends, waits for nobody, and can change
/// nothing.
pub async fn only_look(db: &mut PgConnection) -> Result<(), StoreError> {
    db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
    Ok(())
}
