//! Our queues, and what is in them.

use std::fmt;

/// A queue of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Queue {
    /// Deliveries: webhooks and poll answers.
    Events,
    /// Deliveries that came back once. One of them may be what killed its worker, so they are taken one at a time and
    /// take no healthy neighbour with them; see [`Queue::delivery_limit`].
    Apart,
    /// Jobs of one kind.
    Job(JobKind),
    /// The dead letters of all other queues: what a person must look at.
    Parked,
    /// What no queue was bound for: a fault in the set-up, kept instead of dropped.
    Unrouted,
}

/// What a job asks a worker to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobKind {
    /// Ask Smartcar for the signals of a vehicle.
    Poll,
    /// Renew the tokens of a grant.
    Refresh,
    /// Fold the history of a vehicle again.
    Replay,
    /// Tell a person of an alert.
    Notify,
}

/// Work that can fail today and succeed later, and so has queues to wait in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Work {
    /// Waits for [`Queue::Events`].
    Delivery,
    /// Waits for [`Queue::Job`].
    Job(JobKind),
}

impl JobKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Poll, Self::Refresh, Self::Replay, Self::Notify];

    /// Its name in queues and routing keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Refresh => "refresh",
            Self::Replay => "replay",
            Self::Notify => "notify",
        }
    }
}

impl Queue {
    /// All queues but those where messages wait.
    pub const ALL: [Self; 8] = [
        Self::Events,
        Self::Apart,
        Self::Job(JobKind::Poll),
        Self::Job(JobKind::Refresh),
        Self::Job(JobKind::Replay),
        Self::Job(JobKind::Notify),
        Self::Parked,
        Self::Unrouted,
    ];

    /// After how many returns the broker itself parks a message: the end of those that kill whoever takes them.
    ///
    /// Ten for ordinary queues: a killed worker brings back all that it held, so healthy messages are counted too, and
    /// must survive some crashes of others. Three where messages are taken one at a time: there nobody is counted for
    /// another's crash. `None` for the queues at the end, whose messages have nowhere else to go and must outlive any
    /// number of crashes.
    pub const fn delivery_limit(self) -> Option<u32> {
        match self {
            Self::Events | Self::Job(_) => Some(10),
            Self::Apart => Some(3),
            Self::Parked | Self::Unrouted => None,
        }
    }

    /// The work in this queue, if it can wait and be tried again.
    pub const fn work(self) -> Option<Work> {
        match self {
            Self::Events | Self::Apart => Some(Work::Delivery),
            Self::Job(kind) => Some(Work::Job(kind)),
            Self::Parked | Self::Unrouted => None,
        }
    }
}

/// The name without its namespace.
impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Events => f.write_str("events"),
            Self::Apart => f.write_str("events.apart"),
            Self::Job(kind) => write!(f, "jobs.{}", kind.name()),
            Self::Parked => f.write_str("parked"),
            Self::Unrouted => f.write_str("unrouted"),
        }
    }
}

impl Work {
    /// All work.
    pub const ALL: [Self; 5] = [
        Self::Delivery,
        Self::Job(JobKind::Poll),
        Self::Job(JobKind::Refresh),
        Self::Job(JobKind::Replay),
        Self::Job(JobKind::Notify),
    ];

    /// Where this work is taken from.
    pub const fn queue(self) -> Queue {
        match self {
            Self::Delivery => Queue::Events,
            Self::Job(kind) => Queue::Job(kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_apart_waits_for_the_ordinary_queue() {
        assert_eq!(Queue::Apart.work().map(Work::queue), Some(Queue::Events));
        for work in Work::ALL {
            assert_eq!(work.queue().work(), Some(work));
        }
    }
}
