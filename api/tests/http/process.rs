//! The program as a process: how it starts, what it writes down, how it stops.

use std::process::Command;

use harness::{Process, program};
use reqwest::Method;
use uuid::Uuid;

use crate::fixture::GENEROUS;
use crate::token;

fn api(database_url: &str) -> Command {
    let mut command = program("api");
    command
        .args(["--api-addr", "127.0.0.1:0", "--log-format", "json", "--log-filter", "trace,hyper=info"])
        .env("DATABASE_URL", database_url)
        .env("JWT_SECRET", token::SECRET)
        .env("TOKEN_ENCRYPTION_KEYS", "one:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
        .env("SMARTCAR_APPLICATION_ID", "app-1")
        .env("SMARTCAR_CLIENT_ID", "client-1")
        .env("SMARTCAR_CLIENT_SECRET", "correcthorsebatterystaple")
        .env("SMARTCAR_REDIRECT_URI", "https://app.carvetka.example/api/smartcar/callback");
    command
}

#[tokio::test]
async fn neither_tokens_nor_codes_nor_what_people_write_are_ever_written_down() {
    let database = harness::database().await;
    let mut process = Process::start(api(&database.url));
    let address = process.address(GENEROUS, "http://").await;
    process.ready(GENEROUS, &format!("{address}/readyz")).await;
    let http = reqwest::Client::new();
    let token = token::of(Uuid::new_v4());
    let secrets = [
        ("code", "/api/smartcar/callback?code=topsecretcode&state=topsecretstate&vin=WVWZZZTOPSECRET"),
        ("parameter", "/api/cars?secret=topsecretparameter"),
        ("address", "/api/topsecretpath"),
    ];
    for (_, path) in secrets {
        let request = http.request(Method::GET, format!("{address}{path}")).bearer_auth(&token);
        request.header("cookie", "carvetka-connect=topsecretcookie").send().await.unwrap();
    }
    let post = http.request(Method::POST, format!("{address}/api/cars/{}/expenses", Uuid::new_v4()));
    post.bearer_auth(format!("{token}topsecrettoken")).body("topsecretbody").send().await.unwrap();
    process.terminate();
    let status = process.wait(GENEROUS).await;
    assert!(status.success(), "{status}");
    let written = process.output();
    assert!(written.contains("request.route"), "{written}");
    let signature = token.rsplit('.').next().unwrap();
    for secret in ["topsecret", "TOPSECRET", "correcthorse", token::SECRET, signature, "AAECAwQF"] {
        assert!(!written.contains(secret), "{secret} was written down: {written}");
    }
}

#[tokio::test]
async fn it_starts_without_its_database_and_without_smartcars_credentials() {
    let mut command = api("postgres://nobody@127.0.0.1:1/nothing");
    command.env_remove("TOKEN_ENCRYPTION_KEYS").env_remove("SMARTCAR_CLIENT_ID");
    let mut process = Process::start(command);
    let address = process.address(GENEROUS, "http://").await;
    let answer = reqwest::get(format!("{address}/healthz")).await.unwrap();
    assert_eq!(answer.status(), 200);
    process.terminate();
    assert!(process.wait(GENEROUS).await.success());
}
