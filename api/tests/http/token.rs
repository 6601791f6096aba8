//! Tokens as Supabase makes them, and as attackers do. Made by hand: the program's own way of reading them is what is
//! tested.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{TimeDelta, Utc};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use runtime::clock;
use serde_json::{Value, json};
use uuid::Uuid;

/// What the project of these tests signs with.
pub const SECRET: &str = "a-secret-of-a-project-that-does-not-exist";

pub fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A good token of this person.
pub fn of(person: Uuid) -> String {
    hs256(SECRET, &claims(person))
}

/// What a good token says.
pub fn claims(person: Uuid) -> Value {
    json!({
        "aud": "authenticated", "role": "authenticated", "sub": person, "email": "someone@example.com",
        "iss": "https://project.example/auth/v1", "iat": seconds(TimeDelta::zero()), "exp": seconds(TimeDelta::hours(1)),
    })
}

/// A moment as tokens write it.
pub fn seconds(from_now: TimeDelta) -> i64 {
    (clock::now() + from_now).with_timezone(&Utc).timestamp()
}

pub fn hs256(secret: &str, claims: &Value) -> String {
    sealed(secret, &unsigned(&json!({ "alg": "HS256", "typ": "JWT" }), claims))
}

/// With the signature of HS256, whatever its header says.
pub fn sealed(secret: &str, signed: &str) -> String {
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), signed.as_bytes());
    format!("{signed}.{}", base64(signature.as_ref()))
}

pub fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", base64(header.to_string().as_bytes()), base64(claims.to_string().as_bytes()))
}

/// A key that a sign-in service publishes.
pub struct Published {
    pair: Pair,
    pub id: String,
}

enum Pair {
    Es256(Box<EcdsaKeyPair>),
    Ed25519(Ed25519KeyPair),
    Rs256(Box<RsaKeyPair>),
}

/// A key that was made for these tests and is used nowhere else: ring makes none.
const RSA: &[u8] = include_bytes!("../../fixtures/rsa-2048.pk8");

impl Published {
    pub fn es256(id: &str) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        Self { pair: Pair::Es256(Box::new(pair)), id: id.to_owned() }
    }

    pub fn ed25519(id: &str) -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self { pair: Pair::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap()), id: id.to_owned() }
    }

    pub fn rs256(id: &str) -> Self {
        Self { pair: Pair::Rs256(Box::new(RsaKeyPair::from_pkcs8(RSA).unwrap())), id: id.to_owned() }
    }

    pub fn jwk(&self) -> Value {
        match &self.pair {
            Pair::Es256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.id,
                    "x": base64(x), "y": base64(y), "key_ops": ["verify"], "ext": true })
            }
            Pair::Rs256(pair) => {
                let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({ "kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.id, "n": base64(&n), "e": base64(&e) })
            }
            Pair::Ed25519(pair) => json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
                "kid": self.id, "x": base64(pair.public_key().as_ref()) }),
        }
    }

    pub fn sign(&self, claims: &Value) -> String {
        let alg = match &self.pair {
            Pair::Es256(_) => "ES256",
            Pair::Ed25519(_) => "EdDSA",
            Pair::Rs256(_) => "RS256",
        };
        let signed = unsigned(&json!({ "alg": alg, "typ": "JWT", "kid": self.id }), claims);
        let signature = match &self.pair {
            Pair::Es256(pair) => {
                pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec()
            }
            Pair::Ed25519(pair) => pair.sign(signed.as_bytes()).as_ref().to_vec(),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                let random = SystemRandom::new();
                pair.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
                signature
            }
        };
        format!("{signed}.{}", base64(&signature))
    }

    /// The public key as bytes: what an attacker would take for the secret of an HMAC.
    pub fn public(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Es256(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Rs256(pair) => pair.public_key().as_ref().to_vec(),
        }
    }
}
