//! Signing what leaves the house and comes back: HMAC-SHA256 with keys that are made from those of the ring and are
//! none of them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::ring::KeyRing;

impl KeyRing {
    /// Signs a text for one purpose: `text.signature`. The text may hold dots.
    pub fn sign(&self, text: &str, purpose: &str) -> String {
        let signature = mac(&self.first().signer, text, purpose).finalize().into_bytes();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The text, if one of the keys signed it for this purpose. Compares in constant time.
    pub fn verify<'a>(&self, signed: &'a str, purpose: &str) -> Option<&'a str> {
        let (text, signature) = signed.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.all().any(|key| mac(&key.signer, text, purpose).verify_slice(&signature).is_ok()).then_some(text)
    }
}

/// The key that signs, made from one that seals: knowing a signature says nothing about the other.
pub(crate) fn signer(key: &[u8; 32]) -> Hmac<Sha256> {
    let derived = keyed(key).chain_update("carvetka: a key that signs").finalize().into_bytes();
    keyed(&derived)
}

fn mac(signer: &Hmac<Sha256>, text: &str, purpose: &str) -> Hmac<Sha256> {
    signer.clone().chain_update(purpose).chain_update([0]).chain_update(text)
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    let Ok(hmac) = Hmac::new_from_slice(key) else {
        // HMAC hashes what is longer than a block and pads what is shorter: RFC 2104.
        unreachable!("HMAC takes keys of any length")
    };
    hmac
}

#[cfg(test)]
mod tests {
    use crate::KeyRing;

    fn ring(list: &str) -> KeyRing {
        KeyRing::parse(&list.to_owned().into()).unwrap()
    }

    const OLD: &str = "2025b:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const NEW: &str = "2026a:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    #[test]
    fn what_was_signed_before_a_rotation_is_still_proven_after_it() {
        let signed = ring(OLD).sign("x.y", "state");
        assert_eq!(ring(&format!("{NEW},{OLD}")).verify(&signed, "state"), Some("x.y"));
        assert_eq!(ring(NEW).verify(&signed, "state"), None);
    }

    #[test]
    fn a_signature_is_for_one_text_and_one_purpose() {
        let ring = ring(NEW);
        let signed = ring.sign("x", "state");
        let signature = signed.split_once('.').unwrap().1;
        assert_eq!(ring.verify(&format!("y.{signature}"), "state"), None);
        assert_eq!(ring.verify(&signed, "cookie"), None);
        for odd in ["", ".", "x", "x.", ".x", "x.!", &signed[..signed.len() - 1]] {
            assert_eq!(ring.verify(odd, "state"), None, "{odd}");
        }
    }
}
