//! Proves who sent a webhook. The platform signs with `SC-Signature: hex(HMAC-SHA256(application management
//! token, raw body))`, and answers its own handshake with the very same function and key.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

/// Bytes of a SHA-256 MAC; the header holds twice as many hex digits.
const MAC_BYTES: usize = 32;

/// The platform's samples are UUIDs (36 bytes); "random string" is all that it promises.
const CHALLENGE_LIMIT: usize = 128;

/// The application management tokens that a delivery may be signed with: several while the token is rotated.
/// Only keyed hash states are kept; the text of a secret is nowhere in this value.
#[derive(Clone)]
pub struct Secrets {
    first: Hmac<Sha256>,
    others: Vec<Hmac<Sha256>>,
}

impl Secrets {
    /// Reads a comma separated list. Blanks around a secret and empty places in the list do not count; the
    /// first secret is the one that answers challenges.
    pub fn parse(list: &str) -> Result<Self, NoSecret> {
        let mut secrets = list.split(',').map(str::trim).filter(|secret| !secret.is_empty()).map(keyed);
        let first = secrets.next().ok_or(NoSecret)?;
        Ok(Self { first, others: secrets.collect() })
    }

    /// How many secrets there are: more than one means that a rotation is going on.
    pub fn count(&self) -> usize {
        1 + self.others.len()
    }

    fn all(&self) -> impl Iterator<Item = &Hmac<Sha256>> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} of them)", self.count())
    }
}

/// The list of secrets holds none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no webhook secret is given: set it to the application management token of the Smartcar dashboard")]
pub struct NoSecret;

/// Bytes that are proven to come from the platform. The only way to get one is [`verify`], so an unsigned body
/// cannot reach the queue by mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified<'a>(&'a [u8]);

impl<'a> Verified<'a> {
    /// The untouched bytes that the signature covers.
    pub fn bytes(&self) -> &'a [u8] {
        self.0
    }
}

/// Why a delivery is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    #[error("the delivery carries no signature")]
    Missing,
    #[error("the signature is not hexadecimal")]
    NotHex,
    #[error("the signature is not 64 hexadecimal digits long")]
    Length,
    #[error("the signature belongs to no secret of ours")]
    Mismatch,
}

impl Forged {
    /// A short fixed word for metrics.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NotHex => "not_hex",
            Self::Length => "length",
            Self::Mismatch => "mismatch",
        }
    }
}

/// Proves that `body` was signed with one of the secrets. `header` is the value of `SC-Signature`: the platform
/// writes lower-case hex, upper case is understood as well.
///
/// Every secret is tried, in constant time and without stopping at the one that fits, so the time of the answer
/// tells neither how much of a signature was right nor which secret is in use.
pub fn verify<'a>(secrets: &Secrets, body: &'a [u8], header: Option<&[u8]>) -> Result<Verified<'a>, Forged> {
    let claimed = signature_in(header.ok_or(Forged::Missing)?)?;

    let mut proven = Choice::from(0);
    for secret in secrets.all() {
        proven |= mac(secret, body).ct_eq(&claimed);
    }

    if bool::from(proven) { Ok(Verified(body)) } else { Err(Forged::Mismatch) }
}

/// Why a challenge is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadChallenge {
    #[error("the challenge is empty")]
    Empty,
    #[error("the challenge is longer than {CHALLENGE_LIMIT} bytes")]
    TooLong,
    #[error("the challenge holds a character that a token does not need")]
    Suspicious,
}

/// The answer to a VERIFY handshake: the challenge's MAC by the first secret, as lower-case hex.
///
/// The answer to a challenge and the signature of a body are one function with one key, so whoever may choose
/// the challenge could have a forged body signed. Hence only short token-like challenges are answered: none
/// of them is a readable envelope.
pub fn challenge_answer(secrets: &Secrets, challenge: &str) -> Result<String, BadChallenge> {
    if challenge.is_empty() {
        return Err(BadChallenge::Empty);
    }
    if challenge.len() > CHALLENGE_LIMIT {
        return Err(BadChallenge::TooLong);
    }
    if !challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~=+/:".contains(&byte)) {
        return Err(BadChallenge::Suspicious);
    }
    Ok(hex::encode(mac(&secrets.first, challenge.as_bytes())))
}

fn signature_in(header: &[u8]) -> Result<[u8; MAC_BYTES], Forged> {
    if !header.iter().all(u8::is_ascii_hexdigit) {
        return Err(Forged::NotHex);
    }
    let mut signature = [0; MAC_BYTES];
    // Only digits are left, so what remains to fail is their number.
    hex::decode_to_slice(header, &mut signature).map_err(|_| Forged::Length)?;
    Ok(signature)
}

fn keyed(secret: &str) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret.as_bytes()).expect("an HMAC key may have any length")
}

