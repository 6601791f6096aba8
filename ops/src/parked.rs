//! `carvetka parked`: the messages that no retry helped, and what a person does about them.

mod show;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use broker::{BrokerOptions, Publisher, Session};
use clap::{ArgGroup, Args, Subcommand};
use intake::parked::{Outcome, take_up};
use runtime::clock;
use runtime::config::BrokerConfig;
use runtime::lifecycle::Lifecycle;
use sqlx::PgConnection;
use store::parked::{self, Settlement};
use uuid::Uuid;

use crate::log;
use crate::settings::DatabaseUrl;

/// Looks at messages that no retry helped, takes them up again, or throws them away.
///
/// A message is parked when nobody can read it, when the database refuses what it says, or when it came back too
/// often. Nothing is lost by waiting: mend the cause first, then replay.
#[derive(Debug, Clone, Args)]
pub struct Options {
    #[command(subcommand)]
    action: Action,

    #[command(flatten)]
    database: DatabaseUrl,
}

#[derive(Debug, Clone, Subcommand)]
enum Action {
    /// Lists what is parked, oldest first: id, since when, from which queue, which message, why.
    List {
        /// How many at most.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..))]
        limit: i64,
    },
    /// Shows one message whole: why it is parked, its headers and its body, which may hold positions.
    Show { id: Uuid },
    /// Publishes messages again to where they came from.
    ///
    /// Each is first confirmed by the broker and then marked as replayed. One that fails again is parked again, under
    /// the same id.
    Replay(Replay),
    /// Marks messages as discarded. Their rows stay, for those who ask later.
    Discard {
        #[arg(required = true)]
        ids: Vec<Uuid>,
    },
}

#[derive(Debug, Clone, Args)]
#[command(group = ArgGroup::new("which").required(true))]
struct Replay {
    /// The messages.
    #[arg(group = "which")]
    ids: Vec<Uuid>,

    /// Everything that is parked now.
    #[arg(long, group = "which")]
    all: bool,

    #[command(flatten)]
    broker: BrokerConfig,
}

/// So many rows are read at once for `replay --all`: each holds a body.
const PAGE: i64 = 100;

/// The exit code is 1 if a message could not be dealt with; the lines say which and why.
///
/// # Errors
///
/// If the database or the broker cannot be reached.
pub async fn run(options: &Options, out: &mut (dyn Write + Send)) -> anyhow::Result<ExitCode> {
    log::warnings_to_stderr();
    let mut db = options.database.connect().await?;
    let all_done = match &options.action {
        Action::List { limit } => {
            show::list(&parked::list(&mut db, *limit).await?, out)?;
            true
        }
        Action::Show { id } => {
            let row = parked::find(&mut db, *id).await?.context("no message has this id")?;
            show::whole(&row, out)?;
            true
        }
        Action::Replay(replay) => replay_messages(&mut db, replay, out).await?,
        Action::Discard { ids } => discard(&mut db, ids, out).await?,
    };
    Ok(if all_done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn discard(db: &mut PgConnection, ids: &[Uuid], out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let mut all_done = true;
    for id in ids {
        let done = parked::settle(db, *id, Settlement::Discarded, clock::now()).await?;
        writeln!(out, "{id} {}", if done { "discarded" } else { "is not parked" })?;
        all_done &= done;
    }
    Ok(all_done)
}

async fn replay_messages(
    db: &mut PgConnection,
    replay: &Replay,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<bool> {
    let options = BrokerOptions::from_config(&replay.broker, "carvetka")?;
    // A publisher would wait for a broker that is away; a person wants to be told.
    let session = Session::open(&options)
        .await
        .context("cannot reach RabbitMQ at AMQP_URL, everything stays parked")?;
    session.close().await;
    let life = Lifecycle::new(Duration::from_secs(5));
    let publisher = Publisher::start(&options, &life.tasks());
    let all_done = if replay.all {
        replay_all(db, &publisher, out).await
    } else {
        replay_these(db, &publisher, &replay.ids, out).await
    };
    drop(publisher);
    life.shut_down().await;
    all_done
}

async fn replay_these(
    db: &mut PgConnection,
    publisher: &Publisher,
    ids: &[Uuid],
    out: &mut (dyn Write + Send),
) -> anyhow::Result<bool> {
    let mut all_done = true;
    for id in ids {
        let outcome = match parked::find(db, *id).await? {
            Some(row) => take_up(db, publisher, &row, clock::now())
                .await
                .with_context(|| format!("cannot replay {id}"))?,
            None => Outcome::NotParked,
        };
        writeln!(out, "{id} {outcome}")?;
        all_done &= outcome.is_done();
    }
    Ok(all_done)
}

/// What is parked while this runs is left alone: it may be what just failed again.
async fn replay_all(
    db: &mut PgConnection,
    publisher: &Publisher,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<bool> {
    let started = clock::now();
    let (mut replayed, mut left) = (0_u64, Vec::new());
    loop {
        let mut rows = parked::list(db, PAGE + i64::try_from(left.len())?).await?;
        rows.retain(|row| row.parked_at < started && !left.contains(&row.id));
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let outcome = take_up(db, publisher, &row, clock::now())
                .await
                .with_context(|| format!("cannot replay {}", row.id))?;
            if outcome.is_done() {
                replayed += 1;
            } else {
                writeln!(out, "{} {outcome}", row.id)?;
                left.push(row.id);
            }
        }
    }
    writeln!(out, "replayed {replayed}, left {}", left.len())?;
    Ok(left.is_empty())
}
