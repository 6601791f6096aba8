//! What people are told, and how they say where.

use chrono::{TimeDelta, Utc};
use domain::alert::AlertKind;
use notify::{UNSUBSCRIBING, Unsubscribing};
use reqwest::Method;
use runtime::clock;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use uuid::Uuid;
use vault::KeyRing;

use crate::fixture::{Answered, Fixture, GENEROUS, Somebody};

const KEYS: &str = "one:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const MAIL: [&str; 4] = ["--smtp-url", "smtp://127.0.0.1:1", "--mail-from", "Carvetka <cars@example.org>"];

async fn fixture(more: &[&str]) -> Fixture {
    let words: Vec<&str> = ["--token-encryption-keys", KEYS, "--actions-per-minute", "1000"]
        .into_iter()
        .chain(more.iter().copied())
        .collect();
    Fixture::new(&words).await
}

/// An alert of a car, so old when it is found.
async fn alert(fixture: &Fixture, car: Uuid, kind: &str, age: TimeDelta) -> Uuid {
    let now = clock::now();
    sqlx::query_scalar(
        "INSERT INTO alerts (id, source_id, car_id, at, kind, details, created_at)
         VALUES (gen_random_uuid(), gen_random_uuid(), $1, $2, $3, '{\"fromPercent\": 60, \"toPercent\": 20}', $4) RETURNING id",
    )
    .bind(car)
    .bind(now - age)
    .bind(kind)
    .bind(now)
    .fetch_one(fixture.pool())
    .await
    .unwrap()
}

async fn told(fixture: &Fixture, who: &Somebody) -> Vec<(Value, bool, bool)> {
    let listed = fixture.get(who, "/api/notifications").await;
    assert_eq!(listed.status, 200, "{}", listed.text);
    let items = listed.json["items"].as_array().unwrap().clone();
    items
        .iter()
        .map(|one| (one["kind"].clone(), one["foundLater"].as_bool().unwrap(), one["readAt"].is_string()))
        .collect()
}

#[tokio::test]
async fn who_owns_the_car_is_told_once_reads_it_and_nobody_else_knows() {
    let fixture = fixture(&[]).await;
    let (ann, eve) = (fixture.somebody().await, fixture.somebody().await);
    let car = fixture.car(&ann, "Berta").await;
    let old = alert(&fixture, car, "fuel_drop", TimeDelta::hours(30)).await;
    let fresh = alert(&fixture, car, "oil_low", TimeDelta::zero()).await;
    let (fuel, oil) = (json!("fuel_drop"), json!("oil_low"));
    assert_eq!(told(&fixture, &ann).await, [(oil.clone(), false, false), (fuel.clone(), true, false)]);
    assert!(told(&fixture, &eve).await.is_empty());

    let path = format!("/api/notifications/{fresh}/read");
    assert_eq!(fixture.post(&eve, &path, &Value::Null).await.verdict(), "404 entry_not_found");
    assert_eq!(fixture.post(&ann, &path, &Value::Null).await.status, 204);
    assert_eq!(told(&fixture, &ann).await, [(oil.clone(), false, true), (fuel.clone(), true, false)]);
    assert_eq!(fixture.get(&ann, "/api/notifications").await.json["unread"], 1);
    let until = json!({ "until": clock::now() });
    assert_eq!(fixture.post(&eve, "/api/notifications/read", &until).await.status, 204);
    assert_eq!(fixture.get(&ann, "/api/notifications").await.json["unread"], 1);
    assert_eq!(fixture.post(&ann, "/api/notifications/read", &until).await.status, 204);
    assert_eq!(fixture.get(&ann, "/api/notifications").await.json["unread"], 0);

    // The machine takes one back and finds it again; the person dismisses the other.
    sqlx::query("WITH gone AS (DELETE FROM alerts WHERE id = $1 RETURNING *) SELECT count(*) FROM gone")
        .bind(old)
        .execute(fixture.pool())
        .await
        .unwrap();
    assert_eq!(told(&fixture, &ann).await, [(oil, false, true)]);
    let dismiss = format!("/api/cars/{car}/alerts/{fresh}/dismiss");
    assert_eq!(fixture.post(&ann, &dismiss, &Value::Null).await.status, 200);
    assert!(told(&fixture, &ann).await.is_empty());
    sqlx::query(
        "INSERT INTO alerts (id, source_id, car_id, at, kind, details) VALUES ($1, $1, $2, now(), 'fuel_drop', '{}')",
    )
    .bind(old)
    .bind(car)
    .execute(fixture.pool())
    .await
    .unwrap();
    assert_eq!(told(&fixture, &ann).await, [(fuel, false, true)], "it was told already");
}

