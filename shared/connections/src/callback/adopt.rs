//! Making the connection: which vehicle it is, whether it is free, whether the plan has room; then what came before the
//! connection is taken in, and the car is asked for the first time.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use intake::replay;
use store::connect_attempts::Attempt;
use store::revocations;
use store::vehicles::VehicleKey;
use store::vehicles::connecting::{self, Holder, NewConnection, OwnCar};
use store::{dirty, grants, plans, vehicles};
use tokio::time::{Instant, timeout};
use tracing::warn;
use uuid::Uuid;

use super::confirm::Consent;
use crate::choice::{Candidate, Choice, choose, owner};
use crate::connected::{FirstSync, OtherVehicle, Outcome, VehicleWords};
use crate::sync::Source;
use crate::{ConnectError, Connections};

/// As long as a person is kept waiting for their car's first answer.
const FIRST_SYNC: Duration = Duration::from_secs(8);

impl Connections {
    /// Connects the asked car with its vehicle of this consent, or says why not. A consent that connects nothing is
    /// forgotten.
    pub(super) async fn adopt(
        &self,
        attempt: &Attempt,
        consent: Consent,
        now: DateTime<Utc>,
    ) -> Result<Outcome, ConnectError> {
        let began = Instant::now();
        let made = self.make(attempt, &consent, now).await?;
        let (vehicle_id, vehicle, others) = match made {
            Made::Connected { vehicle_id, vehicle, others } => (vehicle_id, vehicle, others),
            Made::Refused(outcome) => {
                let mut db = self.pool().acquire().await?;
                grants::forget_unused(&mut db, consent.grant).await?;
                return Ok(outcome);
            }
        };
        let now = (now + began.elapsed()).trunc_subsecs(6);
        if let Err(error) = replay::replay(self.pool(), vehicle_id, now).await {
            // The mark stays, and the scheduler asks for it.
            let error = runtime::chain(&error);
            warn!(vehicle.id = %vehicle_id, error, "what came before the connection is taken in later");
        }
        let first_sync =
            match timeout(FIRST_SYNC, self.sync_vehicle_data(vehicle_id, Source::Poll, now)).await {
                Ok(Ok(outcome)) => FirstSync::Done(outcome),
                Ok(Err(error)) => {
                    let error = runtime::chain(&error);
                    warn!(vehicle.id = %vehicle_id, error, "the first sync of a connection failed");
                    FirstSync::Later
                }
                Err(_) => FirstSync::Later,
            };
        Ok(Outcome::Connected { vehicle_id, vehicle, first_sync, others })
    }

