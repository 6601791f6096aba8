//! The pages of the platform that people are sent to, to give their consent or to renew it.

use reqwest::Url;

use super::{ApiVersion, Client, ClientError};

/// A consent to ask for.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConnectRequest<'a> {
    /// Comes back with the person, so that we know that we sent them.
    pub state: &'a str,
    /// `read_odometer`, …; with `required:` before it, one that the person cannot take out. None at all: what the
    /// application's dashboard says.
    pub scopes: &'a [&'a str],
    /// Our own id of the person; with v3 it comes back on their connections.
    pub external_id: Option<&'a str>,
    /// One vehicle only.
    pub single_select: bool,
    /// This vehicle only.
    pub vin: Option<&'a str>,
    /// Goes to the pages of this make at once: `TESLA`.
    pub make: Option<&'a str>,
    /// The country whose makes are shown, in two letters.
    pub country: Option<&'a str>,
    /// Asks also where consent was given before.
    pub force: bool,
}

/// A consent to renew: the person's account with the maker, for a vehicle that is connected.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReauthRequest<'a> {
    pub state: &'a str,
    pub vehicle_id: &'a str,
    /// Our own id of the person, which replaces the one before.
    pub external_id: Option<&'a str>,
}

impl Client {
    /// Where a person gives their consent.
    pub fn connect_url(&self, request: &ConnectRequest<'_>) -> Result<Url, ClientError> {
        let inner = &self.inner;
        let (response_type, owner) = match inner.version {
            ApiVersion::V2 => ("code", "user"),
            ApiVersion::V3 => ("none", "external_id"),
        };
        let scopes = request.scopes.join(" ");
        let flags = request.country.map(|country| format!("country:{country}"));
        let yes = |flag: bool| flag.then_some("true");
        let pairs = [
            ("response_type", Some(response_type)),
            ("client_id", Some(self.consent_id()?)),
            ("redirect_uri", inner.redirect_uri.as_ref().map(Url::as_str)),
            ("scope", Some(scopes.as_str()).filter(|scopes| !scopes.is_empty())),
            ("state", Some(request.state)),
            ("approval_prompt", Some(if request.force { "force" } else { "auto" })),
            ("mode", Some(inner.mode.as_str())),
            ("make", request.make),
            ("single_select", yes(request.single_select || request.vin.is_some())),
            ("single_select_vin", request.vin),
            ("flags", flags.as_deref()),
            (owner, request.external_id),
        ];
        Ok(with(inner.addresses.connect(&["oauth", "authorize"]), &pairs))
    }

    /// Where a person renews the consent for a vehicle.
    pub fn reauth_url(&self, request: &ReauthRequest<'_>) -> Result<Url, ClientError> {
        let inner = &self.inner;
        let redirect_uri = inner.redirect_uri.as_ref().map(Url::as_str);
        // Without an address to come back to, the flow ends on a page of the platform.
        let response_type = if redirect_uri.is_some() { "vehicle_id" } else { "none" };
        let pairs = [
            ("response_type", Some(response_type)),
            ("client_id", Some(self.consent_id()?)),
            ("vehicle_id", Some(request.vehicle_id)),
            ("redirect_uri", redirect_uri),
            ("state", Some(request.state)),
            ("external_id", request.external_id),
        ];
        Ok(with(inner.addresses.connect(&["oauth", "reauthenticate"]), &pairs))
    }

    /// What people give their consent to. With v3 that is the application; the client's id is refused there.
    fn consent_id(&self) -> Result<&str, ClientError> {
        let inner = &self.inner;
        match inner.version {
            ApiVersion::V2 => Ok(&inner.client_id),
            ApiVersion::V3 => {
                inner.application_id.as_deref().ok_or(ClientError::Missing("SMARTCAR_APPLICATION_ID"))
            }
        }
    }
}

fn with(mut url: Url, pairs: &[(&str, Option<&str>)]) -> Url {
    for (name, value) in pairs {
        if let Some(value) = value {
            url.query_pairs_mut().append_pair(name, value);
        }
    }
    url
}
