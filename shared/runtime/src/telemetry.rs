//! Logs to standard error (standard output belongs to what a command was asked for), traces to a collector if there is one, and the trace context's form (W3C) for messages
//! and requests.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, IsTerminal};
use std::panic::{self, PanicHookInfo};
use std::time::Duration;

use anyhow::Context;
use opentelemetry::global;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::{LogFormat, TelemetryConfig};

/// How long the last spans may take to reach the collector when the program ends.
const FLUSH: Duration = Duration::from_secs(1);

/// Sends what is still in memory when it is dropped. Keep it until the program's last line.
#[derive(Debug)]
#[must_use = "dropping it ends the sending of traces"]
pub struct TelemetryGuard {
    traces: Option<SdkTracerProvider>,
}

impl Drop for TelemetryGuard {
    fn drop(&mut self) {
        if let Some(traces) = &self.traces
            && let Err(error) = traces.shutdown_with_timeout(FLUSH)
        {
            tracing::warn!(error = crate::chain(&error), "the last traces were not sent");
        }
    }
}

/// Starts logging, and tracing if the configuration names a collector. `service` is the program's name.
///
/// Calling it again changes nothing: the first call decides for the process, and tests run several programs in one.
///
/// # Errors
///
/// If the filter cannot be read or the exporter cannot be made. An unreachable collector is no error.
pub fn init(config: &TelemetryConfig, service: &'static str) -> anyhow::Result<TelemetryGuard> {
    global::set_text_map_propagator(TraceContextPropagator::new());
    let filter = EnvFilter::try_new(&config.log_filter)
        .with_context(|| format!("cannot read the log filter `{}`", config.log_filter))?;
    if tracing::dispatcher::has_been_set() {
        return Ok(TelemetryGuard { traces: None });
    }
    let traces = config
        .otel_exporter_otlp_endpoint
        .as_deref()
        .map(|endpoint| provider(endpoint, config.trace_share, service))
        .transpose()?;
    let spans = traces.as_ref().map(|traces| {
        tracing_opentelemetry::layer().with_tracer(traces.tracer(service)).with_location(false)
    });
    let subscriber = Registry::default().with(filter).with(lines(config.log_format)).with(spans);
    if subscriber.try_init().is_err() {
        // Another thread was first, between the question above and this line.
        return Ok(TelemetryGuard { traces: None });
    }
    log_panics();
    Ok(TelemetryGuard { traces })
}

fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    match format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    }
}

fn provider(endpoint: &str, share: f64, service: &'static str) -> anyhow::Result<SdkTracerProvider> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        // A general endpoint is a base; the path of each signal is given by OTLP/HTTP's specification.
        .with_endpoint(format!("{endpoint}/v1/traces"))
        .build()
        .with_context(|| format!("cannot send traces to {endpoint}"))?;
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(share))))
        .with_resource(Resource::builder().with_service_name(service).build())
        .build())
}

/// A panic is a record like any other, so that machines that read the log see it whole.
fn log_panics() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if tracing::enabled!(tracing::Level::ERROR) {
            log_panic(panic);
        } else {
            before(panic);
        }
    }));
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let words = panic.payload_as_str().unwrap_or("no words");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let trace = Backtrace::capture();
    let trace = (trace.status() == BacktraceStatus::Captured).then(|| trace.to_string());
    tracing::error!(panic.place = place, panic.backtrace = trace, "panicked: {words}");
}
