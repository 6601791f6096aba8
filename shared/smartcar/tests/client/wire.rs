//! Servers that do not speak HTTP as they should, or not in time.

use std::net::SocketAddr;

use smartcar::client::{Access, Advice, Who};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::platform::{client, user_token};

/// Answers every connection with these bytes and closes it.
async fn answering(bytes: Vec<u8>) -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = JoinSet::new();
    server.spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            // Whoever has read enough hangs up first.
            let _ = stream.write_all(&bytes).await;
        }
    });
    (address, server)
}

async fn user_of(bytes: impl Into<Vec<u8>>) -> smartcar::client::PlatformError {
    let (address, _server) = answering(bytes.into()).await;
    let token = user_token();
    client("v2", &format!("http://{address}")).user(Access::User { token: &token }).await.unwrap_err()
}

#[tokio::test]
async fn an_answer_that_ends_too_early_is_none() {
    let whole = r#"{"id":"218eda3b-0000-4000-8000-000000000002"}"#;
    for bytes in [
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{whole}", whole.len() + 1),
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{whole}\r\n", whole.len()),
        "HTTP/1.1 200".to_owned(),
        String::new(),
        "SSH-2.0-OpenSSH\r\n".to_owned(),
    ] {
        let error = user_of(bytes.as_bytes()).await;
        assert!(error.is("TRANSPORT", "BROKEN"), "{bytes}: {error}");
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_read_to_its_end() {
    let said = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 1_u64 << 40);
    assert!(user_of(said).await.is("TRANSPORT", "TOO_LARGE"));

    // One that does not say how long it is.
    let mut endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    endless.resize(4 * 1024 * 1024, b' ');
    assert!(user_of(endless).await.is("TRANSPORT", "TOO_LARGE"));
}

#[tokio::test]
async fn a_head_without_end_is_not_read_to_its_end() {
    let mut endless = b"HTTP/1.1 200 OK\r\n".to_vec();
    while endless.len() < 4 * 1024 * 1024 {
        endless.extend_from_slice(b"x-more: more\r\n");
    }
    assert_eq!(user_of(endless).await.kind, "TRANSPORT");
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_asked_and_the_application_rests() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let token = user_token();
    let error =
        client("v2", &format!("http://{address}")).user(Access::User { token: &token }).await.unwrap_err();
    assert!(error.is("TRANSPORT", "CONNECT"), "{error}");
    assert!(matches!(error.advice, Advice::RetryAfter { who: Who::Application, .. }));
    assert_eq!(error.status, None);
}

#[tokio::test]
async fn a_server_without_a_certificate_is_not_believed() {
    let (address, _server) = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_vec()).await;
    let token = user_token();
    let error =
        client("v2", &format!("https://{address}")).user(Access::User { token: &token }).await.unwrap_err();
    assert!(error.is("TRANSPORT", "CONNECT"), "{error}");
}
