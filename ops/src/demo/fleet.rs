//! The virtual cars: whose they are, how they live, and what goes wrong with them.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use ingest::Door;
use runtime::clock;
use simulator::world::Car;
use simulator::{CarIdentity, Faults};
use sqlx::PgConnection;
use uuid::Uuid;

use super::household;
use super::options::Options;
use super::site::Site;

/// Whose cars they are, in turn.
const PEOPLE: [&str; 12] = [
    "Anna", "Bogdan", "Carla", "Dirk", "Elena", "Farid", "Greta", "Henrik", "Ines", "Jonas", "Katya", "Luca",
];

/// How far back a life begins at most, so that a demo without an end has something to tell for a while.
const LONGEST: TimeDelta = TimeDelta::days(60);

/// A person, and the one car that they have.
#[derive(Debug)]
pub struct Owner {
    pub user: Uuid,
    pub car: Uuid,
    pub car_name: String,
    /// By which they are known to the maker of their car.
    pub login: String,
    pub agrees_to_positions: bool,
}

/// Gives each car of the fleet a person who owns it. The web app does that in the real world, and the pipeline never: so
/// this is the one place with SQL for it.
pub async fn settle(db: &mut PgConnection, options: &Options) -> anyhow::Result<Vec<Owner>> {
    let mut owners = Vec::new();
    for number in 0..usize::from(options.cars) {
        let virtual_car = Car::draw(options.seed, number);
        let car = &virtual_car.identity;
        let person = PEOPLE[number % PEOPLE.len()];
        let owner = Owner {
            user: Uuid::new_v4(),
            car: Uuid::new_v4(),
            car_name: format!("{} of {person}", model(car)),
            login: format!("{}@compatible.smartcar.com", car.vin),
            // Not everybody wants to be followed.
            agrees_to_positions: number % 3 != 2,
        };
        sqlx::query("INSERT INTO auth.users (id, email) VALUES ($1, $2)")
            .bind(owner.user)
            .bind(format!("{}.{number}@example.org", person.to_lowercase()))
            .execute(&mut *db)
            .await?;
        sqlx::query(
            "INSERT INTO cars (id, user_id, name, make, model, year, vin, powertrain, tank_capacity_l, battery_capacity_kwh)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(owner.car)
        .bind(owner.user)
        .bind(&owner.car_name)
        .bind(&car.make)
        .bind(&car.model)
        .bind(car.year)
        .bind(&car.vin)
        .bind(car.powertrain.as_str())
        .bind(car.tank_capacity_l.and_then(|litres| i32::try_from(litres).ok()))
        .bind(car.battery_capacity_kwh.and_then(|kwh| i32::try_from(kwh).ok()))
        .execute(&mut *db)
        .await?;
        household::tell(db, owner.user, &virtual_car, owner.agrees_to_positions, birth(options)).await?;
        if owner.agrees_to_positions {
            household::watch(db, owner.car, birth(options)).await?;
        }
        owners.push(owner);
    }
    Ok(owners)
}

/// `Volvo EX30`, where the wire says `VOLVO`; some models bear the make's name already.
fn model(car: &CarIdentity) -> String {
    if car.model.to_uppercase().starts_with(&car.make) {
        return car.model.clone();
    }
    let make = match car.make.split_at_checked(1) {
        Some((first, rest)) if car.make.len() > 3 => format!("{first}{}", rest.to_lowercase()),
        Some(_) | None => car.make.clone(),
    };
    format!("{make} {}", car.model)
}

/// What the simulator is told.
pub fn simulation(options: &Options, site: &Site) -> simulator::Options {
    simulator::Options {
        seed: options.seed,
        cars: options.cars.into(),
        speed: f64::from(options.speed()),
        faults: faults(),
        // The platform's waits are minutes; here a minute is an evening.
        retry_scale: 0.02,
        handshake_patience: Duration::from_secs(30),
        platform: site.platform(),
        ..simulator::Options::new(
            format!("http://{}{}", site.door, Door::PATH),
            site.management_token.clone(),
            birth(options),
        )
    }
}

/// When the cars' lives begin: so that a demo with an end is at the present then.
fn birth(options: &Options) -> DateTime<Utc> {
    let lived = options
        .length
        .seconds()
        .and_then(|seconds| i64::try_from(seconds.saturating_mul(options.speed().into())).ok())
        .and_then(TimeDelta::try_seconds);
    clock::now() - lived.unwrap_or(LONGEST).min(LONGEST)
}

/// A world as it is, only more so. No odometer that changes its unit: there the book is right and says another number
/// than the car did, which the comparison at the end must not have to explain.
fn faults() -> Faults {
    Faults {
        duplicates: 0.1,
        shuffle: TimeDelta::minutes(20),
        delayed: 0.05,
        delay: TimeDelta::hours(12),
        lost: 0.02,
        failed_signals: 0.02,
        odometer_zero: 0.01,
        odometer_sentinel: 0.01,
        vehicle_errors: 0.01,
        noise_errors: 0.02,
        ..Faults::none()
    }
}
