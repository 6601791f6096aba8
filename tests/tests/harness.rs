//! What the other tests rely on: servers that can be broken and come back, databases of one's own, watched processes.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail like tests")]

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use harness::{Process, Services, TestDatabase, eventually};
use lapin::options::{BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use sqlx::{Connection as _, Executor, PgConnection};
use tokio::task::JoinSet;

/// Nothing here takes long; a loaded machine may.
const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn postgres_keeps_its_data_and_its_address_over_a_stop_and_a_kill() {
    let services = Services::private_postgres().await;
    let url = services.database_url();
    execute(&url, "CREATE TABLE kept (number int)").await;
    execute(&url, "INSERT INTO kept VALUES (42)").await;

    services.stop("postgres").await;
    assert!(PgConnection::connect(&url).await.is_err());
    services.start("postgres").await;
    assert_eq!(number(&url, "SELECT number FROM kept").await, 42);

    services.kill("postgres").await;
    assert!(PgConnection::connect(&url).await.is_err());
    services.start("postgres").await;
    assert_eq!(number(&url, "SELECT number FROM kept").await, 42);
}

#[tokio::test]
async fn rabbitmq_keeps_confirmed_messages_and_its_address_over_a_stop_and_a_kill() {
    let services = Services::private_rabbitmq().await;
    let url = services.amqp_url();
    publish(&channel(&url).await).await;

    services.stop("rabbitmq").await;
    assert!(connect(&url).await.is_err());
    services.start("rabbitmq").await;
    expect_message(&url).await;

    services.kill("rabbitmq").await;
    assert!(connect(&url).await.is_err());
    services.start("rabbitmq").await;
    expect_message(&url).await;
}

#[tokio::test]
async fn a_frozen_server_takes_connections_and_answers_nobody_until_it_is_thawed() {
    let services = Services::private().await;
    services.freeze("postgres").await;
    services.freeze("rabbitmq").await;
    let moment = Duration::from_millis(300);
    let (database_url, amqp_url) = (services.database_url(), services.amqp_url());
    assert!(tokio::time::timeout(moment, PgConnection::connect(&database_url)).await.is_err());
    assert!(tokio::time::timeout(moment, connect(&amqp_url)).await.is_err());

    services.thaw("postgres").await;
    services.thaw("rabbitmq").await;
    assert_eq!(number(&database_url, "SELECT 1").await, 1);
    channel(&amqp_url).await;
}

#[tokio::test]
async fn two_pairs_live_side_by_side_and_one_ends_without_the_other() {
    let (one, other) = tokio::join!(Services::private(), Services::private());
    let (url, other_url) = (one.database_url(), other.database_url());
    assert_ne!(url, other_url);
    assert_ne!(one.amqp_url(), other.amqp_url());
    publish(&channel(&other.amqp_url()).await).await;

    drop(one);
    assert!(PgConnection::connect(&url).await.is_err());
    assert_eq!(number(&other_url, "SELECT 1").await, 1);
    expect_message(&other.amqp_url()).await;
}

#[tokio::test]
async fn a_memory_alarm_can_be_raised_and_ended() {
    let services = Services::private_rabbitmq().await;
    services.ctl(&["set_vm_memory_high_watermark", "0"]).await;
    assert!(services.ctl(&["list_connections"]).await.contains("Listing connections"));
    let status = services.ctl(&["status"]).await;
    assert!(status.contains("Memory alarm"), "{status}");

    services.ctl(&["set_vm_memory_high_watermark", "0.4"]).await;
    eventually(PATIENCE, "the alarm is over", async || {
        !services.ctl(&["status"]).await.contains("Memory alarm")
    })
    .await;
}

#[tokio::test]
async fn private_servers_end_with_the_process_that_borrowed_them_even_if_it_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let services_dir = folder.path().join("services");
    // The borrower only has to hold the other end of the lender's input, as a test's process does.
    let mut borrower = Command::new("sleep").arg("1000").stdout(Stdio::piped()).spawn().unwrap();
    let mut lender = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/services"))
        .args(["lend", "postgres"])
        .env("SERVICES_DIR", &services_dir)
        .stdin(borrower.stdout.take().unwrap())
        .stdout(fs::File::create(folder.path().join("lent")).unwrap())
        .spawn()
        .unwrap();
    eventually(PATIENCE, "the server is lent", async || {
        fs::read_to_string(folder.path().join("lent")).unwrap().ends_with('\n')
    })
    .await;
    let remembered = fs::read_to_string(services_dir.join("postgres/process")).unwrap();
    let server = format!("/proc/{}/cmdline", remembered.split(' ').next().unwrap());
    assert!(fs::read_to_string(&server).unwrap().contains("postgres"));

    borrower.kill().unwrap();
    borrower.wait().unwrap();
    lender.wait().unwrap();
    assert!(!fs::read_to_string(&server).is_ok_and(|command| command.contains("postgres")));
    assert!(!fs::exists(&services_dir).unwrap());
}

#[test]
fn a_command_that_fails_keeps_its_code_and_leaves_no_server_behind() {
    let folder = tempfile::tempdir().unwrap();
    let services = |arguments: &[&str]| {
        Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/services"))
            .args(arguments)
            .env("SERVICES_DIR", folder.path().join("services"))
            .env_remove("AMQP_URL")
            .output()
            .unwrap()
    };
    let failed = services(&["run", "rabbitmq", "--", "sh", "-c", "echo $AMQP_URL; exit 5"]);
    assert_eq!(failed.status.code(), Some(5));
    assert!(String::from_utf8(failed.stdout).unwrap().starts_with("amqp://"));
    let status = String::from_utf8(services(&["status"]).stdout).unwrap();
    assert!(status.contains("rabbitmq is stopped"), "{status}");
    assert!(services(&["destroy"]).status.success());
}