#[tokio::test]
async fn whoever_follows_hears_how_many_are_unread() {
    let fixture = fixture(&[]).await;
    let ann = fixture.somebody().await;
    let car = fixture.car(&ann, "Berta").await;
    let request = fixture.request(reqwest::Method::GET, "/api/live").bearer_auth(&ann.token);
    let mut news = request.send().await.unwrap();
    alert(&fixture, car, "oil_low", TimeDelta::zero()).await;
    let chunk = tokio::time::timeout(GENEROUS, news.chunk()).await.unwrap().unwrap().unwrap();
    assert_eq!(chunk, "event: notifications\ndata: 1\n\n");
}

#[tokio::test]
async fn a_person_says_when_and_of_what_they_are_told() {
    let fixture = fixture(&MAIL).await;
    let ann = fixture.somebody().await;
    let path = "/api/notifications/preferences";
    let said = fixture.get(&ann, path).await.json;
    assert_eq!(
        (&said["quietHours"], &said["digestAt"], &said["gatherMinutes"]),
        (&Value::Null, &json!("08:00"), &json!(5))
    );
    assert_eq!(said["email"]["available"], true);
    let wanted = json!({
        "quietHours": { "from": "22:30", "to": "06:45" }, "gatherMinutes": 0,
        "choices": [{ "kind": "oil_low", "channel": "page", "wanted": false }],
    });
    let changed = fixture.patch(&ann, path, &wanted).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(changed.json["quietHours"], json!({ "from": "22:30", "to": "06:45" }));
    let changed = fixture.patch(&ann, path, &json!({ "urgentAlways": false, "quietHours": null })).await.json;
    assert_eq!((&changed["quietHours"], &changed["gatherMinutes"]), (&Value::Null, &json!(0)));
    assert_eq!(changed["choices"], wanted["choices"]);

    let car = fixture.car(&ann, "Berta").await;
    alert(&fixture, car, "oil_low", TimeDelta::zero()).await;
    assert!(told(&fixture, &ann).await.is_empty(), "she does not want it there");
    for (wrong, field) in [
        (json!({ "digestAt": "24:00" }), "digestAt"),
        (json!({ "gatherMinutes": 1441 }), "gatherMinutes"),
        (json!({ "quietHours": { "from": "22:00" } }), "quietHours"),
        (json!({ "choices": [{ "kind": "x", "channel": "page", "wanted": true }] }), "choices[0].kind"),
    ] {
        let refused = fixture.patch(&ann, path, &wrong).await;
        assert_eq!(refused.verdict(), "422 invalid_field", "{wrong}");
        assert!(
            refused.json["field"].as_str().unwrap().starts_with(field.split('[').next().unwrap()),
            "{}",
            refused.text
        );
    }
}

