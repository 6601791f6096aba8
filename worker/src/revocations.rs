//! Consents that were taken back here, and not yet at the platform: it is told again until it confirms.

use std::time::Duration;

use connections::Connections;
use runtime::clock;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

const EVERY: Duration = Duration::from_mins(1);
const AT_ONCE: i64 = 20;

/// Looks again and again until the program stops. Any number of workers may.
pub(crate) async fn run(connections: Connections, stop: CancellationToken) -> anyhow::Result<()> {
    let mut failing = false;
    while !stop.is_cancelled() {
        match connections.revoke_pending(AT_ONCE, clock::now()).await {
            Ok(_) if failing => {
                info!("consents that were taken back can be revoked again");
                failing = false;
            }
            Ok(_) => {}
            Err(error) => {
                if !failing {
                    warn!(error = runtime::chain(&error), "cannot revoke what was taken back, trying again");
                }
                failing = true;
            }
        }
        stop.run_until_cancelled(tokio::time::sleep(EVERY)).await;
    }
    Ok(())
}
