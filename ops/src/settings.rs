//! Where the servers are, as every subcommand is told, and how they are reached.

use std::str::FromStr;

use anyhow::{Context, anyhow};
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::{Connection, PgConnection};

#[derive(Debug, Clone, Args)]
pub struct DatabaseUrl {
    /// Where PostgreSQL is, with credentials: `postgres://user:password@host:5432/carvetka`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: SecretString,
}

#[derive(Debug, Clone, Args)]
pub struct AmqpUrl {
    /// Where RabbitMQ is, with credentials: `amqp://user:password@host:5672/%2f`.
    #[arg(long, env = "AMQP_URL", hide_env_values = true)]
    pub amqp_url: SecretString,
}

impl DatabaseUrl {
    /// One connection.
    pub async fn connect(&self) -> anyhow::Result<PgConnection> {
        PgConnection::connect_with(&self.server()?)
            .await
            .context("cannot reach PostgreSQL at DATABASE_URL (`carvetka doctor` looks closer)")
    }

    /// A pool for a command that needs few connections; it connects when it is first used.
    pub fn pool(&self) -> anyhow::Result<PgPool> {
        const CONNECTIONS: u32 = 2;
        Ok(store::pool(self.database_url.expose_secret(), CONNECTIONS)?)
    }

    /// The address, read.
    pub fn server(&self) -> anyhow::Result<PgConnectOptions> {
        PgConnectOptions::from_str(self.database_url.expose_secret())
            // The reason is not kept: it may quote the password.
            .map_err(|_| anyhow!("DATABASE_URL is not an address of a PostgreSQL database"))
    }
}
