//! What charging costs: what people write, what they are told beforehand, and what the books say afterwards.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::fixture::{Fixture, Somebody};
use crate::past::Past;

fn flat(price: f64) -> Value {
    json!({ "currency": "EUR", "timeZone": "Europe/Berlin", "parts": { "energy": [{ "perKwh": price }], "meter": "battery" } })
}

fn since(moment: &str, version: &Value) -> Value {
    let mut version = version.clone();
    version["validFrom"] = json!(moment);
    version
}

fn usual(version: &Value) -> Value {
    json!({ "name": "City works", "isDefault": true, "version": version })
}

async fn fixture() -> (Fixture, Somebody) {
    let fixture = Fixture::new(&["--actions-per-minute", "1000"]).await;
    let ann = fixture.somebody().await;
    (fixture, ann)
}

#[tokio::test]
async fn a_tariff_is_written_read_listed_renamed_ended_and_deleted() {
    let (fixture, ann) = fixture().await;
    let parts = json!({
        "energy": [
            { "perKwh": 0.2194, "when": { "weekdays": ["mon", "fri"], "from": "22:00", "to": "06:00", "months": [1, 11, 12] } },
            { "perKwh": 0.35, "aboveKwh": 20 }, { "perKwh": 0.31 },
        ],
        "meter": "grid",
        "minutes": [{ "perMinute": 0.1, "of": "idle", "afterMinutes": 240, "cap": 12 }],
        "sessionFee": 0.5,
        "freeKwh": 2,
    });
    let version = json!({ "validFrom": "2026-01-01T00:00:00Z", "currency": "EUR", "timeZone": "Europe/Berlin", "parts": parts });
    let input = json!({ "name": " Night tariff ", "network": "EnBW", "isDefault": true, "version": version });
    let written = fixture.post(&ann, "/api/tariffs", &input).await;
    assert_eq!(written.status, 201, "{}", written.text);
    let place = written.header("location").to_owned();
    assert_eq!(written.json["name"], "Night tariff");
    let said = &written.json["versions"][0];
    assert_eq!((&said["validFrom"], &said["validTo"]), (&json!("2026-01-01T00:00:00Z"), &json!(null)));
    assert_eq!(said["parts"]["energy"][0]["when"], parts["energy"][0]["when"]);
    assert_eq!(said["parts"]["minutes"][0]["cap"], json!(12.0));
    assert_eq!(fixture.get(&ann, &place).await.json, written.json);
    assert_eq!(fixture.get(&ann, "/api/tariffs").await.json, json!({ "items": [written.json] }));

    let patch =
        json!({ "name": "Night", "network": null, "isDefault": false, "endsAt": "2026-06-01T00:00:00Z" });
    let changed = fixture.patch(&ann, &place, &patch).await.json;
    assert_eq!((&changed["name"], &changed["network"]), (&json!("Night"), &json!(null)));
    assert_eq!(changed["versions"][0]["validTo"], "2026-06-01T00:00:00Z");
    assert_eq!(
        fixture.patch(&ann, &place, &json!({})).await.json,
        changed,
        "nothing to change is no mistake"
    );

    assert_eq!(fixture.delete(&ann, &place).await.status, 204);
    assert_eq!(fixture.delete(&ann, &place).await.verdict(), "404 entry_not_found");
    assert_eq!(fixture.get(&ann, &place).await.verdict(), "404 entry_not_found");
}

