//! API v3: one token for the application, the user in a header, resources as JSON:API has them.

mod commands;
mod connections;
mod management;
mod signals;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

pub use commands::{command, unified_command, vehicle_action};
pub use connections::{connection, connections, delete_connection, delete_user};
pub use management::{
    delete_subscription, subscribe, subscribe_to_webhook, subscription, subscriptions, webhook, webhooks,
};
pub use signals::{signal, signals};

use super::connections::Connection;
use super::problems::{Kind, Problem};
use super::tokens::Bearer;
use super::trouble::Part;
use super::{Platform, answer};
use crate::world::CarIdentity;

/// `GET /v3/vehicles/{id}`
pub async fn vehicle(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let body = platform.any_connection(&headers, &id).map(|connection| {
        let car = &platform.fleet()[connection.number];
        platform.vehicle_resource(&connection, car)
    });
    platform.respond_v3(body)
}

/// The body of an error: generic ones have codes in lower case, the platform's own a type and a code in upper
/// case (the latter as an unofficial client expects them; nobody captured one).
pub fn error_body(problem: &Problem) -> Value {
    let generic = match problem.kind {
        Kind::Authentication => Some("unauthorized"),
        Kind::Permission => Some("forbidden"),
        Kind::Validation => Some("bad_request"),
        Kind::ResourceNotFound => Some("not_found"),
        Kind::Server => Some("internal_server_error"),
        Kind::ConnectedServicesAccount
        | Kind::VehicleState
        | Kind::RateLimit
        | Kind::Billing
        | Kind::Compatibility
        | Kind::Upstream => None,
    };
    let code = generic.or(problem.code.as_deref()).unwrap_or("unknown");
    let mut error = json!({
        "status": problem.status().to_string(),
        "code": code,
        "title": title(code),
        "detail": problem.description(),
        "links": { "about": problem.page() },
    });
    if generic.is_none() {
        error["type"] = json!(problem.kind);
    }
    json!({ "errors": [error] })
}

/// `NOT_CHARGING` as `Not Charging`.
fn title(code: &str) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{}{}", first.to_uppercase(), rest.to_lowercase())
    };
    code.split('_').map(capital).collect::<Vec<_>>().join(" ")
}

fn iso(at: chrono::DateTime<chrono::Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

impl Platform {
    fn respond_v3(&self, answered: Result<Value, Problem>) -> Response {
        let request_id = self.registry().id();
        match answered {
            Ok(body) => answer::with_request_id(answer::json(200, &body), &request_id),
            Err(problem) => answer::problem(Part::V3, &problem, &request_id),
        }
    }

    /// The application's token, which is all that lists need.
    fn is_application(&self, headers: &HeaderMap) -> Result<(), Problem> {
        match self.bearer(headers)? {
            Bearer::Application => Ok(()),
            Bearer::User(_) => Err(Problem::new(Kind::Permission, None)),
        }
    }

    /// The connection of the user that the header names. The token of a user, which the vendor's clients send
    /// without the header, names that user by itself.
    fn connection_of(&self, headers: &HeaderMap, vehicle_id: &str) -> Result<Connection, Problem> {
        let user_id = match self.bearer(headers)? {
            Bearer::User(grant) => grant.user_id,
            Bearer::Application => {
                let named = headers.get("sc-user-id").and_then(|value| value.to_str().ok());
                named.ok_or(Problem::validation("sc-user-id"))?.to_owned()
            }
        };
        let registry = self.registry();
        let found = registry.connections.of(&user_id, vehicle_id);
        let found = found.filter(|found| !registry.vanished.contains(&found.number));
        found.cloned().ok_or(Problem::new(Kind::ResourceNotFound, Some("PATH")))
    }

    /// A connection with a vehicle, of any user where the application asks.
    fn any_connection(&self, headers: &HeaderMap, vehicle_id: &str) -> Result<Connection, Problem> {
        if headers.contains_key("sc-user-id") || self.bearer(headers)? != Bearer::Application {
            return self.connection_of(headers, vehicle_id);
        }
        let registry = self.registry();
        let mut all = registry.connections.iter();
        let found = all.find(|one| one.vehicle_id == vehicle_id && !registry.vanished.contains(&one.number));
        found.cloned().ok_or(Problem::new(Kind::ResourceNotFound, Some("PATH")))
    }

    fn vehicle_link(&self, vehicle_id: &str) -> String {
        format!("{}/v3/vehicles/{vehicle_id}", self.origin())
    }

    fn vehicle_resource(&self, connection: &Connection, car: &CarIdentity) -> Value {
        json!({
            "id": car.smartcar_vehicle_id,
            "type": "vehicle",
            "attributes": vehicle_attributes(connection, car),
            "links": { "self": self.vehicle_link(&car.smartcar_vehicle_id) },
        })
    }
}

fn vehicle_attributes(connection: &Connection, car: &CarIdentity) -> Value {
    json!({
        "make": car.make,
        "model": car.model,
        "year": car.year,
        "powertrainType": car.tells_powertrain.then_some(car.powertrain),
        "mode": connection.mode,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_v3_have_their_status_as_text_and_titles() {
        let body = error_body(&Problem::new(Kind::VehicleState, Some("NOT_CHARGING")));
        let error = &body["errors"][0];
        assert_eq!((&error["status"], &error["code"]), (&json!("409"), &json!("NOT_CHARGING")));
        assert_eq!((&error["title"], &error["type"]), (&json!("Not Charging"), &json!("VEHICLE_STATE")));
        let body = error_body(&Problem::new(Kind::Authentication, None));
        assert_eq!(body["errors"][0]["code"], "unauthorized");
        assert!(body["errors"][0].get("type").is_none());
    }
}
