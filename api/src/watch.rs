//! Whether the database answers: asked now and then, so that `/readyz` need not ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use runtime::http::Readiness;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

const EVERY: Duration = Duration::from_secs(2);

/// What is known of the database. Cheap to clone.
#[derive(Clone, Default)]
pub struct Watch {
    answers: Arc<AtomicBool>,
}

impl Watch {
    pub fn readiness(&self) -> Readiness {
        if self.answers.load(Ordering::Relaxed) {
            Readiness::Ready
        } else {
            Readiness::not("the database does not answer")
        }
    }

    /// Looks again and again, until `stop`. The beginning and the end of an outage are told, and not each look.
    pub async fn run(self, pool: PgPool, stop: CancellationToken) -> anyhow::Result<()> {
        let mut told = None;
        let mut ticks = tokio::time::interval(EVERY);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            let Some(looked) = stop.run_until_cancelled(ask(&pool)).await else {
                break;
            };
            self.answers.store(looked.is_ok(), Ordering::Relaxed);
            if told == Some(looked.is_ok()) {
                continue;
            }
            match &looked {
                Ok(()) => info!("the database answers"),
                Err(error) => warn!(error = runtime::chain(error), "the database does not answer"),
            }
            told = Some(looked.is_ok());
        }
        Ok(())
    }
}

/// The pool itself asks the server on a connection that it hands out.
async fn ask(pool: &PgPool) -> Result<(), sqlx::Error> {
    pool.acquire().await.map(drop)
}
