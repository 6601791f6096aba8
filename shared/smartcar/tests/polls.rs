//! What the answers to our own questions mean: a fixture, and one line for each thing that it says. Real answers too,
//! where they are at hand.
#![expect(clippy::unwrap_used, reason = "tests may")]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use smartcar::webhook::{self, Contents};
use telling::{check, decode, line, told};

mod telling;

#[test]
fn a_batch_of_the_old_api_becomes_the_signals_of_today() {
    check(
        "poll_v2.json",
        r#"
        poll.v2 State (no id)
        car c4d5e6f7 of 5e1d0c9b:
        05-31 08:40:57.000 oem odometer-traveleddistance 42506.3
        05-31 10:17:26.712 fetched internalcombustionengine-fuellevel 58 from 0.58
        05-31 10:17:26.712 fetched internalcombustionengine-range 412.5
        05-31 10:17:25.114 fetched tractionbattery-nominalcapacity 77
        05-31 10:15:06.000 oem charge-ischarging true
        05-31 10:15:06.000 oem charge-detailedchargingstatus "CHARGING"
        05-31 10:15:06.000 oem charge-ischargingcableconnected true
        05-31 10:10:32.000 oem charge-activelimit 80 from 0.8
        05-31 10:15:06.000 oem location-preciselocation at 59436962 24753574
        05-31 10:15:06.000 oem closure-islocked true
        failed tractionbattery-stateofcharge VEHICLE_STATE/ASLEEP
        failed tractionbattery-range VEHICLE_STATE/ASLEEP
        failed internalcombustionengine-oillife COMPATIBILITY/VEHICLE_NOT_CAPABLE
        failed wheel-tires RATE_LIMIT/VEHICLE
        failed vehicleidentification-vin PERMISSION/-
        "#,
    );
}

#[test]
fn paths_that_were_asked_one_by_one_are_one_report() {
    check(
        "poll_v2_one_by_one.json",
        r"
        poll.v2 State (no id)
        car c4d5e6f7 of nobody:
        05-31 08:40:57.000 oem odometer-traveleddistance 42506.693 from 26412.5 mi
        failed tractionbattery-nominalcapacity RESOURCE_NOT_FOUND/PATH
        failed internalcombustionengine-oillife VEHICLE_STATE_ERROR/VS_000
        ",
    );
}

#[test]
fn signals_of_the_present_api_are_those_of_its_webhooks_with_other_times() {
    check(
        "poll_v3.json",
        r#"
        poll.v3 State (no id)
        car c4d5e6f7 of 5e1d0c9b: SKODA Enyaq 2024 BEV
        05-30 10:10:00.098 oem odometer-traveleddistance 42506.3
        05-31 10:17:40.743 fetched tractionbattery-stateofcharge 80
        05-31 10:15:06.000 oem charge-activelimit 80
        05-31 10:15:06.000 oem charge-chargelimits {"activeLimit":80,"unit":"percent","values":[{"limit":80,"type":"GLOBAL"},{"condition":{"address":"Pine road 7","latitude":58.385807,"longitude":24.497074,"name":"Summer house"},"limit":100,"type":"LOCATION"}]}
        05-31 10:15:06.000 oem location-preciselocation at 59436962 24753574
        untimed vehicleidentification-vin "TMBJJ7NX0R0000002"
        failed charge-chargerate VEHICLE_STATE/NOT_CHARGING
        failed closure-fronttrunk PERMISSION/UNKNOWN
        failed internalcombustionengine-oillife COMPATIBILITY/VEHICLE_NOT_CAPABLE
        rejected unknown: the body cannot be read
        "#,
    );
}

#[test]
fn signals_that_were_asked_one_by_one_are_one_report() {
    check(
        "poll_v3_one_by_one.json",
        r"
        poll.v3 State (no id)
        car c4d5e6f7 of 5e1d0c9b: SKODA Enyaq 2024
        05-31 10:16:51.098 oem odometer-traveleddistance 115071.5
        05-31 10:16:51.000 oem tractionbattery-stateofcharge 80
        05-31 10:15:06.000 oem charge-ischarging true
        ",
    );
}

