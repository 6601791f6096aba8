//! The programs of the pipeline, in this process, each with a lifecycle of its own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::Context;
use api::{AllowanceConfig, JwtConfig};
use connections::{BudgetConfig, ConnectionsConfig};
use ingest::{DoorConfig, SpoolConfig};
use runtime::config::{DatabaseConfig, LifecycleConfig, LogFormat, MetricsConfig, TelemetryConfig};
use runtime::lifecycle::Lifecycle;
use smartcar::client::{ApiVersion, ClientConfig, Mode};
use smartcar::signature::Secrets;
use url::Url;
use uuid::Uuid;
use worker::{BatchConfig, JobsConfig};

use super::stage::Stage;

pub struct Programs {
    /// Where the door stands: `http://127.0.0.1:8080`.
    pub webhook_url: String,
    /// Where pages ask.
    pub api_url: String,
    ingest: Lifecycle,
    workers: [Lifecycle; 2],
    scheduler: Lifecycle,
    api: Lifecycle,
}

const GRACE: LifecycleConfig = LifecycleConfig { shutdown_grace: 8 };
/// What Smartcar gives everybody.
const BUDGET: BudgetConfig = BudgetConfig { calls_per_vehicle: 500, bucket: 120, bucket_per_minute: 2 };
/// All programs of a process share their metrics; the door shows them.
const NO_METRICS: MetricsConfig = MetricsConfig { metrics_addr: None };
/// Where the door and the api stand if nobody else does.
const USUAL_PORT: u16 = 8080;
const USUAL_API_PORT: u16 = 3000;

impl Programs {
    /// Starts ingest, two workers, the scheduler and the api.
    pub async fn start(stage: &Stage, secret: &str) -> anyhow::Result<Self> {
        let programs = Self {
            webhook_url: String::new(),
            api_url: String::new(),
            ingest: Lifecycle::new(GRACE.grace()),
            workers: [Lifecycle::new(GRACE.grace()), Lifecycle::new(GRACE.grace())],
            scheduler: Lifecycle::new(GRACE.grace()),
            api: Lifecycle::new(GRACE.grace()),
        };
        for worker in &programs.workers {
            worker::start(&worker_config(stage)?, worker).await.context("cannot start a worker")?;
        }
        scheduler::start(&scheduler_config(stage), &programs.scheduler)
            .await
            .context("cannot start the scheduler")?;
        let door = ingest::run(&ingest_config(stage, secret)?, &programs.ingest)
            .await
            .context("cannot start ingest")?;
        let api = api::run(&api_config(stage)?, &programs.api).await.context("cannot start the api")?;
        Ok(Self { webhook_url: format!("http://{door}"), api_url: format!("http://{api}"), ..programs })
    }

    /// Resolves when one of them gives up.
    pub async fn one_ended(&self) {
        let [one, other] = self.workers.each_ref().map(Lifecycle::stopping);
        let [ingest, scheduler, api] = [&self.ingest, &self.scheduler, &self.api].map(Lifecycle::stopping);
        tokio::select! {
            () = one.cancelled() => {}
            () = other.cancelled() => {}
            () = ingest.cancelled() => {}
            () = scheduler.cancelled() => {}
            () = api.cancelled() => {}
        }
    }

    /// Stops them in the order of the stream.
    pub async fn stop(self) {
        self.ingest.shut_down().await;
        self.scheduler.shut_down().await;
        self.api.shut_down().await;
        let [one, other] = self.workers;
        tokio::join!(one.shut_down(), other.shut_down());
    }
}

fn ingest_config(stage: &Stage, secret: &str) -> anyhow::Result<ingest::Config> {
    Ok(ingest::Config {
        ingest_addr: address(USUAL_PORT),
        ingest_connections: 256,
        ingest_channels: 1,
        door: DoorConfig {
            smartcar_webhook_secret: Secrets::parse(secret)?,
            accept_unsigned_verify: false,
            body_ms: 5_000,
            confirm_ms: 2_000,
            requests_in_hand: 1024,
        },
        spool: SpoolConfig { database_url: Some(stage.database_url.clone()), spool_ms: 2_500 },
        broker: stage.broker.clone(),
        telemetry: telemetry(),
        lifecycle: GRACE,
    })
}

