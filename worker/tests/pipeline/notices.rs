//! People are told of alerts: by a letter and by a program of theirs, at least once, and always under the same id.

use broker::message::JobV1;
use chrono::TimeDelta;
use domain::alert::AlertKind;
use runtime::clock;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use tokio::time::Instant;
use uuid::Uuid;
use vault::KeyRing;

use crate::platform::KEYS;
use crate::receivers::{Endpoint, MailServer, Next};
use crate::support::{Car, PATIENCE, Pipeline};

const ADDRESS: &str = "ann@example.org";
const PAGE: &str = "https://carvetka.example/app/notifications";

struct Stage {
    pipeline: Pipeline,
    endpoint: Endpoint,
    mail: MailServer,
    car: Car,
    user: Uuid,
    secret: SecretString,
}

impl Stage {
    /// Somebody with an address and an endpoint, who reads German in Berlin, and wants each letter alone.
    async fn new() -> Self {
        let (endpoint, mail) = (Endpoint::start().await, MailServer::start().await);
        let pipeline = Pipeline::new().await;
        let car = pipeline.connected_car().await;
        let user = sqlx::query_scalar("SELECT user_id FROM cars WHERE id = $1").bind(car.id);
        let user = user.fetch_one(pipeline.pool()).await.unwrap();
        let (id, secret) = (Uuid::new_v4(), notify::new_secret());
        let sealed = keys().seal(&secret, &notify::secret_place(id));
        let stage = Self { pipeline, endpoint, mail, car, user, secret };
        stage
            .run(&format!(
                "INSERT INTO webhook_endpoints (id, user_id, url, secret, created_at)
                   VALUES ('{id}', '{user}', 'http://{}/hook', '{sealed}', now());
                 INSERT INTO notification_preferences (user_id, email, gather_minutes) VALUES ('{user}', '{ADDRESS}', 0);
                 INSERT INTO user_preferences (user_id, language, time_zone) VALUES ('{user}', 'de', 'Europe/Berlin')",
                stage.endpoint.address,
            ))
            .await;
        stage
    }

    async fn run(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(self.pipeline.pool()).await.unwrap();
    }

    async fn worker(&mut self) {
        self.worker_with(&["--api-url", "https://carvetka.example"]).await;
    }

    async fn worker_with(&mut self, more: &[&str]) {
        let url = format!("smtp://{}", self.mail.address);
        let mail = ["--smtp-url", &url, "--mail-from", "Carvetka <cars@carvetka.example>"];
        let page = ["--notifications-url", PAGE];
        let own = ["--webhooks-to-private", "--token-encryption-keys", KEYS, "--shutdown-grace", "1"];
        let words: Vec<&str> = mail.into_iter().chain(page).chain(own).chain(more.iter().copied()).collect();
        self.pipeline.worker_with(&words).await;
    }

    /// An alert, so old when it is found.
    async fn alert(&self, kind: &str, age: TimeDelta) -> Uuid {
        let now = clock::now();
        sqlx::query_scalar(
            "INSERT INTO alerts (id, source_id, car_id, at, kind, details, created_at)
             VALUES (gen_random_uuid(), $1, $2, $3, $4, '{\"fromPercent\": 60, \"toPercent\": 20}', $5) RETURNING id",
        )
        .bind(self.car.vehicle)
        .bind(self.car.id)
        .bind(now - age)
        .bind(kind)
        .bind(now)
        .fetch_one(self.pipeline.pool())
        .await
        .unwrap()
    }

    async fn ask(&self, job: JobV1) {
        self.pipeline.publisher().enqueue(&job, Instant::now() + PATIENCE).await.unwrap();
    }

    /// Has it decided how the alert is told.
    async fn decide(&self, alert_id: Uuid) {
        self.ask(JobV1::NotifyV1 { alert_id }).await;
        self.until(
            &format!(
                "SELECT count(*) FROM notifications WHERE planned_at IS NOT NULL AND alert_id = '{alert_id}'"
            ),
            1,
        )
        .await;
    }

    /// The message on this channel.
    async fn message(&self, channel: &str) -> Uuid {
        sqlx::query_scalar("SELECT id FROM outgoing_messages WHERE channel = $1")
            .bind(channel)
            .fetch_one(self.pipeline.pool())
            .await
            .unwrap()
    }

    /// Makes it due, and has it sent until its row says this.
    async fn send(&self, message_id: Uuid, state: &str) {
        self.run(&format!(
            "UPDATE outgoing_messages SET due_at = now() - interval '1 second' WHERE id = '{message_id}'"
        ))
        .await;
        self.ask(JobV1::SendV1 { message_id }).await;
        let sql = format!(
            "SELECT count(*) FROM outgoing_messages WHERE id = '{message_id}' AND sending_until IS NULL
               AND (state, attempts::text) = ({state})"
        );
        self.until(&sql, 1).await;
    }

