//! Asks how a car is, by whichever API its consent belongs to, and hands the platform's own words on as a delivery.

use secrecy::{ExposeSecret, SecretString};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::address::header;
use super::error::{PlatformError, Transport};
use super::http::{Call, Patience};
use super::{Access, Advice, ApiVersion, Client, VehicleRef, Wanted, Who};
use answer::{Batch, Rows};
use domain::reading::Signal;

mod answer;

/// What the platform said about a car.
#[derive(Debug, Clone)]
pub struct PollAnswer {
    /// A delivery for [`crate::webhook::decode`]: `{"poll":"v3","user":…,"vehicle":…,"answer":[…]}` around the platform's
    /// untouched answers. (Links that carry a token are taken out.)
    pub body: Vec<u8>,
    /// How many calls it cost. With v2 each path counts as one.
    pub calls: u32,
    /// What was not told, and what to do about it. The same failures are in the decoded report, without the advice.
    pub refused: Vec<Refused>,
}

/// A question that was answered with an error.
#[derive(Debug, Clone)]
pub struct Refused {
    /// The signals that are missing because of it.
    pub signals: Vec<Signal>,
    pub error: PlatformError,
}

impl Client {
    /// Asks for what is wanted. One signal that fails does not fail the others: an error comes only if the platform
    /// refuses the question as a whole. With v3 the platform tells everything that it has stored and that the owner
    /// permits, wanted or not; what is wanted and missing there is asked for one by one.
    pub async fn poll(
        &self,
        access: Access<'_>,
        vehicle: &VehicleRef,
        wanted: &[Wanted],
    ) -> Result<PollAnswer, PlatformError> {
        let mut wanted = wanted.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        match access {
            Access::User { token } => self.poll_v2(token, vehicle, &wanted).await,
            Access::Application { user_id } => self.poll_v3(user_id, vehicle, &wanted).await,
        }
    }

    async fn poll_v2(
        &self,
        token: &SecretString,
        vehicle: &VehicleRef,
        wanted: &[Wanted],
    ) -> Result<PollAnswer, PlatformError> {
        let paths: Vec<&str> = wanted.iter().filter_map(|wanted| wanted.path()).collect();
        let mut gathered = Gathered::default();
        if !paths.is_empty() {
            match self.batch(token, vehicle, &paths, &mut gathered).await {
                Ok(()) => {}
                Err(error) if paths.len() > 1 && blames_the_question(&error) => {
                    self.one_by_one(token, vehicle, &paths, &mut gathered).await;
                    if gathered.is_refused_like(&error) {
                        return Err(error.after(gathered.calls));
                    }
                }
                Err(error) => return Err(error.after(gathered.calls)),
            }
        }
        Ok(gathered.into_answer(ApiVersion::V2, vehicle.smartcar_user_id.as_deref(), vehicle))
    }

    async fn batch(
        &self,
        token: &SecretString,
        vehicle: &VehicleRef,
        paths: &[&str],
        gathered: &mut Gathered,
    ) -> Result<(), PlatformError> {
        let requests: Vec<Value> = paths.iter().map(|path| json!({ "path": path })).collect();
        let address =
            self.inner.addresses.vehicle(ApiVersion::V2, &vehicle.smartcar_vehicle_id, &["batch"])?;
        let call = Call::post(address, Patience::Car, Some(json!({ "requests": requests })));
        let answer = gathered.count(paths.len(), self.ask_as_user(&call, token).await)?;
        let batch = Batch::read(&answer.body).ok_or_else(unreadable)?;
        gathered.tellings += batch.told;
        gathered.refused.extend(batch.refused);
        gathered.answers.push(answer::verbatim(&answer.body)?);
        Ok(())
    }

    /// A batch that is refused as a whole may be refused for one of its paths: asked one by one, the others are told.
    async fn one_by_one(
        &self,
        token: &SecretString,
        vehicle: &VehicleRef,
        paths: &[&str],
        gathered: &mut Gathered,
    ) {
        for path in paths {
            if let Err(error) = self.batch(token, vehicle, &[path], gathered).await {
                let stop = !blames_the_question(&error);
                gathered.answers.push(answer::refusal(path, &error));
                gathered.refused.push(Refused { signals: crate::batch::signals_of(path), error });
                if stop {
                    break;
                }
            }
        }
    }

