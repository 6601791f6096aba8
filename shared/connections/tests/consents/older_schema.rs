//! On the database of a web app that is older than all this: nothing of its is lost, and everything works.

use broker::message::{DeliveryV1, Source};
use intake::{KnownReadings, Understood, batch};
use serde_json::json;
use sqlx::AssertSqlSafe;
use store::vehicles::connecting::{self, NewConnection};
use uuid::Uuid;

use crate::fixture::now;
use crate::rights::Own;

/// Written for this test after the manner of such apps: fewer columns, an enum without the machine's words, tokens beside
/// the vehicles, whole kilometres, days instead of moments, and rows that are there already.
const OLDER: &str = "
    CREATE SCHEMA auth;
    CREATE TABLE auth.users (id UUID PRIMARY KEY, email TEXT, encrypted_password TEXT);
    CREATE TYPE entry_source AS ENUM ('manual', 'receipt');
    CREATE TABLE cars (
      id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
      user_id UUID NOT NULL REFERENCES auth.users (id),
      name TEXT NOT NULL,
      license_plate TEXT
    );
    CREATE TABLE meter_entries (
      id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
      car_id UUID NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
      odometer_reading INTEGER NOT NULL,
      entry_date DATE NOT NULL,
      source_type entry_source NOT NULL DEFAULT 'manual',
      source_id UUID
    );
    CREATE TABLE issues (id UUID PRIMARY KEY DEFAULT gen_random_uuid(), car_id UUID NOT NULL, title TEXT NOT NULL, status TEXT);
    CREATE TABLE smartcar_vehicles (
      id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
      car_id UUID REFERENCES cars (id) ON DELETE CASCADE,
      user_id UUID REFERENCES auth.users (id) ON DELETE CASCADE,
      smartcar_vehicle_id TEXT NOT NULL UNIQUE,
      access_token TEXT NOT NULL,
      refresh_token TEXT NOT NULL,
      token_expires_at TIMESTAMPTZ NOT NULL,
      connected_at TIMESTAMPTZ DEFAULT now(),
      last_synced_at TIMESTAMPTZ,
      is_active BOOLEAN DEFAULT true
    );
    CREATE TABLE smartcar_sync_logs (
      id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
      smartcar_vehicle_id UUID REFERENCES smartcar_vehicles (id),
      sync_type TEXT NOT NULL,
      data JSONB NOT NULL,
      synced_at TIMESTAMPTZ DEFAULT now()
    );
    CREATE TABLE smartcar_webhook_events (
      id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
      event_type TEXT NOT NULL,
      vehicle_id TEXT NOT NULL,
      payload JSONB NOT NULL,
      processed BOOLEAN DEFAULT false
    );
    INSERT INTO auth.users (id) VALUES ('00000000-0000-0000-0000-00000000000a'), ('00000000-0000-0000-0000-00000000000b');
    INSERT INTO cars (id, user_id, name) VALUES
      ('00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-00000000000a', 'Clio'),
      ('00000000-0000-0000-0000-0000000000c2', '00000000-0000-0000-0000-00000000000b', 'Zoe');
    INSERT INTO meter_entries (car_id, odometer_reading, entry_date)
      VALUES ('00000000-0000-0000-0000-0000000000c1', 24000, '2026-01-01');
    INSERT INTO smartcar_vehicles (id, car_id, user_id, smartcar_vehicle_id, access_token, refresh_token, token_expires_at)
      VALUES ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000c1',
        '00000000-0000-0000-0000-00000000000a', 'sc-1', 'access', 'refresh', now());
    INSERT INTO smartcar_sync_logs (smartcar_vehicle_id, sync_type, data)
      VALUES ('00000000-0000-0000-0000-0000000000d1', 'odometer', '{}');
    INSERT INTO smartcar_webhook_events (event_type, vehicle_id, payload) VALUES ('odometer', 'sc-1', '{}');";

fn odometer(vehicle: &str, km: f64) -> DeliveryV1 {
    let at = now().timestamp_millis();
    let body = json!({
        "eventId": Uuid::new_v4(), "eventType": "VEHICLE_STATE",
        "data": { "user": { "id": "user-1" }, "vehicle": { "id": vehicle }, "signals": [{
            "code": "odometer-traveleddistance", "body": { "value": km, "unit": "km" },
            "meta": { "oemUpdatedAt": at, "retrievedAt": at }, "status": { "value": "SUCCESS" } }] },
        "triggers": [], "meta": { "version": "4.0" },
    });
    DeliveryV1::new(Uuid::new_v4().to_string(), now(), Source::Webhook, body.to_string().into_bytes())
}

async fn texts(own: &Own, sql: &str) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&own.pool).await.unwrap()
}

#[tokio::test]
async fn nothing_is_lost_and_a_delivery_ends_as_an_entry() {
    let own = Own::with(OLDER).await;
    let understood = Understood::of(odometer("sc-1", 25_000.0));
    let outcome = batch::handle(&own.pool, &KnownReadings::default(), &[&understood], now()).await.unwrap();
    assert_eq!(outcome.written.inserted, 1, "{outcome:?}");
    assert_eq!(
        texts(
            &own,
            "SELECT concat_ws(' ', entry_date, odometer_reading, source_type) FROM meter_entries ORDER BY 1"
        )
        .await,
        ["2026-01-01 24000 manual", "2026-02-16 25000 smartcar_sync"]
    );
    assert_eq!(texts(&own, "SELECT access_token FROM smartcar_vehicles").await, ["access"]);
    assert_eq!(texts(&own, "SELECT event_type FROM smartcar_webhook_events_before_sync").await, ["odometer"]);
    assert_eq!(texts(&own, "SELECT sync_type FROM smartcar_sync_logs").await.len(), 2);
    // A second time changes nothing.
    store::MIGRATIONS.run(&own.pool).await.unwrap();
    own.close().await;
}

#[tokio::test]
async fn a_car_is_connected_beside_those_that_the_older_app_had_connected() {
    let own = Own::with(OLDER).await;
    let (user, car): (Uuid, Uuid) = (Uuid::from_u128(0xb), Uuid::from_u128(0xc2));
    let grant = Uuid::new_v4();
    sqlx::query("INSERT INTO smartcar_grants (id, user_id, api_version, scopes) VALUES ($1, $2, 'v3', '{}')")
        .bind(grant)
        .bind(user)
        .execute(&own.pool)
        .await
        .unwrap();
    let mut db = own.pool.acquire().await.unwrap();
    let garage = connecting::garage(&mut db, user).await.unwrap();
    assert_eq!(garage.len(), 1);
    // The very vehicle that somebody else had connected: two consents, two connections.
    let new = NewConnection {
        car_id: car,
        user_id: user,
        smartcar_vehicle_id: "sc-1",
        smartcar_user_id: "user-2",
        grant_id: grant,
        location_consent: false,
        vin: None,
        make: Some("RENAULT"),
        model: None,
        year: None,
    };
    connecting::connect(&mut db, &new, None, now()).await.unwrap();
    drop(db);
    assert_eq!(
        texts(&own, "SELECT smartcar_user_id FROM smartcar_vehicles WHERE smartcar_user_id IS NOT NULL")
            .await,
        ["user-2"]
    );
    own.close().await;
}
