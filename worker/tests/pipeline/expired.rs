//! Books whose readings are gone, because an operator let them expire: nobody can conclude again what is written.

use serde_json::Value;

use crate::story::{DAYS, household};
use crate::support::{Car, Pipeline};

/// The last moment of [`DAYS`].
const KEPT_UNTIL: &str = "2026-02-22T08:00:00+00:00";

/// All rows that rest on nothing newer than that.
async fn kept(pipeline: &Pipeline) -> Vec<String> {
    let mut kept = Vec::new();
    for table in pipeline.books().await {
        let (name, rows) = table.split_once(' ').unwrap();
        let rows: Vec<Value> = serde_json::from_str(rows).unwrap();
        let is_kept = |row: &&Value| row["evidence_until"].as_str().is_some_and(|until| until <= KEPT_UNTIL);
        kept.extend(rows.iter().filter(is_kept).map(|row| format!("{name} {row}")));
    }
    kept
}

#[tokio::test]
async fn what_is_kept_until_then_stays_as_it_is_whatever_comes_later() {
    let (car, mut pipeline) = (Car::new(), Pipeline::new().await);
    household(&pipeline, &car).await;
    pipeline.worker(200).await;
    pipeline.tell(&car, DAYS).await;
    let written = kept(&pipeline).await;
    assert!(written.len() > 20, "{written:#?}");
    pipeline.person("DELETE FROM readings").await;
    pipeline.person("DELETE FROM vehicle_states").await;

    let entries = pipeline.book(&car).await.len();
    for line in [
        "6d 12:00 km 1110 soc 75 at 9000",
        "6d 13:00 km 1130 soc 70 at 5000",
        // Of the time whose readings are gone: others would follow from it than from all of them.
        "0d 09:00 km 1040 fuel 20 soc 45 at 5000",
        "5d 20:00 km 1096 soc 20 charging yes kwh 0",
        "6d 18:00 km 1150 soc 60 at 9000",
    ] {
        pipeline.tell(&car, line).await;
        assert_eq!(kept(&pipeline).await, written, "after {line}");
    }
    assert_eq!(pipeline.book(&car).await.len(), entries + 3);
    pipeline.replay_in_vain(&car).await;
    assert_eq!(kept(&pipeline).await, written, "after a replay");
    pipeline.stop().await;
}
