//! The programs of the pipeline, in this process, each with a lifecycle of its own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::Context;
use ingest::{DoorConfig, SpoolConfig};
use runtime::config::{DatabaseConfig, LifecycleConfig, LogFormat, MetricsConfig, TelemetryConfig};
use runtime::lifecycle::Lifecycle;
use smartcar::signature::Secrets;
use worker::BatchConfig;

use super::stage::Stage;

pub struct Programs {
    /// Where the door stands: `http://127.0.0.1:8080`.
    pub webhook_url: String,
    ingest: Lifecycle,
    workers: [Lifecycle; 2],
    scheduler: Lifecycle,
}

const GRACE: LifecycleConfig = LifecycleConfig { shutdown_grace: 8 };
/// All programs of a process share their metrics; the door shows them.
const NO_METRICS: MetricsConfig = MetricsConfig { metrics_addr: None };
/// Where the door stands if nobody else does.
const USUAL_PORT: u16 = 8080;

impl Programs {
    /// Starts ingest, two workers and the scheduler.
    pub async fn start(stage: &Stage, secret: &str) -> anyhow::Result<Self> {
        let programs = Self {
            webhook_url: String::new(),
            ingest: Lifecycle::new(GRACE.grace()),
            workers: [Lifecycle::new(GRACE.grace()), Lifecycle::new(GRACE.grace())],
            scheduler: Lifecycle::new(GRACE.grace()),
        };
        for worker in &programs.workers {
            worker::start(&worker_config(stage), worker).await.context("cannot start a worker")?;
        }
        scheduler::start(&scheduler_config(stage), &programs.scheduler)
            .await
            .context("cannot start the scheduler")?;
        let door = ingest::run(&ingest_config(stage, secret)?, &programs.ingest)
            .await
            .context("cannot start ingest")?;
        Ok(Self { webhook_url: format!("http://{door}"), ..programs })
    }

    /// Resolves when one of them gives up.
    pub async fn one_ended(&self) {
        let [one, other] = self.workers.each_ref().map(Lifecycle::stopping);
        let [ingest, scheduler] = [&self.ingest, &self.scheduler].map(Lifecycle::stopping);
        tokio::select! {
            () = one.cancelled() => {}
            () = other.cancelled() => {}
            () = ingest.cancelled() => {}
            () = scheduler.cancelled() => {}
        }
    }

    /// Stops them in the order of the stream.
    pub async fn stop(self) {
        self.ingest.shut_down().await;
        self.scheduler.shut_down().await;
        let [one, other] = self.workers;
        tokio::join!(one.shut_down(), other.shut_down());
    }
}

fn ingest_config(stage: &Stage, secret: &str) -> anyhow::Result<ingest::Config> {
    Ok(ingest::Config {
        ingest_addr: address(),
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

fn worker_config(stage: &Stage) -> worker::Config {
    worker::Config {
        batch: BatchConfig { batch_size: 200, batch_wait_ms: 20, batches_at_once: 2 },
        broker: stage.broker.clone(),
        database: database(stage),
        metrics: NO_METRICS,
        telemetry: telemetry(),
        lifecycle: GRACE,
    }
}

fn scheduler_config(stage: &Stage) -> scheduler::Config {
    scheduler::Config {
        events_retention_days: 30,
        look_every_seconds: 1,
        sweep_every_seconds: 5,
        broker: stage.broker.clone(),
        database: database(stage),
        metrics: NO_METRICS,
        telemetry: telemetry(),
        lifecycle: GRACE,
    }
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
fn address() -> SocketAddr {
    let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, USUAL_PORT));
    match TcpListener::bind(usual) {
        Ok(_) => usual,
        Err(_) => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
    }
}
