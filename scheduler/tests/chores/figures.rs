//! What operators see of the whole pipeline.

use std::time::Duration;

use broker::BrokerOptions;
use broker::message::JobV1;
use runtime::lifecycle::Lifecycle;
use tokio::time::Instant;
use uuid::Uuid;

use crate::support::{PATIENCE, connected_car_called, start_scheduler_with};

#[tokio::test]
async fn what_lies_in_queues_and_who_has_to_be_looked_at_is_shown() {
    let (database, namespace) = (harness::database().await, harness::namespace());
    let (life, pool) = (Lifecycle::new(Duration::from_secs(5)), &database.pool);
    let metrics = runtime::metrics::install().unwrap();
    let silent = connected_car_called("v-silent", pool).await;
    let resting = connected_car_called("v-resting", pool).await;
    let refused = connected_car_called("v-refused", pool).await;
    for statement in [
        format!("UPDATE smartcar_vehicles SET connected_at = now() - interval '9 days' WHERE id = '{silent}'"),
        format!("INSERT INTO vehicle_rests VALUES ('{resting}', now() + interval '1 hour', 'asleep')"),
        format!("UPDATE smartcar_vehicles SET status = 'reauth_required' WHERE id = '{refused}'"),
        format!(
            "INSERT INTO api_usage VALUES ('{resting}', date_trunc('month', now() AT TIME ZONE 'UTC')::date, 7),
               ('{resting}', '2020-01-01', 99)"
        ),
        "INSERT INTO make_circuits VALUES ('TESLA', 5, now(), now() + interval '1 hour'), ('FORD', 5, now(), NULL)"
            .to_owned(),
        "INSERT INTO parked_messages (id, queue, message_key, why, body, headers, parked_at)
         VALUES (gen_random_uuid(), 'events', 'k', 'no', '', '{}', now() - interval '2 hours')"
            .to_owned(),
    ] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(pool).await.unwrap();
    }
    // A job that nobody takes.
    let options = BrokerOptions::new(&harness::amqp_url(), &namespace, "test").unwrap();
    let publisher = broker::Publisher::start(&options, &life.tasks());
    let job = JobV1::RefreshV1 { grant_id: Uuid::new_v4() };
    publisher.enqueue(&job, Instant::now() + PATIENCE).await.unwrap();

    start_scheduler_with(&[], &database.url, &namespace, &life).await;
    harness::eventually(PATIENCE, "the figures are shown", async || {
        metrics.render().contains(r#"scheduler_queue_messages{queue="jobs.refresh"} 1"#)
    })
    .await;
    let page = metrics.render();
    for line in [
        r#"scheduler_vehicles{state="active"} 2"#,
        r#"scheduler_vehicles{state="unheard"} 1"#,
        r#"scheduler_vehicles{state="resting"} 1"#,
        r#"scheduler_vehicles{state="reauth_required"} 1"#,
        "scheduler_parked_messages 1",
        "scheduler_parked_oldest_seconds 72",
        "scheduler_circuits_open 1",
        "scheduler_calls_spent 7",
        r#"scheduler_queue_messages{queue="events"} 0"#,
    ] {
        assert!(page.contains(line), "{line} is not in\n{page}");
    }
    life.shut_down().await;
    database.close().await;
}
