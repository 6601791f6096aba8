//! A server that stands in for all of the platform's hosts: it answers what a test puts into it and remembers what it
//! was asked.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use clap::Parser;
use secrecy::SecretString;
use serde_json::{Value, json};
use smartcar::client::{Access, Client, ClientConfig, VehicleRef};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub const CLIENT_ID: &str = "client_00000000-aaaa-4bbb-8ccc-dddddddddddd";
pub const CLIENT_SECRET: &str = "s3cret00-1c1e-4e72-8a5c-000000000001";
pub const MANAGEMENT_TOKEN: &str = "s3cret00-1c1e-4e72-8a5c-000000000002";
pub const APPLICATION_TOKEN: &str = "s3cret00-1c1e-4e72-8a5c-000000000003";
pub const USER_TOKEN: &str = "s3cret00-1c1e-4e72-8a5c-000000000004";
pub const VEHICLE: &str = "36ab27d0-0000-4000-8000-000000000001";
pub const USER: &str = "218eda3b-0000-4000-8000-000000000002";

pub struct Platform {
    pub address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    _server: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    answers: HashMap<String, VecDeque<Canned>>,
    asked: Vec<Asked>,
}

/// An answer that was prepared.
#[derive(Clone)]
pub struct Canned {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    delay: Duration,
}

/// What the platform was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Method and path, without the query.
    pub route: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// An answer with this status and JSON.
pub fn answer(status: u16, json: &Value) -> Canned {
    raw(status, json.to_string())
}

/// An answer with this status and these bytes, as JSON or not.
pub fn raw(status: u16, body: impl Into<Vec<u8>>) -> Canned {
    Canned { status, headers: Vec::new(), body: body.into(), delay: Duration::ZERO }
}

impl Canned {
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}

impl Platform {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Mutex::new(Shared::default()));
        let router = Router::new().fallback(respond).with_state(shared.clone());
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        let platform = Self { address, shared, _server: server };
        platform.on(
            "POST /oauth2/token",
            answer(
                200,
                &json!({ "access_token": APPLICATION_TOKEN, "token_type": "Bearer", "expires_in": 3600 }),
            ),
        );
        platform
    }

    /// From now on this route is answered so; after several, one after the other, the last one stays.
    pub fn on(&self, route: &str, canned: Canned) -> &Self {
        self.on_each(route, [canned])
    }

    pub fn on_each(&self, route: &str, canned: impl IntoIterator<Item = Canned>) -> &Self {
        self.shared.lock().unwrap().answers.insert(route.to_owned(), canned.into_iter().collect());
        self
    }

    /// All that it was asked, but for the application's token.
    pub fn asked(&self) -> Vec<Asked> {
        let asked = self.shared.lock().unwrap().asked.clone();
        asked.into_iter().filter(|asked| asked.route != "POST /oauth2/token").collect()
    }

    /// How often it was asked this.
    pub fn count(&self, route: &str) -> usize {
        self.shared.lock().unwrap().asked.iter().filter(|asked| asked.route == route).count()
    }

    pub fn last(&self) -> Asked {
        self.asked().pop().expect("the platform was asked")
    }

    pub fn client(&self, version: &str) -> Client {
        client(version, &format!("http://{}", self.address))
    }
}

async fn respond(State(shared): State<Arc<Mutex<Shared>>>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
    let route = format!("{} {}", head.method, head.uri.path());
    let query = head.uri.query().unwrap_or_default().to_owned();
    let canned = {
        let mut shared = shared.lock().unwrap();
        shared.asked.push(Asked { route: route.clone(), query, headers: head.headers, body });
        let prepared = shared.answers.get_mut(&route);
        let next = prepared
            .map(|answers| if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() });
        next.unwrap_or_else(|| {
            answer(404, &json!({ "type": "RESOURCE_NOT_FOUND", "code": "PATH", "statusCode": 404 }))
        })
    };
    tokio::time::sleep(canned.delay).await;
    let mut response = Response::builder().status(canned.status).header("content-type", "application/json");
    for (name, value) in canned.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(canned.body)).unwrap()
}

#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    client: ClientConfig,
}

/// A client of whatever stands at this address.
pub fn client(version: &str, origin: &str) -> Client {
    let config = Program::try_parse_from([
        "test",
        &format!("--smartcar-api-version={version}"),
        &format!("--smartcar-client-id={CLIENT_ID}"),
        &format!("--smartcar-client-secret={CLIENT_SECRET}"),
        &format!("--smartcar-webhook-secret={MANAGEMENT_TOKEN}"),
        "--smartcar-application-id=11111111-2222-4333-8444-555555555555",
        "--smartcar-redirect-uri=https://carvetka.example/api/smartcar/callback",
        &format!("--smartcar-api-origin={origin}"),
        &format!("--smartcar-auth-origin={origin}/oauth/token"),
        &format!("--smartcar-iam-origin={origin}/oauth2/token"),
        &format!("--smartcar-connect-origin={origin}"),
        &format!("--smartcar-management-api-origin={origin}"),
        &format!("--smartcar-vehicle-api-v3-origin={origin}"),
    ]);
    Client::new(&config.unwrap().client).unwrap()
}

/// API v3, on behalf of [`USER`].
pub const APPLICATION: Access<'static> = Access::Application { user_id: USER };

pub fn user_token() -> SecretString {
    USER_TOKEN.into()
}

pub fn vehicle() -> VehicleRef {
    VehicleRef {
        smartcar_vehicle_id: VEHICLE.to_owned(),
        smartcar_user_id: Some(USER.to_owned()),
        ..VehicleRef::default()
    }
}

/// A file of answers of our own.
pub fn fixture(name: &str) -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/api").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}
