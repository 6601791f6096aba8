//! A webhook for tests: a real HTTP server that remembers what came and answers as a test wants.
#![expect(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use simulator::wire::sign;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub const SECRET: &str = "amt-of-the-test";

/// What the webhook answers to the nth attempt (from 0) of an event.
pub type Behaviour = Arc<dyn Fn(usize) -> Reply + Send + Sync>;

#[derive(Debug, Clone, Copy)]
pub enum Reply {
    Status(u16),
    /// 200 after so many milliseconds.
    Slow(u64),
}

/// A delivery as it came.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub headers: HeaderMap,
    pub bytes: Bytes,
    pub body: Value,
}

impl Arrival {
    pub fn event_id(&self) -> &str {
        self.body["eventId"].as_str().unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// Ends with the value.
pub struct Webhook {
    pub url: String,
    shared: Arc<Shared>,
    _server: JoinSet<()>,
}

struct Shared {
    behaviour: Behaviour,
    secret: &'static str,
    /// Handshakes that are answered 503 still.
    unready: AtomicUsize,
    arrivals: Mutex<Vec<Arrival>>,
    attempts: Mutex<HashMap<String, usize>>,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

impl Webhook {
    pub async fn open(behaviour: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::with(SECRET, 0, behaviour).await
    }

    /// A webhook that knows this secret, and is not ready for so many handshakes.
    pub async fn with(
        secret: &'static str,
        unready: usize,
        behaviour: impl Fn(usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shared = Arc::new(Shared {
            behaviour: Arc::new(behaviour),
            secret,
            unready: AtomicUsize::new(unready),
            arrivals: Mutex::default(),
            attempts: Mutex::default(),
            at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
        });
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let app = Router::new().route("/hook", post(receive)).with_state(Arc::clone(&shared));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, shared, _server: server }
    }

    /// All deliveries of events, in the order in which they came.
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.shared.arrivals.lock().unwrap().clone()
    }

    pub fn most_at_once(&self) -> usize {
        self.shared.most_at_once.load(Ordering::SeqCst)
    }
}

async fn receive(State(shared): State<Arc<Shared>>, headers: HeaderMap, bytes: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&bytes).unwrap();
    if body["eventType"] == "VERIFY" {
        let left =
            shared.unready.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left.is_ok() {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let challenge = body["data"]["challenge"].as_str().unwrap();
        return axum::Json(json!({"challenge": sign(shared.secret.as_bytes(), challenge.as_bytes())}))
            .into_response();
    }
    let at_once = shared.at_once.fetch_add(1, Ordering::SeqCst) + 1;
    shared.most_at_once.fetch_max(at_once, Ordering::SeqCst);
    let arrival = Arrival { headers, bytes, body };
    let nth = {
        let mut attempts = shared.attempts.lock().unwrap();
        let nth = attempts.entry(arrival.event_id().to_owned()).or_default();
        *nth += 1;
        *nth - 1
    };
    shared.arrivals.lock().unwrap().push(arrival);
    let status = match (shared.behaviour)(nth) {
        Reply::Status(status) => status,
        Reply::Slow(ms) => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            200
        }
    };
    shared.at_once.fetch_sub(1, Ordering::SeqCst);
    StatusCode::from_u16(status).unwrap().into_response()
}

/// Polls until it is true; gives up after half a minute.
pub async fn eventually(what: &str, mut is_true: impl FnMut() -> bool) {
    for _ in 0..600 {
        if is_true() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited in vain: {what}");
}
