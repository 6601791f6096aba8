//! The bare door probe: HTTP, HMAC, publish, confirm, and not one check more.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::routing::post;
use axum::serve::ListenerExt;
use lapin::Channel;
use simulator::wire::sign;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Bench;
use super::confirm_probe::{confirming, publish};
use super::deliveries::{PATH, SECRET};
use super::figures::{DELIVERIES, Figures, Unit};
use super::load::{self, Pace};
use super::options::Measurement;

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Figures> {
    let channel = confirming(bench).await?;
    let queue = bench.servers.bare_queue(&channel).await?;
    let door = BareDoor::open(channel, queue).await?;
    let pace = Pace::For(bench.options.duration());
    let requests = bench.deliveries.requests();
    bench.servers.settle().await?;
    let effort = bench.effort();
    let mut served = load::run(door.address, requests, pace, Instant::now()).await?;
    let figures =
        bench.figures(Measurement::DoorProbe).with(DELIVERIES, served.per_second(), Unit::PerSecond);
    let figures = served.latencies.note(figures);
    Ok(effort.note(figures, served.requests).done())
}

/// A server that does the least; it ends with this value.
pub(super) struct BareDoor {
    pub address: SocketAddr,
    _server: JoinSet<()>,
}

impl BareDoor {
    pub async fn open(channel: Channel, queue: String) -> anyhow::Result<Self> {
        let app = Router::new().route(PATH, post(receive)).with_state(Arc::new((channel, queue)));
        serve(app).await.map(|(address, server)| Self { address, _server: server })
    }
}

/// Serves on a free port until the set of tasks is dropped.
pub(super) async fn serve(app: Router) -> anyhow::Result<(SocketAddr, JoinSet<()>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot listen")?;
    let address = listener.local_addr().context("cannot learn the port")?;
    let mut server = JoinSet::new();
    server.spawn(async move {
        let listener = listener.tap_io(|stream| {
            // Without it the figures are a little worse, and nothing is wrong.
            let _ = stream.set_nodelay(true);
        });
        // Ends only with its task.
        let _ = axum::serve(listener, app).await;
    });
    Ok((address, server))
}

/// Whether the platform signed this.
pub(super) fn is_signed(headers: &HeaderMap, body: &[u8]) -> bool {
    let signature = headers.get("sc-signature").map(HeaderValue::as_bytes);
    signature == Some(sign(SECRET.as_bytes(), body).as_bytes())
}

async fn receive(State(queue): State<Arc<(Channel, String)>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if !is_signed(&headers, &body) {
        return StatusCode::UNAUTHORIZED;
    }
    let (channel, name) = &*queue;
    match publish(channel, name, &body).await {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
