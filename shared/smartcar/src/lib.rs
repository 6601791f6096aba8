//! Smartcar's words and nobody else's: who signed a webhook, what its envelope is, which readings it brings,
//! and where it hides positions. Everything here is pure; the platform's formats end at this crate's types.

pub mod envelope;
mod lenient;
pub mod signature;
