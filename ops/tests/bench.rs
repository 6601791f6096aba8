//! The whole bench with tiny numbers: every figure is there and nothing was lost. What the figures say is for people.

use std::collections::BTreeSet;
use std::fs;

use clap::Parser;
use ops::Cli;
use serde_json::Value;
use uuid::Uuid;

/// The programs that the bench starts must have been built: `harness::program` says so if they were not.
fn programs_are_built() {
    for name in ["ingest", "worker"] {
        harness::program(name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_is_present_and_positive() {
    programs_are_built();
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("figures.json");
    let scratch = format!("carvetka_bench_{}", Uuid::new_v4().simple());
    let code = ops::run(Cli::parse_from([
        "carvetka",
        "bench",
        "--database-url",
        &harness::database_url(),
        "--amqp-url",
        &harness::amqp_url(),
        "--scratch-database",
        &scratch,
        "--seconds",
        "1",
        "--events",
        "300",
        "--cars",
        "20",
        "--payload",
        "3k",
        "--json",
        json.to_str().unwrap(),
    ]))
    .await;
    assert_eq!(format!("{code:?}"), format!("{:?}", std::process::ExitCode::SUCCESS));

    let report: Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let figures = report["figures"].as_array().unwrap();
    for figure in figures {
        assert!(figure["value"].as_f64().is_some_and(|value| value >= 0.0), "{figure}");
    }
    let rates = figures.iter().filter(|figure| figure["name"] == "deliveries");
    let measured: BTreeSet<(u64, &str)> = rates
        .inspect(|figure| assert!(figure["value"].as_f64() > Some(0.0), "{figure}"))
        .map(|figure| (figure["round"].as_u64().unwrap(), figure["measurement"].as_str().unwrap()))
        .collect();
    assert_eq!(measured.len(), 10, "{measured:?}");
    assert!(report["machine"]["cores"].as_u64() > Some(0), "{}", report["machine"]);
    assert_eq!(report["targets"].as_array().unwrap().len(), 12, "{}", report["targets"]);
}
