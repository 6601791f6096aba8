//! Asking a car, and giving its answer the way of every delivery.

use broker::message::DeliveryV1;
use chrono::{DateTime, SubsecRound, Utc};
use intake::{Understood, batch};
use smartcar::client::{Access, Advice, ApiVersion, PlatformError, PollAnswer, VehicleRef, Wanted};
use smartcar::envelope::event_id_of;
use store::StoreError;
use store::grants::{self, Grant};
use store::sync_logs;
use store::vehicles::asking::{self, Status, Subject};
use store::{rests, vehicles};
use tokio::time::Instant;
use uuid::Uuid;
use vault::Unopenable;

use crate::gates::{self, Counted, Gate};
use crate::scopes::{ASKED, LocationConsent};
use crate::tokens::Usable;
use crate::trouble::{self, Meaning};
use crate::{Connections, RefreshError};

mod outcome;
mod report;

pub use outcome::{EntryAction, EntryWritten, ReconnectReason, SyncOutcome, WaitReason};

/// Who wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The schedule.
    Poll,
    /// A person pressed *Sync now*.
    Manual,
}

#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    #[error("there is no such connection")]
    NotConnected,
    #[error("cannot read or write what the car said")]
    Store(#[from] StoreError),
    #[error("cannot open a token")]
    Vault(#[from] Unopenable),
    #[error("cannot renew the tokens")]
    Refresh(#[from] RefreshError),
    /// A fault of ours or of the set-up: no retry helps.
    #[error("the platform refuses what it was asked")]
    Platform(#[from] PlatformError),
}

impl From<sqlx::Error> for SyncError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Connections {
    /// Asks the car for what is needed, and writes what follows.
    ///
    /// # Errors
    ///
    /// If there is no such connection; else trying again later may help.
    pub async fn sync_vehicle_data(
        &self,
        vehicle: Uuid,
        source: Source,
        now: DateTime<Utc>,
    ) -> Result<SyncOutcome, SyncError> {
        let began = Instant::now();
        let mut db = self.pool().acquire().await?;
        let subject = asking::subject(&mut db, vehicle).await?.ok_or(SyncError::NotConnected)?;
        let grant = match self.consent(&mut db, &subject).await? {
            Ok(grant) => grant,
            Err(reason) => return Ok(SyncOutcome::Reconnect(reason)),
        };
        let incapable = rests::incapacities(&mut db, vehicle, now).await?;
        let wanted = wanted(&subject, &grant, &incapable);
        if wanted.is_empty() {
            return Ok(SyncOutcome::NothingNew { odometer_km: None });
        }
        if let Gate::Wait { until, why } = gates::rest(&mut db, &subject, now).await? {
            return Ok(SyncOutcome::Wait { until, why });
        }
        let limit = gates::limit(self.inner.budget, source);
        let Some((wanted, counted)) =
            counted(&mut db, (vehicle, version(&grant)), wanted, limit, now).await?
        else {
            return Ok(SyncOutcome::BudgetExhausted { until: gates::next_month(now) });
        };
        if let Gate::Wait { until, why } = gates::take(&mut db, counted, self.inner.budget, now).await? {
            return Ok(SyncOutcome::Wait { until, why });
        }
        drop(db);
        let answer = self.ask(&subject, &grant, &wanted, now).await;
        // As exact as the database keeps it.
        let now = (now + began.elapsed()).trunc_subsecs(6);
        self.heed(&subject, source, answer, counted, now).await
    }

    /// The same for a car of a user: what *Sync now* does.
    ///
    /// # Errors
    ///
    /// [`SyncError::NotConnected`] also for a car that is not theirs.
    pub async fn sync_car(
        &self,
        user: Uuid,
        car: Uuid,
        now: DateTime<Utc>,
    ) -> Result<SyncOutcome, SyncError> {
        let mut db = self.pool().acquire().await?;
        let vehicle = vehicles::connecting::of_car(&mut db, user, car).await?;
        drop(db);
        self.sync_vehicle_data(vehicle.ok_or(SyncError::NotConnected)?, Source::Manual, now).await
    }

    /// The consent by which this vehicle may be asked, or why there is none.
    pub(crate) async fn consent(
        &self,
        db: &mut sqlx::PgConnection,
        subject: &Subject,
    ) -> Result<Result<Grant, ReconnectReason>, SyncError> {
        match subject.status {
            Status::Disconnected => return Err(SyncError::NotConnected),
            Status::Active => {}
            Status::ReauthRequired => return Ok(Err(self.reconnect_reason(db, subject).await?)),
        }
        let grant = match subject.grant_id {
            Some(grant) => grants::find(db, grant).await?,
            None => None,
        };
        match grant {
            Some(grant) if grant.reauth_reason.is_none() => Ok(Ok(grant)),
            Some(_) | None => Ok(Err(self.reconnect_reason(db, subject).await?)),
        }
    }

    /// Why the person has to connect again, as far as somebody said.
    pub(crate) async fn reconnect_reason(
        &self,
        db: &mut sqlx::PgConnection,
        subject: &Subject,
    ) -> Result<ReconnectReason, StoreError> {
        if let Some(told) = asking::reauth_trouble(db, subject.id).await? {
            return Ok(ReconnectReason {
                kind: told.kind,
                code: Some(told.code).filter(|code| !code.is_empty()),
                message: told.message,
                url: told.resolution_url,
            });
        }
        let grant = match subject.grant_id {
            Some(grant) => grants::find(db, grant).await?,
            None => None,
        };
        let code = grant.and_then(|grant| grant.reauth_reason);
        Ok(ReconnectReason { kind: "NO_CONSENT".to_owned(), code, message: None, url: None })
    }

    /// Asks, and once more with another token if this one is refused. `Err` in `Ok`: the person has to act.
    async fn ask(
        &self,
        subject: &Subject,
        grant: &Grant,
        wanted: &[Wanted],
        now: DateTime<Utc>,
    ) -> Result<Result<PollAnswer, ReconnectReason>, SyncError> {
        let about = VehicleRef {
            smartcar_vehicle_id: subject.smartcar_vehicle_id.clone(),
            smartcar_user_id: subject.smartcar_user_id.clone(),
            ..VehicleRef::default()
        };
        let usable = self.usable(grant.id, now).await?;
        let asked = match usable_access(&usable, subject) {
            Ok(access) => self.client().poll(access, &about, wanted).await,
            Err(reason) => return Ok(Err(reason)),
        };
        match (asked, usable.version()) {
            (Err(error), Some(version)) if error.advice == Advice::RefreshTokenOnce => {
                let usable = self.usable_instead(grant.id, version, now).await?;
                match usable_access(&usable, subject) {
                    Ok(access) => Ok(Ok(self.client().poll(access, &about, wanted).await?)),
                    Err(reason) => Ok(Err(reason)),
                }
            }
            (asked, _) => Ok(Ok(asked?)),
        }
    }

    /// Takes in what was answered, or notes why nothing was.
    async fn heed(
        &self,
        subject: &Subject,
        source: Source,
        answer: Result<Result<PollAnswer, ReconnectReason>, SyncError>,
        counted: Counted,
        now: DateTime<Utc>,
    ) -> Result<SyncOutcome, SyncError> {
        let mut db = self.pool().acquire().await?;
        match answer {
            Ok(Ok(answer)) => {
                gates::settle(&mut db, counted, answer.calls).await?;
                drop(db);
                self.take_in(subject, source, answer, now).await
            }
            Ok(Err(reason)) => {
                gates::settle(&mut db, counted, 0).await?;
                Ok(SyncOutcome::Reconnect(reason))
            }
            Err(SyncError::Platform(error)) => {
                gates::settle(&mut db, counted, error.calls).await?;
                match trouble::note(&mut db, subject, &error, now).await? {
                    Meaning::Wait { until, why } => Ok(SyncOutcome::Wait { until, why }),
                    Meaning::Reconnect(reason) => Ok(SyncOutcome::Reconnect(reason)),
                    Meaning::Never => {
                        let all = ASKED.iter().flat_map(|wanted| wanted.signals(ApiVersion::V3));
                        let all: Vec<String> = all.map(|code| (*code).to_owned()).collect();
                        trouble::note_never(&mut db, subject.id, &all, now).await?;
                        Ok(SyncOutcome::NothingNew { odometer_km: None })
                    }
                    Meaning::Fault => Err(error.into()),
                }
            }
            Err(error) => {
                gates::settle(&mut db, counted, 0).await?;
                Err(error)
            }
        }
    }

    /// Gives the answer the way of every delivery, and says what came of it.
    async fn take_in(
        &self,
        subject: &Subject,
        source: Source,
        answer: PollAnswer,
        now: DateTime<Utc>,
    ) -> Result<SyncOutcome, SyncError> {
        let event_id = event_id_of(&answer.body, now);
        let delivery = DeliveryV1::new(event_id, now, source.into(), answer.body);
        let understood = Understood::of(delivery);
        let outcome = batch::handle(self.pool(), &self.inner.known, &[&understood], now).await?;
        let mut db = self.pool().acquire().await?;
        trouble::note_refused(&mut db, subject, &answer.refused, now).await?;
        let said = report::of(&understood);
        if said.is_silent
            && let Some(error) = trouble::gravest(&answer.refused)
        {
            return Ok(match trouble::note(&mut db, subject, error, now).await? {
                Meaning::Wait { until, why } => SyncOutcome::Wait { until, why },
                Meaning::Reconnect(reason) => SyncOutcome::Reconnect(reason),
                Meaning::Never | Meaning::Fault => SyncOutcome::NothingNew { odometer_km: None },
            });
        }
        if let Some(make) = &subject.make {
            rests::answered(&mut db, make).await?;
        }
        let entries = sync_logs::written_at(&mut db, subject.id, now).await?;
        Ok(report::outcome(&entries, outcome.readings_new, said.odometer_km))
    }
}

/// What to ask: what is agreed to, and what the car is able to tell.
fn wanted(subject: &Subject, grant: &Grant, incapable: &[String]) -> Vec<Wanted> {
    let location = LocationConsent(subject.location_consent);
    let version = version(grant);
    ASKED
        .into_iter()
        .filter(|wanted| location.allows(*wanted))
        // What was agreed to may be unknown: then it is asked, and found out.
        .filter(|wanted| {
            grant.scopes.is_empty() || grant.scopes.iter().any(|scope| scope == wanted.permission())
        })
        .filter(|wanted| {
            let signals = wanted.signals(version);
            !signals.is_empty() && signals.iter().any(|code| !incapable.iter().any(|known| known == code))
        })
        .collect()
}

/// Counts the calls of these questions; where the month has not as many left, the mileage goes first.
async fn counted(
    db: &mut sqlx::PgConnection,
    (vehicle, version): (Uuid, ApiVersion),
    wanted: Vec<Wanted>,
    limit: u32,
    now: DateTime<Utc>,
) -> Result<Option<(Vec<Wanted>, Counted)>, StoreError> {
    let calls = match version {
        ApiVersion::V2 => wanted.len(),
        // One call tells all signals.
        ApiVersion::V3 => 1,
    };
    if let Some(counted) = gates::count(db, vehicle, calls, limit, now).await? {
        return Ok(Some((wanted, counted)));
    }
    if calls == 1 || !wanted.contains(&Wanted::Odometer) {
        return Ok(None);
    }
    let counted = gates::count(db, vehicle, 1, limit, now).await?;
    Ok(counted.map(|counted| (vec![Wanted::Odometer], counted)))
}

/// How the platform is asked on behalf of this consent.
pub(crate) fn usable_access<'a>(
    usable: &'a Usable,
    subject: &'a Subject,
) -> Result<Access<'a>, ReconnectReason> {
    usable.access(subject.smartcar_user_id.as_deref()).ok_or_else(|| ReconnectReason {
        kind: "NO_CONSENT".to_owned(),
        code: match usable {
            Usable::ReauthRequired { reason } => Some(reason.clone()),
            Usable::User { .. } | Usable::Application | Usable::Gone => None,
        },
        message: None,
        url: None,
    })
}

pub(crate) fn version(grant: &Grant) -> ApiVersion {
    match grant.api_version {
        grants::ApiVersion::V2 => ApiVersion::V2,
        grants::ApiVersion::V3 => ApiVersion::V3,
    }
}

impl From<Source> for broker::message::Source {
    fn from(source: Source) -> Self {
        match source {
            Source::Poll => Self::Poll,
            Source::Manual => Self::Manual,
        }
    }
}
