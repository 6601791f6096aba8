//! Everything that is known of a person, as the tables have it: what is little at once, the rest a page at a time. Without secrets
//! (tokens, hashes of states) and without what only the machine can read.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// Tables of which a person may have many rows, in the order in which they are told.
pub const PAGED: [&str; 19] = [
    "meter_entries",
    "fuel_entries",
    "charging_sessions",
    "trips",
    "expenses",
    "issues",
    "battery_estimates",
    "geofence_events",
    "alerts",
    "notifications",
    "decisions",
    "entry_history",
    "attached_lines",
    "book_import_rows",
    "command_log",
    "quarantined_readings",
    "smartcar_sync_logs",
    "consents",
    READINGS,
];

const READINGS: &str = "readings";

/// Tables that hold something of a person and are not told: marks and memories of the machine, which say nothing that the others
/// do not, and bytes that are under way or kept for some days only and cannot be found by a person without reading all.
pub const UNTOLD: [&str; 8] = [
    "dirty_vehicles",
    "ingest_spool",
    "parked_messages",
    "places_to_hide",
    "refresh_plans",
    "setup_versions",
    "vehicle_states",
    "webhook_events",
];

/// Rows of a page.
const PAGE: i64 = 500;

/// Where a page ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    at: DateTime<Utc>,
    key: String,
}

/// A page of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub rows: Vec<Value>,
    /// Where the next page begins; `None` behind the last.
    pub next: Option<Behind>,
}

