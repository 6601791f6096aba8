//! Token pairs of API v2: bought once, renewed by one process at a time, persisted before they are used.
//!
//! Who renews a pair has a lease of half a minute and gives up asking before it ends. The platform lets the refresh
//! token of before live for a minute: whoever takes over from a process that died between the platform's answer and the
//! commit still comes in time with it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use smartcar::client::{Access, Advice, PlatformError, TokenPair};
use store::StoreError;
use store::grants::{self, ApiVersion, Grant, NewGrant, SealedPair};
use store::vehicle_errors::{self, ErrorWord};
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};
use uuid::Uuid;
use vault::Unopenable;

use crate::Connections;

/// An access token that is valid for less than this is renewed. It lives two hours.
pub const REFRESH_AHEAD: TimeDelta = TimeDelta::minutes(20);

/// A grant whose refresh token has less than this left is renewed, needed or not. It lives sixty days.
pub const REFRESH_TOKEN_AHEAD: TimeDelta = TimeDelta::days(20);

/// Documented by the platform, and in no answer.
const REFRESH_TOKEN_LIFE: TimeDelta = TimeDelta::days(60);

const LEASE: Duration = Duration::from_secs(30);
const ASKING: Duration = Duration::from_secs(20);
/// Who was frozen for longer than this between taking the lease and asking, does not ask.
const BEFORE_ASKING: Duration = Duration::from_secs(8);
/// Others may take a lease one after the other, and each fail.
const WAITING: Duration = Duration::from_secs(90);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A pair that the platform gave and that is not stored yet is the only one that works: storing it is tried for long.
const STORE_TRIES: u32 = 8;

/// What renewing came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// A new pair is stored, by this process or by another one meanwhile.
    Renewed,
    /// Nothing to do: it is fresh, or the grant has no tokens (v3).
    StillFresh,
    /// There is no such grant any more.
    Gone,
    /// Only the person can mend it, by connecting again.
    ReauthRequired { reason: String },
}

