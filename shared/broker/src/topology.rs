//! What exists at the broker and how it is called: every name begins with a namespace, so that two installations, or
//! two tests, share one broker without meeting.

use std::fmt;

use lapin::types::ShortString;

use crate::wait::Wait;

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

/// Where a message is published to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination<'a> {
    /// A webhook, with the version that its envelope names (`4.0`); see [`Topology::route`] for odd ones.
    Webhook { version: &'a str },
    /// The answer to a poll, with the version of the API that gave it.
    Poll { version: &'a str },
    /// The queue of this kind of job.
    Job(JobKind),
    /// Straight into a queue, as when something is set apart or taken up again.
    Queue(Queue),
    /// Into a queue where it waits before it comes back to its work's own queue.
    Later(Work, Wait),
}

/// All names of one namespace. Pure; `declare` and `delete` make and remove what it names.
#[derive(Debug, Clone)]
pub struct Topology {
    namespace: String,
    pub(crate) events: ShortString,
    pub(crate) jobs: ShortString,
    pub(crate) aside: ShortString,
    pub(crate) dead: ShortString,
    pub(crate) unrouted: ShortString,
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

impl Topology {
    /// The longest version that goes into a routing key. Real ones have three characters.
    const LONGEST_VERSION: usize = 32;

    /// The names of a namespace: `carvetka` in production, a fresh one in each test.
    pub fn new(namespace: &str) -> Self {
        let name = |rest: &str| ShortString::from(format!("{namespace}.{rest}"));
        Self {
            namespace: namespace.to_owned(),
            events: name("events"),
            jobs: name("jobs"),
            aside: name("aside"),
            dead: name("dead"),
            unrouted: name("unrouted"),
        }
    }

    /// What all names begin with.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The full name of a queue: `carvetka.jobs.poll`.
    pub fn queue(&self, queue: Queue) -> String {
        format!("{}.{queue}", self.namespace)
    }

    /// The full name of the queue in which work waits: `carvetka.jobs.poll.wait.30`.
    pub fn wait_queue(&self, work: Work, wait: Wait) -> String {
        format!("{}.{}", self.namespace, wait_key(work, wait))
    }

    /// The queue that has this full name, if it is one of ours (a dead letter says where it died).
    pub fn find(&self, name: &str) -> Option<Queue> {
        Queue::ALL.into_iter().find(|queue| self.queue(*queue) == name)
    }

    /// Exchange and routing key.
    ///
    /// A version that is empty, longer than 32 bytes or not made of letters, digits, dots and dashes is written
    /// `unknown`: it comes from outside, and a message must not be lost because its key was odd.
    pub(crate) fn route(&self, to: Destination<'_>) -> (ShortString, ShortString) {
        match to {
            Destination::Webhook { version } => (self.events.clone(), version_key("webhook", version)),
            Destination::Poll { version } => (self.events.clone(), version_key("poll", version)),
            Destination::Job(kind) => (self.jobs.clone(), kind.name().into()),
            Destination::Queue(queue) => (self.aside.clone(), queue.to_string().into()),
            Destination::Later(work, wait) => (self.aside.clone(), wait_key(work, wait).into()),
        }
    }
}

pub(crate) fn wait_key(work: Work, wait: Wait) -> String {
    format!("{}.wait.{}", work.queue(), wait.seconds())
}

fn version_key(origin: &str, version: &str) -> ShortString {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
    let fits = (1..=Topology::LONGEST_VERSION).contains(&version.len()) && version.bytes().all(plain);
    format!("{origin}.{}", if fits { version } else { "unknown" }).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_runbook() {
        let names = Topology::new("carvetka");
        let queues = Queue::ALL.map(|queue| names.queue(queue));
        assert_eq!(
            queues,
            [
                "carvetka.events",
                "carvetka.events.apart",
                "carvetka.jobs.poll",
                "carvetka.jobs.refresh",
                "carvetka.jobs.replay",
                "carvetka.jobs.notify",
                "carvetka.parked",
                "carvetka.unrouted",
            ]
        );
        assert_eq!(
            names.wait_queue(Work::Delivery, Wait::S5),
            "carvetka.events.wait.5"
        );
        assert_eq!(
            names.wait_queue(Work::Job(JobKind::Replay), Wait::S3600),
            "carvetka.jobs.replay.wait.3600"
        );
    }

    #[test]
    fn a_queue_is_found_by_the_name_that_a_dead_letter_carries() {
        let names = Topology::new("a");
        for queue in Queue::ALL {
            assert_eq!(names.find(&names.queue(queue)), Some(queue));
        }
        assert_eq!(names.find("b.events"), None);
        assert_eq!(names.find("a.events.wait.5"), None);
    }

    #[test]
    fn an_odd_version_becomes_unknown_and_never_an_error() {
        let names = Topology::new("a");
        let long = "9".repeat(300);
        for (version, key) in [
            ("4.0", "webhook.4.0"),
            ("2.0", "webhook.2.0"),
            ("", "webhook.unknown"),
            ("4 0", "webhook.unknown"),
            ("*", "webhook.unknown"),
            ("ü", "webhook.unknown"),
            (&long, "webhook.unknown"),
        ] {
            assert_eq!(names.route(Destination::Webhook { version }).1.as_str(), key);
        }
    }

    #[test]
    fn what_is_set_apart_waits_for_the_ordinary_queue() {
        assert_eq!(Queue::Apart.work().map(Work::queue), Some(Queue::Events));
        for work in Work::ALL {
            assert_eq!(work.queue().work(), Some(work));
        }
    }
}
