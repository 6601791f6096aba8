//! Where programs of a person's are told, by the Standard Webhooks.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Json, Response};
use chrono::{DateTime, TimeDelta, Utc};
use notify::secret_place;
use runtime::clock;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sqlx::{Connection, PgConnection};
use store::outgoing::{self, About, NewMessage, Way};
use store::webhook_endpoints::{self, Endpoint, MOST};
use utoipa::ToSchema;
use uuid::Uuid;
use vault::KeyRing;

use crate::App;
use crate::extract::{Body, OwnThing};
use crate::identity::Person;
use crate::problem::{Answer, Code, Problem};
use crate::routes::books::created;

/// How long a former secret signs beside the new one.
const BOTH_SIGN: TimeDelta = TimeDelta::hours(24);

/// Where a program is told.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookEndpoint {
    id: Uuid,
    url: String,
    created_at: DateTime<Utc>,
    /// Until then the former secret signs, too.
    former_secret_until: Option<DateTime<Utc>>,
    /// Nothing is sent there any more,
    disabled_at: Option<DateTime<Utc>>,
    /// and why.
    why_disabled: Option<String>,
    /// How the newest message fared: `waits` (for its next attempt), `sent`, `dropped` or `given_up`.
    last_state: Option<String>,
    last_at: Option<DateTime<Utc>>,
    last_trouble: Option<String>,
}

/// Where programs of a person's are told.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookEndpoints {
    items: Vec<WebhookEndpoint>,
}

/// An endpoint with its secret, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewWebhookEndpoint {
    id: Uuid,
    url: String,
    /// `whsec_…`: with it the program proves that a message is ours. Nobody can show it again.
    secret: String,
}

/// Where a program is to be told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookEndpointInput {
    /// `https://`, of the world.
    url: String,
}

/// Where programs of the person's are told, oldest first.
#[utoipa::path(get, path = "/api/notifications/webhooks", tag = "notifications", operation_id = "listWebhookEndpoints",
    security(("person" = [])), responses((status = 200, description = "The endpoints", body = WebhookEndpoints)))]
pub async fn list(State(app): State<App>, person: Person) -> Answer<Json<WebhookEndpoints>> {
    let mut db = app.pool.acquire().await?;
    let rows = webhook_endpoints::list(&mut db, person.id).await?;
    Ok(Json(WebhookEndpoints { items: rows.into_iter().map(WebhookEndpoint::from).collect() }))
}

/// Adds an endpoint. Its secret is shown in this answer and never again.
#[utoipa::path(post, path = "/api/notifications/webhooks", tag = "notifications", operation_id = "addWebhookEndpoint",
    security(("person" = [])), request_body = WebhookEndpointInput,
    responses(
        (status = 201, description = "Added", body = NewWebhookEndpoint),
        (status = 409, description = "As many endpoints as one person can have are there"),
        (status = 501, description = "This installation has no keys to seal secrets with"),
    ))]
pub async fn add(
    State(app): State<App>,
    person: Person,
    Body(input): Body<WebhookEndpointInput>,
) -> Answer<Response> {
    let keys = keys(&app)?;
    let url = notify::endpoint(&input.url, app.outside.webhooks_to_private)
        .map_err(|error| Problem::new(Code::InvalidField, format!("{error}.")).at_field("url"))?;
    let (id, secret) = (Uuid::new_v4(), notify::new_secret());
    let sealed = keys.seal(&secret, &secret_place(id));
    let mut db = app.pool.acquire().await?;
    if !webhook_endpoints::add(&mut db, person.id, id, url.as_str(), &sealed, clock::now()).await? {
        let detail = format!("You have {MOST} endpoints: take one of them away first.");
        return Err(Problem::new(Code::LimitReached, detail));
    }
    Ok(created("/api/notifications/webhooks", id, &shown(id, url.into(), &secret)))
}

/// Takes an endpoint away, with what is on its way there.
#[utoipa::path(delete, path = "/api/notifications/webhooks/{endpointId}", tag = "notifications",
    operation_id = "deleteWebhookEndpoint", security(("person" = [])), params(("endpointId" = Uuid, Path)),
    responses((status = 204, description = "Gone")))]
