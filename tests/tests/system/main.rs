//! The whole pipeline as its operator runs it: programs as processes, servers that are killed under load, and a
//! ledger of everything that was answered 2xx.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod bad_input;
mod captures;
mod crash;
mod disk;
mod faults;
mod installation;
mod kills;
mod ledger;
mod length;
mod servers;
mod stops;
mod upgrade;
