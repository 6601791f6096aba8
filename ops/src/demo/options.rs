//! What the demo is told from outside.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use crate::settings::{AmqpUrl, DatabaseUrl};

/// Lets virtual cars live, and shows how their book is written.
///
/// Runs the whole pipeline in this process: a simulator of Smartcar's cloud (with duplicates, shuffled and late
/// deliveries and broken odometers), ingest, two workers, the scheduler and the api. People connect their cars through
/// Smartcar's consent pages; for a while webhooks are lost, and the cars are asked instead. At the end, also after Ctrl-C,
/// it compares the book with what the cars really did; the exit code is 0 only if they agree.
///
/// It makes a database of its own on the given server, and queues with names of their own, and touches nothing else.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// How many seconds the cars live; without it, until Ctrl-C.
    #[arg(long = "seconds", env = "DEMO_SECONDS", default_value = "", hide_default_value = true)]
    pub length: Length,

    /// How many cars there are.
    #[arg(long, env = "DEMO_CARS", default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub cars: u16,

    /// How many seconds of their lives pass in one: 3600 is an hour a second. Their lives begin in the past and never
    /// get ahead of the present. Without it four hours a second, or more if two whole weeks would not pass otherwise.
    #[arg(long, env = "DEMO_SPEED", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    speed: Option<u32>,

    /// The same seed gives the same cars and lives.
    #[arg(long, env = "DEMO_SEED", default_value_t = 1)]
    pub seed: u64,

    /// The database that is made anew for this demo; its name begins with `carvetka_demo`. It stays afterwards.
    #[arg(long, env = "DEMO_DATABASE", default_value = USUAL, value_parser = database_name)]
    pub database: String,

    /// Requests of one person in a minute that the api takes; of those that ask Smartcar, a twentieth.
    #[arg(long, env = "DEMO_REQUESTS_PER_MINUTE", default_value_t = 240, value_parser = clap::value_parser!(u32).range(20..))]
    pub requests_per_minute: u32,

    /// Where the programs' log lines go.
    #[arg(long, env = "DEMO_LOG", default_value = ".services/demo.log")]
    pub log: PathBuf,

    #[command(flatten)]
    pub database_url: DatabaseUrl,
    #[command(flatten)]
    pub amqp_url: AmqpUrl,
}

/// The demo that people start.
const USUAL: &str = "carvetka_demo";

impl Options {
    /// Whether it is the demo that people start, and not one of another name beside it.
    pub fn is_usual(&self) -> bool {
        self.database == USUAL
    }

    /// Virtual seconds a real second.
    pub fn speed(&self) -> u32 {
        const USUAL: u32 = 14_400;
        // A tank lasts a week or two.
        const TWO_WEEKS: u64 = 14 * 86_400;
        let enough = self.length.seconds().map(|seconds| TWO_WEEKS.div_ceil(seconds));
        let enough = enough.and_then(|speed| u32::try_from(speed).ok());
        self.speed.unwrap_or_else(|| enough.unwrap_or(USUAL).max(USUAL))
    }
}

/// How long the demo runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    UntilInterrupted,
    Seconds(u64),
}

impl Length {
    /// `None`: nobody knows yet.
    pub fn seconds(self) -> Option<u64> {
        match self {
            Self::UntilInterrupted => None,
            Self::Seconds(seconds) => Some(seconds),
        }
    }
}

/// An empty variable is as good as none: that is how `make` passes on what it was not given.
impl FromStr for Length {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            _ if text.is_empty() => Ok(Self::UntilInterrupted),
            Ok(seconds @ 1..=86_400) => Ok(Self::Seconds(seconds)),
            Ok(_) | Err(_) => Err("a number of seconds from 1 to 86400, or nothing".to_owned()),
        }
    }
}

/// The demo drops this database before it makes it, so no other name is taken.
fn database_name(given: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if given.starts_with("carvetka_demo") && given.len() <= 60 && given.bytes().all(plain) {
        Ok(given.to_owned())
    } else {
        Err("a name that begins with `carvetka_demo`, of small letters, digits and `_`".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[test]
    fn without_seconds_it_runs_until_it_is_interrupted() {
        assert_eq!("".parse(), Ok(Length::UntilInterrupted));
        assert_eq!("30".parse(), Ok(Length::Seconds(30)));
        for wrong in ["0", "-1", "soon", "86401"] {
            assert!(wrong.parse::<Length>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_short_demo_lives_quicker_so_that_two_weeks_pass() {
        let speed = |arguments: &[&str]| {
            let servers = ["demo", "--database-url", "postgres://h", "--amqp-url", "amqp://h"];
            Demo::try_parse_from(servers.iter().chain(arguments)).unwrap().options.speed()
        };
        assert_eq!(speed(&[]), 14_400);
        assert_eq!(speed(&["--seconds", "600"]), 14_400);
        assert_eq!(speed(&["--seconds", "10"]), 120_960);
        assert_eq!(speed(&["--seconds", "10", "--speed", "60"]), 60);
    }

    #[derive(Debug, clap::Parser)]
    struct Demo {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn only_a_database_of_the_demo_is_ever_dropped() {
        for wrong in ["carvetka", "postgres", "carvetka_dem", "carvetka_demo\"; --", "Carvetka_demo"] {
            assert!(database_name(wrong).is_err(), "{wrong}");
        }
        for right in ["carvetka_demo", "carvetka_demo_2"] {
            assert!(database_name(right).is_ok(), "{right}");
        }
    }
}
