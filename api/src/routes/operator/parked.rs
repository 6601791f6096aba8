//! Messages that no retry helped: why, and taking them up again, as `carvetka parked replay` does. What they say may be of
//! people, and is not shown here.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Json;
use chrono::{DateTime, Utc};
use intake::parked::{Outcome, TakeUpError, take_up};
use runtime::clock;
use serde::Serialize;
use store::operators::{self, ParkedLine};
use store::parked;
use tracing::info;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;
use crate::identity::Operator;
use crate::problem::{Answer, Code, Problem};

/// Messages that wait for a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParkedMessages {
    items: Vec<ParkedMessage>,
}

/// A message that no retry helped.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ParkedMessage {
    id: Uuid,
    queue: String,
    why: String,
    /// How large it is.
    bytes: i32,
    parked_at: DateTime<Utc>,
}

/// More than anybody looks at one by one: `carvetka parked replay --all` takes up all of them.
const MOST: i64 = 200;

/// What is parked, oldest first, at most 200. What the messages say `carvetka parked show` tells.
#[utoipa::path(get, path = "/api/operator/parked", tag = "operators", operation_id = "listParkedMessages",
    security(("operator" = [])),
    responses(
        (status = 200, description = "The messages", body = ParkedMessages),
        (status = 403, description = "Not the operators' token"),
        (status = 501, description = "This installation has no operators"),
    ))]
pub async fn list(State(app): State<App>, _: Operator) -> Answer<Json<ParkedMessages>> {
    let mut db = app.pool.acquire().await?;
    let lines = operators::parked(&mut db, MOST).await?;
    Ok(Json(ParkedMessages { items: lines.into_iter().map(ParkedMessage::from).collect() }))
}

/// Takes a message up again: back to the queue that it came from, with its attempts forgotten.
#[utoipa::path(post, path = "/api/operator/parked/{messageId}/replay", tag = "operators",
    operation_id = "replayParkedMessage", security(("operator" = [])), params(("messageId" = Uuid, Path)),
    responses(
        (status = 204, description = "It is on its way"),
        (status = 403, description = "Not the operators' token"),
        (status = 409, description = "Nothing says where it came from"),
        (status = 501, description = "This installation has no operators, or the api was not told of the broker"),
    ))]
pub async fn replay(State(app): State<App>, _: Operator, Path(id): Path<String>) -> Answer<StatusCode> {
    let id: Uuid = id.parse().map_err(|_| unknown())?;
    let publisher = app.operators.broker()?.publisher.clone();
    let pool = app.pool.clone();
    // Whoever closed the page meant it all the same, and half of it would be a message that is parked and under way.
    app.to_its_end(async move {
        let mut db = pool.acquire().await?;
        let row = parked::find(&mut db, id).await?.ok_or_else(unknown)?;
        match take_up(&mut db, &publisher, &row, clock::now()).await.map_err(refuse)? {
            Outcome::Replayed => {
                info!(message.id = %id, "an operator took up the parked message {id}");
                Ok(StatusCode::NO_CONTENT)
            }
            Outcome::NotParked => Err(unknown()),
            Outcome::Homeless => Err(homeless()),
        }
    })
    .await?
}

fn unknown() -> Problem {
    Problem::new(
        Code::MessageNotFound,
        "No message is parked under this id; maybe somebody took it up already.",
    )
}

fn homeless() -> Problem {
    let detail = "Nothing says which queue it came from: look at it (`carvetka parked show`) and discard it.";
    Problem::new(Code::MessageHomeless, detail)
}

fn refuse(error: TakeUpError) -> Problem {
    match error {
        TakeUpError::Store(error) => error.into(),
        TakeUpError::Publish(ref cause) => {
            let detail = "The broker did not take it. It stays parked; try again soon.";
            Problem::unavailable(detail).because(cause)
        }
    }
}

impl From<ParkedLine> for ParkedMessage {
    fn from(ParkedLine { id, queue, why, bytes, parked_at }: ParkedLine) -> Self {
        Self { id, queue, why, bytes, parked_at }
    }
}
