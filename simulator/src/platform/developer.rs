//! What a developer may see and change of the stand-in, and of no real platform: the truth of the cars, trouble
//! on demand, the webhook, the clock of tokens.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Platform;
use super::connections::Connection;
use super::limits::{Bucket, Limits};
use super::registry::Call;
use super::trouble::Rule;
use crate::chance::Chance;
use crate::cloud::Outage;
use crate::sender;
use crate::wire::ErrorKind;
use crate::world::{CarIdentity, Truth};

/// A car as it really is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrueCar {
    #[serde(flatten)]
    identity: CarIdentity,
    /// Signs in as the car's own user.
    login: String,
    connections: Vec<Connection>,
    odometer_m: Option<u64>,
    /// What the platform was told last.
    told_at: Option<DateTime<Utc>>,
    /// The virtual present.
    now: DateTime<Utc>,
}

/// `GET /_simulator/cars`
pub async fn cars(State(platform): State<Platform>) -> Json<Vec<TrueCar>> {
    Json((0..platform.fleet().len()).map(|number| platform.true_car(number)).collect())
}

/// `GET /_simulator/cars/{vehicle}/truth`
pub async fn truth(
    State(platform): State<Platform>,
    Path(vehicle_id): Path<String>,
) -> Result<Json<Truth>, StatusCode> {
    platform.0.ledger.truth(&vehicle_id).map(Json).ok_or(StatusCode::NOT_FOUND)
}

/// What is wrong with a car; what is left out stays as it is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Condition {
    /// It has no connection: silent, and `ASLEEP` to those who ask it.
    asleep: Option<bool>,
    /// It is no longer in its people's account.
    vanished: Option<bool>,
    /// An error that is raised; `"none"` resolves it.
    error: Option<Error>,
}

/// An error of a car.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Error {
    None,
    Unreachable,
    AuthenticationFailed,
    SubscriptionEnded,
    PermissionMissing,
}

/// `POST /_simulator/cars/{vehicle}`
pub async fn change_car(
    State(platform): State<Platform>,
    Path(vehicle_id): Path<String>,
    Json(condition): Json<Condition>,
) -> StatusCode {
    let Some(number) = platform.number_of(&vehicle_id) else {
        return StatusCode::NOT_FOUND;
    };
    platform.0.faults.change(|faults| {
        match condition.asleep {
            Some(true) => drop(faults.offline.insert(vehicle_id.clone())),
            Some(false) => drop(faults.offline.remove(&vehicle_id)),
            None => {}
        }
        let raised = match condition.error {
            Some(Error::Unreachable) => ErrorKind::Unreachable,
            Some(Error::AuthenticationFailed) => ErrorKind::AuthenticationFailed,
            Some(Error::SubscriptionEnded) => ErrorKind::SubscriptionEnded,
            Some(Error::PermissionMissing) => ErrorKind::PermissionMissing,
            Some(Error::None) => {
                faults.broken.remove(&vehicle_id);
                return;
            }
            None => return,
        };
        faults.broken.insert(vehicle_id.clone(), raised);
    });
    let mut registry = platform.registry();
    match condition.vanished {
        Some(true) => drop(registry.vanished.insert(number)),
        Some(false) => drop(registry.vanished.remove(&number)),
        None => {}
    }
    StatusCode::NO_CONTENT
}

/// `GET /_simulator/faults`
pub async fn faults(State(platform): State<Platform>) -> Json<Vec<Rule>> {
    Json(platform.registry().troubles.rules().to_vec())
}

/// One rule, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Rules {
    Several(Vec<Rule>),
    One(Rule),
}

/// `POST /_simulator/faults`: further rules, after those that are there.
pub async fn add_faults(State(platform): State<Platform>, Json(rules): Json<Rules>) -> StatusCode {
    let rules = match rules {
        Rules::Several(rules) => rules,
        Rules::One(rule) => vec![rule],
    };
    platform.registry().troubles.add(rules);
    StatusCode::NO_CONTENT
}

/// `DELETE /_simulator/faults`
pub async fn clear_faults(State(platform): State<Platform>) -> StatusCode {
    platform.registry().troubles.set(Vec::new());
    StatusCode::NO_CONTENT
}

/// What is to become of webhooks; what is left out stays as it is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookChange {
    /// Everything that comes up meanwhile is lost.
    paused: Option<bool>,
    /// A webhook that is not enabled is sent nothing; once it is again, everybody is introduced anew.
    enabled: Option<bool>,
    auto_subscribe: Option<bool>,
    /// Where it goes from now on, if that answers the handshake.
    callback_uri: Option<String>,
    /// Shakes hands again.
    #[serde(default)]
    verify: bool,
}