#[tokio::test]
async fn an_endpoint_shows_its_secret_once_and_is_nobody_elses() {
    let fixture = fixture(&[]).await;
    let (ann, eve) = (fixture.somebody().await, fixture.somebody().await);
    let path = "/api/notifications/webhooks";
    for wrong in [
        "http://example.org/",
        "https://127.0.0.1/",
        "https://rabbitmq:15672/",
        "https://u:p@example.org/",
        "x",
    ] {
        let refused = fixture.post(&ann, path, &json!({ "url": wrong })).await;
        assert_eq!(
            (refused.verdict().as_str(), &refused.json["field"]),
            ("422 invalid_field", &json!("url")),
            "{wrong}"
        );
    }
    let added = fixture.post(&ann, path, &json!({ "url": "https://example.org/hook" })).await;
    assert_eq!(added.status, 201, "{}", added.text);
    let (id, secret) = (added.json["id"].as_str().unwrap(), added.json["secret"].as_str().unwrap());
    assert!(secret.starts_with("whsec_"), "{secret}");
    let listed = fixture.get(&ann, path).await;
    assert!(!listed.text.contains("whsec_") && listed.json["items"].as_array().unwrap().len() == 1);
    let stored: String =
        sqlx::query_scalar("SELECT secret FROM webhook_endpoints").fetch_one(fixture.pool()).await.unwrap();
    let keys = KeyRing::parse(&KEYS.into()).unwrap();
    let place = format!("webhook_endpoints/{id}/secret");
    assert_eq!(keys.open(&stored, &place).unwrap().expose_secret(), secret, "sealed for its own row");

    for deed in ["test", "rotate", "enable"] {
        let foreign = fixture.post(&eve, &format!("{path}/{id}/{deed}"), &Value::Null).await;
        assert_eq!(foreign.verdict(), "404 entry_not_found", "{deed}");
    }
    assert_eq!(fixture.delete(&eve, &format!("{path}/{id}")).await.verdict(), "404 entry_not_found");
    assert!(fixture.get(&eve, path).await.json["items"].as_array().unwrap().is_empty());
    let rotated = fixture.post(&ann, &format!("{path}/{id}/rotate"), &Value::Null).await;
    assert_ne!(rotated.json["secret"].as_str().unwrap(), secret);
    let until = &fixture.get(&ann, path).await.json["items"][0]["formerSecretUntil"];
    assert!(until.as_str().unwrap().parse::<chrono::DateTime<Utc>>().unwrap() > clock::now());
    assert_eq!(fixture.post(&ann, &format!("{path}/{id}/test"), &Value::Null).await.status, 202);
    assert_eq!(fixture.post(&ann, &format!("{path}/{id}/enable"), &Value::Null).await.status, 200);
    for _ in 1..10 {
        assert_eq!(fixture.post(&ann, path, &json!({ "url": "https://example.org/" })).await.status, 201);
    }
    let full = fixture.post(&ann, path, &json!({ "url": "https://example.org/" })).await;
    assert_eq!(full.verdict(), "409 limit_reached");
    assert_eq!(fixture.delete(&ann, &format!("{path}/{id}")).await.status, 204);
    assert_eq!(fixture.delete(&ann, &format!("{path}/{id}")).await.verdict(), "404 entry_not_found");
}

#[tokio::test]
async fn without_keys_or_a_mail_server_it_is_said_that_nobody_is_told_so() {
    let fixture = Fixture::new(&[]).await;
    let ann = fixture.somebody().await;
    let said = fixture.get(&ann, "/api/notifications/preferences").await.json;
    assert_eq!((&said["email"]["available"], &said["webhooksAvailable"]), (&json!(false), &json!(false)));
    let hook =
        fixture.post(&ann, "/api/notifications/webhooks", &json!({ "url": "https://example.org/" })).await;
    assert_eq!(hook.verdict(), "501 not_configured");
    let mail = fixture.post(&ann, "/api/notifications/email", &json!({ "address": "ann@example.org" })).await;
    assert_eq!(mail.verdict(), "501 not_configured");
}

