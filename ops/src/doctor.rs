//! `carvetka doctor`: says what is wrong with a set-up, and what to do about it.

mod broker;
mod database;
mod door;
mod finding;
mod secret;

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use finding::{Finding, Level};

/// Says what is wrong with a set-up, and what to do about it.
///
/// A line a finding: `ok`, `warning` or `problem`. The exit code is 1 if there is a problem. It reads and changes
/// nothing, and prints no secret.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Where PostgreSQL is.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<SecretString>,

    /// Where RabbitMQ is.
    #[arg(long, env = "AMQP_URL", hide_env_values = true)]
    amqp_url: Option<SecretString>,

    /// What the names of all exchanges and queues begin with.
    #[arg(long, env = "AMQP_NAMESPACE", default_value = "carvetka")]
    amqp_namespace: String,

    /// What webhooks are signed with.
    #[arg(long, env = "SMARTCAR_WEBHOOK_SECRET", hide_env_values = true)]
    smartcar_webhook_secret: Option<SecretString>,

    /// The client secret: only to see that it was not taken for the other one.
    #[arg(long, env = "SMARTCAR_CLIENT_SECRET", hide_env_values = true)]
    smartcar_client_secret: Option<SecretString>,

    /// Where ingest takes webhooks.
    #[arg(long, env = "INGEST_ADDR", default_value = "127.0.0.1:8080")]
    ingest_addr: String,
}

/// # Errors
///
/// If nobody reads the findings. What is wrong with the set-up is a finding and no error.
pub async fn run(options: &Options, out: &mut (dyn Write + Send)) -> anyhow::Result<ExitCode> {
    let findings = examine(options).await;
    for finding in &findings {
        writeln!(out, "{finding}")?;
    }
    let worst = findings.iter().map(|finding| finding.level).max();
    Ok(if worst == Some(Level::Problem) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn examine(options: &Options) -> Vec<Finding> {
    let mut findings = match given(options.database_url.as_ref()) {
        Some(url) => database::examine(url).await,
        None => vec![missing("DATABASE_URL", "postgres://user:password@host:5432/carvetka")],
    };
    findings.extend(match given(options.amqp_url.as_ref()) {
        Some(url) => broker::examine(url, &options.amqp_namespace).await,
        None => vec![missing("AMQP_URL", "amqp://user:password@host:5672/%2f")],
    });
    findings.extend(secret::examine(
        given(options.smartcar_webhook_secret.as_ref()),
        given(options.smartcar_client_secret.as_ref()),
    ));
    findings.push(door::examine(&options.ingest_addr).await);
    findings
}

/// An empty variable is as good as none.
fn given(setting: Option<&SecretString>) -> Option<&str> {
    setting.map(ExposeSecret::expose_secret).filter(|text| !text.is_empty())
}

fn missing(name: &str, form: &str) -> Finding {
    Finding::problem(format!("{name} is not set"), format!("set it to an address such as `{form}`"))
}
