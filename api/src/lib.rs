//! What people and Carvetka's pages call: connecting cars to Smartcar, syncing, status and commands, and the books that
//! people read and correct.
//!
//! Every route is told to the router and to the `OpenAPI` description in one breath (`routes`), every error has one form
//! (`problem`), and whoever takes a [`Person`](identity::Person) or a car as an argument is called for nobody else's.

mod allowance;
mod binding;
mod config;
mod cors;
mod dashboard;
mod description;
mod extract;
mod identity;
mod measured;
mod metric;
mod operators;
mod outside;
mod page;
mod problem;
mod refusal;
mod request;
mod routes;
mod site;
mod value;
mod watch;
mod words;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use axum::extract::DefaultBodyLimit;
use axum::{Router, middleware};
use connections::Connections;
use runtime::http::{self, Health, Limits};
use runtime::lifecycle::Lifecycle;
use runtime::metrics as runtime_metrics;
use secrecy::ExposeSecret;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, Span, info, warn};

pub use config::{AllowanceConfig, Config, DashboardConfig, JwtConfig, OperatorConfig};

use allowance::Allowance;
use identity::Tokens;
use operators::Operators;
use outside::Outside;
use problem::{Answer, Code, Problem};
use site::Site;
use watch::Watch;

/// What all handlers share. Cheap to clone.
#[derive(Clone)]
struct App {
    pool: PgPool,
    tokens: Arc<Tokens>,
    allowance: Arc<Allowance>,
    site: Arc<Site>,
    outside: Arc<Outside>,
    /// Absent where the installation has no credentials of Smartcar: the books work without.
    connections: Option<Connections>,
    operators: Operators,
    /// Seats for those who follow: half of the connections, so that others can ask.
    followers: Arc<Semaphore>,
    stopping: CancellationToken,
    /// Work that goes on when the one who asked for it does not wait.
    under_way: TaskTracker,
}

impl App {
    fn connections(&self) -> Answer<&Connections> {
        self.connections.as_ref().ok_or_else(not_set_up)
    }

    /// Does the work to its end, also when the client goes away meanwhile: half of a consent or of a new pair of tokens
    /// is worse than none.
    async fn to_its_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Answer<T> {
        let work = self.under_way.spawn(work.instrument(Span::current()));
        work.await.map_err(|panicked| Problem::internal(&panicked))
    }
}

fn not_set_up() -> Problem {
    let detail =
        "This installation is not set up to connect cars: whoever runs it finds the reason in its log.";
    Problem::new(Code::NotConfigured, detail)
}

/// Starts the program, and returns the address at which it stands: of interest when the configured port is 0.
///
/// It stands open also while the database is away; it then answers 503, and `/readyz` says why.
///
/// # Errors
///
/// If the address cannot be bound, or the database's address cannot be read.
pub async fn run(config: &Config, life: &Lifecycle) -> anyhow::Result<SocketAddr> {
    let metrics = runtime_metrics::install()?;
    life.spawn("metrics upkeep", runtime_metrics::upkeep(metrics.clone(), life.stopping()));
    metric::describe();

    let url = config.database.database_url.expose_secret();
    let pool = store::pool(url, config.database.database_connections)?;
    let watch = Watch::default();
    life.spawn("database watch", watch.clone().run(pool.clone(), life.stopping()));
    let app = App {
        tokens: Arc::new(Tokens::new(&config.jwt).context("cannot prove tokens")?),
        allowance: Arc::new(Allowance::new(&config.allowance)),
        site: Arc::new(Site::new(&config.connections, &config.dashboard)),
        outside: Arc::new(Outside::new(&config.notify, config.connections.token_encryption_keys.as_ref())),
        connections: connect(config, &pool),
        operators: Operators::new(config, life)?,
        followers: Arc::new(Semaphore::new(usize::from(config.api_connections) / 2)),
        stopping: life.stopping(),
        under_way: TaskTracker::new(),
        pool,
    };
    keep(&app, life);

    let ready = http::unless_stopping(life, Health::new(move || watch.readiness()));
    let app = router(app).merge(http::router(ready, metrics));
    let address = config.api_addr;
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let address = listener.local_addr().context("cannot learn the address that was bound")?;
    info!(server.address = %address, "requests are taken at http://{address}");
    let limits = Limits { connections: usize::from(config.api_connections), ..Limits::NEIGHBOURS };
    life.spawn("api", http::serve_within(limits, listener, app, life.stopping()));
    Ok(address)
}

/// Writes the `OpenAPI` description to standard output.
///
/// # Errors
///
/// If it cannot be written.
pub fn print_description() -> anyhow::Result<()> {
    serde_json::to_writer_pretty(std::io::stdout().lock(), &routes::all().1)
        .context("cannot write the description")
}

/// Without credentials the books are still served; connecting answers 501 then.
fn connect(config: &Config, pool: &PgPool) -> Option<Connections> {
    Connections::new(&config.connections, pool.clone())
        .inspect_err(|error| warn!(error = runtime::chain(error), "cars cannot be connected: {error}"))
        .ok()
}

/// What goes on beside the requests.
fn keep(app: &App, life: &Lifecycle) {
    let (allowance, stop) = (Arc::clone(&app.allowance), life.stopping());
    life.spawn("allowance upkeep", async move {
        allowance.upkeep(stop).await;
        Ok(())
    });
    let (under_way, stop) = (app.under_way.clone(), life.stopping());
    life.spawn("work under way", async move {
        stop.cancelled().await;
        under_way.close();
        under_way.wait().await;
        Ok(())
    });
}

fn router(app: App) -> Router {
    let (routes, _) = routes::all();
    routes
        .merge(dashboard::router())
        .fallback(async || Problem::new(Code::NoSuchRoute, "GET /api/openapi.json tells what there is."))
        .layer(DefaultBodyLimit::max(extract::LARGEST_BODY))
        .layer(middleware::from_fn_with_state(app.clone(), request::attend))
        .layer(cors::layer(&app.site))
        .with_state(app)
}
