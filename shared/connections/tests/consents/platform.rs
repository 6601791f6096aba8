//! A stand-in for the platform, as small as its tests allow: consents, tokens that rotate, vehicles that answer or do not.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use uuid::Uuid;

/// Runs for as long as it is held.
pub struct Platform {
    pub origin: String,
    world: Arc<Mutex<World>>,
    _server: JoinSet<()>,
}

/// What the platform knows.
#[derive(Default)]
pub struct World {
    /// v2: who gave consent with this code, to which vehicles. Each works once.
    pub codes: HashMap<String, Consent>,
    /// Access tokens that are good, and what they open.
    pub access: HashMap<String, Consent>,
    /// Refresh tokens that are good, and what they renew.
    pub refresh: HashMap<String, Consent>,
    /// Refresh tokens that were used, and are good for one more minute.
    pub window: HashMap<String, Consent>,
    pub vehicles: HashMap<String, Vehicle>,
    /// v3.
    pub connections: Vec<Connection>,
    /// What was asked: `POST /v2.0/vehicles/1/batch`.
    pub asked: Vec<String>,
    /// The next answers to whatever path ends so, before anything else is looked at: status and body.
    pub answers: VecDeque<(&'static str, u16, Value)>,
    /// How long tokens take.
    pub token_delay: Duration,
    /// How long cars take.
    pub car_delay: Duration,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Consent {
    pub user: String,
    pub vehicles: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Vehicle {
    pub make: &'static str,
    pub model: &'static str,
    pub year: i32,
    pub vin: Option<String>,
    pub permissions: Vec<&'static str>,
    pub km: f64,
    /// When the car said so: RFC 3339.
    pub at: String,
    /// What it cannot tell.
    pub incapable: Vec<&'static str>,
}

#[derive(Debug, Clone)]
pub struct Connection {
    pub id: String,
    pub user: String,
    pub external_id: Option<String>,
    pub vehicle: String,
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

    /// How often a path that ends so was asked.
    pub fn asked(&self, end: &str) -> usize {
        self.world().asked.iter().filter(|asked| asked.ends_with(end)).count()
    }

    /// A vehicle that somebody has at home.
    pub fn vehicle(&self, vin: Option<&str>) -> String {
        let id = Uuid::new_v4().to_string();
        let vehicle = Vehicle {
            make: "RENAULT",
            model: "CLIO",
            year: 2019,
            vin: vin.map(str::to_owned),
            permissions: vec![
                "read_odometer",
                "read_vin",
                "read_vehicle_info",
                "read_fuel",
                "control_security",
            ],
            km: 25_000.0,
            at: "2026-02-16T08:00:00.000Z".to_owned(),
            incapable: Vec::new(),
        };
        self.world().vehicles.insert(id.clone(), vehicle);
        id
    }

    /// A person consents to these vehicles (v2): the code that the redirect brings.
    pub fn code(&self, vehicles: &[&str]) -> String {
        self.code_of(&Uuid::new_v4().to_string(), vehicles)
    }

    pub fn code_of(&self, user: &str, vehicles: &[&str]) -> String {
        let code = Uuid::new_v4().to_string();
        let vehicles = vehicles.iter().map(|id| (*id).to_owned()).collect();
        self.world().codes.insert(code.clone(), Consent { user: user.to_owned(), vehicles });
        code
    }

    /// A person consents to this vehicle (v3), under what we called them.
    pub fn connect(&self, user: &str, external_id: Option<&str>, vehicle: &str) {
        self.world().connections.push(Connection {
            id: Uuid::new_v4().to_string(),
            user: user.to_owned(),
            external_id: external_id.map(str::to_owned),
            vehicle: vehicle.to_owned(),
        });
    }

    /// The next answer to a path that ends so.
    pub fn answers(&self, end: &'static str, status: u16, body: Value) {
        self.world().answers.push_back((end, status, body));
    }

    /// The next answer about a car is an error of the platform.
    pub fn refuses(&self, end: &'static str, status: u16, kind: &str, code: Option<&str>) {
        self.answers(end, status, refusal(status, kind, code));
    }

    pub fn drive(&self, vehicle: &str, km: f64, at: &str) {
        let mut world = self.world();
        let vehicle = world.vehicles.get_mut(vehicle).unwrap();
        vehicle.km = km;
        at.clone_into(&mut vehicle.at);
    }

    /// The person took all back at the platform.
    pub fn revoke_everything(&self) {
        let mut world = self.world();
        world.refresh.clear();
        world.window.clear();
        world.access.clear();
    }

    /// A minute is over: refresh tokens that were used are dead.
    pub fn a_minute_later(&self) {
        self.world().window.clear();
    }
}

pub fn refusal(status: u16, kind: &str, code: Option<&str>) -> Value {
    json!({ "type": kind, "code": code, "description": "no", "statusCode": status, "requestId": "r-1",
        "resolution": { "type": null }, "suggestedUserMessage": "Please have a look at your car." })
}

async fn answer(
    State(world): State<Arc<Mutex<World>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    let (scripted, delay) = {
        let mut world = world.lock().unwrap();
        world.asked.push(format!("{method} {path}"));
        let place = world.answers.iter().position(|(end, ..)| path.ends_with(end));
        let delay = if path.ends_with("/token") { world.token_delay } else { world.car_delay };
        (place.and_then(|place| world.answers.remove(place)), delay)
    };
    if let Some((_, status, body)) = scripted {
        tokio::time::sleep(delay).await;
        return (StatusCode::from_u16(status).unwrap(), Json(body)).into_response();
    }
    let text = String::from_utf8_lossy(&body).into_owned();
    let mut answered =
        world.lock().unwrap().answer(&method, &path, uri.query().unwrap_or(""), &headers, &text);
    // What the platform did, it did when it was asked; the answer takes its time.
    tokio::time::sleep(delay).await;
    let status = StatusCode::from_u16(answered.0).unwrap();
    (status, Json(answered.1.take())).into_response()
}

type Answered = (u16, Value);

impl World {
    fn answer(
        &mut self,
        method: &Method,
        path: &str,
        query: &str,
        headers: &HeaderMap,
        body: &str,
    ) -> Answered {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match parts.as_slice() {
            ["oauth", "token"] => self.tokens(body),
            ["oauth2", "token"] => {
                (200, json!({ "access_token": "app-token", "token_type": "Bearer", "expires_in": 3600 }))
            }
            ["v2.0", rest @ ..] => self.v2(method, rest, headers, body),
            ["v3", "connections", rest @ ..] => self.connections(method, rest, query),
            ["v3", "vehicles", id, rest @ ..] => self.v3(method, id, rest, headers),
            _ => not_found(),
        }
    }

    fn tokens(&mut self, body: &str) -> Answered {
        let field = |name: &str| {
            let prefix = format!("{name}=");
            body.split('&').find_map(|pair| pair.strip_prefix(&prefix)).unwrap_or_default().to_owned()
        };
        let consent = if field("grant_type") == "authorization_code" {
            self.codes.remove(&field("code"))
        } else {
            let token = field("refresh_token");
            let used = self.refresh.remove(&token);
            if let Some(consent) = &used {
                self.window.insert(token.clone(), consent.clone());
            }
            used.or_else(|| self.window.get(&token).cloned())
        };
        let Some(consent) = consent else {
            return (400, json!({ "error": "invalid_grant", "error_description": "Invalid or expired." }));
        };
        let (access, refresh) = (format!("access-{}", Uuid::new_v4()), format!("refresh-{}", Uuid::new_v4()));
        self.access.insert(access.clone(), consent.clone());
        // One refresh token is good at a time, and the one that it came from for a minute.
        self.refresh.retain(|_, other| *other != consent);
        self.refresh.insert(refresh.clone(), consent);
        (
            200,
            json!({ "access_token": access, "token_type": "Bearer", "expires_in": 7200, "refresh_token": refresh }),
        )
    }

    fn v2(&mut self, method: &Method, path: &[&str], headers: &HeaderMap, body: &str) -> Answered {
        let token = bearer(headers);
        let Some(consent) = self.access.get(&token).cloned() else {
            return (401, refusal(401, "AUTHENTICATION", None));
        };
        match path {
            ["user"] => (200, json!({ "id": consent.user })),
            ["vehicles"] => {
                (200, json!({ "vehicles": consent.vehicles, "paging": { "count": 25, "offset": 0 } }))
            }
            ["vehicles", id, rest @ ..] if consent.vehicles.iter().any(|known| known == id) => {
                self.v2_vehicle(method, id, rest, &token, body)
            }
            _ => not_found(),
        }
    }

    fn v2_vehicle(&mut self, method: &Method, id: &str, path: &[&str], token: &str, body: &str) -> Answered {
        let Some(vehicle) = self.vehicles.get(id).cloned() else { return not_found() };
        match path {
            [] => {
                (200, json!({ "id": id, "make": vehicle.make, "model": vehicle.model, "year": vehicle.year }))
            }
            ["vin"] => match &vehicle.vin {
                Some(vin) => (200, json!({ "vin": vin })),
                None => (403, refusal(403, "PERMISSION", None)),
            },
            ["permissions"] => {
                (200, json!({ "permissions": vehicle.permissions, "paging": { "count": 25, "offset": 0 } }))
            }
            ["application"] if method == Method::DELETE => {
                let consent = self.access.get(token).cloned();
                self.access.retain(|_, other| Some(&*other) != consent.as_ref());
                (200, json!({ "status": "success" }))
            }
            ["batch"] => {
                let asked: Value = serde_json::from_str(body).unwrap();
                let paths = asked["requests"].as_array().unwrap().iter();
                let responses: Vec<Value> =
                    paths.map(|one| vehicle.v2_path(one["path"].as_str().unwrap())).collect();
                (200, json!({ "responses": responses }))
            }
            ["security" | "charge"] if method == Method::POST => {
                (200, json!({ "status": "success", "message": "ok" }))
            }
            _ => not_found(),
        }
    }

    fn connections(&mut self, method: &Method, path: &[&str], query: &str) -> Answered {
        if let ([id], &Method::DELETE) = (path, method) {
            self.connections.retain(|connection| connection.id != *id);
            return (204, Value::Null);
        }
        let wanted = |name: &str| {
            let name = format!("filter%5B{name}%5D=");
            query.split('&').find_map(|pair| pair.strip_prefix(&name)).map(str::to_owned)
        };
        // As a platform that does not know the filter by external id: all the more has to be looked at twice.
        let rows: Vec<Value> = self
            .connections
            .iter()
            .filter(|one| wanted("userId").is_none_or(|user| user == one.user))
            .filter(|one| wanted("vehicleId").is_none_or(|vehicle| vehicle == one.vehicle))
            .map(|one| self.row(one))
            .collect();
        (200, json!({ "data": rows, "meta": { "pageNumber": 1, "pageSize": 100, "totalCount": rows.len() } }))
    }

    fn row(&self, one: &Connection) -> Value {
        let vehicle = &self.vehicles[&one.vehicle];
        let mut user = json!({ "id": one.user });
        if let Some(external_id) = &one.external_id {
            user["externalId"] = json!(external_id);
        }
        json!({ "id": one.id, "type": "connection",
            "attributes": {
                "permissions": vehicle.permissions,
                "vehicle": { "make": vehicle.make, "model": vehicle.model, "year": vehicle.year, "mode": "live" },
                "user": user,
            },
            "relationships": {
                "vehicle": { "data": { "id": one.vehicle, "type": "vehicle" } },
                "user": { "data": { "id": one.user, "type": "user" } },
            } })
    }

    fn v3(&mut self, method: &Method, id: &str, path: &[&str], headers: &HeaderMap) -> Answered {
        if bearer(headers) != "app-token" {
            return (401, json!({ "errors": [{ "status": "401", "code": "unauthorized" }] }));
        }
        let user = headers.get("sc-user-id").and_then(|user| user.to_str().ok()).unwrap_or_default();
        let is_theirs = self.connections.iter().any(|one| one.user == user && one.vehicle == id);
        let vehicle = self.vehicles.get(id).filter(|_| is_theirs);
        match (vehicle, path) {
            (Some(vehicle), ["signals"]) => (200, vehicle.signals(id)),
            (Some(vehicle), ["signals", "vehicleidentification-vin"]) => match &vehicle.vin {
                Some(vin) => (
                    200,
                    json!({ "data": signal("vehicleidentification-vin", &json!({ "value": vin }), None) }),
                ),
                None => not_found(),
            },
            (Some(_), ["commands", ..]) if method == Method::POST => {
                (200, json!({ "data": { "attributes": { "status": "SUCCESS" } } }))
            }
            _ => not_found(),
        }
    }
}

impl Vehicle {
    fn v2_path(&self, path: &str) -> Value {
        let headers = json!({ "sc-data-age": self.at, "sc-unit-system": "metric", "sc-fetched-at": self.at });
        let told = match path {
            _ if self.incapable.contains(&path) => None,
            "/odometer" => Some(json!({ "distance": self.km })),
            "/fuel" => Some(json!({ "amountRemaining": 20.0, "percentRemaining": 0.5, "range": 400.0 })),
            "/location" => Some(json!({ "latitude": 48.1, "longitude": 11.5 })),
            _ => None,
        };
        if let Some(body) = told {
            json!({ "path": path, "code": 200, "headers": headers, "body": body })
        } else {
            let body = refusal(501, "COMPATIBILITY", Some("VEHICLE_NOT_CAPABLE"));
            json!({ "path": path, "code": 501, "body": body })
        }
    }

    fn signals(&self, id: &str) -> Value {
        let mut rows = vec![signal(
            "odometer-traveleddistance",
            &json!({ "value": self.km, "unit": "km" }),
            Some(&self.at),
        )];
        rows.push(signal(
            "internalcombustionengine-fuellevel",
            &json!({ "value": 50, "unit": "percent" }),
            Some(&self.at),
        ));
        let place = json!({ "latitude": 48.1, "longitude": 11.5 });
        rows.push(signal("location-preciselocation", &place, Some(&self.at)));
        let count = rows.len();
        json!({ "data": rows, "meta": { "totalCount": count, "pageSize": count, "pageNumber": 1 },
            "included": { "vehicle": { "id": id, "type": "vehicle", "attributes": { "make": self.make, "model": self.model, "year": self.year } } } })
    }
}

fn signal(code: &str, body: &Value, at: Option<&str>) -> Value {
    let meta = at.map_or(json!({}), |at| json!({ "oemUpdatedAt": at, "retrievedAt": at, "ingestedAt": at }));
    json!({ "id": code, "type": "signal", "meta": meta,
        "attributes": { "code": code, "name": "", "group": "", "status": { "value": "SUCCESS" }, "body": body } })
}

fn bearer(headers: &HeaderMap) -> String {
    let header = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    header.strip_prefix("Bearer ").unwrap_or_default().to_owned()
}

fn not_found() -> Answered {
    (404, refusal(404, "RESOURCE_NOT_FOUND", Some("PATH")))
}