    async fn until(&self, sql: &str, number: i64) {
        harness::eventually(PATIENCE, sql, async || {
            let count = sqlx::query_scalar::<_, i64>(AssertSqlSafe(sql.to_owned()));
            count.fetch_one(self.pipeline.pool()).await.unwrap() == number
        })
        .await;
    }

    async fn text(&self, sql: &str) -> String {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(self.pipeline.pool()).await.unwrap()
    }
}

fn keys() -> KeyRing {
    KeyRing::parse(&SecretString::from(KEYS)).unwrap()
}

fn line<'a>(letter: &'a str, name: &str) -> &'a str {
    letter.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name} in {letter}"))
}

/// The same of a line that is folded (RFC 5322, 2.2.3).
fn header(letter: &str, name: &str) -> String {
    line(&letter.replace("\n ", " "), name).trim().to_owned()
}

#[tokio::test]
async fn a_person_is_told_once_by_letter_in_their_words_and_by_a_signed_request_however_often_a_job_comes() {
    let mut stage = Stage::new().await;
    stage.worker().await;
    let alert = stage.alert("fuel_drop", TimeDelta::minutes(5)).await;
    stage.ask(JobV1::NotifyV1 { alert_id: alert }).await;
    stage.decide(alert).await;
    let (letter, hook) = (stage.message("email").await, stage.message("webhook").await);
    for message in [letter, hook] {
        stage.ask(JobV1::SendV1 { message_id: message }).await;
        stage.send(message, "'sent', '1'").await;
        stage.ask(JobV1::SendV1 { message_id: message }).await;
    }
    stage.pipeline.stop_workers().await;

    let told = stage.endpoint.hooks().told.clone();
    assert_eq!(told.len(), 1);
    let (id, at) = (told[0].header("webhook-id"), told[0].header("webhook-timestamp").parse().unwrap());
    assert_eq!(id, hook.to_string());
    let signed = notify::signatures(std::slice::from_ref(&stage.secret), id, at, &told[0].body).unwrap();
    assert_eq!(told[0].header("webhook-signature"), signed);
    let body: Value = serde_json::from_str(&told[0].body).unwrap();
    assert_eq!((&body["type"], &body["data"]["kind"]), (&json!("alert.raised"), &json!("fuel_drop")));
    assert_eq!(body["data"]["details"], json!({ "fromPercent": 60, "toPercent": 20 }));

    let letters = stage.mail.letters().taken.clone();
    assert_eq!(letters.len(), 1);
    let (to, text) = &letters[0];
    assert_eq!(to, ADDRESS);
    assert_eq!(line(text, "Message-ID: "), format!("<{letter}@carvetka.example>"));
    assert_eq!(line(text, "Subject: "), "Es fehlt Kraftstoff: a car");
    assert_eq!(line(text, "Auto-Submitted: "), "auto-generated");
    assert_eq!(line(text, "List-Unsubscribe-Post: "), "List-Unsubscribe=One-Click");
    let link = header(text, "List-Unsubscribe: ");
    let signed = link.strip_prefix("<https://carvetka.example/api/notifications/unsubscribe/").unwrap();
    let keys = keys();
    let wish = keys.verify(signed.strip_suffix('>').unwrap(), notify::UNSUBSCRIBING).unwrap();
    let wish = notify::Unsubscribing::read(wish, clock::now()).unwrap();
    assert_eq!((wish.user, wish.kinds.as_slice()), (stage.user, [AlertKind::FuelDrop].as_slice()));
    // Without the line breaks of quoted-printable.
    assert!(text.replace("=\n", "").contains("Er fiel von 60 % auf 20 %."), "{text}");
    stage.pipeline.stop().await;
}

