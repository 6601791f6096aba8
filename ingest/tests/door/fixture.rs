//! A door of its own for each test, a sender who can sign, and a look into the queue behind the door.

use std::net::SocketAddr;
use std::time::Duration;

use broker::Incoming;
use clap::Parser;
use hmac::{Hmac, KeyInit, Mac};
use ingest::{Config, Door};
use reqwest::{RequestBuilder, Response, StatusCode};
use runtime::lifecycle::Lifecycle;
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::namespace::Namespace;

/// How long anything may take that does come. Generous: it only ends a test that hangs.
pub const GENEROUS: Duration = Duration::from_mins(1);

/// What the doors of these tests believe in, unless a test says otherwise.
pub const SECRET: &str = "00000000-1111-4222-8333-444444444444";

/// A delivery as the platform writes them, of a car that does not exist.
pub const STATE: &str = concat!(
    r#"{"eventId":"7d2a91f0-54c6-4c1b-9f0e-2b8a63d5c111","eventType":"VEHICLE_STATE","data":{"vehicle":{"id":"#,
    r#""11111111-2222-4333-8444-555555555555"},"signals":[{"code":"odometer-traveleddistance","status":"#,
    r#"{"value":"SUCCESS"},"body":{"value":26412.5,"unit":"km"}}]},"meta":{"version":"4.0","mode":"LIVE"}}"#,
);

/// The id in [`STATE`].
pub const STATE_ID: &str = "7d2a91f0-54c6-4c1b-9f0e-2b8a63d5c111";

/// A door, open until it is dropped.
pub struct Fixture {
    pub address: SocketAddr,
    pub life: Lifecycle,
    http: reqwest::Client,
    namespace: Namespace,
}

impl Fixture {
    /// A door that is ready.
    pub async fn new(arguments: &[&str]) -> Self {
        Self::through(&harness::amqp_url(), arguments).await
    }

    /// A door that is ready, and reaches the broker by this address; the test itself takes the direct way.
    pub async fn through(amqp_url: &str, arguments: &[&str]) -> Self {
        let fixture = Self::just_opened(amqp_url, arguments).await;
        fixture.becomes_ready().await;
        fixture
    }

    /// A door that is ready, at a broker that the test owns.
    pub async fn at(amqp_url: &str, arguments: &[&str]) -> Self {
        let fixture = Self::open(Namespace::at(amqp_url), amqp_url, arguments).await;
        fixture.becomes_ready().await;
        fixture
    }

    /// A door that has just been opened, and may never be ready.
    pub async fn just_opened(amqp_url: &str, arguments: &[&str]) -> Self {
        Self::open(Namespace::new(), amqp_url, arguments).await
    }

    async fn open(namespace: Namespace, amqp_url: &str, arguments: &[&str]) -> Self {
        let life = Lifecycle::new(Duration::from_secs(8));
        let config = config(amqp_url, &namespace.name, arguments);
        let address = ingest::run(&config, &life).await.unwrap();
        Self { address, life, http: reqwest::Client::new(), namespace }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn post(&self, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.http.post(self.url(Door::PATH)).header("content-type", "application/json").body(body)
    }

    /// Sends a body as the platform does.
    pub async fn deliver(&self, body: &str) -> Response {
        self.post(body.to_owned()).header("SC-Signature", sign(SECRET, body)).send().await.unwrap()
    }

    /// Sends a body as the platform might: in chunks, without saying how long it is. Gives the head of the answer.
    pub async fn deliver_in_pieces(&self, body: &str, size: usize) -> String {
        let mut stream = self.connect().await;
        write(&mut stream, &head(&sign(SECRET, body), "Transfer-Encoding: chunked")).await;
        for piece in body.as_bytes().chunks(size) {
            let piece = std::str::from_utf8(piece).unwrap();
            write(&mut stream, &format!("{:x}\r\n{piece}\r\n", piece.len())).await;
        }
        write(&mut stream, "0\r\nX-Trailer: no part of it\r\n\r\n").await;
        answer(&mut stream).await
    }

    /// Sends a body with this signature, and gives the status of the answer.
    pub async fn claim(&self, body: &str, signature: &str) -> StatusCode {
        self.post(body.to_owned()).header("SC-Signature", signature).send().await.unwrap().status()
    }

    pub async fn get(&self, path: &str) -> Response {
        self.http.get(self.url(path)).send().await.unwrap()
    }

    pub async fn becomes_ready(&self) {
        harness::eventually(GENEROUS, "the door is ready", async || {
            self.get("/readyz").await.status() == 200
        })
        .await;
    }

    /// Waits until the door says that it is not ready, for a reason with these words.
    pub async fn becomes_unready(&self, words: &str) {
        let what = format!("the door is not ready: {words}");
        harness::eventually(GENEROUS, &what, async || {
            let answer = self.get("/readyz").await;
            answer.status() == 503 && answer.text().await.unwrap().contains(words)
        })
        .await;
    }

    /// Takes what is in the queue, which has to be so many. Nothing more may be there.
    pub async fn take(&self, how_many: u32) -> Vec<Incoming> {
        self.namespace.take(how_many).await
    }

    /// How many deliveries wait in the queue.
    pub async fn queued(&self) -> u32 {
        self.namespace.queued().await
    }

    /// A connection without an HTTP client on it.
    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// What the metrics say of this series; 0 if it is not there.
    pub async fn metric(&self, series: &str) -> f64 {
        let text = self.get("/metrics").await.text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.life.stopping().cancel();
    }
}

pub fn config(amqp_url: &str, namespace: &str, arguments: &[&str]) -> Config {
    let secret = if arguments.contains(&"--smartcar-webhook-secret") {
        &[][..]
    } else {
        &["--smartcar-webhook-secret", SECRET][..]
    };
    // The tests' own variable of that name is not meant for the door.
    let database = if arguments.contains(&"--database-url") { &[][..] } else { &["--database-url", ""][..] };
    let broker = ["--amqp-url", amqp_url, "--amqp-namespace", namespace];
    let all = ["ingest", "--ingest-addr", "127.0.0.1:0"]
        .iter()
        .chain(&broker)
        .chain(secret)
        .chain(database)
        .chain(arguments);
    Config::try_parse_from(all).unwrap()
}

/// What the platform's own servers do with the application management token.
pub fn sign(secret: &str, body: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    hex::encode(mac.chain_update(body).finalize().into_bytes())
}

/// The head of a signed delivery, up to its length or coding, which the test gives.
pub fn head(signature: &str, framing: &str) -> String {
    format!("POST {} HTTP/1.1\r\nHost: door\r\nSC-Signature: {signature}\r\n{framing}\r\n\r\n", Door::PATH)
}

pub async fn write(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
}

/// The next answer, head and body.
pub async fn answer(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    while !is_whole(&text) {
        let read = timeout(GENEROUS, stream.read_buf(&mut text)).await.unwrap().unwrap();
        assert!(read > 0, "the connection ended in the middle of {}", String::from_utf8_lossy(&text));
    }
    String::from_utf8(text).unwrap()
}

fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() == length.map_or(0, |length| length.parse().unwrap())
}

/// Waits until the other side closes the connection, without having said anything more.
pub async fn is_closed(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    // A reset is an end as well.
    timeout(GENEROUS, stream.read_to_end(&mut rest)).await.unwrap().ok();
    assert!(rest.is_empty(), "it said {}", String::from_utf8_lossy(&rest));
}
