//! The car in an address: whoever takes an [`OwnCar`] is only called for a car of the person who asks.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use uuid::Uuid;

use crate::App;
use crate::identity::Person;
use crate::problem::{Code, Problem};

/// A car (`{carId}`) of the person who asks.
#[derive(Debug, Clone, Copy)]
pub struct OwnCar {
    pub person: Person,
    pub id: Uuid,
}

/// An entry (`{entryId}`) that is asked for in the book of the person's own car.
#[derive(Debug, Clone, Copy)]
pub struct EntryOf {
    pub car: OwnCar,
    pub id: Uuid,
}

impl OwnCar {
    /// What is said of a car that does not exist, and of somebody else's.
    pub fn none() -> Problem {
        Problem::new(Code::CarNotFound, "There is no such car in your garage.")
    }

    /// The car of this id, if it is the person's.
    pub async fn of(app: &App, person: Person, car: Uuid) -> Result<Self, Problem> {
        let mut db = app.pool.acquire().await?;
        if store::garage::is_owned(&mut db, person.id, car).await? {
            Ok(Self { person, id: car })
        } else {
            Err(Self::none())
        }
    }
}

impl EntryOf {
    /// What is said of an entry that does not exist, and of another car's.
    pub fn none() -> Problem {
        Problem::new(Code::EntryNotFound, "There is no such entry in this car's book.")
    }
}

impl FromRequestParts<App> for OwnCar {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        // First who asks: nothing is said to strangers, not even that an id is none.
        let person = Person::from_request_parts(parts, app).await?;
        let car = id(parts, app, "carId").await.ok_or_else(Self::none)?;
        Self::of(app, person, car).await
    }
}

impl FromRequestParts<App> for EntryOf {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let car = OwnCar::from_request_parts(parts, app).await?;
        let id = id(parts, app, "entryId").await.ok_or_else(Self::none)?;
        Ok(Self { car, id })
    }
}

/// What is no id names nothing.
async fn id(parts: &mut Parts, app: &App, name: &str) -> Option<Uuid> {
    let params = RawPathParams::from_request_parts(parts, app).await.ok()?;
    params.iter().find(|(key, _)| *key == name).and_then(|(_, value)| value.parse().ok())
}
