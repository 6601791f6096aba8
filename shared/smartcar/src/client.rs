//! Asks the platform: API v2.0 with the tokens of a consent, API v3 with a token of the application, behind one
//! interface. Every failure carries what to do about it ([`Advice`]); nothing here is retried, logged or stored.

use std::sync::Arc;

use secrecy::SecretString;

mod address;
mod advice;
mod application_token;
mod command;
mod config;
mod connect;
mod connections;
mod error;
mod fault;
mod http;
mod json;
mod poll;
mod subscriptions;
mod tokens;
mod vehicles;
mod wanted;

pub use advice::{Advice, Who};
pub use command::{Command, Commanded};
pub use config::{ApiVersion, ClientConfig, Mode};
pub use connect::{ConnectRequest, ReauthRequest};
pub use connections::{Connection, ConnectionFilter};
pub use error::{ClientError, Failure, PlatformError};
pub use poll::{PollAnswer, Refused};
pub use reqwest::Url;
pub use subscriptions::{Subscription, SubscriptionFilter, Webhook};
pub use tokens::TokenPair;
pub use vehicles::VehicleInfo;
pub use wanted::Wanted;

pub use crate::report::VehicleRef;

use address::Addresses;
use application_token::ApplicationToken;
use http::Http;

/// A client of the platform. Cheap to clone; all clones share their connections and the application's token.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    version: ApiVersion,
    mode: Mode,
    client_id: String,
    client_secret: SecretString,
    application_id: Option<String>,
    redirect_uri: Option<Url>,
    /// The application management token, which the management API of v2 asks for.
    management_token: Option<SecretString>,
    addresses: Addresses,
    http: Http,
    application_token: ApplicationToken,
}

/// On whose behalf a call is made, and so through which API.
#[derive(Debug, Clone, Copy)]
pub enum Access<'a> {
    /// API v2.0: the access token of one consent.
    User { token: &'a SecretString },
    /// API v3: the application's own token, which the client fetches and keeps, and the user that is named beside it.
    Application { user_id: &'a str },
}

impl Client {
    /// Fails if credentials are missing. Asks nothing of the network.
    pub fn new(config: &ClientConfig) -> Result<Self, ClientError> {
        let management_token = config.management_token();
        Ok(Self {
            inner: Arc::new(Inner {
                version: config.smartcar_api_version,
                mode: config.smartcar_mode,
                client_id: config.client_id().ok_or(ClientError::Missing("SMARTCAR_CLIENT_ID"))?.to_owned(),
                client_secret: config
                    .client_secret()
                    .ok_or(ClientError::Missing("SMARTCAR_CLIENT_SECRET"))?,
                application_id: config.application_id().map(str::to_owned),
                redirect_uri: config.smartcar_redirect_uri.clone(),
                management_token,
                addresses: Addresses::of(config),
                http: Http::new()?,
                application_token: ApplicationToken::default(),
            }),
        })
    }

    /// The API that new consents are asked for.
    pub fn api_version(&self) -> ApiVersion {
        self.inner.version
    }

    /// Live cars, or simulated ones.
    pub fn mode(&self) -> Mode {
        self.inner.mode
    }
}
