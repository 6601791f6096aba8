//! Whose token it is, and which vehicles it opens.

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::Parameters;
use crate::platform::connections::Connection;
use crate::platform::problems::{Kind, Problem};
use crate::platform::tokens::{Bearer, Grant};
use crate::platform::trouble::Part;
use crate::platform::{Platform, answer};

/// `GET /v2.0/user`
pub async fn user(State(platform): State<Platform>, headers: HeaderMap) -> Response {
    platform.respond(platform.grant(&headers).map(|grant| json!({ "id": grant.user_id })))
}

/// `GET /v2.0/vehicles`: ids alone.
pub async fn vehicles(
    State(platform): State<Platform>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let body = platform.grant(&headers).and_then(|grant| {
        let page = Page::wanted(&query, 50)?;
        let registry = platform.registry();
        let is_connected = |id: &&String| registry.connections.of(&grant.user_id, id).is_some();
        let ids: Vec<&String> = grant.vehicle_ids.iter().filter(is_connected).collect();
        Ok(page.of("vehicles", &ids))
    });
    platform.respond(body)
}

/// What a user allows of a vehicle.
pub fn permissions(connection: &Connection, query: &Parameters) -> Response {
    let names: Vec<&String> = connection.permissions.iter().collect();
    let page = Page::wanted(query, 50).unwrap_or(Page { limit: 25, offset: 0 });
    answer::json(200, &page.of("permissions", &names))
}

/// A part of a list; `count` in the answer is the length of the whole.
#[derive(Debug, Clone, Copy)]
struct Page {
    limit: usize,
    offset: usize,
}

impl Page {
    fn wanted(query: &Parameters, most: usize) -> Result<Self, Problem> {
        let number = |name: &'static str, otherwise: usize| match query.get(name) {
            Some(text) => text.parse::<usize>().map_err(|_| Problem::validation(name)),
            None => Ok(otherwise),
        };
        let limit = number("limit", 10)?;
        if limit == 0 || limit > most {
            return Err(Problem::validation("limit"));
        }
        Ok(Self { limit, offset: number("offset", 0)? })
    }

    fn of(self, name: &str, all: &[&String]) -> Value {
        let part: Vec<_> = all.iter().skip(self.offset).take(self.limit).collect();
        let mut body = json!({ "paging": { "count": all.len(), "offset": self.offset } });
        body[name] = json!(part);
        body
    }
}

impl Platform {
    fn grant(&self, headers: &HeaderMap) -> Result<Grant, Problem> {
        match self.bearer(headers)? {
            Bearer::User(grant) => Ok(grant),
            Bearer::Application => Err(Problem::new(Kind::Authentication, None)),
        }
    }

    /// An answer of v2.0 that is about no vehicle.
    pub(super) fn respond(&self, answered: Result<Value, Problem>) -> Response {
        let request_id = self.registry().id();
        match answered {
            Ok(body) => answer::with_request_id(answer::json(200, &body), &request_id),
            Err(problem) => answer::problem(Part::V2, &problem, &request_id),
        }
    }
}
