//! What follows from a call that failed: whom to leave alone and for how long, and what to tell the person. Decided by
//! the client's advice, never by a status.

use chrono::{DateTime, TimeDelta, Utc};
use domain::reading::Signal;
use smartcar::client::{Advice, PlatformError, Refused, Who};
use sqlx::PgConnection;
use store::StoreError;
use store::rests::{self, Why};
use store::vehicle_errors::{self, ErrorWord};
use store::vehicles::asking::Subject;
use uuid::Uuid;

use crate::gates::{CIRCUIT, next_month};
use crate::sync::{ReconnectReason, WaitReason};

/// What a car cannot tell today, it may be able to tell after an update.
const INCAPABLE_FOR: TimeDelta = TimeDelta::days(30);
/// The platform's advice: no car more often than this.
const STATE_PASSES: TimeDelta = TimeDelta::minutes(30);
const OWNER_ACTS: TimeDelta = TimeDelta::hours(6);
const OPERATOR_ACTS: TimeDelta = TimeDelta::hours(6);

/// What a failed call means to whoever asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    Wait {
        until: DateTime<Utc>,
        why: WaitReason,
    },
    Reconnect(ReconnectReason),
    /// The car will never do this.
    Never,
    /// Ours or the operator's to look at.
    Fault,
}

/// Notes what follows from a call about a vehicle that failed as a whole.
pub(crate) async fn note(
    db: &mut PgConnection,
    subject: &Subject,
    error: &PlatformError,
    now: DateTime<Utc>,
) -> Result<Meaning, StoreError> {
    Ok(match error.advice {
        Advice::RetryAfter { who, wait } => {
            let until = now + TimeDelta::from_std(wait).unwrap_or(STATE_PASSES);
            let why = retry_reason(who, error);
            if why == WaitReason::MakeTrouble
                && let Some(make) = &subject.make
            {
                rests::failed(db, make, CIRCUIT, now).await?;
            }
            match stored_reason(why) {
                Some(why) => rests::rest(db, subject.id, until, why).await?,
                None => store::api_usage::rest(db, until).await?,
            }
            Meaning::Wait { until, why }
        }
        Advice::Wait => leave_alone(db, subject.id, now + STATE_PASSES, Why::Asleep).await?,
        Advice::AskUser => {
            tell(db, subject.id, error, false, now).await?;
            leave_alone(db, subject.id, now + OWNER_ACTS, Why::OwnerAction).await?
        }
        // Looked at again before the month is over: somebody may have paid.
        Advice::Billing => {
            leave_alone(db, subject.id, next_month(now).min(now + OPERATOR_ACTS), Why::Billing).await?
        }
        Advice::Reauthenticate => {
            tell(db, subject.id, error, true, now).await?;
            Meaning::Reconnect(reason(error))
        }
        Advice::NeverForThisSignal => Meaning::Never,
        // After a new token it is no question of the token any more.
        Advice::RefreshTokenOnce | Advice::Bug => Meaning::Fault,
    })
}

/// Notes what follows from questions that were refused beside others that were answered: what this car never tells, and
/// whether it wants to be left alone. What is only wrong with one question now is asked again next time.
pub(crate) async fn note_refused(
    db: &mut PgConnection,
    subject: &Subject,
    refused: &[Refused],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let never: Vec<String> = refused
        .iter()
        .filter(|one| is_never(&one.error))
        .flat_map(|one| one.signals.iter().map(|signal| signal.as_str().to_owned()))
        .collect();
    note_never(db, subject.id, &never, now).await?;
    for one in refused {
        if let Advice::RetryAfter { who: Who::Vehicle | Who::Application, wait } = one.error.advice
            && one.error.kind == "RATE_LIMIT"
        {
            let until = now + TimeDelta::from_std(wait).unwrap_or(STATE_PASSES);
            rests::rest(db, subject.id, until, Why::VehicleLimit).await?;
        }
    }
    Ok(())
}

/// Notes what this car never tells, or never does.
pub(crate) async fn note_never(
    db: &mut PgConnection,
    vehicle: Uuid,
    what: &[String],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if what.is_empty() {
        return Ok(());
    }
    rests::note_incapacities(db, vehicle, what, now + INCAPABLE_FOR).await
}

/// Of questions that all were refused, the error that says most about why: one that concerns more than its own question.
pub(crate) fn gravest(refused: &[Refused]) -> Option<&PlatformError> {
    let mileage = refused.iter().find(|one| one.signals.iter().any(|signal| signal.is(Signal::ODOMETER)));
    let wide = refused.iter().find(|one| !is_never(&one.error));
    mileage.filter(|one| !is_never(&one.error)).or(wide).or(mileage).or(refused.first()).map(|one| &one.error)
}

pub(crate) fn reason(error: &PlatformError) -> ReconnectReason {
    ReconnectReason {
        kind: error.kind.clone(),
        code: error.code.clone(),
        message: error.message_for_user.clone(),
        url: error.resolution_url.clone(),
    }
}

/// Not this car, or not with this consent: a new consent wipes it out.
fn is_never(error: &PlatformError) -> bool {
    error.advice == Advice::NeverForThisSignal || error.kind == "PERMISSION"
}

fn retry_reason(who: Who, error: &PlatformError) -> WaitReason {
    match (who, error.kind.as_str()) {
        (Who::Application, _) => WaitReason::ApplicationLimit,
        (Who::Make, _) | (_, "SERVER" | "UPSTREAM" | "TRANSPORT") => WaitReason::MakeTrouble,
        (Who::Vehicle | Who::Signal, "RATE_LIMIT") => WaitReason::VehicleLimit,
        (Who::Vehicle | Who::Signal, _) => WaitReason::Asleep,
    }
}

/// `None` where it is not the vehicle that rests.
fn stored_reason(why: WaitReason) -> Option<Why> {
    match why {
        WaitReason::Asleep => Some(Why::Asleep),
        WaitReason::VehicleLimit => Some(Why::VehicleLimit),
        WaitReason::ApplicationLimit => None,
        WaitReason::MakeTrouble => Some(Why::MakeTrouble),
        WaitReason::Billing => Some(Why::Billing),
        WaitReason::OwnerAction => Some(Why::OwnerAction),
    }
}

async fn leave_alone(
    db: &mut PgConnection,
    vehicle: Uuid,
    until: DateTime<Utc>,
    why: Why,
) -> Result<Meaning, StoreError> {
    rests::rest(db, vehicle, until, why).await?;
    Ok(Meaning::Wait { until, why: why.into() })
}

async fn tell(
    db: &mut PgConnection,
    vehicle: Uuid,
    error: &PlatformError,
    needs_reauthentication: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let word = ErrorWord {
        vehicle,
        kind: error.kind.clone(),
        code: error.code.clone().unwrap_or_default(),
        is_open: true,
        needs_reauthentication,
        message: error.message_for_user.clone(),
        resolution_url: error.resolution_url.clone(),
        said_at: now,
        event_id: format!("asked:{vehicle}"),
    };
    vehicle_errors::note(db, vec![word]).await
}
