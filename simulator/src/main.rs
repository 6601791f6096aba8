//! The program `simulator`: lets virtual cars live until it is told to stop, and prints a line now and then.

use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use simulator::config::Config;
use simulator::{Ledger, Simulator};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = Config::parse();
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let simulator = Simulator::start(config.options()).await?;
    let cars = simulator.fleet().len();
    if config.no_webhook {
        println!("{cars} cars live, without a webhook");
    } else {
        println!("{cars} cars live; webhooks go to {}", config.ingest_url);
    }
    if let Some(origin) = simulator.origin() {
        println!("Connect, OAuth and the REST APIs are at {origin}, the cars at {origin}/_simulator/cars");
    }

    let mut every = tokio::time::interval(Duration::from_secs(5));
    loop {
        tokio::select! {
            _ = every.tick() => println!("{}", status(simulator.ledger())),
            () = simulator.finished() => break,
            _ = terminate.recv() => break,
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    // Who hangs on a request for longer than that will not answer it.
    let ledger = simulator.ledger().clone();
    if tokio::time::timeout(Duration::from_secs(8), simulator.stop()).await.is_err() {
        println!("left without waiting for the last answers");
    }
    println!("{}", status(&ledger));
    Ok(())
}

fn status(ledger: &Ledger) -> String {
    let counts = ledger.counts();
    let now = ledger.now().format("%Y-%m-%d %H:%M");
    format!(
        "{now} UTC: {} events, {} accepted, {} given up, {} in flight, {} lost, {} attempts",
        counts.events, counts.accepted, counts.given_up, counts.in_flight, counts.lost, counts.attempts
    )
}
