//! What people told of their cars, remembered: it changes seldom, and each fold needs it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::setup::Setup;
use sqlx::PgConnection;
use store::{StoreError, setups};
use uuid::Uuid;

/// So many vehicles are remembered, most of them some hundred bytes each.
const CAPACITY: usize = 50_000;

/// The setups of vehicles, by how often they were changed. Cheap to clone; all clones remember the same.
#[derive(Debug, Clone, Default)]
pub struct KnownSetups {
    versions: Arc<Mutex<HashMap<Uuid, Known>>>,
    mileage_only: bool,
}

/// What people told of a vehicle and its car, and how often they had changed anything by then.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    pub setup: Arc<Setup>,
    pub times: i64,
}

#[derive(Debug, Clone)]
struct Known {
    car: Uuid,
    told: Told,
}

impl KnownSetups {
    /// In these, no rule but the odometer's is asked.
    pub(crate) fn of_mileage_only() -> Self {
        Self { mileage_only: true, ..Self::default() }
    }

    pub(crate) const fn is_mileage_only(&self) -> bool {
        self.mileage_only
    }

    /// What holds for these vehicles and their cars now. What somebody changes while this is asked is seen, or marks the car for another
    /// fold.
    pub(crate) async fn of(
        &self,
        db: &mut PgConnection,
        vehicles: &[(Uuid, Uuid)],
    ) -> Result<HashMap<Uuid, Told>, StoreError> {
        let ids: Vec<Uuid> = vehicles.iter().map(|(vehicle, _)| *vehicle).collect();
        let versions = setups::versions(&mut *db, &ids).await?;
        let number = |vehicle: &Uuid| versions.get(vehicle).copied().unwrap_or_default();
        let mut found = self.known(vehicles, number);
        let missing: Vec<Uuid> = ids.into_iter().filter(|id| !found.contains_key(id)).collect();
        if missing.is_empty() {
            return Ok(found);
        }
        // The version was read first: a change in between is another version, and asked for next time.
        let read: HashMap<Uuid, Arc<Setup>> =
            setups::of(db, &missing).await?.into_iter().map(|(id, setup)| (id, self.own(setup))).collect();
        let mut known = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() > CAPACITY {
            known.clear();
        }
        for (vehicle, car) in vehicles {
            if let Some(setup) = read.get(vehicle) {
                let told = Told { setup: Arc::clone(setup), times: number(vehicle) };
                found.insert(*vehicle, told.clone());
                known.insert(*vehicle, Known { car: *car, told });
            }
        }
        Ok(found)
    }

    fn own(&self, setup: Setup) -> Arc<Setup> {
        Arc::new(Setup { mileage_only: self.mileage_only, ..setup })
    }

    fn known(&self, vehicles: &[(Uuid, Uuid)], number: impl Fn(&Uuid) -> i64) -> HashMap<Uuid, Told> {
        let known = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        let current = |(vehicle, car): &(Uuid, Uuid)| {
            let one = known.get(vehicle)?;
            let is_current = one.car == *car && one.told.times == number(vehicle);
            is_current.then(|| (*vehicle, one.told.clone()))
        };
        vehicles.iter().filter_map(current).collect()
    }
}
