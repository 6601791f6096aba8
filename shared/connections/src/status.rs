//! What the badge on a car's page shows.

use chrono::{DateTime, TimeDelta, Utc};
use store::vehicles::asking::{self, Status as Stored, Subject};
use store::{StoreError, api_usage, garage, grants, rests};
use uuid::Uuid;

use crate::Connections;
use crate::gates::month;
use crate::sync::{ReconnectReason, WaitReason};

/// Longer than any car should be silent: it is asked daily.
const STALE_AFTER: TimeDelta = TimeDelta::hours(36);
/// A person is reminded this long before a consent ends.
const REMIND_AHEAD: TimeDelta = TimeDelta::days(7);
/// So far back signals are looked for.
const SEEN_SINCE: TimeDelta = TimeDelta::days(62);

/// All that is known of a car's connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub car_id: Uuid,
    pub badge: Badge,
    /// `smartcar_vehicles.id`; also of a connection that is over.
    pub vehicle_id: Option<Uuid>,
    pub connected_at: Option<DateTime<Utc>>,
    /// When the car was last heard of, to the minute.
    pub last_synced_at: Option<DateTime<Utc>>,
    pub location_consent: bool,
    /// What the owner agreed to, in the platform's words; empty if nobody knows.
    pub scopes: Vec<String>,
    /// Newest first.
    pub signals: Vec<SignalSeen>,
    /// The consent ends then unless its tokens are renewed before, and that is soon: a person should be told.
    pub consent_expires_at: Option<DateTime<Utc>>,
    /// The car is left alone until then.
    pub rests: Option<(DateTime<Utc>, WaitReason)>,
    /// What is left of this month's calls.
    pub calls_left: i64,
}

/// The one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Badge {
    NotConnected,
    Connected,
    /// Connected, and silent for longer than a car should be.
    Stale,
    ReconnectNeeded(ReconnectReason),
}

/// When a signal was last said, in the car's own time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalSeen {
    pub signal: String,
    pub at: DateTime<Utc>,
}

#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// 404.
    #[error("the user has no such car")]
    NoSuchCar,
    #[error("cannot read the connection")]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for StatusError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Connections {
    /// How a car of this user is connected.
    ///
    /// # Errors
    ///
    /// If the car is not theirs, or the database cannot be reached.
    pub async fn status(&self, user: Uuid, car: Uuid, now: DateTime<Utc>) -> Result<Status, StatusError> {
        let mut db = self.pool().acquire().await?;
        if !garage::is_owned(&mut db, user, car).await? {
            return Err(StatusError::NoSuchCar);
        }
        let subject = match asking::latest_of_car(&mut db, car).await? {
            Some(vehicle) => asking::subject(&mut db, vehicle).await?,
            None => None,
        };
        let Some(subject) = subject else { return Ok(self.not_connected(car)) };
        let grant = match subject.grant_id {
            Some(grant) => grants::find(&mut db, grant).await?,
            None => None,
        };
        let badge = match subject.status {
            Stored::Disconnected => Badge::NotConnected,
            Stored::ReauthRequired => Badge::ReconnectNeeded(self.reconnect_reason(&mut db, &subject).await?),
            Stored::Active if is_over(grant.as_ref(), &subject, now) => {
                Badge::ReconnectNeeded(self.reconnect_reason(&mut db, &subject).await?)
            }
            Stored::Active if is_stale(&subject, now) => Badge::Stale,
            Stored::Active => Badge::Connected,
        };
        let ends = grant.as_ref().and_then(|grant| grant.tokens.as_ref()).map(|pair| pair.refresh_expires_at);
        let seen = asking::last_seen(&mut db, subject.id, now - SEEN_SINCE).await?;
        let spent = api_usage::spent(&mut db, subject.id, month(now)).await?;
        Ok(Status {
            vehicle_id: Some(subject.id),
            connected_at: subject.connected_at,
            last_synced_at: subject.last_synced_at,
            location_consent: subject.location_consent,
            scopes: grant.map(|grant| grant.scopes).unwrap_or_default(),
            signals: seen.into_iter().map(|(signal, at)| SignalSeen { signal, at }).collect(),
            consent_expires_at: ends.filter(|ends| *ends <= now + REMIND_AHEAD),
            rests: rests::of(&mut db, subject.id, now).await?.map(|(until, why)| (until, why.into())),
            calls_left: (i64::from(self.inner.budget.calls_per_vehicle) - spent).max(0),
            badge,
            ..self.not_connected(car)
        })
    }

    fn not_connected(&self, car: Uuid) -> Status {
        Status {
            car_id: car,
            badge: Badge::NotConnected,
            vehicle_id: None,
            connected_at: None,
            last_synced_at: None,
            location_consent: false,
            scopes: Vec::new(),
            signals: Vec::new(),
            consent_expires_at: None,
            rests: None,
            calls_left: i64::from(self.inner.budget.calls_per_vehicle),
        }
    }
}

/// A connection of before grants has none to ask with; its deliveries come all the same while they come.
fn is_over(grant: Option<&grants::Grant>, subject: &Subject, now: DateTime<Utc>) -> bool {
    grant.map_or_else(|| is_stale(subject, now), |grant| grant.reauth_reason.is_some())
}

fn is_stale(subject: &Subject, now: DateTime<Utc>) -> bool {
    subject.last_synced_at.max(subject.connected_at).is_none_or(|heard| heard + STALE_AFTER < now)
}
