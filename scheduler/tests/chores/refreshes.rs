//! Consents are renewed before they end.

use std::time::Duration;

use broker::JobKind;
use runtime::lifecycle::Lifecycle;
use uuid::Uuid;

use crate::support::{Jobs, start_scheduler};

#[tokio::test]
async fn a_consent_that_ends_soon_is_asked_for_once_by_two_schedulers() {
    let (database, namespace) = (harness::database().await, harness::namespace());
    let life = Lifecycle::new(Duration::from_secs(5));
    let ids = [Uuid::new_v4(), Uuid::new_v4()];
    for (id, days) in ids.into_iter().zip([5, 50]) {
        sqlx::query(
            "WITH person AS (INSERT INTO auth.users DEFAULT VALUES RETURNING id)
             INSERT INTO smartcar_grants
               (id, user_id, api_version, scopes, access_token, refresh_token, token_expires_at, refresh_expires_at)
             SELECT $1, id, 'v2', '{}', 'v1.k.a', 'v1.k.b', now() - interval '1 hour', now() + make_interval(days => $2)
             FROM person",
        )
        .bind(id)
        .bind(days)
        .execute(&database.pool)
        .await
        .unwrap();
    }
    let metrics = runtime::metrics::install().unwrap();
    let mut jobs = Jobs::open(JobKind::Refresh, &namespace, &life).await;
    start_scheduler(&database.url, &namespace, &life).await;
    start_scheduler(&database.url, &namespace, &life).await;
    assert_eq!(jobs.all().await, [ids[0]]);
    assert!(metrics.render().contains("scheduler_consents_ending 1"), "a person may see it coming");
    drop(jobs);
    life.shut_down().await;
    database.close().await;
}
