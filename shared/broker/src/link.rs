//! The connection that consumers share. It is another one than the publishers': a broker that is short of memory
//! stops reading from those who publish, and acknowledgements must still get through.

use std::sync::Arc;
use std::time::Duration;

use runtime::lifecycle::Tasks;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::options::BrokerOptions;
use crate::reconnect::Reconnect;
use crate::session::{Condition, Session};
use crate::topology::Topology;

/// A connection for consumers, kept alive. Cheap to clone.
#[derive(Clone)]
pub struct ConsumerLink {
    topology: Topology,
    session: watch::Receiver<Option<Arc<Session>>>,
}

/// How often a stopping link looks whether its consumers have finished.
const LOOK: Duration = Duration::from_millis(20);

impl ConsumerLink {
    /// Starts to connect, and returns at once: also when the broker is away. Makes the connection again whenever it
    /// is lost; consumers are then opened again by whoever has them.
    ///
    /// When the program stops, the connection stays until the last consumer is dropped, so that what it has in hand
    /// can be acknowledged.
    pub fn start(options: &BrokerOptions, tasks: &Tasks) -> Self {
        let (sender, session) = watch::channel(None);
        let reconnect = Reconnect::new(options.named("consuming"));
        let stop = tasks.stopping();
        tasks.spawn("consumer link", async move {
            keep_connected(reconnect, sender, &stop).await;
            Ok(())
        });
        Self { topology: options.topology.clone(), session }
    }

    /// Whether there is a connection, as far as is known.
    pub fn is_connected(&self) -> bool {
        self.session.borrow().as_ref().is_some_and(|session| session.is_alive())
    }

    /// The names that it consumes from.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// The present connection, or the next; `None` when there will be none, because the program stops.
    pub(crate) async fn session(&self) -> Option<Arc<Session>> {
        let mut session = self.session.clone();
        let alive = session.wait_for(|session| session.as_ref().is_some_and(|session| session.is_alive()));
        alive.await.ok().and_then(|session| session.clone())
    }
}

async fn keep_connected(
    mut reconnect: Reconnect,
    sender: watch::Sender<Option<Arc<Session>>>,
    stop: &CancellationToken,
) {
    while let Some(session) = reconnect.session(stop).await {
        let session = Arc::new(session);
        sender.send_replace(Some(Arc::clone(&session)));
        let lost = stop.run_until_cancelled(lost(&session)).await;
        sender.send_replace(None);
        if lost.is_none() {
            reconnect.note(Condition::Lost);
            drop(sender);
            return leave(session).await;
        }
        reconnect.lost();
    }
}

async fn lost(session: &Session) {
    let mut condition = Condition::Open;
    while condition != Condition::Lost {
        condition = session.changed(condition).await;
    }
}

/// A goodbye only after the last acknowledgement: a connection that is just cut may lose those before it.
async fn leave(mut session: Arc<Session>) {
    loop {
        match Arc::try_unwrap(session) {
            Ok(session) => return session.close().await,
            Err(shared) => session = shared,
        }
        sleep(LOOK).await;
    }
}