#[tokio::test]
async fn a_new_version_leaves_the_past_alone_and_one_that_is_taken_back_was_never_there() {
    let (fixture, ann) = fixture().await;
    let input = usual(&since("2026-01-01T00:00:00Z", &flat(0.3)));
    let place = fixture.post(&ann, "/api/tariffs", &input).await.header("location").to_owned();
    let versions = format!("{place}/versions");
    let from_then = since("2026-03-01T00:00:00Z", &flat(0.4));
    let later = fixture.post(&ann, &versions, &from_then).await;
    assert_eq!(later.status, 201, "{}", later.text);
    let told = |tariff: &Value| -> Vec<String> {
        let versions = tariff["versions"].as_array().unwrap();
        let word = |version: &Value| {
            let price = &version["parts"]["energy"][0]["perKwh"];
            format!("{} to {} at {price}", version["validFrom"], version["validTo"]).replace('"', "")
        };
        versions.iter().map(word).collect()
    };
    assert_eq!(
        told(&later.json),
        ["2026-01-01T00:00:00Z to 2026-03-01T00:00:00Z at 0.3", "2026-03-01T00:00:00Z to null at 0.4",]
    );
    // Between both, and one that corrects what was said of the same moment.
    fixture.post(&ann, &versions, &since("2026-02-01T00:00:00Z", &flat(0.9))).await;
    let corrected = fixture.post(&ann, &versions, &since("2026-02-01T00:00:00Z", &flat(0.35))).await;
    assert_eq!(
        told(&corrected.json),
        [
            "2026-01-01T00:00:00Z to 2026-02-01T00:00:00Z at 0.3",
            "2026-02-01T00:00:00Z to 2026-03-01T00:00:00Z at 0.35",
            "2026-03-01T00:00:00Z to null at 0.4",
        ]
    );
    assert_eq!(fixture.delete(&ann, corrected.header("location")).await.status, 204);
    assert_eq!(fixture.delete(&ann, corrected.header("location")).await.verdict(), "404 entry_not_found");
    assert_eq!(told(&fixture.get(&ann, &place).await.json), told(&later.json));
}

#[tokio::test]
async fn a_tariff_that_cannot_be_is_refused_with_the_name_of_the_field() {
    let (fixture, ann) = fixture().await;
    let with = |name: &str, value: Value| {
        let mut version = flat(0.3);
        version[name] = value;
        usual(&version)
    };
    let parts = |parts: Value| with("parts", parts);
    let energy = |price: Value| parts(json!({ "energy": [price] }));
    for (body, field) in [
        (json!({ "name": "", "version": flat(0.3) }), "name"),
        (json!({ "name": "x" }), "version"),
        (with("currency", json!("Euro")), "version.currency"),
        (with("timeZone", json!("Berlin")), "version.timeZone"),
        (with("validFrom", json!("tomorrow")), "version.validFrom"),
        (with("validFrom", json!("2999-01-01T00:00:00Z")), "version.validFrom"),
        (parts(json!({})), "version.parts"),
        (parts(json!({ "sessionFee": -1 })), "version.parts"),
        (parts(json!({ "energie": [] })), "version.parts.energie"),
        (energy(json!({ "perKwh": "cheap" })), "version.parts.energy[0].perKwh"),
        (energy(json!({ "perKwh": 0.3, "when": { "from": "25:00" } })), "version.parts.energy[0].when.from"),
        (
            energy(json!({ "perKwh": 0.3, "when": { "weekdays": ["Monday"] } })),
            "version.parts.energy[0].when.weekdays",
        ),
        (energy(json!({ "perKwh": 0.3, "when": { "months": [13] } })), "version.parts.energy[0].when.months"),
        (energy(json!({ "perKwh": 0.3, "when": { "weekdays": [] } })), "version.parts"),
    ] {
        for address in ["/api/tariffs", "/api/tariffs/preview"] {
            let refused = fixture.post(&ann, address, &body).await;
            assert_eq!(refused.verdict(), "422 invalid_field", "{body}");
            assert_eq!(refused.json["field"], field, "{body}: {}", refused.text);
        }
    }
    assert_eq!(fixture.get(&ann, "/api/tariffs").await.json["items"], json!([]));
}

