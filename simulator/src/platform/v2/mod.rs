//! API v2.0: one token for each consent, one path for each thing that can be asked, and the batch of them.

mod account;
mod action;
mod batch;
mod compatibility;
mod management;
mod question;
mod reading;
mod units;

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, Method};
use axum::response::Response;
use serde_json::{Value, json};

pub use account::{user, vehicles};
pub(super) use action::{command, limit_of};
pub use compatibility::{compatibility, matrix};
pub use management::{connections, delete_connections};

use super::answer::{self, with_header};
use super::connections::Connection;
use super::problems::{Kind, Problem};
use super::tokens::Bearer;
use super::trouble::Part;
use super::{Platform, auth};
use question::Question;
use reading::{Reading, Source};
use units::Units;

const DATA_AGE: HeaderName = HeaderName::from_static("sc-data-age");
const FETCHED_AT: HeaderName = HeaderName::from_static("sc-fetched-at");
const UNIT_SYSTEM: HeaderName = HeaderName::from_static("sc-unit-system");

/// Parameters of a query, the last of each name.
type Parameters = HashMap<String, String>;

/// `/v2.0/vehicles/{id}`
pub async fn vehicle(
    platform: State<Platform>,
    Path(id): Path<String>,
    method: Method,
    query: Query<Parameters>,
    headers: HeaderMap,
    body: String,
) -> Response {
    below_vehicle(platform, Path((id, String::new())), method, query, headers, body).await
}

/// `/v2.0/vehicles/{id}/{path…}`
pub async fn below_vehicle(
    State(platform): State<Platform>,
    Path((id, path)): Path<(String, String)>,
    method: Method,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let asking = Asking { platform: &platform, vehicle_id: &id, headers: &headers };
    let request_id = platform.registry().id();
    let answered = asking.answer(&method, &format!("/{path}"), &query, &body);
    match answered {
        Ok(response) => answer::with_request_id(response, &request_id),
        Err(problem) => answer::problem(Part::V2, &problem, &request_id),
    }
}

/// One request about one vehicle.
struct Asking<'a> {
    platform: &'a Platform,
    vehicle_id: &'a str,
    headers: &'a HeaderMap,
}

impl Asking<'_> {
    fn answer(
        &self,
        method: &Method,
        path: &str,
        query: &Parameters,
        body: &str,
    ) -> Result<Response, Problem> {
        if let Some(webhook_id) = path.strip_prefix("/webhooks/") {
            return self.subscription(method, webhook_id);
        }
        let connection = self.connection()?;
        let read = Question::at(path);
        match (method.as_str(), path, read) {
            ("GET", "/permissions", _) => Ok(account::permissions(&connection, query)),
            ("GET", _, Some(question)) => {
                let reading = self.read(&connection, question)?;
                Ok(self.respond(&reading))
            }
            ("POST", "/batch", _) => self.batch(&connection, body),
            ("POST", "/charge" | "/charge/limit" | "/security" | "/navigation/destination", _) => {
                self.platform.command(&connection, command(path, body)?)?;
                Ok(answer::json(200, &done()))
            }
            ("DELETE", "/application", _) => {
                let gone = (connection.user_id.clone(), connection.vehicle_id.clone());
                self.platform
                    .registry()
                    .disconnect(|one| (&one.user_id, &one.vehicle_id) == (&gone.0, &gone.1));
                Ok(answer::json(200, &json!({ "status": "success" })))
            }
            _ => Err(Problem::new(Kind::ResourceNotFound, Some("PATH"))),
        }
    }

    /// The connection by which the one who asks may ask.
    fn connection(&self) -> Result<Connection, Problem> {
        let Bearer::User(grant) = self.platform.bearer(self.headers)? else {
            return Err(Problem::new(Kind::Authentication, None));
        };
        let registry = self.platform.registry();
        let found = registry.connections.of(&grant.user_id, self.vehicle_id);
        let found = found.filter(|_| grant.vehicle_ids.iter().any(|id| id == self.vehicle_id));
        found.cloned().ok_or(Problem::new(Kind::Permission, None))
    }

    /// Asks one thing of the vehicle.
    fn read(&self, connection: &Connection, question: Question) -> Result<Reading, Problem> {
        if !connection.permissions.contains(question.permission()) {
            return Err(Problem::new(Kind::Permission, None));
        }
        let number = connection.number;
        self.platform.within_limits(connection)?;
        if question.asks_the_car() {
            self.platform.in_account(connection)?;
            self.platform.awake(connection)?;
        }
        let units = Units::wanted(self.headers).ok_or(Problem::validation("sc-unit-system"))?;
        let known = self.platform.last_known(number);
        let car = super::lock(&self.platform.0.cloud).car(number).cloned();
        let car = car.ok_or(Problem::new(Kind::Server, Some("RECORD_NOT_FOUND")))?;
        let services = match question {
            Question::ServiceHistory => self.platform.0.ledger.truth(&connection.vehicle_id),
            _ => None,
        };
        let services = services.map(|truth| truth.services).unwrap_or_default();
        let source = Source { car: &car, known: known.as_ref(), services: &services, units };
        let reading = source.answer(question)?;
        self.platform.0.ledger.told(number, question == Question::Odometer, known.as_ref());
        Ok(reading)
    }

    fn respond(&self, reading: &Reading) -> Response {
        let mut response = answer::json(200, &reading.body);
        for (name, value) in self.age(reading) {
            response = with_header(response, name, &value);
        }
        response
    }

    /// The headers of an answer, which are part of the body in a batch.
    fn age(&self, reading: &Reading) -> Vec<(HeaderName, String)> {
        let Reading { body: _, said_at, fetched_at, units } = reading;
        let iso = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        // What never changes is as old as the request, and what is still on its way came just now.
        let now = self.platform.virtual_now();
        let fetched_at = fetched_at.map_or(now, |at| at.min(now));
        let mut headers = vec![(FETCHED_AT, iso(fetched_at)), (DATA_AGE, iso(said_at.unwrap_or(fetched_at)))];
        headers.extend(units.map(|units| (UNIT_SYSTEM, units.as_str().to_owned())));
        headers
    }

    /// v2.0's own way to subscribe (by the user's token) and to unsubscribe (by the management token).
    fn subscription(&self, method: &Method, webhook_id: &str) -> Result<Response, Problem> {
        if webhook_id != crate::wire::WEBHOOK_ID {
            return Err(Problem::new(Kind::ResourceNotFound, Some("PATH")));
        }
        match method.as_str() {
            "POST" => {
                let connection = self.connection()?;
                self.platform.subscribe(&connection.user_id, self.vehicle_id);
                Ok(answer::json(200, &json!({ "webhookId": webhook_id, "vehicleId": self.vehicle_id })))
            }
            "DELETE" => {
                let token = auth::bearer_token(self.headers).unwrap_or_default();
                if !self.platform.is_management_token(token) {
                    return Err(Problem::new(Kind::Authentication, None));
                }
                self.platform.unsubscribe(|one| one.vehicle_id == self.vehicle_id);
                Ok(answer::json(200, &json!({ "status": "success" })))
            }
            _ => Err(Problem::new(Kind::ResourceNotFound, Some("PATH"))),
        }
    }
}

fn done() -> Value {
    json!({ "status": "success", "message": "Successfully sent request to vehicle" })
}
