//! `carvetka migrate`: brings the schema up to date and makes the partitions of the coming days.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use chrono::TimeDelta;
use clap::Args;
use runtime::backoff::Backoff;
use runtime::clock;
use sqlx::migrate::MigrateError;
use sqlx::{Connection, PgConnection};
use store::partitions;
use tokio::time::{Instant, sleep};

use crate::settings::DatabaseUrl;

/// Brings the database's schema up to date, and makes the partitions of the coming days.
///
/// Doing it again changes nothing. Exactly one process should do it, before the programs start; should two meet all
/// the same, the second waits for the first.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// How many seconds to wait for a database that is not there yet.
    #[arg(long, env = "MIGRATE_WAIT_SECONDS", default_value_t = 30)]
    pub wait: u64,

    #[command(flatten)]
    pub database: DatabaseUrl,
}

/// So far ahead partitions are made. The scheduler goes on with it every hour.
const AHEAD: TimeDelta = TimeDelta::days(8);

/// # Errors
///
/// If the database does not come, refuses, or was migrated by another version of this program.
pub async fn run(options: &Options, out: &mut (dyn Write + Send)) -> anyhow::Result<ExitCode> {
    let mut db = connect(options).await?;
    let before = applied(&mut db).await?;
    store::MIGRATIONS.run(&mut db).await.map_err(explained)?;
    let new: Vec<_> = store::MIGRATIONS.iter().filter(|it| !before.contains(&it.version)).collect();
    for migration in &new {
        writeln!(out, "applied {} {}", migration.version, migration.description)?;
    }
    if new.is_empty() {
        writeln!(out, "the schema was up to date: {} migrations", before.len())?;
    }
    let made = partitions::make(&mut db, clock::now(), AHEAD).await.context("cannot make partitions")?;
    let days = AHEAD.num_days();
    writeln!(out, "made {made} partitions; there are enough for {days} days")?;
    db.close().await.ok();
    Ok(ExitCode::SUCCESS)
}

/// The versions of the migrations that this database has seen.
pub async fn applied(db: &mut PgConnection) -> sqlx::Result<Vec<i64>> {
    let exists: bool =
        sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").fetch_one(&mut *db).await?;
    if !exists {
        return Ok(Vec::new());
    }
    sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success ORDER BY version")
        .fetch_all(db)
        .await
}

/// Waits for a database that starts, and not for one that refuses.
async fn connect(options: &Options) -> anyhow::Result<PgConnection> {
    let server = options.database.server()?;
    let deadline = Instant::now() + Duration::from_secs(options.wait);
    let mut waits = Backoff::RECONNECT.waits();
    loop {
        match PgConnection::connect_with(&server).await {
            Ok(db) => return Ok(db),
            Err(error) if is_absent(&error) && Instant::now() < deadline => {
                let left = deadline.saturating_duration_since(Instant::now());
                sleep(waits.next().unwrap_or_default().min(left)).await;
            }
            Err(error) if is_absent(&error) => {
                let waited = format!("no PostgreSQL at DATABASE_URL within {} s", options.wait);
                return Err(error).context(waited);
            }
            Err(error) => return Err(error).context("PostgreSQL at DATABASE_URL does not let us in"),
        }
    }
}

/// Whether it may come yet: nobody there, or it starts (SQLSTATE 57P03).
fn is_absent(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(refusal) => refusal.code().is_some_and(|code| code == "57P03"),
        _ => false,
    }
}

fn explained(error: MigrateError) -> anyhow::Error {
    let advice = match &error {
        MigrateError::VersionMissing(_) => {
            "the database was migrated by a newer version of this program: use that one"
        }
        MigrateError::VersionMismatch(_) => {
            "the database was migrated with another text of a migration: they are never edited, so one of both is no release"
        }
        _ => "cannot bring the schema up to date",
    };
    anyhow::Error::new(error).context(advice)
}
