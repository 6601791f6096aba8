//! Traces reach a collector. One test, since telemetry belongs to the process.
#![expect(clippy::unwrap_used, reason = "in a test every failure is an answer")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use clap::Parser;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, global};
use runtime::config::TelemetryConfig;
use runtime::telemetry;

#[derive(Parser)]
struct Program {
    #[command(flatten)]
    telemetry: TelemetryConfig,
}

/// A collector that takes one request: its first line, its content type and its body.
fn take(stream: TcpStream) -> (String, String, Vec<u8>) {
    let mut reader = BufReader::new(stream);
    let (mut first, mut kind, mut length) = (String::new(), String::new(), 0);
    reader.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim().split_once(": ") else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-type" => value.clone_into(&mut kind),
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
    (first, kind, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_reach_the_collector_and_have_a_context_to_hand_on() {
    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/", collector.local_addr().unwrap());
    let taking = thread::spawn(move || take(collector.accept().unwrap().0));

    let config = Program::parse_from(["program", "--otel-exporter-otlp-endpoint", &endpoint]).telemetry;
    let guard = telemetry::init(&config, "roof-watch").unwrap();
    let again = telemetry::init(&config, "another").unwrap();
    tracing::info_span!("looking_up").in_scope(|| {
        let context = Context::current();
        assert!(context.span().span_context().is_valid(), "a span has a context to hand on");
        let mut headers = std::collections::HashMap::new();
        global::get_text_map_propagator(|propagator| propagator.inject_context(&context, &mut headers));
        assert!(headers["traceparent"].starts_with("00-"), "in the form of W3C: {headers:?}");
    });
    drop(again);
    // Sends what is left.
    drop(guard);

    let (first, kind, body) = taking.join().unwrap();
    assert_eq!(first, "POST /v1/traces HTTP/1.1\r\n");
    assert_eq!(kind, "application/x-protobuf");
    for words in ["looking_up", "roof-watch"] {
        assert!(
            body.windows(words.len()).any(|bytes| bytes == words.as_bytes()),
            "{words} is not among the spans"
        );
    }
}
