//! The hard runs of the bench with tiny numbers: every figure is there, and nothing was lost.

#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::fs;

use clap::Parser;
use ops::Cli;
use serde_json::Value;
use uuid::Uuid;

/// Runs the bench, and gives what it wrote for machines.
async fn report(more: &[&str]) -> Value {
    for name in ["ingest", "worker"] {
        // Says so if it was not built.
        harness::program(name);
    }
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("figures.json");
    let scratch = format!("carvetka_bench_{}", Uuid::new_v4().simple());
    let (database_url, amqp_url) = (harness::database_url(), harness::amqp_url());
    let always = [
        "carvetka",
        "bench",
        "--database-url",
        &database_url,
        "--amqp-url",
        &amqp_url,
        "--scratch-database",
        &scratch,
        "--seconds",
        "1",
        "--events",
        "20",
        "--cars",
        "100",
        "--payload",
        "3k",
        "--rate",
        "50",
        "--json",
        json.to_str().unwrap(),
    ];
    let code = ops::run(Cli::parse_from(always.iter().chain(more))).await;
    assert_eq!(format!("{code:?}"), format!("{:?}", std::process::ExitCode::SUCCESS));
    serde_json::from_slice(&fs::read(&json).unwrap()).unwrap()
}

/// The names of the figures that tell about the whole, each positive.
fn names(report: &Value) -> Vec<&str> {
    let whole =
        report["figures"].as_array().unwrap().iter().filter(|figure| figure["after_seconds"].is_null());
    whole
        .inspect(|figure| assert!(figure["value"].as_f64() > Some(0.0), "{figure}"))
        .map(|figure| figure["name"].as_str().unwrap())
        .collect()
}

/// How many figures of this name are a series.
fn series(report: &Value, name: &str) -> usize {
    let figures = report["figures"].as_array().unwrap().iter();
    figures.filter(|figure| figure["name"] == name && figure["after_seconds"].is_u64()).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_in_the_door_is_measured_beside_calm() {
    let report = report(&["crowds", "--crowd", "100"]).await;
    let expected = [
        "deliveries",
        "in the crowd",
        "p99 calm",
        "p99 crowded",
        "p99 with room for all",
        "ingest memory crowded",
        "ingest memory with room for all",
    ];
    assert_eq!(names(&report), expected);
    assert_eq!(report["targets"].as_array().unwrap().len(), 2, "{}", report["targets"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_is_drained_beside_good_traffic_and_all_of_it_is_stored() {
    let report = report(&["backlog", "--backlog", "300"]).await;
    let expected = ["worker memory", "deliveries", "p99 calm", "p99 draining", "ingest memory"];
    assert_eq!(names(&report), expected);
    assert!(series(&report, "worker memory") > 0);
    assert_eq!(report["targets"].as_array().unwrap().len(), 2, "{}", report["targets"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_soak_tells_each_minute_and_everything_accepted_is_stored() {
    let report = report(&["--soak", "3", "--minute", "1"]).await;
    for name in ["deliveries", "ingest memory at first", "worker memory at last", "p99 at last"] {
        assert!(names(&report).contains(&name), "{name}");
    }
    assert_eq!((series(&report, "ingest memory"), series(&report, "worker memory")), (3, 3));
    assert_eq!(report["targets"].as_array().unwrap().len(), 4, "{}", report["targets"]);
}
