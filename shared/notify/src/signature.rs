//! Signatures of the Standard Webhooks (<https://www.standardwebhooks.com>): HMAC-SHA256 over id, time and body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use rand::RngCore;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

const PREFIX: &str = "whsec_";
/// The scheme wants 24 to 64 bytes.
const SECRET_BYTES: usize = 32;

/// A secret cannot sign. It is not quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret of webhooks is `whsec_` and the base64 of its bytes")]
pub struct SecretError;

/// A new secret, as people copy it.
pub fn new_secret() -> SecretString {
    let mut bytes = [0; SECRET_BYTES];
    rand::rng().fill_bytes(&mut bytes);
    format!("{PREFIX}{}", STANDARD.encode(bytes)).into()
}

/// The header `webhook-signature`: one signature for each secret, so that a receiver may still know the former one.
///
/// # Errors
///
/// If a secret is not of the scheme's form.
pub fn signatures(
    secrets: &[SecretString],
    id: &str,
    timestamp: i64,
    body: &str,
) -> Result<String, SecretError> {
    let signed: Result<Vec<String>, SecretError> =
        secrets.iter().map(|secret| sign(secret, id, timestamp, body)).collect();
    Ok(signed?.join(" "))
}

fn sign(secret: &SecretString, id: &str, timestamp: i64, body: &str) -> Result<String, SecretError> {
    let encoded = secret.expose_secret().strip_prefix(PREFIX).ok_or(SecretError)?;
    let key = STANDARD.decode(encoded).map_err(|_| SecretError)?;
    let mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| SecretError)?;
    let signed = mac.chain_update(format!("{id}.{timestamp}.{body}")).finalize().into_bytes();
    Ok(format!("v1,{}", STANDARD.encode(signed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the libraries of the scheme are tested with.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn a_signature_is_what_the_libraries_of_the_scheme_expect() {
        let signed = signatures(
            &[SECRET.into()],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signed.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn the_former_secret_signs_beside_the_new_one() {
        let (new, former) = (new_secret(), new_secret());
        let both = signatures(&[new.clone(), former.clone()], "id", 1, "{}").unwrap();
        let each: Vec<_> = [new, former].map(|one| signatures(&[one], "id", 1, "{}").unwrap()).into();
        assert_eq!(both.split(' ').collect::<Vec<_>>(), each);
        assert_ne!(each[0], each[1]);
    }

    #[test]
    fn what_is_no_secret_signs_nothing_and_is_not_quoted() {
        for odd in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!"] {
            let signed = signatures(&[odd.into()], "id", 1, "{}");
            assert!(odd == "whsec_" || signed == Err(SecretError), "{odd}");
        }
        assert!(!SecretError.to_string().contains("MfKQ"));
    }
}
