//! A database and broker names of the run's own: made, emptied between measurements, and removed.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use broker::{BrokerOptions, Session};
use lapin::options::{QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::uri::AMQPUri;
use lapin::{Channel, ConnectionProperties};
use secrecy::{ExposeSecret, SecretString};
use simulator::CarIdentity;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, PgPool};
use uuid::Uuid;

use super::effort::ServerProcesses;
use super::options::Options;

/// How long the servers are left alone before each measurement, so that none pays for what the one before left over.
const REST: Duration = Duration::from_millis(700);

/// The servers of a run.
pub(super) struct Servers {
    pub pool: PgPool,
    pub amqp_url: SecretString,
    /// What the names at the broker begin with: the same as the database, so that a run removes what a killed one left.
    pub namespace: String,
    pub processes: ServerProcesses,
    amqp: lapin::Connection,
    admin: PgConnectOptions,
    own: PgConnectOptions,
    database: String,
}

impl Servers {
    /// Makes the database anew and connects.
    pub async fn prepare(options: &Options) -> anyhow::Result<Self> {
        let admin: PgConnectOptions =
            options.database.database_url.expose_secret().parse().context(
                "cannot read DATABASE_URL, expected `postgres://user:password@host:5432/carvetka`",
            )?;
        remake(&admin, &options.scratch_database).await?;
        let own = admin.clone().database(&options.scratch_database);
        let pool = PgPoolOptions::new()
            .max_connections(32)
            .test_before_acquire(false)
            .connect_with(own.clone())
            .await
            .context("cannot connect to the bench's own database")?;
        store::MIGRATIONS.run(&pool).await.context("cannot migrate the bench's own database")?;
        let url = options.broker.amqp_url.expose_secret();
        let amqp = lapin::Connection::connect(url, ConnectionProperties::default())
            .await
            .context("cannot connect to the broker of AMQP_URL")?;
        let port = url.parse::<AMQPUri>().map_or(0, |address| address.authority.port);
        Ok(Self {
            processes: ServerProcesses::find(port, admin.get_port()),
            pool,
            own,
            amqp_url: options.broker.amqp_url.clone(),
            namespace: options.scratch_database.clone(),
            amqp,
            admin,
            database: options.scratch_database.clone(),
        })
    }

    /// Where the run's own database is.
    pub fn database_url(&self) -> SecretString {
        SecretString::from(self.own.to_url_lossy().to_string())
    }

    /// The same through another address, unencrypted.
    pub fn database_url_through(&self, address: SocketAddr) -> SecretString {
        let through = self.own.clone().host(&address.ip().to_string()).port(address.port());
        SecretString::from(through.ssl_mode(PgSslMode::Disable).to_url_lossy().to_string())
    }

    /// The host and the port of PostgreSQL.
    pub fn postgresql(&self) -> (&str, u16) {
        (self.own.get_host(), self.own.get_port())
    }

    /// Makes the cars and their connections; every second one agreed that positions are kept.
    pub async fn connect_cars(&self, cars: &[CarIdentity]) -> anyhow::Result<()> {
        let ids: Vec<Uuid> = cars.iter().map(|_| Uuid::new_v4()).collect();
        let names: Vec<&str> = cars.iter().map(|car| car.name.as_str()).collect();
        let vehicles: Vec<&str> = cars.iter().map(|car| car.smartcar_vehicle_id.as_str()).collect();
        let users: Vec<&str> = cars.iter().map(|car| car.smartcar_user_id.as_str()).collect();
        sqlx::query(
            "WITH owner AS (INSERT INTO auth.users (id) SELECT unnest($1::uuid[]) RETURNING id),
               car AS (INSERT INTO cars (id, user_id, name)
                 SELECT id, id, name FROM unnest($1::uuid[], $2::text[]) AS car (id, name) RETURNING id)
             INSERT INTO smartcar_vehicles (id, car_id, smartcar_vehicle_id, smartcar_user_id, location_consent)
             SELECT gen_random_uuid(), id, vehicle, consent_of, number % 2 = 0
             FROM unnest($1::uuid[], $3::text[], $4::text[]) WITH ORDINALITY
               AS connection (id, vehicle, consent_of, number)",
        )
        .bind(&ids)
        .bind(&names)
        .bind(&vehicles)
        .bind(&users)
        .execute(&self.pool)
        .await
        .context("cannot make the bench's cars")?;
        Ok(())
    }

