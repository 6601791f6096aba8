//! The options of the platform that developers meet.

use std::net::SocketAddr;

use secrecy::SecretString;

use crate::platform::{Application, Bucket, Limits, PlatformOptions, Rule};

/// The platform as developers meet it. The ids and secrets have the names that api and worker know them by.
#[derive(Debug, clap::Args)]
pub struct PlatformConfig {
    /// Where Connect, OAuth and the REST APIs are, all hosts of the platform in one.
    #[arg(long, env = "SIMULATOR_ADDR", default_value = "127.0.0.1:8090")]
    pub address: SocketAddr,

    /// The application's id, which links of Connect carry with v3.
    #[arg(long, env = "SMARTCAR_APPLICATION_ID", default_value = Application::APPLICATION_ID)]
    pub application_id: String,

    /// The client that asks for tokens.
    #[arg(long, env = "SMARTCAR_CLIENT_ID", default_value = Application::CLIENT_ID)]
    pub client_id: String,

    /// Its secret.
    #[arg(long, env = "SMARTCAR_CLIENT_SECRET", hide_env_values = true, hide_default_value = true,
        default_value = Application::CLIENT_SECRET)]
    pub client_secret: SecretString,

    /// Where people may be sent back to, exactly; several, separated by commas.
    #[arg(
        long,
        env = "SMARTCAR_REDIRECT_URI",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:3000/api/smartcar/callback"
    )]
    pub redirect_uri: Vec<String>,

    /// No car is connected until somebody connects it. Without this, every car is from the beginning, by its
    /// own user and with all permissions.
    #[arg(long, env = "SIMULATOR_UNCONNECTED")]
    pub unconnected: bool,

    /// The webhook does not subscribe connections by itself.
    #[arg(long, env = "SIMULATOR_NO_AUTO_SUBSCRIBE")]
    pub no_auto_subscribe: bool,

    /// A link of Connect with `auto=<login>` goes through all pages by itself.
    #[arg(long, env = "SIMULATOR_AUTO_LOGIN")]
    pub auto_login: bool,

    /// Requests that the application may make at once (the platform's own limit: 120).
    #[arg(long)]
    pub bucket_size: Option<f64>,

    /// Requests that it gets back in a minute.
    #[arg(long, default_value_t = Bucket::DEFAULT.refill_a_minute)]
    pub bucket_refill: f64,

    /// Calls of one vehicle within an hour.
    #[arg(long)]
    pub vehicle_calls_an_hour: Option<usize>,

    /// Calls of one vehicle within a month, as the plan includes them.
    #[arg(long)]
    pub vehicle_calls_a_month: Option<u32>,

    /// A rule of trouble, as `POST /_simulator/faults` takes it; several times for several rules.
    #[arg(long = "api-fault", value_parser = rule)]
    pub api_faults: Vec<Rule>,
}

impl PlatformConfig {
    pub(super) fn options(&self) -> PlatformOptions {
        let bucket = self.bucket_size.map(|size| Bucket { size, refill_a_minute: self.bucket_refill });
        PlatformOptions {
            address: Some(self.address),
            application: Application {
                application_id: self.application_id.clone(),
                client_id: self.client_id.clone(),
                client_secret: self.client_secret.clone(),
                redirect_uris: self.redirect_uri.clone(),
                ..Application::new("")
            },
            connected: !self.unconnected,
            auto_subscribe: !self.no_auto_subscribe,
            auto_login: self.auto_login,
            limits: Limits {
                bucket,
                vehicle_calls_an_hour: self.vehicle_calls_an_hour,
                vehicle_calls_a_month: self.vehicle_calls_a_month,
            },
            rules: self.api_faults.clone(),
        }
    }
}

fn rule(text: &str) -> Result<Rule, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}
