//! The management API v2.0: all connections of the application, with its management token.

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::Parameters;
use crate::platform::connections::Connection;
use crate::platform::problems::{Kind, Problem};
use crate::platform::{Platform, auth};

/// `GET /v2.0/management/connections`
pub async fn connections(
    State(platform): State<Platform>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let body = platform.manager(&headers).and_then(|()| {
        let limit = query.get("limit").map_or(Ok(10), |limit| limit.parse::<usize>());
        let limit =
            limit.ok().filter(|limit| (1..=100).contains(limit)).ok_or(Problem::validation("limit"))?;
        // A cursor is opaque; here it is the number of those that were listed already.
        let from = query.get("cursor").map_or(Ok(0), |cursor| cursor.parse::<usize>());
        let from = from.map_err(|_| Problem::validation("cursor"))?;
        let registry = platform.registry();
        let found = registry.connections.newest_first(|connection| is_wanted(connection, &query));
        let page: Vec<Value> = found.iter().skip(from).take(limit).map(|one| row(one)).collect();
        let next = (from + page.len() < found.len()).then(|| (from + page.len()).to_string());
        Ok(json!({ "connections": page, "paging": { "count": page.len(), "cursor": next } }))
    });
    platform.respond(body)
}

/// `DELETE /v2.0/management/connections`
pub async fn delete_connections(
    State(platform): State<Platform>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let body = platform.manager(&headers).and_then(|()| {
        // Nobody deletes everything by leaving the filter out.
        if !query.contains_key("user_id") && !query.contains_key("vehicle_id") {
            return Err(Problem::validation("user_id"));
        }
        let gone = platform.registry().disconnect(|connection| is_wanted(connection, &query));
        let gone: Vec<Value> =
            gone.iter().map(|one| json!({ "vehicleId": one.vehicle_id, "userId": one.user_id })).collect();
        Ok(json!({ "connections": gone }))
    });
    platform.respond(body)
}

fn is_wanted(connection: &Connection, query: &Parameters) -> bool {
    let is = |name: &str, value: &str| query.get(name).is_none_or(|wanted| wanted == value);
    is("user_id", &connection.user_id)
        && is("vehicle_id", &connection.vehicle_id)
        && is("mode", connection.mode.as_str())
}

fn row(connection: &Connection) -> Value {
    json!({
        "connectedAt": connection.created_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        "vehicleId": connection.vehicle_id,
        "userId": connection.user_id,
        "mode": connection.mode,
    })
}

impl Platform {
    /// `Authorization: Basic base64("default:" + management token)`
    fn manager(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let known = auth::basic(headers)
            .is_some_and(|(name, token)| name == "default" && self.is_management_token(&token));
        known.then_some(()).ok_or(Problem::new(Kind::Authentication, None))
    }
}
