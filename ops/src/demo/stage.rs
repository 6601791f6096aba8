//! The demo's own database and queues on the given servers.

use anyhow::{Context, ensure};
use broker::{BrokerOptions, Session};
use chrono::TimeDelta;
use runtime::clock;
use runtime::config::BrokerConfig;
use secrecy::SecretString;
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use super::fleet::{self, Owner};
use super::options::Options;

/// Both servers, with room made for this demo. The database stays after it, the queues do not.
pub struct Stage {
    pub database: String,
    pub database_url: SecretString,
    pub broker: BrokerConfig,
    pub pool: PgPool,
    pub owners: Vec<Owner>,
    /// Holds the lock that keeps a second demo of the same name away.
    admin: PgConnection,
}

impl Stage {
    /// Connections of the demo itself, beside those of the programs.
    const CONNECTIONS: u32 = 2;
    /// So far ahead partitions are made: longer than any demo runs.
    const AHEAD: TimeDelta = TimeDelta::days(8);

    /// Makes the database and its cars anew, and removes what an earlier demo left at the broker.
    pub async fn build(options: &Options) -> anyhow::Result<Self> {
        let server = options.database_url.server()?;
        let name = &options.database;
        let admin = create_database(&server, name).await?;
        let url = server.database(name).to_url_lossy().to_string();
        let pool = store::pool(&url, Self::CONNECTIONS)?;
        store::MIGRATIONS.run(&pool).await.context("cannot make the tables")?;
        let mut db = pool.acquire().await?;
        store::partitions::make(&mut db, clock::now(), Self::AHEAD).await?;
        let owners = fleet::settle(&mut db, options).await?;
        let broker = BrokerConfig {
            amqp_url: options.amqp_url.amqp_url.clone(),
            amqp_namespace: name.replace('_', "-"),
        };
        delete_queues(&broker).await?;
        drop(db);
        Ok(Self { database: name.clone(), database_url: url.into(), broker, pool, owners, admin })
    }

    /// Removes the queues and lets the next demo begin.
    pub async fn clear(&mut self) -> anyhow::Result<()> {
        delete_queues(&self.broker).await?;
        sqlx::query("SELECT pg_advisory_unlock_all()").execute(&mut self.admin).await?;
        Ok(())
    }
}

async fn create_database(server: &PgConnectOptions, name: &str) -> anyhow::Result<PgConnection> {
    let mut admin = PgConnection::connect_with(server)
        .await
        .context("cannot reach PostgreSQL at DATABASE_URL (`scripts/services up` starts one)")?;
    let alone: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtext($1))")
        .bind(name)
        .fetch_one(&mut admin)
        .await?;
    ensure!(alone, "another demo runs in the database {name}: end it, or give this one another --database");
    // The name was checked when the command line was read.
    for statement in
        [format!(r#"DROP DATABASE IF EXISTS "{name}" WITH (FORCE)"#), format!(r#"CREATE DATABASE "{name}""#)]
    {
        sqlx::query(AssertSqlSafe(statement))
            .execute(&mut admin)
            .await
            .with_context(|| format!("cannot make the database {name} (the role needs CREATEDB)"))?;
    }
    Ok(admin)
}

async fn delete_queues(broker: &BrokerConfig) -> anyhow::Result<()> {
    let options = BrokerOptions::from_config(broker, "demo")?;
    let session = Session::open(&options)
        .await
        .context("cannot reach RabbitMQ at AMQP_URL (`scripts/services up` starts one)")?;
    options.topology().delete(&session).await?;
    session.close().await;
    Ok(())
}
