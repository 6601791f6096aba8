//! `scheduler` itself, as a process, with a whole fleet whose time has come at once: as after an outage of a day.

use std::time::Duration;

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use sqlx::Executor;
use store::polls;
use tokio::time::{Instant, sleep};

use super::Bench;
use super::figures::{A_MILLION_CARS, Figures, NOTHING_DUE, SCHEDULER_MEMORY, Unit};
use super::options::Measurement;
use super::program::Program;

/// How long the scheduler may take before the measurement is given up.
const PATIENCE: Duration = Duration::from_mins(5);
const LOOK: Duration = Duration::from_millis(20);

/// Turns with nothing to do, of which the mean is told.
const IDLE_TURNS: u32 = 50;

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Figures> {
    let number = bench.options.hard.fleet;
    connect(bench, number).await?;
    let idle = idle(bench).await?;
    let mut scheduler = Program::scheduler(&bench.servers).await?;
    scheduler.freeze().await?;
    // Half of them were just heard of and asked, and are put off; half are due, and are wanted from then on.
    execute(
        bench,
        "UPDATE poll_plans SET next_poll_at = now() - random() * interval '1 day',
           last_polled_at = now() - CASE WHEN random() < 0.5 THEN interval '1 hour' ELSE interval '49 hours' END",
    )
    .await?;
    execute(bench, "VACUUM ANALYZE poll_plans").await?;
    bench.servers.settle().await?;
    let (effort, began) = (bench.effort(), Instant::now());
    scheduler.thaw().await?;
    let wanted = usize::try_from(number).context("there are too many cars")?;
    while scheduler.counted("scheduler_looks_total").await? < wanted {
        ensure!(began.elapsed() < PATIENCE, "the scheduler does not come to an end");
        sleep(LOOK).await;
    }
    let took = began.elapsed();
    let memory = scheduler.peak_memory()?;
    scheduler.stop().await?;
    check(bench).await?;
    let a_million = took.as_secs_f64() * 1e9 / f64::from(number);
    let figures = bench
        .figures(Measurement::Planning)
        .with(A_MILLION_CARS, a_million, Unit::Milliseconds)
        .with(NOTHING_DUE, idle, Unit::Milliseconds)
        .with(SCHEDULER_MEMORY, memory, Unit::Megabytes);
    Ok(effort.note(figures, wanted).done())
}

/// A fleet that is connected, has a rhythm, and is not due for years.
async fn connect(bench: &Bench, number: u32) -> anyhow::Result<()> {
    // The trigger is measured elsewhere: a fleet is not connected in a day.
    execute(bench, "ALTER TABLE smartcar_vehicles DISABLE TRIGGER carvetka_plan_polls").await?;
    sqlx::query(
        "WITH owner AS (INSERT INTO auth.users DEFAULT VALUES RETURNING id),
           car AS (INSERT INTO cars (user_id, name) SELECT id, 'one of many' FROM owner, generate_series(1, $1) RETURNING id)
         INSERT INTO smartcar_vehicles (id, car_id, smartcar_vehicle_id, smartcar_user_id) SELECT id, id, id::text, 'u' FROM car",
    )
    .bind(i64::from(number))
    .execute(&bench.servers.pool)
    .await
    .context("cannot connect a fleet")?;
    for statement in [
        "INSERT INTO vehicle_cadences
         SELECT id, now() - random() * interval '8 hours', now() - interval '30 days', 20000 + random() * 20000
         FROM smartcar_vehicles WHERE smartcar_user_id = 'u'",
        "INSERT INTO poll_plans (vehicle_id, created_at, next_poll_at)
         SELECT id, now() - interval '30 days', now() + interval '10 years' FROM smartcar_vehicles WHERE smartcar_user_id = 'u'",
        "INSERT INTO poll_pace DEFAULT VALUES ON CONFLICT DO NOTHING",
        "ALTER TABLE smartcar_vehicles ENABLE TRIGGER carvetka_plan_polls",
        "ANALYZE",
    ] {
        execute(bench, statement).await?;
    }
    Ok(())
}

/// What a look costs when no car's time has come, in milliseconds.
async fn idle(bench: &Bench) -> anyhow::Result<f64> {
    let mut db = bench.servers.pool.acquire().await.context("cannot connect to the database")?;
    let now: DateTime<Utc> = runtime::clock::now();
    let began = Instant::now();
    for _ in 0..IDLE_TURNS {
        ensure!(polls::due(&mut db, now, 2_000).await?.is_empty(), "a car is due that should not be");
        polls::is_any_wanted(&mut db, now).await?;
    }
    Ok(began.elapsed().as_secs_f64() * 1e3 / f64::from(IDLE_TURNS))
}

/// Each car has its next time, and no more were asked for than the platform allows.
async fn check(bench: &Bench) -> anyhow::Result<()> {
    let (left, asked): (i64, i64) =
        sqlx::query_as("SELECT count(*) FILTER (WHERE next_poll_at <= now() - interval '1 minute'), count(asked_at) FROM poll_plans")
            .fetch_one(&bench.servers.pool)
            .await
            .context("cannot look at the plans")?;
    ensure!(left == 0, "{left} cars were forgotten");
    ensure!(asked <= 500, "{asked} cars were asked for at once");
    Ok(())
}

async fn execute(bench: &Bench, statement: &'static str) -> anyhow::Result<()> {
    bench.servers.pool.execute(statement).await.context("cannot prepare a fleet")?;
    Ok(())
}
