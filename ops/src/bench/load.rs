//! The load generator: keep-alive connections that write prepared requests. One thread, so that it costs little on a
//! machine where everything else runs as well.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::latencies::Latencies;
use super::rates::{count, per_second};

/// As many as Smartcar, or a proxy before us, may keep open; the probes of the design have used the same.
pub(super) const CONNECTIONS: usize = 64;

/// The longest answer that is read.
const ANSWER: usize = 4 * 1024;

/// How many requests are made, and when.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pace {
    /// As fast as they are answered, for some time; over and over again.
    For(Duration),
    /// As fast as they are answered, each once.
    Each,
    /// So many a second, each once, whatever the answers: a request that had to wait for a connection is timed from
    /// when it was due.
    Steady { per_second: f64 },
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Served {
    pub requests: usize,
    pub took: Duration,
    pub latencies: Latencies,
}

impl Served {
    pub fn per_second(&self) -> f64 {
        per_second(self.requests, self.took)
    }
}

/// When request number `index` of a steady pace is due.
pub(super) fn due(start: Instant, per_second: f64, index: usize) -> Instant {
    start + Duration::from_secs_f64(count(index) / per_second)
}

/// Makes the requests, on a thread of its own, from `start` on. Any answer but 200 ends it with an error.
pub(super) async fn run(
    address: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    pace: Pace,
    start: Instant,
) -> anyhow::Result<Served> {
    let generator = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start a runtime for the load")?;
        runtime.block_on(generate(address, requests, pace, start))
    });
    generator.await.context("the load generator panicked")?
}

async fn generate(
    address: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    pace: Pace,
    start: Instant,
) -> anyhow::Result<Served> {
    let mut streams = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let stream =
            TcpStream::connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true).context("cannot set up a connection")?;
        streams.push(stream);
    }
    sleep_until(start).await;
    let started = Instant::now();
    let next = Arc::new(AtomicUsize::new(0));
    let mut senders = JoinSet::new();
    for stream in streams {
        let sender =
            Sender { stream, requests: Arc::clone(&requests), next: Arc::clone(&next), pace, started };
        senders.spawn(sender.run());
    }
    let mut latencies = Latencies::default();
    while let Some(sent) = senders.join_next().await {
        latencies.extend(sent.context("a connection's task panicked")??);
    }
    Ok(Served { requests: latencies.len(), took: started.elapsed(), latencies })
}

/// One connection.
struct Sender {
    stream: TcpStream,
    requests: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
    pace: Pace,
    started: Instant,
}

impl Sender {
    async fn run(mut self) -> anyhow::Result<Vec<Duration>> {
        let requests = Arc::clone(&self.requests);
        let mut answer = vec![0; ANSWER];
        let mut took = Vec::new();
        while let Some((index, from)) = self.next().await {
            let request = &requests[index % requests.len()];
            exchange(&mut self.stream, request, &mut answer).await?;
            took.push(from.elapsed());
        }
        Ok(took)
    }

    /// The next request, and the moment from which it is timed.
    async fn next(&self) -> Option<(usize, Instant)> {
        let now = Instant::now();
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        let is_left = index < self.requests.len();
        match self.pace {
            Pace::For(time) => (now < self.started + time).then_some((index, now)),
            Pace::Each => is_left.then_some((index, now)),
            Pace::Steady { per_second } if is_left => {
                let due = due(self.started, per_second, index);
                sleep_until(due).await;
                Some((index, due))
            }
            Pace::Steady { .. } => None,
        }
    }
}

async fn exchange(stream: &mut TcpStream, request: &[u8], answer: &mut [u8]) -> anyhow::Result<()> {
    stream.write_all(request).await.context("cannot send a request")?;
    let mut length = 0;
    loop {
        let read = stream.read(&mut answer[length..]).await.context("cannot read an answer")?;
        ensure!(read > 0, "the connection was closed instead of an answer");
        length += read;
        if let Some(whole) = whole_length(&answer[..length]) {
            ensure!(length == whole, "got more than one answer to a request");
            break;
        }
        ensure!(length < answer.len(), "got an answer of more than {ANSWER} bytes");
    }
    if !answer.starts_with(b"HTTP/1.1 200 ") {
        let line = answer[..length].split(|byte| *byte == b'\r').next().unwrap_or_default();
        bail!("a delivery was answered with {}", String::from_utf8_lossy(line));
    }
    Ok(())
}

/// How long the answer is in all, once its head is there.
fn whole_length(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let length = answer[..head]
        .split(|byte| *byte == b'\n')
        .find_map(|line| line.strip_prefix(b"content-length: "))
        .and_then(|value| str::from_utf8(value.trim_ascii()).ok()?.parse::<usize>().ok())
        .unwrap_or(0);
    Some(head + 4 + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_body_is_there() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ndate: now\r\n\r\nok";
        assert_eq!(whole_length(answer), Some(answer.len()));
        assert_eq!(whole_length(&answer[..answer.len() - 1]), Some(answer.len()));
        assert_eq!(whole_length(&answer[..20]), None);
        assert_eq!(whole_length(b"HTTP/1.1 204 No Content\r\n\r\n"), Some(27));
    }

    #[test]
    fn a_steady_pace_does_not_wait_for_anybody() {
        let start = Instant::now();
        assert_eq!(due(start, 1_000.0, 500), start + Duration::from_millis(500));
    }
}
