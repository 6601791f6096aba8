//! A stand-in that has caught up with the present, and what a test asks of it.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use simulator::person::Person;
use simulator::{Application, CarIdentity, Options, PlatformOptions, Simulator, clock};
use url::Url;

use crate::webhook::{SECRET, Webhook, eventually};

pub const BACK: &str = "https://carvetka.example/api/smartcar/callback";

/// Ends with the value.
pub struct StandIn {
    pub simulator: Simulator,
    pub origin: String,
    http: reqwest::Client,
}

/// What came back: status, headers, body.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// Type and code of an error of v2.0.
    pub fn error(&self) -> (&str, Option<&str>) {
        (self.body["type"].as_str().unwrap_or_default(), self.body["code"].as_str())
    }

    /// Code of an error of v3.
    pub fn code(&self) -> &str {
        self.body["errors"][0]["code"].as_str().unwrap_or_default()
    }
}

impl StandIn {
    /// Nobody is connected, and there is no webhook.
    pub async fn start() -> Self {
        Self::with(|_| ()).await
    }

    pub async fn with(change: impl FnOnce(&mut Options)) -> Self {
        Self::begin(None, change).await
    }

    pub async fn with_webhook(webhook: &Webhook, change: impl FnOnce(&mut Options)) -> Self {
        Self::begin(Some(webhook), change).await
    }

    async fn begin(webhook: Option<&Webhook>, change: impl FnOnce(&mut Options)) -> Self {
        let start = clock::now() - TimeDelta::days(2);
        let mut options = match webhook {
            Some(webhook) => Options::new(&webhook.url, SECRET, start),
            None => Options::without_webhook(SECRET, start),
        };
        options.platform = PlatformOptions {
            address: Some(([127, 0, 0, 1], 0).into()),
            application: Application::new(BACK),
            connected: false,
            ..PlatformOptions::new()
        };
        change(&mut options);
        let simulator = Simulator::start(options).await.unwrap();
        eventually("the present is reached", || clock::now() - simulator.now() < TimeDelta::minutes(1)).await;
        let origin = simulator.origin().unwrap().to_owned();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self { simulator, origin, http }
    }

    pub fn car(&self, number: usize) -> CarIdentity {
        self.simulator.fleet()[number].clone()
    }

    pub fn link(&self, parameters: &[(&str, &str)]) -> String {
        let mut all = BTreeMap::from([
            ("client_id", Application::CLIENT_ID),
            ("response_type", "code"),
            ("redirect_uri", BACK),
        ]);
        all.extend(parameters.iter().copied());
        let mut url = Url::parse(&format!("{}/oauth/authorize", self.origin)).unwrap();
        url.query_pairs_mut().extend_pairs(all);
        url.into()
    }

    /// Follows a link; gives the parameters with which the person comes back.
    pub async fn follow(&self, person: &Person, parameters: &[(&str, &str)]) -> BTreeMap<String, String> {
        let back = person.follow(&self.link(parameters)).await.unwrap();
        assert!(back.as_str().starts_with(BACK), "{back}");
        back.query_pairs().into_owned().collect()
    }

    /// Connects a car by v2, everything allowed; gives the access token.
    pub async fn connect(&self, login: &str) -> String {
        let scope = "read_odometer read_fuel read_battery read_charge read_location read_tires read_engine_oil \
                     read_security read_vin read_vehicle_info read_diagnostics read_service_history \
                     control_charge control_security control_navigation";
        let back = self.follow(&Person::new(login), &[("scope", scope)]).await;
        let pair = self.exchange(&back["code"]).await;
        assert_eq!(pair.status, 200, "{pair:?}");
        pair.body["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn exchange(&self, code: &str) -> Answer {
        self.token(&[("grant_type", "authorization_code"), ("code", code), ("redirect_uri", BACK)]).await
    }

    pub async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        let request = self.request(Method::POST, "/oauth/token");
        let request = request.basic_auth(Application::CLIENT_ID, Some(Application::CLIENT_SECRET));
        send(form(request, fields)).await
    }

    /// A token of the application.
    pub async fn application_token(&self) -> String {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", Application::CLIENT_ID),
            ("client_secret", Application::CLIENT_SECRET),
        ];
        let pair = send(form(self.request(Method::POST, "/oauth2/token"), &fields)).await;
        assert_eq!((pair.status, &pair.body["expires_in"]), (200, &json!(3_600)), "{pair:?}");
        pair.body["access_token"].as_str().unwrap().to_owned()
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.origin))
    }

    pub async fn get(&self, token: &str, path: &str) -> Answer {
        send(self.request(Method::GET, path).bearer_auth(token)).await
    }

    pub async fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).bearer_auth(token).json(body)).await
    }

    pub async fn delete(&self, token: &str, path: &str) -> Answer {
        send(self.request(Method::DELETE, path).bearer_auth(token)).await
    }

    /// Asks v3 on behalf of a user.
    pub async fn get_as(&self, token: &str, user: &str, path: &str) -> Answer {
        send(self.request(Method::GET, path).bearer_auth(token).header("sc-user-id", user)).await
    }

    pub async fn developer(&self, path: &str, body: &Value) {
        let answer = send(self.request(Method::POST, &format!("/_simulator/{path}")).json(body)).await;
        assert_eq!(answer.status, 204, "{path} {answer:?}");
    }

    /// Lets the next requests for this path fail.
    pub async fn trouble(&self, path: &str, times: u32, then: &Value) {
        self.developer("faults", &json!({ "path": path, "times": times, "then": then })).await;
    }
}

pub async fn send(request: RequestBuilder) -> Answer {
    read(request.send().await.unwrap()).await
}

async fn read(response: Response) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer { status, headers, body }
}

pub fn form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    request.header("content-type", "application/x-www-form-urlencoded").body(body)
}

/// Signs in as the car's own user.
pub fn login(car: &CarIdentity) -> String {
    format!("{}@compatible.smartcar.com", car.vin)
}
