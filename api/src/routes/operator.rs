//! The pipeline at a glance, for those who look after it. Nothing of people stands here; cars are ids of connections.

pub mod parked;

use std::time::Duration;

use ::broker::{Depth, Queue, Session};
use axum::extract::State;
use axum::response::Json;
use chrono::{DateTime, TimeDelta, Utc};
use runtime::clock;
use serde::Serialize;
use sqlx::PgConnection;
use store::figures::{self, Figures};
use store::operators::{self, Lately, SilentVehicle, Spooled, TokenHealth};
use tokio::time::timeout;
use tracing::debug;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;
use crate::identity::Operator;
use crate::operators::Broker;
use crate::problem::Answer;

/// How it stands with the pipeline.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pipeline {
    at: DateTime<Utc>,
    deliveries: Deliveries,
    /// `null` where the api was not told of the broker (`AMQP_URL`), or the broker does not answer.
    queues: Option<Vec<QueueFigures>>,
    /// Cars whose books have to be told anew.
    marked: Heap,
    /// Messages that a person has to look at.
    parked: Heap,
    vehicles: VehicleFigures,
    /// Active connections of which nothing was heard for days, the longest silent first; at most 50.
    silent: Vec<Silent>,
    tokens: TokenFigures,
    calls: Calls,
}

/// What the door accepted, and how far it is stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Deliveries {
    /// Accepted and not stored yet: in queues, waiting for their next attempt, in the spool. Without what workers hold at the
    /// moment; `null` where nobody knows of the queues.
    unstored: Option<i64>,
    /// Of these in the database, because the broker did not take them, and since when.
    spooled: Heap,
    /// When the newest stored one was taken in at the door.
    newest_at: Option<DateTime<Utc>>,
    /// Of those that came in the last five minutes: how many were stored, and the seconds between the door and the commit of
    /// the slowest.
    stored_lately: i64,
    slowest_seconds: Option<f64>,
}

/// How many, and since when the oldest.
#[derive(Debug, Serialize, ToSchema)]
struct Heap {
    number: i64,
    since: Option<DateTime<Utc>>,
}

/// A queue.
#[derive(Debug, Serialize, ToSchema)]
struct QueueFigures {
    /// `events`, `events.apart`, `jobs.poll`, …
    queue: String,
    /// Ready for whoever consumes.
    messages: u32,
    /// For their next attempt; `null` where messages are not tried.
    waiting: Option<u32>,
}

/// Connections by how they are. One may be in several.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct VehicleFigures {
    active: i64,
    reauth_required: i64,
    unheard: i64,
    resting: i64,
}

/// A connection of which nothing was heard.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Silent {
    vehicle_id: Uuid,
    since: Option<DateTime<Utc>>,
}

/// Consents that have tokens of their own (API v2).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TokenFigures {
    held: i64,
    /// Their access tokens are over; the next use renews them.
    to_renew: i64,
    /// They end within a week, and should have been renewed long before.
    ending: i64,
    /// Smartcar refuses to renew them.
    refused: i64,
}

/// Calls to Smartcar in this calendar month (UTC).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Calls {
    spent: i64,
    /// By the contract, for all active cars together.
    allowed: i64,
    /// Makers whose cars nobody asks at the moment.
    circuits_open: i64,
}

/// Where deliveries lie.
const OF_DELIVERIES: [Queue; 2] = [Queue::Events, Queue::Apart];

const LATELY: TimeDelta = TimeDelta::minutes(5);
const MOST_SILENT: i64 = 50;

/// A broker that hangs must not hang the page.
const BROKER_ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// How it stands with the pipeline. For operators; people's tokens are refused.
#[utoipa::path(get, path = "/api/operator/pipeline", tag = "operators", operation_id = "getPipeline",
    security(("operator" = [])),
    responses(
        (status = 200, description = "The pipeline", body = Pipeline),
        (status = 403, description = "Not the operators' token"),
        (status = 501, description = "This installation has no operators"),
    ))]
pub async fn pipeline(State(app): State<App>, _: Operator) -> Answer<Json<Pipeline>> {
    let queues = match app.operators.known_broker() {
        Some(broker) => depths(broker).await,
        None => None,
    };
    let mut db = app.pool.acquire().await?;
    Ok(Json(look(&mut db, queues, app.operators.calls_a_month, clock::now()).await?))
}

async fn look(
    db: &mut PgConnection,
    queues: Option<Vec<Depth>>,
    calls_a_month: u32,
    now: DateTime<Utc>,
) -> Answer<Pipeline> {
    let heard_since = now - figures::UNHEARD_AFTER;
    let Figures { vehicles, marked, marked_since, parked, parked_since, circuits_open, calls } =
        figures::look(&mut *db, now, heard_since).await?;
    let silent = operators::silent(&mut *db, heard_since, MOST_SILENT).await?;
    let TokenHealth { held, to_renew, ending, refused } = operators::tokens(&mut *db, now).await?;
    Ok(Pipeline {
        at: now,
        deliveries: deliveries(db, queues.as_deref(), now).await?,
        queues: queues.map(|queues| queues.into_iter().map(QueueFigures::from).collect()),
        marked: Heap { number: marked, since: marked_since },
        parked: Heap { number: parked, since: parked_since },
        vehicles: VehicleFigures {
            active: vehicles.active,
            reauth_required: vehicles.reauth_required,
            unheard: vehicles.unheard,
            resting: vehicles.resting,
        },
        silent: silent
            .into_iter()
            .map(|SilentVehicle { id, since }| Silent { vehicle_id: id, since })
            .collect(),
        tokens: TokenFigures { held, to_renew, ending, refused },
        calls: Calls { spent: calls, allowed: vehicles.active * i64::from(calls_a_month), circuits_open },
    })
}

async fn deliveries(
    db: &mut PgConnection,
    queues: Option<&[Depth]>,
    now: DateTime<Utc>,
) -> Answer<Deliveries> {
    let Spooled { deliveries: spooled, since } = operators::spooled(&mut *db).await?;
    let Lately { stored, slowest_seconds, newest_at } = operators::lately(db, now - LATELY).await?;
    let in_queues = |queues: &[Depth]| -> i64 {
        let own = queues.iter().filter(|depth| OF_DELIVERIES.contains(&depth.queue));
        own.map(|depth| i64::from(depth.messages) + i64::from(depth.waiting.unwrap_or(0))).sum()
    };
    Ok(Deliveries {
        unstored: queues.map(|queues| in_queues(queues) + spooled),
        spooled: Heap { number: spooled, since },
        newest_at,
        stored_lately: stored,
        slowest_seconds,
    })
}

/// Over a connection of its own each time: it is rarely asked, and a channel ends with the first queue that is not there yet.
async fn depths(broker: &Broker) -> Option<Vec<Depth>> {
    let looked = timeout(BROKER_ANSWERS_WITHIN, async {
        let session = Session::open(&broker.options).await.ok()?;
        let depths = broker.options.topology().depths(&session).await.ok();
        session.close().await;
        depths
    });
    let depths = looked.await.ok().flatten();
    if depths.is_none() {
        debug!("the broker does not tell of its queues");
    }
    depths
}

impl From<Depth> for QueueFigures {
    fn from(Depth { queue, messages, waiting }: Depth) -> Self {
        Self { queue: queue.to_string(), messages, waiting }
    }
}
