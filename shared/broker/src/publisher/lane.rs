//! A channel with confirms and a bounded window of unconfirmed messages.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use futures_util::future::poll_fn;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::ShortString;
use lapin::{Channel, Confirmation};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::Publisher;
use super::supervisor::Board;
use crate::message::Wire;
use crate::session::{Session, SessionError, answer};

/// What became of one message.
pub(super) enum Outcome {
    Acknowledged,
    Refused,
    /// The channel was dead already. Try another.
    NotSent,
    Unknown,
}

pub(super) struct Lane {
    channel: Channel,
    window: Semaphore,
    /// Held while a message takes its place in the channel; see [`Lane::send`].
    order: Mutex<()>,
    /// Messages whose publishers went away: their confirms come later, or never.
    abandoned: AtomicUsize,
    board: Arc<Board>,
}

impl Lane {
    /// Half a window of places lost to publishers who went away is when a new channel costs less than the old one.
    const MOST_ABANDONED: usize = Publisher::WINDOW / 2;

    pub async fn open(session: &Session, board: Arc<Board>) -> Result<Self, SessionError> {
        let channel = session.channel().await?;
        answer(channel.confirm_select(ConfirmSelectOptions::default())).await?;
        let window = Semaphore::new(Publisher::WINDOW);
        Ok(Self { channel, window, order: Mutex::default(), abandoned: AtomicUsize::new(0), board })
    }

    /// Whether new messages may be sent here. Those that were sent before may still be confirmed.
    pub fn is_usable(&self) -> bool {
        !self.window.is_closed()
    }

    /// Takes no more messages, and has another channel opened in its place. Those who wait for a permit get none.
    ///
    /// The channel itself lives until its last message is settled or given up.
    pub fn discard(&self) {
        if self.is_usable() {
            self.window.close();
            self.board.lane_discarded();
        }
    }

    /// A place in the window; `None` if the lane was discarded.
    pub async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        self.window.acquire().await.ok()
    }

    /// Sends one message and waits for its confirm.
    ///
    /// lapin counts a message and queues its frames in two steps. Between two threads these can cross, and each would
    /// get the confirm of the other's message: an `Ok` for one that is not stored. Both steps happen when the future
    /// is first polled, so that one poll, and no wait, is done under a lock.
    pub async fn send(
        &self,
        permit: SemaphorePermit<'_>,
        (exchange, key): (ShortString, ShortString),
        wire: Wire<'_>,
    ) -> Outcome {
        let options = BasicPublishOptions::default();
        let mut publish =
            pin!(self.channel.basic_publish(exchange, key, options, &wire.body, wire.properties));
        let mut flight = Flight::begin(self, permit);

        let first = poll_fn(|context| {
            let _order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
            Poll::Ready(publish.as_mut().poll(context))
        });
        let written = match first.await {
            Poll::Ready(Err(_)) => {
                flight.end();
                return Outcome::NotSent;
            }
            Poll::Ready(written) => written,
            Poll::Pending => publish.await,
        };
        let confirmation = match written {
            Ok(confirm) => confirm.await,
            Err(error) => Err(error),
        };
        flight.end();
        match confirmation {
            Ok(Confirmation::Ack(_)) => Outcome::Acknowledged,
            Ok(Confirmation::Nack(_)) => Outcome::Refused,
            Ok(Confirmation::NotRequested) | Err(_) => {
                self.discard();
                Outcome::Unknown
            }
        }
    }

    fn abandon(&self) {
        if self.abandoned.fetch_add(1, Ordering::Relaxed) >= Self::MOST_ABANDONED {
            self.discard();
        }
    }
}

/// A message that was sent and not settled. If its publisher goes away first, its place is lost to the lane: the
/// message still counts at the broker, and the window would grow by one with each.
struct Flight<'a> {
    lane: &'a Lane,
    permit: Option<SemaphorePermit<'a>>,
}

impl<'a> Flight<'a> {
    fn begin(lane: &'a Lane, permit: SemaphorePermit<'a>) -> Self {
        lane.board.takes_off();
        Self { lane, permit: Some(permit) }
    }

    fn end(&mut self) {
        self.permit = None;
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.lane.board.lands();
        if let Some(permit) = self.permit.take() {
            permit.forget();
            self.lane.abandon();
        }
    }
}
