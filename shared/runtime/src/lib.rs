//! What every program needs around its own work: configuration, telemetry, a clean start and stop, health and
//! metrics, the clock, and waiting between attempts. It knows nothing of cars, queues or tables.

pub mod backoff;
mod chain;
pub mod clock;
pub mod config;
pub mod http;
pub mod lifecycle;
pub mod metrics;
pub mod telemetry;

pub use chain::chain;
