//! What each form of delivery means: a fixture, and one line for each thing that it says.
#![expect(clippy::unwrap_used, reason = "tests may")]

use smartcar::report::Why;
use smartcar::webhook::Contents;
use telling::{check, decode, line, told};

mod telling;

#[test]
fn the_wire_of_2026_is_understood_signal_by_signal() {
    check(
        "v4_state_wire.json",
        r#"
        VEHICLE_STATE State (6f2c1f0e-9d0a-4a37-8a55-1f0f5f4c7e01)
        car e7a2f1c4 of 0d7c1b52: SKODA Enyaq 2024 BEV
        05-30 10:10:00.098 oem odometer-traveleddistance 42506.3
        05-31 10:15:06.000 oem tractionbattery-stateofcharge 80
        05-31 10:15:06.000 oem tractionbattery-range 412
        05-31 10:15:06.000 oem charge-ischarging true
        05-31 10:15:01.000 oem charge-ischargingcableconnected true
        05-31 10:15:06.000 oem charge-detailedchargingstatus "CHARGING"
        05-31 10:15:06.000 oem charge-wattage 4683
        05-31 10:10:32.000 oem charge-activelimit 90
        05-31 10:10:32.000 oem charge-chargelimits {"activeLimit":90,"unit":"percent","values":[{"condition":null,"limit":90,"type":"GLOBAL"}]}
        05-31 10:17:42.839 fetched connectivitysoftware-currentfirmwareversion "4.2.13"
        untimed vehicleidentification-vin "TMBJJ7NX0R0000001"
        untimed tractionbattery-nominalcapacity 77
        failed charge-chargerate VEHICLE_STATE/NOT_CHARGING
        failed location-isathome COMPATIBILITY/VEHICLE_NOT_CAPABLE
        failed closure-islocked PERMISSION/-
        rejected closure-sunroof: there is no value
        "#,
    );
}

#[test]
fn the_wire_of_2025_had_no_status_and_often_no_time() {
    check(
        "v4_state_2025.json",
        r"
        VEHICLE_STATE State (6f2c1f0e-9d0a-4a37-8a55-1f0f5f4c7e02)
        car e7a2f1c4 of 0d7c1b52: CUPRA Born 2022
        09-18 23:29:36.603 oem odometer-traveleddistance 62041
        09-18 23:39:43.086 fetched tractionbattery-stateofcharge 42
        untimed charge-ischarging false
        failed closure-islocked PERMISSION/-
        ",
    );
}

#[test]
fn the_documentations_form_is_understood_although_no_car_sends_it() {
    check(
        "v4_state_docs.json",
        r"
        VEHICLE_STATE State, first (1234567890)
        car e7a2f1c4 of nobody:
        05-31 10:16:51.098 oem odometer-traveleddistance 450
        05-31 10:17:40.987 fetched charge-energyadded 12.3
        failed internalcombustionengine-fuellevel UNAVAILABLE/-
        ",
    );
}

#[test]
fn signals_may_be_an_object_and_times_seconds_or_text() {
    check(
        "v4_state_map.json",
        r"
        VEHICLE_STATE State, first (6f2c1f0e-9d0a-4a37-8a55-1f0f5f4c7e04)
        car e7a2f1c4 of nobody:
        05-31 10:16:51.000 oem odometer-traveleddistance 450
        05-31 10:15:06.000 oem charge-ischarging true
        rejected closure-islocked: the body cannot be read
        ",
    );
}

#[test]
fn the_dashboards_test_delivery_has_no_units_and_some_fractions() {
    check(
        "v4_state_test.json",
        r#"
        VEHICLE_STATE State (6f2c1f0e-9d0a-4a37-8a55-1f0f5f4c7e05)
        car e7a2f1c4 of 0d7c1b52: Tesla Model 3 2020
        07-31 22:13:20.000 oem odometer-traveleddistance 12345.6
        07-31 22:13:20.000 oem internalcombustionengine-fuellevel 58 from 0.58
        07-31 22:13:20.000 oem tractionbattery-nominalcapacity 75
        07-31 22:13:20.000 oem charge-activelimit 80
        07-31 22:13:20.000 oem charge-chargelimits {"values":{"activeLimit":80,"values":[{"limit":80,"type":"global"}]}}
        07-31 22:13:20.000 oem wheel-tires {"unit":"kPa","values":[{"column":0,"row":0,"tirePressure":250},{"column":1,"row":0,"tirePressure":252}]}
        07-31 22:13:20.000 oem location-preciselocation at 59437000 24753600
        rejected tractionbattery-stateofcharge: without a unit the value may be a fraction or a percentage
        "#,
    );
}