/// What there is little of: rows by the table's name.
pub async fn little(db: &mut PgConnection, user: Uuid) -> Result<Map<String, Value>, StoreError> {
    let told = sqlx::query_scalar!(
        r#"WITH own AS (
             SELECT id FROM cars WHERE user_id = $1
           ), vehicle AS (
             SELECT id FROM smartcar_vehicles WHERE car_id IN (SELECT id FROM own) OR user_id = $1
           ), said AS (
             SELECT 'cars' AS book, to_jsonb(one) AS fields FROM cars AS one WHERE user_id = $1
             UNION ALL SELECT 'smartcar_vehicles', to_jsonb(one) - '{access_token,refresh_token}'::text[]
               FROM smartcar_vehicles AS one WHERE id IN (SELECT id FROM vehicle)
             UNION ALL SELECT 'smartcar_grants', to_jsonb(one) - '{access_token,refresh_token,refresh_lease}'::text[]
               FROM smartcar_grants AS one WHERE user_id = $1
             UNION ALL SELECT 'connect_attempts', to_jsonb(one) - '{state_hash,browser_hash,code_hash}'::text[]
               FROM connect_attempts AS one WHERE user_id = $1
             UNION ALL SELECT 'pending_revocations', to_jsonb(one)
               FROM pending_revocations AS one WHERE vehicle_id IN (SELECT id FROM vehicle)
             UNION ALL SELECT 'vehicle_plans', to_jsonb(one) FROM vehicle_plans AS one WHERE user_id = $1
             UNION ALL SELECT 'user_preferences', to_jsonb(one) FROM user_preferences AS one WHERE user_id = $1
             UNION ALL SELECT 'notification_preferences', to_jsonb(one) FROM notification_preferences AS one WHERE user_id = $1
             UNION ALL SELECT 'notification_choices', to_jsonb(one) FROM notification_choices AS one WHERE user_id = $1
             UNION ALL SELECT 'email_confirmations', to_jsonb(one) - 'code' FROM email_confirmations AS one WHERE user_id = $1
             UNION ALL SELECT 'webhook_endpoints', to_jsonb(one) - '{secret,former_secret}'::text[]
               FROM webhook_endpoints AS one WHERE user_id = $1
             UNION ALL SELECT 'outgoing_messages', to_jsonb(one) FROM outgoing_messages AS one WHERE user_id = $1
             UNION ALL SELECT 'geofences', to_jsonb(one) FROM geofences AS one WHERE user_id = $1
             UNION ALL SELECT 'geofence_tellings', to_jsonb(one) FROM geofence_tellings AS one
               WHERE geofence_id IN (SELECT id FROM geofences WHERE user_id = $1)
             UNION ALL SELECT 'purpose_rules', to_jsonb(one) FROM purpose_rules AS one WHERE user_id = $1
             UNION ALL SELECT 'tariffs', to_jsonb(one) FROM tariffs AS one WHERE user_id = $1
             UNION ALL SELECT 'tariff_versions', to_jsonb(one) FROM tariff_versions AS one
               WHERE tariff_id IN (SELECT id FROM tariffs WHERE user_id = $1)
             UNION ALL SELECT 'service_reminders', to_jsonb(one)
               FROM service_reminders AS one WHERE car_id IN (SELECT id FROM own)
             UNION ALL SELECT 'car_watches', to_jsonb(one) FROM car_watches AS one WHERE car_id IN (SELECT id FROM own)
             UNION ALL SELECT 'book_imports', to_jsonb(one) FROM book_imports AS one WHERE car_id IN (SELECT id FROM own)
             UNION ALL SELECT 'untimed_readings', to_jsonb(one)
               FROM untimed_readings AS one WHERE vehicle_id IN (SELECT id FROM vehicle)
             UNION ALL SELECT 'vehicle_errors', to_jsonb(one)
               FROM vehicle_errors AS one WHERE vehicle_id IN (SELECT id FROM vehicle)
             UNION ALL SELECT 'vehicle_rests', to_jsonb(one)
               FROM vehicle_rests AS one WHERE vehicle_id IN (SELECT id FROM vehicle)
             UNION ALL SELECT 'vehicle_incapacities', to_jsonb(one)
               FROM vehicle_incapacities AS one WHERE vehicle_id IN (SELECT id FROM vehicle)
             UNION ALL SELECT 'vehicle_cadences', to_jsonb(one)
               FROM vehicle_cadences AS one WHERE vehicle_id IN (SELECT id FROM vehicle)
             UNION ALL SELECT 'poll_plans', to_jsonb(one)
               FROM poll_plans AS one WHERE vehicle_id IN (SELECT id FROM vehicle)
             UNION ALL SELECT 'api_usage', to_jsonb(one)
               FROM api_usage AS one WHERE vehicle_id IN (SELECT id FROM vehicle)
           )
           SELECT coalesce(jsonb_object_agg(book, rows), '{}') AS "told!"
           FROM (SELECT book, jsonb_agg(fields) AS rows FROM said GROUP BY book) AS by_book"#,
        user,
    )
    .fetch_one(db)
    .await?;
    match told {
        Value::Object(told) => Ok(told),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Ok(Map::new())
        }
    }
}

/// The page of one of the [`PAGED`] tables that begins behind a place, in the order of time.
pub async fn page(
    db: &mut PgConnection,
    user: Uuid,
    table: &str,
    behind: Option<Behind>,
) -> Result<Page, StoreError> {
    let behind =
        behind.unwrap_or(Behind { at: DateTime::UNIX_EPOCH - TimeDelta::days(365_000), key: String::new() });
    let rows = if table == READINGS {
        readings(db, user, &behind).await?
    } else {
        rows(db, user, table, &behind).await?
    };
    let is_full = i64::try_from(rows.len()).is_ok_and(|rows| rows == PAGE);
    let next = rows.last().filter(|_| is_full).map(|row| Behind { at: row.at, key: row.key.clone() });
    Ok(Page { rows: rows.into_iter().map(|row| row.fields).collect(), next })
}

struct Row {
    at: DateTime<Utc>,
    key: String,
    fields: Value,
}