fn worker_config(stage: &Stage) -> anyhow::Result<worker::Config> {
    Ok(worker::Config {
        batch: BatchConfig { batch_size: 200, batch_wait_ms: 20, batches_at_once: 2 },
        jobs: JobsConfig { polls_at_once: 4 },
        connections: nobody_to_ask()?,
        broker: stage.broker.clone(),
        database: database(stage),
        metrics: NO_METRICS,
        telemetry: telemetry(),
        lifecycle: GRACE,
    })
}

fn scheduler_config(stage: &Stage) -> scheduler::Config {
    scheduler::Config {
        events_retention_days: 30,
        look_every_seconds: 1,
        sweep_every_seconds: 5,
        budget: BUDGET,
        broker: stage.broker.clone(),
        database: database(stage),
        metrics: NO_METRICS,
        telemetry: telemetry(),
        lifecycle: GRACE,
    }
}

/// Nobody has a token of this demo's: its secret is made for it, and forgotten with it.
fn api_config(stage: &Stage) -> anyhow::Result<api::Config> {
    Ok(api::Config {
        api_addr: address(USUAL_API_PORT),
        api_connections: 128,
        openapi: false,
        jwt: JwtConfig {
            jwt_secret: Some(format!("{}{}", Uuid::new_v4(), Uuid::new_v4()).into()),
            jwks_url: None,
            jwt_audience: "authenticated".to_owned(),
            jwt_issuer: None,
        },
        allowance: AllowanceConfig {
            requests_per_minute: 240,
            requests_per_minute_and_address: 1_200,
            actions_per_minute: 12,
            proxies: 0,
        },
        connections: nobody_to_ask()?,
        database: database(stage),
        telemetry: telemetry(),
        lifecycle: GRACE,
    })
}

/// The demo's cars are connected from the beginning. Without credentials nobody is asked for anything, whatever is in the
/// environment of whoever runs it.
fn nobody_to_ask() -> anyhow::Result<ConnectionsConfig> {
    let nowhere = || Url::parse("http://127.0.0.1:1").context("cannot write down an address");
    Ok(ConnectionsConfig {
        token_encryption_keys: None,
        carvetka_origin: Vec::new(),
        free_vehicles: 1,
        budget: BUDGET,
        smartcar: ClientConfig {
            smartcar_api_version: ApiVersion::V3,
            smartcar_mode: Mode::Simulated,
            smartcar_application_id: None,
            smartcar_client_id: None,
            smartcar_client_secret: None,
            smartcar_redirect_uri: None,
            smartcar_webhook_secret: None,
            smartcar_api_origin: nowhere()?,
            smartcar_auth_origin: nowhere()?,
            smartcar_iam_origin: nowhere()?,
            smartcar_connect_origin: nowhere()?,
            smartcar_management_api_origin: None,
            smartcar_vehicle_api_v3_origin: nowhere()?,
        },
    })
}

fn database(stage: &Stage) -> DatabaseConfig {
    DatabaseConfig { database_url: stage.database_url.clone(), database_connections: 6 }
}

/// Not used: the demo has set up the log already.
fn telemetry() -> TelemetryConfig {
    TelemetryConfig {
        log_format: LogFormat::Text,
        log_filter: "info".to_owned(),
        otel_exporter_otlp_endpoint: None,
        trace_share: 0.0,
    }
}

/// The usual address if it is free, else any.
fn address(usual_port: u16) -> SocketAddr {
    let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, usual_port));
    match TcpListener::bind(usual) {
        Ok(_) => usual,
        Err(_) => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
    }
}
