//! How fast something that counts up gets to its end.

use std::time::Duration;

use anyhow::ensure;
use tokio::time::{Instant, sleep};

use super::rates::per_second;

/// Often enough for seconds to be exact to a hundredth, seldom enough to cost nothing.
const LOOK: Duration = Duration::from_millis(50);

/// Nothing may stand still for so long.
const STUCK: Duration = Duration::from_secs(20);

/// How a count went up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    /// When the first was seen, and how many there were then.
    first: (Instant, usize),
    /// When all were seen.
    pub last: Instant,
    number: usize,
}

impl Progress {
    /// From the first that was seen to the last: what a consumer needs to open its connections is not in it.
    pub fn per_second(&self) -> f64 {
        let (began, already) = self.first;
        per_second(self.number - already, self.last - began)
    }
}

/// Waits until `count` has come to `number`.
pub(super) async fn until<C>(number: usize, mut count: C) -> anyhow::Result<Progress>
where
    C: AsyncFnMut() -> anyhow::Result<usize>,
{
    let mut first = None;
    let mut last = (Instant::now(), 0);
    loop {
        let now = (Instant::now(), count().await?);
        if now.1 > 0 {
            first.get_or_insert(now);
        }
        if now.1 != last.1 {
            last = now;
        }
        if let Some(first) = first.filter(|_| now.1 >= number) {
            return Ok(Progress { first, last: now.0, number });
        }
        ensure!(last.0.elapsed() < STUCK, "it stopped at {} of {number} deliveries", last.1);
        sleep(LOOK).await;
    }
}
