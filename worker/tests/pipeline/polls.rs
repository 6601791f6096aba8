//! Polls and renewals: what the scheduler asks for is done once, in its own time, and keeps nobody else waiting.

use std::time::Duration;

use broker::message::JobV1;
use broker::{BrokerOptions, JobKind, Queue, Session, Wait, Work};
use secrecy::SecretString;
use sqlx::AssertSqlSafe;
use tokio::time::Instant;
use uuid::Uuid;
use vault::KeyRing;

use crate::platform::{KEYS, Platform};
use crate::support::{Car, PATIENCE, Pipeline, odometer};

struct Stage {
    pipeline: Pipeline,
    platform: Platform,
}

impl Stage {
    async fn new() -> Self {
        Self { pipeline: Pipeline::new().await, platform: Platform::start().await }
    }

    /// A worker that asks this platform.
    async fn worker(&mut self, version: &str, more: &[&str]) {
        let settings = self.platform.settings(version);
        let words: Vec<&str> = settings.iter().map(String::as_str).chain(more.iter().copied()).collect();
        self.pipeline.worker_with(&words).await;
    }

    /// A car with a consent of API v3.
    async fn car(&self) -> Car {
        let car = self.pipeline.connected_car().await;
        sqlx::query(
            "WITH consent AS (
               INSERT INTO smartcar_grants (id, user_id, api_version, smartcar_user_id, scopes)
               SELECT $1, user_id, 'v3', $3, '{read_odometer}' FROM cars WHERE id = $2 RETURNING id)
             UPDATE smartcar_vehicles SET grant_id = consent.id, make = 'RENAULT' FROM consent WHERE car_id = $2",
        )
        .bind(Uuid::new_v4())
        .bind(car.id)
        .bind(&car.smartcar_user_id)
        .execute(self.pipeline.pool())
        .await
        .unwrap();
        car
    }

    /// A consent of API v2, whose tokens were sealed by this key ring.
    async fn consent(&self, keys: &str) -> Uuid {
        let (id, keys) = (Uuid::new_v4(), KeyRing::parse(&SecretString::from(keys)).unwrap());
        let seal = |column: &str| keys.seal(&"a token".into(), &connections::token_place(id, column));
        sqlx::query(
            "WITH person AS (INSERT INTO auth.users DEFAULT VALUES RETURNING id)
             INSERT INTO smartcar_grants
               (id, user_id, api_version, scopes, access_token, refresh_token, token_expires_at, refresh_expires_at)
             SELECT $1, id, 'v2', '{}', $2, $3, now(), now() + interval '50 days' FROM person",
        )
        .bind(id)
        .bind(seal("access_token"))
        .bind(seal("refresh_token"))
        .execute(self.pipeline.pool())
        .await
        .unwrap();
        id
    }

    async fn ask(&self, job: JobV1) {
        self.pipeline.publisher().enqueue(&job, Instant::now() + PATIENCE).await.unwrap();
    }

    async fn poll(&self, car: &Car) {
        self.ask(JobV1::PollV1 { vehicle_id: car.vehicle }).await;
    }

    /// What the plan of the only car says.
    async fn plan(&self, columns: &str) -> String {
        sqlx::query_scalar(AssertSqlSafe(format!("SELECT concat_ws(' ', {columns}) FROM poll_plans")))
            .fetch_one(self.pipeline.pool())
            .await
            .unwrap()
    }

    async fn until_plan(&self, columns: &str, says: &str) {
        harness::eventually(PATIENCE, &format!("{columns} is {says}"), async || {
            self.plan(columns).await == says
        })
        .await;
    }

    /// How many messages lie in a queue, and in the queue where they wait so long.
    async fn depth(&self, kind: JobKind, wait: Wait) -> (Option<u32>, Option<u32>) {
        let options = BrokerOptions::new(&harness::amqp_url(), &self.pipeline.namespace, "test").unwrap();
        let session = Session::open(&options).await.unwrap();
        let ready = options.topology().depth(&session, Queue::Job(kind)).await.unwrap();
        let waiting = options.topology().waiting(&session, Work::Job(kind), wait).await.unwrap();
        session.close().await;
        (ready, waiting)
    }
}

#[tokio::test]
async fn a_polled_car_is_in_the_book_and_a_job_that_comes_twice_asks_once() {
    let mut stage = Stage::new().await;
    let car = stage.car().await;
    stage.worker("v3", &[]).await;
    stage.poll(&car).await;
    stage.poll(&car).await;
    stage.until_plan("last_polled_at IS NOT NULL, polling_until, unanswered", "t 0").await;
    stage.pipeline.until("SELECT count(*) FROM meter_entries WHERE odometer_reading = 25000", 1).await;
    stage.poll(&car).await;
    harness::eventually(PATIENCE, "all jobs are done", async || {
        stage.depth(JobKind::Poll, Wait::S600).await.0 == Some(0)
    })
    .await;
    stage.pipeline.stop_workers().await;
    assert_eq!(stage.platform.asked(), 1);
    stage.pipeline.stop().await;
}