async fn rows(
    db: &mut PgConnection,
    user: Uuid,
    table: &str,
    behind: &Behind,
) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"WITH own AS (
             SELECT id FROM cars WHERE user_id = $1
           ), vehicle AS (
             SELECT id FROM smartcar_vehicles WHERE car_id IN (SELECT id FROM own) OR user_id = $1
           )
           SELECT at AS "at!", key AS "key!", fields - 'digest' AS "fields!"
           FROM (
             SELECT entry_date::timestamptz AS at, id::text AS key, to_jsonb(one) AS fields FROM meter_entries AS one
               WHERE $2 = 'meter_entries' AND car_id IN (SELECT id FROM own)
             UNION ALL SELECT filled_at::timestamptz, id::text, to_jsonb(one) FROM fuel_entries AS one
               WHERE $2 = 'fuel_entries' AND car_id IN (SELECT id FROM own)
             UNION ALL SELECT started_at, id::text, to_jsonb(one) FROM charging_sessions AS one
               WHERE $2 = 'charging_sessions' AND car_id IN (SELECT id FROM own)
             UNION ALL SELECT started_at, id::text, to_jsonb(one) FROM trips AS one
               WHERE $2 = 'trips' AND car_id IN (SELECT id FROM own)
             UNION ALL SELECT coalesce(occurred_at, created_at)::timestamptz, id::text, to_jsonb(one) FROM expenses AS one
               WHERE $2 = 'expenses' AND car_id IN (SELECT id FROM own)
             UNION ALL SELECT coalesce(occurred_at, created_at)::timestamptz, id::text, to_jsonb(one) FROM issues AS one
               WHERE $2 = 'issues' AND car_id IN (SELECT id FROM own)
             UNION ALL SELECT estimated_for, id::text, to_jsonb(one) FROM battery_estimates AS one
               WHERE $2 = 'battery_estimates' AND car_id IN (SELECT id FROM own)
             UNION ALL SELECT at, id::text, to_jsonb(one) FROM geofence_events AS one
               WHERE $2 = 'geofence_events' AND car_id IN (SELECT id FROM own)
             UNION ALL SELECT at, id::text, to_jsonb(one) FROM alerts AS one
               WHERE $2 = 'alerts' AND car_id IN (SELECT id FROM own)
             UNION ALL SELECT created_at, alert_id::text, to_jsonb(one) FROM notifications AS one
               WHERE $2 = 'notifications' AND user_id = $1
             UNION ALL SELECT at, id::text, to_jsonb(one) FROM decisions AS one
               WHERE $2 = 'decisions' AND car_id IN (SELECT id FROM own)
             UNION ALL SELECT changed_at, id::text, to_jsonb(one) FROM entry_history AS one
               WHERE $2 = 'entry_history' AND car_id IN (SELECT id FROM own)
             UNION ALL SELECT attached_at, id::text, to_jsonb(one) FROM attached_lines AS one
               WHERE $2 = 'attached_lines' AND car_id IN (SELECT id FROM own)
             UNION ALL SELECT import.imported_at, import.id::text || one.row_id, to_jsonb(one)
               FROM book_import_rows AS one JOIN book_imports AS import ON import.id = one.import_id
               WHERE $2 = 'book_import_rows' AND import.car_id IN (SELECT id FROM own)
             UNION ALL SELECT sent_at, id::text, to_jsonb(one) FROM command_log AS one
               WHERE $2 = 'command_log' AND (user_id = $1 OR car_id IN (SELECT id FROM own))
             UNION ALL SELECT at, id::text, to_jsonb(one) FROM quarantined_readings AS one
               WHERE $2 = 'quarantined_readings' AND vehicle_id IN (SELECT id FROM vehicle)
             UNION ALL SELECT coalesce(synced_at, 'epoch')::timestamptz, id::text, to_jsonb(one) FROM smartcar_sync_logs AS one
               WHERE $2 = 'smartcar_sync_logs' AND smartcar_vehicle_id IN (SELECT id FROM vehicle)
             UNION ALL SELECT at, id::text, to_jsonb(one) FROM consents AS one
               WHERE $2 = 'consents' AND user_id = $1
           ) AS said
           WHERE (at, key) > ($3, $4) ORDER BY at, key LIMIT $5"#,
        user,
        table,
        behind.at,
        behind.key,
        PAGE,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// Readings are many: a car's stretch of time is read by the table's own key. A person's cars are few.