#[tokio::test]
async fn an_address_is_the_persons_when_they_know_the_code_and_codes_are_not_guessed_or_asked_for_without_end()
 {
    let fixture = fixture(&MAIL).await;
    let ann = fixture.somebody().await;
    let address = json!({ "address": "ann@example.org" });
    let asked = fixture.post(&ann, "/api/notifications/email", &address).await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    assert_eq!(
        (&asked.json["email"]["address"], &asked.json["email"]["unconfirmed"]),
        (&Value::Null, &address["address"])
    );
    assert_eq!(
        fixture.post(&ann, "/api/notifications/email", &address).await.verdict(),
        "429 too_many_requests"
    );
    let confirm = async |code: &str| {
        fixture.post(&ann, "/api/notifications/email/confirm", &json!({ "code": code })).await
    };
    for _ in 0..4 {
        assert_eq!(confirm("no").await.verdict(), "422 invalid_field");
    }
    let sealed: String =
        sqlx::query_scalar("SELECT code FROM email_confirmations").fetch_one(fixture.pool()).await.unwrap();
    let keys = KeyRing::parse(&KEYS.into()).unwrap();
    let code = keys.open(&sealed, &format!("email_confirmations/{}/code", ann.id)).unwrap();
    let confirmed = confirm(code.expose_secret()).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.text);
    assert_eq!(
        (&confirmed.json["email"]["address"], &confirmed.json["email"]["unconfirmed"]),
        (&address["address"], &Value::Null)
    );
    assert_eq!(confirm(code.expose_secret()).await.verdict(), "422 invalid_field", "a code is good once");

    sqlx::query("UPDATE email_confirmations SET asked_at = now() - interval '2 minutes'")
        .execute(fixture.pool())
        .await
        .unwrap();
    let other = json!({ "address": "bob@example.org" });
    let asked = fixture.post(&ann, "/api/notifications/email", &other).await.json;
    assert_eq!(asked["email"]["address"], address["address"], "until it is confirmed the former one stays");
    for _ in 0..5 {
        assert_eq!(confirm("no").await.verdict(), "422 invalid_field");
    }
    let sealed: String =
        sqlx::query_scalar("SELECT code FROM email_confirmations").fetch_one(fixture.pool()).await.unwrap();
    let code = keys.open(&sealed, &format!("email_confirmations/{}/code", ann.id)).unwrap();
    assert_eq!(
        confirm(code.expose_secret()).await.verdict(),
        "422 invalid_field",
        "five wrong ones are enough"
    );
    let gone = fixture.delete(&ann, "/api/notifications/email").await.json;
    assert_eq!((&gone["email"]["address"], &gone["email"]["unconfirmed"]), (&Value::Null, &Value::Null));
    for odd in ["", "ann", "ann@", "a\nb@example.org", "Ann <ann@example.org>"] {
        let refused = fixture.post(&ann, "/api/notifications/email", &json!({ "address": odd })).await;
        assert_eq!(refused.verdict(), "422 invalid_field", "{odd}");
    }
}

/// A link as a letter of so long ago has it.
fn link(who: &Somebody, kinds: &[AlertKind], age: TimeDelta) -> String {
    let wish = Unsubscribing { user: who.id, kinds: kinds.to_vec() };
    let keys = KeyRing::parse(&KEYS.into()).unwrap();
    format!("/api/notifications/unsubscribe/{}", keys.sign(&wish.text(clock::now() - age), UNSUBSCRIBING))
}

/// What a mail program does when its reader clicks.
async fn click(fixture: &Fixture, link: &str) -> Answered {
    let form =
        fixture.request(Method::POST, link).header("content-type", "application/x-www-form-urlencoded");
    fixture.send(form.body("List-Unsubscribe=One-Click")).await
}

async fn choices(fixture: &Fixture, who: &Somebody) -> Value {
    fixture.get(who, "/api/notifications/preferences").await.json["choices"].clone()
}

