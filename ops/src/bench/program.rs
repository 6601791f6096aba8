//! Our programs as processes of their own: started from beside this one, watched, and ended.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use secrecy::{ExposeSecret, SecretString};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use super::deliveries::SECRET;
use super::processes;
use super::servers::Servers;

/// How long a program may take until it is ready.
const READY: Duration = Duration::from_secs(20);

/// How long a program may take to finish.
const FINISH: Duration = Duration::from_secs(15);

const LOOK: Duration = Duration::from_millis(20);

/// A running program of ours. It is killed when this is dropped.
pub(super) struct Program {
    name: &'static str,
    child: Child,
    log: PathBuf,
    /// Where it serves health and metrics (and its door, if it has one).
    pub address: SocketAddr,
}

/// Which rules a worker asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    All,
    /// Only the odometer's.
    MileageOnly,
}

impl Program {
    /// Starts `ingest` as it is by default, and waits until it is ready.
    pub async fn ingest(servers: &Servers) -> anyhow::Result<Self> {
        Self::ingest_for(servers, None).await
    }

    /// The same with room for so many connections.
    pub async fn ingest_for(servers: &Servers, connections: Option<u16>) -> anyhow::Result<Self> {
        let more = connections.map(|number| ("INGEST_CONNECTIONS", number.to_string()));
        Self::start("ingest", "INGEST_ADDR", servers, &servers.database_url(), more).await
    }

    /// Starts one `worker` as it is by default, and waits until it is ready.
    pub async fn worker(
        servers: &Servers,
        database_url: &SecretString,
        rules: Rules,
    ) -> anyhow::Result<Self> {
        let more = match rules {
            Rules::All => None,
            Rules::MileageOnly => Some(("MILEAGE_ONLY", "true".to_owned())),
        };
        Self::start("worker", "METRICS_ADDR", servers, database_url, more).await
    }

    /// Starts one `scheduler` that looks often, and waits until it is ready.
    pub async fn scheduler(servers: &Servers) -> anyhow::Result<Self> {
        let more = Some(("LOOK_EVERY_SECONDS", "1".to_owned()));
        Self::start("scheduler", "METRICS_ADDR", servers, &servers.database_url(), more).await
    }

    async fn start(
        name: &'static str,
        address_variable: &str,
        servers: &Servers,
        database_url: &SecretString,
        more: Option<(&str, String)>,
    ) -> anyhow::Result<Self> {
        let path = beside_this(name)?;
        let address = free_address()?;
        let log = std::env::temp_dir().join(format!("carvetka-{}-{name}.log", servers.namespace));
        let output = fs::File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = Command::new(&path)
            .env_clear()
            .env("DATABASE_URL", database_url.expose_secret())
            .env("AMQP_URL", servers.amqp_url.expose_secret())
            .env("AMQP_NAMESPACE", &servers.namespace)
            .env("SMARTCAR_WEBHOOK_SECRET", SECRET)
            .env("RUST_LOG", "warn")
            .env(address_variable, address.to_string())
            .envs(more)
            .stdin(Stdio::null())
            .stdout(output.try_clone().context("cannot share a log file")?)
            .stderr(output)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", path.display()))?;
        let mut program = Self { name, child, log, address };
        program.wait_until_ready().await?;
        Ok(program)
    }

    async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let url = format!("http://{}/readyz", self.address);
        let end = Instant::now() + READY;
        loop {
            self.check()?;
            if reqwest::get(&url).await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            ensure!(Instant::now() < end, "{} did not become ready: {}", self.name, self.last_words());
            sleep(LOOK).await;
        }
    }

    /// An error if it has ended.
    pub fn check(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait().with_context(|| format!("cannot watch {}", self.name))? {
            None => Ok(()),
            Some(status) => bail!("{} ended early ({status}): {}", self.name, self.last_words()),
        }
    }

    /// The most memory that it ever had resident, in megabytes.
    pub fn peak_memory(&self) -> anyhow::Result<f64> {
        processes::peak(self.id()?).context("cannot find a process's peak memory")
    }

    /// The memory that it has resident now, in megabytes.
    pub fn memory(&self) -> anyhow::Result<f64> {
        processes::resident(self.id()?).context("cannot find a process's memory")
    }

    /// A number that it counts, by its name with all its labels. Zero while there was nothing to count.
    pub async fn counted(&mut self, series: &str) -> anyhow::Result<usize> {
        self.check()?;
        let url = format!("http://{}/metrics", self.address);
        let answer =
            reqwest::get(&url).await.with_context(|| format!("cannot ask {} for its metrics", self.name))?;
        let page =
            answer.text().await.with_context(|| format!("cannot read the metrics of {}", self.name))?;
        let number = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        Ok(number.and_then(|number| number.parse().ok()).unwrap_or(0))
    }

    /// Lets it stand still.
    pub async fn freeze(&self) -> anyhow::Result<()> {
        self.signal("-STOP").await
    }

    /// Lets it go on.
    pub async fn thaw(&self) -> anyhow::Result<()> {
        self.signal("-CONT").await
    }

    /// Lets it finish and leave.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.signal("-TERM").await?;
        let status = tokio::time::timeout(FINISH, self.child.wait())
            .await
            .with_context(|| format!("{} does not stop", self.name))?
            .with_context(|| format!("cannot watch {}", self.name))?;
        ensure!(status.success(), "{} ended with {status}: {}", self.name, self.last_words());
        // Only a log without a failure to explain.
        let _ = fs::remove_file(&self.log);
        Ok(())
    }

    async fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let id = self.id()?;
        let sent = Command::new("kill").args([signal, &id.to_string()]).status().await;
        ensure!(sent.is_ok_and(|status| status.success()), "cannot signal {}", self.name);
        Ok(())
    }

    fn id(&self) -> anyhow::Result<u32> {
        self.child.id().with_context(|| format!("{} has ended", self.name))
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(5)..].join("\n")
    }
}

/// Cargo puts tests one folder below programs.
fn beside_this(name: &str) -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe().context("cannot find out where this program is")?;
    let candidates = this.ancestors().skip(1).take(2).map(|folder| folder.join(name));
    let found = candidates.into_iter().find(|path| path.is_file());
    found.with_context(|| {
        format!("there is no program `{name}` beside this one: run `cargo build --release --bins`")
    })
}

/// Free a moment ago. Programs are told where to listen, so that nobody has to read their logs.
fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").context("cannot find a free port")?;
    listener.local_addr().context("cannot learn the port that was found")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_was_not_built_is_named_with_what_to_do() {
        let error = beside_this("no-such-program").unwrap_err().to_string();
        assert!(error.contains("no-such-program") && error.contains("cargo build"), "{error}");
    }
}
