//! Those who only stand in the door: some say nothing, some say a byte a second. Who is sent away comes again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::deliveries::PATH;

/// How long it takes somebody who was sent away to come again: thousands of them are some hundreds a second.
const AWAY: Duration = Duration::from_secs(30);

/// How long a whole crowd may take to come together.
const GATHERED_WITHIN: Duration = Duration::from_secs(30);

/// Time for the door to seat the last ones.
const SEATED: Duration = Duration::from_secs(1);

/// How long those wait who send a byte now and then.
const BETWEEN_BYTES: Duration = Duration::from_secs(1);

/// What somebody does in the door.
#[derive(Debug, Clone, Copy)]
enum Manner {
    Idle,
    /// Never comes to the end of the head.
    SlowHead,
    /// Never comes to the end of the body, and is a request in hand meanwhile.
    SlowBody,
}

/// A crowd in a door. It is gone when this is dropped.
pub(super) struct Crowd {
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Crowd {
    /// So many idle clients, and so many slow ones of both kinds; each has come in when this returns. On a
    /// thread of its own, so that it costs good traffic no more than strangers would.
    pub async fn gather(address: SocketAddr, idle: usize, slow: usize) -> anyhow::Result<Self> {
        let (stop, came) = (CancellationToken::new(), Arc::new(AtomicUsize::new(0)));
        let manners = std::iter::repeat_n(Manner::Idle, idle)
            .chain(std::iter::repeat_n(Manner::SlowHead, slow / 2))
            .chain(std::iter::repeat_n(Manner::SlowBody, slow - slow / 2));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start a runtime for the crowd")?;
        let mut all = JoinSet::new();
        let crowd = runtime.handle().clone();
        for (manner, number) in manners.zip(0..) {
            let each = Client { manner, address, number, came: Arc::clone(&came) };
            all.spawn_on(each.stand(), &crowd);
        }
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            runtime.block_on(stopped.cancelled());
            drop(all);
        });
        let gathered = Self { stop, thread: Some(thread) };
        let end = Instant::now() + GATHERED_WITHIN;
        while came.load(Ordering::Relaxed) < idle + slow {
            let there = came.load(Ordering::Relaxed);
            ensure!(Instant::now() < end, "only {there} of {} came into the door", idle + slow);
            sleep(Duration::from_millis(20)).await;
        }
        sleep(SEATED).await;
        Ok(gathered)
    }

    /// Ends all connections.
    pub fn leave(mut self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.thread.take().map_or(Ok(()), JoinHandle::join).map_err(|_| anyhow!("the crowd panicked"))
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

struct Client {
    manner: Manner,
    address: SocketAddr,
    number: u32,
    /// How many have come in, each counted once.
    came: Arc<AtomicUsize>,
}

impl Client {
    async fn stand(self) {
        // Not all at one moment: no listener's queue is that long.
        sleep(Duration::from_micros(200) * self.number).await;
        let mut was_in = false;
        loop {
            if let Ok(mut stream) = TcpStream::connect(self.address).await {
                if !was_in {
                    self.came.fetch_add(1, Ordering::Relaxed);
                }
                was_in = true;
                // Sent away, in whatever way.
                let _ = self.manner.linger(&mut stream).await;
            }
            sleep(AWAY).await;
        }
    }
}

impl Manner {
    async fn linger(self, stream: &mut TcpStream) -> std::io::Result<()> {
        let head = match self {
            Self::Idle => return stream.read_u8().await.map(|_| ()),
            Self::SlowHead => format!("POST {PATH} HTTP/1.1\r\nhost: bench\r\nx-slow: "),
            Self::SlowBody => format!("POST {PATH} HTTP/1.1\r\nhost: bench\r\ncontent-length: 3000\r\n\r\n"),
        };
        stream.write_all(head.as_bytes()).await?;
        loop {
            sleep(BETWEEN_BYTES).await;
            stream.write_all(b"x").await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn each_of_a_crowd_has_come_in_and_all_leave() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let crowd = Crowd::gather(listener.local_addr().unwrap(), 3, 2).await.unwrap();
        let mut streams = Vec::new();
        for _ in 0..5 {
            streams.push(listener.accept().await.unwrap().0);
        }
        crowd.leave().unwrap();
        for mut stream in streams {
            let mut said = Vec::new();
            stream.read_to_end(&mut said).await.ok();
            assert!(said.is_empty() || said.starts_with(b"POST "), "{said:?}");
        }
    }
}
