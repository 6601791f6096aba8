//! The management API v3: the webhook, and who is subscribed to it.

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::connections::Page;
use super::iso;
use crate::platform::connections::Connection;
use crate::platform::problems::{Kind, Problem};
use crate::platform::trouble::Part;
use crate::platform::{Platform, answer};
use crate::wire::{WEBHOOK_ID, WEBHOOK_NAME};

type Parameters = HashMap<String, String>;

/// `GET /v3/webhooks`
pub async fn webhooks(
    State(platform): State<Platform>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let body = platform.is_application(&headers).and_then(|()| {
        let page = Page::wanted(&query)?;
        let webhook = platform.webhook_resource();
        let attributes = &webhook["attributes"];
        let is_wanted = ["name", "callbackUri", "isEnabled", "autoSubscribe"].iter().all(|name| {
            let value = &attributes[*name];
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            query.get(&format!("filter[{name}]")).is_none_or(|wanted| *wanted == text)
        });
        let rows = if is_wanted { vec![webhook] } else { Vec::new() };
        Ok(page.list(rows, &format!("{}/v3/webhooks", platform.origin()), &query))
    });
    platform.respond_v3(body)
}

/// `GET /v3/webhooks/{id}`
pub async fn webhook(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let body = platform.is_application(&headers).and_then(|()| {
        known_webhook(&id)?;
        Ok(json!({ "data": platform.webhook_resource() }))
    });
    platform.respond_v3(body)
}

/// `GET /v3/subscriptions`
pub async fn subscriptions(
    State(platform): State<Platform>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let body = platform.is_application(&headers).and_then(|()| {
        let page = Page::wanted(&query)?;
        let registry = platform.registry();
        let is = |name: &str, value: &str| query.get(name).is_none_or(|wanted| wanted == value);
        let found = registry.connections.newest_first(|one| {
            is("filter[userId]", &one.user_id)
                && is("filter[vehicleId]", &one.vehicle_id)
                && is("filter[webhookId]", WEBHOOK_ID)
                && is("filter[vehicle.mode]", one.mode.as_str())
        });
        let rows = found.into_iter().filter_map(|one| resource(one, one.subscription.as_deref()?)).collect();
        Ok(page.list(rows, &format!("{}/v3/subscriptions", platform.origin()), &query))
    });
    platform.respond_v3(body)
}

/// `GET /v3/subscriptions/{id}`
pub async fn subscription(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let body = platform.is_application(&headers).and_then(|()| {
        let registry = platform.registry();
        let mut all = registry.connections.iter();
        let found = all.find(|one| one.subscription.as_deref() == Some(&id));
        let found = found.and_then(|one| resource(one, &id));
        Ok(json!({ "data": found.ok_or(Problem::new(Kind::ResourceNotFound, Some("PATH")))? }))
    });
    platform.respond_v3(body)
}

/// `POST /v3/subscriptions`
pub async fn subscribe(State(platform): State<Platform>, headers: HeaderMap, body: String) -> Response {
    platform.begin_subscription(&headers, None, &body)
}

/// `POST /v3/webhooks/{id}/subscriptions`, as the announcement of v3 has it.
pub async fn subscribe_to_webhook(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    platform.begin_subscription(&headers, Some(&id), &body)
}

/// `DELETE /v3/subscriptions/{id}` and `DELETE /v3/webhooks/{webhook}/subscriptions/{id}`
pub async fn delete_subscription(
    State(platform): State<Platform>,
    Path(ids): Path<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let id = ids.last().map(|(_, id)| id.clone()).unwrap_or_default();
    let removed = platform
        .is_application(&headers)
        .map(|()| platform.unsubscribe(|one| one.subscription.as_deref() == Some(&id)));
    match removed {
        Ok(true) => answer::empty(),
        Ok(false) => platform.respond_v3(Err(Problem::new(Kind::ResourceNotFound, Some("PATH")))),
        Err(problem) => platform.respond_v3(Err(problem)),
    }
}

