//! The worker against a real broker and a real database: each file is a part of its promise.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod acknowledgements;
mod book;
mod corrections;
mod expired;
mod kinds;
mod lives;
mod logs;
mod notices;
mod order;
mod people;
mod places;
mod platform;
mod poison;
mod polls;
mod readiness;
mod receivers;
mod remembered;
mod setups;
mod spool;
mod statements;
mod story;
mod support;
mod wiretap;