#[tokio::test]
async fn one_click_ends_letters_about_what_a_letter_told_without_a_login_and_nothing_else() {
    let fixture = fixture(&["--notifications-url", "https://app.carvetka.example/app/notifications"]).await;
    let (ann, eve) = (fixture.somebody().await, fixture.somebody().await);
    let path = "/api/notifications/preferences";
    let choice = |kind: &str, channel: &str, wanted: bool| json!({ "kind": kind, "channel": channel, "wanted": wanted });
    let before = [
        choice("oil_low", "email", true),
        choice("oil_low", "page", true),
        choice("tyre_low", "email", true),
    ];
    fixture.patch(&ann, path, &json!({ "choices": before })).await;
    sqlx::query("INSERT INTO user_preferences (user_id, language) VALUES ($1, 'de')")
        .bind(ann.id)
        .execute(fixture.pool())
        .await
        .unwrap();

    let link = link(&ann, &[AlertKind::FuelDrop, AlertKind::OilLow], TimeDelta::days(3));
    // Programs that look at links, and people whose mail program knows no clicks.
    let page = fixture.send(fixture.request(Method::GET, &link)).await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    for words in
        ["Dazu keine E-Mails mehr?", "Es fehlt Kraftstoff", r#"<form method="post">"#, "/app/notifications"]
    {
        assert!(page.text.contains(words), "{words} in {}", page.text);
    }
    assert!(page.header("content-security-policy").contains("form-action 'self'"));
    assert_eq!(choices(&fixture, &ann).await, json!(before));

    let after = [
        choice("fuel_drop", "email", false),
        choice("oil_low", "email", false),
        choice("oil_low", "page", true),
        choice("tyre_low", "email", true),
    ];
    for _ in 0..2 {
        let done = click(&fixture, &link).await;
        assert_eq!(done.status, 200, "{}", done.text);
        assert!(done.text.contains("Dazu bekommst du keine E-Mails mehr") && !done.text.contains("<form"));
        assert_eq!(choices(&fixture, &ann).await, json!(after));
    }
    assert_eq!(choices(&fixture, &eve).await, json!([]));
    // She may change her mind, and a browser without a body says the same as a mail program.
    fixture.patch(&ann, path, &json!({ "choices": [choice("fuel_drop", "email", true)] })).await;
    assert_eq!(fixture.send(fixture.request(Method::POST, &link)).await.status, 200);
    assert_eq!(choices(&fixture, &ann).await, json!(after));
}

#[tokio::test]
async fn a_link_that_is_forged_over_or_for_something_else_ends_nothing() {
    let fixture = fixture(&[]).await;
    let (ann, gone) = (fixture.somebody().await, fixture.somebody().await);
    let good = link(&ann, &[AlertKind::FuelDrop], TimeDelta::zero());
    let (text, signature) = good.rsplit_once('.').unwrap();
    let place = text.rsplit_once('/').unwrap().0;
    let stranger = Somebody { id: Uuid::new_v4(), token: String::new() };
    let foreign = link(&stranger, &[AlertKind::FuelDrop], TimeDelta::zero());
    let keys = KeyRing::parse(&KEYS.into()).unwrap();
    for odd in [
        format!("{text}~oil_low.{signature}"),
        format!("{}.{signature}", foreign.rsplit_once('.').unwrap().0),
        format!("{place}/{}", keys.sign(text.rsplit_once('/').unwrap().1, "state")),
        link(&ann, &[AlertKind::FuelDrop], TimeDelta::days(90)),
        format!("{place}/x"),
        format!("{place}/%ff"),
    ] {
        for method in [Method::GET, Method::POST] {
            let refused = fixture.send(fixture.request(method, &odd)).await;
            assert_eq!(refused.status, 404, "{odd} {}", refused.text);
            assert!(refused.text.contains("This link is good no more"), "{}", refused.text);
        }
    }
    let count = "SELECT count(*) FROM notification_choices";
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(fixture.pool()).await.unwrap(), 0);

    sqlx::query("DELETE FROM auth.users WHERE id = $1").bind(gone.id).execute(fixture.pool()).await.unwrap();
    let late = click(&fixture, &link(&gone, &[AlertKind::FuelDrop], TimeDelta::zero())).await;
    assert_eq!(late.status, 200, "who is gone gets no letters: {}", late.text);
    assert_eq!(click(&fixture, &good).await.status, 200);
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(fixture.pool()).await.unwrap(), 1);
}
