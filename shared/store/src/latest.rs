//! The newest value of each signal of a car, and in what rhythm the car is used to tell it.

use chrono::{DateTime, TimeDelta, Utc};
use domain::cadence::Rhythm;
use domain::reading::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{StoreError, canonical};

/// What a car said last of one signal.
#[derive(Debug, Clone, PartialEq)]
pub struct Latest {
    pub signal: String,
    pub value: Value,
    /// The moment at the car; of a value without any, when it came.
    pub at: DateTime<Utc>,
    /// The car, or the platform, said when.
    pub is_timed: bool,
    pub rhythm: Option<Rhythm>,
}

/// What is older is no news of the car.
const SEEN_SINCE: TimeDelta = TimeDelta::days(62);
/// So far back a rhythm is learned.
const LEARNED_SINCE: TimeDelta = TimeDelta::days(30);

/// The newest values of all connections of a car. What is kept out of the books is no value.
pub async fn of_car(db: &mut PgConnection, car: Uuid, now: DateTime<Utc>) -> Result<Vec<Latest>, StoreError> {
    let rows = sqlx::query!(
        r#"WITH said AS (
             SELECT signal, at, kind, value, value_hash, at - lag(at) OVER (PARTITION BY signal ORDER BY at) AS gap
             FROM readings AS reading
             WHERE vehicle_id IN (SELECT id FROM smartcar_vehicles WHERE car_id = $1) AND at > $2
               AND NOT EXISTS (
                 SELECT FROM quarantined_readings AS doubt
                 WHERE doubt.vehicle_id = reading.vehicle_id AND doubt.signal = reading.signal AND doubt.at = reading.at)
           ), newest AS (
             SELECT DISTINCT ON (signal) signal, at, kind, value, true AS is_timed FROM said
             ORDER BY signal, at DESC, value_hash
           ), untimed AS (
             SELECT DISTINCT ON (signal) signal, received_at AS at, kind, value, false AS is_timed FROM untimed_readings
             WHERE vehicle_id IN (SELECT id FROM smartcar_vehicles WHERE car_id = $1)
               AND signal NOT IN (SELECT signal FROM newest)
             ORDER BY signal, received_at DESC
           ), rhythm AS (
             SELECT signal, count(*) AS seen,
               percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM gap)::float8) AS usual
             FROM said WHERE gap > interval '0' AND at > $3 GROUP BY signal
           )
           SELECT signal AS "signal!", at AS "at!", kind::text AS "kind!", value AS "value!", is_timed AS "is_timed!",
             seen AS "seen?", usual AS "usual?"
           FROM (SELECT * FROM newest UNION ALL SELECT * FROM untimed) AS latest LEFT JOIN rhythm USING (signal)
           ORDER BY signal"#,
        car,
        now - SEEN_SINCE,
        now - LEARNED_SINCE,
    )
    .fetch_all(db)
    .await?;
    let latest = rows.into_iter().map(|row| {
        let rhythm = row.usual.zip(row.seen).map(|(seconds, seen)| Rhythm {
            usual: TimeDelta::from_std(std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default())
                .unwrap_or(SEEN_SINCE),
            seen: u32::try_from(seen).unwrap_or(u32::MAX),
        });
        let value = canonical::parse(&row.kind, &row.value)?;
        Ok(Latest { signal: row.signal, value, at: row.at, is_timed: row.is_timed, rhythm })
    });
    latest.collect()
}
