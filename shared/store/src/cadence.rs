//! `vehicle_cadences`: how long each car is usually silent, learned as its webhooks come.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// Notes when a webhook of each of these vehicles came, and learns from how long it had been silent before.
///
/// To the minute: within a minute of the last one nothing is written, so that a busy car does not cost a write each
/// time. A silence of more than a day counts as a day: by then it says more about us than about the car.
pub async fn note(db: &mut PgConnection, heard: &[(Uuid, DateTime<Utc>)]) -> Result<(), StoreError> {
    let (ids, times): (Vec<Uuid>, Vec<DateTime<Utc>>) = heard.iter().copied().unzip();
    sqlx::query!(
        "UPDATE vehicle_cadences AS cadence
         SET heard_at = new.at, learning_since = coalesce(cadence.learning_since, new.at),
           long_gap_seconds = CASE
             WHEN cadence.heard_at IS NULL THEN NULL
             WHEN new.gap >= coalesce(long_gap_seconds, 0) THEN (new.gap + coalesce(long_gap_seconds, new.gap)) / 2
             ELSE greatest(new.gap, long_gap_seconds * exp(-new.gap / 1209600))
           END
         FROM (
           SELECT known.vehicle_id, heard.at,
             least(86400, extract(epoch FROM heard.at - known.heard_at))::double precision AS gap
           FROM (SELECT id, max(at) AS at FROM unnest($1::uuid[], $2::timestamptz[]) AS one (id, at) GROUP BY id) AS heard
           JOIN vehicle_cadences AS known ON known.vehicle_id = heard.id
         ) AS new
         WHERE cadence.vehicle_id = new.vehicle_id
           AND (cadence.heard_at IS NULL OR cadence.heard_at < new.at - interval '1 minute')",
        &ids,
        &times,
    )
    .execute(db)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use sqlx::PgPool;

    const CAR: Uuid = Uuid::from_u128(1);

    fn at(hour: f64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
            + TimeDelta::days(20_000)
            + TimeDelta::from_std(std::time::Duration::from_secs_f64(hour * 3600.0)).unwrap()
    }

    async fn hear(pool: &PgPool, hours: impl IntoIterator<Item = f64>) {
        let mut db = pool.acquire().await.unwrap();
        for hour in hours {
            note(&mut db, &[(CAR, at(hour))]).await.unwrap();
        }
    }

    async fn car() -> harness::TestDatabase {
        let database = harness::database().await;
        sqlx::query("INSERT INTO smartcar_vehicles (id, smartcar_vehicle_id) VALUES ($1, 'v')")
            .bind(CAR)
            .execute(&database.pool)
            .await
            .unwrap();
        database
    }

    async fn long_gap_hours(pool: &PgPool) -> Option<f64> {
        let seconds: Option<f64> = sqlx::query_scalar("SELECT long_gap_seconds FROM vehicle_cadences")
            .fetch_one(pool)
            .await
            .unwrap();
        seconds.map(|seconds| seconds / 3600.0)
    }

    /// Heard every hour from six to twenty-two o'clock: silent for eight hours at night.
    fn days(days: std::ops::Range<u32>) -> impl Iterator<Item = f64> {
        days.flat_map(|day| (6..=22).map(move |hour| f64::from(day * 24 + hour)))
    }

    #[tokio::test]
    async fn the_long_silences_of_the_nights_are_learned_in_a_few_days() {
        let database = car().await;
        hear(&database.pool, days(0..4)).await;
        let learned = long_gap_hours(&database.pool).await.unwrap();
        assert!((6.5..8.3).contains(&learned), "{learned}");
    }

    #[tokio::test]
    async fn one_outage_is_half_believed_and_forgotten_again() {
        let database = car().await;
        hear(&database.pool, days(0..8)).await;
        hear(&database.pool, days(10..11)).await;
        let after = long_gap_hours(&database.pool).await.unwrap();
        assert!((14.0..17.0).contains(&after), "a silence of days counts as one day, and half: {after}");
        hear(&database.pool, days(11..30)).await;
        let later = long_gap_hours(&database.pool).await.unwrap();
        assert!(later < 9.0, "{later}");
    }

    #[tokio::test]
    async fn what_comes_within_a_minute_or_late_teaches_nothing() {
        let database = car().await;
        hear(&database.pool, [1.0, 1.01, 0.2]).await;
        assert_eq!(long_gap_hours(&database.pool).await, None);
        hear(&database.pool, [3.0]).await;
        assert_eq!(long_gap_hours(&database.pool).await, Some(2.0));
    }

    #[tokio::test]
    async fn of_several_webhooks_of_a_batch_the_newest_counts() {
        let database = car().await;
        let mut db = database.pool.acquire().await.unwrap();
        note(&mut db, &[(CAR, at(3.0)), (CAR, at(5.0)), (CAR, at(4.0))]).await.unwrap();
        let heard: DateTime<Utc> = sqlx::query_scalar("SELECT heard_at FROM vehicle_cadences")
            .fetch_one(&database.pool)
            .await
            .unwrap();
        assert_eq!(heard, at(5.0));
    }
}
