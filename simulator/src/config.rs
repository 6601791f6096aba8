//! The options of the program `simulator`.

mod platform;

use std::path::PathBuf;

use chrono::TimeDelta;
use clap::Parser;
use secrecy::{ExposeSecret, SecretString};

pub use platform::PlatformConfig;

use crate::clock;
use crate::cloud::{Faults, Outage};
use crate::simulator::Options;

/// A stand-in for Smartcar's cloud: virtual cars live, and their webhooks are sent to ingest.
#[derive(Debug, Parser)]
#[command(name = "simulator", version)]
pub struct Config {
    /// Where webhooks are sent to (plain HTTP).
    #[arg(long, env = "SIMULATOR_INGEST_URL", default_value = "http://127.0.0.1:8080/api/smartcar/webhook")]
    pub ingest_url: String,

    /// There is no webhook: cars only answer those who ask.
    #[arg(long, env = "SIMULATOR_NO_WEBHOOK")]
    pub no_webhook: bool,

    /// The application management token that signs webhooks; of several, separated by commas, the first.
    #[arg(long, env = "SMARTCAR_WEBHOOK_SECRET", hide_env_values = true)]
    pub smartcar_webhook_secret: SecretString,

    /// The same seed gives the same cars, lives and reports.
    #[arg(long, env = "SIMULATOR_SEED", default_value_t = 1)]
    pub seed: u64,

    /// How many cars live.
    #[arg(long, env = "SIMULATOR_CARS", default_value_t = 12)]
    pub cars: usize,

    /// How many days ago the cars were connected.
    #[arg(long, env = "SIMULATOR_DAYS_BACK", default_value_t = 14)]
    pub days_back: u16,

    /// Virtual seconds a real second until the present is caught up with; `inf` is as fast as webhooks are
    /// answered.
    #[arg(long, env = "SIMULATOR_SPEED", default_value_t = 3_600.0)]
    pub speed: f64,

    /// Stop when the present is reached, instead of following it.
    #[arg(long, env = "SIMULATOR_UNTIL_NOW")]
    pub until_now: bool,

    /// Requests at a time.
    #[arg(long, env = "SIMULATOR_CONCURRENCY", default_value_t = 16)]
    pub concurrency: usize,

    /// Stretches or shrinks the waits of 25, 50 and 100 seconds between attempts.
    #[arg(long, env = "SIMULATOR_RETRY_SCALE", default_value_t = 1.0)]
    pub retry_scale: f64,

    /// Keep what is known (events, attempts, answers) as lines of JSON in this new file.
    #[arg(long, env = "SIMULATOR_LEDGER_FILE")]
    pub ledger_file: Option<PathBuf>,

    #[command(flatten)]
    pub platform: PlatformConfig,

    #[command(flatten)]
    pub faults: FaultConfig,
}

/// What goes wrong; shares are from 0 to 1.
#[derive(Debug, clap::Args)]
pub struct FaultConfig {
    /// Everything that webhooks should tell is lost, until `POST /_simulator/webhooks {"paused":false}`.
    #[arg(long)]
    pub webhooks_paused: bool,

    /// Share of events that are sent a second time.
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    pub duplicates: f64,

    /// Hold each event back by up to so many virtual seconds, so that neighbours change places.
    #[arg(long, default_value_t = 0)]
    pub shuffle_seconds: u32,

    /// Share of events that come late.
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    pub delayed: f64,

    /// How late they come at most, in virtual hours.
    #[arg(long, default_value_t = 48)]
    pub delay_hours: u16,

    /// Share of events that never leave the platform.
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    pub lost: f64,

    /// Share of signals that fail.
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    pub failed_signals: f64,

    /// Share of reports with a wrong odometer, for each way to be wrong: zero, sentinel, other unit.
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    pub wrong_odometers: f64,

    /// Share of reports beside which an error is raised.
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    pub vehicle_errors: f64,

    /// Share of reports beside which the platform complains of permissions that nobody needs.
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    pub noise_errors: f64,
}

