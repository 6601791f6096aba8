//! Servers that one test has for itself, so that it may stop, kill and freeze them.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use uuid::Uuid;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/services");

/// A private PostgreSQL, a private RabbitMQ or both, started by `scripts/services lend`.
///
/// They end with this value. They also end with the test's process when that is killed, because the script that lends
/// them sees its standard input close.
#[derive(Debug)]
pub struct Services {
    folder: PathBuf,
    lender: Child,
    database_url: Option<String>,
    amqp_url: Option<String>,
}

impl Services {
    /// A pair of servers. Takes some five seconds, so a test that needs one server asks for that one alone.
    ///
    /// # Panics
    /// When they cannot be started; the message is the script's.
    pub async fn private() -> Self {
        Self::start_private(&["postgres", "rabbitmq"]).await
    }

    /// A PostgreSQL alone. Takes about one second.
    ///
    /// # Panics
    /// When it cannot be started; the message is the script's.
    pub async fn private_postgres() -> Self {
        Self::start_private(&["postgres"]).await
    }

    /// A RabbitMQ alone.
    ///
    /// # Panics
    /// When it cannot be started; the message is the script's.
    pub async fn private_rabbitmq() -> Self {
        Self::start_private(&["rabbitmq"]).await
    }

    /// The URL of the private PostgreSQL. It stays the same over stop and start.
    ///
    /// # Panics
    /// When this is a RabbitMQ alone.
    pub fn database_url(&self) -> String {
        self.database_url.clone().expect("these services have no PostgreSQL")
    }

    /// The URL of the private RabbitMQ. It stays the same over stop and start.
    ///
    /// # Panics
    /// When this is a PostgreSQL alone.
    pub fn amqp_url(&self) -> String {
        self.amqp_url.clone().expect("these services have no RabbitMQ")
    }

    /// Stops `"postgres"` or `"rabbitmq"` cleanly.
    pub async fn stop(&self, server: &str) {
        self.script(&["stop", server]).await;
    }

    /// Starts it again with its data and on its port; ready when this returns.
    pub async fn start(&self, server: &str) {
        self.script(&["start", server]).await;
    }

    /// `kill -9` to all of its processes.
    pub async fn kill(&self, server: &str) {
        self.script(&["kill", server]).await;
    }

    /// Lets it stand still: connections stay open and nobody answers.
    pub async fn freeze(&self, server: &str) {
        self.script(&["freeze", server]).await;
    }

    /// Lets a frozen one go on.
    pub async fn thaw(&self, server: &str) {
        self.script(&["thaw", server]).await;
    }

    /// `rabbitmqctl` of the private broker; gives what it printed.
    ///
    /// `ctl(&["set_vm_memory_high_watermark", "0"])` raises a memory alarm, `"0.4"` ends it.
    pub async fn ctl(&self, arguments: &[&str]) -> String {
        self.script(&[&["ctl"], arguments].concat()).await
    }

    async fn start_private(servers: &[&'static str]) -> Self {
        let servers = servers.to_vec();
        let starting = tokio::task::spawn_blocking(move || Self::borrow(&servers));
        starting.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    /// Blocks until the servers are up.
    fn borrow(servers: &[&str]) -> Self {
        let random = Uuid::new_v4().simple().to_string();
        let folder = std::env::temp_dir().join(format!("carvetka-services-{}", &random[..12]));
        fs::create_dir(&folder).expect("cannot make a folder for private servers");
        let errors = folder.join("lend.log");
        let mut lender = Command::new(SCRIPT)
            .arg("lend")
            .args(servers)
            .env("SERVICES_DIR", &folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&errors).expect("cannot write into the servers' folder"))
            // Whoever kills this test with all that belongs to it must leave the one that cleans up.
            .process_group(0)
            .spawn()
            .expect("cannot run scripts/services");

        let mut lines =
            BufReader::new(lender.stdout.take().expect("it was piped")).lines().map_while(Result::ok);
        let mut url_of = |name: &str| {
            let line = lines.next().unwrap_or_else(|| {
                panic!("cannot start private servers: {}", fs::read_to_string(&errors).unwrap_or_default())
            });
            let value =
                line.strip_prefix(&format!("export {name}='")).and_then(|rest| rest.strip_suffix('\''));
            Some(value.unwrap_or_else(|| panic!("scripts/services printed `{line}` for {name}")).to_owned())
        };
        let database_url = servers.contains(&"postgres").then(|| url_of("DATABASE_URL")).flatten();
        let amqp_url = servers.contains(&"rabbitmq").then(|| url_of("AMQP_URL")).flatten();
        Self { folder, lender, database_url, amqp_url }
    }

    async fn script(&self, arguments: &[&str]) -> String {
        let output = tokio::process::Command::new(SCRIPT)
            .args(arguments)
            .env("SERVICES_DIR", &self.folder)
            .stdin(Stdio::null())
            .output()
            .await
            .expect("cannot run scripts/services");
        assert!(
            output.status.success(),
            "scripts/services {} failed: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Services {
    /// Closes the lender's standard input, which makes it destroy everything, and waits for that (some 0.2 s).
    fn drop(&mut self) {
        drop(self.lender.stdin.take());
        self.lender.wait().ok();
    }
}
