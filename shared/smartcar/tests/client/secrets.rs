//! No token and no secret is ever printed, logged or put into an address.

use std::error::Error;
use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::json;
use smartcar::client::{Access, Command, ConnectionFilter, PlatformError, Wanted};
use tracing_subscriber::fmt::MakeWriter;

use crate::platform::{
    APPLICATION, APPLICATION_TOKEN, CLIENT_SECRET, MANAGEMENT_TOKEN, Platform, USER_TOKEN, VEHICLE, answer,
    client, raw, user_token, vehicle,
};

const CODE: &str = "s3cret00-1c1e-4e72-8a5c-000000000005";
const REFRESH_TOKEN: &str = "s3cret00-1c1e-4e72-8a5c-000000000006";
const SECRETS: [&str; 7] =
    [CLIENT_SECRET, MANAGEMENT_TOKEN, APPLICATION_TOKEN, USER_TOKEN, CODE, REFRESH_TOKEN, "s3cret"];

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// All that printing an error may show, with everything beneath it.
fn printed(error: &PlatformError) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text} {inner} {inner:?}");
        source = inner.source();
    }
    text
}

#[track_caller]
fn check(what: &str, text: &str) {
    let plain = text.to_ascii_lowercase().replace('_', "-");
    for secret in SECRETS {
        assert!(!plain.contains(secret), "{what} shows {secret}: {text}");
    }
}

/// Every kind of call, and what each of them failed with.
async fn everything(origin: &str) -> Vec<PlatformError> {
    let (v2, v3, token) = (client("v2", origin), client("v3", origin), user_token());
    let user = Access::User { token: &token };
    let mut errors = Vec::new();
    errors.extend(v2.exchange_code(CODE).await.err());
    errors.extend(v2.refresh(&REFRESH_TOKEN.into()).await.err());
    errors.extend(v2.user(user).await.err());
    errors.extend(v2.poll(user, &vehicle(), &Wanted::ALL).await.err());
    errors.extend(v2.command(user, &vehicle(), Command::Lock).await.err());
    errors.extend(v2.connections(&ConnectionFilter::default()).await.err());
    errors.extend(v3.vehicle_info(APPLICATION, VEHICLE).await.err());
    errors.extend(v3.poll(APPLICATION, &vehicle(), &Wanted::ALL).await.err());
    errors.extend(v3.webhooks().await.err());
    errors
}

#[tokio::test]
async fn no_secret_is_in_any_log_line_error_or_address() {
    let log = Log::default();
    // All that anybody says, the HTTP library included; `init` also gathers what is said through `log`.
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(log.clone())
        .init();

    let platform = Platform::start().await;
    let origin = format!("http://{}", platform.address);
    // What a platform could echo.
    let echo = json!({
        "type": "AUTHENTICATION", "code": USER_TOKEN, "requestId": "r-1", "description": format!("bad token {USER_TOKEN}"),
        "error_description": CLIENT_SECRET, "suggestedUserMessage": REFRESH_TOKEN,
        "resolution": { "type": "REAUTHENTICATE", "url": format!("https://x.example/?token={USER_TOKEN}") },
    });
    platform
        .on("GET /v2.0/user", answer(401, &echo))
        .on("POST /oauth/token", answer(400, &json!({ "error": "invalid_grant", "error_description": CODE })))
        .on("GET /v3/webhooks", raw(200, format!("not json {APPLICATION_TOKEN}")));
    let mut errors = everything(&origin).await;
    platform.on("POST /oauth2/token", raw(200, format!(r#"{{"token":"{APPLICATION_TOKEN}"}}"#)));
    errors.extend(everything(&origin).await);
    // Nobody listens there; the error of the library knows the address.
    errors.extend(everything("http://127.0.0.1:9").await);
    assert!(errors.len() >= 25, "{} errors", errors.len());

    for error in &errors {
        check("an error", &printed(error));
        assert!(!printed(error).contains(VEHICLE), "{}", printed(error));
    }
    for asked in platform.asked() {
        check("an address", &format!("{} {}", asked.route, asked.query));
    }
    check("a client", &format!("{:?} {:#?}", client("v2", &origin), client("v3", &origin)));
    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(log.contains("TRACE"), "nothing was logged, so nothing was proven");
    check("the log", &log);
}

#[tokio::test]
async fn tokens_are_not_printed() {
    let platform = Platform::start().await;
    let pair = json!({ "access_token": USER_TOKEN, "refresh_token": REFRESH_TOKEN, "expires_in": 7200 });
    platform.on("POST /oauth/token", answer(200, &pair));
    let pair = platform.client("v2").exchange_code(CODE).await.unwrap();
    check("a pair of tokens", &format!("{pair:?} {pair:#?}"));
}
