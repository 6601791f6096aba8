//! `smartcar_vehicles`: whose car a delivery is about, and the lock that makes its book one worker's at a time.

pub mod asking;
pub mod connecting;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// How a delivery names a vehicle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VehicleKey {
    pub smartcar_vehicle_id: String,
    /// Absent in deliveries that do not say whose consent they come from: then every connection is meant.
    pub smartcar_user_id: Option<String>,
}

/// A connection that deliveries of a key are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// `smartcar_vehicles.id`: *the* vehicle everywhere else in this crate.
    pub id: Uuid,
    pub car_id: Uuid,
    pub is_disconnected: bool,
    pub location_consent: bool,
    /// When it was (last) connected.
    pub since: Option<DateTime<Utc>>,
    /// To the minute: the newest delivery that was folded.
    pub last_heard: Option<DateTime<Utc>>,
}

impl Connection {
    /// Whether a delivery of this moment is worth a note of when the vehicle was last heard of: to the minute, so that
    /// a busy car does not cost a write each time.
    pub fn is_news(&self, heard: DateTime<Utc>) -> bool {
        self.last_heard.is_none_or(|last| heard - last > TimeDelta::minutes(1))
    }
}

/// For each key its connections: none if it is unknown, several if it names no user.
pub async fn resolve(db: &mut PgConnection, keys: &[VehicleKey]) -> Result<Vec<Vec<Connection>>, StoreError> {
    let vehicles: Vec<&str> = keys.iter().map(|key| key.smartcar_vehicle_id.as_str()).collect();
    let users: Vec<Option<&str>> = keys.iter().map(|key| key.smartcar_user_id.as_deref()).collect();
    let rows = sqlx::query!(
        r#"SELECT key.number AS "number!", vehicle.id, vehicle.car_id AS "car_id!", vehicle.location_consent, vehicle.last_synced_at, vehicle.connected_at AS since,
             vehicle.status = 'disconnected' OR NOT coalesce(vehicle.is_active, true) AS "is_disconnected!"
           FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS key (vehicle, "user", number)
           -- By index, whatever is known of the table: before anybody has counted its rows, a join would read them all.
           CROSS JOIN LATERAL (
             SELECT * FROM smartcar_vehicles AS named WHERE named.smartcar_vehicle_id COLLATE "C" = key.vehicle OFFSET 0
           ) AS vehicle
           WHERE vehicle.car_id IS NOT NULL
             AND (key."user" IS NULL OR vehicle.smartcar_user_id = key."user"
               -- A connection from before users were asked for, unless the user has one of their own.
               OR (vehicle.smartcar_user_id IS NULL AND NOT EXISTS (
                 SELECT FROM smartcar_vehicles AS own
                 WHERE own.smartcar_vehicle_id COLLATE "C" = key.vehicle AND own.smartcar_user_id = key."user" AND own.car_id IS NOT NULL)))
           ORDER BY key.number, vehicle.id"#,
        &vehicles as &[&str],
        &users as &[Option<&str>],
    )
    .fetch_all(db)
    .await?;
    let mut connections = vec![Vec::new(); keys.len()];
    for row in rows {
        // Ordinality counts from one.
        let place = usize::try_from(row.number - 1).ok().and_then(|index| connections.get_mut(index));
        if let Some(place) = place {
            place.push(Connection {
                id: row.id,
                car_id: row.car_id,
                is_disconnected: row.is_disconnected,
                location_consent: row.location_consent,
                since: row.since,
                last_heard: row.last_synced_at,
            });
        }
    }
    Ok(connections)
}

/// The connection of this id, if it still exists and belongs to a car.
pub async fn find(
    db: &mut PgConnection,
    vehicle: Uuid,
) -> Result<Option<(VehicleKey, Connection)>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT id, car_id AS "car_id!", location_consent, last_synced_at, connected_at AS since, smartcar_vehicle_id, smartcar_user_id,
             status = 'disconnected' OR NOT coalesce(is_active, true) AS "is_disconnected!"
           FROM smartcar_vehicles WHERE id = $1 AND car_id IS NOT NULL"#,
        vehicle,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let key = VehicleKey {
            smartcar_vehicle_id: row.smartcar_vehicle_id,
            smartcar_user_id: row.smartcar_user_id,
        };
        let connection = Connection {
            id: row.id,
            car_id: row.car_id,
            is_disconnected: row.is_disconnected,
            location_consent: row.location_consent,
            since: row.since,
            last_heard: row.last_synced_at,
        };
        (key, connection)
    }))
}

