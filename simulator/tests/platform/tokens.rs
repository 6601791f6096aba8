//! Tokens over HTTP. Their rules of life are tested where they are written.

use reqwest::Method;
use serde_json::json;
use simulator::Application;
use simulator::person::Person;

use crate::stand_in::{StandIn, form, login, send};

#[tokio::test]
async fn only_the_application_gets_tokens() {
    let stand_in = StandIn::start().await;
    let fields = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    let nobody = send(form(stand_in.request(Method::POST, "/oauth/token"), &fields)).await;
    assert_eq!((nobody.status, &nobody.body["error"]), (401, &json!("invalid_client")));
    assert!(nobody.body["error_description"].is_string());
    let fields =
        [("grant_type", "client_credentials"), ("client_id", Application::CLIENT_ID), ("client_secret", "x")];
    let stranger = send(form(stand_in.request(Method::POST, "/oauth2/token"), &fields)).await;
    assert_eq!((stranger.status, &stranger.body["error"]), (401, &json!("invalid_client")));
    let unknown = stand_in.token(&[("grant_type", "password")]).await;
    assert_eq!(unknown.body["error"], "unsupported_grant_type");
    let incomplete = stand_in.token(&[("grant_type", "refresh_token")]).await;
    assert_eq!(incomplete.body["error"], "invalid_request");
}

#[tokio::test]
async fn a_code_is_good_once_and_the_clock_can_be_moved() {
    let stand_in = StandIn::start().await;
    let person = Person::new(login(&stand_in.car(0)));
    let code = stand_in.follow(&person, &[]).await["code"].clone();
    let pair = stand_in.exchange(&code).await;
    assert_eq!((&pair.body["expires_in"], &pair.body["token_type"]), (&json!(7_200), &json!("Bearer")));
    assert_eq!(stand_in.exchange(&code).await.body["error"], "invalid_grant");

    let (access, refresh) =
        (pair.body["access_token"].as_str().unwrap(), pair.body["refresh_token"].as_str().unwrap());
    assert_eq!(stand_in.get(access, "/v2.0/user").await.status, 200);
    stand_in.developer("clock", &json!({ "advanceSeconds": 7_200 })).await;
    let expired = stand_in.get(access, "/v2.0/user").await;
    assert_eq!((expired.status, expired.error()), (401, ("AUTHENTICATION", None)));
    let renew = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let renewed = stand_in.token(&renew).await;
    assert_ne!(renewed.body["refresh_token"], refresh);
    stand_in.developer("clock", &json!({ "advanceSeconds": 60 })).await;
    assert_eq!(stand_in.token(&renew).await.body["error"], "invalid_grant");
}

#[tokio::test]
async fn an_answer_that_is_lost_has_changed_the_tokens_nevertheless() {
    let stand_in = StandIn::start().await;
    let code = stand_in.follow(&Person::new(login(&stand_in.car(0))), &[]).await["code"].clone();
    let refresh = stand_in.exchange(&code).await.body["refresh_token"].as_str().unwrap().to_owned();
    stand_in.trouble("/oauth/token", 1, &json!({ "answer": "hangUp" })).await;
    let renew = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let request = stand_in.request(Method::POST, "/oauth/token");
    let request = request.basic_auth(Application::CLIENT_ID, Some(Application::CLIENT_SECRET));
    let lost = form(request, &renew).send().await;
    assert!(match lost {
        Ok(answer) => answer.text().await.is_err(),
        Err(_) => true,
    });
    // Within the minute the old one is good still, and afterwards it is not.
    assert_eq!(stand_in.token(&renew).await.status, 200);
    stand_in.developer("clock", &json!({ "advanceSeconds": 60 })).await;
    assert_eq!(stand_in.token(&renew).await.status, 400);
}

#[tokio::test]
async fn tokens_can_be_taken_back() {
    let stand_in = StandIn::start().await;
    let (one, other) = (stand_in.car(0), stand_in.car(1));
    let (first, second) = (stand_in.connect(&login(&one)).await, stand_in.connect(&login(&other)).await);
    stand_in.developer("revoke", &json!({ "userId": one.smartcar_user_id })).await;
    assert_eq!(stand_in.get(&first, "/v2.0/user").await.status, 401);
    assert_eq!(stand_in.get(&second, "/v2.0/user").await.status, 200);
}
