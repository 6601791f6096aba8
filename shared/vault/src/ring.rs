//! The ring of keys: the first one seals, all of them open.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::Hmac;
use rand::RngCore;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::sign;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// Of the sealed text's own form. Another algorithm would be another version.
const VERSION: &str = "v1";

/// The keys of `TOKEN_ENCRYPTION_KEYS`. Cheap enough to clone; never prints a key.
#[derive(Clone)]
pub struct KeyRing {
    first: Key,
    others: Vec<Key>,
}

#[derive(Clone)]
pub(crate) struct Key {
    id: String,
    cipher: XChaCha20Poly1305,
    pub(crate) signer: Hmac<Sha256>,
}

/// Why a list of keys cannot be used. Names ids and never quotes a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    #[error("TOKEN_ENCRYPTION_KEYS holds no key: it is `id:base64,id:base64`, the first one encrypts")]
    Empty,
    #[error("key number {0} of TOKEN_ENCRYPTION_KEYS is not of the form `id:base64`")]
    Form(usize),
    #[error("the id of key number {0} of TOKEN_ENCRYPTION_KEYS is not 1 to 32 letters, digits, `-` or `_`")]
    Id(usize),
    #[error("key {0:?} of TOKEN_ENCRYPTION_KEYS is not the base64 of {KEY_BYTES} bytes")]
    Length(String),
    #[error("key {0:?} of TOKEN_ENCRYPTION_KEYS is there twice")]
    Twice(String),
}

/// Why a sealed text does not open. Which of tampering, a foreign row and a wrong key it was, nobody can tell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unopenable {
    #[error("it is not a sealed text")]
    Form,
    #[error("it was sealed with key {0:?}, which TOKEN_ENCRYPTION_KEYS does not hold")]
    NoKey(String),
    #[error("it was changed, or sealed for something else")]
    Refused,
}

