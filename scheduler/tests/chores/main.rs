//! The scheduler against a real broker and a real database: each file is a part of its promise.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod expiry;
mod figures;
mod frozen;
mod notices;
mod polls;
mod refreshes;
mod reminders;
mod replays;
mod support;
mod thinning;