#[test]
fn miles_gallons_and_lying_bars_become_canonical_and_keep_their_origin() {
    check(
        "v4_state_imperial.json",
        r#"
        VEHICLE_STATE State, first (6f2c1f0e-9d0a-4a37-8a55-1f0f5f4c7e06)
        car b1d2c3f4 of 0d7c1b52: FORD Kuga 2021
        05-31 10:16:51.098 oem odometer-traveleddistance 42506.693 from 26412.5 miles
        05-31 10:16:51.098 oem internalcombustionengine-fuellevel 75
        05-31 10:16:51.098 oem internalcombustionengine-amountremaining 37.854 from 10 gallons
        05-31 10:16:51.098 oem internalcombustionengine-oillife 85
        05-31 10:16:51.098 oem wheel-tires {"unit":"kPa","values":[{"column":0,"row":0,"tirePressure":258},{"column":1,"row":0,"tirePressure":262},{"column":0,"row":1,"tirePressure":null}]}
        05-31 10:16:51.098 oem lowvoltagebattery-status "GOOD"
        05-31 10:16:51.098 oem climate-externaltemperature {"unit":"fahrenheit","value":68}
        05-31 10:16:51.098 oem diagnostics-dtclist {"values":[]}
        "#,
    );
}

#[test]
fn an_odd_signal_never_takes_its_neighbours_with_it() {
    check(
        "v4_state_odd.json",
        r#"
        VEHICLE_STATE State (6f2c1f0e-9d0a-4a37-8a55-1f0f5f4c7e07)
        car b1d2c3f4 of 0d7c1b52: FORD Kuga 2021
        05-31 10:16:51.098 oem odometer-traveleddistance 100.5
        05-31 10:16:51.098 oem tractionbattery-stateofcharge 55
        05-31 10:16:51.098 oem charge-ischarging false
        05-31 10:16:51.098 oem future-signal {"more":[1,{"a":1,"b":2}],"unit":"parsec","value":5}
        05-31 10:16:51.098 oem future-signal 5.25
        05-31 10:16:51.098 oem future-signal "bare"
        untimed odometer-traveleddistance 100
        failed tractionbattery-stateofcharge STALE/-
        rejected unknown: the body cannot be read
        rejected unknown: the body cannot be read
        rejected unknown: the signal has no code
        rejected unknown: the signal has no code
        rejected odometer-traveleddistance: the value is zero
        rejected odometer-traveleddistance: the value is out of the range of this signal
        rejected odometer-traveleddistance: there is no value
        rejected odometer-traveleddistance: the value is not of the kind that this signal has
        rejected odometer-traveleddistance: the value is out of the range of this signal
        rejected odometer-traveleddistance: the unit "leagues" is unknown for this signal
        rejected odometer-traveleddistance: the moment is in the future
        rejected odometer-traveleddistance: there is no body
        rejected tractionbattery-stateofcharge: the value is not of the kind that this signal has
        rejected tractionbattery-stateofcharge: the value is out of the range of this signal
        rejected charge-ischarging: the value is not of the kind that this signal has
        rejected location-preciselocation: the place is not on earth
        rejected location-preciselocation: the value is one that cars send when they do not know
        "#,
    );
}

#[test]
fn every_form_of_a_fault_is_understood() {
    check(
        "v4_error.json",
        r"
        VEHICLE_ERROR Errors (6f2c1f0e-9d0a-4a37-8a55-1f0f5f4c7e08)
        car e7a2f1c4 of 0d7c1b52: SKODA Enyaq 2024
        10:17:40.000 raised COMPATIBILITY/VEHICLE_NOT_CAPABLE on [vehicleidentification-nickname internalcombustionengine-fuellevel] cure -
        10:17:40.000 raised PERMISSION on [closure-islocked] cure REAUTHENTICATE, asks for consent
        10:17:40.000 raised PERMISSION on [vehicleuseraccount-permissions vehicleuseraccount-role] cure REAUTHENTICATE, noise
        10:17:40.000 raised CONNECTED_SERVICES_ACCOUNT/AUTHENTICATION_FAILED on [] cure REAUTHENTICATE, asks for consent
        10:17:40.000 raised PERMISSION on [] cure REAUTHENTICATE, asks for consent
        10:17:40.000 resolved VEHICLE_STATE/ASLEEP on [] cure -
        ",
    );
}

