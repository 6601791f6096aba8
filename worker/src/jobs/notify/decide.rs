//! How and when a person is told of an alert outside of their page, by what they said of it.

use chrono::{DateTime, TimeDelta, Utc};
use domain::alert::AlertKind;
use notify::{News, Plan, Wishes, plan};
use sqlx::PgConnection;
use store::StoreError;
use store::notification_preferences::{self, NotificationPreferences};
use store::notifications::{self, Told};
use store::outgoing::{self, About, NewMessage, Way};
use store::webhook_endpoints;
use uuid::Uuid;

use super::Notices;

pub async fn decide(notices: &Notices, alert: Uuid, now: DateTime<Utc>) -> Result<&'static str, StoreError> {
    let mut tx = notices.pool.begin().await?;
    let Some(unplanned) = notifications::plan(&mut tx, alert, now).await? else { return Ok("not_due") };
    let outcome = match &unplanned.alert {
        Some(told) => {
            write(&mut tx, unplanned.user_id, told, notices.mail.is_some(), now).await?;
            "done"
        }
        None => "gone",
    };
    tx.commit().await?;
    Ok(outcome)
}

/// Writes a message for each way that the person wants.
async fn write(
    db: &mut PgConnection,
    user: Uuid,
    told: &Told,
    has_mail: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    outgoing::lock(db, user).await?;
    let said = notification_preferences::of(db, user).await?;
    let zone = notification_preferences::tongue(db, user).await?.zone;
    for way in ways(db, user, has_mail).await? {
        let (channel, gather) = match way {
            Way::Email => ("email", TimeDelta::minutes(said.gather_minutes.into())),
            // A program can wait for itself.
            Way::Webhook(_) => ("webhook", TimeDelta::zero()),
        };
        if !said.wants(&told.kind, channel) {
            continue;
        }
        let wishes = wishes(&said, gather, zone);
        outgoing::add(db, &message(user, way, told.alert_id, plan(&news(told), &wishes, now)), now).await?;
    }
    Ok(())
}

async fn ways(db: &mut PgConnection, user: Uuid, has_mail: bool) -> Result<Vec<Way>, StoreError> {
    let endpoints = webhook_endpoints::list(db, user).await?;
    let open = endpoints.into_iter().filter(|endpoint| endpoint.disabled_at.is_none());
    let mut ways: Vec<Way> = open.map(|endpoint| Way::Webhook(endpoint.id)).collect();
    if has_mail && notification_preferences::email(db, user).await?.is_some() {
        ways.push(Way::Email);
    }
    Ok(ways)
}

fn wishes(said: &NotificationPreferences, gather: TimeDelta, zone: chrono_tz::Tz) -> Wishes {
    let minute = |minute: i16| u32::try_from(minute).unwrap_or_default();
    Wishes {
        quiet: said.quiet.map(|(from, to)| (minute(from), minute(to))),
        urgent_always: said.urgent_always,
        digest_at: minute(said.digest_at),
        gather,
        zone,
    }
}

fn news(told: &Told) -> News {
    News {
        kind: AlertKind::named(&told.kind),
        is_grave: told.details["isGrave"].as_bool().unwrap_or_default(),
        at: told.at,
        found_at: told.found_at,
    }
}

/// What comes alone has an id that is made of what it is about, for whoever decides twice.
fn message(user_id: Uuid, way: Way, alert: Uuid, plan: Plan) -> NewMessage {
    let (about, due_at, gathers) = match plan {
        Plan::Alone { due } => (About::Alerts, due, false),
        Plan::Gathered { due, is_late: false } => (About::Alerts, due, true),
        Plan::Gathered { due, is_late: true } => (About::FoundLater, due, true),
    };
    let id = match way {
        Way::Email => Uuid::new_v5(&alert, b"email"),
        Way::Webhook(endpoint) => Uuid::new_v5(&alert, endpoint.as_bytes()),
    };
    NewMessage { id, user_id, way, about, alert_id: Some(alert), gathers, due_at }
}
