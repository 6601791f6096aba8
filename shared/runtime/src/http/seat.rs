//! What the server knows of one connection: whether it may be closed to make room for another.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio_util::sync::CancellationToken;

/// What the server knows of one connection.
#[derive(Debug)]
pub(super) struct Seat {
    place: Mutex<Place>,
    /// Cancelled when the connection has to go.
    leave: CancellationToken,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    /// No request in hand since then.
    Idle(Instant),
    /// A request is in hand.
    Busy,
    /// It is being closed, and takes no further request.
    GivenUp,
}

impl Default for Seat {
    fn default() -> Self {
        Self { place: Mutex::new(Place::Idle(Instant::now())), leave: CancellationToken::new() }
    }
}

impl Seat {
    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Since when no request was in hand; `None` if one is, or the connection goes anyway.
    pub fn idle_since(&self) -> Option<Instant> {
        match *self.place() {
            Place::Idle(since) => Some(since),
            Place::Busy | Place::GivenUp => None,
        }
    }

    /// Ends when the connection has to go.
    pub async fn given_up(&self) {
        self.leave.cancelled().await;
    }

    /// Closes the connection if it is idle; says whether it goes. A request that came between is served.
    pub fn give_up(&self) -> bool {
        let mut place = self.place();
        match *place {
            Place::Busy => false,
            Place::Idle(_) | Place::GivenUp => {
                *place = Place::GivenUp;
                self.leave.cancel();
                true
            }
        }
    }

    /// Takes a request in hand, unless the connection is given up.
    pub fn begin(&self) -> Option<InHand<'_>> {
        let mut place = self.place();
        match *place {
            Place::GivenUp => None,
            Place::Idle(_) | Place::Busy => {
                *place = Place::Busy;
                Some(InHand(self))
            }
        }
    }
}

/// A request in hand: idle again when it is dropped, however the request ended.
pub(super) struct InHand<'a>(&'a Seat);

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        *self.0.place() = Place::Idle(Instant::now());
    }
}
