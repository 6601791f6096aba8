//! The operator of a request: whoever takes an [`Operator`] as an argument is only called for who knows the installation's own
//! secret. People's tokens open nothing of it, and it opens nothing of theirs.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::person::bearer;
use crate::App;
use crate::metric;
use crate::problem::{Code, Problem};

/// Somebody who looks after the installation.
#[derive(Debug, Clone, Copy)]
pub struct Operator;

/// How operators prove to be some. Hashed, so that comparing takes the same time whatever somebody sends, also of another length.
#[derive(Clone)]
pub struct OperatorKey([u8; 32]);

impl OperatorKey {
    pub fn new(token: &SecretString) -> Self {
        Self(Sha256::digest(token.expose_secret()).into())
    }

    fn fits(&self, token: &str) -> bool {
        let given: [u8; 32] = Sha256::digest(token).into();
        self.0.ct_eq(&given).into()
    }
}

impl FromRequestParts<App> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = bearer(parts).ok_or_else(|| {
            metric::token_refused("missing");
            Problem::new(Code::TokenMissing, "Send the operators' token: `Authorization: Bearer <token>`.")
        })?;
        let Some(key) = &app.operators.key else {
            let detail = "This installation shows nothing to operators: set OPERATOR_TOKEN to change that.";
            return Err(Problem::new(Code::NotConfigured, detail));
        };
        if key.fits(token) {
            Ok(Self)
        } else {
            metric::token_refused("operator");
            let detail =
                "This is not the operators' token (OPERATOR_TOKEN). A person's own opens nothing here.";
            Err(Problem::new(Code::OperatorsOnly, detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_whole_token_fits() {
        let token = "an-operators-token-of-forty-characters!!";
        let key = OperatorKey::new(&token.to_owned().into());
        assert!(key.fits(token));
        for other in ["", " ", &token[1..], &token.to_uppercase(), &format!("{token} ")] {
            assert!(!key.fits(other), "{other}");
        }
    }
}
