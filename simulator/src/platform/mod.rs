//! The platform as developers meet it: Connect's pages, tokens, both REST APIs and their management, on one
//! address that plays all of its hosts. What cars say here is what they told last, the same as in webhooks.

mod answer;
pub mod application;
mod auth;
mod connect;
pub mod connections;
mod developer;
pub mod limits;
mod permissions;
pub mod problems;
mod reach;
mod registry;
mod router;
mod tokens;
mod trouble;
mod v2;
mod v3;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::Request;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

pub use application::Application;
pub use limits::{Bucket, Limits};
use problems::Problem;
pub use trouble::{Part, Rule, Trouble};

use crate::clock;
use crate::cloud::{Cloud, FaultControl};
use crate::ledger::Ledger;
use crate::reporter::LastKnown;
use crate::sender::Post;
use crate::world::CarIdentity;
pub(crate) use registry::{Registry, Webhook};

/// How the platform meets developers. Begin with [`PlatformOptions::new`] and change what should be otherwise.
#[derive(Debug, Clone)]
pub struct PlatformOptions {
    /// Where it listens (port 0: a free one); nowhere without it.
    pub address: Option<SocketAddr>,
    pub application: Application,
    /// Whether every car is connected from the beginning, by its own user and with all permissions.
    pub connected: bool,
    /// Whether the webhook subscribes every connection by itself.
    pub auto_subscribe: bool,
    /// Whether a link of Connect with `auto=<login>` goes through all pages by itself.
    pub auto_login: bool,
    pub limits: Limits,
    /// Trouble from the beginning.
    pub rules: Vec<Rule>,
}

impl PlatformOptions {
    /// No address, all cars connected and subscribed, no limits, no trouble.
    pub fn new() -> Self {
        Self {
            address: None,
            application: Application::new("http://127.0.0.1:3000/api/smartcar/callback"),
            connected: true,
            auto_subscribe: true,
            auto_login: false,
            limits: Limits::default(),
            rules: Vec::new(),
        }
    }
}

impl Default for PlatformOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// The platform's handle. Clones are the same platform.
#[derive(Debug, Clone)]
pub(crate) struct Platform(Arc<Shared>);

/// What the platform is made of.
#[derive(Debug)]
pub(crate) struct Shared {
    pub application: Application,
    pub management_token: SecretString,
    pub auto_login: bool,
    /// Its own address, for the links in its answers.
    pub origin: String,
    pub fleet: Vec<CarIdentity>,
    pub cloud: Arc<Mutex<Cloud>>,
    pub ledger: Arc<Ledger>,
    pub faults: FaultControl,
    pub post: Option<Arc<Post>>,
    pub registry: Arc<Mutex<Registry>>,
}

/// Locks what several tasks share; a task that panicked has left it whole, for no lock is held over a wait.
pub(crate) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Platform {
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// Serves until it is stopped; requests under way are finished.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        let service = router::routes(self).map_request(router::without_last_slash);
        let service = axum::ServiceExt::<Request>::into_make_service(service);
        // An error here would be one of accepting connections, which axum never gives up.
        let _ = axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned()).await;
    }

    fn application(&self) -> &Application {
        &self.0.application
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        lock(&self.0.registry)
    }

    fn fleet(&self) -> &[CarIdentity] {
        &self.0.fleet
    }

    fn origin(&self) -> &str {
        &self.0.origin
    }

    /// The present of tokens and limits: the real one, unless somebody moved it.
    fn now(&self) -> DateTime<Utc> {
        clock::now() + self.registry().ahead
    }

    /// The present of the cars.
    fn virtual_now(&self) -> DateTime<Utc> {
        self.0.ledger.now()
    }

    /// Counts requests of the application, if there are so many left.
    fn count(&self, requests: usize) -> Result<(), Problem> {
        let now = self.now();
        self.registry().meter.application(requests, now)
    }

    fn number_of(&self, vehicle_id: &str) -> Option<usize> {
        self.fleet().iter().position(|car| car.smartcar_vehicle_id == vehicle_id)
    }

    fn last_known(&self, number: usize) -> Option<LastKnown> {
        lock(&self.0.cloud).last_known(number)
    }

    fn is_management_token(&self, token: &str) -> bool {
        token == self.0.management_token.expose_secret()
    }

    /// Tells a new subscriber what is known of a car.
    fn introduce(&self, number: usize, user_id: &str) {
        lock(&self.0.cloud).introduce(number, user_id, self.virtual_now());
    }
}
