//! Whose consent it is, and for which vehicles: what the platform itself says, and never what the redirect says.

use std::time::Duration;

use chrono::{DateTime, Utc};
use smartcar::client::{Access, Advice, Connection, ConnectionFilter, PlatformError, VehicleInfo};
use store::connect_attempts::Attempt;
use store::grants::{self, ApiVersion, NewGrant};
use tokio::time::sleep;
use uuid::Uuid;

use super::Callback;
use crate::choice::Candidate;
use crate::connected::Outcome;
use crate::tokens::{ExchangeError, RefreshError, Usable};
use crate::{ConnectError, Connections};

/// A consent that the platform confirmed.
pub(super) struct Consent {
    pub grant: Uuid,
    pub smartcar_user_id: String,
    pub candidates: Vec<Candidate>,
}

/// The platform's list may be a moment behind its redirect.
const LOOKS: u32 = 3;
const BETWEEN_LOOKS: Duration = Duration::from_millis(400);

impl Connections {
    /// Asks the platform for the consent that this attempt brought. What the person can do something about comes back as
    /// an outcome.
    pub(super) async fn confirm(
        &self,
        attempt: &Attempt,
        callback: &Callback,
        now: DateTime<Utc>,
    ) -> Result<Result<Consent, Outcome>, ConnectError> {
        match attempt.api_version {
            ApiVersion::V2 => self.confirm_v2(attempt, callback, now).await,
            ApiVersion::V3 => self.confirm_v3(attempt, callback, now).await,
        }
    }

    async fn confirm_v2(
        &self,
        attempt: &Attempt,
        callback: &Callback,
        now: DateTime<Utc>,
    ) -> Result<Result<Consent, Outcome>, ConnectError> {
        let Some(code) = &callback.code else { return Ok(Err(Outcome::NotConfirmed)) };
        let bought = self.exchange_code_for_tokens(code, attempt.user_id, &attempt.external_id, now).await;
        let grant = match bought {
            Ok(grant) => grant,
            Err(ExchangeError::Platform(error)) => return Ok(Err(unconfirmed(&error))),
            Err(ExchangeError::Store(error)) => return Err(error.into()),
        };
        let usable = match self.usable(grant, now).await {
            Ok(usable) => usable,
            Err(RefreshError::Store(error)) => return Err(error.into()),
            Err(RefreshError::Vault(error)) => return Err(error.into()),
            Err(RefreshError::Platform(_) | RefreshError::Silent | RefreshError::Busy) => {
                return Ok(Err(Outcome::PlatformFault));
            }
        };
        let Usable::User { token, .. } = &usable else { return Ok(Err(Outcome::PlatformFault)) };
        match self.look_around(Access::User { token }).await {
            Ok((smartcar_user_id, scopes, candidates)) => {
                let mut db = self.pool().acquire().await?;
                grants::describe(&mut db, grant, &smartcar_user_id, &scopes).await?;
                Ok(Ok(Consent { grant, smartcar_user_id, candidates }))
            }
            Err(error) => {
                // Nobody will ever use these tokens.
                let mut db = self.pool().acquire().await?;
                grants::forget_unused(&mut db, grant).await?;
                Ok(Err(unconfirmed(&error)))
            }
        }
    }

    /// The user, what is permitted, and the vehicles of a consent of v2.
    async fn look_around(
        &self,
        access: Access<'_>,
    ) -> Result<(String, Vec<String>, Vec<Candidate>), PlatformError> {
        let user = self.client().user(access).await?;
        let mut candidates = Vec::new();
        let mut scopes = Vec::new();
        for id in self.client().vehicles(access).await? {
            if scopes.is_empty() {
                // One consent, one set of permissions. What cannot be told is found out by asking.
                scopes = self.client().permissions(access, &id).await.unwrap_or_default();
            }
            let info = self.client().vehicle_info(access, &id).await.unwrap_or_default();
            candidates.push(self.candidate(access, id, info).await);
        }
        Ok((user, scopes, candidates))
    }

    async fn confirm_v3(
        &self,
        attempt: &Attempt,
        callback: &Callback,
        now: DateTime<Utc>,
    ) -> Result<Result<Consent, Outcome>, ConnectError> {
        let Some(user_id) = callback.user_id.as_deref() else { return Ok(Err(Outcome::NotConfirmed)) };
        // The user of the redirect may be anybody's. Ours carries what we called them when we sent them.
        let filter = ConnectionFilter {
            user_id: Some(user_id),
            vehicle_id: None,
            external_id: Some(&attempt.external_id),
        };
        let connections = match self.confirmed(&filter).await {
            Ok(connections) => connections,
            Err(error) => return Ok(Err(unconfirmed(&error))),
        };
        let Some(first) = connections.first() else { return Ok(Err(Outcome::NotConfirmed)) };
        let new = NewGrant {
            id: Uuid::new_v4(),
            user_id: attempt.user_id,
            api_version: ApiVersion::V3,
            smartcar_user_id: Some(user_id),
            external_id: Some(&attempt.external_id),
            scopes: &first.permissions,
            tokens: None,
        };
        let mut db = self.pool().acquire().await?;
        let grant = grants::insert(&mut db, &new, now).await?;
        drop(db);
        let access = Access::Application { user_id };
        let mut candidates = Vec::new();
        for connection in connections {
            candidates.push(self.candidate(access, connection.vehicle_id, connection.info).await);
        }
        Ok(Ok(Consent { grant, smartcar_user_id: user_id.to_owned(), candidates }))
    }

    async fn confirmed(&self, filter: &ConnectionFilter<'_>) -> Result<Vec<Connection>, PlatformError> {
        for look in 1.. {
            let connections = self.client().connections(filter).await?;
            if !connections.is_empty() || look == LOOKS {
                return Ok(connections);
            }
            sleep(BETWEEN_LOOKS).await;
        }
        Ok(Vec::new())
    }

    /// A vehicle with its VIN, if that is told.
    async fn candidate(&self, access: Access<'_>, id: String, info: VehicleInfo) -> Candidate {
        let vin = self.client().vin(access, &id).await.ok();
        Candidate { smartcar_vehicle_id: id, info, vin }
    }
}

/// What it means to the person that the platform does not confirm.
fn unconfirmed(error: &PlatformError) -> Outcome {
    match error.advice {
        Advice::RetryAfter { .. } | Advice::Wait => Outcome::PlatformFault,
        Advice::Reauthenticate if error.kind == "OAUTH" => Outcome::CodeUsed,
        Advice::Reauthenticate | Advice::RefreshTokenOnce | Advice::NeverForThisSignal => {
            Outcome::NotConfirmed
        }
        Advice::AskUser => match error.code.as_deref() {
            Some("NO_VEHICLES") => Outcome::NoVehicles,
            Some("SUBSCRIPTION") => Outcome::Subscription,
            Some(_) | None => Outcome::NotConfirmed,
        },
        Advice::Billing | Advice::Bug => Outcome::OurFault,
    }
}
