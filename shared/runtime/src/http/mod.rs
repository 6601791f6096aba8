//! Health, readiness and metrics of a program over HTTP, and the server that carries them (and a program's own
//! routes, if it has any).

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;
use tracing::info;

use crate::config::MetricsConfig;
use crate::lifecycle::Lifecycle;
use crate::metrics::{self, PrometheusHandle};

mod seat;
mod server;

pub use server::{Limits, serve, serve_within};

/// Whether a program can do its work right now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It can.
    Ready,
    /// It cannot, and why: for the person who looks at `/readyz`.
    NotReady {
        /// A few plain words, without secrets.
        reason: Cow<'static, str>,
    },
}

/// The question that `/readyz` asks. Cheap to clone.
#[derive(Clone)]
pub struct Health(Arc<dyn Fn() -> Readiness + Send + Sync>);

impl Readiness {
    /// Not ready, for this reason.
    pub fn not(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::NotReady { reason: reason.into() }
    }
}

impl Health {
    /// Asks `ready` at every `/readyz`. It must answer at once: look at what is known, ask nobody.
    pub fn new(ready: impl Fn() -> Readiness + Send + Sync + 'static) -> Self {
        Self(Arc::new(ready))
    }

    /// What is true right now.
    pub fn readiness(&self) -> Readiness {
        (self.0)()
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Health").field(&self.readiness()).finish()
    }
}

/// `GET /healthz`, `GET /readyz` and `GET /metrics`.
///
/// `/healthz` is 200 as long as the event loop turns: it says that a restart would not help. `/readyz` is 200 or,
/// with the reason in JSON, 503. `/metrics` is Prometheus's text form.
pub fn router(health: Health, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/healthz", get(async || Json(json!({ "status": "ok" }))))
        .route("/readyz", get(ready).with_state(health))
        .route("/metrics", get(render).with_state(metrics))
}

/// For a program without a door of its own: serves [`router`] at `METRICS_ADDR` if that is given, and keeps the
/// memory of its metrics flat. While the program is stopping it is not ready, whatever `health` says.
///
/// # Errors
///
/// If the address cannot be bound.
pub async fn spawn_operations(life: &Lifecycle, config: MetricsConfig, health: Health) -> anyhow::Result<()> {
    let handle = metrics::install()?;
    life.spawn("metrics upkeep", metrics::upkeep(handle.clone(), life.stopping()));
    let Some(address) = config.metrics_addr else {
        return Ok(());
    };
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let address = listener.local_addr().context("cannot learn the address that was bound")?;
    info!(server.address = %address, "health and metrics on http://{address}");
    let router = router(unless_stopping(life, health), handle);
    life.spawn("operations server", serve(listener, router, life.stopping()));
    Ok(())
}

/// The same health, but not ready as soon as the program was told to stop.
pub fn unless_stopping(life: &Lifecycle, health: Health) -> Health {
    let stop = life.stopping();
    Health::new(move || if stop.is_cancelled() { Readiness::not("stopping") } else { health.readiness() })
}

async fn ready(State(health): State<Health>) -> Response {
    match health.readiness() {
        Readiness::Ready => Json(json!({ "status": "ready" })).into_response(),
        Readiness::NotReady { reason } => {
            let body = Json(json!({ "status": "not ready", "reason": reason }));
            (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
        }
    }
}

async fn render(State(metrics): State<PrometheusHandle>) -> Response {
    // The content type of Prometheus's text exposition format.
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.render()).into_response()
}
