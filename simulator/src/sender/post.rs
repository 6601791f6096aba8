//! One HTTP request to the webhook, signed as the platform signs.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, USER_AGENT};
use secrecy::{ExposeSecret, SecretString};

use crate::ledger::Answer;
use crate::wire::sign;

/// Where deliveries go, and with which key they are signed.
#[derive(Debug)]
pub struct Post {
    client: reqwest::Client,
    url: RwLock<String>,
    secret: SecretString,
    answer_within: Duration,
}

/// The HTTP client cannot be built.
#[derive(Debug, thiserror::Error)]
#[error("cannot build the HTTP client")]
pub struct ClientError(#[from] reqwest::Error);

impl Post {
    /// Connections are kept alive, up to `connections` of them; redirects are failures, as with the platform.
    /// Plain HTTP only: the stand-in is for receivers on the same machine or in the same cluster.
    pub fn new(
        url: String,
        secret: SecretString,
        connections: usize,
        answer_within: Duration,
    ) -> Result<Self, ClientError> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(connections)
            .no_proxy()
            .build()?;
        Ok(Self { client, url: RwLock::new(url), secret, answer_within })
    }

    /// Goes to another address from now on; tells the old one.
    pub fn redirect(&self, url: String) -> String {
        let mut address = self.url.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *address, url)
    }

    /// Sends a body and waits for the answer.
    pub async fn send(&self, body: Vec<u8>) -> Answer {
        self.exchange(body).await.0
    }

    /// Sends a body; the body of the answer is empty where there was none in time.
    pub async fn exchange(&self, body: Vec<u8>) -> (Answer, Vec<u8>) {
        let url = self.url.read().unwrap_or_else(PoisonError::into_inner).clone();
        let request = self
            .client
            .post(&url)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, "Smartcar/2.0")
            .header("SC-Signature", self.sign(&body))
            .timeout(self.answer_within)
            .body(body);
        match request.send().await {
            Ok(response) => {
                let answer = Answer::Status(response.status().as_u16());
                // Read to the end, so that the connection can be used again.
                let body = response.bytes().await.map(Vec::from).unwrap_or_default();
                (answer, body)
            }
            Err(error) if error.is_timeout() => (Answer::TimedOut, Vec::new()),
            Err(_) => (Answer::Unreachable, Vec::new()),
        }
    }

    pub fn sign(&self, message: &[u8]) -> String {
        sign(self.secret.expose_secret().as_bytes(), message)
    }
}