/// `POST /_simulator/webhooks`: 424 if the handshake fails.
pub async fn change_webhook(State(platform): State<Platform>, Json(change): Json<WebhookChange>) -> Response {
    let shakes = change.verify || change.callback_uri.is_some();
    if shakes && let Err(error) = platform.shake(change.callback_uri).await {
        return (StatusCode::FAILED_DEPENDENCY, error).into_response();
    }
    if let Some(paused) = change.paused {
        let outage = if paused { Outage::Lose } else { Outage::None };
        platform.0.faults.change(|faults| faults.outage = outage);
    }
    if let Some(auto_subscribe) = change.auto_subscribe {
        platform.registry().webhook.auto_subscribe = auto_subscribe;
    }
    if let Some(enabled) = change.enabled {
        platform.enable(enabled);
    }
    StatusCode::NO_CONTENT.into_response()
}

/// Whose tokens are taken back.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Revocation {
    /// All of them, without it.
    user_id: Option<String>,
}

/// `POST /_simulator/revoke`
pub async fn revoke(State(platform): State<Platform>, Json(whose): Json<Revocation>) -> StatusCode {
    platform.registry().tokens.revoke(whose.user_id.as_deref());
    StatusCode::NO_CONTENT
}

/// How far the clock of tokens and limits is moved on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Advance {
    advance_seconds: u32,
}

/// `POST /_simulator/clock`
pub async fn clock(State(platform): State<Platform>, Json(by): Json<Advance>) -> StatusCode {
    platform.registry().ahead += TimeDelta::seconds(by.advance_seconds.into());
    StatusCode::NO_CONTENT
}

/// Limits from now on; one that is left out or `null` is none.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewLimits {
    bucket_size: Option<f64>,
    #[serde(default)]
    bucket_refill_a_minute: f64,
    vehicle_calls_an_hour: Option<usize>,
    vehicle_calls_a_month: Option<u32>,
}

/// `POST /_simulator/limits`
pub async fn limits(State(platform): State<Platform>, Json(limits): Json<NewLimits>) -> StatusCode {
    let bucket =
        limits.bucket_size.map(|size| Bucket { size, refill_a_minute: limits.bucket_refill_a_minute });
    platform.registry().meter.set(Limits {
        bucket,
        vehicle_calls_an_hour: limits.vehicle_calls_an_hour,
        vehicle_calls_a_month: limits.vehicle_calls_a_month,
    });
    StatusCode::NO_CONTENT
}

/// `GET /_simulator/calls`: what was asked of the platform, in order.
pub async fn calls(State(platform): State<Platform>) -> Json<Vec<Call>> {
    Json(platform.registry().calls().to_vec())
}

impl Platform {
    fn true_car(&self, number: usize) -> TrueCar {
        let identity = self.fleet()[number].clone();
        let of_car = |one: &&Connection| one.number == number;
        TrueCar {
            login: format!("{}@compatible.smartcar.com", identity.vin.to_lowercase()),
            connections: self.registry().connections.iter().filter(of_car).cloned().collect(),
            odometer_m: self.0.ledger.odometer_now_m(&identity.smartcar_vehicle_id),
            told_at: self.last_known(number).map(|known| known.at),
            now: self.virtual_now(),
            identity,
        }
    }

    /// Verifies the webhook, at a new address if there is one.
    async fn shake(&self, callback_uri: Option<String>) -> Result<(), String> {
        let Some(post) = &self.0.post else {
            return Err("the stand-in was started without a webhook".to_owned());
        };
        let before = callback_uri.as_ref().map(|uri| post.redirect(uri.clone()));
        let id = self.registry().id();
        let mut chance = Chance::new(0).branch(&id, 0);
        let shaken = sender::shake(post, &mut chance, self.virtual_now(), std::time::Duration::ZERO).await;
        if let Err(error) = shaken {
            if let Some(before) = before {
                post.redirect(before);
            }
            return Err(error.to_string());
        }
        if callback_uri.is_some() {
            self.registry().webhook.callback_uri = callback_uri;
        }
        Ok(())
    }

    fn enable(&self, enabled: bool) {
        let subscribed: BTreeSet<(usize, String)> = {
            let mut registry = self.registry();
            let was = std::mem::replace(&mut registry.webhook.is_enabled, enabled);
            let anew = enabled && !was;
            let heard = registry.connections.iter().filter(|one| anew && one.subscription.is_some());
            heard.map(|one| (one.number, one.user_id.clone())).collect()
        };
        for (number, user_id) in subscribed {
            self.introduce(number, &user_id);
        }
    }
}
