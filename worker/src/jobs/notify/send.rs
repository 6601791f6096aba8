//! A message is sent, and what came of it is noted.

use chrono::{DateTime, TimeDelta, Utc};
use notify::{
    Answer, Item, Language, Letter, Mail, Tongue, UNSUBSCRIBING, Units, Unsubscribing, again, code_place,
    confirmation, letter, secret_place, unsubscribe_address,
};
use runtime::clock;
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgConnection;
use store::StoreError;
use store::notifications::{self, Told};
use store::outgoing::{self, About, Message, Way};
use store::webhook_endpoints::Endpoint;
use store::{email_confirmations, notification_preferences, webhook_endpoints};
use tracing::warn;
use url::Url;
use uuid::Uuid;

use super::Notices;

/// Longer than a mail server or an endpoint may take: a message is free again when its worker died.
const IN_HAND: TimeDelta = TimeDelta::minutes(2);

/// How sending ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    Sent,
    /// There is nothing to tell any more, or nobody to tell it to.
    Nothing(&'static str),
    Again {
        why: String,
        not_before: TimeDelta,
    },
    Never(String),
    /// The endpoint says that it is no more.
    Gone(Uuid),
}

impl End {
    fn again(why: impl Into<String>) -> Self {
        Self::Again { why: why.into(), not_before: TimeDelta::zero() }
    }
}

pub async fn send(notices: &Notices, id: Uuid) -> Result<&'static str, StoreError> {
    let now = clock::now();
    let mut db = notices.pool.acquire().await?;
    let Some(message) = outgoing::take(&mut db, id, now, now + IN_HAND).await? else { return Ok("not_due") };
    drop(db);
    let end = match message.way {
        Way::Email => by_mail(notices, &message, now).await?,
        Way::Webhook(endpoint) => by_webhook(notices, &message, endpoint, now).await?,
    };
    note(&mut *notices.pool.acquire().await?, &message, end, clock::now()).await
}

async fn note(
    db: &mut PgConnection,
    message: &Message,
    end: End,
    now: DateTime<Utc>,
) -> Result<&'static str, StoreError> {
    match end {
        End::Sent => {
            outgoing::sent(db, message.id, now).await?;
            Ok("sent")
        }
        End::Nothing(why) => {
            outgoing::drop(db, message.id, why, now).await?;
            Ok("gone")
        }
        End::Again { why, not_before } => {
            let Some(wait) = again(message.attempts) else { return give_up(db, message, &why, now).await };
            outgoing::put_off(db, message.id, &why, now + wait.max(not_before)).await?;
            Ok("put_off")
        }
        End::Never(why) => give_up(db, message, &why, now).await,
        End::Gone(endpoint) => {
            webhook_endpoints::disable(db, endpoint, "it answered 410: it is gone", now).await?;
            Ok("endpoint_gone")
        }
    }
}

/// The person finds why in their page.
async fn give_up(
    db: &mut PgConnection,
    message: &Message,
    why: &str,
    now: DateTime<Utc>,
) -> Result<&'static str, StoreError> {
    outgoing::give_up(db, message.id, why, now).await?;
    warn!(job.name = "notify", error = why, "a message to a person was given up");
    Ok("given_up")
}

async fn by_mail(notices: &Notices, message: &Message, now: DateTime<Utc>) -> Result<End, StoreError> {
    let Some(mail) = &notices.mail else { return Ok(End::again("no mail server is set up")) };
    let mut db = notices.pool.acquire().await?;
    let written = match message.about {
        About::Confirmation => ask(notices, &mut db, message.user_id, now).await?,
        About::Alerts | About::FoundLater | About::Test => tell(notices, &mut db, message, mail, now).await?,
    };
    drop(db);
    let (to, letter) = match written {
        Ok(written) => written,
        Err(end) => return Ok(end),
    };
    Ok(match mail.send(&to, message.id, letter).await {
        Ok(()) => End::Sent,
        Err(error) if error.may_pass() => End::again(runtime::chain(&error)),
        Err(error) => End::Never(runtime::chain(&error)),
    })
}

/// A letter and whom it is for, or why there is none.
type Written = Result<(String, Letter), End>;

async fn ask(
    notices: &Notices,
    db: &mut PgConnection,
    user: Uuid,
    now: DateTime<Utc>,
) -> Result<Written, StoreError> {
    let Some(asked) = email_confirmations::of(db, user, now).await? else {
        return Ok(Err(End::Nothing("its code has ended")));
    };
    let tongue = tongue(db, user).await?;
    Ok(open(notices, &asked.code, &code_place(user)).map(|code| {
        let letter = confirmation(code.expose_secret(), asked.expires_at, tongue);
        (asked.email, letter)
    }))
}

