//! The wire form, byte for byte. The literals were written by hand from the platform's pages; they are what
//! the decoder of the pipeline has to meet, so change them only with a page or a capture at hand.
#![expect(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use chrono::{DateTime, Duration, Utc};
use simulator::wire::{
    Body, ChargeLimit, ErrorKind, ErrorState, Number, Outcome, Signal, SignalError, Stamp, Times, Tire,
    Triggers, VehicleError, names, vehicle_error, vehicle_state, verify,
};
use simulator::world::{CarIdentity, Powertrain};

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_780_222_660_987).unwrap()
}

fn car() -> CarIdentity {
    CarIdentity {
        smartcar_vehicle_id: "v-1".to_owned(),
        smartcar_user_id: "u-1".to_owned(),
        name: "Blue Octavia".to_owned(),
        make: "SKODA".to_owned(),
        model: "Octavia".to_owned(),
        year: 2024,
        vin: "SIM00000000000001".to_owned(),
        powertrain: Powertrain::Ice,
        tells_powertrain: true,
        tank_capacity_l: Some(45),
        battery_capacity_kwh: None,
    }
}

fn stamp() -> Stamp {
    Stamp { event_id: "e-1".to_owned(), delivery_id: "d-1".to_owned(), delivered_at: at() }
}

fn text(body: Vec<u8>) -> String {
    String::from_utf8(body).unwrap()
}

