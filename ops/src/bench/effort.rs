//! Who used the processors: what tells which of the parts limits the whole.
//!
//! The servers are found by their names, so what other installations on the same machine do is counted as well, and
//! servers on other machines are not seen.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use super::figures::{Draft, Unit};

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

/// Processor time from a moment on.
#[derive(Debug)]
pub(super) struct Effort(BTreeMap<Who, Duration>);

impl Effort {
    pub fn begin() -> Self {
        Self(spent())
    }

    /// Adds the microseconds of processor time that each of `number` deliveries cost each part since the beginning.
    pub fn note(&self, figures: Draft, number: usize) -> Draft {
        let number = u32::try_from(number.max(1)).unwrap_or(u32::MAX);
        spent().into_iter().fold(figures, |figures, (who, now)| {
            let before = self.0.get(&who).copied().unwrap_or_default();
            let each = now.saturating_sub(before) / number;
            figures.with(who.name(), each.as_secs_f64() * 1e6, Unit::Microseconds)
        })
    }
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

fn spent() -> BTreeMap<Who, Duration> {
    let mut spent = BTreeMap::new();
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let stat = fs::read_to_string(process.path().join("stat")).ok();
        if let Some((who, time)) = stat.and_then(|stat| Stat::read(&stat)?.of(std::process::id())) {
            *spent.entry(who).or_default() += time;
        }
    }
    spent
}

/// What `/proc/PID/stat` says (source: `man 5 proc`).
#[derive(Debug, PartialEq, Eq)]
struct Stat<'a> {
    id: u32,
    name: &'a str,
    parent: u32,
    time: Duration,
    /// Of children that have ended.
    children: Duration,
}

impl<'a> Stat<'a> {
    /// The name may hold anything, so what follows is counted from its closing bracket.
    fn read(stat: &'a str) -> Option<Self> {
        let (head, rest) = stat.rsplit_once(')')?;
        let (id, name) = head.split_once(" (")?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        // A tick is a hundredth of a second on every Linux that we run on.
        let ticks = |index: usize| {
            Some(Duration::from_millis(
                fields.get(index)?.parse::<u64>().ok()? * 10,
            ))
        };
        Some(Self {
            id: id.parse().ok()?,
            name,
            parent: fields.get(1)?.parse().ok()?,
            time: ticks(11)? + ticks(12)?,
            children: ticks(13)? + ticks(14)?,
        })
    }

    /// Whose time this is, seen from the process `this`. A server's process that ends leaves its time to its parent;
    /// programs that this process started and that ended were measured before.
    fn of(&self, this: u32) -> Option<(Who, Duration)> {
        match self.name {
            _ if self.id == this => Some((Who::Bench, self.time)),
            "ingest" if self.parent == this => Some((Who::Ingest, self.time)),
            "worker" if self.parent == this => Some((Who::Worker, self.time)),
            "beam.smp" => Some((Who::RabbitMq, self.time + self.children)),
            "postgres" => Some((Who::PostgreSql, self.time + self.children)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(name: &str) -> String {
        format!("7 ({name}) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 30 20 20 0 9 0 1 1 1")
    }

    #[test]
    fn the_time_of_a_process_with_an_odd_name_is_found() {
        let stat = stat("a ) b (");
        let read = Stat::read(&stat).unwrap();
        let times = (read.time, read.children);
        assert_eq!((read.id, read.name, read.parent), (7, "a ) b (", 1));
        assert_eq!(times, (Duration::from_secs(3), Duration::from_millis(500)));
    }

    #[test]
    fn only_our_own_programs_count_and_all_servers() {
        let who = |name: &str, this| Stat::read(&stat(name))?.of(this).map(|(who, _)| who);
        assert_eq!(who("worker", 1), Some(Who::Worker));
        assert_eq!(who("worker", 2), None, "somebody else's");
        assert_eq!(who("postgres", 2), Some(Who::PostgreSql));
        assert_eq!(who("anything", 7), Some(Who::Bench));
    }

    #[test]
    fn this_process_is_always_seen() {
        assert!(spent().contains_key(&Who::Bench));
    }
}
