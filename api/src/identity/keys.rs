//! The keys that the sign-in service publishes (JWKS, RFC 7517): kept, renewed now and then, and asked for seldom
//! enough that nobody can make us a burden to it by inventing names of keys.

use std::time::Duration;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use thiserror::Error;
use tokio::sync::{Mutex, RwLock};
use tokio::time::Instant;
use url::Url;

/// For so long keys are used without asking again. Supabase's own caches keep them for ten minutes.
const FRESH: Duration = Duration::from_mins(10);

/// For so long keys are believed while the service does not answer.
const BELIEVED: Duration = Duration::from_hours(24);

/// Between two questions, whatever tokens come.
const REST: Duration = Duration::from_secs(10);

const ANSWER_WITHIN: Duration = Duration::from_secs(5);
const LARGEST: usize = 64 * 1024;
/// More keys than any service rotates through.
const MOST: usize = 32;

#[derive(Debug, Error)]
pub enum KeysError {
    #[error("cannot make the client that fetches keys")]
    Client(#[source] reqwest::Error),
    #[error("cannot fetch the keys")]
    Fetch(#[source] reqwest::Error),
    #[error("the list of keys is too long")]
    TooLarge,
    #[error("the list of keys cannot be read")]
    Unreadable(#[source] serde_json::Error),
    #[error("the service did not answer a moment ago, and is not asked again yet")]
    Resting,
}

/// The published keys.
pub struct Keys {
    url: Url,
    http: reqwest::Client,
    known: RwLock<Known>,
    /// Held by the one who asks.
    asking: Mutex<Asked>,
}

#[derive(Default)]
struct Known {
    keys: Vec<PublishedKey>,
    since: Option<Instant>,
}

#[derive(Default)]
struct Asked {
    at: Option<Instant>,
}

#[derive(Clone)]
struct PublishedKey {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

impl Keys {
    pub fn new(url: Url) -> Result<Self, KeysError> {
        let http = reqwest::Client::builder()
            .timeout(ANSWER_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(KeysError::Client)?;
        Ok(Self { url, http, known: RwLock::default(), asking: Mutex::default() })
    }

    /// The keys that may have signed: the one of this name, or, for a token that names none, all of its algorithm.
    ///
    /// # Errors
    ///
    /// If no keys are known and the service does not tell them.
    pub async fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<Vec<DecodingKey>, KeysError> {
        let (found, age) = self.known.read().await.find(id, algorithm);
        if !found.is_empty() && age.is_some_and(|age| age < FRESH) {
            return Ok(found);
        }
        let renewed = self.renew().await;
        let (found, age) = self.known.read().await.find(id, algorithm);
        match (renewed, age) {
            (_, Some(age)) if age < BELIEVED => Ok(found),
            (Err(error), _) => Err(error),
            (Ok(()), _) => Ok(found),
        }
    }

    /// One asks, the others wait for what it learns.
    async fn renew(&self) -> Result<(), KeysError> {
        let mut asked = self.asking.lock().await;
        if asked.at.is_some_and(|at| at.elapsed() < REST) {
            return Err(KeysError::Resting);
        }
        asked.at = Some(Instant::now());
        let keys = self.fetch().await?;
        *self.known.write().await = Known { keys, since: Some(Instant::now()) };
        Ok(())
    }

    async fn fetch(&self) -> Result<Vec<PublishedKey>, KeysError> {
        let answer = self.http.get(self.url.clone()).send().await;
        let mut answer = answer.and_then(reqwest::Response::error_for_status).map_err(KeysError::Fetch)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(KeysError::Fetch)? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST {
                return Err(KeysError::TooLarge);
            }
        }
        let set: JwkSet = serde_json::from_slice(&body).map_err(KeysError::Unreadable)?;
        Ok(set.keys.iter().filter_map(published).take(MOST).collect())
    }
}

impl Known {
    fn find(&self, id: Option<&str>, algorithm: Algorithm) -> (Vec<DecodingKey>, Option<Duration>) {
        let fits = |known: &&PublishedKey| {
            known.algorithm == algorithm
                && id.is_none_or(|id| known.id.as_deref().is_none_or(|own| own == id))
        };
        let found = self.keys.iter().filter(fits).map(|known| known.key.clone()).collect();
        (found, self.since.map(|since| since.elapsed()))
    }
}

/// A key that signs in a way that is accepted here. What is a secret (`oct`) is none any more when it is published.
fn published(key: &Jwk) -> Option<PublishedKey> {
    if key.common.public_key_use.as_ref().is_some_and(|usage| *usage != PublicKeyUse::Signature) {
        return None;
    }
    let algorithm = match &key.algorithm {
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        _ => return None,
    };
    // A key that says that it is for another algorithm is for that one alone.
    let is_for_another =
        |said: &jsonwebtoken::jwk::KeyAlgorithm| said.to_string() != format!("{algorithm:?}");
    if key.common.key_algorithm.as_ref().is_some_and(is_for_another) {
        return None;
    }
    let decoding = DecodingKey::from_jwk(key).ok()?;
    Some(PublishedKey { id: key.common.key_id.clone(), algorithm, key: decoding })
}
