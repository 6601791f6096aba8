//! The tokens of a consent, API v2.0: a code becomes a pair, and a refresh token becomes the next pair.

use std::time::Duration;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::Client;
use super::error::{PlatformError, Transport};
use super::fault::Form;
use super::http::{Answer, send};
use crate::lenient::Field;

/// What a token is good for if the answer does not say: the shorter of the platform's two lifetimes.
const USUAL_LIFE: Duration = Duration::from_hours(1);
const LONGEST_LIFE: Duration = Duration::from_hours(24);

/// The tokens of one consent. The refresh token is good for 60 days from now, which the platform documents and no answer
/// says.
#[derive(Debug, Clone)]
pub struct TokenPair {
    pub access_token: SecretString,
    /// Replaces the one that was used for it, which dies within a minute.
    pub refresh_token: SecretString,
    /// How long the access token is good, from now.
    pub expires_in: Duration,
}

/// A token endpoint's answer.
#[derive(Debug)]
pub(super) struct Issued {
    pub access_token: SecretString,
    pub refresh_token: Option<SecretString>,
    pub expires_in: Duration,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire<'a> {
    #[serde(borrow)]
    access_token: Field<'a>,
    #[serde(borrow)]
    refresh_token: Field<'a>,
    #[serde(borrow)]
    expires_in: Field<'a>,
}

impl Issued {
    pub(super) fn read(answer: &Answer) -> Result<Self, PlatformError> {
        let unreadable = || PlatformError::transport(Transport::Unreadable, None);
        let wire: Field<'_, Wire<'_>> = answer.json()?;
        let wire = wire.object().ok_or_else(unreadable)?;
        let expires_in = wire.expires_in.number().filter(|seconds| *seconds >= 1.0);
        Ok(Self {
            access_token: wire.access_token.owned().ok_or_else(unreadable)?.into(),
            refresh_token: wire.refresh_token.owned().map(SecretString::from),
            expires_in: expires_in.map_or(USUAL_LIFE, |seconds| {
                Duration::from_secs_f64(seconds.min(LONGEST_LIFE.as_secs_f64()))
            }),
        })
    }
}

impl Client {
    /// Exchanges the code of a redirect for tokens. A code lives ten minutes and works once; `OAUTH/INVALID_GRANT` says
    /// that this one does not.
    pub async fn exchange_code(&self, code: &str) -> Result<TokenPair, PlatformError> {
        let redirect_uri = self.inner.redirect_uri.as_ref().map(Url::as_str);
        let mut fields = vec![("grant_type", "authorization_code"), ("code", code)];
        fields.extend(redirect_uri.map(|uri| ("redirect_uri", uri)));
        let issued = self.ask_for_tokens(&fields).await?;
        let refresh_token =
            issued.refresh_token.ok_or_else(|| PlatformError::transport(Transport::Unreadable, None))?;
        Ok(TokenPair { access_token: issued.access_token, refresh_token, expires_in: issued.expires_in })
    }

    /// Exchanges a refresh token for the next pair. Persist the pair before it is used: the old refresh token dies within
    /// a minute. `OAUTH/INVALID_GRANT` says that it has died.
    pub async fn refresh(&self, refresh_token: &SecretString) -> Result<TokenPair, PlatformError> {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose_secret())];
        let issued = self.ask_for_tokens(&fields).await?;
        Ok(TokenPair {
            access_token: issued.access_token,
            // By RFC 6749 §6, an answer without one leaves the old one in force.
            refresh_token: issued.refresh_token.unwrap_or_else(|| refresh_token.clone()),
            expires_in: issued.expires_in,
        })
    }

    async fn ask_for_tokens(&self, fields: &[(&str, &str)]) -> Result<Issued, PlatformError> {
        let inner = &self.inner;
        let request = inner
            .http
            .form(&inner.addresses.v2_token, fields)
            .basic_auth(&inner.client_id, Some(inner.client_secret.expose_secret()));
        Issued::read(&send(request).await?.success(Form::OAuth)?)
    }
}
