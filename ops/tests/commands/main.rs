//! The command as people run it: a process, real servers, what it prints and how it ends.

#![expect(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod centers;
mod demo;
mod doctor;
mod exchange;
mod keys;
mod migrate;
mod parked;
mod probe;
mod replay;
mod scenario;
mod support;
