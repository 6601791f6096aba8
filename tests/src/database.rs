//! A fresh database for each test, copied from a template that holds the project's migrations.
//!
//! Copying takes some 30 ms where migrating takes seconds. Many test processes start at once, so the template is made
//! under an advisory lock and copied under the same lock, shared.

use std::path::Path;
use std::thread;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};
use uuid::Uuid;

/// Connections of a test's own pool. A test that needs more opens its own by `url`.
const CONNECTIONS: u32 = 10;

/// The advisory lock around the template: exclusive to make it, shared to copy it.
const TEMPLATE_LOCK: i64 = 0x7465_6d70_6c61_7465;

/// No test waits longer than this for the end of its database: its server may be frozen or gone on purpose.
const DROP_DEADLINE: Duration = Duration::from_secs(5);

/// A database that one test has for itself, with all migrations applied.
///
/// It is dropped with this value, except by a test that fails: there it stays for an hour, to be looked at.
#[derive(Debug)]
pub struct TestDatabase {
    /// Where this database is, with credentials.
    pub url: String,
    /// Connected to this database.
    pub pool: PgPool,
    server: PgConnectOptions,
    name: String,
    /// Nothing is left to do at the end.
    settled: bool,
}

/// A fresh database on the server of `DATABASE_URL`.
///
/// # Panics
/// When there is no such server, or a migration fails.
pub async fn database() -> TestDatabase {
    TestDatabase::on(&crate::database_url()).await
}

impl TestDatabase {
    /// A fresh database on the server at `url`, for example on one of [`crate::Services`].
    ///
    /// # Panics
    /// When there is no such server, or a migration fails.
    pub async fn on(url: &str) -> Self {
        let server: PgConnectOptions = url.parse().expect("DATABASE_URL must be a PostgreSQL URL");
        let mut admin = connect(&server).await;
        let template = Template::read().await;

        loop {
            lock_shared(&mut admin).await;
            if exists(&mut admin, &template.name).await {
                break;
            }
            unlock_all(&mut admin).await;
            template.make(&mut admin, &server).await;
        }
        remove_left_behind(&mut admin).await;
        let name = fresh_name(&mut admin).await;
        run(&mut admin, &format!(r#"CREATE DATABASE "{name}" TEMPLATE "{}""#, template.name)).await;
        unlock_all(&mut admin).await;
        admin.close().await.expect("cannot leave the server");

        let pool =
            PgPoolOptions::new().max_connections(CONNECTIONS).connect_with(server.clone().database(&name));
        let pool = pool.await.expect("cannot connect to the fresh database");
        Self { url: with_database(url, &name), pool, server, name, settled: false }
    }

    /// Leaves the database for others to look at. A later test run removes it after an hour.
    pub fn keep(mut self) {
        self.settled = true;
    }

    /// Drops the database now. Forgetting to call this costs nothing but a little time at the end of the test.
    pub async fn close(mut self) {
        self.pool.close().await;
        self.settled = true;
        drop_database(self.server.clone(), self.name.clone()).await;
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if self.settled || thread::panicking() {
            return;
        }
        // A thread with a runtime of its own, because this one may not be blocked on.
        let (server, name) = (self.server.clone(), self.name.clone());
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("cannot start a runtime").block_on(drop_database(server, name));
        });
        dropping.join().ok();
    }
}

/// A database with the migrations applied. Its name is made of them, so a changed migration gets a new template.
struct Template {
    name: String,
    migrations: Migrator,
}

