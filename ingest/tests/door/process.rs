//! The program as a process: its manual, its mistakes, its log, its end.

use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

use crate::fixture::{GENEROUS, SECRET, STATE, answer, head, sign, write};
use crate::namespace::Namespace;

/// The program, with no variable of the tests' own environment.
fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ingest"));
    command.env_clear().args(arguments).stdin(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// The program at work, at an address that it found itself.
struct Running {
    child: Child,
    address: String,
    log: Lines<BufReader<ChildStderr>>,
    said: Vec<String>,
    namespace: Namespace,
}

impl Running {
    async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With a few more arguments.
    async fn start_with(arguments: &[&str]) -> Self {
        Self::start_as(program(arguments)).await
    }

    async fn start_as(mut program: Command) -> Self {
        let namespace = Namespace::new();
        let mut child = program
            .args(["--ingest-addr", "127.0.0.1:0", "--log-format", "json"])
            .env("AMQP_URL", harness::amqp_url())
            .env("AMQP_NAMESPACE", &namespace.name)
            .env("SMARTCAR_WEBHOOK_SECRET", SECRET)
            .env("RUST_LOG", "ingest=trace,runtime=trace,broker=trace")
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut running = Self { child, address: String::new(), log, said: Vec::new(), namespace };
        let line = running.says("server.address").await;
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        line["server.address"].as_str().unwrap().clone_into(&mut running.address);
        running.says("started").await;
        running
    }

    /// The line of the log with these words, waiting for it if it has not been said.
    async fn says(&mut self, words: &str) -> String {
        loop {
            if let Some(line) = self.said.iter().find(|line| line.contains(words)) {
                return line.clone();
            }
            let line = timeout(GENEROUS, self.log.next_line()).await.unwrap().unwrap();
            self.said.push(line.unwrap_or_else(|| panic!("it never said {words:?}, but {:#?}", self.said)));
        }
    }

    async fn signal(&self, name: &str) {
        let process = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args([name, &process]).status().await.unwrap().success());
    }

    /// Waits for its end, and takes in all that it still says.
    async fn ends(&mut self) -> ExitStatus {
        while let Some(line) = timeout(GENEROUS, self.log.next_line()).await.unwrap().unwrap() {
            self.said.push(line);
        }
        timeout(GENEROUS, self.child.wait()).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn the_manual_names_every_variable() {
    let output = program(&["--help"]).output().await.unwrap();
    let manual = String::from_utf8(output.stdout).unwrap();
    for variable in [
        "INGEST_ADDR",
        "SMARTCAR_WEBHOOK_SECRET",
        "AMQP_URL",
        "INGEST_ACCEPT_UNSIGNED_VERIFY",
        "DATABASE_URL",
    ] {
        assert!(manual.contains(variable), "{manual}");
    }
}

#[tokio::test]
async fn without_a_secret_it_does_not_start_and_says_what_to_do() {
    let output = program(&["--amqp-url", "amqp://nowhere/%2f"]).output().await.unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("SMARTCAR_WEBHOOK_SECRET") && said.contains("application management token"),
        "{said}"
    );
}

#[tokio::test]
async fn an_address_that_is_taken_ends_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let arguments = ["--ingest-addr", &address, "--amqp-url", "amqp://127.0.0.1:1/%2f"];
    let output = program(&arguments).env("SMARTCAR_WEBHOOK_SECRET", SECRET).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains(&format!("cannot listen on {address}")));
}

#[tokio::test]
async fn told_to_stop_it_finishes_what_is_in_hand_and_takes_nothing_new() {
    let mut door = Running::start().await;
    door.says("connected to the broker").await;
    let mut stream = TcpStream::connect(&door.address).await.unwrap();
    let framing = format!("Content-Length: {}\r\nExpect: 100-continue", STATE.len());
    write(&mut stream, &head(&sign(SECRET, STATE), &framing)).await;
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 100 "));

    door.signal("-TERM").await;
    door.says("SIGTERM").await;
    let address = door.address.clone();
    harness::eventually(GENEROUS, "nobody new is let in", async || {
        TcpStream::connect(&address).await.is_err()
    })
    .await;

    write(&mut stream, STATE).await;
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(door.ends().await.code(), Some(0), "{:#?}", door.said);
}

