//! The handshake before the first delivery: the receiver has to answer a challenge with the secret that both
//! know.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::post::Post;
use crate::chance::Chance;
use crate::ledger::Answer;
use crate::wire::{self, Stamp};

/// Why the webhook was not verified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    #[error("the webhook did not answer the handshake ({0:?})")]
    Silent(Answer),
    #[error("the webhook refused the handshake with status {0}")]
    Refused(u16),
    #[error("the webhook answered the handshake with a wrong hash: it knows another secret")]
    WrongHash,
}

#[derive(Deserialize)]
struct ChallengeAnswer {
    challenge: String,
}

/// Verifies the webhook: exactly status 200 and the right hash. A webhook that is not there yet, or not ready
/// (5xx), is asked again until `patience` is over.
pub async fn shake(
    post: &Post,
    chance: &mut Chance,
    now: DateTime<Utc>,
    patience: Duration,
) -> Result<(), HandshakeError> {
    let challenge = chance.uuid().to_string();
    let deadline = tokio::time::Instant::now() + patience;
    loop {
        let stamp = Stamp {
            event_id: chance.uuid().to_string(),
            delivery_id: chance.uuid().to_string(),
            delivered_at: now,
        };
        let (answer, body) = post.exchange(wire::verify(&challenge, &stamp)).await;
        let error = match answer {
            Answer::Status(200) => return judge(post, &challenge, &body),
            Answer::Status(status @ 0..500) => return Err(HandshakeError::Refused(status)),
            Answer::Status(status) => HandshakeError::Refused(status),
            Answer::TimedOut | Answer::Unreachable => HandshakeError::Silent(answer),
        };
        if tokio::time::Instant::now() >= deadline {
            return Err(error);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn judge(post: &Post, challenge: &str, body: &[u8]) -> Result<(), HandshakeError> {
    let answer: Option<ChallengeAnswer> = serde_json::from_slice(body).ok();
    let right = post.sign(challenge.as_bytes());
    if answer.is_some_and(|answer| answer.challenge == right) {
        Ok(())
    } else {
        Err(HandshakeError::WrongHash)
    }
}
