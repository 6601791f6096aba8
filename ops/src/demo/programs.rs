//! The programs of the pipeline, in this process, each with a lifecycle of its own.

use anyhow::Context;
use api::{AllowanceConfig, DashboardConfig, JwtConfig, OperatorConfig};
use ingest::{DoorConfig, SpoolConfig};
use notify::NotifyConfig;
use runtime::config::{DatabaseConfig, LifecycleConfig, LogFormat, MetricsConfig, TelemetryConfig};
use runtime::lifecycle::Lifecycle;
use secrecy::ExposeSecret;
use smartcar::signature::Secrets;
use worker::{BatchConfig, JobsConfig};

use super::site::{AUDIENCE, Site};
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
/// All programs of a process share their metrics; the door shows them.
const NO_METRICS: MetricsConfig = MetricsConfig { metrics_addr: None };
/// Of so many requests one asks Smartcar.
const ACTS: u32 = 20;

impl Programs {
    /// Starts ingest, two workers, the scheduler and the api.
    pub async fn start(stage: &Stage, site: &Site) -> anyhow::Result<Self> {
        let programs = Self {
            webhook_url: String::new(),
            api_url: String::new(),
            ingest: Lifecycle::new(GRACE.grace()),
            workers: [Lifecycle::new(GRACE.grace()), Lifecycle::new(GRACE.grace())],
            scheduler: Lifecycle::new(GRACE.grace()),
            api: Lifecycle::new(GRACE.grace()),
        };
        for worker in &programs.workers {
            worker::start(&worker_config(stage, site)?, worker).await.context("cannot start a worker")?;
        }
        scheduler::start(&scheduler_config(stage, site), &programs.scheduler)
            .await
            .context("cannot start the scheduler")?;
        let door = ingest::run(&ingest_config(stage, site)?, &programs.ingest)
            .await
            .context("cannot start ingest")?;
        let api = api::run(&api_config(stage, site)?, &programs.api).await.context("cannot start the api")?;
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

fn ingest_config(stage: &Stage, site: &Site) -> anyhow::Result<ingest::Config> {
    Ok(ingest::Config {
        ingest_addr: site.door,
        ingest_connections: 256,
        ingest_channels: 1,
        door: DoorConfig {
            smartcar_webhook_secret: Secrets::parse(site.management_token.expose_secret())?,
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

fn worker_config(stage: &Stage, site: &Site) -> anyhow::Result<worker::Config> {
    Ok(worker::Config {
        batch: BatchConfig { batch_size: 200, batch_wait_ms: 20, batches_at_once: 2 },
        jobs: JobsConfig { polls_at_once: 4 },
        mileage_only: false,
        notify: NotifyConfig::default(),
        connections: site.connections()?,
        broker: stage.broker.clone(),
        database: database(stage),
        metrics: NO_METRICS,
        telemetry: telemetry(),
        lifecycle: GRACE,
    })
}

fn scheduler_config(stage: &Stage, site: &Site) -> scheduler::Config {
    scheduler::Config {
        events_retention_days: 30,
        look_every_seconds: 1,
        sweep_every_seconds: 5,
        budget: site.budget,
        broker: stage.broker.clone(),
        database: database(stage),
        metrics: NO_METRICS,
        telemetry: telemetry(),
        lifecycle: GRACE,
    }
}

fn api_config(stage: &Stage, site: &Site) -> anyhow::Result<api::Config> {
    Ok(api::Config {
        api_addr: site.api,
        api_connections: 128,
        openapi: false,
        jwt: JwtConfig {
            jwt_secret: Some(site.jwt_secret.clone()),
            jwks_url: None,
            jwt_audience: AUDIENCE.to_owned(),
            jwt_issuer: None,
        },
        allowance: AllowanceConfig {
            requests_per_minute: site.requests_per_minute,
            // All people of the demo are at this one.
            requests_per_minute_and_address: site.requests_per_minute.max(100_000),
            actions_per_minute: site.requests_per_minute / ACTS,
            proxies: 0,
        },
        dashboard: DashboardConfig::default(),
        operators: OperatorConfig {
            operator_token: Some(site.operator_token.clone()),
            amqp_url: Some(stage.broker.amqp_url.clone()),
            amqp_namespace: stage.broker.amqp_namespace.clone(),
        },
        notify: NotifyConfig::default(),
        connections: site.connections()?,
        database: database(stage),
        telemetry: telemetry(),
        lifecycle: GRACE,
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
