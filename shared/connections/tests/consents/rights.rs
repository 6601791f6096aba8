//! Where people reach the database themselves: each reads what is theirs, nobody reads tokens, and nobody writes what the
//! machine keeps.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};
use uuid::Uuid;

/// A database as Supabase gives it: `auth.uid()`, the roles of its REST API, and all rights on every new table for them.
const STAND_IN: &str = "
    DO $$ BEGIN CREATE ROLE anon NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
    DO $$ BEGIN CREATE ROLE authenticated NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
    CREATE SCHEMA auth;
    CREATE TABLE auth.users (id UUID PRIMARY KEY DEFAULT gen_random_uuid(), email TEXT);
    CREATE FUNCTION auth.uid() RETURNS UUID LANGUAGE sql STABLE AS
      $$ SELECT nullif(current_setting('request.jwt.claim.sub', true), '')::uuid $$;
    GRANT USAGE ON SCHEMA auth, public TO anon, authenticated;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON FUNCTIONS TO anon, authenticated;";

/// A database of its own for one test; it is dropped at the end.
pub struct Own {
    pub pool: PgPool,
    pub name: String,
}

impl Own {
    pub async fn with(before: &'static str) -> Self {
        let server = harness::database_url();
        let name = format!("consents_{}", Uuid::new_v4().simple());
        let mut admin = PgConnection::connect(&server).await.unwrap();
        admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        let (before_question, _) = server.split_once('?').unwrap_or((&server, ""));
        let url = format!("{}/{name}", before_question.rsplit_once('/').unwrap().0);
        let pool = PgPool::connect(&url).await.unwrap();
        pool.execute(before).await.unwrap();
        store::MIGRATIONS.run(&pool).await.unwrap();
        Self { pool, name }
    }

    pub async fn close(self) {
        self.pool.close().await;
        let mut admin = PgConnection::connect(&harness::database_url()).await.unwrap();
        admin.execute(AssertSqlSafe(format!("DROP DATABASE {} WITH (FORCE)", self.name))).await.unwrap();
    }
}

/// Two people with a connected car each, and something of theirs in every table.
async fn two_people(pool: &PgPool) -> [Uuid; 2] {
    let people = [Uuid::new_v4(), Uuid::new_v4()];
    for user in people {
        let (car, vehicle, grant) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
        for statement in [
            format!("INSERT INTO auth.users (id) VALUES ('{user}')"),
            format!("INSERT INTO cars (id, user_id, name) VALUES ('{car}', '{user}', 'a car')"),
            format!(
                "INSERT INTO smartcar_grants (id, user_id, api_version, scopes, access_token, refresh_token, token_expires_at, refresh_expires_at)
                 VALUES ('{grant}', '{user}', 'v2', '{{}}', 'v1.a.b', 'v1.a.b', now(), now())"
            ),
            format!(
                "INSERT INTO smartcar_vehicles (id, car_id, user_id, smartcar_vehicle_id, smartcar_user_id, grant_id)
                 VALUES ('{vehicle}', '{car}', '{user}', '{vehicle}', '{user}', '{grant}')"
            ),
            format!("INSERT INTO readings VALUES ('{vehicle}', now(), 's', 'number', '1', 1, 'oem', false, NULL)"),
            format!("INSERT INTO untimed_readings VALUES ('{vehicle}', 's', 'text', 'x', now())"),
            format!("INSERT INTO smartcar_sync_logs (smartcar_vehicle_id, sync_type, data) VALUES ('{vehicle}', 'odometer', '{{}}')"),
            format!("INSERT INTO vehicle_errors VALUES ('{vehicle}', 'T', '', true, true, NULL, NULL, now(), 'e')"),
            format!("INSERT INTO quarantined_readings VALUES (gen_random_uuid(), '{vehicle}', now(), 's', '1', 'odd', now())"),
            format!("INSERT INTO api_usage VALUES ('{vehicle}', date_trunc('month', now()), 3)"),
            format!("INSERT INTO vehicle_rests VALUES ('{vehicle}', now(), 'asleep')"),
            format!("INSERT INTO vehicle_incapacities VALUES ('{vehicle}', 's', now())"),
            format!("INSERT INTO vehicle_plans VALUES ('{user}', 2)"),
            format!("INSERT INTO command_log (id, vehicle_id, car_id, user_id, command, sent_at) VALUES (gen_random_uuid(), '{vehicle}', '{car}', '{user}', 'lock', now())"),
            format!("INSERT INTO decisions (car_id, kind, verdict, row_id, at) VALUES ('{car}', 'issue', 'deleted', gen_random_uuid(), now())"),
            format!("INSERT INTO meter_entries (car_id, odometer_reading, entry_date) VALUES ('{car}', 1, now())"),
            format!("INSERT INTO issues (car_id, title) VALUES ('{car}', 'x')"),
            format!("INSERT INTO webhook_events VALUES (gen_random_uuid(), '{vehicle}', 't', 'webhook', 'v', 'u', 'x', NULL, '{{}}', true, NULL, now())"),
            format!("INSERT INTO event_claims VALUES ('{vehicle}', now())"),
        ] {
            pool.execute(AssertSqlSafe(statement)).await.unwrap();
        }
    }
    people
}

