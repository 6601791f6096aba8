//! Who is believed to be who they say.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::fixture::{Answered, Fixture, GENEROUS, Somebody};
use crate::token::{self, Published};

/// A stand-in for the sign-in service, which publishes keys.
struct SignIn {
    url: String,
    keys: Arc<Mutex<Option<Value>>>,
    asked: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

type Shelf = (Arc<Mutex<Option<Value>>>, Arc<AtomicUsize>);

impl SignIn {
    async fn publishing(keys: &[&Published]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let shelf: Shelf = (Arc::default(), Arc::default());
        let app = Router::new().route("/keys", get(serve)).with_state(shelf.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
        let service = Self { url, keys: shelf.0, asked: shelf.1, _tasks: tasks };
        service.publish(keys).await;
        service
    }

    async fn publish(&self, keys: &[&Published]) {
        let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
        *self.keys.lock().await = Some(json!({ "keys": keys }));
    }

    async fn fail(&self) {
        *self.keys.lock().await = None;
    }
}

async fn serve(State((keys, asked)): State<Shelf>) -> Response {
    asked.fetch_add(1, Ordering::SeqCst);
    match keys.lock().await.clone() {
        Some(keys) => Json(keys).into_response(),
        None => http::StatusCode::BAD_GATEWAY.into_response(),
    }
}

async fn garage(fixture: &Fixture, token: &str) -> Answered {
    fixture.send(fixture.request(Method::GET, "/api/cars").bearer_auth(token)).await
}

#[tokio::test]
async fn a_token_that_supabase_signed_with_the_projects_secret_is_believed() {
    let fixture = Fixture::new(&[]).await;
    let ann = fixture.somebody().await;
    assert_eq!(fixture.get(&ann, "/api/cars").await.status, 200);
}

#[tokio::test]
async fn a_token_that_is_not_quite_right_is_refused_with_a_reason() {
    let fixture =
        Fixture::new(&["--jwt-secret", token::SECRET, "--jwt-issuer", "https://project.example/auth/v1"])
            .await;
    let person = fixture.somebody().await.id;
    let with = |name: &str, value: Value| {
        let mut claims = token::claims(person);
        claims[name] = value;
        token::hs256(token::SECRET, &claims)
    };
    let without = |name: &str| {
        let mut claims = token::claims(person);
        claims.as_object_mut().unwrap().remove(name);
        token::hs256(token::SECRET, &claims)
    };
    let good = token::of(person);
    let (head, signature) = good.rsplit_once('.').unwrap();
    let none = token::unsigned(&json!({ "alg": "none" }), &token::claims(person));
    let hs512 = token::unsigned(&json!({ "alg": "HS512" }), &token::claims(person));
    let critical =
        token::unsigned(&json!({ "alg": "HS256", "crit": ["b64"], "b64": false }), &token::claims(person));
    let another = token::hs256(token::SECRET, &token::claims(Uuid::new_v4()));
    let another_body = another.split('.').nth(1).unwrap();
    let swapped = format!("{}.{another_body}.{signature}", head.split('.').next().unwrap());
    let seconds = |from_now| json!(token::seconds(from_now));
    for (token, verdict, said) in [
        (with("exp", seconds(TimeDelta::seconds(-30))), "401 token_expired", "session is over"),
        (without("exp"), "401 token_expired", "session is over"),
        (with("nbf", seconds(TimeDelta::minutes(5))), "401 token_invalid", "not valid yet"),
        (with("aud", json!("service")), "401 token_invalid", "(aud)"),
        (with("aud", json!([])), "401 token_invalid", "(aud)"),
        (without("aud"), "401 token_invalid", "(aud)"),
        (with("iss", json!("https://another.example")), "401 token_invalid", "(iss)"),
        (without("iss"), "401 token_invalid", "(iss)"),
        (without("sub"), "401 token_invalid", ""),
        (with("sub", json!("1 OR 1=1")), "401 token_invalid", "(sub)"),
        (with("sub", json!(7)), "401 token_invalid", ""),
        (
            token::hs256("another-secret-of-another-project-altogether", &token::claims(person)),
            "401 token_invalid",
            "signature",
        ),
        (swapped, "401 token_invalid", "signature"),
        (format!("{none}."), "401 token_invalid", ""),
        (format!("{none}.{signature}"), "401 token_invalid", ""),
        (format!("{hs512}.{signature}"), "401 token_invalid", "algorithm"),
        (token::sealed(token::SECRET, &critical), "401 token_invalid", "not a signed JWT"),
        (head.to_owned(), "401 token_invalid", ""),
        (format!("{good}.{signature}"), "401 token_invalid", ""),
        ("x".repeat(9_000), "401 token_invalid", ""),
    ] {
        let refused = garage(&fixture, &token).await;
        assert_eq!(refused.verdict(), verdict, "{token}");
        let detail = refused.json["detail"].as_str().unwrap();
        assert!(detail.contains(said), "{detail} does not say {said}");
        assert!(refused.header("www-authenticate").starts_with("Bearer"));
        assert!(token.is_empty() || !refused.text.contains(&token));
    }
    assert_eq!(garage(&fixture, &with("aud", json!(["authenticated", "other"]))).await.status, 200);
    let hardly = seconds(TimeDelta::seconds(-5));
    assert_eq!(garage(&fixture, &with("exp", hardly)).await.status, 200, "clocks differ a little");
}

#[tokio::test]
async fn the_header_is_bearer_and_one_token() {
    let fixture = Fixture::new(&[]).await;
    let Somebody { token, .. } = fixture.somebody().await;
    for odd in [token.clone(), format!("Basic {token}"), "Bearer".to_owned(), String::new()] {
        let request = fixture.request(Method::GET, "/api/cars").header("authorization", odd.clone());
        let refused = fixture.send(request).await;
        assert_eq!(refused.verdict(), "401 token_missing", "{odd}");
        assert_eq!(refused.header("www-authenticate"), "Bearer");
    }
    let twice = fixture.request(Method::GET, "/api/cars").bearer_auth(&token).bearer_auth(&token);
    assert_eq!(fixture.send(twice).await.verdict(), "401 token_missing");
    let lower = fixture.request(Method::GET, "/api/cars").header("authorization", format!("bearer {token}"));
    assert_eq!(fixture.send(lower).await.status, 200);
    let cookie =
        fixture.request(Method::GET, "/api/cars").header("cookie", format!("sb-access-token={token}"));
    assert_eq!(
        fixture.send(cookie).await.verdict(),
        "401 token_missing",
        "a cookie is no proof: other sites can send it"
    );
}

#[tokio::test]
async fn tokens_of_published_keys_are_believed_and_only_with_their_own_algorithm() {
    let (first, second, third) =
        (Published::es256("one"), Published::ed25519("two"), Published::rs256("three"));
    let stranger = Published::es256("one");
    let service = SignIn::publishing(&[&first, &second, &third]).await;
    let fixture = Fixture::new(&["--jwks-url", &service.url]).await;
    let claims = token::claims(fixture.somebody().await.id);
    assert_eq!(garage(&fixture, &first.sign(&claims)).await.status, 200);
    assert_eq!(garage(&fixture, &second.sign(&claims)).await.status, 200);
    assert_eq!(garage(&fixture, &third.sign(&claims)).await.status, 200);
    assert_eq!(garage(&fixture, &stranger.sign(&claims)).await.verdict(), "401 token_invalid");
    // A public key is no secret, however it is written down.
    let jwk = first.jwk().to_string();
    for secret in [first.public(), second.public(), third.public(), jwk.into_bytes()] {
        let signed = token::unsigned(&json!({ "alg": "HS256", "kid": "one" }), &claims);
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret);
        let signature = ring::hmac::sign(&key, signed.as_bytes());
        let forged = format!("{signed}.{}", token::base64(signature.as_ref()));
        assert_eq!(garage(&fixture, &forged).await.verdict(), "401 token_invalid");
    }
    let mine = token::hs256(token::SECRET, &claims);
    assert_eq!(garage(&fixture, &mine).await.verdict(), "401 token_invalid", "there is no secret here");
    let tampered = first.sign(&claims).replacen("ey", "eY", 1);
    assert_eq!(garage(&fixture, &tampered).await.verdict(), "401 token_invalid");
}

#[tokio::test]
async fn names_of_keys_that_strangers_invent_make_us_ask_once_and_not_each_time() {
    let key = Published::es256("one");
    let service = SignIn::publishing(&[&key]).await;
    let fixture = Fixture::new(&["--jwks-url", &service.url]).await;
    let claims = token::claims(fixture.somebody().await.id);
    assert_eq!(garage(&fixture, &key.sign(&claims)).await.status, 200);
    for number in 0..50 {
        let invented = Published::es256(&format!("invented-{number}"));
        assert_eq!(garage(&fixture, &invented.sign(&claims)).await.verdict(), "401 token_invalid");
    }
    let asked = service.asked.load(Ordering::SeqCst);
    assert!(asked <= 8, "the service was asked {asked} times");
}

#[tokio::test]
async fn a_new_key_is_learned_soon_and_an_outage_of_the_service_ends_no_session() {
    let (old, new) = (Published::es256("old"), Published::es256("new"));
    let service = SignIn::publishing(&[&old]).await;
    let fixture = Fixture::new(&["--jwks-url", &service.url]).await;
    let claims = token::claims(fixture.somebody().await.id);
    assert_eq!(garage(&fixture, &old.sign(&claims)).await.status, 200);
    service.publish(&[&old, &new]).await;
    let token = new.sign(&claims);
    harness::eventually(GENEROUS, "the new key is known", async || {
        garage(&fixture, &token).await.status == 200
    })
    .await;
    service.fail().await;
    assert_eq!(garage(&fixture, &old.sign(&claims)).await.status, 200);
    assert_eq!(garage(&fixture, &new.sign(&claims)).await.status, 200);
}

#[tokio::test]
async fn while_no_keys_are_known_it_is_our_fault_and_not_the_tokens() {
    let key = Published::es256("one");
    let service = SignIn::publishing(&[&key]).await;
    service.fail().await;
    let fixture = Fixture::new(&["--jwks-url", &service.url]).await;
    let refused = garage(&fixture, &key.sign(&token::claims(Uuid::new_v4()))).await;
    assert_eq!(refused.verdict(), "503 unavailable");
    assert!(!refused.header("retry-after").is_empty());
}
