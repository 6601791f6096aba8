//! The door with a real broker behind it and real HTTP before it. Each test has a door and a namespace of its own.
#![expect(clippy::unwrap_used, reason = "in a test every failure is an answer")]

mod crowds;
mod deliveries;
mod fixture;
mod handshakes;
mod namespace;
mod outages;
mod own_servers;
mod process;
mod refusals;
mod spool;