#[tokio::test]
async fn idlers_who_take_all_descriptors_shut_nobody_out() {
    let mut few = Command::new("sh");
    few.env_clear().args(["-c", "ulimit -n 48; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_ingest")]);
    few.stdin(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut door = Running::start_as(few).await;
    door.says("connected to the broker").await;
    let mut idlers = Vec::new();
    for _ in 0..100 {
        idlers.push(TcpStream::connect(&door.address).await.unwrap());
    }
    let url = format!("http://{}/api/smartcar/webhook", door.address);
    let request = reqwest::Client::new().post(url).header("sc-signature", sign(SECRET, STATE)).body(STATE);
    assert_eq!(timeout(GENEROUS, request.send()).await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn the_trace_of_a_webhook_goes_with_it_into_the_queue_and_a_strangers_does_not() {
    // Nobody collects; that spans have contexts is enough.
    let mut door = Running::start_with(&["--otel-exporter-otlp-endpoint", "http://127.0.0.1:1"]).await;
    door.says("connected to the broker").await;
    let stranger = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let url = format!("http://{}/api/smartcar/webhook", door.address);
    let request = reqwest::Client::new().post(url).header("sc-signature", sign(SECRET, STATE));
    let answer = request.header("traceparent", stranger).body(STATE).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let headers = door.namespace.take(1).await[0].headers();
    let trace = headers["traceparent"].as_str().unwrap();
    assert!(trace.starts_with("00-") && !trace.contains(&stranger[3..35]), "{trace}");
}

#[tokio::test]
async fn the_log_holds_no_body_no_secret_and_no_password() {
    let mut door = Running::start().await;
    door.says("connected to the broker").await;
    let http = reqwest::Client::new();
    let url = format!("http://{}/api/smartcar/webhook", door.address);
    for (body, secret) in [(STATE, SECRET), (STATE, "another"), ("{\"vin\":\"WVWZZZ1KZAW000000\"}", SECRET)] {
        http.post(&url).header("sc-signature", sign(secret, body)).body(body).send().await.unwrap();
    }
    door.signal("-INT").await;
    assert_eq!(door.ends().await.code(), Some(0));
    let said = door.said.join("\n");
    for private in [SECRET, "odometer", "26412", "WVWZZZ1KZAW000000", "11111111-2222", "guest:guest"] {
        assert!(!said.contains(private), "{private} is in {said}");
    }
    for line in &door.said {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "not JSON: {line}");
    }
}

#[tokio::test]
async fn an_address_of_a_database_that_cannot_be_read_ends_it_and_is_not_printed() {
    for wrong in ["postgres://walter:hunter2@db:port/x", "postgres://walter:hunter2@[db/x", "hunter2"] {
        let arguments = ["--ingest-addr", "127.0.0.1:0", "--amqp-url", "amqp://127.0.0.1:1/%2f"];
        let output = program(&arguments)
            .env("SMARTCAR_WEBHOOK_SECRET", SECRET)
            .env("DATABASE_URL", wrong)
            .output()
            .await
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{wrong}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("DATABASE_URL") && !said.contains("hunter2"), "{said}");
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_said_once_and_its_password_never() {
    let mut door = Running::start_with(&["--database-url", "postgres://walter:hunter2@127.0.0.1:1/x"]).await;
    door.says("the spool cannot be written").await;
    door.says("connected to the broker").await;
    // Long enough for some looks.
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    door.signal("-TERM").await;
    assert_eq!(door.ends().await.code(), Some(0));
    let said = door.said.join("\n");
    assert_eq!(said.matches("cannot be written").count(), 1, "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[tokio::test]
async fn the_trace_of_a_webhook_goes_with_it_into_the_spool() {
    let database = harness::database().await;
    let arguments = [
        "--amqp-url",
        "amqp://127.0.0.1:1/%2f",
        "--database-url",
        &database.url,
        "--otel-exporter-otlp-endpoint",
        "http://127.0.0.1:1",
    ];
    let door = Running::start_with(&arguments).await;
    let url = format!("http://{}/api/smartcar/webhook", door.address);
    let request = reqwest::Client::new().post(url).header("sc-signature", sign(SECRET, STATE));
    assert_eq!(request.body(STATE).send().await.unwrap().status(), 200);
    let trace: String =
        sqlx::query_scalar("SELECT traceparent FROM ingest_spool").fetch_one(&database.pool).await.unwrap();
    assert!(trace.starts_with("00-"), "{trace}");
}
