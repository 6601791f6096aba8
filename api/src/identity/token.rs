//! Access tokens: JWTs (RFC 7519) as Supabase signs them, HS256 with the project's secret, or ES256, RS256 or `EdDSA` with
//! a key that the project publishes.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use secrecy::ExposeSecret;
use serde::Deserialize;
use thiserror::Error;
use uuid::Uuid;

use super::keys::{Keys, KeysError};
use crate::config::JwtConfig;

/// How far the clocks of the two sides may be apart.
const LEEWAY_SECONDS: u64 = 10;

/// A token is some hundred bytes; nobody is made to decode much more.
const LONGEST: usize = 8 * 1024;

/// Why a token is not believed.
#[derive(Debug, Error)]
pub enum TokenError {
    #[error("it is not a signed JWT")]
    NotAToken,
    #[error("its algorithm is not one that is accepted here")]
    Algorithm,
    #[error("its key is not known")]
    UnknownKey,
    #[error("its signature is wrong")]
    Signature,
    #[error("it has expired")]
    Expired,
    #[error("it is not valid yet")]
    NotYet,
    #[error("it is meant for somebody else (aud)")]
    Audience,
    #[error("somebody else issued it (iss)")]
    Issuer,
    #[error("it names no person (sub)")]
    NoSubject,
    #[error("the keys of the sign-in service are not known")]
    Keys(#[source] KeysError),
}

/// Proves tokens.
pub struct Tokens {
    secret: Option<DecodingKey>,
    keys: Option<Keys>,
    audience: String,
    issuer: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
}

impl Tokens {
    /// # Errors
    ///
    /// If the client that fetches keys cannot be made.
    pub fn new(config: &JwtConfig) -> Result<Self, KeysError> {
        let secret = config
            .jwt_secret
            .as_ref()
            .map(|secret| DecodingKey::from_secret(secret.expose_secret().as_bytes()));
        let keys = config.jwks_url.clone().map(Keys::new).transpose()?;
        Ok(Self { secret, keys, audience: config.jwt_audience.clone(), issuer: config.jwt_issuer.clone() })
    }

    /// The person that the token names, if it is believed.
    ///
    /// Which key proves a token follows from its algorithm: the secret proves HS256 and nothing else, a published key
    /// its own algorithm and nothing else. So a public key can never serve as the secret.
    pub async fn person(&self, token: &str) -> Result<Uuid, TokenError> {
        if token.len() > LONGEST {
            return Err(TokenError::NotAToken);
        }
        let header = decode_header(token).map_err(|error| refusal_of(error.kind()))?;
        if header.crit.is_some() {
            // RFC 7515 §4.1.11: what somebody marks as critical and we do not know, we must not overlook.
            return Err(TokenError::NotAToken);
        }
        let candidates = match header.alg {
            Algorithm::HS256 => self.secret.clone().into_iter().collect(),
            Algorithm::ES256 | Algorithm::RS256 | Algorithm::EdDSA => match &self.keys {
                Some(keys) => keys.find(header.kid.as_deref(), header.alg).await.map_err(TokenError::Keys)?,
                None => return Err(TokenError::Algorithm),
            },
            _ => return Err(TokenError::Algorithm),
        };
        let validation = self.validation(header.alg);
        let mut refused =
            if header.alg == Algorithm::HS256 { TokenError::Algorithm } else { TokenError::UnknownKey };
        for key in candidates {
            match decode::<Claims>(token, &key, &validation) {
                Ok(proven) => return proven.claims.sub.parse().map_err(|_| TokenError::NoSubject),
                Err(error) => refused = refusal_of(error.kind()),
            }
        }
        Err(refused)
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        validation.set_audience(&[&self.audience]);
        let mut required = vec!["exp", "aud", "sub"];
        if let Some(issuer) = &self.issuer {
            validation.set_issuer(&[issuer]);
            required.push("iss");
        }
        validation.set_required_spec_claims(&required);
        validation
    }
}

fn refusal_of(kind: &ErrorKind) -> TokenError {
    match kind {
        ErrorKind::InvalidSignature => TokenError::Signature,
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::ImmatureSignature => TokenError::NotYet,
        ErrorKind::InvalidAudience => TokenError::Audience,
        ErrorKind::InvalidIssuer => TokenError::Issuer,
        ErrorKind::InvalidAlgorithm | ErrorKind::UnsupportedAlgorithm | ErrorKind::InvalidAlgorithmName => {
            TokenError::Algorithm
        }
        ErrorKind::MissingRequiredClaim(claim) => match claim.as_str() {
            "aud" => TokenError::Audience,
            "iss" => TokenError::Issuer,
            "sub" => TokenError::NoSubject,
            // Without an end a token would be good for ever.
            _ => TokenError::Expired,
        },
        // A foreign enum, and open: whatever else it says, the token cannot be read.
        _ => TokenError::NotAToken,
    }
}
