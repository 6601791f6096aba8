//! A stretch of wire between a program and its server that can be cut, frozen or refused, to see what the program
//! makes of it. It knows nothing of what flows through it.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;

/// A proxy in front of one server. Dropping it cuts everything.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    weather: watch::Sender<Weather>,
    forged: broadcast::Sender<Vec<u8>>,
    accepted: watch::Receiver<u64>,
    _tasks: JoinSet<()>,
}

/// What the wire does at present.
#[derive(Debug, Clone, Copy)]
struct Weather {
    requests_flow: bool,
    answers_flow: bool,
    refuses: bool,
    cuts: u64,
}

#[derive(Debug, Clone, Copy)]
enum Direction {
    Requests,
    Answers,
}

impl Weather {
    const FAIR: Self = Self { requests_flow: true, answers_flow: true, refuses: false, cuts: 0 };

    fn flows(self, direction: Direction) -> bool {
        match direction {
            Direction::Requests => self.requests_flow,
            Direction::Answers => self.answers_flow,
        }
    }
}

impl Proxy {
    /// A proxy in front of the server of this URL (`amqp`, `postgres` or `http`).
    ///
    /// # Panics
    /// When the URL names no host, or no port is free.
    pub async fn to(url: &str) -> Self {
        let upstream = Upstream::of(url).unwrap_or_else(|| panic!("the URL of a server, not {url:?}"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("cannot listen on any port");
        let here = listener.local_addr().expect("a listener knows its address");
        let (weather, _) = watch::channel(Weather::FAIR);
        let (forged, _) = broadcast::channel(16);
        let (count, accepted) = watch::channel(0);

        let url = upstream.replaced_by(here);
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, upstream.address, weather.clone(), forged.clone(), count));
        Self { url, weather, forged, accepted, _tasks: tasks }
    }

    /// The URL of the server, through this proxy.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How many connections there have been.
    pub fn accepted(&self) -> u64 {
        *self.accepted.borrow()
    }

    /// Ends all present connections. New ones are taken.
    pub fn cut(&self) {
        self.weather.send_modify(|weather| weather.cuts += 1);
    }

    /// Lets nothing through any more, either way; connections stay, and new ones are taken and stay silent. As behind
    /// a firewall that drops, or before a stopped process.
    pub fn freeze(&self) {
        self.weather.send_modify(|weather| (weather.requests_flow, weather.answers_flow) = (false, false));
    }

    /// Lets requests through but no answers: the server does what it is told, and nobody hears of it.
    pub fn freeze_answers(&self) {
        self.weather.send_modify(|weather| weather.answers_flow = false);
    }

    /// Lets everything through again, also what was held back.
    pub fn thaw(&self) {
        self.weather.send_modify(|weather| (weather.requests_flow, weather.answers_flow) = (true, true));
    }

    /// Ends all present connections, and each new one at once. As if no server were there.
    pub fn refuse(&self) {
        self.weather.send_modify(|weather| {
            weather.refuses = true;
            weather.cuts += 1;
        });
    }

    /// Takes new connections again.
    pub fn accept(&self) {
        self.weather.send_modify(|weather| weather.refuses = false);
    }

    /// Sends bytes to all clients that the server never sent. Where the protocol has frames, do it while the server
    /// is silent.
    pub fn forge_answer(&self, bytes: &[u8]) {
        // An error means that nobody is connected.
        self.forged.send(bytes.to_vec()).ok();
    }
}

