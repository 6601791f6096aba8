//! One connection to the broker, from its opening to its end. It never comes back by itself: a new session is a new
//! start, with nothing left over from the old one (lapin's own recovery stays off).

use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use lapin::tcp::OwnedTLSConfig;
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{AsyncTcpStream, Channel, Connection, ConnectionProperties, Event};
use thiserror::Error;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::options::BrokerOptions;

/// What we could not do with a connection.
#[derive(Debug, Error)]
pub enum SessionError {
    /// Nobody there, the wrong password, no such virtual host.
    #[error("cannot connect to the broker")]
    Connect(#[source] lapin::Error),
    /// The connection could not open a channel.
    #[error("cannot open a channel")]
    Channel(#[source] lapin::Error),
    /// The broker took our bytes and did not answer for [`PATIENCE`].
    #[error("the broker does not answer")]
    Silent,
}

/// How long the broker may take for any answer of the set-up.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// How long it may take to say goodbye: a busy broker reads the last acknowledgements before it answers, and a connection that
/// is cut before that may lose them.
const GOODBYE: Duration = Duration::from_secs(3);

/// How often the connection's state is looked at, beside its events: not every end has an event.
const LOOK: Duration = Duration::from_millis(100);

/// One connection.
///
/// Dropping it cuts the connection, whatever is under way. [`Session::close`] is the good end.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
    wire: Wire,
}

/// What a look at the connection showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    /// It works.
    Open,
    /// The broker told us to stop publishing: it is short of memory or disk.
    Blocked,
    /// It is over.
    Lost,
}

impl Session {
    /// Connects, or says within [`PATIENCE`] why not.
    pub async fn open(options: &BrokerOptions) -> Result<Self, SessionError> {
        let wire = Wire::default();
        let properties =
            ConnectionProperties::default().with_connection_name(options.connection_name.as_str().into());
        let runtime = lapin::runtime::default_runtime().map_err(SessionError::Connect)?;
        let (tap, kit) = (wire.clone(), runtime.clone());
        let connect = async move |address: AMQPUri, _| -> lapin::Result<AsyncTcpStream<_>> {
            // Of its own: the thread that waits here cannot be reached from outside before there is a socket.
            let dialling = timeout(PATIENCE, AsyncTcpStream::connect(&kit, resolve(&address).await?)).await;
            let stream = dialling.map_err(io::Error::from)??;
            if let AsyncTcpStream::Plain(plain) = &stream {
                tap.attach(plain.get_ref().as_fd().try_clone_to_owned()?.into());
            }
            match address.scheme {
                AMQPScheme::AMQP => Ok(stream),
                AMQPScheme::AMQPS => {
                    Ok(stream.into_tls(&address.authority.host, OwnedTLSConfig::default().as_ref()).await?)
                }
            }
        };
        let opening = Connection::connector(options.address.clone(), runtime, connect, properties);
        match timeout(PATIENCE, opening).await {
            Ok(Ok(connection)) => Ok(Self { connection, wire }),
            Ok(Err(error)) => Err(SessionError::Connect(error)),
            Err(_) => {
                wire.cut();
                Err(SessionError::Silent)
            }
        }
    }

    /// Opens a channel.
    pub(crate) async fn channel(&self) -> Result<Channel, SessionError> {
        answer(self.connection.create_channel()).await
    }

    /// Whether the connection stands, as far as we can know: a peer that fell silent is noticed after two heartbeats.
    pub fn is_alive(&self) -> bool {
        self.connection.status().connected()
    }

    pub(crate) fn condition(&self) -> Condition {
        let status = self.connection.status();
        match (status.connected(), status.blocked()) {
            (false, _) => Condition::Lost,
            (true, true) => Condition::Blocked,
            (true, false) => Condition::Open,
        }
    }

    /// Waits until the condition is another one than `known`, and gives it.
    pub(crate) async fn changed(&self, known: Condition) -> Condition {
        let mut events = self.connection.events_listener();
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let now = self.condition();
            if now != known {
                return now;
            }
            tokio::select! {
                event = events.next() => if let None | Some(Event::Error(_)) = event { looks.tick().await; },
                _ = looks.tick() => {}
            }
        }
    }

    /// Says goodbye, so that the broker has read everything before it: acknowledgements too. Takes [`GOODBYE`] at most.
    pub async fn close(self) {
        // A broker that does not answer is left without a goodbye; it will notice.
        let _ = timeout(GOODBYE, self.connection.close(200, "goodbye".into())).await;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.wire.cut();
    }
}

/// Waits for an answer of the set-up, no longer than [`PATIENCE`].
pub(crate) async fn answer<T>(request: impl Future<Output = lapin::Result<T>>) -> Result<T, SessionError> {
    match timeout(PATIENCE, request).await {
        Ok(answer) => answer.map_err(SessionError::Channel),
        Err(_) => Err(SessionError::Silent),
    }
}

async fn resolve(address: &AMQPUri) -> io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((address.authority.host.as_str(), address.authority.port)).await?.collect())
}

/// A second handle to the socket under a connection, to cut it.
///
/// lapin has a thread for each connection, which waits for the peer: through the whole handshake, and after a close
/// until the answer. A peer that is there but silent (a stopped process, a firewall that drops) would keep one thread
/// and one socket for each attempt. When the socket is cut, the thread ends.
#[derive(Debug, Clone, Default)]
struct Wire(Arc<Mutex<WireState>>);

#[derive(Debug, Default)]
struct WireState {
    socket: Option<TcpStream>,
    cut: bool,
}

impl Wire {
    fn attach(&self, socket: TcpStream) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.cut {
            // We gave up while the connection was being made. An error means that it is cut already.
            let _ = socket.shutdown(Shutdown::Both);
        } else {
            state.socket = Some(socket);
        }
    }

    fn cut(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.cut = true;
        if let Some(socket) = state.socket.take() {
            // An error means that it is cut already.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}
