//! The first way: the broker's queue. Knows whether it is worth a try, so that a broker that does not confirm costs a
//! delivery a second its patience, and not each of them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use broker::message::DeliveryV1;
use broker::{Destination, PublishError, Publisher, PublisherHealth};
use tokio::time::Instant;

/// Puts deliveries into the queue, if the broker confirms in time.
pub struct QueueWay {
    publisher: Publisher,
    confirm_within: Duration,
    doubt: Mutex<Doubt>,
}

/// What failures and silence say, until a confirm says otherwise.
#[derive(Debug, Default)]
struct Doubt {
    failed: Option<Instant>,
    /// When the next delivery is to try whether it works again.
    next_trial: Option<Instant>,
    /// How many wait for their confirm.
    waiting: usize,
    /// Since when they do, or when one of them got it last.
    silent_since: Option<Instant>,
}

/// A delivery that waits for its confirm; also one whose sender goes away stops waiting.
struct Waiting<'a>(&'a QueueWay);

impl QueueWay {
    pub fn new(publisher: Publisher, confirm_within: Duration) -> Self {
        Self { publisher, confirm_within, doubt: Mutex::default() }
    }

    /// Publishes a delivery whose envelope has this form, and waits for the confirm.
    ///
    /// An error does not mean that it is gone: a publish without a confirm may still arrive. Kept in another way, or
    /// brought again by its sender, it is a duplicate then, which the worker knows by its id.
    pub async fn put(&self, version: &str, delivery: &DeliveryV1) -> Result<(), PublishError> {
        let deadline = Instant::now() + self.confirm_within;
        let waiting = Waiting::begin(self);
        let put = self.publisher.deliver(Destination::Webhook { version }, delivery, deadline).await;
        drop(waiting);
        match put {
            Ok(()) => self.doubt().confirmed(Instant::now()),
            Err(_) => self.doubt().failed(Instant::now()),
        }
        put
    }

    /// Whether the next delivery should go this way, where there is another. Ask once for each: now and then one is
    /// told to try although nothing is known to have changed.
    pub fn is_promising(&self) -> bool {
        let health = self.publisher.health();
        health.connected && !health.blocked && self.doubt().lets_try(Instant::now(), health.last_confirm)
    }

    /// Why a delivery that came now would not be confirmed, as far as is known.
    pub fn trouble(&self) -> Option<&'static str> {
        let PublisherHealth { connected, blocked, last_confirm, in_flight: _ } = self.publisher.health();
        if !connected {
            Some("no connection to the broker")
        } else if blocked {
            Some("the broker takes no messages: it is short of memory or disk")
        } else if self.doubt().is_fresh(Instant::now(), last_confirm) {
            Some("the broker does not confirm what is published")
        } else {
            None
        }
    }

    fn doubt(&self) -> MutexGuard<'_, Doubt> {
        self.doubt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Waiting<'a> {
    fn begin(way: &'a QueueWay) -> Self {
        way.doubt().sets_out(Instant::now());
        Self(way)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.doubt().waiting -= 1;
    }
}

impl Doubt {
    /// For how long a failure without a confirm after it counts as "does not confirm". Not for ever: a door that is not
    /// ready gets no deliveries, and so would never learn that the broker confirms again.
    const FRESH: Duration = Duration::from_secs(5);

    /// How often one delivery tries, while the others take the other way at once.
    const TRIAL_EVERY: Duration = Duration::from_secs(1);

    /// When so long nobody of those who wait was confirmed, they are enough to find out when that changes. Newcomers
    /// take the other way: under load, all that the door can hold would soon wait here. Far above any confirm's time
    /// on a broker that is well (p99 70 ms at its peak).
    const SILENCE: Duration = Duration::from_millis(500);

    fn sets_out(&mut self, now: Instant) {
        if self.waiting == 0 {
            self.silent_since = Some(now);
        }
        self.waiting += 1;
    }

    fn confirmed(&mut self, now: Instant) {
        self.silent_since = Some(now);
    }

    fn failed(&mut self, now: Instant) {
        if self.failed.replace(now).is_none() {
            self.next_trial = Some(now + Self::TRIAL_EVERY);
        }
    }

    fn lets_try(&mut self, now: Instant, last_confirm: Option<Instant>) -> bool {
        if self.waiting > 0 && self.silent_since.is_some_and(|at| now.duration_since(at) >= Self::SILENCE) {
            return false;
        }
        if !self.stands(last_confirm) {
            (self.failed, self.next_trial) = (None, None);
            return true;
        }
        let is_time = self.next_trial.is_none_or(|at| at <= now);
        if is_time {
            self.next_trial = Some(now + Self::TRIAL_EVERY);
        }
        is_time
    }

    fn is_fresh(&self, now: Instant, last_confirm: Option<Instant>) -> bool {
        self.stands(last_confirm) && self.failed.is_some_and(|at| now.duration_since(at) < Self::FRESH)
    }

    fn stands(&self, last_confirm: Option<Instant>) -> bool {
        self.failed.is_some_and(|failed| last_confirm.is_none_or(|confirmed| confirmed < failed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_confirms_are_missing_one_delivery_a_second_tries() {
        let mut doubt = Doubt::default();
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        assert!(doubt.lets_try(at(0), None), "nothing is known against it");

        doubt.failed(at(0));
        let tries: Vec<u64> = (0..4_000)
            .step_by(100)
            .filter(|ms| doubt.lets_try(at(*ms), Some(start - Doubt::FRESH)))
            .collect();
        assert_eq!(tries, [1_000, 2_000, 3_000]);

        doubt.failed(at(3_100));
        assert!(!doubt.lets_try(at(3_200), None), "a trial that fails changes nothing");
        assert!(doubt.lets_try(at(3_300), Some(at(3_250))), "one that is confirmed changes all");
        assert!(doubt.lets_try(at(3_300), Some(at(3_250))));
    }

    #[test]
    fn while_those_who_wait_hear_nothing_nobody_joins_them() {
        let mut doubt = Doubt::default();
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let lets_try = |doubt: &mut Doubt, ms| doubt.lets_try(at(ms), None);
        doubt.sets_out(at(0));
        doubt.sets_out(at(400));
        assert!(lets_try(&mut doubt, 499));
        assert!(!lets_try(&mut doubt, 500), "the first of them is what counts");

        doubt.waiting = 1;
        doubt.confirmed(at(600));
        assert!(lets_try(&mut doubt, 1_000), "one of them heard");
        assert!(!lets_try(&mut doubt, 1_100), "the other still waits");
        doubt.waiting = 0;
        assert!(lets_try(&mut doubt, 9_000), "nobody waits");
        doubt.sets_out(at(9_000));
        assert!(lets_try(&mut doubt, 9_100), "this one only just began");
    }

    #[test]
    fn a_failure_is_told_for_five_seconds_or_until_a_confirm() {
        let mut doubt = Doubt::default();
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        assert!(!doubt.is_fresh(at(0), None));
        doubt.failed(at(0));
        assert!(doubt.is_fresh(at(4_900), None));
        assert!(!doubt.is_fresh(at(4_900), Some(at(1))));
        assert!(!doubt.is_fresh(at(5_000), None));
    }
}
