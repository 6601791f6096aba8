//! Servers that one test has for itself, so that it may stop, kill and freeze them.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use uuid::Uuid;

/// Lends servers that keep their data on a small file system, and unmounts it when they are gone: also when the test's
/// process was killed. Of `SERVICES_DIR` only the data are there: a server whose log is full is another test.
const LEND_ON_DISK: &str = r#"
disk=$1 megabytes=$2 server=$3
mkdir "$disk"
mount() { command mount "$@" || sudo -n mount "$@"; }
umount() { command umount "$@" || sudo -n umount "$@"; }
mount -t tmpfs -o "size=${megabytes}m" tmpfs "$disk" || {
    rmdir "$disk"
    echo 'this test mounts a small file system (tmpfs), which takes root or a sudo without questions' >&2
    exit 1
}
mkdir -p "$disk/home" "$SERVICES_DIR/$server"
chmod 711 "$disk/home"
case $server in
postgres) echo "$disk/home" >"$SERVICES_DIR/postgres/elsewhere" ;;
rabbitmq) ln -s "$disk/home" "$SERVICES_DIR/rabbitmq/data" ;;
esac
"$0" lend "$server"
umount "$disk" && rmdir "$disk"
"#;

/// What fills a disk up, beside the server's data.
const BALLAST: &str = "ballast";

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
    /// The small file system, for servers that have one.
    disk: Option<PathBuf>,
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

    /// A PostgreSQL alone, with its data on a file system of so many megabytes: [`Services::fill_disk`].
    ///
    /// # Panics
    /// When it cannot be started, or no file system can be mounted; the message says what it takes.
    pub async fn private_postgres_on_disk(megabytes: u32) -> Self {
        Self::start_on_disk("postgres", megabytes).await
    }

    /// A RabbitMQ alone, with its data on a file system of so many megabytes. It raises its disk alarm when less than
    /// 50 of them are free.
    ///
    /// # Panics
    /// When it cannot be started, or no file system can be mounted; the message says what it takes.
    pub async fn private_rabbitmq_on_disk(megabytes: u32) -> Self {
        Self::start_on_disk("rabbitmq", megabytes).await
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

    /// Fills the small file system up, but for so many megabytes.
    ///
    /// # Panics
    /// When these servers have none.
    pub fn fill_disk(&self, but_megabytes: usize) {
        const MEGABYTE: usize = 1 << 20;
        let mut ballast = File::create(self.ballast()).expect("cannot write to the small file system");
        let block = vec![0; 64 * 1024];
        let full = loop {
            if let Err(error) = ballast.write_all(&block) {
                break error;
            }
        };
        assert_eq!(full.kind(), ErrorKind::StorageFull, "{full}");
        let written = ballast.metadata().expect("cannot look at the ballast").len();
        let wanted = written.saturating_sub((but_megabytes * MEGABYTE) as u64);
        ballast.set_len(wanted).expect("cannot make the ballast smaller");
    }

    /// Frees what was filled.
    ///
    /// # Panics
    /// When it was not filled.
    pub fn free_disk(&self) {
        fs::remove_file(self.ballast()).expect("cannot remove the ballast");
    }

    fn ballast(&self) -> PathBuf {
        self.disk.as_ref().expect("these services have no small file system").join(BALLAST)
    }

    async fn start_on_disk(server: &'static str, megabytes: u32) -> Self {
        let starting = tokio::task::spawn_blocking(move || {
            let folder = new_folder();
            let disk = folder.with_extension("disk");
            let mut lend = Command::new("sh");
            lend.args(["-c", LEND_ON_DISK, SCRIPT]).arg(&disk).args([&megabytes.to_string(), server]);
            let mut services = Self::borrow(folder, lend, &[server]);
            services.disk = Some(disk);
            services
        });
        starting.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    async fn start_private(servers: &[&'static str]) -> Self {
        let servers = servers.to_vec();
        let starting = tokio::task::spawn_blocking(move || {
            let mut lend = Command::new(SCRIPT);
            lend.arg("lend").args(&servers);
            Self::borrow(new_folder(), lend, &servers)
        });
        starting.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    /// Blocks until the servers are up.
    fn borrow(folder: PathBuf, mut lend: Command, servers: &[&str]) -> Self {
        let errors = folder.join("lend.log");
        let mut lender = lend
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
        Self { folder, lender, database_url, amqp_url, disk: None }
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

fn new_folder() -> PathBuf {
    let random = Uuid::new_v4().simple().to_string();
    let folder = std::env::temp_dir().join(format!("carvetka-services-{}", &random[..12]));
    fs::create_dir(&folder).expect("cannot make a folder for private servers");
    folder
}

impl Drop for Services {
    /// Closes the lender's standard input, which makes it destroy everything, and waits for that (some 0.2 s).
    fn drop(&mut self) {
        drop(self.lender.stdin.take());
        self.lender.wait().ok();
    }
}