impl KeyRing {
    /// Reads `id:base64,id:base64`. The first key seals and signs; all of them open and verify. Blanks around a key
    /// and empty places in the list do not count.
    pub fn parse(list: &SecretString) -> Result<Self, KeyRingError> {
        let mut keys: Vec<Key> = Vec::new();
        let given = list.expose_secret().split(',').map(str::trim).filter(|key| !key.is_empty());
        for (index, text) in given.enumerate() {
            let key = Key::parse(text, index + 1)?;
            if keys.iter().any(|known| known.id == key.id) {
                return Err(KeyRingError::Twice(key.id));
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let first = keys.next().ok_or(KeyRingError::Empty)?;
        Ok(Self { first, others: keys.collect() })
    }

    /// The id of the key that seals.
    pub fn sealing_id(&self) -> &str {
        &self.first.id
    }

    /// Seals a secret for one place, such as `smartcar_grants/<id>/access_token`. Sealing twice gives two texts.
    pub fn seal(&self, plaintext: &SecretString, context: &str) -> String {
        let mut bytes = [0; NONCE_BYTES];
        rand::rng().fill_bytes(&mut bytes);
        let nonce = XNonce::from(bytes);
        let payload = Payload { msg: plaintext.expose_secret().as_bytes(), aad: context.as_bytes() };
        let Ok(ciphertext) = self.first.cipher.encrypt(&nonce, payload) else {
            // The cipher only refuses more than 256 GiB.
            unreachable!("a secret fits into memory")
        };
        let mut sealed = bytes.to_vec();
        sealed.extend(ciphertext);
        format!("{VERSION}.{}.{}", self.first.id, URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Opens what was sealed for this very place.
    pub fn open(&self, sealed: &str, context: &str) -> Result<SecretString, Unopenable> {
        let (id, sealed) = parts(sealed).ok_or(Unopenable::Form)?;
        let key = self.all().find(|key| key.id == id).ok_or_else(|| Unopenable::NoKey(id.to_owned()))?;
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| Unopenable::Form)?;
        let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(Unopenable::Form)?;
        let payload = Payload { msg: ciphertext, aad: context.as_bytes() };
        let plaintext =
            key.cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| Unopenable::Refused)?;
        String::from_utf8(plaintext).map(SecretString::from).map_err(|_| Unopenable::Refused)
    }

    /// Whether another key than the first sealed this text.
    pub fn needs_rotation(&self, sealed: &str) -> bool {
        key_id(sealed) != Some(self.sealing_id())
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.others)
    }

    pub(crate) fn first(&self) -> &Key {
        &self.first
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.all().map(|key| key.id.as_str()).collect();
        write!(f, "KeyRing({})", ids.join(", "))
    }
}

impl Key {
    fn parse(text: &str, number: usize) -> Result<Self, KeyRingError> {
        let (id, encoded) = text.split_once(':').ok_or(KeyRingError::Form(number))?;
        let is_plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if id.is_empty() || id.len() > 32 || !is_plain {
            return Err(KeyRingError::Id(number));
        }
        let bytes = STANDARD.decode(encoded.trim()).or_else(|_| URL_SAFE_NO_PAD.decode(encoded.trim()));
        let length = || KeyRingError::Length(id.to_owned());
        let key: [u8; KEY_BYTES] = bytes.map_err(|_| length())?.try_into().map_err(|_| length())?;
        Ok(Self {
            id: id.to_owned(),
            cipher: XChaCha20Poly1305::new(&key.into()),
            signer: sign::signer(&key),
        })
    }
}

/// The id of the key that sealed this text; `None` if it is none.
pub fn key_id(sealed: &str) -> Option<&str> {
    parts(sealed).map(|(id, _)| id)
}

/// A key that nobody has: the base64 of 32 random bytes.
pub fn new_key() -> SecretString {
    let mut bytes = [0; KEY_BYTES];
    rand::rng().fill_bytes(&mut bytes);
    STANDARD.encode(bytes).into()
}

fn parts(sealed: &str) -> Option<(&str, &str)> {
    sealed.strip_prefix(VERSION)?.strip_prefix('.')?.split_once('.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OLD: &str = "2025b:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const NEW: &str = "2026a:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    const PLACE: &str = "smartcar_grants/1/access_token";

    fn ring(keys: &[&str]) -> KeyRing {
        KeyRing::parse(&keys.join(",").into()).unwrap()
    }

    fn secret(text: &str) -> SecretString {
        text.to_owned().into()
    }

    #[test]
    fn a_text_that_was_sealed_on_the_first_day_still_opens() {
        let sealed = "v1.2025b.UlJSUlJSUlJSUlJSUlJSUlJSUlJSUlJSWwA";
        assert_eq!(key_id(sealed), Some("2025b"));
        assert_eq!(ring(&[OLD]).open(sealed, PLACE).unwrap_err(), Unopenable::Refused);
    }

    #[test]
    fn while_keys_are_rotated_the_first_one_seals_and_both_open() {
        let before = ring(&[OLD]).seal(&secret("token"), PLACE);
        let both = ring(&[NEW, OLD]);
        assert_eq!(both.open(&before, PLACE).unwrap().expose_secret(), "token");
        assert!(both.needs_rotation(&before));
        let after = both.seal(&secret("token"), PLACE);
        assert!(!both.needs_rotation(&after));
        assert_eq!(ring(&[NEW]).open(&after, PLACE).unwrap().expose_secret(), "token");
        assert_eq!(ring(&[NEW]).open(&before, PLACE).unwrap_err(), Unopenable::NoKey("2025b".to_owned()));
    }

    #[test]
    fn a_sealed_text_opens_only_in_its_own_place() {
        let sealed = ring(&[NEW]).seal(&secret("token"), PLACE);
        for elsewhere in ["smartcar_grants/2/access_token", "smartcar_grants/1/refresh_token", ""] {
            assert_eq!(ring(&[NEW]).open(&sealed, elsewhere).unwrap_err(), Unopenable::Refused);
        }
    }

    #[test]
    fn a_text_that_nobody_sealed_is_refused_whatever_it_is() {
        for odd in
            ["", "token", "v1", "v1.", "v1.2026a", "v1.2026a.", "v1.2026a.AAAA", "v1.2026a.!", "v2.2026a.AA"]
        {
            assert!(ring(&[NEW]).open(odd, PLACE).is_err(), "{odd}");
        }
        assert!(ring(&[NEW]).needs_rotation("a token that was left in the clear"));
    }

    #[test]
    fn keys_that_cannot_work_are_refused_without_being_quoted() {
        let table = [
            ("", KeyRingError::Empty),
            (" , ", KeyRingError::Empty),
            ("hunter2hunter2", KeyRingError::Form(1)),
            (&format!("{NEW},:AAAA"), KeyRingError::Id(2)),
            ("a.b:AAAA", KeyRingError::Id(1)),
            ("short:aHVudGVyMg==", KeyRingError::Length("short".to_owned())),
            ("odd:hunter2!", KeyRingError::Length("odd".to_owned())),
            (&format!("{NEW},{NEW}"), KeyRingError::Twice("2026a".to_owned())),
        ];
        for (list, error) in table {
            let refused = KeyRing::parse(&secret(list)).unwrap_err();
            assert_eq!(refused, error, "{list}");
            assert!(!format!("{refused:?} {refused}").contains("hunter2"));
        }
    }

    #[test]
    fn a_ring_prints_ids_and_no_key() {
        let printed = format!("{:?}", ring(&[NEW, OLD]));
        assert_eq!(printed, "KeyRing(2026a, 2025b)");
    }

    #[test]
    fn a_new_key_can_be_used_and_is_another_each_time() {
        let (one, other) = (new_key(), new_key());
        assert_ne!(one.expose_secret(), other.expose_secret());
        ring(&[&format!("k:{}", one.expose_secret())]);
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_opens_again_and_is_never_readable(text in ".{1,200}") {
            let ring = ring(&[NEW, OLD]);
            let sealed = ring.seal(&secret(&text), PLACE);
            let opened = ring.open(&sealed, PLACE).unwrap();
            prop_assert_eq!(opened.expose_secret(), text.as_str());
            prop_assert!(text.len() < 4 || !sealed.contains(&text));
            prop_assert_ne!(&sealed, &ring.seal(&secret(&text), PLACE));
        }

        #[test]
        fn one_changed_letter_and_it_does_not_open(place in 9_usize..60, letter in "[A-Za-z0-9_-]") {
            let ring = ring(&[NEW]);
            let mut sealed = ring.seal(&secret("a token of some length"), PLACE);
            prop_assume!(&sealed[place..=place] != letter.as_str());
            sealed.replace_range(place..=place, &letter);
            prop_assert!(ring.open(&sealed, PLACE).is_err());
        }

        #[test]
        fn no_text_makes_opening_panic(sealed in ".{0,100}", key in "v1\\.2026a\\.[A-Za-z0-9_-]{0,80}") {
            ring(&[NEW]).open(&sealed, PLACE).ok();
            ring(&[NEW]).open(&key, PLACE).ok();
        }
    }
}
