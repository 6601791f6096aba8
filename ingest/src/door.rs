//! The door itself: in which order a request is looked at, and who is let in.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use broker::message::{DeliveryV1, Source};
use chrono::{DateTime, Utc};
use runtime::clock;
use serde::Deserialize;
use smartcar::envelope::{self, Head};
use smartcar::signature::{Forged, Secrets, Verified, challenge_answer, verify};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::{Instrument, Span, debug, field, info, info_span, warn};

use crate::body;
use crate::config::DoorConfig;
use crate::keeper::Keeper;
use crate::metric;
use crate::outcome::{Answer, Refusal};
use crate::suspicion::Suspicion;
use crate::visit::Visit;

/// The header that proves who sent a body; see `smartcar::signature`.
const SIGNATURE: &str = "sc-signature";

/// The version of a delivery whose envelope nobody knows: the worker parks it, where a person looks.
const UNKNOWN: &str = "unknown";

/// Takes webhooks. Cheap to clone.
#[derive(Clone)]
pub struct Door(Arc<Inner>);

struct Inner {
    secrets: Secrets,
    enrolment: Enrolment,
    body_within: Duration,
    in_hand: Semaphore,
    suspicion: Suspicion,
    keeper: Keeper,
}

/// Whether handshakes without a signature are answered: the platform's pages do not agree on whether it signs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Enrolment {
    Closed,
    Open,
}

impl Door {
    /// Where Smartcar is told to send webhooks.
    pub const PATH: &str = "/api/smartcar/webhook";

    /// A door with these rules, that hands deliveries to `keeper`.
    pub fn new(config: &DoorConfig, keeper: Keeper) -> Self {
        metric::describe();
        let enrolment = if config.accept_unsigned_verify { Enrolment::Open } else { Enrolment::Closed };
        if enrolment == Enrolment::Open {
            warn!("handshakes without a signature are answered: close this when the webhook is verified");
        }
        Self(Arc::new(Inner {
            secrets: config.smartcar_webhook_secret.clone(),
            enrolment,
            body_within: config.body_within(),
            in_hand: Semaphore::new(usize::from(config.requests_in_hand)),
            suspicion: Suspicion::default(),
            keeper,
        }))
    }

    /// `POST` and `GET` at [`Door::PATH`].
    pub fn router(self) -> Router {
        Router::new().route(Self::PATH, get(knock).post(receive)).with_state(self)
    }
}

/// A root span: what a stranger's request says about traces is not believed.
async fn receive(State(Door(door)): State<Door>, request: Request) -> Response {
    let visit = Visit::begin();
    let span = info_span!(
        parent: None,
        "webhook",
        otel.kind = "server",
        delivery.id = field::Empty,
        delivery.version = field::Empty,
        body.size_bytes = field::Empty,
        request.outcome = field::Empty,
    );
    let outcome = door.receive(request).instrument(span.clone()).await;
    let word = outcome.as_ref().map_or_else(Refusal::word, Answer::word);
    span.record("request.outcome", word);
    span.in_scope(|| note(&outcome));
    visit.end(word);
    outcome.into_response()
}

/// What a person who opens the address gets, and a platform that asks by GET. A challenge in the address cannot be
/// signed, so it is answered during enrolment only, and never held against the one who asks.
async fn knock(State(Door(door)): State<Door>, query: Result<Query<Knock>, QueryRejection>) -> Answer {
    let challenge = query.ok().and_then(|Query(knock)| knock.challenge);
    match (door.enrolment, challenge) {
        (Enrolment::Open, Some(challenge)) => {
            challenge_answer(&door.secrets, &challenge).map_or(Answer::Here, Answer::Challenge)
        }
        (Enrolment::Open, None) | (Enrolment::Closed, _) => Answer::Here,
    }
}

#[derive(Deserialize)]
struct Knock {
    challenge: Option<String>,
}

impl Inner {
    async fn receive(&self, request: Request) -> Result<Answer, Refusal> {
        let _in_hand = self.in_hand.try_acquire().map_err(|_| Refusal::Overloaded)?;
        let received_at = clock::now();
        let (head, body) = request.into_parts();
        let body = body::read(&head.headers, body, Instant::now() + self.body_within).await?;
        metric::body_read(body.len());
        Span::current().record("body.size_bytes", body.len());

        let signature = head.headers.get(SIGNATURE).map(HeaderValue::as_bytes);
        match verify(&self.secrets, &body, signature) {
            Ok(body) => {
                self.suspicion.good();
                self.admit(body, received_at).await
            }
            Err(Forged::Missing) if self.enrolment == Enrolment::Open => self.enrol(&body),
            Err(forged) => Err(self.suspect(forged)),
        }
    }

    /// What is signed is a handshake, which is answered, or something to keep: also what cannot be read. It came from
    /// Smartcar, and a person should see it.
    async fn admit(&self, body: Verified<'_>, received_at: DateTime<Utc>) -> Result<Answer, Refusal> {
        let (event_id, version) = match envelope::head(body.bytes()) {
            Head::Verify { challenge } => return self.answer(&challenge),
            Head::Event { event_id, version } => (event_id, version.as_str()),
            Head::Unreadable => (None, UNKNOWN),
        };
        let event_id = event_id.unwrap_or_else(|| envelope::event_id_of(body.bytes(), received_at));
        Span::current().record("delivery.id", &event_id).record("delivery.version", version);
        let delivery = DeliveryV1::new(event_id, received_at, Source::Webhook, body.bytes().to_vec());
        Ok(Answer::Accepted(self.keeper.keep(version, &delivery).await?))
    }

    /// Without a signature only a handshake gets an answer, and nothing is kept.
    fn enrol(&self, body: &[u8]) -> Result<Answer, Refusal> {
        match envelope::head(body) {
            Head::Verify { challenge } => self.answer(&challenge),
            Head::Event { .. } | Head::Unreadable => Err(self.suspect(Forged::Missing)),
        }
    }

    fn answer(&self, challenge: &str) -> Result<Answer, Refusal> {
        Ok(Answer::Challenge(challenge_answer(&self.secrets, challenge)?))
    }

    fn suspect(&self, forged: Forged) -> Refusal {
        metric::bad_signature(forged);
        self.suspicion.bad();
        forged.into()
    }
}

/// One line a request, and only for those who look closely: what needs a person (bad signatures, a broker that is
/// away) says so itself, once and not once a request.
fn note(outcome: &Result<Answer, Refusal>) {
    match outcome {
        Ok(Answer::Challenge(_)) => info!("answered a handshake"),
        Ok(Answer::Accepted(_) | Answer::Here) => debug!("answered"),
        Err(refusal) => debug!(error = runtime::chain(refusal), "refused: {refusal}"),
    }
}
