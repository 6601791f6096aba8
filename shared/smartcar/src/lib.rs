//! Smartcar's words and nobody else's: who signed a webhook, what its envelope is, which readings it brings,
//! where it hides positions, and how to ask it. The platform's formats end at this crate's types. Everything but
//! [`client`] is pure.

mod batch;
mod canonical;
pub mod client;
pub mod envelope;
mod lenient;
mod moment;
mod quantity;
pub mod redact;
pub mod report;
mod signal;
pub mod signature;
mod tires;
pub mod webhook;
