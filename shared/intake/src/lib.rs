//! Deliveries into books: [`batch`] is the transaction that claims, stores and folds them; [`refold`] is what every
//! road to a car's book goes through, [`replay`] the road that looks at a car's whole history. Workers come here with what
//! the queue brings, the api with what a person asked for.

mod absorb;
pub mod batch;
mod hiding;
mod known;
pub mod parked;
pub mod refold;
pub mod replay;
mod setups;
mod understood;

pub use known::KnownReadings;
pub use setups::KnownSetups;
pub use understood::{Understood, parked_delivery};
