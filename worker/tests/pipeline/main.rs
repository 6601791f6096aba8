//! The worker against a real broker and a real database: each file is a part of its promise.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod book;
mod order;
mod people;
mod platform;
mod poison;
mod polls;
mod readiness;
mod spool;
mod support;