#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    #[error("cannot read or write the grant")]
    Store(#[from] StoreError),
    #[error("cannot open a token")]
    Vault(#[from] Unopenable),
    #[error("cannot renew the tokens")]
    Platform(#[from] PlatformError),
    #[error("the platform does not answer in time")]
    Silent,
    #[error("somebody else renews this grant and does not come to an end")]
    Busy,
}

/// Why a code bought no tokens.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    #[error("the platform gives no tokens for the code")]
    Platform(#[from] PlatformError),
    #[error("cannot write the grant")]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for RefreshError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A grant with an access token that may be used.
pub(crate) enum Usable {
    User { token: SecretString, version: i64 },
    Application,
    Gone,
    ReauthRequired { reason: String },
}

impl Usable {
    /// The version of the token, if there is one.
    pub fn version(&self) -> Option<i64> {
        match self {
            Self::User { version, .. } => Some(*version),
            Self::Application | Self::Gone | Self::ReauthRequired { .. } => None,
        }
    }

    /// How to ask about this user's cars, if that is possible.
    pub fn access<'a>(&'a self, smartcar_user_id: Option<&'a str>) -> Option<Access<'a>> {
        match self {
            Self::User { token, .. } => Some(Access::User { token }),
            Self::Application => smartcar_user_id.map(|user_id| Access::Application { user_id }),
            Self::Gone | Self::ReauthRequired { .. } => None,
        }
    }
}

/// When a pair is to be renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Expiring,
    /// The platform does not take this one, whatever it promised.
    Refused {
        version: i64,
    },
}

impl Connections {
    /// Buys tokens with a code, and stores them before anything is done with them. Gives the new grant's id.
    ///
    /// # Errors
    ///
    /// If the platform refuses, which it does when the code was used before, or the database cannot be reached.
    pub async fn exchange_code_for_tokens(
        &self,
        code: &SecretString,
        user: Uuid,
        external_id: &str,
        now: DateTime<Utc>,
    ) -> Result<Uuid, ExchangeError> {
        let pair = self.client().exchange_code(code.expose_secret()).await?;
        let id = Uuid::new_v4();
        let sealed = self.seal(id, &pair, now);
        let new = NewGrant {
            id,
            user_id: user,
            api_version: ApiVersion::V2,
            smartcar_user_id: None,
            external_id: Some(external_id),
            scopes: &[],
            tokens: Some(&sealed),
        };
        let mut wait = LOOK_EVERY;
        for _ in 1..STORE_TRIES {
            match self.store_grant(&new, now).await {
                Ok(()) => return Ok(id),
                Err(error) if error.is_fault_of_the_data() => return Err(error.into()),
                Err(_) => sleep(wait).await,
            }
            wait *= 2;
        }
        self.store_grant(&new, now).await?;
        Ok(id)
    }

    async fn store_grant(&self, new: &NewGrant<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut db = self.pool().acquire().await?;
        grants::insert(&mut db, new, now).await.map(drop)
    }

    /// Renews the tokens of a grant if they are about to expire. Any number of processes may ask at once: one of them
    /// asks the platform, the others wait for it.
    ///
    /// # Errors
    ///
    /// If the platform or the database does not do what it should; trying again later may help.
    pub async fn refresh_access_token(
        &self,
        grant: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Refreshed, RefreshError> {
        self.renew(grant, When::Expiring, now).await.map(|(refreshed, _)| refreshed)
    }

    /// An access token that is valid for as long as the platform may take to answer.
    pub(crate) async fn usable(&self, grant: Uuid, now: DateTime<Utc>) -> Result<Usable, RefreshError> {
        self.usable_when(grant, When::Expiring, now).await
    }

    /// Another access token than this one, which the platform refused.
    pub(crate) async fn usable_instead(
        &self,
        grant: Uuid,
        version: i64,
        now: DateTime<Utc>,
    ) -> Result<Usable, RefreshError> {
        self.usable_when(grant, When::Refused { version }, now).await
    }

    async fn usable_when(&self, grant: Uuid, when: When, now: DateTime<Utc>) -> Result<Usable, RefreshError> {
        let (refreshed, found) = self.renew(grant, when, now).await?;
        match (refreshed, found) {
            (Refreshed::ReauthRequired { reason }, _) => Ok(Usable::ReauthRequired { reason }),
            (Refreshed::Gone, _) | (_, None) => Ok(Usable::Gone),
            (Refreshed::Renewed | Refreshed::StillFresh, Some(grant)) => match &grant.tokens {
                None => Ok(Usable::Application),
                Some(pair) => {
                    let token = self.keys().open(&pair.access_token, &place(grant.id, "access_token"))?;
                    Ok(Usable::User { token, version: grant.token_version })
                }
            },
        }
    }

    async fn renew(
        &self,
        id: Uuid,
        when: When,
        now: DateTime<Utc>,
    ) -> Result<(Refreshed, Option<Grant>), RefreshError> {
        let began = Instant::now();
        let mut seen = None;
        while began.elapsed() < WAITING {
            let now = now + began.elapsed();
            let mut db = self.pool().acquire().await?;
            let Some(grant) = grants::find(&mut db, id).await? else {
                return Ok((Refreshed::Gone, None));
            };
            if let Some(reason) = &grant.reauth_reason {
                return Ok((Refreshed::ReauthRequired { reason: reason.clone() }, None));
            }
            // A pair that came meanwhile is as good as it gets, however short it lives.
            let is_new = grant.token_version > *seen.get_or_insert(grant.token_version);
            if is_new || !is_due(&grant, when, now) {
                let refreshed = if is_new { Refreshed::Renewed } else { Refreshed::StillFresh };
                return Ok((refreshed, Some(grant)));
            }
            let (lease, leased) = (Uuid::new_v4(), Instant::now());
            let version = (id, grant.token_version);
            let is_mine = grants::lease(&mut db, version, lease, now + LEASE, now).await?;
            drop(db);
            if is_mine {
                self.ask_undisturbed(grant, lease, leased, now).await?;
            } else {
                sleep(LOOK_EVERY).await;
            }
        }
        Err(RefreshError::Busy)
    }

    /// Asks for the next pair in a task of its own.
    #[expect(
        clippy::disallowed_methods,
        reason = "whoever wanted the pair may go away while the platform is asked, and it has to be stored all the same; \
                  the task ends within a minute, and one that is killed is a crash like any other"
    )]
    async fn ask_undisturbed(
        &self,
        grant: Grant,
        lease: Uuid,
        leased: Instant,
        now: DateTime<Utc>,
    ) -> Result<(), RefreshError> {
        let this = self.clone();
        let asking = tokio::spawn(async move { this.ask_for_pair(&grant, lease, leased, now).await });
        asking.await.unwrap_or(Err(RefreshError::Silent))
    }

    /// Asks for the next pair and stores it, or why there is none. What came of it stands in the grant.
    async fn ask_for_pair(
        &self,
        grant: &Grant,
        lease: Uuid,
        leased: Instant,
        now: DateTime<Utc>,
    ) -> Result<(), RefreshError> {
        let Some(pair) = &grant.tokens else { return Ok(()) };
        let opened = self.keys().open(&pair.refresh_token, &place(grant.id, "refresh_token"));
        let asked = match opened {
            Ok(_) if leased.elapsed() > BEFORE_ASKING => Err(RefreshError::Silent),
            Ok(token) => match timeout(ASKING, self.client().refresh(&token)).await {
                Ok(answer) => answer.map_err(RefreshError::Platform),
                Err(_) => Err(RefreshError::Silent),
            },
            Err(error) => Err(error.into()),
        };
        let now = now + leased.elapsed();
        match asked {
            Ok(pair) => self.store_pair(grant, &pair, now).await,
            Err(RefreshError::Platform(error)) if error.advice == Advice::Reauthenticate => {
                self.refuse(grant, &error, now).await
            }
            Err(error) => {
                let mut db = self.pool().acquire().await?;
                grants::release(&mut db, grant.id, lease).await?;
                Err(error)
            }
        }
    }

    async fn store_pair(
        &self,
        grant: &Grant,
        pair: &TokenPair,
        now: DateTime<Utc>,
    ) -> Result<(), RefreshError> {
        let sealed = self.seal(grant.id, pair, now);
        let version = (grant.id, grant.token_version);
        let mut wait = LOOK_EVERY;
        for attempt in 1.. {
            let stored = match self.pool().acquire().await {
                Ok(mut db) => grants::renew(&mut db, version, &sealed).await,
                Err(error) => Err(error.into()),
            };
            match stored {
                Ok(true) => {
                    info!(grant.id = %grant.id, "renewed the tokens of a consent");
                    return Ok(());
                }
                // Somebody else stored a newer pair: that one counts.
                Ok(false) => return Ok(()),
                Err(error) if attempt == STORE_TRIES || error.is_fault_of_the_data() => {
                    return Err(error.into());
                }
                Err(_) => sleep(wait).await,
            }
            wait *= 2;
        }
        Ok(())
    }

    /// The platform does not renew this pair any more: every car of the consent has to be connected again.
    async fn refuse(
        &self,
        grant: &Grant,
        error: &PlatformError,
        now: DateTime<Utc>,
    ) -> Result<(), RefreshError> {
        let mut tx = self.pool().begin().await?;
        let reason = error.code.as_deref().unwrap_or(&error.kind);
        if grants::refuse(&mut tx, (grant.id, grant.token_version), reason, now).await? {
            let vehicles = grants::vehicles(&mut tx, grant.id).await?;
            let words = vehicles.into_iter().map(|vehicle| ErrorWord {
                vehicle,
                kind: error.kind.clone(),
                code: error.code.clone().unwrap_or_default(),
                is_open: true,
                needs_reauthentication: true,
                message: error.message_for_user.clone(),
                resolution_url: error.resolution_url.clone(),
                said_at: now,
                event_id: format!("refresh:{}:{}", grant.id, grant.token_version),
            });
            vehicle_errors::note(&mut tx, words.collect()).await?;
            warn!(grant.id = %grant.id, "the tokens of a consent cannot be renewed, its owner has to connect again");
        }
        tx.commit().await?;
        Ok(())
    }

    fn seal(&self, grant: Uuid, pair: &TokenPair, now: DateTime<Utc>) -> SealedPair {
        SealedPair {
            access_token: self.keys().seal(&pair.access_token, &place(grant, "access_token")),
            refresh_token: self.keys().seal(&pair.refresh_token, &place(grant, "refresh_token")),
            token_expires_at: now + pair.expires_in,
            refresh_expires_at: now + REFRESH_TOKEN_LIFE,
        }
    }
}

/// What a token is sealed for. `carvetka keys rotate` seals for the same.
pub fn place(grant: Uuid, column: &str) -> String {
    format!("smartcar_grants/{grant}/{column}")
}

fn is_due(grant: &Grant, when: When, now: DateTime<Utc>) -> bool {
    let Some(pair) = &grant.tokens else { return false };
    match when {
        When::Refused { version } => grant.token_version <= version,
        When::Expiring => {
            pair.token_expires_at <= now + REFRESH_AHEAD
                || pair.refresh_expires_at <= now + REFRESH_TOKEN_AHEAD
        }
    }
}