#[tokio::test]
async fn somebody_elses_tariff_is_answered_like_one_that_does_not_exist() {
    let (fixture, ann) = fixture().await;
    let eve = fixture.somebody().await;
    let written = fixture.post(&ann, "/api/tariffs", &usual(&flat(0.3))).await;
    let own = written.header("location").to_owned();
    let version = written.json["versions"][0]["id"].as_str().unwrap().to_owned();
    for place in [own.clone(), format!("/api/tariffs/{}", Uuid::new_v4()), "/api/tariffs/no-id".to_owned()] {
        let answers = [
            fixture.get(&eve, &place).await,
            fixture.patch(&eve, &place, &json!({ "name": "mine" })).await,
            fixture.delete(&eve, &place).await,
            fixture.post(&eve, &format!("{place}/versions"), &flat(9.0)).await,
            fixture.post(&eve, &format!("{place}/preview"), &flat(9.0)).await,
            fixture.delete(&eve, &format!("{place}/versions/{version}")).await,
        ];
        for answer in answers {
            assert_eq!(answer.verdict(), "404 entry_not_found", "{place}");
            assert_eq!(answer.json["detail"], "You have no such tariff.");
        }
    }
    assert_eq!(fixture.get(&eve, "/api/tariffs").await.json["items"], json!([]));
    assert_eq!(fixture.get(&ann, &own).await.json, written.json);
}

