//! Who hears of a car, and when: connections, permissions and subscriptions decide it.

use reqwest::Method;
use serde_json::{Value, json};
use simulator::person::Person;
use simulator::wire::WEBHOOK_ID;
use simulator::{Options, clock};

use crate::stand_in::{StandIn, login, send};
use crate::webhook::{Reply, SECRET, Webhook, eventually};

/// The deliveries about a car, as this user hears of it.
fn heard(webhook: &Webhook, user: &str, vehicle: &str) -> Vec<Value> {
    let arrivals = webhook.arrivals().into_iter().map(|arrival| arrival.body);
    arrivals
        .filter(|body| body["data"]["user"]["id"] == user && body["data"]["vehicle"]["id"] == vehicle)
        .collect()
}

fn is_first(body: &Value) -> bool {
    body["triggers"][0]["type"] == "FIRST_DELIVERY"
}

#[tokio::test]
async fn nobody_hears_of_a_car_before_it_is_connected_and_then_everything_at_once() {
    let webhook = Webhook::open(|_| Reply::Status(200)).await;
    let stand_in = StandIn::with_webhook(&webhook, |_| ()).await;
    assert!(webhook.arrivals().is_empty());
    let car = stand_in.car(0);
    stand_in.connect(&login(&car)).await;
    let (user, id) = (&car.smartcar_user_id, &car.smartcar_vehicle_id);
    eventually("the first delivery", || !heard(&webhook, user, id).is_empty()).await;
    let first = heard(&webhook, user, id).remove(0);
    assert!(is_first(&first));
    assert_eq!(first["data"]["signals"].as_array().unwrap().len(), 19);
    assert!(heard(&webhook, &stand_in.car(1).smartcar_user_id, id).is_empty());
    // To connect again is nothing new.
    stand_in.connect(&login(&car)).await;
    assert_eq!(heard(&webhook, user, id).iter().filter(|body| is_first(body)).count(), 1);
}

#[tokio::test]
async fn two_users_of_a_car_hear_of_it_under_ids_of_their_own_and_as_they_allow() {
    let webhook = Webhook::open(|_| Reply::Status(200)).await;
    let stand_in = StandIn::with_webhook(&webhook, |_| ()).await;
    let car = stand_in.car(0);
    stand_in.connect(&login(&car)).await;
    let withheld = vec!["read_location".to_owned()];
    let guest = Person { withheld, ..Person::new("1-vehicles@smartcar.com") };
    let asked = [("response_type", "none"), ("scope", "read_odometer read_location")];
    let guest = stand_in.follow(&guest, &asked).await["user_id"].clone();
    let id = &car.smartcar_vehicle_id;
    eventually("both", || {
        !heard(&webhook, &guest, id).is_empty() && !heard(&webhook, &car.smartcar_user_id, id).is_empty()
    })
    .await;
    let (own, other) =
        (heard(&webhook, &car.smartcar_user_id, id).remove(0), heard(&webhook, &guest, id).remove(0));
    assert_ne!(own["eventId"], other["eventId"]);
    let signal = |body: &Value, code: &str| {
        let signals = body["data"]["signals"].as_array().unwrap();
        signals.iter().find(|signal| signal["code"] == code).cloned().unwrap()
    };
    assert_eq!(signal(&own, "location-preciselocation")["status"]["value"], "SUCCESS");
    let hidden = signal(&other, "location-preciselocation");
    assert_eq!(hidden["status"]["error"], json!({ "type": "PERMISSION", "code": null }));
    assert!(hidden.get("body").is_none());
    assert_eq!(signal(&other, "odometer-traveleddistance")["status"]["value"], "SUCCESS");
}