fn known_webhook(id: &str) -> Result<(), Problem> {
    (id == WEBHOOK_ID).then_some(()).ok_or(Problem::new(Kind::ResourceNotFound, Some("PATH")))
}

fn resource(connection: &Connection, id: &str) -> Option<Value> {
    let Connection { vehicle_id, user_id, created_at, updated_at, mode, subscription, .. } = connection;
    subscription.as_ref()?;
    let related = |kind: &str, id: &str| json!({ "data": { "id": id, "type": kind } });
    Some(json!({
        "id": id,
        "type": "subscription",
        "attributes": { "webhookId": WEBHOOK_ID, "vehicleId": vehicle_id, "userId": user_id, "vehicle": { "mode": mode } },
        "relationships": {
            "webhook": related("webhook", WEBHOOK_ID),
            "vehicle": related("vehicle", vehicle_id),
            "user": related("user", user_id),
        },
        "meta": { "createdAt": iso(*created_at), "updatedAt": iso(*updated_at) },
    }))
}

impl Platform {
    fn webhook_resource(&self) -> Value {
        let webhook = self.registry().webhook.clone();
        json!({
            "id": WEBHOOK_ID,
            "type": "webhook",
            "attributes": {
                "name": WEBHOOK_NAME,
                "callbackUri": webhook.callback_uri,
                "isEnabled": webhook.is_enabled,
                "autoSubscribe": webhook.auto_subscribe,
            },
            "links": { "self": format!("{}/v3/webhooks/{WEBHOOK_ID}", self.origin()) },
        })
    }

    /// Answers 202 when it begins, and 409 where there is one already.
    fn begin_subscription(&self, headers: &HeaderMap, webhook: Option<&str>, body: &str) -> Response {
        let begun = self.is_application(headers).and_then(|()| {
            let body: Value = serde_json::from_str(body).map_err(|_| Problem::validation("data"))?;
            let attributes =
                if body["data"]["attributes"].is_object() { &body["data"]["attributes"] } else { &body };
            let text = |name: &'static str| attributes[name].as_str();
            known_webhook(webhook.or(text("webhookId")).ok_or(Problem::validation("webhookId"))?)?;
            let vehicle_id = text("vehicleId").ok_or(Problem::validation("vehicleId"))?;
            let user_id = text("userId").ok_or(Problem::validation("userId"))?;
            self.subscribe(user_id, vehicle_id).ok_or(Problem::new(Kind::ResourceNotFound, Some("PATH")))
        });
        let request_id = self.registry().id();
        let response = match begun {
            Ok(true) => {
                answer::json(202, &json!({ "meta": { "message": "subscription creation in progress" } }))
            }
            Ok(false) => answer::json(
                409,
                &json!({ "errors": [{ "status": "409", "code": "conflict", "title": "Conflict",
                    "detail": "The vehicle is subscribed already." }] }),
            ),
            Err(problem) => return answer::problem(Part::V3, &problem, &request_id),
        };
        answer::with_request_id(response, &request_id)
    }

    /// Subscribes a connection; `Some(false)` if it was subscribed already, nothing if there is none.
    pub(in crate::platform) fn subscribe(&self, user_id: &str, vehicle_id: &str) -> Option<bool> {
        let number = {
            let mut registry = self.registry();
            let id = registry.id();
            let connection = registry.connections.of_mut(user_id, vehicle_id)?;
            if connection.subscription.is_some() {
                return Some(false);
            }
            connection.subscription = Some(id);
            connection.number
        };
        self.introduce(number, user_id);
        Some(true)
    }

    /// Ends subscriptions; true if there was one.
    pub(in crate::platform) fn unsubscribe(&self, gone: impl Fn(&Connection) -> bool) -> bool {
        self.registry().connections.unsubscribe(gone)
    }
}