    /// Empties everything but the cars and their connections.
    pub async fn start_afresh(&self) -> anyhow::Result<()> {
        self.remove_names().await?;
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT format('%I', relname) FROM pg_class
             WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
               AND relname NOT IN ('cars', 'smartcar_vehicles', 'smartcar_grants', 'api_bucket', 'poll_pace', '_sqlx_migrations')
             ORDER BY relname",
        )
        .fetch_all(&self.pool)
        .await
        .context("cannot list the tables")?;
        let mut db = self.pool.acquire().await.context("cannot connect to the database")?;
        db.execute(AssertSqlSafe(format!("TRUNCATE {}", tables.join(", "))))
            .await
            .context("cannot empty the tables")?;
        db.execute("UPDATE smartcar_vehicles SET last_synced_at = NULL")
            .await
            .context("cannot forget when the cars were heard of")?;
        Ok(())
    }

    /// Lets the servers come to rest and the planner learn what the tables hold. Call it when all is prepared.
    pub async fn settle(&self) -> anyhow::Result<()> {
        let mut db = self.pool.acquire().await.context("cannot connect to the database")?;
        db.execute("ANALYZE").await.context("cannot gather statistics")?;
        // Only superusers may, and only the regularity of the figures hangs on it.
        let _ = db.execute("CHECKPOINT").await;
        tokio::time::sleep(REST).await;
        Ok(())
    }

    /// A channel on the run's own connection, for the probes.
    pub async fn channel(&self) -> anyhow::Result<Channel> {
        self.amqp.create_channel().await.context("cannot open a channel")
    }

    /// A fresh quorum queue for a probe; it gets messages through the default exchange.
    pub async fn bare_queue(&self, channel: &Channel) -> anyhow::Result<String> {
        let name = self.bare_name();
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
        let declared = channel.queue_declare(name.as_str().into(), QueueDeclareOptions::durable(), arguments);
        declared.await.context("cannot make a queue for a probe")?;
        Ok(name)
    }

    /// For the programs' own names.
    pub fn broker_options(&self) -> anyhow::Result<BrokerOptions> {
        Ok(BrokerOptions::new(self.amqp_url.expose_secret(), &self.namespace, "bench")?)
    }

    /// Removes the database and the names.
    pub async fn leave(self) -> anyhow::Result<()> {
        self.remove_names().await?;
        self.pool.close().await;
        let mut admin = PgConnection::connect_with(&self.admin)
            .await
            .context("cannot connect to the database of DATABASE_URL")?;
        drop_database(&mut admin, &self.database).await?;
        admin.close().await.context("cannot leave the database")
    }

    async fn remove_names(&self) -> anyhow::Result<()> {
        let channel = self.channel().await?;
        let bare = self.bare_name();
        let deleted = channel.queue_delete(bare.into(), QueueDeleteOptions::default());
        deleted.await.context("cannot remove a probe's queue")?;
        let options = self.broker_options()?;
        let session = Session::open(&options).await.context("cannot connect to the broker")?;
        options.topology().delete(&session).await.context("cannot remove the queues")?;
        session.close().await;
        Ok(())
    }

    fn bare_name(&self) -> String {
        format!("{}-bare", self.namespace)
    }
}

async fn remake(admin: &PgConnectOptions, database: &str) -> anyhow::Result<()> {
    let mut admin =
        PgConnection::connect_with(admin).await.context("cannot connect to the database of DATABASE_URL")?;
    drop_database(&mut admin, database).await?;
    admin
        .execute(AssertSqlSafe(format!(r#"CREATE DATABASE "{database}""#)))
        .await
        .with_context(|| format!("cannot make the database {database}: its user needs CREATEDB"))?;
    admin.close().await.context("cannot leave the database")
}

async fn drop_database(admin: &mut PgConnection, database: &str) -> anyhow::Result<()> {
    admin
        .execute(AssertSqlSafe(format!(r#"DROP DATABASE IF EXISTS "{database}" WITH (FORCE)"#)))
        .await
        .with_context(|| format!("cannot remove the database {database}"))?;
    Ok(())
}
