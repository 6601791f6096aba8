//! Virtual cars that live: what they did, minute by minute, as a pure function of a seed and a start. No
//! clock and no IO; everything is held in whole numbers, so that the books of a car balance to the
//! millilitre.

mod car;
mod catalogue;
mod charging;
mod command;
mod energy;
mod life;
mod place;
mod plan;
mod segment;
mod truth;

pub use car::{Car, CarIdentity, DistanceUnit, Habit, Powertrain};
pub use catalogue::{Cadence, Model, Stamps};
pub use command::{Command, Refusal};
pub use life::Life;
pub use place::{Neighbourhood, Place, PlaceKind, Position, Town};
pub use segment::{Doing, Gauges, Segment};
pub use truth::{Fill, Service, Session, TrackPoint, Trip, Truth};
