//! Whether the database is there, migrated and in good order, and what in it waits for somebody.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use runtime::clock;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::time::timeout;

use super::finding::Finding;
use crate::migrate;

const PATIENCE: Duration = Duration::from_secs(5);
/// The oldest server that is tested.
const OLDEST: i32 = 140_000;
/// Two clocks may differ so much; the car's own may run ahead of ours by minutes.
const CLOCK_SLACK: TimeDelta = TimeDelta::seconds(5);

pub async fn examine(url: &str) -> Vec<Finding> {
    let Ok(server) = PgConnectOptions::from_str(url) else {
        let advice = "expected `postgres://user:password@host:5432/carvetka`";
        return vec![Finding::problem("DATABASE_URL cannot be read", advice)];
    };
    match timeout(PATIENCE, PgConnection::connect_with(&server)).await {
        Ok(Ok(mut db)) => examine_within(&mut db).await,
        Ok(Err(error)) => vec![Finding::problem(
            "PostgreSQL at DATABASE_URL does not let us in",
            format!("is it running, and are user, password and database right? ({})", runtime::chain(&error)),
        )],
        Err(_) => vec![Finding::problem(
            format!("PostgreSQL at DATABASE_URL does not answer within {} s", PATIENCE.as_secs()),
            "is the host right, and no firewall between?",
        )],
    }
}

async fn examine_within(db: &mut PgConnection) -> Vec<Finding> {
    let mut findings = Vec::new();
    match questions(db, &mut findings).await {
        Ok(()) => {}
        Err(error) => findings.push(Finding::problem(
            "cannot ask the database everything",
            format!("does the role have all rights on the schema? ({})", runtime::chain(&error)),
        )),
    }
    findings
}

async fn questions(db: &mut PgConnection, findings: &mut Vec<Finding>) -> sqlx::Result<()> {
    findings.push(version(db).await?);
    findings.push(time(db).await?);
    let (finding, is_migrated) = schema(db).await?;
    findings.push(finding);
    // Without tables there is nothing more to ask for.
    if is_migrated {
        findings.push(partitions(db).await?);
        findings.push(compression(db).await?);
        findings.extend(remarks(&waiting(db).await?));
    }
    Ok(())
}

async fn version(db: &mut PgConnection) -> sqlx::Result<Finding> {
    let (number, text): (i32, String) = sqlx::query_as(
        "SELECT current_setting('server_version_num')::int, current_setting('server_version')",
    )
    .fetch_one(db)
    .await?;
    Ok(if number >= OLDEST {
        Finding::ok(format!("PostgreSQL {text} at DATABASE_URL"))
    } else {
        Finding::problem(format!("PostgreSQL {text} is too old"), "14 is the oldest that works")
    })
}

async fn time(db: &mut PgConnection) -> sqlx::Result<Finding> {
    let there: DateTime<Utc> = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(db).await?;
    let apart = (there - clock::now()).abs();
    Ok(if apart <= CLOCK_SLACK {
        Finding::ok("the clocks of this machine and of the database agree")
    } else {
        Finding::problem(
            format!("the clocks of this machine and of the database are {} s apart", apart.num_seconds()),
            "set both by NTP: readings from the future are refused",
        )
    })
}

async fn schema(db: &mut PgConnection) -> sqlx::Result<(Finding, bool)> {
    let applied = migrate::applied(db).await?;
    let missing = store::MIGRATIONS.iter().filter(|it| !applied.contains(&it.version)).count();
    let newer = applied.iter().filter(|version| !store::MIGRATIONS.version_exists(**version)).count();
    let finding = match (missing, newer) {
        (0, 0) => Finding::ok(format!("all {} migrations are applied", applied.len())),
        (0, newer) => Finding::warning(
            format!("migrations that this program does not know: {newer}"),
            "the database is newer: update the programs",
        ),
        (missing, _) => {
            Finding::problem(format!("migrations that are not applied: {missing}"), "run `carvetka migrate`")
        }
    };
    Ok((finding, missing == 0))
}

async fn partitions(db: &mut PgConnection) -> sqlx::Result<Finding> {
    let ahead: bool = sqlx::query_scalar(
        "SELECT to_regclass('webhook_events_' || to_char((now() + interval '2 days') AT TIME ZONE 'UTC', 'YYYYMMDD')) IS NOT NULL",
    )
    .fetch_one(db)
    .await?;
    Ok(if ahead {
        Finding::ok("the partitions of the coming days are there")
    } else {
        Finding::problem(
            "the partitions of the coming days are missing",
            "run `carvetka migrate`, and keep the scheduler running: it makes them",
        )
    })
}

async fn compression(db: &mut PgConnection) -> sqlx::Result<Finding> {
    let lz4: bool = sqlx::query_scalar(
        "SELECT attcompression = 'l' FROM pg_attribute
         WHERE attrelid = 'webhook_events'::regclass AND attname = 'body'",
    )
    .fetch_one(db)
    .await?;
    Ok(if lz4 {
        Finding::ok("bodies are compressed with lz4")
    } else {
        Finding::warning(
            "bodies are compressed with pglz, which is slower",
            "this server is built without lz4; all else works",
        )
    })
}

/// What waits. Each count has an index of its own or a small table: the whole may be large.
#[derive(Debug, sqlx::FromRow)]
struct Waiting {
    parked: i64,
    events: i64,
    vehicles: i64,
    /// Deliveries that the door put into the spool some minutes ago, and nobody took.
    spooled: i64,
}

async fn waiting(db: &mut PgConnection) -> sqlx::Result<Waiting> {
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM parked_messages WHERE state = 'parked') AS parked,
           (SELECT count(*) FROM webhook_events WHERE NOT processed) AS events,
           (SELECT count(*) FROM dirty_vehicles) AS vehicles,
           (SELECT count(*) FROM ingest_spool WHERE spooled_at < now() - interval '2 minutes') AS spooled",
    )
    .fetch_one(db)
    .await
}

fn remarks(waiting: &Waiting) -> Vec<Finding> {
    let table = [
        (waiting.parked, "parked messages", "look at them with `carvetka parked list`"),
        (
            waiting.events,
            "events of vehicles that nobody connected",
            "nothing to do if somebody soon will: the scheduler takes them up then",
        ),
        (
            waiting.vehicles,
            "vehicles that wait to be folded again",
            "a worker does it when the scheduler asks for it: do both run?",
        ),
        (
            waiting.spooled,
            "deliveries left in the spool",
            "workers take them within seconds: is one running?",
        ),
    ];
    let findings: Vec<Finding> = table
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, what, advice)| Finding::warning(format!("{what}: {count}"), advice))
        .collect();
    if findings.is_empty() { vec![Finding::ok("nothing is parked, and nothing waits")] } else { findings }
}