impl Template {
    async fn read() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
        let migrations = Migrator::new(folder).await.expect("cannot read the migrations");
        let contents: Vec<u8> = migrations
            .iter()
            .flat_map(|migration| {
                migration.version.to_be_bytes().into_iter().chain(migration.checksum.iter().copied())
            })
            .collect();
        let hash = Uuid::new_v5(&Uuid::NAMESPACE_OID, &contents).simple().to_string();
        Self { name: format!("carvetka_template_{}", &hash[..12]), migrations }
    }

    /// Makes the template unless another process was faster. Templates of other migrations go.
    async fn make(&self, admin: &mut PgConnection, server: &PgConnectOptions) {
        run(admin, &format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).await;
        if !exists(admin, &self.name).await {
            drop_all(
                admin,
                "SELECT datname FROM pg_database WHERE starts_with(datname, 'carvetka_template_')",
            )
            .await;
            // Under another name until it is whole: who dies in between leaves no half template.
            let draft = fresh_name(admin).await;
            run(admin, &format!(r#"CREATE DATABASE "{draft}""#)).await;
            // A pool although one connection is enough: on a connection, this future would not be `Send`.
            let inside = PgPool::connect_with(server.clone().database(&draft)).await;
            let inside = inside.expect("cannot connect to the template");
            self.migrations.run(&inside).await.expect("a migration fails on an empty database");
            inside.close().await;
            run(admin, &format!(r#"ALTER DATABASE "{draft}" RENAME TO "{}""#, self.name)).await;
        }
        unlock_all(admin).await;
    }
}

/// Drops the databases of tests that ended an hour ago or earlier without dropping theirs.
async fn remove_left_behind(admin: &mut PgConnection) {
    drop_all(
        admin,
        "SELECT datname FROM pg_database
         WHERE datname ~ '^carvetka_test_[0-9]+_'
           AND split_part(datname, '_', 3)::bigint < extract(epoch FROM now()) - 3600",
    )
    .await;
}

/// Drops the databases that a query names. Not by force: one in use belongs to a test that takes its time.
async fn drop_all(admin: &mut PgConnection, names: &'static str) {
    let names: Vec<String> =
        sqlx::query_scalar(names).fetch_all(&mut *admin).await.expect("cannot list the databases");
    for name in names {
        admin.execute(AssertSqlSafe(format!(r#"DROP DATABASE IF EXISTS "{name}""#))).await.ok();
    }
}

/// A name that says when it was made, for [`remove_left_behind`]; by the server's clock, which both share.
async fn fresh_name(admin: &mut PgConnection) -> String {
    let now: i64 = sqlx::query_scalar("SELECT extract(epoch FROM now())::bigint")
        .fetch_one(admin)
        .await
        .expect("cannot ask the server for its time");
    let random = Uuid::new_v4().simple().to_string();
    format!("carvetka_test_{now}_{}", &random[..10])
}

async fn drop_database(server: PgConnectOptions, name: String) {
    let dropping = async {
        let mut admin = PgConnection::connect_with(&server).await?;
        admin.execute(AssertSqlSafe(format!(r#"DROP DATABASE IF EXISTS "{name}" WITH (FORCE)"#))).await?;
        admin.close().await
    };
    // Best effort: a test may have taken its server away.
    tokio::time::timeout(DROP_DEADLINE, dropping).await.ok();
}

async fn connect(options: &PgConnectOptions) -> PgConnection {
    PgConnection::connect_with(options)
        .await
        .unwrap_or_else(|error| panic!("cannot connect to PostgreSQL at {}: {error}", options.get_host()))
}

async fn exists(admin: &mut PgConnection, name: &str) -> bool {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(admin)
        .await
        .expect("cannot list the databases")
}

async fn lock_shared(admin: &mut PgConnection) {
    run(admin, &format!("SELECT pg_advisory_lock_shared({TEMPLATE_LOCK})")).await;
}

async fn unlock_all(admin: &mut PgConnection) {
    run(admin, "SELECT pg_advisory_unlock_all()").await;
}

async fn run(admin: &mut PgConnection, sql: &str) {
    admin
        .execute(AssertSqlSafe(sql.to_owned()))
        .await
        .unwrap_or_else(|error| panic!("PostgreSQL refuses `{sql}`: {error}"));
}

/// The same URL with another database: what stands between the last `/` of the path and the `?`.
fn with_database(url: &str, name: &str) -> String {
    let (address, options) = url.split_once('?').map_or((url, ""), |(address, options)| (address, options));
    let authority = address.find("://").map_or(0, |scheme| scheme + 3);
    let path = address[authority..].find('/').map_or(address.len(), |slash| authority + slash);
    let question = if options.is_empty() { "" } else { "?" };
    format!("{}/{name}{question}{options}", &address[..path])
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn the_database_of_a_url_is_replaced_and_nothing_else() {
        let cases = [
            ("postgres://u:p@h:1/old", "postgres://u:p@h:1/new"),
            ("postgres://u:p@h:1", "postgres://u:p@h:1/new"),
            ("postgres://u@h/old?sslmode=disable", "postgres://u@h/new?sslmode=disable"),
            ("postgres://u@h?host=/run/x", "postgres://u@h/new?host=/run/x"),
        ];
        for (url, wanted) in cases {
            assert_eq!(with_database(url, "new"), wanted);
        }
    }
}
