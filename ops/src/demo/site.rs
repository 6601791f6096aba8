//! Where everything of a demo stands, and the secrets that its parts share. Made for one demo, and forgotten with it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::Context;
use connections::{BudgetConfig, ConnectionsConfig};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use runtime::clock;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use simulator::{Application, PlatformOptions};
use smartcar::client::{ApiVersion, ClientConfig, Mode};
use url::Url;
use uuid::Uuid;

use super::options::Options;

/// Where the programs stand if nobody else does.
const USUAL_DOOR: u16 = 8080;
const USUAL_API: u16 = 3000;
const USUAL_CLOUD: u16 = 8090;

/// For whom Supabase's tokens are.
pub const AUDIENCE: &str = "authenticated";

/// A token is good for so many seconds.
const TOKEN_SECONDS: i64 = 3600;

/// Smartcar's bucket, and what it gives for more cars than a demo usually has.
const BUCKET: u32 = 120;
const CALLS_OF_A_CAR: u32 = 20;

pub struct Site {
    pub door: SocketAddr,
    pub api: SocketAddr,
    cloud: SocketAddr,
    application: Application,
    /// The application management token.
    pub management_token: SecretString,
    pub jwt_secret: SecretString,
    pub operator_token: SecretString,
    token_key: SecretString,
    pub budget: BudgetConfig,
    /// Of one person.
    pub requests_per_minute: u32,
}

impl Site {
    /// Looks for free places: for the usual demo the usual ones, else any. Of each name one demo runs at a time, so that
    /// no two take the same place.
    pub fn choose(options: &Options) -> anyhow::Result<Self> {
        let place = |usual: u16| place(options.is_usual().then_some(usual));
        let (door, api, cloud) = (place(USUAL_DOOR)?, place(USUAL_API)?, place(USUAL_CLOUD)?);
        let bucket = BUCKET.max(u32::from(options.cars) * CALLS_OF_A_CAR);
        Ok(Self {
            door,
            api,
            cloud,
            application: Application::new(format!("http://{api}/api/smartcar/callback")),
            management_token: secret(),
            jwt_secret: secret(),
            operator_token: secret(),
            token_key: format!("demo:{}", vault::new_key().expose_secret()).into(),
            budget: BudgetConfig { calls_per_vehicle: 500, bucket, bucket_per_minute: bucket },
            requests_per_minute: options.requests_per_minute,
        })
    }

    /// How the stand-in of Smartcar is to be met: nobody is connected before a person consents.
    pub fn platform(&self) -> PlatformOptions {
        PlatformOptions {
            address: Some(self.cloud),
            application: self.application.clone(),
            connected: false,
            ..PlatformOptions::new()
        }
    }

    /// How the programs meet it.
    pub fn connections(&self) -> anyhow::Result<ConnectionsConfig> {
        let at = |path: &str| {
            let address = format!("http://{}{path}", self.cloud);
            Url::parse(&address).with_context(|| format!("cannot write down the address {address}"))
        };
        Ok(ConnectionsConfig {
            token_encryption_keys: Some(self.token_key.clone()),
            // Its own pages are Carvetka here.
            carvetka_origin: vec![format!("http://{}", self.api).parse()?],
            free_vehicles: 1,
            budget: self.budget,
            smartcar: ClientConfig {
                smartcar_api_version: ApiVersion::V3,
                smartcar_mode: Mode::Live,
                smartcar_application_id: Some(self.application.application_id.clone()),
                smartcar_client_id: Some(self.application.client_id.clone()),
                smartcar_client_secret: Some(self.application.client_secret.clone()),
                smartcar_redirect_uri: self
                    .application
                    .redirect_uris
                    .first()
                    .map(|uri| uri.parse())
                    .transpose()?,
                smartcar_webhook_secret: Some(self.management_token.clone()),
                smartcar_api_origin: at("")?,
                smartcar_auth_origin: at("/oauth/token")?,
                smartcar_iam_origin: at("/oauth2/token")?,
                smartcar_connect_origin: at("")?,
                smartcar_management_api_origin: Some(at("")?),
                smartcar_vehicle_api_v3_origin: at("")?,
            },
        })
    }

    /// What Supabase gives to a person who signed in.
    pub fn token_of(&self, user: Uuid) -> anyhow::Result<String> {
        let claims = json!({ "sub": user, "aud": AUDIENCE, "exp": clock::now().timestamp() + TOKEN_SECONDS });
        let key = EncodingKey::from_secret(self.jwt_secret.expose_secret().as_bytes());
        encode(&Header::new(Algorithm::HS256), &claims, &key).context("cannot sign a token")
    }
}

fn secret() -> SecretString {
    format!("{}{}", Uuid::new_v4(), Uuid::new_v4()).into()
}

fn place(usual_port: Option<u16>) -> anyhow::Result<SocketAddr> {
    let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, usual_port.unwrap_or(0)));
    let listener = TcpListener::bind(usual).or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    let address = listener.and_then(|listener| listener.local_addr());
    address.context("cannot find a free port on this machine")
}
