//! The addresses that people are sent to.

use std::collections::BTreeMap;

use smartcar::client::{ConnectRequest, ReauthRequest, Url};

use crate::platform::{CLIENT_ID, client};

fn pairs(url: &Url) -> BTreeMap<String, String> {
    url.query_pairs().into_owned().collect()
}

fn expected(list: &[(&str, &str)]) -> BTreeMap<String, String> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

const ORIGIN: &str = "https://connect.example";
const CALLBACK: &str = "https://carvetka.example/api/smartcar/callback";

#[test]
fn with_the_old_api_a_code_comes_back_and_the_person_is_named_user() {
    let request = ConnectRequest {
        state: "st&te",
        scopes: &["required:read_odometer", "read_fuel"],
        external_id: Some("person-1"),
        ..ConnectRequest::default()
    };
    let url = client("v2", ORIGIN).connect_url(&request).unwrap();
    assert_eq!(url.as_str().split('?').next(), Some("https://connect.example/oauth/authorize"));
    assert_eq!(
        pairs(&url),
        expected(&[
            ("response_type", "code"),
            ("client_id", CLIENT_ID),
            ("redirect_uri", CALLBACK),
            ("scope", "required:read_odometer read_fuel"),
            ("state", "st&te"),
            ("approval_prompt", "auto"),
            ("mode", "live"),
            ("user", "person-1"),
        ])
    );
}

#[test]
fn with_the_present_api_no_code_comes_back_and_consent_is_given_to_the_application() {
    let request = ConnectRequest {
        state: "state",
        external_id: Some("person-1"),
        vin: Some("TMBJJ7NX0R0000001"),
        make: Some("SKODA"),
        country: Some("DE"),
        force: true,
        ..ConnectRequest::default()
    };
    let url = client("v3", ORIGIN).connect_url(&request).unwrap();
    assert_eq!(
        pairs(&url),
        expected(&[
            ("response_type", "none"),
            ("client_id", "11111111-2222-4333-8444-555555555555"),
            ("redirect_uri", CALLBACK),
            ("state", "state"),
            ("approval_prompt", "force"),
            ("mode", "live"),
            ("make", "SKODA"),
            ("single_select", "true"),
            ("single_select_vin", "TMBJJ7NX0R0000001"),
            ("flags", "country:DE"),
            ("external_id", "person-1"),
        ])
    );
}

#[test]
fn a_consent_is_renewed_for_one_vehicle() {
    let request = ReauthRequest { state: "state", vehicle_id: "v&1", external_id: Some("person-1") };
    let url = client("v3", ORIGIN).reauth_url(&request).unwrap();
    assert_eq!(url.as_str().split('?').next(), Some("https://connect.example/oauth/reauthenticate"));
    assert_eq!(
        pairs(&url),
        expected(&[
            ("response_type", "vehicle_id"),
            ("client_id", "11111111-2222-4333-8444-555555555555"),
            ("vehicle_id", "v&1"),
            ("redirect_uri", CALLBACK),
            ("state", "state"),
            ("external_id", "person-1"),
        ])
    );
}
