//! Commands to cars: each is written down before it is sent, and what came of it after.

use chrono::{DateTime, Utc};
use smartcar::client::{self, Advice, Commanded, PlatformError, VehicleRef};
use store::commands::{self, Ending, NewCommand};
use store::grants::Grant;
use store::vehicles::asking::{self, Subject};
use store::{StoreError, rests, vehicles};
use tokio::time::Instant;
use uuid::Uuid;

use crate::gates::{self, Counted, Gate};
use crate::sync::{ReconnectReason, SyncError, WaitReason, usable_access};
use crate::trouble::{self, Meaning};
use crate::{Connections, RefreshError, Source};

/// What a car can be told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    Lock,
    Unlock,
    StartCharge,
    StopCharge,
}

impl Command {
    /// As it stands in addresses and in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Unlock => "unlock",
            Self::StartCharge => "start_charge",
            Self::StopCharge => "stop_charge",
        }
    }

    /// The command of this name.
    pub fn find(name: &str) -> Option<Self> {
        [Self::Lock, Self::Unlock, Self::StartCharge, Self::StopCharge]
            .into_iter()
            .find(|command| command.name() == name)
    }

    /// What the owner has to have agreed to.
    pub fn scope(self) -> &'static str {
        client::Command::from(self).permission()
    }
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandOutcome {
    /// The car does it, or its maker took it.
    Done {
        id: Uuid,
    },
    /// The owner did not agree to this kind of command.
    NotConsented {
        scope: &'static str,
    },
    /// The car cannot do this.
    NotCapable,
    /// Not in the state that the car is in (driving, not plugged in, a door open …): the platform's own code, such as
    /// `IN_MOTION`, and what it suggests to tell the person.
    NotNow {
        code: String,
        message: Option<String>,
    },
    Wait {
        until: DateTime<Utc>,
        why: WaitReason,
    },
    BudgetExhausted {
        until: DateTime<Utc>,
    },
    Reconnect(ReconnectReason),
    /// The platform did not say: the car may have done it.
    Unknown {
        id: Uuid,
    },
}

#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// 404.
    #[error("the user has no such connected car")]
    NotConnected,
    #[error("cannot read or write the command")]
    Store(#[from] StoreError),
    #[error("cannot renew the tokens")]
    Refresh(#[from] RefreshError),
    /// A fault of ours or of the set-up: no retry helps.
    #[error("the platform refuses what it was asked")]
    Platform(#[from] PlatformError),
}

impl From<sqlx::Error> for CommandError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<SyncError> for CommandError {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::NotConnected => Self::NotConnected,
            SyncError::Store(error) => Self::Store(error),
            SyncError::Vault(error) => Self::Refresh(error.into()),
            SyncError::Refresh(error) => Self::Refresh(error),
            SyncError::Platform(error) => Self::Platform(error),
        }
    }
}

impl Connections {
    /// Tells a car of this user to do something. Never tried twice by itself, but for a token that the platform does not
    /// take: then nothing was done.
    ///
    /// # Errors
    ///
    /// If it is not connected, or the database cannot be reached.
    pub async fn command(
        &self,
        user: Uuid,
        car: Uuid,
        command: Command,
        now: DateTime<Utc>,
    ) -> Result<CommandOutcome, CommandError> {
        let mut db = self.pool().acquire().await?;
        let vehicle = vehicles::connecting::of_car(&mut db, user, car).await?;
        let vehicle = vehicle.ok_or(CommandError::NotConnected)?;
        let subject = asking::subject(&mut db, vehicle).await?.ok_or(CommandError::NotConnected)?;
        let grant = match self.consent(&mut db, &subject).await? {
            Ok(grant) => grant,
            Err(reason) => return Ok(CommandOutcome::Reconnect(reason)),
        };
        let counted = match self.admit(&mut db, &subject, &grant, command, now).await? {
            Ok(counted) => counted,
            Err(refused) => return Ok(refused),
        };
        let id = Uuid::new_v4();
        let new = NewCommand { id, vehicle_id: vehicle, car_id: car, user_id: user, command: command.name() };
        commands::begin(&mut db, &new, now).await?;
        drop(db);
        let began = Instant::now();
        let sent = self.send(&subject, &grant, command, now).await;
        self.end(id, &subject, command, sent, counted, now + began.elapsed()).await
    }

    /// Whether the command may be sent: then its call is counted.
    async fn admit(
        &self,
        db: &mut sqlx::PgConnection,
        subject: &Subject,
        grant: &Grant,
        command: Command,
        now: DateTime<Utc>,
    ) -> Result<Result<Counted, CommandOutcome>, StoreError> {
        let scope = command.scope();
        if !grant.scopes.is_empty() && !grant.scopes.iter().any(|known| known == scope) {
            return Ok(Err(CommandOutcome::NotConsented { scope }));
        }
        if rests::incapacities(db, subject.id, now).await?.iter().any(|what| what == command.name()) {
            return Ok(Err(CommandOutcome::NotCapable));
        }
        if let Gate::Wait { until, why } = gates::rest(db, subject, now).await? {
            return Ok(Err(CommandOutcome::Wait { until, why }));
        }
        let limit = gates::limit(self.inner.budget, Source::Manual);
        let Some(counted) = gates::count(db, subject.id, 1, limit, now).await? else {
            return Ok(Err(CommandOutcome::BudgetExhausted { until: gates::next_month(now) }));
        };
        Ok(match gates::take(db, counted, self.inner.budget, now).await? {
            Gate::Open => Ok(counted),
            Gate::Wait { until, why } => Err(CommandOutcome::Wait { until, why }),
        })
    }

