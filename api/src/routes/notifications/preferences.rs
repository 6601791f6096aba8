//! How a person wants to be told beside their page.

use axum::extract::State;
use axum::response::Json;
use chrono::{DateTime, Utc};
use domain::alert::AlertKind;
use runtime::clock;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sqlx::{Connection, PgConnection};
use store::hand_entries::Edit;
use store::notification_preferences::{self as said, NotificationPreferences};
use store::{email_confirmations, outgoing};
use utoipa::ToSchema;

use crate::App;
use crate::extract::Body;
use crate::identity::Person;
use crate::problem::Answer;
use crate::value;

/// A time of the person's own day: `22:30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", examples("22:30"))]
pub struct TimeOfDay(i16);

/// Hours in which nothing is sent, over midnight, too. They are of the person's time zone.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    from: TimeOfDay,
    to: TimeOfDay,
}

/// Whether a kind of alert is wanted in a channel. What nothing was said of is wanted.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationChoice {
    kind: Kind,
    channel: Channel,
    wanted: bool,
}

/// A kind of alert, by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(value_type = String, examples("fuel_drop"))]
pub struct Kind(String);

/// Where a person is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    Page,
    Email,
    Webhook,
}

/// How the person is written to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EmailState {
    /// Whether this installation writes to anybody.
    available: bool,
    /// Confirmed.
    address: Option<String>,
    /// It waits for its code,
    unconfirmed: Option<String>,
    /// and that until then.
    code_ends_at: Option<DateTime<Utc>>,
    /// Why the newest e-mail did not go out, if it did not.
    trouble: Option<String>,
}

/// How a person wants to be told.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotificationSettings {
    quiet_hours: Option<QuietHours>,
    /// What cannot wait is sent in quiet hours, too.
    urgent_always: bool,
    /// When is told, in one, what was found when it was no news any more.
    digest_at: TimeOfDay,
    /// So many minutes an e-mail waits for others to come with it.
    gather_minutes: i16,
    choices: Vec<NotificationChoice>,
    email: EmailState,
    /// Whether endpoints of programs can be added here.
    webhooks_available: bool,
    /// All kinds that there are, by name.
    kinds: Vec<&'static str>,
}

/// What is to be different. What is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotificationSettingsPatch {
    /// `null`: none are quiet.
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<QuietHours>)]
    quiet_hours: Edit<QuietHours>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    urgent_always: Option<bool>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    digest_at: Option<TimeOfDay>,
    /// 0: each comes alone.
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false, minimum = 0, maximum = 1440)]
    gather_minutes: Option<Minutes>,
    /// Each takes the place of what was said of its kind and channel.
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false, max_items = 200)]
    choices: Option<Vec<NotificationChoice>>,
}

/// Minutes of at most a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = i16, minimum = 0, maximum = 1440)]
pub struct Minutes(i16);

/// How the person wants to be told.
#[utoipa::path(get, path = "/api/notifications/preferences", tag = "notifications", operation_id = "getNotificationPreferences",
    security(("person" = [])), responses((status = 200, description = "The preferences", body = NotificationSettings)))]
pub async fn read(State(app): State<App>, person: Person) -> Answer<Json<NotificationSettings>> {
    let mut db = app.pool.acquire().await?;
    settings(&app, &mut db, person).await.map(Json)
}

/// Changes how the person wants to be told.
#[utoipa::path(patch, path = "/api/notifications/preferences", tag = "notifications",
    operation_id = "changeNotificationPreferences", security(("person" = [])), request_body = NotificationSettingsPatch,
    responses((status = 200, description = "The preferences as they are now", body = NotificationSettings)))]
pub async fn change(
    State(app): State<App>,
    person: Person,
    Body(patch): Body<NotificationSettingsPatch>,
) -> Answer<Json<NotificationSettings>> {
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    let before = said::of(&mut tx, person.id).await?;
    said::put(&mut tx, person.id, &patch.over(before)).await?;
    let settings = settings(&app, &mut tx, person).await?;
    tx.commit().await?;
    Ok(Json(settings))
}

pub async fn settings(app: &App, db: &mut PgConnection, person: Person) -> Answer<NotificationSettings> {
    let NotificationPreferences { quiet, urgent_always, digest_at, gather_minutes, choices } =
        said::of(db, person.id).await?;
    let confirmation = email_confirmations::of(db, person.id, clock::now()).await?;
    let (unconfirmed, code_ends_at) = confirmation.map(|one| (one.email, one.expires_at)).unzip();
    let email = EmailState {
        available: app.outside.has_mail,
        address: said::email(db, person.id).await?,
        unconfirmed,
        code_ends_at,
        trouble: outgoing::trouble_of_email(db, person.id).await?,
    };
    Ok(NotificationSettings {
        quiet_hours: quiet.map(|(from, to)| QuietHours { from: TimeOfDay(from), to: TimeOfDay(to) }),
        urgent_always,
        digest_at: TimeOfDay(digest_at),
        gather_minutes,
        choices: choices.into_iter().filter_map(NotificationChoice::of).collect(),
        email,
        webhooks_available: app.outside.keys.is_some(),
        kinds: AlertKind::ALL.map(AlertKind::name).to_vec(),
    })
}

