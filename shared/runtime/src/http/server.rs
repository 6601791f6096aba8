//! An HTTP/1 server with limits: on connections, on heads of requests, on idleness. When there are too many
//! connections, the one that has been idle longest makes room, so that nobody can shut the door by standing in it.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{self, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::seat::Seat;

/// What a server takes on at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once. One more, and the one that is idle longest is closed.
    pub connections: usize,
    /// How long a connection may be without a whole head of a request: idle, or sending one slowly. Longer than
    /// the minute for which load balancers keep their connections, so that it is them who close, and not us while
    /// a request is on its way.
    pub idle: Duration,
    /// Bytes of a request's head; more is answered with 431.
    pub head_bytes: usize,
}

impl Limits {
    /// For a server that only neighbours call.
    pub const NEIGHBOURS: Self =
        Self { connections: 128, idle: Duration::from_secs(75), head_bytes: 16 * 1024 };
}

/// How much of a body is read ahead of the program, which bounds the memory of a connection.
const READ_AHEAD_BYTES: usize = 16 * 1024;

/// How long the server rests when there is no room: all connections are busy, or the system has no file
/// descriptor left.
const REST: Duration = Duration::from_millis(20);

/// How long a connection in the middle of a head may go on when the server stops. Whole requests are finished.
const LINGER: Duration = Duration::from_secs(1);

/// Serves `app` until `stop`, within [`Limits::NEIGHBOURS`]; see [`serve_within`].
pub async fn serve(listener: TcpListener, app: Router, stop: CancellationToken) -> anyhow::Result<()> {
    serve_within(Limits::NEIGHBOURS, listener, app, stop).await
}

/// Serves `app` until `stop`; then closes the listener, finishes the requests in hand and returns.
///
/// # Errors
///
/// None today: a connection that fails ends alone, and a listener that cannot accept tries again.
pub async fn serve_within(
    limits: Limits,
    listener: TcpListener,
    app: Router,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut hall =
        Hall { limits, app, stop: stop.clone(), connections: JoinSet::new(), seats: HashMap::new() };
    while let Some(accepted) = stop.run_until_cancelled(hall.accept(&listener)).await {
        match accepted {
            Ok(stream) => {
                // Whoever waits for room when the program stops was not promised anything yet.
                let _ = stop.run_until_cancelled(hall.make_room()).await;
                hall.seat(stream);
            }
            Err(error) => {
                debug!(error = crate::chain(&error), "cannot accept a connection");
                hall.give_up_the_idlest();
                tokio::time::sleep(REST).await;
            }
        }
    }
    drop(listener);
    while hall.connections.join_next().await.is_some() {}
    Ok(())
}

/// The connections of one server.
struct Hall {
    limits: Limits,
    app: Router,
    stop: CancellationToken,
    connections: JoinSet<()>,
    seats: HashMap<task::Id, Arc<Seat>>,
}

impl Hall {
    /// The next connection; clears away those that ended meanwhile.
    async fn accept(&mut self, listener: &TcpListener) -> io::Result<TcpStream> {
        loop {
            tokio::select! {
                accepted = listener.accept() => return accepted.map(|(stream, _)| stream),
                Some(ended) = self.connections.join_next_with_id() => self.clear(ended),
            }
        }
    }

    /// Waits until there is room for one more.
    async fn make_room(&mut self) {
        while self.connections.len() >= self.limits.connections {
            self.give_up_the_idlest();
            if let Ok(Some(ended)) = tokio::time::timeout(REST, self.connections.join_next_with_id()).await {
                self.clear(ended);
            }
        }
    }

    fn give_up_the_idlest(&self) {
        let idlest =
            self.seats.values().filter_map(|seat| Some((seat.idle_since()?, seat))).min_by_key(|(at, _)| *at);
        if let Some((_, seat)) = idlest {
            seat.give_up();
        }
    }

    fn seat(&mut self, stream: TcpStream) {
        let seat = Arc::new(Seat::default());
        let connection =
            connection(self.limits, stream, self.app.clone(), Arc::clone(&seat), self.stop.clone());
        let id = self.connections.spawn(connection).id();
        self.seats.insert(id, seat);
    }

    /// A connection whose handler panicked ended as well; the panic was logged where it happened.
    fn clear(&mut self, ended: Result<(task::Id, ()), JoinError>) {
        let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
        self.seats.remove(&id);
    }
}

async fn connection(
    limits: Limits,
    stream: TcpStream,
    app: Router,
    seat: Arc<Seat>,
    stop: CancellationToken,
) {
    // Answers are small and whole: waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let peer = stream.peer_addr().ok();
    let app = TowerToHyperService::new(app);
    let service = service_fn(|request: Request<Incoming>| answer(&app, &seat, peer, request));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle)
        .max_header_size(limits.head_bytes)
        .max_buf_size(READ_AHEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut served = pin!(served);
    tokio::select! {
        _ = served.as_mut() => return,
        () = seat.given_up() => return,
        () = stop.cancelled() => served.as_mut().graceful_shutdown(),
    }
    let lingering = tokio::time::timeout(LINGER, served.as_mut()).await;
    if lingering.is_err() && !seat.give_up() {
        let _ = served.await;
    }
}

/// An error closes the connection without an answer. Handlers find the peer's address as [`ConnectInfo`].
fn answer<'a>(
    app: &TowerToHyperService<Router>,
    seat: &'a Seat,
    peer: Option<SocketAddr>,
    mut request: Request<Incoming>,
) -> impl Future<Output = Result<axum::response::Response, io::Error>> + use<'a> {
    let in_hand = seat.begin();
    if let Some(peer) = peer {
        request.extensions_mut().insert(ConnectInfo(peer));
    }
    let answer = app.call(request);
    async move {
        let Some(_in_hand) = in_hand else {
            return Err(io::ErrorKind::ConnectionAborted.into());
        };
        Ok(answer.await.unwrap_or_else(|never| match never {}))
    }
}
