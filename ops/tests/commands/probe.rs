//! `carvetka probe`

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{Ended, carvetka, run};

/// Asks a server that gives one answer.
async fn probe(answer: &'static str) -> Ended {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/readyz", listener.local_addr().unwrap());
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4];
        stream.read_exact(&mut request).await.unwrap();
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
    };
    let ask = run(carvetka(&["probe", &url], "unused", "unused"));
    tokio::join!(ask, serve).0
}

#[tokio::test]
async fn only_a_success_is_a_success() {
    let ready = probe("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    assert_eq!(ready.code, Some(0), "{ready:?}");
    let busy = probe("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 8\r\n\r\nstopping").await;
    assert_eq!(busy.code, Some(1));
    assert!(busy.output.contains("503") && busy.output.contains("stopping"), "{busy:?}");
    let moved = probe("HTTP/1.1 304 Not Modified\r\n\r\n").await;
    assert_eq!(moved.code, Some(1), "{moved:?}");
}

#[tokio::test]
async fn silence_is_a_failure() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let ended = run(carvetka(&["probe", &url, "--timeout", "1"], "unused", "unused")).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.output.contains("no answer from"), "{ended:?}");
}
