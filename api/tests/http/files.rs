//! Files of other programs in, the books out: over HTTP, against the real books.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fixture::{Answered, Fixture, Somebody, meter_entry};
use crate::past::Past;

const FUEL: &str = "date,litres,odometer km,full,totalCost,notes\n\
                    2026-03-04 08:10,41.37,61234,yes,77.73,\n\
                    2026-03-20 17:00,38.2,61900,yes,70.1,=evil()\n\
                    yesterday,20,62100,no,38,\n";

const ASKED: &str = "format=mapping&currency=EUR&volume=l";

async fn bring(fixture: &Fixture, who: &Somebody, car: Uuid, asked: &str, file: &str) -> Answered {
    let path = format!("/api/cars/{car}/imports?{asked}");
    let request = fixture.request(Method::POST, &path).bearer_auth(&who.token);
    fixture.send(request.header("content-type", "text/csv").body(file.to_owned())).await
}

fn figures(report: &Value) -> Value {
    json!([report["new"], report["known"], report["same"], report["impossible"], report["done"]["written"]])
}

#[tokio::test]
async fn a_dry_run_shows_what_an_import_does_and_the_same_file_twice_writes_nothing() {
    let fixture = Fixture::new(&["--actions-per-minute", "1000"]).await;
    let ann = fixture.somebody().await;
    let car = fixture.car(&ann, "Berta").await;
    let book = format!("/api/cars/{car}/fuel-entries");

    let dry = bring(&fixture, &ann, car, &format!("{ASKED}&dryRun=true"), FUEL).await;
    assert_eq!((dry.status, figures(&dry.json)), (200, json!([2, 0, 0, 1, 0])), "{}", dry.text);
    let bad = &dry.json["lines"][2];
    assert_eq!((&bad["line"], &bad["becomes"]), (&json!(4), &json!("impossible")));
    assert!(bad["problem"].as_str().unwrap().contains("yesterday"), "{bad}");
    assert_eq!(fixture.get(&ann, &book).await.json["items"], json!([]));

    let done = bring(&fixture, &ann, car, ASKED, FUEL).await;
    assert_eq!((done.status, figures(&done.json)), (201, json!([2, 0, 0, 1, 2])), "{}", done.text);
    let entries = fixture.get(&ann, &book).await.json["items"].clone();
    assert_eq!((&entries[1]["litres"], &entries[1]["source"]), (&json!(41.37), &json!("import")));
    let again = bring(&fixture, &ann, car, ASKED, FUEL).await;
    assert_eq!((again.status, figures(&again.json)), (200, json!([0, 2, 0, 1, 0])));
    assert_eq!(again.json["id"], json!(null));

    // One is corrected by hand; the import is taken out.
    let place = format!("{book}/{}", entries[0]["id"].as_str().unwrap());
    assert_eq!(fixture.patch(&ann, &place, &json!({ "litres": 38.5 })).await.status, 200);
    let imports = format!("/api/cars/{car}/imports");
    let listed = fixture.get(&ann, &imports).await.json["items"].clone();
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["written"]), (1, &json!(2)), "{listed}");
    let undo = format!("{imports}/{}/undo", done.json["id"].as_str().unwrap());
    let undone = fixture.post(&ann, &undo, &json!({})).await.json;
    assert_eq!(undone, json!({ "deleted": 1, "givenBack": 0, "kept": 1 }));
    assert_eq!(fixture.post(&ann, &undo, &json!({})).await.verdict(), "404 entry_not_found");
    let left = fixture.get(&ann, &book).await.json["items"].clone();
    assert_eq!((left.as_array().unwrap().len(), &left[0]["litres"]), (1, &json!(38.5)));
}

