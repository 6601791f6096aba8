//! Secrets at rest: sealed with XChaCha20-Poly1305 under a ring of keys, so that keys can be changed while programs
//! run. Pure; where sealed texts are kept is not known here.
//!
//! A sealed text is `v1.<key id>.<base64url of nonce and ciphertext>`. What it was sealed for (a row and a column) is
//! authenticated with it: a sealed text that somebody copies to another row does not open there.

mod ring;
mod sign;

pub use ring::{KeyRing, KeyRingError, Unopenable, key_id, new_key};
