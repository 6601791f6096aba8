//! Commands to a car: lock it, charge it. Each is written down, and a refusal says why.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use connections::{Command, CommandError, CommandOutcome};
use runtime::clock;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;
use crate::extract::{Body, OwnCar};
use crate::problem::{Answer, Code, Problem};
use crate::refusal;

/// What the car is told to do.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandInput {
    command: CommandWord,
}

/// A command.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CommandWord {
    Lock,
    Unlock,
    StartCharge,
    StopCharge,
}

/// What came of a command.
#[derive(Serialize, ToSchema)]
pub struct CommandResult {
    result: CommandEnd,
    /// Where it stands in the log of commands.
    id: Uuid,
}

/// How a command ended.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CommandEnd {
    /// Smartcar says that the car does it.
    Done,
    /// Smartcar did not say: the car may have done it.
    Unknown,
}

/// Tells the car to do something. May take a minute.
#[utoipa::path(post, path = "/api/smartcar/commands/{carId}", tag = "smartcar", operation_id = "sendCommand",
    security(("person" = [])), params(("carId" = Uuid, Path)), request_body = CommandInput,
    responses(
        (status = 200, description = "Done", body = CommandResult),
        (status = 202, description = "Nobody knows whether the car did it", body = CommandResult),
        (status = 403, description = "The owner did not allow this when the car was connected"),
        (status = 409, description = "Not connected, asleep, not able to, or not in its present state"),
        (status = 423, description = "Its tokens are being renewed"),
        (status = 501, description = "Not set up"),
        (status = 502, description = "Smartcar or the car's maker has trouble"),
    ))]
pub async fn command(
    State(app): State<App>,
    car: OwnCar,
    Body(input): Body<CommandInput>,
) -> Answer<Response> {
    app.allowance.action(car.person.id)?;
    let connections = app.connections()?.clone();
    let command = Command::from(input.command);
    let outcome = app
        .to_its_end(async move { connections.command(car.person.id, car.id, command, clock::now()).await });
    let outcome = outcome.await?.map_err(|error| match error {
        CommandError::NotConnected => refusal::not_connected(),
        CommandError::Store(error) => error.into(),
        CommandError::Refresh(error) => refusal::refresh(error),
        error @ CommandError::Platform(_) => Problem::internal(&error),
    })?;
    answer(outcome)
}

fn answer(outcome: CommandOutcome) -> Answer<Response> {
    let problem = match outcome {
        CommandOutcome::Done { id } => {
            return Ok(Json(CommandResult { result: CommandEnd::Done, id }).into_response());
        }
        CommandOutcome::Unknown { id } => {
            let body = Json(CommandResult { result: CommandEnd::Unknown, id });
            return Ok((StatusCode::ACCEPTED, body).into_response());
        }
        CommandOutcome::NotConsented { scope } => {
            let detail = format!(
                "You did not allow commands of this kind (`{scope}`). Connect the car again and allow them."
            );
            Problem::new(Code::NotPermitted, detail)
        }
        CommandOutcome::NotCapable => {
            Problem::new(Code::NotCapable, "This car cannot be told to do that from afar.")
        }
        CommandOutcome::NotNow { code, message } => {
            let said = message.unwrap_or_else(|| format!("its maker says {code}"));
            Problem::new(Code::CarNotInState, format!("The car does not do that now: {said}."))
        }
        CommandOutcome::Wait { until, why } => refusal::wait(why, until, clock::now()),
        CommandOutcome::BudgetExhausted { until } => refusal::budget(until, clock::now()),
        CommandOutcome::Reconnect(reason) => refusal::reconnect(&reason),
    };
    Err(problem)
}

impl From<CommandWord> for Command {
    fn from(word: CommandWord) -> Self {
        match word {
            CommandWord::Lock => Self::Lock,
            CommandWord::Unlock => Self::Unlock,
            CommandWord::StartCharge => Self::StartCharge,
            CommandWord::StopCharge => Self::StopCharge,
        }
    }
}