    async fn send(
        &self,
        subject: &Subject,
        grant: &Grant,
        command: Command,
        now: DateTime<Utc>,
    ) -> Result<Result<Commanded, ReconnectReason>, SyncError> {
        let about = VehicleRef {
            smartcar_vehicle_id: subject.smartcar_vehicle_id.clone(),
            smartcar_user_id: subject.smartcar_user_id.clone(),
            ..VehicleRef::default()
        };
        let usable = self.usable(grant.id, now).await?;
        let sent = match usable_access(&usable, subject) {
            Ok(access) => self.client().command(access, &about, command.into()).await,
            Err(reason) => return Ok(Err(reason)),
        };
        match (sent, usable.version()) {
            (Err(error), Some(version)) if error.advice == Advice::RefreshTokenOnce => {
                let usable = self.usable_instead(grant.id, version, now).await?;
                match usable_access(&usable, subject) {
                    Ok(access) => Ok(Ok(self.client().command(access, &about, command.into()).await?)),
                    Err(reason) => Ok(Err(reason)),
                }
            }
            (sent, _) => Ok(Ok(sent?)),
        }
    }

    /// Writes down what came of it.
    async fn end(
        &self,
        id: Uuid,
        subject: &Subject,
        command: Command,
        sent: Result<Result<Commanded, ReconnectReason>, SyncError>,
        counted: Counted,
        now: DateTime<Utc>,
    ) -> Result<CommandOutcome, CommandError> {
        let mut db = self.pool().acquire().await?;
        let (ending, why, outcome) = match sent {
            Ok(Ok(Commanded::Done | Commanded::Accepted)) => {
                (Ending::Done, None, Ok(CommandOutcome::Done { id }))
            }
            Ok(Err(reason)) => {
                gates::settle(&mut db, counted, 0).await?;
                (Ending::Refused, Some(reason.kind.clone()), Ok(CommandOutcome::Reconnect(reason)))
            }
            Err(SyncError::Platform(error)) => {
                let why = Some(words(&error));
                let outcome = refusal(&mut db, id, subject, command, error, now).await?;
                let ending = match outcome {
                    Ok(CommandOutcome::Unknown { .. }) => Ending::Unknown,
                    Ok(_) | Err(_) => Ending::Refused,
                };
                (ending, why, outcome)
            }
            Err(error) => {
                gates::settle(&mut db, counted, 0).await?;
                (Ending::Refused, Some("NO_TOKEN".to_owned()), Err(error.into()))
            }
        };
        commands::end(&mut db, id, ending, why.as_deref(), now).await?;
        outcome
    }
}

/// What a refusal of the platform means.
async fn refusal(
    db: &mut sqlx::PgConnection,
    id: Uuid,
    subject: &Subject,
    command: Command,
    error: PlatformError,
    now: DateTime<Utc>,
) -> Result<Result<CommandOutcome, CommandError>, StoreError> {
    match error.kind.as_str() {
        // It was on its way, and nobody said how it ended.
        "TRANSPORT" if !error.is("TRANSPORT", "CONNECT") => return Ok(Ok(CommandOutcome::Unknown { id })),
        // Nor did the maker of the car, or the platform: the car may have done it, and is not left alone for that.
        "SERVER" => return Ok(Ok(CommandOutcome::Unknown { id })),
        "UPSTREAM" if !error.is("UPSTREAM", "RATE_LIMIT") => {
            return Ok(Ok(CommandOutcome::Unknown { id }));
        }
        "PERMISSION" => return Ok(Ok(CommandOutcome::NotConsented { scope: command.scope() })),
        "VEHICLE_STATE" if !is_absent(&error) => {
            let code = error.code.clone().unwrap_or_else(|| "UNKNOWN".to_owned());
            return Ok(Ok(CommandOutcome::NotNow { code, message: error.message_for_user.clone() }));
        }
        _ => {}
    }
    Ok(match trouble::note(db, subject, &error, now).await? {
        Meaning::Wait { until, why } => Ok(CommandOutcome::Wait { until, why }),
        Meaning::Reconnect(reason) => Ok(CommandOutcome::Reconnect(reason)),
        Meaning::Never => {
            trouble::note_never(db, subject.id, &[command.name().to_owned()], now).await?;
            Ok(CommandOutcome::NotCapable)
        }
        Meaning::Fault => Err(error.into()),
    })
}

/// Nobody is there to take a command, now.
fn is_absent(error: &PlatformError) -> bool {
    ["ASLEEP", "UNREACHABLE", "VEHICLE_OFFLINE_FOR_SERVICE"]
        .iter()
        .any(|code| error.is("VEHICLE_STATE", code))
}

fn words(error: &PlatformError) -> String {
    match &error.code {
        Some(code) => format!("{}/{code}", error.kind),
        None => error.kind.clone(),
    }
}

impl From<Command> for client::Command {
    fn from(command: Command) -> Self {
        match command {
            Command::Lock => Self::Lock,
            Command::Unlock => Self::Unlock,
            Command::StartCharge => Self::StartCharge,
            Command::StopCharge => Self::StopCharge,
        }
    }
}