#[tokio::test]
async fn a_worker_that_dies_between_sending_and_the_note_of_it_sends_again_under_the_same_id_and_the_page_has_it_once()
 {
    let mut stage = Stage::new().await;
    stage.worker().await;
    let alert = stage.alert("left_its_place", TimeDelta::zero()).await;
    stage.decide(alert).await;
    let hook = stage.message("webhook").await;
    // The receiver has it, and its word does not come back before the worker is gone.
    stage.endpoint.hooks().next.push_back(Next::Silence);
    stage.ask(JobV1::SendV1 { message_id: hook }).await;
    harness::eventually(PATIENCE, "it is told", async || stage.endpoint.hooks().told.len() == 1).await;
    stage.pipeline.stop_workers().await;
    assert_eq!(stage.text("SELECT state FROM outgoing_messages WHERE channel = 'webhook'").await, "waits");

    stage.run("UPDATE outgoing_messages SET sending_until = now() - interval '1 second'").await;
    stage.worker().await;
    stage.send(hook, "'sent', '2'").await;
    let ids: Vec<String> =
        stage.endpoint.hooks().told.iter().map(|told| told.header("webhook-id").to_owned()).collect();
    assert_eq!(ids, [hook.to_string(), hook.to_string()]);
    assert_eq!(stage.pipeline.count("SELECT count(*) FROM notifications").await, 1);
    stage.pipeline.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_fails_is_asked_again_later_nobody_is_followed_and_who_is_gone_is_left_alone() {
    let mut stage = Stage::new().await;
    stage.worker().await;
    stage.decide(stage.alert("oil_low", TimeDelta::zero()).await).await;
    let hook = stage.message("webhook").await;
    stage.endpoint.hooks().next.extend([500, 307, 410].map(Next::Answer));
    stage.send(hook, "'waits', '1'").await;
    let sql = "SELECT why || CASE WHEN due_at BETWEEN now() - interval '1 minute' AND now() + interval '5 seconds' THEN ', soon' ELSE '' END
               FROM outgoing_messages WHERE channel = 'webhook'";
    assert_eq!(stage.text(sql).await, "it answered 500, soon");
    stage.send(hook, "'waits', '2'").await;
    assert_eq!(
        stage.text("SELECT why FROM outgoing_messages WHERE channel = 'webhook'").await,
        "it answered 307"
    );
    stage.send(hook, "'given_up', '3'").await;
    assert_eq!(stage.endpoint.hooks().told.len(), 3, "nobody was sent elsewhere");
    assert_eq!(stage.text("SELECT why_disabled FROM webhook_endpoints").await, "it answered 410: it is gone");

    stage.decide(stage.alert("oil_low", TimeDelta::zero()).await).await;
    assert_eq!(
        stage.pipeline.count("SELECT count(*) FROM outgoing_messages WHERE channel = 'webhook'").await,
        1
    );
    stage.pipeline.stop().await;
}

#[tokio::test]
async fn a_mail_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not() {
    let mut stage = Stage::new().await;
    stage.worker().await;
    stage.run("DELETE FROM webhook_endpoints").await;
    stage.decide(stage.alert("oil_low", TimeDelta::zero()).await).await;
    let letter = stage.message("email").await;
    stage.mail.letters().refusals.extend(["451 come back later", "550 nobody here of that name"]);
    stage.send(letter, "'waits', '1'").await;
    let why = stage.text("SELECT why FROM outgoing_messages").await;
    assert!(
        why.starts_with("the mail server does not take it now") && why.contains("come back later"),
        "{why}"
    );
    stage.send(letter, "'given_up', '2'").await;
    let why = stage.text("SELECT why FROM outgoing_messages").await;
    assert!(why.contains("nobody here of that name"), "{why}");
    assert!(stage.mail.letters().taken.is_empty());
    stage.pipeline.stop().await;
}

#[tokio::test]
async fn what_was_found_late_is_one_letter_and_what_was_taken_back_or_read_is_not_in_it() {
    let mut stage = Stage::new().await;
    stage.worker().await;
    let mut alerts = Vec::new();
    for days in 1..=4 {
        let alert = stage.alert("fuel_drop", TimeDelta::hours(30 * days)).await;
        stage.decide(alert).await;
        alerts.push(alert);
    }
    let planned =
        "SELECT count(*) FROM outgoing_messages WHERE about = 'found_later' AND cardinality(alert_ids) = 4
                   AND due_at > now() AND due_at <= now() + interval '25 hours'";
    stage.until(planned, 2).await;
    assert_eq!(stage.pipeline.count("SELECT count(*) FROM outgoing_messages").await, 2);
    stage.run(&format!("DELETE FROM alerts WHERE id = '{}'", alerts[0])).await;
    stage.run(&format!("UPDATE notifications SET read_at = now() WHERE alert_id = '{}'", alerts[1])).await;
    stage.send(stage.message("email").await, "'sent', '1'").await;
    stage.send(stage.message("webhook").await, "'sent', '1'").await;
    let (_, letter) = stage.mail.letters().taken[0].clone();
    // RFC 2047: a subject with an umlaut.
    assert!(line(&letter, "Subject: ").starts_with("=?utf-8?"), "{letter}");
    assert_eq!(letter.matches("a car, ").count(), 4, "two alerts, in text and in HTML: {letter}");
    let body: Value = serde_json::from_str(&stage.endpoint.hooks().told[0].body).unwrap();
    assert_eq!(body["type"], "alerts.found_later");
    assert_eq!(body["data"]["alerts"].as_array().unwrap().len(), 3, "a program does not read pages");
    stage.pipeline.stop().await;
}

#[tokio::test]
async fn in_quiet_hours_only_what_cannot_wait_is_due_and_what_is_not_wanted_is_not_sent_at_all() {
    let mut stage = Stage::new().await;
    stage.worker().await;
    // Nearly all of the day, from a minute ago on.
    stage
        .run(
            "UPDATE notification_preferences SET quiet_from = (1440 + minute - 1) % 1440, quiet_to = (1440 + minute - 2) % 1440
             FROM (SELECT extract(hour FROM clock)::int * 60 + extract(minute FROM clock)::int AS minute
                   FROM (SELECT now() AT TIME ZONE 'Europe/Berlin' AS clock) AS here) AS at;
             INSERT INTO notification_choices SELECT user_id, 'fuel_drop', 'email', false FROM notification_preferences",
        )
        .await;
    for kind in ["oil_low", "left_its_place", "fuel_drop"] {
        stage.decide(stage.alert(kind, TimeDelta::zero()).await).await;
    }
    let due = "SELECT string_agg(concat_ws(' ', channel, alert.kind, CASE WHEN due_at <= now() THEN 'now' ELSE 'later' END), ', '
                 ORDER BY channel, alert.kind)
               FROM outgoing_messages JOIN alerts AS alert ON alert.id = ANY (alert_ids)";
    assert_eq!(
        stage.text(due).await,
        "email left_its_place now, email oil_low later, webhook fuel_drop now, webhook left_its_place now, webhook oil_low later"
    );
    stage.pipeline.stop().await;
}

