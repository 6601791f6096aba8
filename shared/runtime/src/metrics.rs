//! The process's metrics in Prometheus's text form. Programs name their own series with the crate `metrics`;
//! this is where they are gathered.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

pub use metrics_exporter_prometheus::PrometheusHandle;

/// Seconds, from half a millisecond to beyond the 15 s after which Smartcar gives up on a webhook.
const SECONDS: [f64; 16] =
    [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0];

/// Bytes, from an empty body to the largest that the door takes (64 KiB).
const BYTES: [f64; 8] = [256.0, 1_024.0, 2_048.0, 4_096.0, 8_192.0, 16_384.0, 32_768.0, 65_536.0];

/// How often histograms are emptied into their buckets. Without that their samples pile up in memory when nobody
/// scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

static INSTALLED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

/// Makes this process gather its metrics, and gives the handle that renders them.
///
/// Calling it again gives the same handle: metrics belong to the process, and tests run several programs in one.
/// Histograms whose names end in `_seconds` or `_bytes` get the buckets that fit.
///
/// # Errors
///
/// If something else in the process gathers metrics already.
pub fn install() -> anyhow::Result<PrometheusHandle> {
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*installed {
        return Ok(handle.clone());
    }
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_bytes".to_owned()), &BYTES))
        .context("cannot set the buckets of histograms")?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).context("something else gathers metrics in this process")?;
    *installed = Some(handle.clone());
    Ok(handle)
}

/// Keeps the memory of histograms flat, until `stop`. A task of every program that installed metrics.
pub async fn upkeep(handle: PrometheusHandle, stop: CancellationToken) -> anyhow::Result<()> {
    let mut ticks = tokio::time::interval(UPKEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        handle.run_upkeep();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_programs_in_one_process_share_their_metrics() {
        let first = install().unwrap();
        let second = install().unwrap();
        metrics::counter!("runtime_test_total").increment(3);
        assert!(first.render().contains("runtime_test_total 3"));
        assert!(second.render().contains("runtime_test_total 3"));
    }

    #[test]
    fn durations_and_sizes_are_counted_in_buckets() {
        let handle = install().unwrap();
        metrics::histogram!("runtime_test_duration_seconds").record(0.003);
        metrics::histogram!("runtime_test_body_bytes").record(3_000.0);
        let text = handle.render();
        assert!(text.contains(r#"runtime_test_duration_seconds_bucket{le="0.005"} 1"#), "{text}");
        assert!(text.contains(r#"runtime_test_body_bytes_bucket{le="4096"} 1"#), "{text}");
    }

    #[tokio::test]
    async fn upkeep_ends_when_it_is_told_to() {
        let stop = CancellationToken::new();
        stop.cancel();
        upkeep(install().unwrap(), stop).await.unwrap();
    }
}
