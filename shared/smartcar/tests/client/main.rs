//! The client against a server that answers as the platform does, and as it should not.
#![expect(clippy::unwrap_used, reason = "tests may")]

mod attacks;
mod commands;
mod connect;
mod connections;
mod errors;
mod platform;
mod polls;
mod secrets;
mod slow;
mod tokens;
mod vehicles;
mod wire;
