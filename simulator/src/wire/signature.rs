//! The signature of a delivery.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header `SC-Signature` of a body, and the answer to a challenge: lower-case hex of HMAC-SHA256 under
/// the application management token (source: the platform's page on payload verification).
#[expect(clippy::missing_panics_doc, reason = "HMAC takes a key of any length")]
pub fn sign(secret: &[u8], message: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(message);
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of the vendor's own SDK tests.
    #[test]
    fn the_vendors_vectors_come_out() {
        let challenge = "9baf5a7464bd86740ad5a06e439dcf535a075022ed2c92d74efacf646d79328e";
        let pizza = "4c05a8da471f05156ad717baa4017acd13a3a809850b9ca7d3301dcaaa854f70";
        assert_eq!(sign(b"amt", b"challenge"), challenge);
        assert_eq!(sign(b"amt", br#"{"pizza":"pasta"}"#), pizza);
    }
}
