//! `outgoing_messages`: what is told to people outside of their page. A message keeps its id however often it is sent, so that who
//! gets it twice can see that it is one.

mod fate;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

pub use fate::{drop, give_up, put_off, sent};

/// Where a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Email,
    /// `webhook_endpoints.id`
    Webhook(Uuid),
}

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    Alerts,
    /// What was found when it was no news any more.
    FoundLater,
    /// An address that is to be confirmed.
    Confirmation,
    /// Whether an endpoint works.
    Test,
}

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: Uuid,
    pub user_id: Uuid,
    pub way: Way,
    pub about: About,
    pub alert_ids: Vec<Uuid>,
    /// With this one.
    pub attempts: i16,
    pub created_at: DateTime<Utc>,
}

/// A message to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    pub id: Uuid,
    pub user_id: Uuid,
    pub way: Way,
    pub about: About,
    pub alert_id: Option<Uuid>,
    /// Others of its kind may come with it until it is due.
    pub gathers: bool,
    pub due_at: DateTime<Utc>,
}

impl About {
    pub const ALL: [Self; 4] = [Self::Alerts, Self::FoundLater, Self::Confirmation, Self::Test];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Alerts => "alerts",
            Self::FoundLater => "found_later",
            Self::Confirmation => "confirmation",
            Self::Test => "test",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|about| about.name() == name)
    }
}

impl Way {
    const fn channel(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Webhook(_) => "webhook",
        }
    }

    const fn endpoint(self) -> Option<Uuid> {
        match self {
            Self::Email => None,
            Self::Webhook(endpoint) => Some(endpoint),
        }
    }
}

/// One after the other for each person, until the transaction ends: what is gathered is gathered into one.
pub async fn lock(db: &mut PgConnection, user: Uuid) -> Result<(), StoreError> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('carvetka outgoing ' || $1, 0))",
        user.to_string()
    )
    .fetch_one(db)
    .await?;
    Ok(())
}

/// Writes a message, or adds to one that gathers. The caller has locked the person.
pub async fn add(db: &mut PgConnection, new: &NewMessage, now: DateTime<Utc>) -> Result<(), StoreError> {
    let NewMessage { id, user_id, way, about, alert_id, gathers, due_at } = new;
    let alerts: Vec<Uuid> = alert_id.iter().copied().collect();
    if *gathers {
        let joined = sqlx::query!(
            "UPDATE outgoing_messages SET alert_ids = alert_ids || $5::uuid[]
             WHERE id = (
               SELECT id FROM outgoing_messages
               WHERE user_id = $1 AND channel = $2 AND endpoint_id IS NOT DISTINCT FROM $3 AND about = $4 AND gathers
                 AND state = 'waits' AND attempts = 0 AND due_at > $6
               ORDER BY due_at LIMIT 1 FOR UPDATE)",
            user_id,
            way.channel(),
            way.endpoint(),
            about.name(),
            &alerts,
            now,
        )
        .execute(&mut *db)
        .await?;
        if joined.rows_affected() > 0 {
            return Ok(());
        }
    }
    sqlx::query!(
        "INSERT INTO outgoing_messages (id, user_id, channel, endpoint_id, about, alert_ids, gathers, due_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
        id,
        user_id,
        way.channel(),
        way.endpoint(),
        about.name(),
        &alerts,
        gathers,
        due_at,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Marks messages that are due as asked for until then.
pub async fn lease(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Uuid>, StoreError> {
    let ids = sqlx::query_scalar!(
        "UPDATE outgoing_messages SET asked_until = $2
         WHERE id IN (
           SELECT id FROM outgoing_messages
           WHERE state = 'waits' AND due_at <= $1 AND (asked_until IS NULL OR asked_until < $1)
             AND (sending_until IS NULL OR sending_until < $1)
           ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
         RETURNING id",
        now,
        until,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(ids)
}

/// Takes those that could not be asked for back.
pub async fn give_back(db: &mut PgConnection, messages: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query!("UPDATE outgoing_messages SET asked_until = NULL WHERE id = ANY ($1)", messages)
        .execute(db)
        .await?;
    Ok(())
}

/// Takes a message in hand until then; `None` if it is not due, was sent, or is in another's hand.
pub async fn take(
    db: &mut PgConnection,
    id: Uuid,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Option<Message>, StoreError> {
    let row = sqlx::query!(
        "UPDATE outgoing_messages SET sending_until = $3, attempts = attempts + 1
         WHERE id = $1 AND state = 'waits' AND due_at <= $2 AND (sending_until IS NULL OR sending_until < $2)
         RETURNING user_id, endpoint_id, about, alert_ids, attempts, created_at",
        id,
        now,
        until,
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let about = About::named(&row.about).ok_or_else(|| {
        let unknown = std::io::Error::other(format!("no message is about {:?}", row.about));
        StoreError::Corrupt { table: "outgoing_messages", column: "about", source: Box::new(unknown) }
    })?;
    Ok(Some(Message {
        id,
        user_id: row.user_id,
        way: row.endpoint_id.map_or(Way::Email, Way::Webhook),
        about,
        alert_ids: row.alert_ids,
        attempts: row.attempts,
        created_at: row.created_at,
    }))
}

/// Why the newest e-mail to the person did not go out, if it did not.
pub async fn trouble_of_email(db: &mut PgConnection, user: Uuid) -> Result<Option<String>, StoreError> {
    let why = sqlx::query_scalar!(
        "SELECT why FROM outgoing_messages
         WHERE user_id = $1 AND channel = 'email' AND attempts > 0 ORDER BY created_at DESC, id LIMIT 1",
        user,
    )
    .fetch_optional(db)
    .await?;
    Ok(why.flatten())
}
