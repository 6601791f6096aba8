//! A stand-in for Smartcar, as small as these tests allow: cars that tell their mileage, slowly if need be, and errors.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub const KEYS: &str = "2026a:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// Runs for as long as it is held.
pub struct Platform {
    origin: String,
    world: Arc<Mutex<World>>,
    _server: JoinSet<()>,
}

#[derive(Default)]
pub struct World {
    /// What was asked: paths.
    pub asked: Vec<String>,
    /// How long cars take.
    pub delay: Duration,
    /// The next answers about cars: status, seconds of `Retry-After`, type and code of the error.
    pub refusals: VecDeque<(u16, u32, &'static str, &'static str)>,
}

impl Platform {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let world = Arc::new(Mutex::new(World::default()));
        let app = Router::new().fallback(answer).with_state(world.clone());
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { origin, world, _server: server }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// How often cars were asked.
    pub fn asked(&self) -> usize {
        self.world().asked.iter().filter(|path| path.ends_with("/signals")).count()
    }

    /// The settings of a worker that asks here.
    pub fn settings(&self, version: &str) -> Vec<String> {
        let mut settings = vec![
            format!("--smartcar-auth-origin={}/oauth/token", self.origin),
            format!("--smartcar-iam-origin={}/oauth2/token", self.origin),
            format!("--smartcar-api-version={version}"),
            format!("--token-encryption-keys={KEYS}"),
        ];
        for name in ["api", "vehicle-api-v3", "management-api", "connect"] {
            settings.push(format!("--smartcar-{name}-origin={}", self.origin));
        }
        for name in ["client-id", "client-secret", "application-id"] {
            settings.push(format!("--smartcar-{name}=test"));
        }
        settings
    }
}

async fn answer(State(world): State<Arc<Mutex<World>>>, uri: Uri) -> Response {
    let path = uri.path().to_owned();
    world.lock().unwrap().asked.push(path.clone());
    if path.ends_with("/token") {
        return Json(
            json!({ "access_token": "new-access", "refresh_token": "new-refresh", "token_type": "Bearer",
            "expires_in": 7200 }),
        )
        .into_response();
    }
    let (delay, refusal) = {
        let mut world = world.lock().unwrap();
        (world.delay, world.refusals.pop_front())
    };
    tokio::time::sleep(delay).await;
    if let Some((status, retry_after, kind, code)) = refusal {
        let body = json!({ "errors": [{ "status": status.to_string(), "type": kind, "code": code, "title": "no" }] });
        let head = [("retry-after", retry_after.to_string())];
        return (StatusCode::from_u16(status).unwrap(), head, Json(body)).into_response();
    }
    Json(signals()).into_response()
}

fn signals() -> Value {
    let at = "2026-02-16T08:00:00.000Z";
    json!({
        "data": [{ "id": "odometer-traveleddistance", "type": "signal", "attributes": {
            "code": "odometer-traveleddistance", "name": "TraveledDistance", "group": "Odometer",
            "status": { "value": "SUCCESS" }, "body": { "value": 25_000.0, "unit": "km" } },
            "meta": { "oemUpdatedAt": at, "retrievedAt": at, "ingestedAt": at } }],
        "meta": { "totalCount": 1, "pageSize": 100, "pageNumber": 1 },
        "included": {},
    })
}
