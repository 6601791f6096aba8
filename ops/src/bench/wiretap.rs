//! Counts the statements that a program sends to PostgreSQL, by listening in between.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A door before PostgreSQL; it closes with this value.
pub(super) struct Wiretap {
    pub address: SocketAddr,
    counts: Arc<Counts>,
    _tasks: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Counts {
    statements: AtomicUsize,
    commits: AtomicUsize,
}

/// What was heard so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heard {
    pub statements: usize,
    pub commits: usize,
}

impl Wiretap {
    /// Passes connections on to the server at `host` and `port`.
    pub async fn open(host: &str, port: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot listen")?;
        let address = listener.local_addr().context("cannot learn the port")?;
        let counts = Arc::new(Counts::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, (host.to_owned(), port), Arc::clone(&counts)));
        Ok(Self { address, counts, _tasks: tasks })
    }

    pub fn heard(&self) -> Heard {
        Heard {
            statements: self.counts.statements.load(Ordering::Relaxed),
            commits: self.counts.commits.load(Ordering::Relaxed),
        }
    }
}

/// A connection that breaks is the program's business: it sees the end of its stream.
async fn accept(listener: TcpListener, server: (String, u16), counts: Arc<Counts>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let Ok(server) = TcpStream::connect((server.0.as_str(), server.1)).await else { continue };
        let (from_client, mut to_client) = client.into_split();
        let (mut from_server, to_server) = server.into_split();
        connections.spawn(listen(from_client, to_server, Arc::clone(&counts)));
        connections.spawn(async move {
            let _ = copy(&mut from_server, &mut to_client).await;
        });
    }
}

async fn listen(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, counts: Arc<Counts>) {
    let mut messages = Messages::default();
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        messages.feed(&bytes[..length], &counts);
        if to.write_all(&bytes[..length]).await.is_err() {
            break;
        }
    }
}

/// The messages of one client, cut out of its bytes: a type, a length that counts itself, and the rest. Only the very
/// first has no type (source: PostgreSQL's documentation, frontend/backend protocol).
#[derive(Debug, Default)]
struct Messages {
    started: bool,
    head: Vec<u8>,
    /// How much of the message is still to come after its head.
    rest: usize,
}

impl Messages {
    /// A type, a length, and enough to know a `COMMIT`.
    const HEAD: usize = 5 + COMMIT.len();

    fn feed(&mut self, mut bytes: &[u8], counts: &Counts) {
        while let Some((byte, later)) = bytes.split_first() {
            if self.rest > 0 {
                let skipped = self.rest.min(bytes.len());
                self.rest -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            self.head.push(*byte);
            bytes = later;
            if let Some(length) = self.length().filter(|length| self.head.len() >= Self::HEAD.min(*length)) {
                self.rest = length - self.head.len();
                self.note(counts);
                self.head.clear();
            }
        }
    }

    /// Of the whole message, once that can be told.
    fn length(&self) -> Option<usize> {
        let type_length = usize::from(self.started);
        let length = self.head.get(type_length..type_length + 4)?;
        let length = u32::from_be_bytes(length.try_into().ok()?);
        Some(type_length + usize::try_from(length).ok()?)
    }

    fn note(&mut self, counts: &Counts) {
        if !std::mem::replace(&mut self.started, true) {
            return;
        }
        let counter = match self.head[0] {
            b'Q' if self.head[5..].starts_with(COMMIT) => &counts.commits,
            // A simple query, and the execution of a prepared one.
            b'Q' | b'E' => &counts.statements,
            _ => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

const COMMIT: &[u8] = b"COMMIT";

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap();
        [&[kind][..], &length.to_be_bytes(), body].concat()
    }

    /// Whatever the pieces in which they arrive.
    #[test]
    fn statements_and_commits_are_counted() {
        let startup = [&[0, 0, 0, 8][..], b"user"].concat();
        let parts = [
            startup,
            message(b'Q', b"BEGIN\0"),
            message(b'P', b"s\0INSERT\0\0\0"),
            message(b'B', &[0; 300]),
            message(b'E', b"\0\0\0\0\0"),
            message(b'S', b""),
            message(b'Q', b"COMMIT\0"),
        ];
        let bytes = parts.concat();
        for piece in [1, 2, 3, 7, 64, bytes.len()] {
            let (mut messages, counts) = (Messages::default(), Counts::default());
            for piece in bytes.chunks(piece) {
                messages.feed(piece, &counts);
            }
            let heard = (counts.statements.load(Ordering::Relaxed), counts.commits.load(Ordering::Relaxed));
            assert_eq!(heard, (2, 1), "in pieces of {piece}");
        }
    }
}
