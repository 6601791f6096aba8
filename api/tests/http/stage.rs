//! An api together with a stand-in for Smartcar: its cars, its consent pages and its APIs.

use chrono::TimeDelta;
use reqwest::Method;
use runtime::clock;
use serde_json::{Value, json};
use simulator::person::Person;
use simulator::{Application, CarIdentity, Options, PlatformOptions, Simulator};
use url::Url;
use uuid::Uuid;

use crate::fixture::{Answered, Fixture, Somebody};

/// Both, until they are dropped.
pub struct Stage {
    pub api: Fixture,
    pub smartcar: Simulator,
    http: reqwest::Client,
}

/// Somebody on the way: what Smartcar's pages brought, and what the browser kept.
pub struct Way {
    /// Where the consent pages are.
    pub url: Url,
    pub cookie: String,
}

impl Stage {
    pub async fn new(version: &str, more: &[&str]) -> Self {
        let redirect = "http://127.0.0.1:3000/api/smartcar/callback";
        let start = clock::now() - TimeDelta::days(2);
        let platform = PlatformOptions {
            address: Some("127.0.0.1:0".parse().unwrap()),
            application: Application::new(redirect),
            connected: false,
            ..PlatformOptions::new()
        };
        let options = Options {
            cars: 4,
            until: Some(clock::now()),
            platform,
            ..Options::without_webhook("management-token", start)
        };
        let smartcar = Simulator::start(options).await.unwrap();
        smartcar.finished().await;
        let origin = smartcar.origin().unwrap().to_owned();
        let (v2, v3) = (format!("{origin}/oauth/token"), format!("{origin}/oauth2/token"));
        let arguments = [
            ["--smartcar-api-version", version],
            ["--smartcar-application-id", Application::APPLICATION_ID],
            ["--smartcar-client-id", Application::CLIENT_ID],
            ["--smartcar-client-secret", Application::CLIENT_SECRET],
            ["--smartcar-webhook-secret", "management-token"],
            ["--smartcar-redirect-uri", redirect],
            ["--smartcar-api-origin", &origin],
            ["--smartcar-auth-origin", &v2],
            ["--smartcar-iam-origin", &v3],
            ["--smartcar-connect-origin", &origin],
            ["--smartcar-management-api-origin", &origin],
            ["--smartcar-vehicle-api-v3-origin", &origin],
            ["--token-encryption-keys", "one:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="],
            ["--actions-per-minute", "1000"],
        ];
        let arguments: Vec<&str> = arguments.as_flattened().iter().chain(more).copied().collect();
        let api = Fixture::new(&arguments).await;
        Self { api, smartcar, http: reqwest::Client::new() }
    }

    /// A virtual car, and the name with which its owner signs in at its maker.
    pub fn virtual_car(&self, number: usize) -> (CarIdentity, String) {
        let car = self.smartcar.fleet()[number].clone();
        let login = format!("{}@compatible.smartcar.com", car.vin);
        (car, login)
    }

    /// Begins to connect a car, as a page of Carvetka does it.
    pub async fn begin(&self, who: &Somebody, car: Uuid, more: &str) -> Way {
        let path = format!("/api/smartcar/connect?carId={car}{more}");
        let request = self.api.request(Method::GET, &path).bearer_auth(&who.token);
        let answer = self.api.send(request.header("accept", "application/json")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        Way { url: answer.json["url"].as_str().unwrap().parse().unwrap(), cookie }
    }

    /// Goes through the consent pages; gives where they send the browser.
    pub async fn consent(&self, way: &Way, person: &Person) -> Url {
        person.follow(way.url.as_str()).await.unwrap()
    }

    /// Comes back with what the consent pages brought.
    pub async fn come_back(&self, back: &Url, cookie: &str) -> Answered {
        let path = format!("{}?{}", back.path(), back.query().unwrap_or_default());
        self.api.send(self.api.request(Method::GET, &path).header("cookie", cookie)).await
    }

    /// The whole journey.
    pub async fn connect(&self, who: &Somebody, car: Uuid, login: &str, more: &str) -> Answered {
        let way = self.begin(who, car, more).await;
        let back = self.consent(&way, &Person::new(login)).await;
        self.come_back(&back, &way.cookie).await
    }

    /// Somebody whose car is connected.
    pub async fn owner(&self, number: usize) -> (Somebody, Uuid) {
        let ann = self.api.somebody().await;
        let car = self.api.car(&ann, "Berta").await;
        let (_, login) = self.virtual_car(number);
        let page = self.connect(&ann, car, &login, "").await;
        assert_eq!(page.status, 200, "{}", page.text);
        (ann, car)
    }

    /// Makes Smartcar answer differently.
    pub async fn trouble(&self, rule: &Value) {
        let url = format!("{}/_simulator/faults", self.smartcar.origin().unwrap());
        let answer = self.http.post(url).json(&json!([rule])).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }
}