async fn accept(
    listener: TcpListener,
    upstream: String,
    weather: watch::Sender<Weather>,
    forged: broadcast::Sender<Vec<u8>>,
    count: watch::Sender<u64>,
) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let watched = weather.subscribe();
        let refuses = watched.borrow().refuses;
        if !refuses {
            connections.spawn(connect(client, upstream.clone(), watched, forged.subscribe()));
            count.send_modify(|count| *count += 1);
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connect(
    client: TcpStream,
    upstream: String,
    weather: watch::Receiver<Weather>,
    forged: broadcast::Receiver<Vec<u8>>,
) {
    let cuts = weather.borrow().cuts;
    let mut cut = weather.clone();
    let Ok(server) = TcpStream::connect(upstream).await else {
        return;
    };
    client.set_nodelay(true).ok();
    server.set_nodelay(true).ok();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let (_nothing, silence) = broadcast::channel(1);
    // Whichever ends first takes the whole connection with it.
    tokio::select! {
        _ = pump(from_client, to_server, Direction::Requests, weather.clone(), silence) => {}
        _ = pump(from_server, to_client, Direction::Answers, weather, forged) => {}
        _ = cut.wait_for(|weather| weather.cuts > cuts) => {}
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    direction: Direction,
    mut weather: watch::Receiver<Weather>,
    mut forged: broadcast::Receiver<Vec<u8>>,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let bytes = tokio::select! {
            read = from.read(&mut buffer) => match read? {
                0 => return Ok(()),
                length => &buffer[..length],
            },
            Ok(bytes) = forged.recv() => &bytes.clone(),
        };
        if weather.wait_for(|weather| weather.flows(direction)).await.is_err() {
            return Ok(());
        }
        to.write_all(bytes).await?;
    }
}

/// The server of a URL, and the rest of that URL.
#[derive(Debug)]
struct Upstream {
    before: String,
    address: String,
    after: String,
}

impl Upstream {
    fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, after) = rest.split_at(end);
        let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(user, host)| (user, host));
        let before = if user.is_empty() { format!("{scheme}://") } else { format!("{scheme}://{user}@") };
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let address = match scheme {
            _ if has_port => host.to_owned(),
            "amqp" => format!("{host}:5672"),
            "postgres" | "postgresql" => format!("{host}:5432"),
            "http" => format!("{host}:80"),
            _ => return None,
        };
        Some(Self { before, address, after: after.to_owned() }).filter(|_| !host.is_empty())
    }

    fn replaced_by(&self, here: SocketAddr) -> String {
        format!("{}{here}{}", self.before, self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    /// A server that answers each byte with the same.
    async fn echo(tasks: &mut JoinSet<()>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/path", listener.local_addr().unwrap());
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                connections.spawn(async move {
                    let (mut from, mut to) = stream.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        url
    }

    async fn client(proxy: &Proxy) -> TcpStream {
        let address = Upstream::of(proxy.url()).unwrap().address;
        TcpStream::connect(address).await.unwrap()
    }

    async fn hears(stream: &mut TcpStream) -> Option<io::Result<u8>> {
        timeout(Duration::from_millis(100), stream.read_u8()).await.ok()
    }

    #[tokio::test]
    async fn what_is_frozen_stays_silent_and_comes_when_it_thaws() {
        let mut tasks = JoinSet::new();
        let proxy = Proxy::to(&echo(&mut tasks).await).await;
        let mut stream = client(&proxy).await;
        stream.write_u8(1).await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), 1);

        proxy.freeze_answers();
        stream.write_u8(2).await.unwrap();
        assert!(hears(&mut stream).await.is_none());
        proxy.thaw();
        assert_eq!(stream.read_u8().await.unwrap(), 2);

        proxy.freeze();
        stream.write_u8(3).await.unwrap();
        let mut newcomer = client(&proxy).await;
        newcomer.write_u8(4).await.unwrap();
        assert!(hears(&mut stream).await.is_none() && hears(&mut newcomer).await.is_none());
        proxy.thaw();
        assert_eq!((stream.read_u8().await.unwrap(), newcomer.read_u8().await.unwrap()), (3, 4));
        assert_eq!(proxy.accepted(), 2);
    }

    #[tokio::test]
    async fn what_is_cut_ends_and_what_comes_after_is_taken_unless_refused() {
        let mut tasks = JoinSet::new();
        let proxy = Proxy::to(&echo(&mut tasks).await).await;
        let mut first = client(&proxy).await;
        first.write_u8(1).await.unwrap();
        first.read_u8().await.unwrap();

        proxy.cut();
        assert!(first.read_u8().await.is_err());

        proxy.refuse();
        assert!(client(&proxy).await.read_u8().await.is_err());

        proxy.accept();
        let mut last = client(&proxy).await;
        last.write_u8(2).await.unwrap();
        assert_eq!(last.read_u8().await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_forged_answer_reaches_the_client() {
        let mut tasks = JoinSet::new();
        let proxy = Proxy::to(&echo(&mut tasks).await).await;
        let mut stream = client(&proxy).await;
        stream.write_u8(1).await.unwrap();
        stream.read_u8().await.unwrap();
        proxy.forge_answer(&[9]);
        assert_eq!(stream.read_u8().await.unwrap(), 9);
    }

    #[test]
    fn only_the_server_of_a_url_is_replaced() {
        let here = "127.0.0.1:9".parse().unwrap();
        for (url, address, through) in [
            ("amqp://guest:guest@mq:5673/%2f", "mq:5673", "amqp://guest:guest@127.0.0.1:9/%2f"),
            ("amqp://mq", "mq:5672", "amqp://127.0.0.1:9"),
            (
                "postgres://u:p@db/carvetka?sslmode=disable",
                "db:5432",
                "postgres://u:p@127.0.0.1:9/carvetka?sslmode=disable",
            ),
            ("postgres://db?user=u", "db:5432", "postgres://127.0.0.1:9?user=u"),
        ] {
            let upstream = Upstream::of(url).unwrap();
            assert_eq!(
                (upstream.address.as_str(), upstream.replaced_by(here)),
                (address, through.to_owned())
            );
        }
        for wrong in ["mq:5672", "amqp://", "ftp://host", "postgres://u@/db"] {
            assert!(Upstream::of(wrong).is_none(), "{wrong}");
        }
    }
}