#[tokio::test]
async fn every_test_has_a_fresh_database_with_all_migrations_also_when_many_start_at_once() {
    let services = Services::private_postgres().await;
    let url = services.database_url();
    let mut starting = JoinSet::new();
    for _ in 0..8 {
        let url = url.clone();
        starting.spawn(async move { TestDatabase::on(&url).await });
    }
    let databases = starting.join_all().await;
    for database in &databases {
        assert_eq!(
            number(&database.url, "SELECT count(*)::int FROM _sqlx_migrations WHERE success").await,
            migrations()
        );
        database.pool.execute("CREATE TABLE mine (number int)").await.unwrap();
    }
    assert_eq!(
        number(&url, "SELECT count(*)::int FROM pg_database WHERE datname ~ '^carvetka_template_'").await,
        1
    );
}

#[tokio::test]
async fn a_test_database_is_dropped_by_close_and_by_drop() {
    let services = Services::private_postgres().await;
    let url = services.database_url();
    let tests = "SELECT count(*)::int FROM pg_database WHERE datname ~ '^carvetka_test_'";
    let (one, other) = (TestDatabase::on(&url).await, TestDatabase::on(&url).await);
    assert_eq!(number(&url, tests).await, 2);
    one.close().await;
    assert_eq!(number(&url, tests).await, 1);
    drop(other);
    assert_eq!(number(&url, tests).await, 0);
}

#[tokio::test]
async fn databases_that_a_killed_test_left_behind_go_after_an_hour() {
    let services = Services::private_postgres().await;
    let url = services.database_url();
    execute(&url, "CREATE DATABASE carvetka_test_1000000000_dead").await;
    execute(&url, "CREATE DATABASE carvetka_testament").await;
    let _database = TestDatabase::on(&url).await;
    assert_eq!(number(&url, "SELECT count(*)::int FROM pg_database WHERE datname ~ '_dead$'").await, 0);
    assert_eq!(number(&url, "SELECT count(*)::int FROM pg_database WHERE datname ~ 'testament$'").await, 1);
}

#[tokio::test]
async fn a_process_ends_with_its_value_and_its_output_is_kept() {
    let mut process =
        Process::start(shell("echo ready on http://127.0.0.1:8080/path; echo trouble >&2; exec sleep 1000"));
    assert_eq!(process.address(PATIENCE, "ready on").await, "http://127.0.0.1:8080");
    process.line(PATIENCE, "trouble").await;
    let id = process.id();
    drop(process);
    assert!(!fs::exists(format!("/proc/{id}")).unwrap());
}

#[tokio::test]
async fn a_terminated_process_may_finish_and_a_killed_one_may_not() {
    let script = "trap 'echo finished; exit 3' TERM; echo trapped; while :; do sleep 0.05; done";
    let mut polite = Process::start(shell(script));
    polite.line(PATIENCE, "trapped").await;
    polite.terminate();
    assert_eq!(polite.wait(PATIENCE).await.code(), Some(3));
    polite.line(PATIENCE, "finished").await;

    let mut killed = Process::start(shell(script));
    killed.line(PATIENCE, "trapped").await;
    killed.kill_9();
    assert!(!killed.output().contains("finished"));
}

#[tokio::test]
#[should_panic(expected = "ended before it wrote `hello`")]
async fn waiting_for_a_line_of_a_dead_process_does_not_wait_for_the_deadline() {
    Process::start(shell("exit 1")).line(PATIENCE * 100, "hello").await;
}

#[test]
#[should_panic(expected = "run `cargo build --bins`")]
fn a_program_that_was_not_built_says_what_to_do() {
    harness::program("no-such-program");
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

async fn execute(url: &str, sql: &'static str) {
    PgConnection::connect(url).await.unwrap().execute(sql).await.unwrap();
}

async fn number(url: &str, sql: &'static str) -> i32 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
}

/// How many migrations the project has.
fn migrations() -> i32 {
    let folder = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations")).unwrap();
    let files =
        folder.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|kind| kind == "sql"));
    files.count().try_into().unwrap()
}

async fn connect(url: &str) -> lapin::Result<Connection> {
    Connection::connect(url, ConnectionProperties::default()).await
}

async fn channel(url: &str) -> Channel {
    connect(url).await.unwrap().create_channel().await.unwrap()
}

/// One persistent message in a quorum queue, confirmed.
async fn publish(channel: &Channel) {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare("kept".into(), durable, arguments).await.unwrap();
    channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    let persistent = BasicProperties::default().with_delivery_mode(2);
    let options = BasicPublishOptions::default();
    let publishing = channel.basic_publish("".into(), "kept".into(), options, b"hello", persistent);
    assert!(publishing.await.unwrap().await.unwrap().is_ack());
}

/// The message is still there. Not at once: a queue that was killed first has to notice that its consumer is gone.
async fn expect_message(url: &str) {
    let channel = channel(url).await;
    eventually(PATIENCE, "the message can be had again", async || {
        let got = channel.basic_get("kept".into(), BasicGetOptions::default()).await.unwrap();
        got.is_some_and(|message| message.data == b"hello")
    })
    .await;
}