/// Locks the vehicles until the transaction ends. Everyone locks in the order of the keys.
///
/// Not `SELECT … FOR UPDATE` of a state: a car that we hear of for the first time has no row to lock, and two
/// workers would both start from nothing.
pub async fn lock(db: &mut PgConnection, vehicles: &[Uuid]) -> Result<(), StoreError> {
    let mut keys: Vec<i64> = vehicles.iter().map(lock_key).collect();
    keys.sort_unstable();
    keys.dedup();
    // The function is called row by row in the order of the array.
    sqlx::query!("SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key", &keys)
        .fetch_all(db)
        .await?;
    Ok(())
}

/// Locks those of the vehicles that nobody else has locked, until the transaction ends, and says which these are. For
/// work that can wait: it keeps nobody waiting who is folding.
pub async fn try_lock(db: &mut PgConnection, vehicles: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
    let keys: Vec<i64> = vehicles.iter().map(lock_key).collect();
    let locked = sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock(key) AS "locked!" FROM unnest($1::bigint[]) AS key"#,
        &keys
    )
    .fetch_all(db)
    .await?;
    Ok(vehicles.iter().zip(locked).filter_map(|(vehicle, locked)| locked.then_some(*vehicle)).collect())
}

/// Notes when each vehicle was last heard of; the newest moment of several counts. Call it for [news](Connection::is_news).
pub async fn touch(db: &mut PgConnection, heard: &[(Uuid, DateTime<Utc>)]) -> Result<(), StoreError> {
    let (ids, times): (Vec<Uuid>, Vec<DateTime<Utc>>) = heard.iter().copied().unzip();
    sqlx::query!(
        "UPDATE smartcar_vehicles AS vehicle SET last_synced_at = heard.at
         FROM (SELECT id, max(at) AS at FROM unnest($1::uuid[], $2::timestamptz[]) AS one (id, at) GROUP BY id) AS heard
         WHERE vehicle.id = heard.id AND (vehicle.last_synced_at IS NULL OR vehicle.last_synced_at < heard.at)",
        &ids,
        &times,
    )
    .execute(db)
    .await?;
    Ok(())
}

fn lock_key(vehicle: &Uuid) -> i64 {
    let (high, low) = vehicle.as_u64_pair();
    (high ^ low).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_takes_a_vehicle_away_waits_for_the_same_lock() {
        let database = harness::database().await;
        for _ in 0..20 {
            let vehicle = Uuid::new_v4();
            let key: i64 = sqlx::query_scalar("SELECT carvetka_vehicle_lock($1)")
                .bind(vehicle)
                .fetch_one(&database.pool)
                .await
                .unwrap();
            assert_eq!(key, lock_key(&vehicle));
        }
    }

    /// How often the transaction read all vehicles, and how often it asked an index for some.
    async fn looks(db: &mut PgConnection) -> (i64, i64) {
        let looks =
            "SELECT seq_scan, idx_scan FROM pg_stat_xact_user_tables WHERE relname = 'smartcar_vehicles'";
        sqlx::query_as(looks).fetch_one(db).await.unwrap()
    }

    #[tokio::test]
    async fn vehicles_are_found_by_index_before_anybody_has_counted_them() {
        const VEHICLES: usize = 3_000;
        let database = harness::database().await;
        let mut tx = database.pool.begin().await.unwrap();
        // Nobody counts what is not committed.
        sqlx::query(
            "WITH person AS (INSERT INTO auth.users DEFAULT VALUES RETURNING id), cars AS (
               INSERT INTO cars (user_id, name)
               SELECT person.id, 'car' FROM person, generate_series(1, $1)
               RETURNING id)
             INSERT INTO smartcar_vehicles (car_id, smartcar_vehicle_id, smartcar_user_id) SELECT id, id::text, id::text FROM cars",
        )
        .bind(i32::try_from(VEHICLES).unwrap())
        .execute(&mut *tx)
        .await
        .unwrap();
        let counted: f32 =
            sqlx::query_scalar("SELECT reltuples FROM pg_class WHERE relname = 'smartcar_vehicles'")
                .fetch_one(&mut *tx)
                .await
                .unwrap();
        assert!(counted <= 0.0, "{counted} were counted");
        let ids: Vec<String> =
            sqlx::query_scalar("SELECT smartcar_vehicle_id FROM smartcar_vehicles LIMIT 200")
                .fetch_all(&mut *tx)
                .await
                .unwrap();
        let keys: Vec<VehicleKey> = ids
            .into_iter()
            .map(|id| VehicleKey { smartcar_user_id: Some(id.clone()), smartcar_vehicle_id: id })
            .collect();
        let before = looks(&mut tx).await;
        // More often than PostgreSQL plans a question anew.
        for _ in 0..8 {
            let found = resolve(&mut tx, &keys).await.unwrap();
            assert!(found.len() == keys.len() && found.iter().all(|one| one.len() == 1));
        }
        let after = looks(&mut tx).await;
        assert_eq!(after.0, before.0, "all vehicles were read");
        assert!(after.1 > before.1, "{before:?}, {after:?}");
    }
}
