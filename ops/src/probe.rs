//! `carvetka probe`: asks one address whether all is well, for health checks of images that hold nothing else.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;

/// Asks an address by GET. The exit code is 0 if the answer is a 2xx.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The address, such as `http://127.0.0.1:8080/readyz`. No TLS: a health check asks its own machine.
    pub url: String,

    /// How many seconds the answer may take.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub timeout: u64,
}

/// The most of an answer that is worth printing, in characters.
const EXCERPT: usize = 200;

/// # Errors
///
/// If there is no answer in time, or none that is a success.
pub async fn run(options: &Options, out: &mut (dyn Write + Send)) -> anyhow::Result<ExitCode> {
    let Options { url, timeout } = options;
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(*timeout))
        .build()
        .context("cannot ask anybody")?;
    let answer = client.get(url).send().await.with_context(|| format!("no answer from {url}"))?;
    let status = answer.status();
    if status.is_success() {
        writeln!(out, "{status}")?;
        return Ok(ExitCode::SUCCESS);
    }
    let words: String = answer.text().await.unwrap_or_default().chars().take(EXCERPT).collect();
    bail!("{url} answers {status}: {words}")
}
