//! Connections of API v3: lists with filters and pages, and how one ends.

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::{iso, vehicle_attributes};
use crate::platform::connections::Connection;
use crate::platform::problems::{Kind, Problem};
use crate::platform::{Platform, answer};

type Parameters = HashMap<String, String>;

/// `GET /v3/connections`
pub async fn connections(
    State(platform): State<Platform>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let body = platform.is_application(&headers).and_then(|()| {
        let page = Page::wanted(&query)?;
        let rows: Vec<Value> = {
            let registry = platform.registry();
            let found = registry.connections.newest_first(|connection| {
                !registry.vanished.contains(&connection.number)
                    && is_wanted(connection, registry.connections.external_id(&connection.user_id), &query)
            });
            found.into_iter().cloned().collect::<Vec<_>>()
        }
        .iter()
        .map(|connection| platform.connection_resource(connection))
        .collect();
        Ok(page.list(rows, &format!("{}/v3/connections", platform.origin()), &query))
    });
    platform.respond_v3(body)
}

/// `GET /v3/connections/{id}`; the vehicle's id is understood, too (one page of the platform says so).
pub async fn connection(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let body = platform.is_application(&headers).and_then(|()| {
        let found = platform.registry().connections.iter().find(|one| is_called(one, &id)).cloned();
        let found = found.ok_or(Problem::new(Kind::ResourceNotFound, Some("PATH")))?;
        Ok(json!({ "data": platform.connection_resource(&found) }))
    });
    platform.respond_v3(body)
}

/// `DELETE /v3/connections/{id}`
pub async fn delete_connection(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    platform.remove(&headers, |one| one.id == id)
}

/// `DELETE /v3/users/{id}`: a user with all connections.
pub async fn delete_user(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    platform.remove(&headers, |one| one.user_id == id)
}

fn is_called(connection: &Connection, id: &str) -> bool {
    connection.id == id || connection.vehicle_id == id
}

/// Two ways to filter by user are around, and both are understood.
fn is_wanted(connection: &Connection, external_id: Option<&str>, query: &Parameters) -> bool {
    let is =
        |name: &str, value: Option<&str>| query.get(name).is_none_or(|wanted| value == Some(wanted.as_str()));
    is("filter[userId]", Some(&connection.user_id))
        && is("filter[user_id]", Some(&connection.user_id))
        && is("filter[user.externalId]", external_id)
        && is("filter[vehicleId]", Some(&connection.vehicle_id))
        && is("filter[vehicle.mode]", Some(connection.mode.as_str()))
}

/// A part of a list, counted from 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    number: usize,
    size: usize,
}

impl Page {
    pub fn wanted(query: &Parameters) -> Result<Self, Problem> {
        let number = |name: &'static str, otherwise: usize| match query.get(name) {
            Some(text) => text.parse().ok().filter(|number| *number > 0).ok_or(Problem::validation(name)),
            None => Ok(otherwise),
        };
        let size = number("page[size]", 10)?.min(100);
        Ok(Self { number: number("page[number]", 1)?, size })
    }

    pub fn list(self, rows: Vec<Value>, path: &str, query: &Parameters) -> Value {
        let total = rows.len();
        let last = total.div_ceil(self.size).max(1);
        let link = |number: usize| {
            let mut link = url::form_urlencoded::Serializer::new(format!("{path}?"));
            link.append_pair("page[number]", &number.to_string());
            link.append_pair("page[size]", &self.size.to_string());
            let mut filters: Vec<_> = query.iter().filter(|(name, _)| name.starts_with("filter")).collect();
            filters.sort();
            link.extend_pairs(filters);
            link.finish().replacen("?&", "?", 1)
        };
        let page: Vec<Value> = rows.into_iter().skip((self.number - 1) * self.size).take(self.size).collect();
        json!({
            "data": page,
            "meta": {
                "pageNumber": self.number,
                "pageSize": if total == 0 { 0 } else { self.size },
                "totalCount": total,
                "orderBy": "createdAt",
                "orderDirection": "DESC",
            },
            "links": {
                "self": link(self.number),
                "first": link(1),
                "last": link(last),
                "next": (self.number < last).then(|| link(self.number + 1)),
                "prev": (self.number > 1).then(|| link(self.number - 1)),
            },
        })
    }
}

impl Platform {
    fn connection_resource(&self, connection: &Connection) -> Value {
        let Connection { id, number, vehicle_id, user_id, permissions, created_at, updated_at, .. } =
            connection;
        let mut user = json!({ "id": user_id });
        if let Some(external_id) = self.registry().connections.external_id(user_id) {
            user["externalId"] = json!(external_id);
        }
        json!({
            "id": id,
            "type": "connection",
            "attributes": {
                "permissions": permissions,
                "vehicle": vehicle_attributes(connection, &self.fleet()[*number]),
                "user": user,
            },
            "relationships": {
                "vehicle": {
                    "data": { "id": vehicle_id, "type": "vehicle" },
                    "links": { "related": self.vehicle_link(vehicle_id) },
                },
                "user": { "data": { "id": user_id, "type": "user" } },
            },
            "meta": { "createdAt": iso(*created_at), "updatedAt": iso(*updated_at) },
            "links": { "self": format!("{}/v3/connections/{id}", self.origin()) },
        })
    }

    fn remove(&self, headers: &HeaderMap, gone: impl Fn(&Connection) -> bool) -> Response {
        let removed = self.is_application(headers).and_then(|()| {
            let removed = self.registry().disconnect(gone);
            if removed.is_empty() { Err(Problem::new(Kind::ResourceNotFound, Some("PATH"))) } else { Ok(()) }
        });
        match removed {
            Ok(()) => answer::empty(),
            Err(problem) => self.respond_v3(Err(problem)),
        }
    }
}