#[tokio::test]
async fn without_a_public_address_of_the_api_a_letter_leads_to_the_page_alone_and_nothing_is_clicked_away() {
    let mut stage = Stage::new().await;
    stage.worker_with(&[]).await;
    stage.decide(stage.alert("oil_low", TimeDelta::zero()).await).await;
    stage.send(stage.message("email").await, "'sent', '1'").await;
    let (_, letter) = stage.mail.letters().taken[0].clone();
    assert_eq!(line(&letter, "List-Unsubscribe: "), format!("<{PAGE}>"));
    assert!(!letter.contains("List-Unsubscribe-Post"), "{letter}");
    stage.pipeline.stop().await;
}

#[tokio::test]
async fn what_a_person_wants_no_more_while_its_letter_waits_is_not_in_it() {
    let mut stage = Stage::new().await;
    stage.worker().await;
    stage.run("UPDATE notification_preferences SET gather_minutes = 60").await;
    for kind in ["oil_low", "tyre_low"] {
        stage.decide(stage.alert(kind, TimeDelta::zero()).await).await;
    }
    let mut db = stage.pipeline.pool().acquire().await.unwrap();
    store::notification_preferences::want_no_letters(&mut db, stage.user, &["oil_low"]).await.unwrap();
    stage.send(stage.message("email").await, "'sent', '1'").await;
    let (_, letter) = stage.mail.letters().taken[0].clone();
    assert_eq!(letter.matches("a car, ").count(), 2, "one alert, in text and in HTML: {letter}");

    store::notification_preferences::want_no_letters(&mut db, stage.user, &["tyre_low"]).await.unwrap();
    stage.run("UPDATE outgoing_messages SET state = 'waits', ended_at = NULL WHERE channel = 'email'").await;
    stage.send(stage.message("email").await, "'dropped', '2'").await;
    assert_eq!(stage.mail.letters().taken.len(), 1);
    drop(db);
    stage.pipeline.stop().await;
}

#[tokio::test]
async fn to_an_address_that_nobody_confirmed_only_a_code_is_sent() {
    let mut stage = Stage::new().await;
    stage.worker().await;
    let (user, code) = (stage.user, notify::new_code());
    let sealed = keys().seal(&code, &notify::code_place(user));
    let id = Uuid::new_v4();
    stage
        .run(&format!(
            "UPDATE notification_preferences SET email = NULL; DELETE FROM webhook_endpoints;
             INSERT INTO email_confirmations (user_id, email, code, asked_at, expires_at, asked_first_at)
               VALUES ('{user}', '{ADDRESS}', '{sealed}', now(), now() + interval '1 hour', now());
             INSERT INTO outgoing_messages (id, user_id, channel, about, gathers, due_at, created_at)
               VALUES ('{id}', '{user}', 'email', 'confirmation', false, now(), now())"
        ))
        .await;
    stage.decide(stage.alert("fuel_drop", TimeDelta::zero()).await).await;
    stage.send(id, "'sent', '1'").await;
    assert_eq!(stage.pipeline.count("SELECT count(*) FROM outgoing_messages").await, 1);
    let letters = stage.mail.letters().taken.clone();
    assert_eq!(letters.len(), 1);
    assert!(line(&letters[0].1, "Subject: ").starts_with(code.expose_secret()), "{}", letters[0].1);
    assert!(!letters[0].1.contains("List-Unsubscribe"), "{}", letters[0].1);
    stage.pipeline.stop().await;
}