pub async fn delete(State(app): State<App>, own: OwnThing) -> Answer<StatusCode> {
    let (person, [id]) = own.named(["endpointId"]).ok_or_else(none)?;
    let mut db = app.pool.acquire().await?;
    let is_gone = webhook_endpoints::delete(&mut db, person.id, id).await?;
    if is_gone { Ok(StatusCode::NO_CONTENT) } else { Err(none()) }
}

/// Sends a message of the type `test` there.
#[utoipa::path(post, path = "/api/notifications/webhooks/{endpointId}/test", tag = "notifications",
    operation_id = "testWebhookEndpoint", security(("person" = [])), params(("endpointId" = Uuid, Path)),
    responses((status = 202, description = "It is on its way")))]
pub async fn test(State(app): State<App>, own: OwnThing) -> Answer<StatusCode> {
    let (person, [id]) = own.named(["endpointId"]).ok_or_else(none)?;
    app.allowance.action(person.id)?;
    let mut db = app.pool.acquire().await?;
    find(&mut db, person, id).await?;
    let now = clock::now();
    let message = NewMessage {
        id: Uuid::new_v4(),
        user_id: person.id,
        way: Way::Webhook(id),
        about: About::Test,
        alert_id: None,
        gathers: false,
        due_at: now,
    };
    outgoing::add(&mut db, &message, now).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Gives it another secret, shown in this answer and never again. For a day the former one signs, too.
#[utoipa::path(post, path = "/api/notifications/webhooks/{endpointId}/rotate", tag = "notifications",
    operation_id = "rotateWebhookSecret", security(("person" = [])), params(("endpointId" = Uuid, Path)),
    responses(
        (status = 200, description = "The new secret", body = NewWebhookEndpoint),
        (status = 501, description = "This installation has no keys to seal secrets with"),
    ))]
pub async fn rotate(State(app): State<App>, own: OwnThing) -> Answer<Json<NewWebhookEndpoint>> {
    let (person, [id]) = own.named(["endpointId"]).ok_or_else(none)?;
    let secret = notify::new_secret();
    let sealed = keys(&app)?.seal(&secret, &secret_place(id));
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    let endpoint = find(&mut tx, person, id).await?;
    webhook_endpoints::rotate(&mut tx, person.id, id, &sealed, clock::now() + BOTH_SIGN).await?;
    tx.commit().await?;
    Ok(Json(shown(id, endpoint.url, &secret)))
}

/// Sends there again, after it was disabled.
#[utoipa::path(post, path = "/api/notifications/webhooks/{endpointId}/enable", tag = "notifications",
    operation_id = "enableWebhookEndpoint", security(("person" = [])), params(("endpointId" = Uuid, Path)),
    responses((status = 200, description = "The endpoint", body = WebhookEndpoint)))]
pub async fn enable(State(app): State<App>, own: OwnThing) -> Answer<Json<WebhookEndpoint>> {
    let (person, [id]) = own.named(["endpointId"]).ok_or_else(none)?;
    let mut db = app.pool.acquire().await?;
    webhook_endpoints::enable(&mut db, person.id, id).await?;
    Ok(Json(find(&mut db, person, id).await?.into()))
}

async fn find(db: &mut PgConnection, person: Person, id: Uuid) -> Answer<Endpoint> {
    webhook_endpoints::find(db, person.id, id).await?.ok_or_else(none)
}

fn keys(app: &App) -> Answer<&KeyRing> {
    let detail = "This installation has no keys to keep secrets with, so no programs can be told.";
    app.outside.keys.as_ref().ok_or_else(|| Problem::new(Code::NotConfigured, detail))
}

fn shown(id: Uuid, url: String, secret: &SecretString) -> NewWebhookEndpoint {
    NewWebhookEndpoint { id, url, secret: secret.expose_secret().to_owned() }
}

/// What is said of an endpoint that does not exist, and of somebody else's.
fn none() -> Problem {
    Problem::new(Code::EntryNotFound, "You have no such endpoint.")
}

impl From<Endpoint> for WebhookEndpoint {
    fn from(row: Endpoint) -> Self {
        let Endpoint {
            id,
            url,
            secret: _,
            former_secret: _,
            former_until,
            created_at,
            disabled_at,
            why_disabled,
            last_state,
            last_at,
            last_why,
        } = row;
        Self {
            id,
            url,
            created_at,
            former_secret_until: former_until.filter(|until| *until > clock::now()),
            disabled_at,
            why_disabled,
            last_state,
            last_at,
            last_trouble: last_why,
        }
    }
}