    /// The transaction that makes the connection. No network in it.
    async fn make(
        &self,
        attempt: &Attempt,
        consent: &Consent,
        now: DateTime<Utc>,
    ) -> Result<Made, ConnectError> {
        let mut tx = self.pool().begin().await?;
        plans::lock(&mut tx, attempt.user_id).await?;
        let garage = connecting::garage(&mut tx, attempt.user_id).await?;
        let Some(car) = garage.iter().find(|car| car.id == attempt.car_id) else {
            return Ok(Made::Refused(Outcome::CarGone));
        };
        let candidates = &consent.candidates;
        let all = || candidates.iter().map(words).collect();
        let candidate = match choose(car, &garage, candidates) {
            Choice::This(place) => &candidates[place],
            Choice::OtherVins => return Ok(Made::Refused(Outcome::VinMismatch { vehicles: all() })),
            Choice::Several => return Ok(Made::Refused(Outcome::WhichOne { vehicles: all() })),
            Choice::None => return Ok(Made::Refused(none(car, &garage, candidates))),
        };
        let allowed = plans::allowed(&mut tx, attempt.user_id, self.inner.free_vehicles).await?;
        if plans::connected_besides(&mut tx, attempt.user_id, car.id).await? >= allowed {
            return Ok(Made::Refused(Outcome::PlanLimit { allowed }));
        }
        let id = &candidate.smartcar_vehicle_id;
        // In the order of everyone: the vehicle's lock before its row.
        let anybodys = VehicleKey { smartcar_vehicle_id: id.clone(), smartcar_user_id: None };
        let known = vehicles::resolve(&mut tx, &[anybodys]).await?;
        let known: Vec<Uuid> = known.iter().flatten().map(|connection| connection.id).collect();
        vehicles::lock(&mut tx, &known).await?;
        let holders = connecting::holders(&mut tx, attempt.user_id, id, &consent.smartcar_user_id).await?;
        let again = match place(attempt, &holders) {
            Place::Free { again } => again,
            Place::Taken(outcome) => return Ok(Made::Refused(outcome)),
        };
        for former in holders.iter().filter(|holder| Some(holder.id) != again) {
            connecting::give_up(&mut tx, former.id).await?;
        }
        let retired = connecting::disconnect(&mut tx, car.id, again).await?;
        for one in retired.iter().filter(|one| one.smartcar_vehicle_id != *id) {
            revocations::note(&mut tx, one, TimeDelta::zero(), now).await?;
        }
        let new = NewConnection {
            car_id: car.id,
            user_id: attempt.user_id,
            smartcar_vehicle_id: id,
            smartcar_user_id: &consent.smartcar_user_id,
            grant_id: consent.grant,
            location_consent: attempt.location_consent,
            vin: candidate.vin.as_deref(),
            make: candidate.info.make.as_deref(),
            model: candidate.info.model.as_deref(),
            year: candidate.info.year,
        };
        let vehicle_id = connecting::connect(&mut tx, &new, again, now).await?;
        // Who folds a delivery for it waits until the connection is there.
        vehicles::lock(&mut tx, &[vehicle_id]).await?;
        dirty::mark(&mut tx, &[(vehicle_id, now, "it was connected")]).await?;
        tx.commit().await?;
        let others = others(car, &garage, candidates, candidate);
        Ok(Made::Connected { vehicle_id, vehicle: words(candidate), others })
    }
}

enum Made {
    Connected { vehicle_id: Uuid, vehicle: VehicleWords, others: Vec<OtherVehicle> },
    Refused(Outcome),
}

enum Place {
    /// The vehicle can be connected, under the row that it had with this very car, if it had one.
    Free {
        again: Option<Uuid>,
    },
    Taken(Outcome),
}

/// Whether the vehicle is free, by the rows that stand for it.
fn place(attempt: &Attempt, holders: &[Holder]) -> Place {
    let is_ours = |holder: &&Holder| holder.user_id == Some(attempt.user_id);
    for holder in holders.iter().filter(|holder| !holder.is_disconnected) {
        if !is_ours(&holder) {
            return Place::Taken(Outcome::SomebodyElses);
        }
        if let (Some(car_id), Some(name)) = (holder.car_id, &holder.car_name)
            && car_id != attempt.car_id
        {
            return Place::Taken(Outcome::AnotherCar { car_id, name: name.clone() });
        }
    }
    let mut same = holders.iter().filter(is_ours).filter(|holder| holder.car_id == Some(attempt.car_id));
    // An active one rather than one that is over.
    let active = same.clone().find(|holder| !holder.is_disconnected);
    Place::Free { again: active.or_else(|| same.next()).map(|holder| holder.id) }
}

/// Why no vehicle of the consent can be the asked car.
fn none(car: &OwnCar, garage: &[OwnCar], candidates: &[Candidate]) -> Outcome {
    match candidates.iter().find_map(|candidate| owner(garage, car, candidate)) {
        Some(other) => Outcome::AnotherCar { car_id: other.id, name: other.name.clone() },
        None => Outcome::NoVehicles,
    }
}

/// The vehicles of the consent that were not asked for.
fn others(car: &OwnCar, garage: &[OwnCar], candidates: &[Candidate], but: &Candidate) -> Vec<OtherVehicle> {
    let others = candidates.iter().filter(|one| one.smartcar_vehicle_id != but.smartcar_vehicle_id);
    others
        .map(|one| {
            let own = owner(garage, car, one);
            OtherVehicle {
                vehicle: words(one),
                car_id: own.map(|car| car.id),
                is_connected: own.is_some_and(|car| car.vehicle_id.is_some()),
            }
        })
        .collect()
}

fn words(candidate: &Candidate) -> VehicleWords {
    let info = &candidate.info;
    VehicleWords { make: info.make.clone(), model: info.model.clone(), year: info.year }
}
