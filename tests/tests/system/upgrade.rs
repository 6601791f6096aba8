//! The hours of an upgrade: a migration under the feet of workers that are older than it, and states that newer workers
//! wrote. Forward only means that yesterday's programs work with tomorrow's tables.

use std::path::Path;

use chrono::NaiveDate;
use domain::RULES_VERSION;
use sqlx::error::DatabaseError;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::time::timeout;
use uuid::Uuid;

use crate::faults::{a_bad_day, simulate};
use crate::installation::{Installation, PATIENCE};
use crate::ledger;
use simulator::Options;

/// A migration of tomorrow: columns and indexes on the tables that workers write.
const TOMORROW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/tomorrow");

const STORED: &str = "SELECT count(*) FROM webhook_events";
const MARKED: &str = "SELECT count(*) FROM dirty_vehicles WHERE why = 'its state was written by newer rules'";

#[tokio::test]
async fn a_migration_under_the_feet_of_older_workers_loses_doubles_and_parks_nothing() {
    let database = harness::database().await;
    let installation = Installation::on(&database, &harness::amqp_url()).await;
    let workers = [installation.worker(), installation.worker()];
    let options = Options { faults: a_bad_day(), ..installation.options(20, 14, 8.0) };
    let simulation = simulate(&installation, options).await;
    more_are_stored(&installation).await;
    migrate(&installation.pool).await;
    let before = installation.count(STORED).await;
    // A worker that is as old as the others, and began when the tables were new.
    let late = installation.worker();
    timeout(PATIENCE, simulation.finished()).await.unwrap();
    let ledger = simulation.stop().await;
    ledger::holds(&installation, &ledger).await;
    assert!(installation.count(STORED).await > before, "all was stored before the migration");
    drop((workers, late));
    database.close().await;
}

/// A newer worker ran for a while beside older ones: what it wrote about its cars is left alone, nothing that they
/// report meanwhile is lost, and a newer worker folds it later.
#[tokio::test]
async fn older_workers_leave_states_of_newer_rules_alone_and_mark_their_cars() {
    let database = harness::database().await;
    let installation = Installation::on(&database, &harness::amqp_url()).await;
    let workers = [installation.worker(), installation.worker()];
    let simulation = simulate(&installation, installation.options(20, 14, 10.0)).await;
    more_are_stored(&installation).await;
    let ahead = upgrade_half_of_the_cars(&installation.pool).await;
    assert!(!ahead.is_empty(), "no car was folded by newer rules");
    timeout(PATIENCE, simulation.finished()).await.unwrap();
    let ledger = simulation.stop().await;
    let accepted = i64::try_from(ledger.accepted().len()).unwrap();
    harness::eventually(PATIENCE, "all is stored", async || installation.count(STORED).await >= accepted)
        .await;
    assert_eq!(states_of_newer_rules(&installation.pool).await, ahead, "a state of newer rules was changed");
    let cars: std::collections::BTreeSet<Uuid> = ahead.iter().map(|state| state.0).collect();
    assert_eq!(installation.count(MARKED).await, i64::try_from(cars.len()).unwrap());

    // The newer worker is taken back. What it wrote is a cache of what is stored anyway, and goes.
    sqlx::query("DELETE FROM vehicle_states WHERE rules_version > $1")
        .bind(RULES_VERSION)
        .execute(&installation.pool)
        .await
        .unwrap();
    let scheduler = installation.scheduler();
    harness::eventually(PATIENCE, "the marked cars are replayed", async || {
        installation.count("SELECT count(*) FROM dirty_vehicles").await == 0
    })
    .await;
    ledger::holds(&installation, &ledger).await;
    drop((workers, scheduler));
    database.close().await;
}

/// As an operator does it. A migration is one transaction over many tables, so now and then it and a worker wait for
/// each other, and PostgreSQL ends one of the two: the worker tries again by itself, the operator by hand.
async fn migrate(pool: &PgPool) {
    let mut migrations = Migrator::new(Path::new(TOMORROW)).await.unwrap();
    migrations.set_ignore_missing(true);
    harness::eventually(PATIENCE, "the migration is done", async || {
        // Each attempt on a session of its own, as each `carvetka migrate` has it: its lock goes with it.
        let mut session = PgConnection::connect_with(&pool.connect_options()).await.unwrap();
        match migrations.run(&mut session).await {
            Ok(()) => true,
            Err(MigrateError::ExecuteMigration(error, _)) if is_deadlock(&error) => false,
            Err(error) => panic!("{error}"),
        }
    })
    .await;
}

fn is_deadlock(error: &sqlx::Error) -> bool {
    const DEADLOCK_DETECTED: &str = "40P01";
    error.as_database_error().and_then(DatabaseError::code).is_some_and(|code| code == DEADLOCK_DETECTED)
}

async fn more_are_stored(installation: &Installation) {
    let before = installation.count(STORED).await;
    harness::eventually(PATIENCE, "the workers are at work", async || {
        installation.count(STORED).await > before + 300
    })
    .await;
}

type State = (Uuid, NaiveDate, i32, String, String);

/// The heads of half of the cars become those of rules to come, in a form that nobody knows today. As a worker does
/// it, the cars are locked meanwhile. Gives what was written.
async fn upgrade_half_of_the_cars(pool: &PgPool) -> Vec<State> {
    let cars: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM smartcar_vehicles ORDER BY id LIMIT 10")
        .fetch_all(pool)
        .await
        .unwrap();
    let mut tx = pool.begin().await.unwrap();
    store::vehicles::lock(&mut tx, &cars).await.unwrap();
    sqlx::query(
        "UPDATE vehicle_states AS state
         SET rules_version = $1, state = '{ \"of tomorrow\": true }', tail = '{ \"not\": \"a list\" }'
         WHERE vehicle_id = ANY ($2)
           AND day = (SELECT max(day) FROM vehicle_states AS newest WHERE newest.vehicle_id = state.vehicle_id)",
    )
    .bind(RULES_VERSION + 1)
    .bind(&cars)
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    states_of_newer_rules(pool).await
}

async fn states_of_newer_rules(pool: &PgPool) -> Vec<State> {
    sqlx::query_as(
        "SELECT vehicle_id, day, rules_version, state::text, tail::text FROM vehicle_states
         WHERE rules_version > $1 ORDER BY vehicle_id, day",
    )
    .bind(RULES_VERSION)
    .fetch_all(pool)
    .await
    .unwrap()
}