    async fn poll_v3(
        &self,
        user_id: &str,
        vehicle: &VehicleRef,
        wanted: &[Wanted],
    ) -> Result<PollAnswer, PlatformError> {
        let mut gathered = Gathered::default();
        let rows = match self.signals(user_id, vehicle, None, &mut gathered).await {
            Ok(rows) => rows,
            Err(error) => return Err(error.after(gathered.calls)),
        };
        if rows.is_cut_short() {
            let codes = wanted.iter().flat_map(|wanted| wanted.signals(ApiVersion::V3));
            for code in codes.filter(|code| !rows.holds(code)) {
                if let Err(error) = self.signals(user_id, vehicle, Some(code), &mut gathered).await {
                    let stop = concerns_more(&error);
                    gathered.refused.push(Refused { signals: vec![Signal::new(code)], error });
                    if stop {
                        break;
                    }
                }
            }
        }
        Ok(gathered.into_answer(ApiVersion::V3, Some(user_id), vehicle))
    }

    /// All signals, or one.
    async fn signals(
        &self,
        user_id: &str,
        vehicle: &VehicleRef,
        code: Option<&str>,
        gathered: &mut Gathered,
    ) -> Result<Rows, PlatformError> {
        let path: Vec<&str> = std::iter::once("signals").chain(code).collect();
        let id = &vehicle.smartcar_vehicle_id;
        let address = self.inner.addresses.vehicle(ApiVersion::V3, id, &path)?;
        let call = Call::get(address, Patience::Car).of_user(header(user_id)?);
        let answer = gathered.count(1, self.ask_as_application(&call).await)?;
        let rows = Rows::read(&answer.body).ok_or_else(unreadable)?;
        if rows.vehicle.as_ref().is_some_and(|told| told != id) {
            return Err(PlatformError::transport(Transport::Foreign, None));
        }
        gathered.refused.extend(rows.refused.iter().cloned());
        gathered.answers.push(answer::verbatim(&answer.body)?);
        Ok(rows)
    }

    /// Sends a call with the token of a consent.
    pub(super) async fn ask_as_user(
        &self,
        call: &Call,
        token: &SecretString,
    ) -> Result<super::http::Answer, PlatformError> {
        // Also where metric is the default: units must not depend on the platform's mind.
        let request = self.inner.http.request(call).header("sc-unit-system", "metric");
        super::http::send(request.bearer_auth(token.expose_secret())).await?.success(super::fault::Form::Api)
    }
}

/// What a poll has brought so far.
#[derive(Default)]
struct Gathered {
    answers: Vec<Box<RawValue>>,
    refused: Vec<Refused>,
    calls: u32,
    /// Paths that were answered well.
    tellings: usize,
}

impl Gathered {
    /// Counts the calls of an outcome, unless the platform was never asked.
    fn count<T>(&mut self, calls: usize, outcome: Result<T, PlatformError>) -> Result<T, PlatformError> {
        if !outcome.as_ref().is_err_and(was_not_asked) {
            self.calls += u32::try_from(calls).unwrap_or(u32::MAX);
        }
        outcome
    }

    /// Whether every path alone was refused for what all of them together were refused for.
    fn is_refused_like(&self, error: &PlatformError) -> bool {
        self.tellings == 0 && self.refused.iter().all(|refused| refused.error.kind == error.kind)
    }

    fn into_answer(self, version: ApiVersion, user: Option<&str>, vehicle: &VehicleRef) -> PollAnswer {
        let envelope = answer::Envelope {
            poll: version.as_str(),
            user,
            vehicle: &vehicle.smartcar_vehicle_id,
            answer: &self.answers,
        };
        PollAnswer { body: envelope.to_bytes(), calls: self.calls, refused: self.refused }
    }
}

/// Whether it failed before it reached the vehicle API: for want of a connection, or of a token.
fn was_not_asked(error: &PlatformError) -> bool {
    error.kind == "OAUTH" || error.is("TRANSPORT", "CONNECT") || error.is("TRANSPORT", "BAD_ID")
}

/// Whether what was asked is at fault, and not the car, the token or the time.
fn blames_the_question(error: &PlatformError) -> bool {
    matches!(error.kind.as_str(), "VALIDATION" | "RESOURCE_NOT_FOUND" | "COMPATIBILITY" | "PERMISSION")
}

/// Whether the next question would be answered alike.
fn concerns_more(error: &PlatformError) -> bool {
    match error.advice {
        Advice::RetryAfter { who: Who::Signal, .. }
        | Advice::NeverForThisSignal
        | Advice::Reauthenticate
        | Advice::Wait
        | Advice::Bug => false,
        Advice::RetryAfter { who: Who::Vehicle, .. } => error.status != Some(404),
        Advice::RetryAfter { who: Who::Make | Who::Application, .. }
        | Advice::RefreshTokenOnce
        | Advice::AskUser
        | Advice::Billing => true,
    }
}

fn unreadable() -> PlatformError {
    PlatformError::transport(Transport::Unreadable, None)
}