#[tokio::test]
async fn a_slow_platform_keeps_neither_deliveries_nor_replays_waiting_and_polls_are_given_back_at_the_end() {
    let mut stage = Stage::new().await;
    let cars = [stage.car().await, stage.car().await, stage.car().await];
    stage.platform.world().delay = Duration::from_mins(5);
    stage.worker("v3", &["--polls-at-once", "2", "--shutdown-grace", "4"]).await;
    for car in &cars {
        stage.poll(car).await;
    }
    harness::eventually(PATIENCE, "two cars are asked", async || stage.platform.asked() == 2).await;
    let other = stage.pipeline.connected_car().await;
    stage.pipeline.deliver(&[odometer(&other, 0, 120.0)]).await;
    stage.pipeline.until("SELECT count(*) FROM meter_entries", 1).await;
    sqlx::query("SELECT carvetka_mark_dirty($1, now(), 'a test')")
        .bind(other.vehicle)
        .execute(stage.pipeline.pool())
        .await
        .unwrap();
    stage.ask(JobV1::ReplayV1 { vehicle_id: other.vehicle }).await;
    stage.pipeline.until("SELECT count(*) FROM dirty_vehicles", 0).await;
    assert_eq!(stage.platform.asked(), 2, "no more than were allowed");

    let began = Instant::now();
    stage.pipeline.stop_workers().await;
    assert!(began.elapsed() < Duration::from_mins(1), "it did not wait for the platform");
    harness::eventually(PATIENCE, "the polls are back in their queue", async || {
        stage.depth(JobKind::Poll, Wait::S600).await.0 == Some(3)
    })
    .await;
    assert_eq!(stage.pipeline.count("SELECT count(polling_until) FROM poll_plans").await, 0);

    stage.platform.world().delay = Duration::ZERO;
    stage.worker("v3", &[]).await;
    stage.pipeline.until("SELECT count(*) FROM poll_plans WHERE last_polled_at IS NOT NULL", 3).await;
    stage.pipeline.stop().await;
}

#[tokio::test]
async fn who_is_told_to_wait_a_moment_waits_in_the_queue_for_it() {
    let mut stage = Stage::new().await;
    let car = stage.car().await;
    stage.platform.world().refusals.push_back((429, 2, "RATE_LIMIT", "VEHICLE"));
    stage.worker("v3", &[]).await;
    stage.poll(&car).await;
    stage.until_plan("last_polled_at IS NOT NULL, polling_until, unanswered, failures", "t 0 0").await;
    assert_eq!(stage.platform.asked(), 2);
    stage.pipeline.stop().await;
}

#[tokio::test]
async fn who_is_told_to_wait_for_hours_is_left_to_the_scheduler() {
    let mut stage = Stage::new().await;
    let car = stage.car().await;
    sqlx::query("UPDATE poll_plans SET asked_at = now(), unanswered = 1")
        .execute(stage.pipeline.pool())
        .await
        .unwrap();
    stage.platform.world().refusals.push_back((429, 7_200, "RATE_LIMIT", "VEHICLE"));
    stage.worker("v3", &[]).await;
    stage.poll(&car).await;
    let rests =
        "asleep_until BETWEEN now() + interval '1 hour' AND now() + interval '3 hours', asked_at, unanswered";
    stage.until_plan(rests, "t 0").await;
    harness::eventually(PATIENCE, "the job is done", async || {
        stage.depth(JobKind::Poll, Wait::S3600).await == (Some(0), Some(0))
    })
    .await;
    stage.pipeline.stop().await;
}

#[tokio::test]
async fn a_worker_without_credentials_leaves_polls_to_others() {
    let mut stage = Stage::new().await;
    let car = stage.car().await;
    stage.pipeline.worker(10).await;
    stage.poll(&car).await;
    stage.pipeline.deliver(&[odometer(&car, 0, 120.0)]).await;
    stage.pipeline.until("SELECT count(*) FROM meter_entries", 1).await;
    assert_eq!(stage.depth(JobKind::Poll, Wait::S5).await.0, Some(1));
    stage.pipeline.stop().await;
}

#[tokio::test]
async fn credentials_that_cannot_be_used_are_told_at_the_start() {
    let platform = Platform::start().await;
    let mut words =
        vec!["worker".to_owned(), "--database-url=postgres://db".into(), "--amqp-url=amqp://mq".into()];
    words.extend(platform.settings("v2"));
    words.retain(|word| !word.starts_with("--token-encryption-keys"));
    words.push("--token-encryption-keys=2026a:short".to_owned());
    let config = <worker::Config as clap::Parser>::parse_from(words);
    let life = runtime::lifecycle::Lifecycle::new(Duration::from_secs(1));
    let refused = worker::start(&config, &life).await.unwrap_err();
    assert!(!format!("{refused:#}").contains("short"), "{refused:#}");
    life.shut_down().await;
}

#[tokio::test]
async fn a_consent_is_renewed_and_one_that_cannot_be_opened_is_parked() {
    let mut stage = Stage::new().await;
    let good = stage.consent(KEYS).await;
    let other_keys = KEYS.replace("AQEBAQ", "AgEBAQ");
    let broken = stage.consent(&other_keys).await;
    stage.worker("v2", &[]).await;
    stage.ask(JobV1::RefreshV1 { grant_id: good }).await;
    stage.ask(JobV1::RefreshV1 { grant_id: good }).await;
    stage.ask(JobV1::RefreshV1 { grant_id: broken }).await;
    stage
        .pipeline
        .until("SELECT count(*) FROM smartcar_grants WHERE token_version = 1 AND token_expires_at > now()", 1)
        .await;
    stage.pipeline.until("SELECT count(*) FROM parked_messages WHERE queue LIKE '%jobs.refresh'", 1).await;
    let renewed = stage.platform.world().asked.iter().filter(|path| path.ends_with("/oauth/token")).count();
    assert_eq!(renewed, 1);
    stage.pipeline.stop().await;
}
