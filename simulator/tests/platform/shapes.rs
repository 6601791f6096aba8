//! Answers have the shape of those that the real platform gave, wherever captures of them lie beside this
//! repository: the same keys at the same places, with values of the same kind.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::stand_in::{StandIn, login};

/// The folder of the captures, if it is there.
fn captures() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/captures");
    folder.is_dir().then_some(folder)
}

fn capture(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap()
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// What of the captured shape the answer does not have. An absent value may be `null` in one of them, and
/// what the answer has besides is not looked at.
fn missing(captured: &Value, answered: &Value, place: &str, found: &mut Vec<String>) {
    match (captured, answered) {
        (Value::Object(captured), Value::Object(answered)) => {
            for (key, value) in captured {
                match answered.get(key) {
                    Some(other) => missing(value, other, &format!("{place}.{key}"), found),
                    None => found.push(format!("{place}.{key}")),
                }
            }
        }
        (Value::Array(captured), Value::Array(answered)) => {
            if let (Some(one), Some(other)) = (captured.first(), answered.first()) {
                missing(one, other, &format!("{place}[]"), found);
            }
        }
        (Value::Null, _) | (_, Value::Null) => {}
        (one, other) if kind(one) == kind(other) => {}
        (one, other) => found.push(format!("{place}: {} and not {}", kind(one), kind(other))),
    }
}

fn assert_shape(captured: &Value, answered: &Value, name: &str) {
    let mut found = Vec::new();
    missing(captured, answered, "", &mut found);
    assert!(found.is_empty(), "{name}: {found:?}\n{answered:#}");
}

#[tokio::test]
async fn answers_of_v2_have_the_shape_of_the_captures() {
    let Some(folder) = captures().map(|captures| captures.join("api-v2")) else { return };
    let stand_in = StandIn::start().await;
    let hybrid =
        (0..12).map(|number| stand_in.car(number)).find(|car| car.powertrain.as_str() == "PHEV").unwrap();
    let token = stand_in.connect(&login(&hybrid)).await;
    let below = format!("/v2.0/vehicles/{}", hybrid.smartcar_vehicle_id);
    for (path, name) in [
        ("", "GetVehicleInfo.json"),
        ("/odometer", "GetOdometer.json"),
        ("/fuel", "GetFuel.json"),
        ("/battery", "GetBatteryLevel.json"),
        ("/battery/capacity", "GetBatteryCapacity.json"),
        ("/battery/nominal_capacity", "GetNominalCapacity.json"),
        ("/charge", "GetChargingStatus.json"),
        ("/charge/limit", "GetChargeLimit.json"),
        ("/location", "GetLocation.json"),
        ("/tires/pressure", "GetTirePressure.json"),
        ("/engine/oil", "GetEngineOil.json"),
        ("/security", "GetVehicleLockStatus.json"),
        ("/vin", "GetVehicleVin.json"),
        ("/permissions", "GetPermissions.json"),
        ("/diagnostics/system_status", "GetDiagnosticSystemStatus.json"),
        ("/diagnostics/dtcs", "GetDiagnosticTroubleCodes.json"),
        ("/service/history", "ServiceHistory.json"),
    ] {
        let answer = stand_in.get(&token, &format!("{below}{path}")).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert_shape(&capture(&folder, name), &answer.body, name);
    }
    for (path, name) in [("/v2.0/vehicles", "GetVehicles.json"), ("/v2.0/user", "GetUser.json")] {
        assert_shape(&capture(&folder, name), &stand_in.get(&token, path).await.body, name);
    }
    let paths = ["/battery", "/battery/nominal_capacity", "/charge", "/charge/limit"];
    let batch = json!({ "requests": paths.map(|path| json!({ "path": path })) });
    let answer = stand_in.post(&token, &format!("{below}/batch"), &batch).await;
    let captured = &capture(&folder, "vw_id_4.ok.json")[0]["response"];
    for index in 0..paths.len() {
        assert_shape(&captured["responses"][index], &answer.body["responses"][index], paths[index]);
    }
    let error = json!({ "answer": "error", "type": "RATE_LIMIT", "code": "VEHICLE", "retryAfterSeconds": 5 });
    stand_in.trouble("/vin", 1, &error).await;
    let limited = stand_in.get(&token, &format!("{below}/vin")).await;
    assert_shape(&capture(&folder, "ErrorVehicleRateLimit.json"), &limited.body, "an error");
    let refused = stand_in.post(&token, &format!("{below}/batch"), &json!({})).await;
    assert_shape(&capture(&folder, "ErrorValidationV2.json"), &refused.body, "a validation error");
}

#[tokio::test]
async fn answers_of_v3_have_the_shape_of_the_captures() {
    let Some(folder) = captures().map(|captures| captures.join("api-v3")) else { return };
    let stand_in = StandIn::start().await;
    let token = stand_in.application_token().await;
    let empty = stand_in.get(&token, "/v3/connections").await.body;
    assert_shape(&capture(&folder, "list_connections_empty.json"), &empty, "no connections");
    // An ID.4, as in the capture.
    let car = stand_in.car(0);
    stand_in.connect(&login(&car)).await;
    let listed = stand_in.get(&token, "/v3/connections").await.body;
    assert_shape(&capture(&folder, "list_connections.json"), &listed, "connections");

    let path = format!("/v3/vehicles/{}/signals", car.smartcar_vehicle_id);
    let signals = stand_in.get_as(&token, &car.smartcar_user_id, &path).await.body;
    let captured = capture(&folder, "vw_id_4_signals.json");
    for part in ["meta", "links", "included"] {
        assert_shape(&captured[part], &signals[part], part);
    }
    let mut compared = 0;
    for row in signals["data"].as_array().unwrap() {
        let same = |other: &&Value| {
            other["id"] == row["id"]
                && other["attributes"]["status"]["value"] == row["attributes"]["status"]["value"]
        };
        if let Some(other) = captured["data"].as_array().unwrap().iter().find(same) {
            compared += 1;
            let mut other = other.clone();
            if other["attributes"]["status"]["value"] == "ERROR" {
                // An error may come with the last value and its times, or without.
                other["attributes"]["body"] = Value::Null;
                other["meta"] = json!({ "ingestedAt": other["meta"]["ingestedAt"] });
            } else if let Some(body) = other["attributes"]["body"].as_object_mut() {
                // Seen with and without.
                body.remove("heading");
            }
            other["attributes"].as_object_mut().unwrap().retain(|_, value| !value.is_null());
            assert_shape(&other, row, row["id"].as_str().unwrap());
        }
    }
    assert!(compared >= 7, "{compared} signals were compared");
    let vin =
        stand_in.get_as(&token, &car.smartcar_user_id, &format!("{path}/vehicleidentification-vin")).await;
    assert_shape(&capture(&folder, "get_vin_signal.json"), &vin.body, "one signal");
}