async fn readings(db: &mut PgConnection, user: Uuid, behind: &Behind) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT said.at AS "at!", said.key AS "key!", said.fields AS "fields!"
           FROM smartcar_vehicles AS vehicle
           JOIN cars AS car ON car.id = vehicle.car_id
           CROSS JOIN LATERAL (
             SELECT one.at, concat_ws(' ', one.vehicle_id, one.signal, one.value_hash) AS key,
               to_jsonb(one) - 'value_hash' AS fields
             FROM readings AS one
             WHERE one.vehicle_id = vehicle.id AND one.at >= $2
               AND (one.at, concat_ws(' ', one.vehicle_id, one.signal, one.value_hash)) > ($2, $3)
             -- All of the last moment of a page are looked at again for the next one: they are few.
             ORDER BY one.at, key LIMIT $4
           ) AS said
           WHERE car.user_id = $1 ORDER BY said.at, said.key LIMIT $4"#,
        user,
        behind.at,
        behind.key,
        PAGE,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::erasure::{FATES, Fate, Person};

    #[tokio::test]
    async fn a_person_is_told_everything_that_names_them_and_nothing_of_others_and_no_secret() {
        let database = harness::database().await;
        let db = &mut database.pool.acquire().await.unwrap();
        let (ann, bob) = (Person::new(db, 1).await, Person::new(db, 2).await);
        let mut told = little(db, ann.user).await.unwrap();
        for table in PAGED {
            let page = page(db, ann.user, table, None).await.unwrap();
            assert_eq!(page.next, None);
            told.insert(table.to_owned(), page.rows.into());
        }
        let empty: Vec<_> = told.iter().filter(|(_, rows)| **rows == Value::Array(Vec::new())).collect();
        assert!(empty.is_empty(), "{empty:?}");
        let there: BTreeSet<&str> = told.keys().map(String::as_str).chain(UNTOLD).collect();
        let somebodys = FATES.iter().filter(|(_, fate)| *fate != Fate::OfNobody).map(|(table, _)| *table);
        assert_eq!(there, somebodys.collect(), "each table is told, or said not to be");
        let told = Value::Object(told).to_string();
        for (name, id) in bob.ids() {
            assert!(!told.contains(&id.to_string()), "{name} of somebody else");
        }
        for secret in ["token\"", "_hash\"", "lease\""] {
            assert!(!told.contains(secret), "{secret}");
        }
    }

    #[tokio::test]
    async fn pages_follow_each_other_without_a_gap_and_without_a_double() {
        let database = harness::database().await;
        let db = &mut database.pool.acquire().await.unwrap();
        let ann = Person::new(db, 1).await;
        let many = PAGE * 2 + 7;
        // Many of one moment, and of another car of hers, too.
        for vehicle in [ann.vehicle, ann.former] {
            sqlx::query(
                "INSERT INTO readings SELECT $1, timestamptz '2026-02-03Z' + i / 700 * interval '1 second', 's', 'number', i, i, 'oem', false
                 FROM generate_series(1, $2) AS i",
            )
            .bind(vehicle)
            .bind(many)
            .execute(&mut **db)
            .await
            .unwrap();
        }
        let (mut behind, mut seen, mut count) = (None, BTreeSet::new(), 0);
        loop {
            let page = page(db, ann.user, READINGS, behind).await.unwrap();
            count += page.rows.len();
            seen.extend(page.rows.iter().map(Value::to_string));
            behind = page.next;
            if behind.is_none() {
                break;
            }
        }
        let expected = usize::try_from(2 * many + 2).unwrap();
        assert_eq!((count, seen.len()), (expected, expected));
    }
}