#[test]
fn a_poll_that_was_told_nothing_is_a_delivery_all_the_same() {
    for body in [
        r#"{"poll":"v3","user":"u","vehicle":"vehicle-1","answer":[{"data":[],"meta":{"totalCount":0}}]}"#,
        r#"{"poll":"v3","vehicle":"vehicle-1","answer":[]}"#,
        r#"{"poll":"v2","vehicle":"vehicle-1","answer":{"responses":[]}}"#,
        r#"{"poll":"v2","vehicle":"vehicle-1"}"#,
        r#"{"poll":"v2","vehicle":"vehicle-1","answer":[7,null,"text",[[]]]}"#,
        r#"{"poll":"v3","vehicle":"vehicle-1","answer":[{"data":{"attributes":7}}]}"#,
    ] {
        let delivery = decode(body).unwrap();
        assert_eq!(delivery.contents, Contents::State, "{body}");
        assert_eq!(delivery.reports.len(), 1, "{body}");
        assert_eq!(delivery.reports[0].vehicle.smartcar_vehicle_id, "vehicle-1", "{body}");
        assert_eq!(delivery.reports[0].readings, [], "{body}");
    }
}

#[test]
fn a_poll_about_no_vehicle_says_so() {
    for body in [r#"{"poll":"v3","answer":[]}"#, r#"{"poll":"v3","vehicle":{"id":"x"},"answer":[]}"#] {
        assert_eq!(decode(body).unwrap_err().to_string(), "the delivery names no vehicle");
    }
}

#[test]
fn in_an_answer_that_repeats_a_field_the_last_one_counts() {
    let delivery = decode(
        r#"{"poll":"v2","vehicle":"vehicle-1","answer":[{"responses":[
            {"path":"/odometer","code":200,"body":{"distance":1},"body":{"distance":2},"headers":{"sc-data-age":"2026-05-31T10:15:06Z"}}]}]}"#,
    )
    .unwrap();
    let lines: Vec<String> = delivery.reports[0].readings.iter().map(line).collect();
    assert_eq!(lines, ["05-31 10:15:06.000 oem odometer-traveleddistance 2"]);
}

/// Answers of the real platform. They are not part of the project.
fn captures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/captures").join(folder);
    let files = std::fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

/// The platform's answers in a file: recordings hold them in a list.
fn answers(file: &Path) -> Vec<Value> {
    let json: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    match json {
        Value::Array(list) => list.into_iter().map(|item| item["response"].clone()).collect(),
        one => vec![one],
    }
}

/// All that may be said of any answer: as many things are told as it holds, and none of them in a way that we do not
/// understand.
#[track_caller]
fn check_capture(poll: &str, answer: &Value, name: &str) {
    let body =
        json!({ "poll": poll, "user": "user-1-of-captures", "vehicle": "vehicle-1", "answer": [answer] });
    // Some were recorded after the fixtures' own moment.
    let delivery =
        webhook::decode(body.to_string().as_bytes(), "2026-12-01T00:00:00Z".parse().unwrap()).unwrap();
    let report = &delivery.reports[0];
    let told: usize = report.readings.len() + report.untimed.len() + report.failed.len();
    let rows = ["data", "responses"].iter().find_map(|list| answer[list].as_array()).map_or(1, Vec::len);
    assert!(told >= rows, "{name} tells {told} of {rows}:\n{}", self::told(&delivery));
    let odd: Vec<String> = report.rejected.iter().map(|odd| format!("{}: {}", odd.signal, odd.why)).collect();
    assert_eq!(odd, [""; 0], "{name}");
}

#[test]
fn every_recorded_answer_is_understood_to_its_last_row() {
    let own = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/api").join(name);
    let v2 = |file: &Path| file.file_name().unwrap().to_string_lossy().starts_with("Batch");
    let mut files = vec![("v2", own("batch.json")), ("v3", own("signals.json")), ("v3", own("signal.json"))];
    for file in captures("api-v2") {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        match name.as_str() {
            "SignalV3.json" | "SignalsV3.json" => files.push(("v3", file)),
            // The others of these recordings are what a proxy, or nobody, answered.
            "vw_id_4.ok.json" | "vw_id_4.charging.json" | "vw_id_4.imperial.json" => files.push(("v2", file)),
            _ if v2(&file) => files.push(("v2", file)),
            _ => {}
        }
    }
    files.extend(
        captures("api-v3").into_iter().filter_map(|file| {
            file.file_name()?.to_string_lossy().contains("signal").then_some(("v3", file))
        }),
    );
    for (poll, file) in files {
        for answer in answers(&file) {
            check_capture(poll, &answer, &file.display().to_string());
        }
    }
}