#[tokio::test]
async fn what_the_machine_saw_is_shown_filled_in_and_after_the_undo_the_machines_again() {
    let fixture = Fixture::new(&["--actions-per-minute", "1000"]).await;
    let ann = fixture.somebody().await;
    let past = Past::of(&fixture, &ann).await;
    past.replay(&fixture).await;
    let file =
        "started_at,ended_at,energy_kwh,cost,notes\n2026-02-16 18:05,2026-02-16 19:50,21,6.5,my wallbox\n";
    let asked =
        "format=mapping&kind=charging-sessions&currency=EUR&columns=%7B%22at%22%3A%22started_at%22%7D";
    let dry = bring(&fixture, &ann, past.car, &format!("{asked}&dryRun=true"), file).await;
    assert_eq!(figures(&dry.json), json!([0, 0, 1, 0, 0]), "{}", dry.text);
    assert_eq!(dry.json["lines"][0]["machines"].as_array().unwrap().len(), 1);

    let left =
        bring(&fixture, &ann, past.car, &format!("{asked}&lines=%7B%222%22%3A%22leave%22%7D"), file).await;
    assert_eq!(left.json["done"], json!({ "written": 0, "attached": 0, "replaced": 0 }), "{}", left.text);
    let done = bring(&fixture, &ann, past.car, asked, file).await;
    assert_eq!(done.json["done"], json!({ "written": 0, "attached": 1, "replaced": 0 }), "{}", done.text);
    past.replay(&fixture).await;
    assert_eq!(past.sessions(&fixture).await, ["02-16 21 kWh 6.5 EUR", "02-18 10 kWh"], "not doubled");

    let undo = format!("/api/cars/{}/imports/{}/undo", past.car, done.json["id"].as_str().unwrap());
    let undone = fixture.post(&ann, &undo, &json!({})).await.json;
    assert_eq!(undone, json!({ "deleted": 0, "givenBack": 1, "kept": 0 }));
    past.replay(&fixture).await;
    assert_eq!(past.sessions(&fixture).await, ["02-16 20 kWh", "02-18 10 kWh"]);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_refused_with_what_to_do() {
    let fixture = Fixture::new(&["--actions-per-minute", "1000"]).await;
    let ann = fixture.somebody().await;
    let car = fixture.car(&ann, "Berta").await;
    for (asked, file, verdict, field) in [
        ("format=excel", FUEL, "400 invalid_parameter", Some("format")),
        ("format=mapping&currency=Euro", FUEL, "400 invalid_parameter", Some("currency")),
        ("format=mapping&columns=litres", FUEL, "400 invalid_parameter", Some("columns")),
        ("format=mapping&timeZone=Berlin", FUEL, "400 invalid_parameter", Some("timeZone")),
        ("format=mapping&odd=1", FUEL, "400 invalid_parameter", Some("odd")),
        ("format=mapping", "", "422 broken_file", None),
        ("format=mapping", "a,b\n1,2\n", "422 broken_file", Some("kind")),
        ("format=mapping", "date,litres,odometer\n2026-01-01,1,2\n", "422 broken_file", Some("distance")),
        ("format=fuelio", FUEL, "422 broken_file", Some("format")),
    ] {
        let refused = bring(&fixture, &ann, car, asked, file).await;
        assert_eq!(refused.verdict(), verdict, "{asked} {}", refused.text);
        assert_eq!(refused.json["field"].as_str(), field, "{asked} {}", refused.text);
    }
    let unsaid = bring(&fixture, &ann, car, "format=mapping", "date,litres,odometer\n2026-01-01,1,2\n").await;
    assert!(unsaid.json["detail"].as_str().unwrap().contains("(`distance`: km or mi)"), "{}", unsaid.text);
    let no_currency = bring(&fixture, &ann, car, "format=mapping&volume=l&dryRun=true", FUEL).await;
    let problem = no_currency.json["lines"][0]["problem"].as_str().unwrap();
    assert!(problem.ends_with("(`currency`: EUR)"), "{problem}");
    let path = format!("/api/cars/{car}/imports?{ASKED}");
    let as_json = fixture.post(&ann, &path, &json!({})).await;
    assert_eq!(as_json.verdict(), "415 not_file");
    let large = "x".repeat(17 * 1024 * 1024);
    assert_eq!(bring(&fixture, &ann, car, ASKED, &large).await.verdict(), "413 body_too_large");
    // Larger than any other body may be.
    let long = format!("{FUEL}{}", "\n".repeat(100_000));
    assert_eq!(bring(&fixture, &ann, car, ASKED, &long).await.status, 201);
}

#[tokio::test]
async fn the_books_go_out_as_files_that_come_in_again() {
    let fixture = Fixture::new(&["--actions-per-minute", "1000"]).await;
    let ann = fixture.somebody().await;
    let past = Past::of(&fixture, &ann).await;
    past.replay(&fixture).await;
    bring(&fixture, &ann, past.car, ASKED, FUEL).await;
    let export = format!("/api/cars/{}/export", past.car);
    assert_eq!(fixture.get(&ann, &format!("{export}?format=csv")).await.verdict(), "400 invalid_parameter");
    assert_eq!(fixture.get(&ann, &format!("{export}?kind=cars")).await.verdict(), "400 invalid_parameter");

    let other = fixture.car(&ann, "Anton").await;
    for (kind, rows) in [("fuel-entries", 2), ("charging-sessions", 2)] {
        let file = fixture.get(&ann, &format!("{export}?format=csv&kind={kind}")).await;
        assert_eq!(file.status, 200, "{}", file.text);
        assert_eq!(file.header("content-disposition"), format!("attachment; filename=\"{kind}.csv\""));
        assert_eq!(file.text.lines().count(), rows + 1, "{}", file.text);
        let came = bring(&fixture, &ann, other, "format=carvetka", &file.text).await;
        assert_eq!((came.status, &came.json["done"]["written"]), (201, &json!(rows)), "{}", came.text);
    }
    let whole = fixture.get(&ann, &export).await;
    assert_eq!(whole.header("content-disposition"), "attachment; filename=\"books.json\"");
    assert_eq!(whole.json["chargingSessions"].as_array().unwrap().len(), 2, "{}", whole.text);
    assert_eq!(whole.json["car"]["name"], "Berta");
    let one = fixture.get(&ann, &format!("{export}?kind=fuel-entries")).await.json;
    assert!(one["fuelEntries"].is_array() && one["trips"].is_null(), "{one}");
}

#[tokio::test]
async fn what_a_person_reckons_in_is_kept_and_counts_where_files_do_not_say_theirs() {
    let fixture = Fixture::new(&[]).await;
    let ann = fixture.somebody().await;
    let none = json!({ "currency": null, "timeZone": null, "units": null, "fuelPricePerLitre": null, "language": null });
    assert_eq!(fixture.get(&ann, "/api/preferences").await.json, none);
    let told = json!({ "currency": "CHF", "timeZone": "Europe/Zurich", "units": "metric", "fuelPricePerLitre": 1.83, "language": "de" });
    assert_eq!(fixture.patch(&ann, "/api/preferences", &told).await.json, told);
    for (patch, field) in [
        (json!({ "currency": "chf" }), "currency"),
        (json!({ "timeZone": "Zurich" }), "timeZone"),
        (json!({ "units": "si" }), "units"),
        (json!({ "fuelPricePerLitre": -1 }), "fuelPricePerLitre"),
        (json!({ "language": "klingon" }), "language"),
    ] {
        let refused = fixture.patch(&ann, "/api/preferences", &patch).await;
        assert_eq!(
            (refused.verdict().as_str(), refused.json["field"].as_str()),
            ("422 invalid_field", Some(field))
        );
    }
    let car = fixture.car(&ann, "Berta").await;
    let file = "date,amount,category\n2026-06-30 23:30,12.5,parking\n2026-07-02 10:00,30,tax\n";
    assert_eq!(bring(&fixture, &ann, car, "format=mapping", file).await.status, 201);
    let costs = fixture.get(&ann, &format!("/api/cars/{car}/costs?by=month")).await.json;
    let told: Vec<Value> = costs["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sum| json!([sum["month"], sum["category"], sum["currency"], sum["amount"]]))
        .collect();
    // Half an hour before July in Zürich, and so in its month.
    assert_eq!(told, [json!(["2026-06", "parking", "CHF", 12.5]), json!(["2026-07", "tax", "CHF", 30.0])]);
    assert_eq!(costs["timeZone"], "Europe/Zurich");
    assert_eq!(fixture.patch(&ann, "/api/preferences", &none).await.json, none);
    let path = format!("/api/cars/{car}/costs?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z");
    assert_eq!(fixture.get(&ann, &path).await.verdict(), "400 invalid_parameter");
}

#[tokio::test]
async fn a_person_gets_everything_that_is_known_of_them_and_nothing_of_others() {
    let fixture = Fixture::new(&[]).await;
    let (ann, eve) = (fixture.somebody().await, fixture.somebody().await);
    let (anns, eves) = (fixture.car(&ann, "Berta").await, fixture.car(&eve, "Emma").await);
    let vehicle = fixture.connection(&ann, anns).await;
    for (who, car) in [(&ann, anns), (&eve, eves)] {
        let entry = meter_entry(25_000.0, "2026-02-01T08:00:00Z");
        assert_eq!(fixture.post(who, &format!("/api/cars/{car}/meter-entries"), &entry).await.status, 201);
    }
    let whole = fixture.get(&ann, "/api/export").await;
    assert_eq!(whole.header("content-disposition"), "attachment; filename=\"everything.json\"");
    assert_eq!(whole.json["cars"][0]["id"], json!(anns));
    assert_eq!(whole.json["smartcar_vehicles"][0]["id"], json!(vehicle));
    assert_eq!(whole.json["meter_entries"].as_array().unwrap().len(), 1, "{}", whole.text);
    assert_eq!(whole.json["readings"], json!([]));
    assert!(
        !whole.text.contains(&eves.to_string()) && !whole.text.contains(&eve.id.to_string()),
        "{}",
        whole.text
    );
    let others = fixture.get(&eve, "/api/export").await;
    assert!(
        !others.text.contains(&anns.to_string()) && !others.text.contains(&vehicle.to_string()),
        "{}",
        others.text
    );

    let agreed = fixture.get(&ann, "/api/consents").await.json;
    assert_eq!(
        (&agreed["items"][0]["what"], &agreed["items"][0]["carId"]),
        (&json!("given"), &json!(anns)),
        "{agreed}"
    );
    assert_eq!(fixture.get(&eve, "/api/consents").await.json["items"], json!([]));
}