#[test]
fn positions_are_read_as_places() {
    check(
        "v4_positions.json",
        r#"
        VEHICLE_STATE State (6f2c1f0e-9d0a-4a37-8a55-1f0f5f4c7e10)
        car e7a2f1c4 of 0d7c1b52: SKODA Enyaq 2024
        05-31 10:16:51.098 oem location-preciselocation at 59436962 24753574
        05-31 10:16:51.098 oem location-isathome true
        05-31 10:16:51.098 oem charge-activelimit 80
        05-31 10:16:51.098 oem charge-chargelimits {"activeLimit":80,"unit":"percent","values":[{"condition":null,"limit":80,"type":"GLOBAL"},{"condition":{"address":"Pine road 7","connectorType":null,"latitude":58.385807,"longitude":24.497074,"name":"Summer house"},"limit":100,"type":"LOCATION"}]}
        05-31 10:16:51.098 oem charge-chargerecords {"values":[{"endTime":"2026-05-30T22:00:00Z","energyAdded":31.5,"id":"r1","isPublicCharger":true,"location":{"address":"Quay 3","latitude":59.443591,"longitude":24.767114,"name":"Harbour"},"startTime":"2026-05-30T18:00:00Z"}]}
        05-31 10:16:51.098 oem odometer-traveleddistance 42506.3
        "#,
    );
}

#[test]
fn an_event_of_tomorrow_is_kept() {
    check(
        "v4_unknown_event.json",
        r"
        VEHICLE_SOLD Other (6f2c1f0e-9d0a-4a37-8a55-1f0f5f4c7e09)
        car e7a2f1c4 of 0d7c1b52:
        ",
    );
}

#[test]
fn a_handshake_asks_nothing_of_the_worker() {
    check(
        "v4_verify.json",
        r"
        VERIFY Handshake (52f6e0bb-0000-45da-a61c-9e67d092d6db)
        ",
    );
    check("v2_verify.json", "verify Handshake (no id)");
}

#[test]
fn a_charging_event_of_the_old_api_is_what_the_signals_of_today_say() {
    check(
        "v2_event.json",
        r#"
        eventBased State (6f2c1f0e-9d0a-4a37-8a55-1f0f5f4c7e11)
        car e7a2f1c4 of nobody:
        05-31 10:15:06.000 oem charge-ischarging false
        05-31 10:15:06.000 oem charge-detailedchargingstatus "FULLY_CHARGED"
        "#,
    );
}

#[test]
fn answers_of_the_old_batch_endpoint_become_the_signals_of_today() {
    check(
        "v2_schedule.json",
        r#"
        schedule State (no id)
        car e7a2f1c4 of nobody:
        05-31 08:40:57.000 oem tractionbattery-stateofcharge 58 from 0.58
        05-31 08:40:57.000 oem tractionbattery-range 283.245
        05-31 10:17:25.114 fetched tractionbattery-nominalcapacity 77
        05-31 08:40:57.000 oem charge-ischarging false
        05-31 08:40:57.000 oem charge-detailedchargingstatus "NOT_CHARGING"
        05-31 08:40:57.000 oem charge-ischargingcableconnected true
        05-31 10:17:26.712 fetched charge-activelimit 70 from 0.7
        05-31 08:40:57.000 oem location-preciselocation at 59436962 24753574
        05-31 08:40:57.000 oem v2-horn {"volume":11}
        untimed vehicleidentification-vin "TMBJJ7NX0R0000001"
        failed internalcombustionengine-fuellevel COMPATIBILITY/VEHICLE_NOT_CAPABLE
        failed internalcombustionengine-amountremaining COMPATIBILITY/VEHICLE_NOT_CAPABLE
        failed internalcombustionengine-range COMPATIBILITY/VEHICLE_NOT_CAPABLE
        failed internalcombustionengine-oillife VEHICLE_STATE_ERROR/VS_000
        car b1d2c3f4 of nobody:
        05-31 08:40:57.000 oem odometer-traveleddistance 60879.723 from 37829 mi
        05-31 08:40:57.000 oem internalcombustionengine-fuellevel 30 from 0.3
        05-31 08:40:57.000 oem internalcombustionengine-amountremaining 37.854 from 10 gal
        05-31 08:40:57.000 oem wheel-tires {"unit":"kPa","values":[{"column":0,"row":0,"tirePressure":227.527},{"column":0,"row":1,"tirePressure":220.632},{"column":1,"row":1,"tirePressure":220.632}]}
        05-31 08:40:57.000 oem closure-islocked true
        05-31 08:40:57.000 oem diagnostics-dtclist {"values":[{"code":"P0300","timestamp":null}]}
        rejected tractionbattery-stateofcharge: there is no value
        "#,
    );
}

