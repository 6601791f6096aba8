//! Commands to cars: each is written down before it is sent, and what came of it after.

use chrono::{DateTime, Utc};
use store::StoreError;
use uuid::Uuid;

use crate::Connections;
use crate::sync::{ReconnectReason, WaitReason};

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
    pub const fn scope(self) -> &'static str {
        match self {
            Self::Lock | Self::Unlock => "control_security",
            Self::StartCharge | Self::StopCharge => "control_charge",
        }
    }
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandOutcome {
    /// The platform says that the car does it.
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
    Refresh(#[from] crate::RefreshError),
}

impl From<sqlx::Error> for CommandError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Connections {
    /// Tells a car of this user to do something.
    ///
    /// # Errors
    ///
    /// If it is not connected, or the database cannot be reached.
    pub async fn command(
        &self,
        _user: Uuid,
        _car: Uuid,
        _command: Command,
        _now: DateTime<Utc>,
    ) -> Result<CommandOutcome, CommandError> {
        let _db = self.pool.acquire().await?;
        Err(CommandError::NotConnected)
    }
}
