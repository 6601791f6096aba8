//! A worker says whether it can do its work, on the address that operators give it.

use std::time::Duration;

use clap::Parser;
use harness::proxy::Proxy;
use runtime::lifecycle::Lifecycle;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use worker::Config;

use crate::support::PATIENCE;

/// The answer of `/readyz`, head and body.
async fn readyz(address: &str) -> String {
    let mut answer = String::new();
    if let Ok(mut stream) = TcpStream::connect(address).await {
        let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let _closed = stream.read_to_string(&mut answer).await;
    }
    answer
}

#[tokio::test]
async fn a_worker_is_ready_only_while_its_servers_do_what_they_are_asked() {
    let (database, namespace) = (harness::database().await, harness::namespace());
    let wire = Proxy::to(&database.url).await;
    // Free a moment ago: the address is fixed before the worker starts.
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    let life = Lifecycle::new(Duration::from_secs(5));
    let config = Config::parse_from([
        "worker",
        "--database-url",
        wire.url(),
        "--amqp-url",
        &harness::amqp_url(),
        "--amqp-namespace",
        &namespace,
        "--metrics-addr",
        &address,
    ]);
    worker::start(&config, &life).await.unwrap();
    let says = async |text: &str| readyz(&address).await.contains(text);
    harness::eventually(PATIENCE, "it is ready", async || says("200 OK").await).await;
    wire.refuse();
    harness::eventually(PATIENCE, "it says why it is not", async || {
        says("the database does not store").await
    })
    .await;
    wire.accept();
    harness::eventually(PATIENCE, "it is ready again", async || says("200 OK").await).await;
    life.shut_down().await;
    database.close().await;
}
