//! Who used the processors: what tells which of the parts limits the whole. Unlike the figures of a clock it hardly
//! changes when something else runs on the same machine.

use std::collections::BTreeMap;
use std::process;
use std::time::Duration;

use super::figures::{Draft, Unit};
use super::processes::{self, Stat};

/// Everything that runs while something is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    /// This process: the load generator, and the probes.
    Bench,
    Ingest,
    Worker,
    RabbitMq,
    PostgreSql,
}

/// The servers' own processes; none for a server on another machine.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ServerProcesses {
    rabbitmq: Option<u32>,
    postgresql: Option<u32>,
}

/// Processor time from a moment on.
#[derive(Debug)]
pub(super) struct Effort {
    servers: ServerProcesses,
    before: BTreeMap<Who, Duration>,
}

impl ServerProcesses {
    /// Those that listen on these ports of this machine.
    pub fn find(rabbitmq: u16, postgresql: u16) -> Self {
        Self { rabbitmq: processes::listener(rabbitmq), postgresql: processes::listener(postgresql) }
    }

    /// The memory that the broker has resident now, in megabytes; `None` for one on another machine.
    pub fn rabbitmq_memory(self) -> Option<f64> {
        processes::resident(self.rabbitmq?)
    }

    /// Whose time this is, if it is one of ours. A server's process that ends leaves its time to its parent; programs
    /// of ours that have ended were measured before.
    fn whose(self, stat: &Stat<'_>) -> Option<(Who, Duration)> {
        let (this, whole) = (process::id(), stat.time + stat.of_children);
        let of = |server: Option<u32>| server.is_some_and(|id| stat.id == id || stat.parent == id);
        if stat.id == this {
            Some((Who::Bench, stat.time))
        } else if stat.parent == this {
            match stat.name {
                "ingest" => Some((Who::Ingest, stat.time)),
                "worker" => Some((Who::Worker, stat.time)),
                _ => None,
            }
        } else if of(self.rabbitmq) {
            Some((Who::RabbitMq, whole))
        } else if of(self.postgresql) {
            Some((Who::PostgreSql, whole))
        } else {
            None
        }
    }

    fn spent(self) -> BTreeMap<Who, Duration> {
        let mut spent = BTreeMap::new();
        for stat in processes::stats() {
            if let Some((who, time)) = Stat::read(&stat).and_then(|stat| self.whose(&stat)) {
                *spent.entry(who).or_default() += time;
            }
        }
        spent
    }
}

impl Effort {
    pub fn begin(servers: ServerProcesses) -> Self {
        Self { servers, before: servers.spent() }
    }

    /// Adds the microseconds of processor time that each of `number` deliveries cost each part since the beginning.
    pub fn note(&self, mut figures: Draft, number: usize) -> Draft {
        let number = u32::try_from(number.max(1)).unwrap_or(u32::MAX);
        let mut total = Duration::ZERO;
        for (who, now) in self.servers.spent() {
            let before = self.before.get(&who).copied().unwrap_or_default();
            let each = now.saturating_sub(before) / number;
            total += each;
            if !each.is_zero() {
                figures = figures.with(who.name(), microseconds(each), Unit::Microseconds);
            }
        }
        figures.with("CPU total", microseconds(total), Unit::Microseconds)
    }
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

impl Who {
    const fn name(self) -> &'static str {
        match self {
            Self::Bench => "CPU bench",
            Self::Ingest => "CPU ingest",
            Self::Worker => "CPU worker",
            Self::RabbitMq => "CPU rabbitmq",
            Self::PostgreSql => "CPU postgresql",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(name: &str, id: u32, parent: u32) -> Stat<'_> {
        Stat { id, name, parent, time: Duration::from_secs(3), of_children: Duration::from_secs(1) }
    }

    #[test]
    fn only_our_own_programs_and_our_own_servers_count() {
        let servers = ServerProcesses { rabbitmq: Some(20), postgresql: Some(30) };
        let this = process::id();
        for (stat, whose) in [
            (stat("worker", 1, this), Some((Who::Worker, 3))),
            (stat("worker", 1, 2), None),
            (stat("beam.smp", 20, 1), Some((Who::RabbitMq, 4))),
            (stat("beam.smp", 21, 1), None),
            (stat("postgres", 31, 30), Some((Who::PostgreSql, 4))),
            (stat("anything", this, 1), Some((Who::Bench, 3))),
        ] {
            let whose = whose.map(|(who, seconds)| (who, Duration::from_secs(seconds)));
            assert_eq!(servers.whose(&stat), whose, "{stat:?}");
        }
    }

    #[test]
    fn this_process_is_always_seen() {
        assert!(ServerProcesses::default().spent().contains_key(&Who::Bench));
    }
}
