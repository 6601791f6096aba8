//! The queues between our programs, and the only crate that knows AMQP: names, confirmed publishing, consuming,
//! waiting, parking, and the versioned messages.

mod consumer;
mod declare;
mod fields;
mod incoming;
mod link;
pub mod message;
mod metric;
mod options;
mod publisher;
mod reconnect;
mod retry;
mod session;
mod topology;
mod wait;

pub use consumer::{Consumer, OpenError, Settled, Settler, Tag};
pub use declare::DeclareError;
pub use incoming::{Death, Incoming};
pub use link::ConsumerLink;
pub use options::{BrokerOptions, InvalidAddress};
pub use publisher::{PublishError, Publisher, PublisherHealth};
pub use session::{PATIENCE, Session, SessionError};
pub use topology::{Destination, JobKind, Queue, Topology, Work};
pub use wait::Wait;
