//! `refresh_plans`: which consents are to be renewed now.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// How long before their end tokens are to be renewed.
#[derive(Debug, Clone, Copy)]
pub struct Ahead {
    /// Of an access token, for cars whose turn to be polled comes next.
    pub access: TimeDelta,
    /// Of a refresh token: with it a consent ends.
    pub refresh: TimeDelta,
}

/// Leases consents that are to be renewed, at most `limit` that end soon and as many whose cars are wanted next: the
/// caller asks for their renewal, and nobody else does so until the lease is over. It is twice as long each time that the
/// same pair is asked for, up to a day.
pub async fn lease(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    lease: TimeDelta,
    ahead: Ahead,
    limit: i64,
) -> Result<Vec<Uuid>, StoreError> {
    let grants = sqlx::query_scalar!(
        "WITH next AS (
           SELECT vehicle_id FROM poll_plans WHERE wanted_since IS NOT NULL ORDER BY silent_since LIMIT $5
         ), ending AS (
           SELECT consent.id, consent.token_version FROM smartcar_grants AS consent
           LEFT JOIN refresh_plans AS plan ON plan.grant_id = consent.id
           WHERE refresh_token IS NOT NULL AND reauth_since IS NULL AND refresh_expires_at <= $3
             AND (plan.lease_until IS NULL OR plan.lease_until <= $1 OR plan.token_version <> consent.token_version)
           ORDER BY refresh_expires_at LIMIT $5
         ), due AS (
           SELECT id, token_version FROM ending
           UNION
           SELECT consent.id, consent.token_version FROM next
           JOIN smartcar_vehicles AS vehicle ON vehicle.id = next.vehicle_id
           JOIN smartcar_grants AS consent ON consent.id = vehicle.grant_id
           WHERE refresh_token IS NOT NULL AND reauth_since IS NULL AND token_expires_at <= $2
         )
         INSERT INTO refresh_plans AS plan (grant_id, token_version, lease_until, asked)
         SELECT id, token_version, $1 + make_interval(secs => $4), 1 FROM due ORDER BY id
         ON CONFLICT (grant_id) DO UPDATE
           SET token_version = excluded.token_version,
             asked = CASE WHEN plan.token_version = excluded.token_version THEN least(plan.asked + 1, 1000) ELSE 1 END,
             lease_until = CASE WHEN plan.token_version = excluded.token_version
               THEN $1 + least(interval '1 day', make_interval(secs => $4 * 2 ^ least(plan.asked, 20)))
               ELSE excluded.lease_until END
           WHERE plan.lease_until <= $1 OR plan.token_version <> excluded.token_version
         RETURNING grant_id",
        now,
        now + ahead.access,
        now + ahead.refresh,
        lease.as_seconds_f64(),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(grants)
}

/// How many consents end before this moment and can still be renewed.
pub async fn ending(db: &mut PgConnection, before: DateTime<Utc>) -> Result<i64, StoreError> {
    let ending = sqlx::query_scalar!(
        r#"SELECT count(*) AS "ending!" FROM smartcar_grants
           WHERE refresh_token IS NOT NULL AND reauth_since IS NULL AND refresh_expires_at <= $1"#,
        before,
    )
    .fetch_one(db)
    .await?;
    Ok(ending)
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::TestDatabase;

    const LEASE: TimeDelta = TimeDelta::minutes(10);
    const AHEAD: Ahead = Ahead { access: TimeDelta::minutes(20), refresh: TimeDelta::days(20) };

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minute)
    }

    /// A consent whose access token ends after so many minutes, and whose refresh token after so many days.
    async fn grant(database: &TestDatabase, id: u128, minutes: i64, days: i64) {
        sqlx::query(
            "WITH person AS (INSERT INTO auth.users DEFAULT VALUES RETURNING id)
             INSERT INTO smartcar_grants
               (id, user_id, api_version, scopes, access_token, refresh_token, token_expires_at, refresh_expires_at)
             SELECT $1, id, 'v2', '{}', 'v1.k.a', 'v1.k.b', $2, $3 FROM person",
        )
        .bind(Uuid::from_u128(id))
        .bind(at(minutes))
        .bind(at(0) + TimeDelta::days(days))
        .execute(&database.pool)
        .await
        .unwrap();
    }

    /// A car of this consent, which waits for being asked.
    async fn wanted(database: &TestDatabase, grant: u128) {
        sqlx::query(
            "WITH car AS (INSERT INTO cars (user_id, name) SELECT user_id, 'a car' FROM smartcar_grants WHERE id = $1
               RETURNING id)
             INSERT INTO smartcar_vehicles (id, car_id, smartcar_vehicle_id, smartcar_user_id, grant_id)
             SELECT $1, id, $1::text, 'u', $1 FROM car",
        )
        .bind(Uuid::from_u128(grant))
        .execute(&database.pool)
        .await
        .unwrap();
        sqlx::query("UPDATE poll_plans SET wanted_since = now(), silent_since = now() WHERE vehicle_id = $1")
            .bind(Uuid::from_u128(grant))
            .execute(&database.pool)
            .await
            .unwrap();
    }

    async fn leased(database: &TestDatabase, minute: i64) -> Vec<u128> {
        let mut db = database.pool.acquire().await.unwrap();
        let mut grants: Vec<u128> = lease(&mut db, at(minute), LEASE, AHEAD, 10)
            .await
            .unwrap()
            .into_iter()
            .map(|grant| grant.as_u128())
            .collect();
        grants.sort_unstable();
        grants
    }

    #[tokio::test]
    async fn a_consent_near_its_end_is_renewed_whether_it_is_needed_or_not() {
        let database = harness::database().await;
        grant(&database, 1, 100, 60).await;
        grant(&database, 2, 100, 19).await;
        assert_eq!(leased(&database, 0).await, [2]);
        let mut db = database.pool.acquire().await.unwrap();
        assert_eq!(ending(&mut db, at(0) + TimeDelta::days(20)).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn an_access_token_is_renewed_ahead_only_for_a_car_whose_turn_comes() {
        let database = harness::database().await;
        for (id, minutes) in [(1, -5), (2, -5), (3, 21)] {
            grant(&database, id, minutes, 60).await;
        }
        wanted(&database, 2).await;
        wanted(&database, 3).await;
        assert_eq!(leased(&database, 0).await, [2]);
    }

    #[tokio::test]
    async fn who_was_asked_for_is_asked_for_again_ever_more_rarely() {
        let database = harness::database().await;
        grant(&database, 1, 100, 10).await;
        let minutes: Vec<i64> = {
            let mut minutes = Vec::new();
            for minute in (0..400).step_by(10) {
                if !leased(&database, minute).await.is_empty() {
                    minutes.push(minute);
                }
            }
            minutes
        };
        assert_eq!(minutes, [0, 10, 30, 70, 150, 310]);
    }

    #[tokio::test]
    async fn a_renewed_pair_begins_anew_and_a_refused_one_is_left_alone() {
        let database = harness::database().await;
        grant(&database, 1, 100, 10).await;
        assert_eq!(leased(&database, 0).await, [1]);
        sqlx::query("UPDATE smartcar_grants SET token_version = 1").execute(&database.pool).await.unwrap();
        assert_eq!(leased(&database, 1).await, [1]);
        sqlx::query("UPDATE smartcar_grants SET reauth_reason = 'invalid_grant', reauth_since = now()")
            .execute(&database.pool)
            .await
            .unwrap();
        assert!(leased(&database, 100).await.is_empty());
    }
}
