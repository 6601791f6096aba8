//! The demo, as a process: it runs, compares, and leaves nothing behind but its database.

use std::time::Duration;

use harness::Process;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::support::carvetka;

const PATIENCE: Duration = Duration::from_mins(2);

fn demo(database: &str, arguments: &[&str]) -> Process {
    let log = std::env::temp_dir().join(format!("{database}.log"));
    let mut command =
        carvetka(&["demo", "--database", database, "--cars", "5"], &harness::database_url(), "unused");
    command.arg("--log").arg(log).args(arguments);
    Process::start(command)
}

fn fresh_name() -> String {
    format!("carvetka_demo_{}", harness::namespace().replace('-', "_"))
}

async fn drop_database(name: &str) {
    let mut db = PgConnection::connect(&harness::database_url()).await.unwrap();
    let statement = AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
    sqlx::query(statement).execute(&mut db).await.unwrap();
}

#[tokio::test]
async fn a_short_demo_connects_polls_ends_by_itself_and_its_book_agrees_with_the_cars() {
    let name = fresh_name();
    let mut demo = demo(&name, &["--seconds", "3"]);
    demo.line(PATIENCE, "5 people connected their cars through Smartcar's own pages").await;
    demo.line(PATIENCE, "Smartcar's webhooks are lost from here on").await;
    demo.line(PATIENCE, "webhooks come again").await;
    let asked = demo.line(PATIENCE, "times the cars were asked").await;
    let times = asked.split(". ").find_map(|part| part.split(" times").next()?.parse::<u32>().ok());
    assert!(times.is_some_and(|times| times > 5), "when connected, and in the silence: {asked}");
    demo.line(PATIENCE, "lost 0, doubled 0, parked 0").await;
    demo.line(PATIENCE, "The book agrees with the cars.").await;
    assert_eq!(demo.wait(PATIENCE).await.code(), Some(0));
    drop_database(&name).await;
}

#[tokio::test]
async fn an_interrupted_demo_still_compares() {
    let name = fresh_name();
    let mut demo = demo(&name, &["--speed", "100000"]);
    demo.line(PATIENCE, "readings").await;
    demo.signal("INT");
    demo.line(PATIENCE, "The book agrees with the cars.").await;
    assert_eq!(demo.wait(PATIENCE).await.code(), Some(0));
    drop_database(&name).await;
}

#[tokio::test]
async fn two_demos_never_share_a_database() {
    let name = fresh_name();
    let mut first = demo(&name, &[]);
    first.line(PATIENCE, "readings").await;
    let mut second = demo(&name, &["--seconds", "3"]);
    second.line(PATIENCE, "another demo runs").await;
    assert_eq!(second.wait(PATIENCE).await.code(), Some(1));
    first.signal("INT");
    assert_eq!(first.wait(PATIENCE).await.code(), Some(0));
    drop_database(&name).await;
}
