//! Connecting, asking, renewing, commanding and leaving: over a real PostgreSQL, with a small stand-in for the platform
//! that speaks both of its APIs over real HTTP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod attacks;
mod commands;
mod connecting;
mod fixture;
mod leaving;
mod older_schema;
mod platform;
mod races;
mod rights;
mod status;
mod syncing;
mod tokens;
