//! Where the servers are, as every subcommand is told.

use clap::Args;
use secrecy::SecretString;

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