async fn tell(
    notices: &Notices,
    db: &mut PgConnection,
    message: &Message,
    mail: &Mail,
    now: DateTime<Utc>,
) -> Result<Written, StoreError> {
    let Some(email) = notification_preferences::email(db, message.user_id).await? else {
        return Ok(Err(End::Nothing("no address is confirmed")));
    };
    // Who has read it in their page meanwhile needs no letter, and who said meanwhile that they want none of its kind.
    let said = notification_preferences::of(db, message.user_id).await?;
    let told = notifications::about(db, message.user_id, &message.alert_ids).await?;
    let is_wanted = |told: &Told| told.read_at.is_none() && said.wants(&told.kind, "email");
    let items: Vec<Item> = told.into_iter().filter(is_wanted).map(item).collect();
    let tongue = tongue(db, message.user_id).await?;
    let letter = letter(&items, message.about == About::FoundLater, tongue, mail.page());
    let one_click = one_click(notices, mail, message.user_id, &items, now);
    Ok(letter.map(|letter| (email, Letter { one_click, ..letter })).ok_or(NOTHING))
}

/// Where a mail program ends letters about what this one tells.
fn one_click(notices: &Notices, mail: &Mail, user: Uuid, items: &[Item], now: DateTime<Utc>) -> Option<Url> {
    let (api, keys) = mail.api().zip(notices.keys.as_ref())?;
    let wish = Unsubscribing::from_letter(user, items)?;
    unsubscribe_address(api, &keys.sign(&wish.text(now), UNSUBSCRIBING))
}

const NOTHING: End = End::Nothing("nothing is left to tell");

async fn by_webhook(
    notices: &Notices,
    message: &Message,
    endpoint: Uuid,
    now: DateTime<Utc>,
) -> Result<End, StoreError> {
    let mut db = notices.pool.acquire().await?;
    let Some(endpoint) = webhook_endpoints::find(&mut db, message.user_id, endpoint).await? else {
        return Ok(NOTHING);
    };
    let items: Vec<Item> = notifications::about(&mut db, message.user_id, &message.alert_ids)
        .await?
        .into_iter()
        .map(item)
        .collect();
    drop(db);
    if items.is_empty() && message.about != About::Test {
        return Ok(NOTHING);
    }
    let secrets = match secrets(notices, &endpoint, now) {
        Ok(secrets) => secrets,
        Err(end) => return Ok(end),
    };
    let body = match notify::body(&items, message.about == About::FoundLater, message.created_at) {
        Ok(body) => body,
        Err(error) => return Ok(End::Never(runtime::chain(&error))),
    };
    let sent = notices.webhooks.send(&endpoint.url, &secrets, message.id, now.timestamp(), body).await;
    Ok(match sent {
        Ok(Answer::Taken) => End::Sent,
        Ok(Answer::Gone) => End::Gone(endpoint.id),
        Ok(Answer::Refused { why, not_before }) => {
            End::Again { why, not_before: not_before.unwrap_or_default() }
        }
        Err(error) => End::Never(runtime::chain(&error)),
    })
}

/// The secrets that sign, the newest first.
fn secrets(notices: &Notices, endpoint: &Endpoint, now: DateTime<Utc>) -> Result<Vec<SecretString>, End> {
    let former =
        endpoint.former_secret.as_ref().filter(|_| endpoint.former_until.is_some_and(|until| until > now));
    let sealed = std::iter::once(&endpoint.secret).chain(former);
    sealed.map(|sealed| open(notices, sealed, &secret_place(endpoint.id))).collect()
}

fn open(notices: &Notices, sealed: &str, place: &str) -> Result<SecretString, End> {
    let keys =
        notices.keys.as_ref().ok_or_else(|| End::again("no keys are set up that open what is sealed"))?;
    keys.open(sealed, place).map_err(|error| End::again(runtime::chain(&error)))
}

async fn tongue(db: &mut PgConnection, user: Uuid) -> Result<Tongue, StoreError> {
    let said = notification_preferences::tongue(db, user).await?;
    let (language, units) = (Language::of(said.language.as_deref()), Units::of(said.units.as_deref()));
    Ok(Tongue { language, units, zone: said.zone })
}

fn item(told: Told) -> Item {
    let Told { alert_id, car_id, car_name, kind, at, found_at: _, details, read_at: _ } = told;
    Item { alert_id, car_id, car_name, kind, at, details }
}
