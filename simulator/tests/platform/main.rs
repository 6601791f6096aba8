//! The platform as developers meet it, over HTTP: links, tokens, both REST APIs, trouble on demand, and what
//! all of that means for webhooks.
#![expect(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

mod connect;
mod developer;
mod shapes;
mod stand_in;
mod tokens;
mod v2;
mod v3;
#[path = "../webhook/mod.rs"]
#[expect(dead_code, reason = "other tests need more of it")]
mod webhook;
mod webhooks;
