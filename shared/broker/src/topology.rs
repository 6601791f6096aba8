//! What exists at the broker and how it is called: every name begins with a namespace, so that two installations, or
//! two tests, share one broker without meeting.

use lapin::types::ShortString;

use crate::queue::{JobKind, Queue, Work};
use crate::wait::Wait;

/// Where a message is published to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination<'a> {
    /// A webhook, with the version that its envelope names (`4.0`).
    ///
    /// One that is empty, longer than 32 bytes or not made of letters, digits, dots and dashes is written `unknown`:
    /// it comes from outside, and a message must not be lost because its key was odd.
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
        assert_eq!(names.wait_queue(Work::Delivery, Wait::S5), "carvetka.events.wait.5");
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
}
