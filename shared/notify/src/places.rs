//! Secrets that are kept sealed, and for which places: what somebody copies to another row does not open there.

use rand::Rng;
use secrecy::SecretString;
use uuid::Uuid;

/// Of `webhook_endpoints.secret`, and of the former one.
pub fn secret_place(endpoint: Uuid) -> String {
    format!("webhook_endpoints/{endpoint}/secret")
}

/// Of `email_confirmations.code`.
pub fn code_place(user: Uuid) -> String {
    format!("email_confirmations/{user}/code")
}

/// A code that is sent to an address: eight digits.
pub fn new_code() -> SecretString {
    format!("{:08}", rand::rng().random_range(0..100_000_000_u32)).into()
}