fn mac(keyed: &Hmac<Sha256>, message: &[u8]) -> [u8; MAC_BYTES] {
    keyed.clone().chain_update(message).finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::envelope::{Head, head};

    fn secrets(list: &str) -> Secrets {
        Secrets::parse(list).unwrap()
    }

    fn sign(secret: &str, body: &[u8]) -> String {
        hex::encode(mac(&keyed(secret), body))
    }

    fn check(list: &str, body: &[u8], header: &str) -> Result<(), Forged> {
        verify(&secrets(list), body, Some(header.as_bytes())).map(|proven| assert_eq!(proven.bytes(), body))
    }

    /// The vectors of the vendor's own SDK tests.
    #[test]
    fn the_vendors_vectors_hold() {
        assert_eq!(
            challenge_answer(&secrets("amt"), "challenge").unwrap(),
            "9baf5a7464bd86740ad5a06e439dcf535a075022ed2c92d74efacf646d79328e",
        );
        let header = "4c05a8da471f05156ad717baa4017acd13a3a809850b9ca7d3301dcaaa854f70";
        assert_eq!(check("amt", br#"{"pizza":"pasta"}"#, header), Ok(()));
        assert_eq!(check("amt", br#"{"pizza":"pasta"}"#, &header.to_uppercase()), Ok(()));
    }

    #[test]
    fn a_signature_that_is_none_says_why() {
        let body = b"{}";
        let good = sign("amt", body);
        let table = [
            ("no header", None, Forged::Missing),
            ("empty", Some(String::new()), Forged::Length),
            ("one digit short", Some(good[1..].to_owned()), Forged::Length),
            ("a byte short", Some(good[2..].to_owned()), Forged::Length),
            ("a byte long", Some(format!("{good}00")), Forged::Length),
            ("prefixed", Some(format!("sha256={good}")), Forged::NotHex),
            ("no ASCII", Some("ä".repeat(32)), Forged::NotHex),
            ("another body's", Some(sign("amt", b"{ }")), Forged::Mismatch),
        ];
        for (what, header, why) in table {
            let header = header.as_deref().map(str::as_bytes);
            assert_eq!(verify(&secrets("amt"), body, header), Err(why), "{what}");
        }
    }

    #[test]
    fn while_a_secret_is_rotated_both_are_good_and_only_the_first_one_answers() {
        let body = b"{}";
        assert_eq!(check("new, old", body, &sign("new", body)), Ok(()));
        assert_eq!(check("new, old", body, &sign("old", body)), Ok(()));
        assert_eq!(check("new", body, &sign("old", body)), Err(Forged::Mismatch));
        assert_eq!(challenge_answer(&secrets("new,old"), "c").unwrap(), sign("new", b"c"));
    }

    #[test]
    fn a_list_of_secrets_is_trimmed_and_must_hold_one() {
        assert_eq!(secrets(" a ,, b ").count(), 2);
        assert_eq!(check(" a ,, b ", b"{}", &sign("b", b"{}")), Ok(()));
        for list in ["", "  ", ",", " , ,"] {
            assert_eq!(Secrets::parse(list).unwrap_err(), NoSecret, "{list:?}");
        }
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", secrets("hunter2,hunter3")), "Secrets(2 of them)");
    }

    #[test]
    fn a_challenge_that_could_be_a_body_is_not_answered() {
        let state = r#"{"eventType":"VEHICLE_STATE"}"#;
        let long = "a".repeat(CHALLENGE_LIMIT + 1);
        let table = [
            ("", BadChallenge::Empty),
            (&*long, BadChallenge::TooLong),
            (state, BadChallenge::Suspicious),
            ("{}", BadChallenge::Suspicious),
            ("[1]", BadChallenge::Suspicious),
            ("\"text\"", BadChallenge::Suspicious),
            ("two words", BadChallenge::Suspicious),
            ("line\n", BadChallenge::Suspicious),
            ("a,b", BadChallenge::Suspicious),
            ("ärger", BadChallenge::Suspicious),
            ("nul\0", BadChallenge::Suspicious),
        ];
        for (challenge, why) in table {
            assert_eq!(challenge_answer(&secrets("amt"), challenge), Err(why), "{challenge:?}");
        }
        for challenge in ["3a5c8f72-e6d9-4b1a-9f2e-8c7d6a5b4e3f", "YWJj+/==", &long[1..], "a:b~c_d.e"] {
            assert!(challenge_answer(&secrets("amt"), challenge).is_ok(), "{challenge:?}");
        }
    }

    /// Small enough for every bit of it to be tried in each case.
    fn body() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(any::<u8>(), 0..64)
    }

    proptest! {
        #[test]
        fn one_flipped_bit_of_the_body_is_refused(body in body()) {
            let header = sign("amt", &body);
            for bit in 0..body.len() * 8 {
                let mut other = body.clone();
                other[bit / 8] ^= 1 << (bit % 8);
                prop_assert_eq!(check("old,amt", &other, &header), Err(Forged::Mismatch));
            }
        }

        #[test]
        fn one_flipped_bit_of_the_signature_is_refused(body in body()) {
            let mut header = mac(&keyed("amt"), &body);
            for bit in 0..MAC_BYTES * 8 {
                header[bit / 8] ^= 1 << (bit % 8);
                prop_assert_eq!(check("old,amt", &body, &hex::encode(header)), Err(Forged::Mismatch));
                header[bit / 8] ^= 1 << (bit % 8);
            }
        }

        #[test]
        fn one_flipped_bit_of_the_header_is_refused_unless_it_is_the_case_of_a_digit(body in body()) {
            let header = sign("amt", &body).into_bytes();
            for bit in 0..header.len() * 8 {
                let mut other = header.clone();
                other[bit / 8] ^= 1 << (bit % 8);
                let accepted = verify(&secrets("amt"), &body, Some(&other)).is_ok();
                prop_assert_eq!(accepted, other.eq_ignore_ascii_case(&header));
            }
        }

        #[test]
        fn a_strangers_signature_is_refused(body in body(), stranger in "[a-z0-9-]{1,40}") {
            prop_assume!(stranger != "amt" && stranger != "old");
            prop_assert_eq!(check("old,amt", &body, &sign(&stranger, &body)), Err(Forged::Mismatch));
        }

        #[test]
        fn whatever_challenge_is_answered_is_no_delivery(challenge in "[ -~]{0,140}") {
            if challenge_answer(&secrets("amt"), &challenge).is_ok() {
                prop_assert_eq!(head(challenge.as_bytes()), Head::Unreadable);
            }
        }
    }
}
