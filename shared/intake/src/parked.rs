//! Parked messages, taken up again: back to the queue that each came from.

mod original;

use std::fmt;
use std::time::Duration;

use broker::{PublishError, Publisher};
use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};
use store::StoreError;
use store::parked::{self, ParkedRow, Settlement};
use thiserror::Error;
use tokio::time::Instant;

/// How long the broker may take to confirm one message; connecting to it included.
const CONFIRM_WITHIN: Duration = Duration::from_secs(10);

/// What became of a message that was to be replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Replayed,
    NotParked,
    /// Nothing says which queue it belongs to.
    Homeless,
}

/// Why a message stays parked, though it could be taken up.
#[derive(Debug, Error)]
pub enum TakeUpError {
    #[error("cannot mark the message")]
    Store(#[from] StoreError),
    #[error("cannot publish the message, it stays parked")]
    Publish(#[from] PublishError),
}

/// Marks the message and publishes it, and only then commits the mark: a worker that parks it again meanwhile waits
/// for the mark, and is not taken for a repetition. A crash between confirm and commit leaves it parked and replayed,
/// which is harmless.
///
/// # Errors
///
/// If one of the servers is away; the message stays parked.
pub async fn take_up(
    db: &mut PgConnection,
    publisher: &Publisher,
    row: &ParkedRow,
    now: DateTime<Utc>,
) -> Result<Outcome, TakeUpError> {
    let Some((to, original)) = original::of(row, publisher.topology()) else {
        return Ok(Outcome::Homeless);
    };
    let mut tx = db.begin().await.map_err(StoreError::from)?;
    if !parked::settle(&mut tx, row.id, Settlement::Replayed, now).await? {
        return Ok(Outcome::NotParked);
    }
    publisher.publish(to, original.as_message(), Instant::now() + CONFIRM_WITHIN).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Outcome::Replayed)
}

impl Outcome {
    pub fn is_done(self) -> bool {
        self == Self::Replayed
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Replayed => "replayed",
            Self::NotParked => "is not parked",
            Self::Homeless => {
                "belongs to no queue of this namespace (AMQP_NAMESPACE); it can only be discarded"
            }
        })
    }
}
