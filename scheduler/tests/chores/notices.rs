//! Workers are asked to tell people: of each alert, and to send each message when it is due.

use std::time::Duration;

use broker::JobKind;
use runtime::lifecycle::Lifecycle;
use uuid::Uuid;

use crate::support::{Jobs, connected_car, start_scheduler};

#[tokio::test]
async fn an_alert_is_asked_about_once_and_a_message_when_it_is_due_by_two_schedulers() {
    let (database, namespace) = (harness::database().await, harness::namespace());
    let pool = &database.pool;
    let vehicle = connected_car(pool).await;
    let [alert, due, later, sent, in_hand] = [(); 5].map(|()| Uuid::new_v4());
    sqlx::query(
        "INSERT INTO alerts (id, source_id, car_id, at, kind, details)
         SELECT $2, id, car_id, now(), 'oil_low', '{}' FROM smartcar_vehicles WHERE id = $1",
    )
    .bind(vehicle)
    .bind(alert)
    .execute(pool)
    .await
    .unwrap();
    for (id, columns) in [
        (due, "now() - interval '1 second', 'waits', NULL::timestamptz, NULL::timestamptz"),
        (later, "now() + interval '1 hour', 'waits', NULL, NULL"),
        (sent, "now() - interval '1 hour', 'sent', now(), NULL"),
        (in_hand, "now() - interval '1 hour', 'waits', NULL, now() + interval '1 minute'"),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "INSERT INTO outgoing_messages (id, user_id, channel, about, gathers, due_at, state, ended_at, sending_until, created_at)
             SELECT $1, user_id, 'email', 'alerts', false, {columns}, now() FROM cars"
        )))
        .bind(id)
        .execute(pool)
        .await
        .unwrap();
    }
    let life = Lifecycle::new(Duration::from_secs(5));
    let mut jobs = Jobs::open(JobKind::Notify, &namespace, &life).await;
    start_scheduler(&database.url, &namespace, &life).await;
    start_scheduler(&database.url, &namespace, &life).await;
    let mut asked = jobs.all().await;
    asked.sort();
    let mut expected = vec![alert, due];
    expected.sort();
    assert_eq!(asked, expected);
    life.shut_down().await;
    database.close().await;
}
