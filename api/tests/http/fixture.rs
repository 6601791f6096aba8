//! An api of its own for each test, people with cars, and a client that compares every answer with the description.

use std::net::SocketAddr;
use std::time::Duration;

use api::Config;
use clap::Parser;
use harness::TestDatabase;
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use runtime::lifecycle::Lifecycle;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::description::Description;
use crate::token;

/// How long anything may take that does come.
pub const GENEROUS: Duration = Duration::from_secs(30);

/// Where Carvetka is in these tests.
pub const CARVETKA: &str = "https://app.carvetka.example";

/// An api, open until it is dropped.
pub struct Fixture {
    pub address: SocketAddr,
    pub database: TestDatabase,
    http: reqwest::Client,
    description: Description,
    _life: Lifecycle,
}

/// Somebody with a token.
#[derive(Debug, Clone)]
pub struct Somebody {
    pub id: Uuid,
    pub token: String,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// `null` where it is no JSON.
    pub json: Value,
}

impl Fixture {
    pub async fn new(arguments: &[&str]) -> Self {
        let database = harness::database().await;
        let url = database.url.clone();
        Self::on(database, &url, arguments).await
    }

    /// An api that reaches its database by this address; the test itself takes the direct way.
    pub async fn on(database: TestDatabase, url: &str, arguments: &[&str]) -> Self {
        let life = Lifecycle::new(Duration::from_secs(8));
        let own = ["api", "--api-addr", "127.0.0.1:0", "--database-url", url, "--carvetka-origin", CARVETKA];
        let words = own.into_iter().chain(arguments.iter().copied());
        let has_way = arguments.iter().any(|argument| argument.starts_with("--jw"));
        let secret = ["--jwt-secret", token::SECRET];
        let words = words.chain(secret.into_iter().filter(|_| !has_way));
        let address = api::run(&Config::parse_from(words), &life).await.unwrap();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let description = Description::read(&http, address).await;
        Self { address, database, http, description, _life: life }
    }

    pub fn pool(&self) -> &PgPool {
        &self.database.pool
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A request as it comes, without a token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    /// Sends it, and compares the answer with the description.
    pub async fn send(&self, request: RequestBuilder) -> Answered {
        let request = request.build().unwrap();
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response = self.http.execute(request).await.unwrap();
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await.unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        let answered = Answered { status, headers, text, json };
        self.description.check(&method, &path, &answered);
        answered
    }

    pub async fn get(&self, who: &Somebody, path: &str) -> Answered {
        self.send(self.request(Method::GET, path).bearer_auth(&who.token)).await
    }

    pub async fn post(&self, who: &Somebody, path: &str, body: &Value) -> Answered {
        self.send(self.request(Method::POST, path).bearer_auth(&who.token).json(body)).await
    }

    pub async fn patch(&self, who: &Somebody, path: &str, body: &Value) -> Answered {
        self.send(self.request(Method::PATCH, path).bearer_auth(&who.token).json(body)).await
    }

    pub async fn delete(&self, who: &Somebody, path: &str) -> Answered {
        self.send(self.request(Method::DELETE, path).bearer_auth(&who.token)).await
    }

    pub async fn somebody(&self) -> Somebody {
        let id = sqlx::query_scalar("INSERT INTO auth.users DEFAULT VALUES RETURNING id");
        let id = id.fetch_one(self.pool()).await.unwrap();
        Somebody { id, token: token::of(id) }
    }

    pub async fn car(&self, owner: &Somebody, name: &str) -> Uuid {
        sqlx::query_scalar("INSERT INTO cars (user_id, name) VALUES ($1, $2) RETURNING id")
            .bind(owner.id)
            .bind(name)
            .fetch_one(self.pool())
            .await
            .unwrap()
    }

    /// A connection of this car, as the pipeline knows it.
    pub async fn connection(&self, owner: &Somebody, car: Uuid) -> Uuid {
        sqlx::query_scalar(
            "INSERT INTO smartcar_vehicles (car_id, user_id, smartcar_vehicle_id, smartcar_user_id)
             VALUES ($1, $2, $1::text, $2::text) RETURNING id",
        )
        .bind(car)
        .bind(owner.id)
        .fetch_one(self.pool())
        .await
        .unwrap()
    }
}

impl Answered {
    /// The status and the problem's code: `422 invalid_field`, or `200` where there is no problem.
    pub fn verdict(&self) -> String {
        match self.json["code"].as_str() {
            Some(code) => format!("{} {code}", self.status),
            None => self.status.to_string(),
        }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// A good entry of the mileage book.
pub fn meter_entry(km: f64, at: &str) -> Value {
    json!({ "odometerKm": km, "entryDate": at })
}
