//! `notification_preferences` and `notification_choices`: how people want to be told beside their page.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::preferences;

/// How a person wants to be told. Minutes are of the person's own day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotificationPreferences {
    /// From when to when nothing is sent.
    pub quiet: Option<(i16, i16)>,
    /// What cannot wait is sent in quiet hours, too.
    pub urgent_always: bool,
    /// When is told what was found late.
    pub digest_at: i16,
    /// How long an e-mail waits for others to come with it.
    pub gather_minutes: i16,
    /// Kinds and channels of which they said something.
    pub choices: Vec<Choice>,
}

impl NotificationPreferences {
    /// What a person said nothing of, they want.
    pub fn wants(&self, kind: &str, channel: &str) -> bool {
        let choice = self.choices.iter().find(|choice| choice.kind == kind && choice.channel == channel);
        choice.is_none_or(|choice| choice.wanted)
    }
}

/// Whether a kind of alert is wanted in a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub kind: String,
    /// `page`, `email` or `webhook`.
    pub channel: String,
    pub wanted: bool,
}

/// Eight in the morning.
const DIGEST_AT: i16 = 8 * 60;
const GATHER_MINUTES: i16 = 5;

/// What holds for who never said anything.
fn unsaid() -> NotificationPreferences {
    NotificationPreferences {
        quiet: None,
        urgent_always: true,
        digest_at: DIGEST_AT,
        gather_minutes: GATHER_MINUTES,
        choices: Vec::new(),
    }
}

/// How the person wants to be told.
pub async fn of(db: &mut PgConnection, user: Uuid) -> Result<NotificationPreferences, StoreError> {
    let row = sqlx::query!(
        "SELECT quiet_from, quiet_to, urgent_always, digest_at, gather_minutes
         FROM notification_preferences WHERE user_id = $1",
        user,
    )
    .fetch_optional(&mut *db)
    .await?;
    let choices = sqlx::query_as!(
        Choice,
        "SELECT kind, channel, wanted FROM notification_choices WHERE user_id = $1 ORDER BY kind, channel",
        user,
    )
    .fetch_all(db)
    .await?;
    let Some(row) = row else { return Ok(NotificationPreferences { choices, ..unsaid() }) };
    Ok(NotificationPreferences {
        quiet: row.quiet_from.zip(row.quiet_to),
        urgent_always: row.urgent_always,
        digest_at: row.digest_at,
        gather_minutes: row.gather_minutes,
        choices,
    })
}

/// Writes how the person wants to be told over what they said before.
pub async fn put(
    db: &mut PgConnection,
    user: Uuid,
    said: &NotificationPreferences,
) -> Result<(), StoreError> {
    let NotificationPreferences { quiet, urgent_always, digest_at, gather_minutes, choices } = said;
    sqlx::query!(
        "INSERT INTO notification_preferences (user_id, quiet_from, quiet_to, urgent_always, digest_at, gather_minutes)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (user_id) DO UPDATE SET quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to,
           urgent_always = excluded.urgent_always, digest_at = excluded.digest_at, gather_minutes = excluded.gather_minutes",
        user,
        quiet.map(|(from, _)| from),
        quiet.map(|(_, to)| to),
        urgent_always,
        digest_at,
        gather_minutes,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("DELETE FROM notification_choices WHERE user_id = $1", user).execute(&mut *db).await?;
    let kinds: Vec<&str> = choices.iter().map(|choice| choice.kind.as_str()).collect();
    let channels: Vec<&str> = choices.iter().map(|choice| choice.channel.as_str()).collect();
    let wanted: Vec<bool> = choices.iter().map(|choice| choice.wanted).collect();
    sqlx::query!(
        "INSERT INTO notification_choices (user_id, kind, channel, wanted)
         SELECT $1, said.* FROM unnest($2::text[], $3::text[], $4::bool[]) AS said (kind, channel, wanted)
         ON CONFLICT (user_id, kind, channel) DO UPDATE SET wanted = excluded.wanted",
        user,
        &kinds as &[&str],
        &channels as &[&str],
        &wanted,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes that the person wants no letters about these kinds, whatever they said before. Of who is gone nothing is written.
pub async fn want_no_letters(db: &mut PgConnection, user: Uuid, kinds: &[&str]) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO notification_choices (user_id, kind, channel, wanted)
         SELECT person.id, kind, 'email', false FROM auth.users AS person, unnest($2::text[]) AS kind WHERE person.id = $1
         ON CONFLICT (user_id, kind, channel) DO UPDATE SET wanted = false WHERE notification_choices.wanted",
        user,
        kinds as &[&str],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Where the person is written to: an address that they confirmed.
pub async fn email(db: &mut PgConnection, user: Uuid) -> Result<Option<String>, StoreError> {
    let email = sqlx::query_scalar!("SELECT email FROM notification_preferences WHERE user_id = $1", user)
        .fetch_optional(db)
        .await?;
    Ok(email.flatten())
}

/// Writes where the person is written to.
pub async fn set_email(db: &mut PgConnection, user: Uuid, email: Option<&str>) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO notification_preferences (user_id, email) VALUES ($1, $2)
         ON CONFLICT (user_id) DO UPDATE SET email = excluded.email",
        user,
        email,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How a person is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tongue {
    pub language: Option<String>,
    pub units: Option<String>,
    pub zone: chrono_tz::Tz,
}

/// How the person is spoken to: by their preferences.
pub async fn tongue(db: &mut PgConnection, user: Uuid) -> Result<Tongue, StoreError> {
    let said = preferences::of(db, user).await?;
    let zone = said.time_zone.and_then(|zone| zone.parse().ok()).unwrap_or(chrono_tz::Tz::UTC);
    Ok(Tongue { language: said.language, units: said.units, zone })
}