#[test]
fn without_headers_the_old_form_has_no_time() {
    check(
        "v2_dynamic.json",
        r"
        dynamic State (no id)
        car e7a2f1c4 of nobody:
        untimed tractionbattery-stateofcharge 58
        untimed tractionbattery-range 283.245
        ",
    );
}

#[test]
fn the_plans_own_form_is_understood() {
    check(
        "plain_odometer.json",
        r"
        vehicle.odometer State (no id)
        car e7a2f1c4 of nobody:
        05-31 10:15:06.000 oem odometer-traveleddistance 42506.693 from 26412.5 miles
        ",
    );
}

/// One line for each thing that an event in the plan's form says.
fn plain(body: &str) -> String {
    match decode(body) {
        Ok(delivery) => told(&delivery).lines().skip(2).collect::<Vec<_>>().join("; "),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_plans_form_is_read_in_every_spelling() {
    let table = [
        (r#"{"type":"odometer","vehicleId":"vehicle-1","data":{"distance":100,"unit":"km"}}"#, "100"),
        (r#"{"eventType":"vehicle.odometer","vehicle_id":"vehicle-1","data":{"odometer":"100.5"}}"#, "100.5"),
        (
            r#"{"eventName":"odometer","vehicle":{"id":"vehicle-1"},"data":{"odometer":{"distance":100,"unit":"miles"}}}"#,
            "160.934 from 100 miles",
        ),
        (
            r#"{"type":"odometer","vehicleId":"vehicle-1","data":{"odometer":{"value":100},"unit":"mi"}}"#,
            "160.934 from 100 mi",
        ),
        (r#"{"type":"odometer","vehicleId":"vehicle-1","distance":100,"unit":"kilometers"}"#, "100"),
        (r#"{"type":"Odometer","vehicle":"vehicle-1","odometer":100}"#, "100"),
        (r#"{"type":"odometer","data":{"vehicleId":"vehicle-1","value":100}}"#, "100"),
    ];
    for (body, number) in table {
        let expected = format!("05-31 10:17:43.123 delivered odometer-traveleddistance {number}");
        assert_eq!(plain(body), expected, "{body}");
    }
}

#[test]
fn the_plans_form_without_a_time_is_of_the_moment_of_its_arrival() {
    let with = |time: &str| {
        plain(&format!(r#"{{"type":"odometer","vehicleId":"vehicle-1","data":{{"distance":100{time}}}}}"#))
    };
    let said = "odometer-traveleddistance";
    assert_eq!(with(""), format!("05-31 10:17:43.123 delivered {said} 100"));
    assert_eq!(with(r#","time":null"#), format!("05-31 10:17:43.123 delivered {said} 100"));
    for time in [
        r#","timestamp":"2026-05-31T10:15:06Z""#,
        r#","eventTime":1780222506000"#,
        r#","time":1780222506"#,
        r#","recordedAt":"1780222506000""#,
    ] {
        assert_eq!(with(time), format!("05-31 10:15:06.000 oem {said} 100"), "{time}");
    }
    assert_eq!(
        with(r#","time":"2027-01-01T00:00:00Z""#),
        format!("rejected {said}: the moment is in the future")
    );
}

#[test]
fn the_plans_form_makes_no_entry_of_what_is_no_distance() {
    let table = [
        (r#""data":{"distance":0}"#, "rejected odometer-traveleddistance: the value is zero"),
        (r#""data":{"distance":null}"#, "rejected odometer-traveleddistance: there is no value"),
        (
            r#""data":{"distance":-5}"#,
            "rejected odometer-traveleddistance: the value is out of the range of this signal",
        ),
        (
            r#""data":{"distance":5,"unit":"leagues"}"#,
            "rejected odometer-traveleddistance: the unit \"leagues\" is unknown for this signal",
        ),
        (r#""data":7"#, "rejected odometer-traveleddistance: there is no value"),
    ];
    for (data, expected) in table {
        let body = format!(r#"{{"type":"odometer","vehicleId":"vehicle-1",{data}}}"#);
        assert_eq!(plain(&body), expected, "{body}");
    }
}

#[test]
fn an_event_that_the_plan_does_not_know_is_kept_with_its_vehicle() {
    let delivery = decode(r#"{"type":"vehicle.horn","vehicleId":"vehicle-1","distance":5}"#).unwrap();
    assert_eq!(delivery.contents, Contents::Other);
    assert_eq!(delivery.reports[0].vehicle.smartcar_vehicle_id, "vehicle-1");
    assert_eq!(delivery.reports[0].readings, []);
}

#[test]
fn a_body_that_is_no_delivery_says_why() {
    let long = format!(r#"{{"type":"odometer","vehicleId":"{}"}}"#, "v".repeat(129));
    let table = [
        ("not json", "cannot read the body as JSON"),
        (r#"{"eventType":"VEHICLE_STATE","data":"#, "cannot read the body as JSON"),
        ("[]", "the body is no envelope that Smartcar sends"),
        (r#"{"hello":"world"}"#, "the body is no envelope that Smartcar sends"),
        (r#"{"eventType":"VEHICLE_STATE","data":{"signals":[]}}"#, "the delivery names no vehicle"),
        (r#"{"eventType":"VEHICLE_STATE","data":[],"meta":{}}"#, "the delivery names no vehicle"),
        (r#"{"eventType":"VEHICLE_ERROR","data":{"errors":[]}}"#, "the delivery names no vehicle"),
        (r#"{"eventName":"schedule","payload":{"vehicles":[]}}"#, "the delivery names no vehicle"),
        (r#"{"type":"odometer","data":{"distance":1}}"#, "the delivery names no vehicle"),
        (&long, "the delivery names no vehicle"),
    ];
    for (body, expected) in table {
        assert_eq!(decode(body).unwrap_err().to_string(), expected, "{body}");
    }
}

#[test]
fn of_a_repeated_field_the_last_one_counts_and_nothing_else_is_lost() {
    let delivery = decode(
        r#"{"eventType":"VEHICLE_STATE","data":{"vehicle":{"id":"vehicle-1"},"signals":[
            {"code":"odometer-traveleddistance","body":{"value":1,"unit":"km"},"body":{"value":2,"unit":"km"},"meta":{"oemUpdatedAt":1780222506000}},
            {"code":"charge-ischarging","body":{"value":true},"meta":{"oemUpdatedAt":1780222506000}}]}}"#,
    )
    .unwrap();
    let lines: Vec<String> = delivery.reports[0].readings.iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "05-31 10:15:06.000 oem odometer-traveleddistance 2",
            "05-31 10:15:06.000 oem charge-ischarging true"
        ],
    );
}

#[test]
fn a_body_nested_without_end_is_rejected_alone() {
    let deep = format!("{}1{}", r#"{"a":"#.repeat(5_000), "}".repeat(5_000));
    let body = format!(
        r#"{{"eventType":"VEHICLE_STATE","data":{{"vehicle":{{"id":"vehicle-1"}},"signals":[
            {{"code":"future-signal","body":{deep},"meta":{{"oemUpdatedAt":1780222506000}}}},
            {{"code":"charge-ischarging","body":{{"value":true}},"meta":{{"oemUpdatedAt":1780222506000}}}}]}}}}"#
    );
    let delivery = decode(&body).unwrap();
    assert_eq!(delivery.reports[0].rejected[0].why, Why::Unreadable);
    assert_eq!(line(&delivery.reports[0].readings[0]), "05-31 10:15:06.000 oem charge-ischarging true");
}

#[test]
fn a_vendors_sample_of_charging_events_names_a_list_of_vehicles() {
    let delivery = decode(
        r#"{"version":"2.0","eventName":"eventBased","payload":{"vehicles":[
            {"vehicleId":"vehicle-1","eventType":"CHARGING_STARTED","eventTime":"2026-05-31T10:15:06Z"},
            {"vehicleId":"vehicle-2","eventType":"CHARGING_STOPPED"}]}}"#,
    )
    .unwrap();
    assert_eq!(line(&delivery.reports[0].readings[0]), "05-31 10:15:06.000 oem charge-ischarging true");
    assert_eq!(delivery.reports[1].readings, []);
    assert_eq!(delivery.reports[1].untimed.len(), 2);
}

/// What is said by one signal at a known moment.
fn signal(code: &str, body: &str) -> String {
    let delivery = decode(&format!(
        r#"{{"eventType":"VEHICLE_STATE","data":{{"vehicle":{{"id":"vehicle-1"}},"signals":[
            {{"code":"{code}","body":{body},"meta":{{"oemUpdatedAt":1780222506000}}}}]}}}}"#
    ));
    told(&delivery.unwrap()).lines().skip(2).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_signal_that_we_do_not_know_keeps_whatever_it_says() {
    let long = format!(r#"{{"value":"{}"}}"#, "a".repeat(1001));
    let table = [
        (r#"{"value":true}"#, "05-31 10:15:06.000 oem new-signal true"),
        (r#"{"value":"P\u0000ark"}"#, r#"05-31 10:15:06.000 oem new-signal "Park""#),
        (r#"{"value":5}"#, "05-31 10:15:06.000 oem new-signal 5"),
        (r#"{"value":100,"unit":"miles"}"#, "05-31 10:15:06.000 oem new-signal 160.934 from 100 miles"),
        (r#"{"value":1e15}"#, r#"05-31 10:15:06.000 oem new-signal {"value":1000000000000000}"#),
        (r#"{"value":"x","unit":"y"}"#, r#"05-31 10:15:06.000 oem new-signal {"unit":"y","value":"x"}"#),
        (r#"{"status":"OK"}"#, r#"05-31 10:15:06.000 oem new-signal {"status":"OK"}"#),
        ("[1,null]", "05-31 10:15:06.000 oem new-signal [1,null]"),
        (r#"{"value":null}"#, "rejected new-signal: there is no value"),
        ("null", "rejected new-signal: there is no body"),
        (&long, "rejected new-signal: the text is too long"),
    ];
    for (body, expected) in table {
        assert_eq!(signal("New-Signal", body), expected, "{body}");
    }
}

#[test]
fn a_code_that_no_index_could_hold_is_refused() {
    assert_eq!(signal(&"a".repeat(129), r#"{"value":1}"#), "rejected unknown: the signal has no code");
}

#[test]
fn a_capacity_is_a_number_in_each_of_its_forms_and_never_zero() {
    let capacity = "tractionbattery-nominalcapacity";
    let said = format!("05-31 10:15:06.000 oem {capacity} 77");
    for body in [r#"{"capacity":77,"unit":"kWh"}"#, r#"{"capacity":{"nominal":77}}"#, r#"{"value":77}"#] {
        assert_eq!(signal(capacity, body), said, "{body}");
    }
    assert_eq!(signal(capacity, r#"{"capacity":0}"#), format!("rejected {capacity}: the value is zero"));
    assert_eq!(signal(capacity, r#"{"capacity":null}"#), format!("rejected {capacity}: there is no value"));
}

#[test]
fn a_fault_is_of_its_delivery_and_never_of_the_future() {
    let at = |meta: &str| {
        let body = format!(
            r#"{{"eventType":"VEHICLE_ERROR","data":{{"vehicle":{{"id":"vehicle-1"}},"errors":[{{"type":"PERMISSION"}}]}},"meta":{meta}}}"#
        );
        decode(&body).unwrap().reports[0].problems[0].at.to_rfc3339()
    };
    assert_eq!(at(r#"{"deliveredAt":1780222506000}"#), "2026-05-31T10:15:06+00:00");
    assert_eq!(at(r#"{"deliveredAt":"2026-05-31T10:15:06Z"}"#), "2026-05-31T10:15:06+00:00");
    assert_eq!(at(r#"{"deliveryTime":1780222506000}"#), "2026-05-31T10:15:06+00:00");
    assert_eq!(at("{}"), "2026-05-31T10:17:43.123+00:00");
    assert_eq!(at(r#"{"deliveredAt":1790222506000}"#), "2026-05-31T10:17:43.123+00:00");
}
