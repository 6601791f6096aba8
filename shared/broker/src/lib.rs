//! The queues between our programs, and the only crate that knows AMQP.
//!
//! | who | has | and may rely on |
//! |---|---|---|
//! | one who publishes | [`Publisher`] | `Ok` means stored; an answer by the deadline; an error says whether it may have arrived |
//! | one who consumes | [`ConsumerLink`], [`Consumer`] | what is not settled comes again; a lost connection ends the consumer and is made again |
//! | a message that fails | [`Wait`], [`Publisher::retry_later`] | it waits in a queue of its own and comes back with one attempt more |
//! | a message that may kill | [`Publisher::set_apart`], [`Queue::Apart`] | it takes no neighbour with it, and the broker parks it in the end |
//! | a message without hope | [`Consumer::park`], [`Queue::Parked`] | it is kept, with where and why it died |
//!
//! Nothing is dropped: what cannot be routed is kept in [`Queue::Unrouted`], and dead letters move at least once. So
//! anything may come twice, and whoever consumes has to recognise it.
//!
//! Publishing and consuming have connections of their own, each kept alive by a task of the program's lifecycle.

mod consumer;
mod declare;
mod fields;
mod incoming;
mod link;
pub mod message;
mod metric;
mod options;
mod publisher;
mod queue;
mod reconnect;
mod retry;
mod session;
mod settler;
mod topology;
mod wait;

pub use consumer::{Consumer, OpenError};
pub use declare::{DeclareError, Depth};
pub use incoming::{Death, Incoming};
pub use link::ConsumerLink;
pub use options::{BrokerOptions, InvalidAddress};
pub use publisher::{PublishError, Publisher, PublisherHealth};
pub use queue::{JobKind, Queue, Work};
pub use session::{PATIENCE, Session, SessionError};
pub use settler::{Settled, Settler, Tag};
pub use topology::{Destination, Topology};
pub use wait::Wait;
