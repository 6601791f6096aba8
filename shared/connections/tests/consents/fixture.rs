//! People with garages, and the program that connects their cars.

use chrono::{DateTime, TimeDelta, Utc};
use clap::Parser;
use connections::{Ask, Begun, Callback, Connected, Connections, ConnectionsConfig, Outcome};
use harness::TestDatabase;
use secrecy::SecretString;
use sqlx::PgPool;
use uuid::Uuid;

use crate::platform::Platform;

pub const KEYS: &str = "2026a:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    connections: ConnectionsConfig,
}

pub struct Stage {
    pub database: TestDatabase,
    pub platform: Platform,
    pub connections: Connections,
    version: &'static str,
}

/// A person with a car in their garage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    pub user: Uuid,
    pub car: Uuid,
}

pub fn now() -> DateTime<Utc> {
    "2026-02-16T12:00:00Z".parse().unwrap()
}

pub fn later(minutes: i64) -> DateTime<Utc> {
    now() + TimeDelta::minutes(minutes)
}

impl Stage {
    pub async fn v2() -> Self {
        Self::new("v2", &[]).await
    }

    pub async fn v3() -> Self {
        Self::new("v3", &[]).await
    }

    pub async fn new(version: &'static str, more: &[&str]) -> Self {
        let (database, platform) = (harness::database().await, Platform::start().await);
        // These people live in another year than the database.
        sqlx::query("UPDATE api_bucket SET counted_at = $1")
            .bind(now())
            .execute(&database.pool)
            .await
            .unwrap();
        let connections = program(&platform, &database.pool, version, more);
        Self { database, platform, connections, version }
    }

    /// The same as another process.
    pub fn another(&self, more: &[&str]) -> Connections {
        program(&self.platform, &self.database.pool, self.version, more)
    }

    pub fn pool(&self) -> &PgPool {
        &self.database.pool
    }

    pub async fn owner(&self, vin: Option<&str>) -> Owner {
        let owner = Owner { user: Uuid::new_v4(), car: Uuid::new_v4() };
        sqlx::query("INSERT INTO auth.users (id) VALUES ($1)")
            .bind(owner.user)
            .execute(self.pool())
            .await
            .unwrap();
        self.add_car(owner, vin).await;
        owner
    }

    /// Another car of the same person.
    pub async fn second_car(&self, owner: Owner, vin: Option<&str>) -> Owner {
        let second = Owner { car: Uuid::new_v4(), ..owner };
        self.add_car(second, vin).await;
        second
    }

    async fn add_car(&self, owner: Owner, vin: Option<&str>) {
        sqlx::query("INSERT INTO cars (id, user_id, name, vin) VALUES ($1, $2, 'Clio', $3)")
            .bind(owner.car)
            .bind(owner.user)
            .bind(vin)
            .execute(self.pool())
            .await
            .unwrap();
    }

    pub async fn begin(&self, owner: Owner, ask: Ask) -> Begun {
        self.connections.begin(owner.user, owner.car, ask, now()).await.unwrap()
    }

    /// Comes back from the consent page with this.
    pub async fn back(&self, begun: &Begun, callback: Callback) -> Connected {
        let callback = Callback { state: callback.state.or_else(|| Some(state(begun))), ..callback };
        self.connections.connect_vehicle(callback, Some(&begun.browser), now()).await.unwrap()
    }

    pub async fn back_with_code(&self, begun: &Begun, code: &str) -> Connected {
        self.back(begun, Callback { code: Some(code.to_owned().into()), ..Callback::default() }).await
    }

    /// A person connects their car with one of these vehicles (v2).
    pub async fn connect(&self, owner: Owner, vehicles: &[&str]) -> Outcome {
        let begun = self.begin(owner, Ask { location: false, ..Ask::default() }).await;
        let code = self.platform.code(vehicles);
        self.back_with_code(&begun, &code).await.outcome
    }

    /// A car that is connected, by both of its ids: ours and the platform's.
    pub async fn connected(&self) -> (Owner, Uuid, String) {
        let owner = self.owner(None).await;
        let vehicle = self.platform.vehicle(None);
        let id = match self.version {
            "v2" => self.connect(owner, &[&vehicle]).await,
            _ => self.connect_v3(owner, &vehicle, Ask::default()).await,
        };
        let Outcome::Connected { vehicle_id, .. } = id else { panic!("{id:?}") };
        (owner, vehicle_id, vehicle)
    }

    pub async fn connect_v3(&self, owner: Owner, vehicle: &str, ask: Ask) -> Outcome {
        let begun = self.begin(owner, ask).await;
        let user = Uuid::new_v4().to_string();
        self.platform.connect(&user, Some(&query(&begun, "external_id")), vehicle);
        self.back(&begun, Callback { user_id: Some(user), ..Callback::default() }).await.outcome
    }

    /// A person connects their car with this vehicle, as they did before.
    pub async fn connect_again(&self, owner: Owner, vehicle: &str) -> Outcome {
        match self.version {
            "v2" => self.connect(owner, &[vehicle]).await,
            _ => self.connect_v3(owner, vehicle, Ask { location: false, ..Ask::default() }).await,
        }
    }

    pub async fn grant_of(&self, vehicle: Uuid) -> Uuid {
        sqlx::query_scalar("SELECT grant_id FROM smartcar_vehicles WHERE id = $1")
            .bind(vehicle)
            .fetch_one(self.pool())
            .await
            .unwrap()
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(self.pool()).await.unwrap()
    }

    /// The mileage book of a car.
    pub async fn book(&self, car: Uuid) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT concat_ws(' ', to_char(entry_date AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), odometer_reading, notes)
             FROM meter_entries WHERE car_id = $1 ORDER BY entry_date",
        )
        .bind(car)
        .fetch_all(self.pool())
        .await
        .unwrap()
    }

    pub async fn close(self) {
        drop(self.connections);
        self.database.close().await;
    }
}

/// A parameter of the consent page's address.
pub fn query(begun: &Begun, name: &str) -> String {
    begun.url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
}

pub fn state(begun: &Begun) -> String {
    query(begun, "state")
}

pub fn browser(text: &str) -> SecretString {
    text.to_owned().into()
}

fn program(platform: &Platform, pool: &PgPool, version: &str, more: &[&str]) -> Connections {
    let token = |path: &str| format!("{}{path}", platform.origin);
    let arguments = [
        "program",
        "--token-encryption-keys",
        KEYS,
        "--carvetka-origin",
        "https://app.carvetka.example",
        "--smartcar-client-id",
        "client",
        "--smartcar-client-secret",
        "hunter2",
        "--smartcar-application-id",
        "application",
        "--smartcar-redirect-uri",
        "https://api.carvetka.example/api/smartcar/callback",
        "--smartcar-api-version",
        version,
        "--smartcar-api-origin",
        &platform.origin,
        "--smartcar-vehicle-api-v3-origin",
        &platform.origin,
        "--smartcar-management-api-origin",
        &platform.origin,
        "--smartcar-connect-origin",
        &platform.origin,
        "--smartcar-auth-origin",
        &token("/oauth/token"),
        "--smartcar-iam-origin",
        &token("/oauth2/token"),
    ];
    let config = Program::parse_from(arguments.iter().chain(more)).connections;
    Connections::new(&config, pool.clone()).unwrap()
}