#[tokio::test]
async fn subscriptions_decide_where_nothing_is_subscribed_by_itself() {
    let webhook = Webhook::open(|_| Reply::Status(200)).await;
    let stand_in = StandIn::with_webhook(&webhook, |options| options.platform.auto_subscribe = false).await;
    let car = stand_in.car(0);
    let token = stand_in.connect(&login(&car)).await;
    let path = format!("/v2.0/vehicles/{}/webhooks/{WEBHOOK_ID}", car.smartcar_vehicle_id);
    assert!(webhook.arrivals().is_empty());
    assert_eq!(stand_in.post(&token, &path, &json!({})).await.status, 200);
    let (user, id) = (&car.smartcar_user_id, &car.smartcar_vehicle_id);
    eventually("the first delivery", || heard(&webhook, user, id).iter().any(is_first)).await;
    // Only the management token ends it.
    assert_eq!(stand_in.delete(&token, &path).await.status, 401);
    assert_eq!(stand_in.delete(SECRET, &path).await.status, 200);
    assert_eq!(stand_in.post(&token, &path, &json!({})).await.status, 200);
    eventually("another first one", || {
        heard(&webhook, user, id).iter().filter(|one| is_first(one)).count() == 2
    })
    .await;
}

#[tokio::test]
async fn webhooks_that_are_paused_are_lost_and_the_apis_know_everything_nevertheless() {
    let webhook = Webhook::open(|_| Reply::Status(200)).await;
    let stand_in = StandIn::with_webhook(&webhook, |_| ()).await;
    stand_in.developer("webhooks", &json!({ "paused": true })).await;
    let car = stand_in.car(0);
    let token = stand_in.connect(&login(&car)).await;
    eventually("the first delivery is lost", || stand_in.simulator.ledger().counts().lost > 0).await;
    assert!(webhook.arrivals().is_empty());
    let path = format!("/v2.0/vehicles/{}/odometer", car.smartcar_vehicle_id);
    assert_eq!(stand_in.get(&token, &path).await.status, 200);
    stand_in.developer("webhooks", &json!({ "paused": false })).await;
    stand_in.connect("1-vehicles@smartcar.com").await;
    eventually("they come again", || !webhook.arrivals().is_empty()).await;
}

#[tokio::test]
async fn a_webhook_that_is_switched_on_again_introduces_everybody_anew() {
    let webhook = Webhook::open(|_| Reply::Status(200)).await;
    let stand_in = StandIn::with_webhook(&webhook, |_| ()).await;
    stand_in.connect("3-vehicles@smartcar.com").await;
    let firsts = || webhook.arrivals().iter().filter(|arrival| is_first(&arrival.body)).count();
    eventually("three introductions", || firsts() == 3).await;
    stand_in.developer("webhooks", &json!({ "enabled": false })).await;
    stand_in.developer("webhooks", &json!({ "enabled": true })).await;
    eventually("three more", || firsts() == 6).await;
}

#[tokio::test]
async fn another_address_has_to_answer_the_handshake_first() {
    let (webhook, another) =
        (Webhook::open(|_| Reply::Status(200)).await, Webhook::open(|_| Reply::Status(200)).await);
    let liar = Webhook::with("another secret", 0, |_| Reply::Status(200)).await;
    let stand_in = StandIn::with_webhook(&webhook, |_| ()).await;
    let to = |url: &str| {
        stand_in.request(Method::POST, "/_simulator/webhooks").json(&json!({ "callbackUri": url }))
    };
    assert_eq!(send(to(&liar.url)).await.status, 424);
    assert_eq!(send(to(&another.url)).await.status, 204);
    stand_in.connect("1-vehicles@smartcar.com").await;
    eventually("it goes to the other", || !another.arrivals().is_empty()).await;
    assert!(webhook.arrivals().is_empty() && liar.arrivals().is_empty());
}

#[tokio::test]
async fn whoever_says_nothing_has_every_car_connected_and_subscribed() {
    let webhook = Webhook::open(|_| Reply::Status(200)).await;
    let start = clock::now() - chrono::TimeDelta::days(1);
    let options = Options { until: Some(clock::now()), ..Options::new(&webhook.url, SECRET, start) };
    let simulator = simulator::Simulator::start(options).await.unwrap();
    assert_eq!(simulator.origin(), None);
    simulator.finished().await;
    for car in simulator.fleet() {
        assert!(heard(&webhook, &car.smartcar_user_id, &car.smartcar_vehicle_id).iter().any(is_first));
    }
}
