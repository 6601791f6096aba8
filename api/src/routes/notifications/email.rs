//! Where a person is written to. Nobody is written to who did not agree: a code, sent there, says whose address it is.

use axum::extract::State;
use axum::response::Json;
use chrono::TimeDelta;
use runtime::clock;
use secrecy::ExposeSecret;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use sqlx::Connection;
use store::outgoing::{self, About, NewMessage, Way};
use store::{email_confirmations, notification_preferences as said};
use utoipa::ToSchema;
use uuid::Uuid;

use super::preferences::{NotificationSettings, settings};
use crate::App;
use crate::extract::Body;
use crate::identity::Person;
use crate::problem::{Answer, Code, Problem};

/// How long a code is good.
const GOOD_FOR: TimeDelta = TimeDelta::hours(1);
/// Of a hundred million codes.
const MOST_TRIES: i16 = 5;
/// When who asked too often may come back.
const COME_BACK: std::time::Duration = std::time::Duration::from_mins(5);

/// An address that e-mail reaches, at most 254 characters.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = "email", max_length = 254)]
pub struct EmailAddress(String);

/// Where the person wants to be written to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EmailInput {
    address: EmailAddress,
}

/// The code that was sent there.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EmailCode {
    code: String,
}

/// Sends a code to an address. Until it is confirmed nothing else is sent there, and the former address stays.
#[utoipa::path(post, path = "/api/notifications/email", tag = "notifications", operation_id = "addEmail",
    security(("person" = [])), request_body = EmailInput,
    responses(
        (status = 200, description = "A code is on its way", body = NotificationSettings),
        (status = 501, description = "This installation writes to nobody"),
    ))]
pub async fn add(
    State(app): State<App>,
    person: Person,
    Body(input): Body<EmailInput>,
) -> Answer<Json<NotificationSettings>> {
    let EmailAddress(address) = input.address;
    let keys = app.outside.keys.as_ref().filter(|_| app.outside.has_mail).ok_or_else(|| {
        Problem::new(Code::NotConfigured, "This installation has no mail server: it writes to nobody.")
    })?;
    let now = clock::now();
    let code = keys.seal(&notify::new_code(), &notify::code_place(person.id));
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    let asked = email_confirmations::ask(&mut tx, person.id, &address, &code, now, now + GOOD_FOR).await?;
    asked.ok_or_else(|| {
        let detail = "You asked for codes too often. Wait a little, and look among unwanted mail meanwhile.";
        Problem::new(Code::TooManyRequests, detail).retry_after(Some(COME_BACK))
    })?;
    let message = NewMessage {
        id: Uuid::new_v4(),
        user_id: person.id,
        way: Way::Email,
        about: About::Confirmation,
        alert_id: None,
        gathers: false,
        due_at: now,
    };
    outgoing::add(&mut tx, &message, now).await?;
    let settings = settings(&app, &mut tx, person).await?;
    tx.commit().await?;
    Ok(Json(settings))
}

/// Confirms the address with the code that was sent there.
#[utoipa::path(post, path = "/api/notifications/email/confirm", tag = "notifications", operation_id = "confirmEmail",
    security(("person" = [])), request_body = EmailCode,
    responses((status = 200, description = "Confirmed", body = NotificationSettings)))]
pub async fn confirm(
    State(app): State<App>,
    person: Person,
    Body(EmailCode { code }): Body<EmailCode>,
) -> Answer<Json<NotificationSettings>> {
    let wrong = |detail: &'static str| Problem::new(Code::InvalidField, detail).at_field("code");
    let now = clock::now();
    let mut db = app.pool.acquire().await?;
    let asked = email_confirmations::try_one(&mut db, person.id, now).await?;
    let asked = asked.filter(|asked| asked.tries <= MOST_TRIES);
    let asked =
        asked.ok_or_else(|| wrong("There is no code to be confirmed any more: ask for another one."))?;
    let keys = app.outside.keys.as_ref();
    let sent = keys.and_then(|keys| keys.open(&asked.code, &notify::code_place(person.id)).ok());
    if sent.is_none_or(|sent| sent.expose_secret() != code.trim()) {
        return Err(wrong("This is not the code that was sent."));
    }
    let mut tx = db.begin().await?;
    said::set_email(&mut tx, person.id, Some(&asked.email)).await?;
    email_confirmations::end(&mut tx, person.id, now).await?;
    let settings = settings(&app, &mut tx, person).await?;
    tx.commit().await?;
    Ok(Json(settings))
}

/// Forgets the address: nothing is sent there any more.
#[utoipa::path(delete, path = "/api/notifications/email", tag = "notifications", operation_id = "deleteEmail",
    security(("person" = [])),
    responses((status = 200, description = "Forgotten", body = NotificationSettings)))]
pub async fn delete(State(app): State<App>, person: Person) -> Answer<Json<NotificationSettings>> {
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    said::set_email(&mut tx, person.id, None).await?;
    email_confirmations::end(&mut tx, person.id, clock::now()).await?;
    let settings = settings(&app, &mut tx, person).await?;
    tx.commit().await?;
    Ok(Json(settings))
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let address = String::deserialize(from)?.trim().to_owned();
        notify::is_email(&address)
            .then_some(Self(address))
            .ok_or_else(|| D::Error::custom("an address of e-mail is written as name@example.org"))
    }
}
