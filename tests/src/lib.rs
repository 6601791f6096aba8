//! What the integration tests of the whole workspace share: fresh databases, fresh broker names, servers of their
//! own that may be killed, our programs as processes. Everything here panics with a message that says what to do.

mod database;
mod environment;
mod patience;
mod process;
pub mod proxy;
mod services;

pub use database::{TestDatabase, database};
pub use environment::{amqp_url, database_url, namespace};
pub use patience::eventually;
pub use process::{Process, program};
pub use services::Services;