/// Runs a statement as the REST API does for this user; `None` without a user.
async fn as_person(pool: &PgPool, user: Option<Uuid>, sql: &str) -> Result<i64, sqlx::Error> {
    let mut tx = pool.begin().await.unwrap();
    let role = if user.is_some() { "authenticated" } else { "anon" };
    let sub = user.map(|user| user.to_string()).unwrap_or_default();
    tx.execute(AssertSqlSafe(format!("SET LOCAL ROLE {role}; SET LOCAL request.jwt.claim.sub = '{sub}'")))
        .await
        .unwrap();
    let counted = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut *tx).await;
    tx.rollback().await.unwrap();
    counted
}

const THEIRS: [&str; 14] = [
    "smartcar_vehicles",
    "readings",
    "untimed_readings",
    "smartcar_sync_logs",
    "vehicle_errors",
    "quarantined_readings",
    "api_usage",
    "vehicle_rests",
    "vehicle_incapacities",
    "vehicle_plans",
    "command_log",
    "decisions",
    "cars",
    "meter_entries",
];

const MACHINES: [&str; 13] = [
    "smartcar_grants",
    "connect_attempts",
    "pending_revocations",
    "api_bucket",
    "make_circuits",
    "event_claims",
    "ingest_spool",
    "parked_messages",
    "vehicle_states",
    "dirty_vehicles",
    "webhook_events",
    "smartcar_webhook_events",
    "readings_default",
];

#[tokio::test]
async fn a_user_reads_what_is_theirs_and_nothing_else_and_nobody_reads_tokens() {
    let own = Own::with(STAND_IN).await;
    let [one, _] = two_people(&own.pool).await;
    let stranger = Uuid::new_v4();
    for table in THEIRS {
        // Without naming columns: of vehicles not every one may be named.
        let sql = format!("SELECT count(*) FROM {table}");
        assert_eq!(as_person(&own.pool, Some(one), &sql).await.unwrap(), 1, "{table}");
        assert_eq!(as_person(&own.pool, Some(stranger), &sql).await.unwrap(), 0, "{table}");
        let anonymous = as_person(&own.pool, None, &sql).await;
        assert!(anonymous.is_err() || anonymous.is_ok_and(|rows| rows == 0), "{table}");
    }
    for table in MACHINES {
        let sql = format!("SELECT count(*) FROM {table}");
        for user in [Some(one), None] {
            assert!(as_person(&own.pool, user, &sql).await.is_err(), "{table}");
        }
    }
    own.close().await;
}

#[tokio::test]
async fn nobody_writes_what_the_machine_keeps_and_everybody_their_own_book() {
    let own = Own::with(STAND_IN).await;
    let [one, other] = two_people(&own.pool).await;
    for table in THEIRS.into_iter().filter(|table| !["cars", "meter_entries"].contains(table)).chain(MACHINES)
    {
        let sql = format!("WITH gone AS (DELETE FROM {table} RETURNING 1) SELECT count(*) FROM gone");
        assert!(as_person(&own.pool, Some(one), &sql).await.is_err(), "{table}");
    }
    for sql in [
        // To somebody else's car; into somebody else's consent; more cars than were paid for.
        "WITH x AS (UPDATE smartcar_vehicles SET car_id = NULL, location_consent = true RETURNING 1) SELECT count(*) FROM x",
        "WITH x AS (UPDATE vehicle_plans SET vehicles = 1000 RETURNING 1) SELECT count(*) FROM x",
        "WITH x AS (INSERT INTO smartcar_vehicles (smartcar_vehicle_id) VALUES ('v') RETURNING 1) SELECT count(*) FROM x",
    ] {
        assert!(as_person(&own.pool, Some(one), sql).await.is_err(), "{sql}");
    }
    let write = "WITH x AS (UPDATE meter_entries SET notes = 'mine' RETURNING 1) SELECT count(*) FROM x";
    assert_eq!(as_person(&own.pool, Some(one), write).await.unwrap(), 1, "only their own");
    let foreign = format!(
        "WITH x AS (INSERT INTO meter_entries (car_id, odometer_reading, entry_date)
           SELECT id, 5, now() FROM (SELECT '{other}'::uuid) AS u JOIN LATERAL (SELECT gen_random_uuid() AS id) AS c ON true RETURNING 1)
         SELECT count(*) FROM x"
    );
    assert!(as_person(&own.pool, Some(one), &foreign).await.is_err());
    own.close().await;
}

#[tokio::test]
async fn every_table_and_every_partition_of_tomorrow_is_protected() {
    let own = Own::with(STAND_IN).await;
    sqlx::query("SELECT carvetka_make_partitions(now() + interval '100 days', '8 days')")
        .execute(&own.pool)
        .await
        .unwrap();
    let bare: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relrowsecurity",
    )
    .fetch_all(&own.pool)
    .await
    .unwrap();
    assert!(bare.is_empty(), "call carvetka_protect or carvetka_protect_own for {bare:?}");
    let partition: String = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relname LIKE 'readings_2%' ORDER BY 1 DESC LIMIT 1",
    )
    .fetch_one(&own.pool)
    .await
    .unwrap();
    let sql = format!("SELECT count(*) FROM {partition}");
    assert!(as_person(&own.pool, Some(Uuid::new_v4()), &sql).await.is_err(), "{partition}");
    own.close().await;
}

#[tokio::test]
async fn an_installation_without_such_people_is_left_as_it_is() {
    let own = Own::with("SELECT 1").await;
    let (policies, protected): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM pg_policies), (SELECT count(*) FROM pg_class WHERE relrowsecurity AND relname IN ('smartcar_grants', 'readings'))",
    )
    .fetch_one(&own.pool)
    .await
    .unwrap();
    assert_eq!((policies, protected), (0, 0));
    own.close().await;
}