/// The signals of a delivery of nothing else.
fn check_signal(signal: Signal, expected: &str) {
    let body = text(vehicle_state(&car(), &[signal], &Triggers::First, &stamp()));
    let begin = body.find(r#""signals":["#).unwrap() + r#""signals":["#.len();
    let end = body.find(r#"]},"triggers""#).unwrap();
    assert_eq!(&body[begin..end], expected);
}

#[test]
fn a_vehicle_state_looks_as_on_the_wire() {
    let odometer = Signal::measured(names::ODOMETER, Number::decimal(425_063, 1), "km", at());
    let charge = Signal::failed(names::STATE_OF_CHARGE, SignalError::NOT_CAPABLE);
    let body =
        vehicle_state(&car(), &[odometer, charge], &Triggers::Updated(vec![names::ODOMETER]), &stamp());
    assert_eq!(
        text(body),
        concat!(
            r#"{"eventId":"e-1","eventType":"VEHICLE_STATE","data":{"user":{"id":"u-1"},"#,
            r#""vehicle":{"id":"v-1","make":"SKODA","model":"Octavia","year":2024,"mode":"live","powertrainType":"ICE"},"#,
            r#""signals":[{"code":"odometer-traveleddistance","name":"TraveledDistance","group":"Odometer","#,
            r#""body":{"value":42506.3,"unit":"km"},"#,
            r#""meta":{"oemUpdatedAt":1780222660987,"retrievedAt":1780222660987},"status":{"value":"SUCCESS"}},"#,
            r#"{"name":"StateOfCharge","group":"TractionBattery","code":"tractionbattery-stateofcharge","#,
            r#""status":{"value":"ERROR","error":{"type":"COMPATIBILITY","code":"VEHICLE_NOT_CAPABLE"}}}]},"#,
            r#""triggers":[{"type":"SIGNAL_UPDATED","signal":"#,
            r#"{"name":"TraveledDistance","code":"odometer-traveleddistance","group":"Odometer"}}],"#,
            r#""meta":{"deliveryId":"d-1","deliveredAt":1780222660987,"version":"4.0","#,
            r#""webhookId":"6f0b1f5c-93a4-4c05-8f0e-2f8a5b7a1c44","webhookName":"Carvetka sync","mode":"LIVE","#,
            r#""signalCount":2}}"#,
        )
    );
}

#[test]
fn the_first_delivery_says_so_and_an_untold_powertrain_is_null() {
    let silent = CarIdentity { tells_powertrain: false, ..car() };
    let body = text(vehicle_state(&silent, &[], &Triggers::First, &stamp()));
    assert!(
        body.contains(
            r#""powertrainType":null},"signals":[]},"triggers":[{"type":"FIRST_DELIVERY"}],"meta":"#
        )
    );
}

#[test]
fn what_never_changes_has_zero_times() {
    let vin = Signal::new(names::VIN, Body::Text { value: car().vin }, Times::STATIC);
    check_signal(
        vin,
        concat!(
            r#"{"code":"vehicleidentification-vin","name":"VIN","group":"VehicleIdentification","#,
            r#""body":{"value":"SIM00000000000001"},"meta":{"oemUpdatedAt":0,"retrievedAt":0},"#,
            r#""status":{"value":"SUCCESS"}}"#,
        ),
    );
}

#[test]
fn an_error_may_carry_the_last_value() {
    let body = Body::Measured { value: 30.into(), unit: "km/h" };
    let last = Some((body, Times::new(at() - Duration::seconds(30), at())));
    check_signal(
        Signal {
            name: names::CHARGE_RATE,
            outcome: Outcome::Failed { error: SignalError::NOT_CHARGING, last },
        },
        concat!(
            r#"{"code":"charge-chargerate","name":"ChargeRate","group":"Charge","body":{"value":30,"unit":"km/h"},"#,
            r#""meta":{"oemUpdatedAt":1780222630987,"retrievedAt":1780222660987},"#,
            r#""status":{"value":"ERROR","error":{"type":"VEHICLE_STATE","code":"NOT_CHARGING"}}}"#,
        ),
    );
}

#[test]
fn a_missing_permission_has_a_null_code() {
    check_signal(
        Signal::failed(names::IS_LOCKED, SignalError::NO_PERMISSION),
        concat!(
            r#"{"name":"IsLocked","group":"Closure","code":"closure-islocked","#,
            r#""status":{"value":"ERROR","error":{"type":"PERMISSION","code":null}}}"#,
        ),
    );
}

#[test]
fn bodies_have_their_keys_in_order() {
    for (body, expected) in [
        (Body::Flag { value: true }, r#"{"value":true}"#),
        (Body::Bare { value: 14.into() }, r#"{"value":14}"#),
        (
            Body::Range { value: 472.into(), r#type: "DEFAULT", additional_values: Vec::new(), unit: "km" },
            r#"{"value":472,"type":"DEFAULT","additionalValues":[],"unit":"km"}"#,
        ),
        (
            Body::Position {
                latitude: Number::decimal(52_520_000, 6),
                longitude: Number::decimal(13_405_001, 6),
                location_type: "LAST_PARKED",
            },
            r#"{"latitude":52.52,"longitude":13.405001,"locationType":"LAST_PARKED"}"#,
        ),
        (
            Body::Tires {
                values: vec![Tire { row: 0, column: 1, tire_pressure: 258.into() }],
                row_count: 2,
                column_count: 2,
                unit: "bar",
            },
            r#"{"values":[{"row":0,"column":1,"tirePressure":258}],"rowCount":2,"columnCount":2,"unit":"bar"}"#,
        ),
        (
            Body::ChargeLimits {
                values: vec![ChargeLimit { r#type: "GLOBAL", limit: 80.into(), condition: None }],
                active_limit: Some(80.into()),
                unit: "percent",
            },
            r#"{"values":[{"type":"GLOBAL","limit":80,"condition":null}],"activeLimit":80,"unit":"percent"}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&body).unwrap(), expected);
    }
}

#[test]
fn an_error_is_raised_with_its_way_out() {
    let error = VehicleError {
        kind: ErrorKind::AuthenticationFailed,
        state: ErrorState::Raised,
        signals: Vec::new(),
    };
    assert_eq!(
        text(vehicle_error(&car(), &[error], &stamp())),
        concat!(
            r#"{"eventId":"e-1","eventType":"VEHICLE_ERROR","data":{"user":{"id":"u-1"},"#,
            r#""vehicle":{"id":"v-1","make":"SKODA","model":"Octavia","year":2024,"mode":"live","powertrainType":"ICE"},"#,
            r#""errors":[{"type":"CONNECTED_SERVICES_ACCOUNT","code":"AUTHENTICATION_FAILED","#,
            r#""description":"The user has to sign in to the vehicle's account again.","#,
            r#""docURL":"https://smartcar.com/docs/errors/api-errors/connected-services-account-errors#authentication-failed","#,
            r#""resolution":{"type":"REAUTHENTICATE"},"suggestedUserMessage":"Please connect your car again.","#,
            r#""state":"ERROR"}]},"#,
            r#""meta":{"deliveryId":"d-1","deliveredAt":1780222660987,"version":"4.0","#,
            r#""webhookId":"6f0b1f5c-93a4-4c05-8f0e-2f8a5b7a1c44","webhookName":"Carvetka sync","mode":"LIVE"}}"#,
        )
    );
}

#[test]
fn a_resolved_error_has_no_way_out_anymore() {
    let error = VehicleError {
        kind: ErrorKind::Unreachable,
        state: ErrorState::Resolved,
        signals: vec![names::ODOMETER],
    };
    let body = text(vehicle_error(&car(), &[error], &stamp()));
    assert!(body.contains(concat!(
        r#""errors":[{"type":"VEHICLE_STATE","code":"UNREACHABLE","#,
        r#""description":"The vehicle did not answer in time.","state":"RESOLVED","#,
        r#""signals":[{"name":"TraveledDistance","group":"Odometer","code":"odometer-traveleddistance"}]}]"#,
    )));
}

#[test]
fn the_daily_false_alarm_names_only_signals_that_nobody_reads() {
    let body = text(vehicle_error(&car(), &[VehicleError::noise()], &stamp()));
    assert!(body.contains(concat!(
        r#"[{"type":"PERMISSION","code":null,"description":"The application lacks the permission for this data.","#,
        r#""docURL":"https://smartcar.com/docs/errors/api-errors/permission-errors#null","#,
        r#""resolution":{"type":"REAUTHENTICATE"},"state":"ERROR","#,
        r#""signals":[{"name":"Permissions","group":"VehicleUserAccount","code":"vehicleuseraccount-permissions"},"#,
        r#"{"name":"Role","group":"VehicleUserAccount","code":"vehicleuseraccount-role"}]}]"#,
    )));
}

#[test]
fn the_handshake_carries_a_challenge() {
    assert_eq!(
        text(verify("3a5c8f72-e6d9", &stamp())),
        concat!(
            r#"{"eventId":"e-1","eventType":"VERIFY","data":{"challenge":"3a5c8f72-e6d9"},"#,
            r#""meta":{"version":"4.0","webhookId":"6f0b1f5c-93a4-4c05-8f0e-2f8a5b7a1c44","#,
            r#""webhookName":"Carvetka sync","deliveryId":"d-1","deliveredAt":"2026-05-31T10:17:40.987Z"}}"#,
        )
    );
}