impl NotificationSettingsPatch {
    fn over(self, before: NotificationPreferences) -> NotificationPreferences {
        let Self { quiet_hours, urgent_always, digest_at, gather_minutes, choices: changed } = self;
        let quiet = quiet_hours.map(|QuietHours { from: TimeOfDay(from), to: TimeOfDay(to) }| (from, to));
        let changed = changed.unwrap_or_default().into_iter().map(NotificationChoice::row);
        NotificationPreferences {
            quiet: quiet.over(before.quiet),
            urgent_always: urgent_always.unwrap_or(before.urgent_always),
            digest_at: digest_at.map_or(before.digest_at, |TimeOfDay(minute)| minute),
            gather_minutes: gather_minutes.map_or(before.gather_minutes, |Minutes(minutes)| minutes),
            choices: merge(before.choices, changed),
        }
    }
}

/// Of two words about the same, the later one counts.
fn merge(before: Vec<said::Choice>, changed: impl Iterator<Item = said::Choice>) -> Vec<said::Choice> {
    let mut choices = before;
    for one in changed {
        choices.retain(|known| (&known.kind, &known.channel) != (&one.kind, &one.channel));
        choices.push(one);
    }
    choices
}

impl NotificationChoice {
    fn of(row: said::Choice) -> Option<Self> {
        let channel = Channel::ALL.into_iter().find(|channel| channel.name() == row.channel)?;
        Some(Self { kind: Kind(row.kind), channel, wanted: row.wanted })
    }

    fn row(self) -> said::Choice {
        let Self { kind: Kind(kind), channel, wanted } = self;
        said::Choice { kind, channel: channel.name().to_owned(), wanted }
    }
}

impl Channel {
    const ALL: [Self; 3] = [Self::Page, Self::Email, Self::Webhook];

    const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Email => "email",
            Self::Webhook => "webhook",
        }
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self(minute) = self;
        to.collect_str(&format_args!("{:02}:{:02}", minute / 60, minute % 60))
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let number = |part: &str| {
            let is_written_so = part.len() == 2 && part.bytes().all(|digit| digit.is_ascii_digit());
            part.parse::<i16>().ok().filter(|_| is_written_so)
        };
        let minute = || {
            let (hours, minutes) = text.split_once(':')?;
            let (hours, minutes) = (number(hours)?, number(minutes)?);
            (hours < 24 && minutes < 60).then_some(Self(hours * 60 + minutes))
        };
        minute().ok_or_else(|| D::Error::custom("a time of the day is written as 22:30"))
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        match AlertKind::named(&name) {
            Some(_) => Ok(Self(name)),
            None => Err(D::Error::custom("there is no such kind of alert")),
        }
    }
}

impl<'de> Deserialize<'de> for Minutes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let minutes = i16::deserialize(from)?;
        let fits = (0..=1440).contains(&minutes);
        fits.then_some(Self(minutes)).ok_or_else(|| D::Error::custom("minutes are between 0 and 1440"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_of_the_day_comes_back_as_it_went_and_nothing_else_is_one() {
        for good in ["00:00", "07:05", "23:59"] {
            let time: TimeOfDay = serde_json::from_value(json!(good)).unwrap();
            assert_eq!(serde_json::to_value(time).unwrap(), json!(good));
        }
        for bad in ["24:00", "7:05", "07:60", "-1:00", "+1:00", "0705", "07:5 ", "", "07:05:00"] {
            assert!(serde_json::from_value::<TimeOfDay>(json!(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn of_two_words_about_a_kind_in_a_channel_the_later_one_counts() {
        let choice = |kind: &str, channel: &str, wanted| said::Choice {
            kind: kind.to_owned(),
            channel: channel.to_owned(),
            wanted,
        };
        let before = vec![choice("oil_low", "email", true), choice("oil_low", "page", false)];
        let changed = [choice("oil_low", "email", false), choice("fuel_drop", "email", false)];
        let merged = merge(before, changed.into_iter());
        assert_eq!(
            merged,
            [
                choice("oil_low", "page", false),
                choice("oil_low", "email", false),
                choice("fuel_drop", "email", false)
            ]
        );
    }
}
