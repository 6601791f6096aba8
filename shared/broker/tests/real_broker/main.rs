//! This crate against a real broker, through faults as well: nothing is mocked. Each test has a namespace of its own.
#![expect(clippy::unwrap_used, reason = "in a test every failure is an answer")]

mod apart;
mod consuming;
mod faults;
mod fixture;
mod metrics;
mod outages;
mod publishing;
mod topology;
mod waiting;
