//! `carvetka centers import`

use std::fs;

use harness::TestDatabase;

use crate::support::{Ended, carvetka, count, run};

const OVERPASS: &str = r#"{ "version": 0.6, "elements": [
  { "type": "node", "id": 11, "lat": 52.5, "lon": 13.4, "tags": { "shop": "car_repair", "name": "North" } },
  { "type": "way", "id": 12, "center": { "lat": 52.6, "lon": 13.5 }, "tags": { "shop": "tyres", "name": "West" } },
  { "type": "node", "id": 13, "lat": 52.5, "lon": 13.4, "tags": { "shop": "bakery", "name": "Bread" } },
  { "type": "node", "id": 14, "lat": 52.5, "lon": 13.4, "tags": { "shop": "tyres" } }
] }"#;

const GEOJSON: &str = r#"{ "type": "FeatureCollection", "features": [
  { "type": "Feature", "id": "node/11", "properties": { "shop": "car_repair", "name": "North & Sons" },
    "geometry": { "type": "Point", "coordinates": [13.4, 52.5] } },
  { "type": "Feature", "id": "node/15", "properties": { "shop": "tyres", "name": "South" },
    "geometry": { "type": "Point", "coordinates": [13.4, 52.4] } },
  { "type": "Feature", "id": "node/16", "properties": { "shop": "tyres", "name": "Lost" }, "geometry": null }
] }"#;

async fn import(database: &TestDatabase, file: &str, more: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("centers.json");
    fs::write(&path, file).unwrap();
    let own = ["centers", "import", path.to_str().unwrap()];
    run(carvetka(&[&own, more].concat(), &database.url, "unused")).await
}

#[tokio::test]
async fn both_forms_are_taken_over_once_and_what_is_passed_over_is_counted() {
    let database = harness::database().await;
    let passed_over = "passed over: no workshop 1, no name 1, no position 0, no id 0, named twice 0";
    let first = import(&database, OVERPASS, &[]).await;
    assert_eq!(first.code, Some(0), "{}", first.output);
    assert_eq!(first.output, format!("new 2, changed 0, unchanged 0, deleted 0\n{passed_over}"));
    let again = import(&database, OVERPASS, &[]).await;
    assert_eq!(again.output, format!("new 0, changed 0, unchanged 2, deleted 0\n{passed_over}"));
    let other = import(&database, GEOJSON, &[]).await;
    assert!(other.output.starts_with("new 1, changed 1, unchanged 0, deleted 0\n"), "{}", other.output);
    assert!(other.output.contains("no position 1"), "{}", other.output);
    let whole = import(&database, GEOJSON, &["--replace"]).await;
    assert!(whole.output.starts_with("new 0, changed 0, unchanged 2, deleted 1\n"), "{}", whole.output);
    database.close().await;
}

#[tokio::test]
async fn a_file_that_is_broken_or_empty_deletes_nothing() {
    let database = harness::database().await;
    import(&database, OVERPASS, &[]).await;
    let broken_off = OVERPASS.replace("0.6,", r#"0.6, "remark": "runtime error: Query timed out","#);
    for (file, words) in [
        ("<osm>", "the file is no JSON"),
        ("{}", "neither GeoJSON"),
        (broken_off.as_str(), "Overpass did not come to the end"),
        (r#"{ "elements": [] }"#, "nothing was deleted"),
    ] {
        let refused = import(&database, file, &["--replace"]).await;
        assert_eq!(refused.code, Some(1), "{}", refused.output);
        assert!(refused.output.contains(words), "{}", refused.output);
    }
    assert_eq!(count(&database.pool, "SELECT count(*) FROM service_centers").await, 2);
    database.close().await;
}
