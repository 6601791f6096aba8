//! Waiting for something to become true, without guessing how long it takes.

use std::time::{Duration, Instant};

/// How often a condition is looked at again.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks at `condition` again and again until it holds.
///
/// The deadline is only there to end a test that would never end: give it generously, it costs nothing when all is well.
///
/// # Panics
/// When the condition does not hold within `deadline`; the message names `what` was waited for.
pub async fn eventually(deadline: Duration, what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + deadline;
    while !condition().await {
        assert!(Instant::now() < end, "waited {deadline:?} in vain until {what}");
        tokio::time::sleep(PAUSE).await;
    }
}
