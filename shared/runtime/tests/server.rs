//! The server's limits and its end, over real connections; and what operators are told.
#![expect(clippy::unwrap_used, reason = "in a test every failure is an answer")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use clap::Parser;
use runtime::config::MetricsConfig;
use runtime::http::{self, Health, Limits, Readiness};
use runtime::lifecycle::Lifecycle;
use runtime::metrics;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const GENEROUS: Duration = Duration::from_mins(1);
const REQUEST: &[u8] = b"GET /quick HTTP/1.1\r\nHost: server\r\n\r\n";
const SLOW: &[u8] = b"GET /slow HTTP/1.1\r\nHost: server\r\n\r\n";

/// A server whose `/slow` says that it was reached, and answers when a permit is given.
struct Server {
    address: SocketAddr,
    reached: Arc<Semaphore>,
    permits: Arc<Semaphore>,
    stop: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

impl Server {
    #[expect(clippy::disallowed_methods, reason = "the test waits for the server's end itself")]
    async fn start(limits: Limits) -> Self {
        let (reached, permits) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let (begun, slow) = (Arc::clone(&reached), Arc::clone(&permits));
        let app = Router::new().route("/quick", get(async || "quick")).route(
            "/slow",
            get(async move || {
                begun.add_permits(1);
                slow.acquire().await.unwrap().forget();
                "slow"
            }),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let running = tokio::spawn(http::serve_within(limits, listener, app, stop.clone()));
        Self { address, reached, permits, stop, running }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn ends(self) {
        timeout(GENEROUS, self.running).await.unwrap().unwrap().unwrap();
    }
}

async fn ask(stream: &mut TcpStream, request: &[u8]) {
    stream.write_all(request).await.unwrap();
}

async fn is_served(stream: &mut TcpStream) {
    ask(stream, REQUEST).await;
    hears(stream, "quick").await;
}

/// Waits for an answer that ends with these words.
async fn hears(stream: &mut TcpStream, words: &str) {
    let mut heard = Vec::new();
    while !heard.ends_with(words.as_bytes()) {
        let read = timeout(GENEROUS, stream.read_buf(&mut heard)).await.unwrap().unwrap();
        assert!(read > 0, "the connection ended after {:?}", String::from_utf8_lossy(&heard));
    }
}

/// Waits for the end of the connection, before which nothing may come.
async fn is_closed(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    // A reset is an end as well.
    timeout(GENEROUS, stream.read_to_end(&mut rest)).await.unwrap().ok();
    assert!(rest.is_empty(), "it said {:?}", String::from_utf8_lossy(&rest));
}

#[tokio::test]
async fn a_connection_without_a_whole_head_in_time_is_closed() {
    let server = Server::start(Limits { idle: Duration::from_millis(200), ..Limits::NEIGHBOURS }).await;
    let (mut silent, mut slow, mut idle) =
        (server.connect().await, server.connect().await, server.connect().await);
    ask(&mut slow, b"GET /quick HTTP/1.1\r\nHos").await;
    is_served(&mut idle).await;
    for stream in [&mut silent, &mut slow, &mut idle] {
        is_closed(stream).await;
    }
}

#[tokio::test]
async fn the_connection_that_is_idle_longest_makes_room() {
    let server = Server::start(Limits { connections: 2, ..Limits::NEIGHBOURS }).await;
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    is_served(&mut first).await;
    is_served(&mut second).await;
    is_served(&mut first).await;
    let mut third = server.connect().await;
    is_served(&mut third).await;
    is_closed(&mut second).await;
    is_served(&mut first).await;
}

#[tokio::test]
async fn when_all_are_busy_the_next_waits_until_one_is_not() {
    let server = Server::start(Limits { connections: 2, ..Limits::NEIGHBOURS }).await;
    let mut busy = [server.connect().await, server.connect().await];
    for stream in &mut busy {
        ask(stream, SLOW).await;
    }
    let mut next = server.connect().await;
    ask(&mut next, REQUEST).await;
    server.permits.add_permits(2);
    hears(&mut next, "quick").await;
    for stream in &mut busy {
        hears(stream, "slow").await;
    }
}

#[tokio::test]
async fn a_stop_finishes_requests_in_hand_and_closes_everything_else() {
    let server = Server::start(Limits::NEIGHBOURS).await;
    let (mut silent, mut halfway) = (server.connect().await, server.connect().await);
    let (mut idle, mut busy) = (server.connect().await, server.connect().await);
    ask(&mut halfway, b"GET /quick HTTP/1.1\r\nHos").await;
    is_served(&mut idle).await;
    ask(&mut busy, SLOW).await;
    timeout(GENEROUS, server.reached.acquire()).await.unwrap().unwrap().forget();

    server.stop.cancel();
    for stream in [&mut silent, &mut idle, &mut halfway] {
        is_closed(stream).await;
    }
    assert!(!server.running.is_finished());
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody new is let in");
    server.permits.add_permits(1);
    hears(&mut busy, "slow").await;
    is_closed(&mut busy).await;
    server.ends().await;
}

#[tokio::test]
async fn a_head_that_is_too_long_is_431() {
    let server = Server::start(Limits { head_bytes: 1_000, ..Limits::NEIGHBOURS }).await;
    let mut stream = server.connect().await;
    ask(&mut stream, format!("GET /quick HTTP/1.1\r\nHost: {}\r\n\r\n", "a".repeat(2_000)).as_bytes()).await;
    let mut start = [0; 13];
    timeout(GENEROUS, stream.read_exact(&mut start)).await.unwrap().unwrap();
    assert_eq!(&start, b"HTTP/1.1 431 ");
}

#[tokio::test]
async fn operators_are_told_health_readiness_and_metrics() {
    let ready = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&ready);
    let health = Health::new(move || {
        if asked.load(Ordering::SeqCst) { Readiness::Ready } else { Readiness::not("the roof is on fire") }
    });
    let life = Lifecycle::new(GENEROUS);
    let app = http::router(http::unless_stopping(&life, health), metrics::install().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    life.spawn("server", http::serve(listener, app, life.stopping()));
    let get = async |path| {
        let answer = reqwest::get(format!("http://{address}{path}")).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };

    assert_eq!(get("/healthz").await, (200, r#"{"status":"ok"}"#.to_owned()));
    let not_ready = r#"{"reason":"the roof is on fire","status":"not ready"}"#;
    assert_eq!(get("/readyz").await, (503, not_ready.to_owned()));
    ready.store(true, Ordering::SeqCst);
    assert_eq!(get("/readyz").await, (200, r#"{"status":"ready"}"#.to_owned()));
    ::metrics::counter!("runtime_server_test_total").increment(7);
    let (status, text) = get("/metrics").await;
    assert_eq!(status, 200);
    assert!(text.contains("runtime_server_test_total 7"), "{text}");
    life.shut_down().await;
}

#[tokio::test]
async fn a_program_that_is_stopping_is_not_ready() {
    let life = Lifecycle::new(GENEROUS);
    let health = http::unless_stopping(&life, Health::new(|| Readiness::Ready));
    assert_eq!(health.readiness(), Readiness::Ready);
    life.stopping().cancel();
    assert_eq!(health.readiness(), Readiness::not("stopping"));
}

#[derive(Parser)]
struct Program {
    #[command(flatten)]
    metrics: MetricsConfig,
}

#[tokio::test]
async fn a_program_without_a_door_shows_its_health_where_it_is_told() {
    // Free now; taken by nobody in between but for great misfortune.
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let config = Program::parse_from(["program", "--metrics-addr", &address.to_string()]).metrics;
    let life = Lifecycle::new(GENEROUS);
    http::spawn_operations(&life, config, Health::new(|| Readiness::Ready)).await.unwrap();
    assert_eq!(reqwest::get(format!("http://{address}/readyz")).await.unwrap().status(), 200);
    life.shut_down().await;
}
