//! A stand-in for Smartcar's cloud: virtual cars that live, and a sender of their webhooks that knows the truth.

pub mod chance;
pub mod clock;
pub mod reporter;
pub mod wire;
pub mod world;
