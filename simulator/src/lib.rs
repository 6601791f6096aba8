//! A stand-in for Smartcar's cloud: virtual cars that live, and a sender of their webhooks that knows the
//! truth.
//!
//! It depends on none of our crates and shares no code with the decoder of the pipeline: a page of the
//! platform that one of them misreads is then a failing test, and not two equal mistakes.
//!
//! ```text
//! world     what the cars do          pure, from a seed
//! reporter  what their clouds tell    pure
//! cloud     the events, and faults    pure, in virtual time
//! wire      the bytes                 pure
//! sender    webhooks: HTTP, retries
//! platform  Connect, OAuth, REST: what developers ask the cloud
//! person    somebody with a browser, who connects a car
//! ledger    truth and answers         what tests compare with
//! ```
//!
//! Two weeks of twelve cars, as fast as the webhook answers, a tenth of it twice:
//!
//! ```no_run
//! # async fn example() -> Result<(), simulator::StartError> {
//! use chrono::TimeDelta;
//! use simulator::{Faults, Options, Simulator, clock};
//!
//! let now = clock::now();
//! let url = "http://127.0.0.1:8080/api/smartcar/webhook";
//! let simulator = Simulator::start(Options {
//!     until: Some(now),
//!     faults: Faults { duplicates: 0.1, ..Faults::none() },
//!     ..Options::new(url, "the secret", now - TimeDelta::days(14))
//! })
//! .await?;
//! simulator.finished().await;
//! let ledger = simulator.stop().await;
//! for car in ledger.fleet() {
//!     let told = ledger.accepted_odometers(&car.smartcar_vehicle_id);
//!     let truth = ledger.truth(&car.smartcar_vehicle_id);
//! }
//! # Ok(())
//! # }
//! ```

pub mod chance;
pub mod clock;
pub mod cloud;
pub mod config;
mod driver;
pub mod ledger;
pub mod load;
mod pace;
pub mod person;
pub mod platform;
pub mod reporter;
pub mod sender;
mod simulator;
pub mod wire;
pub mod world;

pub use cloud::{FaultControl, Faults, Flaw, Outage};
pub use ledger::Ledger;
pub use platform::{Application, PlatformOptions};
pub use simulator::{Options, Simulator, StartError};
pub use world::CarIdentity;
