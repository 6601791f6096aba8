//! Smartcar's words and nobody else's: who signed a webhook, what its envelope is, which readings it brings,
//! and where it hides positions. Everything here is pure; the platform's formats end at this crate's types.

mod batch;
mod canonical;
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