impl Config {
    /// What is simulated, from the present on backwards.
    pub fn options(&self) -> Options {
        let now = clock::now();
        let secrets = self.smartcar_webhook_secret.expose_secret();
        let secret = secrets.split(',').next().unwrap_or_default().trim();
        let start = now - TimeDelta::days(self.days_back.into());
        let options = if self.no_webhook {
            Options::without_webhook(secret, start)
        } else {
            Options::new(self.ingest_url.clone(), secret, start)
        };
        Options {
            seed: self.seed,
            cars: self.cars,
            speed: self.speed,
            until: self.until_now.then_some(now),
            faults: self.faults.faults(),
            concurrency: self.concurrency,
            retry_scale: self.retry_scale,
            ledger_file: self.ledger_file.clone(),
            platform: self.platform.options(),
            ..options
        }
    }
}

impl FaultConfig {
    fn faults(&self) -> Faults {
        Faults {
            outage: if self.webhooks_paused { Outage::Lose } else { Outage::None },
            duplicates: self.duplicates,
            shuffle: TimeDelta::seconds(self.shuffle_seconds.into()),
            delayed: self.delayed,
            delay: TimeDelta::hours(self.delay_hours.into()),
            lost: self.lost,
            failed_signals: self.failed_signals,
            odometer_zero: self.wrong_odometers,
            odometer_sentinel: self.wrong_odometers,
            unit_flip: self.wrong_odometers,
            vehicle_errors: self.vehicle_errors,
            noise_errors: self.noise_errors,
            ..Faults::none()
        }
    }
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|error| format!("{error}"))?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("a share is from 0 to 1".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Bucket;

    fn parse(arguments: &[&str]) -> Result<Config, clap::Error> {
        let all = ["simulator", "--smartcar-webhook-secret", "hunter2, older"].iter().chain(arguments);
        Config::try_parse_from(all)
    }

    #[test]
    fn a_secret_is_not_printed() {
        let config = parse(&[]).unwrap();
        assert!(!format!("{config:?} {:?}", config.options()).contains("hunter2"));
    }

    #[test]
    fn the_first_secret_signs() {
        assert_eq!(parse(&[]).unwrap().options().webhook_secret.expose_secret(), "hunter2");
    }

    #[test]
    fn there_is_a_webhook_unless_somebody_wants_none() {
        let door = "http://127.0.0.1:8080/api/smartcar/webhook";
        assert_eq!(parse(&[]).unwrap().options().ingest_url.as_deref(), Some(door));
        assert_eq!(parse(&["--no-webhook"]).unwrap().options().ingest_url, None);
    }

    #[test]
    fn a_share_is_from_nothing_to_all() {
        assert!(parse(&["--lost", "1.5"]).is_err());
        assert!(parse(&["--lost", "NaN"]).is_err());
        assert!((parse(&["--lost", "0.25"]).unwrap().options().faults.lost - 0.25).abs() < 1e-9);
    }

    #[test]
    fn the_platform_is_configured_as_the_programs_that_ask_it() {
        let rule = r#"{"path": "/odometer", "then": {"answer": "error", "type": "UPSTREAM", "code": "NO_RESPONSE"}}"#;
        let arguments = ["--unconnected", "--bucket-size", "120", "--api-fault", rule, "--webhooks-paused"];
        let options = parse(&arguments).unwrap().options();
        let platform = options.platform;
        assert_eq!(platform.address.unwrap().to_string(), "127.0.0.1:8090");
        assert_eq!(platform.application.redirect_uris, ["http://127.0.0.1:3000/api/smartcar/callback"]);
        assert!(!platform.connected && platform.auto_subscribe && platform.rules.len() == 1);
        assert_eq!(platform.limits.bucket, Some(Bucket::DEFAULT));
        assert_eq!(options.faults.outage, Outage::Lose);
        assert!(parse(&["--api-fault", r#"{"then": {"answer": "miracle"}}"#]).is_err());
    }

    #[test]
    fn as_fast_as_possible_is_inf() {
        assert!(parse(&["--speed", "inf"]).unwrap().options().speed.is_infinite());
    }
}