#[tokio::test]
async fn a_preview_says_what_the_books_say_after_the_tariff_is_written_and_writes_nothing() {
    let (fixture, ann) = fixture().await;
    let past = Past::of(&fixture, &ann).await;
    past.replay(&fixture).await;
    assert_eq!(past.sessions(&fixture).await, ["02-16 20 kWh", "02-18 10 kWh"]);

    let input = usual(&since("2026-02-01T00:00:00Z", &flat(0.3)));
    let preview = fixture.post(&ann, "/api/tariffs/preview", &input).await;
    assert_eq!(preview.status, 200, "{}", preview.text);
    let changes = preview.json["sessions"].as_array().unwrap();
    let told: Vec<_> = changes.iter().map(|one| (&one["before"], &one["after"]["amount"])).collect();
    assert_eq!(told, [(&json!(null), &json!(3.0)), (&json!(null), &json!(6.0))]);
    assert_eq!(fixture.get(&ann, "/api/tariffs").await.json["items"], json!([]), "a preview writes nothing");
    assert_eq!(past.dirty(&fixture).await, 0, "and has nothing priced anew");

    let place = fixture.post(&ann, "/api/tariffs", &input).await.header("location").to_owned();
    past.replay(&fixture).await;
    assert_eq!(past.sessions(&fixture).await, ["02-16 20 kWh 6 EUR", "02-18 10 kWh 3 EUR"]);
    assert_eq!(past.expenses(&fixture).await, ["02-16 6 EUR", "02-18 3 EUR"]);

    // From between both sessions on, another price: the first keeps its own.
    let dearer = since("2026-02-17T00:00:00Z", &flat(0.5));
    let preview = fixture.post(&ann, &format!("{place}/preview"), &dearer).await.json;
    assert_eq!(preview["sessions"].as_array().unwrap().len(), 1, "{preview}");
    assert_eq!(
        (&preview["sessions"][0]["before"]["amount"], &preview["sessions"][0]["after"]["amount"]),
        (&json!(3.0), &json!(5.0))
    );
    let same = fixture
        .post(&ann, &format!("{place}/preview"), &since("2026-02-17T00:00:00Z", &flat(0.3)))
        .await
        .json;
    assert_eq!((&same["sessions"], &same["unchanged"]), (&json!([]), &json!(1)));
    fixture.post(&ann, &format!("{place}/versions"), &dearer).await;
    past.replay(&fixture).await;
    assert_eq!(past.sessions(&fixture).await, ["02-16 20 kWh 6 EUR", "02-18 10 kWh 5 EUR"]);
    assert_eq!(past.expenses(&fixture).await, ["02-16 6 EUR", "02-18 5 EUR"]);

    // Without it nothing is known again: no price is no zero.
    assert_eq!(fixture.delete(&ann, &place).await.status, 204);
    past.replay(&fixture).await;
    assert_eq!(past.sessions(&fixture).await, ["02-16 20 kWh", "02-18 10 kWh"]);
    assert_eq!(past.expenses(&fixture).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_price_that_a_person_typed_stays_whatever_tariffs_say() {
    let (fixture, ann) = fixture().await;
    let past = Past::of(&fixture, &ann).await;
    past.replay(&fixture).await;
    sqlx::query("UPDATE charging_sessions SET cost = 7.77, currency = 'CHF' WHERE energy_kwh = 20")
        .execute(fixture.pool())
        .await
        .unwrap();
    past.replay(&fixture).await;
    let input = usual(&since("2026-02-01T00:00:00Z", &flat(0.3)));
    let preview = fixture.post(&ann, "/api/tariffs/preview", &input).await.json;
    assert_eq!(
        (preview["sessions"].as_array().unwrap().len(), &preview["locked"]),
        (1, &json!(1)),
        "{preview}"
    );
    fixture.post(&ann, "/api/tariffs", &input).await;
    past.replay(&fixture).await;
    assert_eq!(past.sessions(&fixture).await, ["02-16 20 kWh 7.77 CHF", "02-18 10 kWh 3 EUR"]);
    assert_eq!(past.expenses(&fixture).await, ["02-16 7.77 CHF", "02-18 3 EUR"]);
}

#[tokio::test]
async fn only_a_whole_price_is_an_expense_and_a_part_is_told_with_the_sums() {
    let (fixture, ann) = fixture().await;
    let past = Past::of(&fixture, &ann).await;
    // Until 19:00 only: the first session went on from 18:00 to 20:00, evenly.
    let mut version = since("2026-02-01T00:00:00Z", &flat(0.3));
    version["parts"]["energy"][0]["when"] = json!({ "from": "00:00", "to": "20:00" });
    let written = fixture.post(&ann, "/api/tariffs", &usual(&version)).await;
    assert_eq!(written.status, 201, "{}", written.text);
    past.replay(&fixture).await;
    assert_eq!(past.sessions(&fixture).await, ["02-16 20 kWh 3 EUR of 0.5", "02-18 10 kWh"]);
    assert_eq!(past.expenses(&fixture).await, Vec::<String>::new());
    let costs =
        fixture.get(&ann, &format!("/api/cars/{}/costs?to=2026-03-01T00:00:00Z", past.car)).await.json;
    let charging: Vec<_> = costs["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sum| json!([sum["category"], sum["currency"], sum["amount"], sum["partial"], sum["unpriced"]]))
        .collect();
    assert_eq!(charging, [json!(["charging", "EUR", 3.0, 1, 0]), json!(["charging", null, null, 0, 1])]);
}

#[tokio::test]
async fn a_place_that_names_a_tariff_has_no_other() {
    let (fixture, ann) = fixture().await;
    let past = Past::of(&fixture, &ann).await;
    fixture.post(&ann, "/api/tariffs", &usual(&since("2026-02-01T00:00:00Z", &flat(0.3)))).await;
    let free = json!({ "name": "At work", "version": since("2026-02-01T00:00:00Z", &flat(0.0)) });
    let free = fixture.post(&ann, "/api/tariffs", &free).await.json;
    let fence: Uuid = sqlx::query_scalar(
        "INSERT INTO geofences (user_id, name, latitude, longitude, radius_m, tariff_id)
         VALUES ($1, 'work', 0, 10, 150, $2::uuid) RETURNING id",
    )
    .bind(ann.id)
    .bind(free["id"].as_str().unwrap())
    .fetch_one(fixture.pool())
    .await
    .unwrap();
    past.replay(&fixture).await;
    // Free is a price: zero, and an expense of zero.
    assert_eq!(past.sessions(&fixture).await, ["02-16 20 kWh 0 EUR", "02-18 10 kWh 3 EUR"]);
    let place = format!("/api/tariffs/{}", free["id"].as_str().unwrap());
    assert_eq!(fixture.get(&ann, &place).await.json["places"], json!([fence]));
    // The tariff goes: the place names none, so the usual one counts there.
    fixture.delete(&ann, &place).await;
    past.replay(&fixture).await;
    assert_eq!(past.sessions(&fixture).await, ["02-16 20 kWh 6 EUR", "02-18 10 kWh 3 EUR"]);
}
