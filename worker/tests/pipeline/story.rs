//! Days of cars in words, the people they belong to, and all books that follow from them.

use std::collections::BTreeSet;

use broker::message::DeliveryV1;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::support::{Car, Pipeline, delivery, signal};

/// The tables of what follows from readings.
const BOOKS: [&str; 10] = [
    "meter_entries",
    "quarantined_readings",
    "issues",
    "fuel_entries",
    "charging_sessions",
    "expenses",
    "trips",
    "battery_estimates",
    "geofence_events",
    "alerts",
];

/// Some days with an entry of nearly each kind.
pub const DAYS: &str = "
    0d 08:00 km 1000 fuel 40 soc 60 at 5000
    0d 08:30 km 1030 fuel 36 soc 50 at 30000
    0d 08:45 km 1030 fuel 80
    0d 12:00 km 1060 fuel 76 soc 40 at 5000
    0d 12:30 km 1060 at 5000
    0d 17:50 km 1065 at 0
    0d 18:00 km 1065 soc 40 at 0 plug yes charging yes kwh 0
    0d 20:00 soc 60 kwh 12 charging yes
    0d 22:00 soc 70 kwh 18 charging no
    1d 07:00 plug no km 1065
    1d 08:00 km 1095 soc 65 at 5000
    1d 08:30 km 1095 at 5000
    3d 08:00 km 1095 soc 65
    5d 08:00 km 1095 soc 80 at 5000
    6d 08:00 km 1095 soc 80 at 9000
";

/// What a household has beside its car: always the same one in each database.
fn thing_of(car: &Car, number: u128) -> Uuid {
    Uuid::from_u128(car.vehicle.as_u128() ^ number)
}

/// A car whose people told all that they know: a tank of 50 litres, a battery of 60 kWh, a home at 0 m and a shop at 5 km, 0.30
/// EUR a kilowatt hour.
pub async fn household(pipeline: &Pipeline, car: &Car) {
    household_with(pipeline, car, "plug-in hybrid").await;
}

pub async fn household_with(pipeline: &Pipeline, car: &Car, powertrain: &str) {
    pipeline.add(car).await;
    let [home, shop, tariff] = [1, 2, 3].map(|number| thing_of(car, number));
    let script = format!(
        "UPDATE cars SET make = 'VOLVO', powertrain = '{powertrain}', tank_capacity_l = 50, battery_usable_kwh = 60
         WHERE id = '{car}';
         INSERT INTO user_preferences (user_id, currency, time_zone)
         SELECT user_id, 'EUR', 'Europe/Berlin' FROM cars WHERE id = '{car}';
         INSERT INTO geofences (id, user_id, name, latitude, longitude, radius_m)
         SELECT place.id::uuid, user_id, place.name, 0, 10 + place.metres / 111195.0, 150
         FROM cars, (VALUES ('{home}', 'home', 0), ('{shop}', 'shop', 5000)) AS place (id, name, metres)
         WHERE cars.id = '{car}';
         INSERT INTO tariffs (id, user_id, name, is_default) SELECT '{tariff}', user_id, 'city', true
         FROM cars WHERE id = '{car}';
         INSERT INTO tariff_versions (id, tariff_id, valid_from, currency, zone, parts)
         VALUES ('{tariff}', '{tariff}', 'epoch', 'EUR', 'Europe/Berlin', '{parts}');",
        car = car.id,
        parts = json!({ "energy": [{ "perKwh": 0.3 }], "meter": "battery" }),
    );
    sqlx::raw_sql(AssertSqlSafe(script)).execute(pipeline.pool()).await.unwrap();
    pipeline.connect(car).await;
    sqlx::query("UPDATE smartcar_vehicles SET location_consent = true")
        .execute(pipeline.pool())
        .await
        .unwrap();
}

/// One line a delivery.
pub fn deliveries(car: &Car, story: &str) -> Vec<DeliveryV1> {
    lines(story).iter().map(|line| delivery(car, &json!(signals(line)))).collect()
}

pub fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// Lines that went (`-`) and lines that came (`+`).
pub fn changes(before: &[String], after: &[String]) -> Vec<String> {
    let gone = before.iter().filter(|line| !after.contains(line)).map(|line| format!("- {line}"));
    gone.chain(after.iter().filter(|line| !before.contains(line)).map(|line| format!("+ {line}"))).collect()
}

/// `<day>d <hh:mm>` and what the car said then, in pairs: `km`, `fuel` and `soc` (percent), `kwh` (added), `charging` and `plug`
/// (`yes`, `no`), `at` (metres east of home).
pub fn signals(line: &str) -> Vec<Value> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (hours, minutes) = words[1].split_once(':').unwrap();
    let day: i64 = words[0].trim_end_matches('d').parse().unwrap();
    let minute = day * 1440 + hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap();
    words[2..].chunks(2).map(|pair| said(minute, pair[0], pair[1])).collect()
}

fn said(minute: i64, word: &str, value: &str) -> Value {
    let number = || value.parse::<f64>().unwrap();
    let flag = || value == "yes";
    let (code, body) = match word {
        "km" => ("odometer-traveleddistance", json!({ "value": number(), "unit": "km" })),
        "fuel" => ("internalcombustionengine-fuellevel", json!({ "value": number(), "unit": "percent" })),
        "soc" => ("tractionbattery-stateofcharge", json!({ "value": number(), "unit": "percent" })),
        "kwh" => ("charge-energyadded", json!({ "value": number(), "unit": "kWh" })),
        "charging" => ("charge-ischarging", json!({ "value": flag() })),
        "plug" => ("charge-ischargingcableconnected", json!({ "value": flag() })),
        "at" => {
            let place = json!({ "latitude": 0.000_001, "longitude": 10.0 + number() / 111_195.0 });
            ("location-preciselocation", place)
        }
        other => panic!("no such word in a story: {other}"),
    };
    signal(code, minute, &body)
}

impl Pipeline {
    /// Delivers and waits until it is handled.
    pub async fn tell(&self, car: &Car, story: &str) {
        self.tell_all(&deliveries(car, story)).await;
    }

    /// All lines in one delivery.
    pub async fn tell_at_once(&self, car: &Car, story: &str) {
        let said: Vec<Value> = lines(story).iter().flat_map(|line| signals(line)).collect();
        self.tell_all(&[delivery(car, &json!(said))]).await;
    }

    pub async fn tell_all(&self, deliveries: &[DeliveryV1]) {
        let different: BTreeSet<&str> = deliveries.iter().map(|one| one.event_id.as_str()).collect();
        let before = self.count("SELECT count(*) FROM webhook_events").await;
        self.deliver(deliveries).await;
        self.until("SELECT count(*) FROM webhook_events", before + i64::try_from(different.len()).unwrap())
            .await;
    }

    /// Everything that was derived, but for the moments at which it was written down.
    pub async fn books(&self) -> Vec<String> {
        self.of_all("to_jsonb(row) - 'created_at'").await
    }

    /// Folds the car from its very first reading on, which must write nothing.
    pub async fn replay_in_vain(&self, car: &Car) {
        let (books, writes) = (self.books().await, self.writes().await);
        self.replay_all(car).await;
        let again = self.writes().await;
        for ((before, after), book) in writes.iter().zip(&again).zip(&books) {
            assert_eq!(before, after, "a replay wrote what was there: {book}");
        }
    }

    /// Changes with every write to any row of the books, also one that changes nothing in it.
    pub async fn writes(&self) -> Vec<String> {
        self.of_all("jsonb_build_array(row.id, row.xmin::text)").await
    }

    async fn of_all(&self, what: &str) -> Vec<String> {
        let mut books = Vec::new();
        for table in BOOKS {
            let sql =
                format!("SELECT coalesce(jsonb_agg({what} ORDER BY id), '[]')::text FROM {table} AS row");
            let rows: String = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(self.pool()).await.unwrap();
            books.push(format!("{table} {rows}"));
        }
        books
    }

    /// What people read of a car beside its mileage, oldest first. A `*` marks what is a person's.
    pub async fn read(&self, car: &Car) -> Vec<String> {
        self.strings(
            "SELECT concat_ws(' ', to_char(at - '2026-02-16Z'::timestamptz, 'DD\"d\" HH24:MI'), said,
               CASE WHEN state IN ('candidate', 'hidden') THEN state END) || CASE WHEN evidence_until IS NULL THEN ' *' ELSE '' END
             FROM (
               SELECT car_id, filled_at AS at, id, state, evidence_until,
                 concat_ws(' ', 'filled', trim_scale(litres) || ' l', trim_scale(total_cost) || ' ' || currency, notes) AS said
               FROM fuel_entries
               UNION ALL SELECT car_id, started_at, id, state::text, evidence_until,
                 concat_ws(' ', 'charged', trim_scale(energy_kwh) || ' kWh', trim_scale(cost) || ' ' || currency,
                   CASE WHEN ended_at IS NULL THEN 'going on' END, notes)
               FROM charging_sessions
               UNION ALL SELECT car_id, occurred_at, id, NULL, evidence_until, concat_ws(' ', 'expense', trim_scale(amount), currency,
                 nullif(notes, 'Charging, synced from Smartcar'))
               FROM expenses
               UNION ALL SELECT car_id, started_at, id, state::text, evidence_until,
                 concat_ws(' ', CASE what WHEN 'drive' THEN 'drove' ELSE 'moved' END, trim_scale(distance_km) || ' km', purpose,
                   CASE WHEN ended_at IS NULL THEN 'going on' END, notes)
               FROM trips
               UNION ALL SELECT car_id, estimated_for, id, NULL, evidence_until,
                 concat_ws(' ', 'battery', trim_scale(usable_kwh), '±', trim_scale(plus_minus_kwh), 'of', sessions)
               FROM battery_estimates
               UNION ALL SELECT car_id, at, id, NULL, evidence_until, concat_ws(' ', passage, name) FROM geofence_events
               UNION ALL SELECT car_id, at, id, NULL, evidence_until, concat_ws(' ', 'alert', kind) FROM alerts
             ) AS entry WHERE car_id = $1 ORDER BY at, said, id",
            car,
        )
        .await
    }

    /// What was kept of what rows said before, sorted.
    pub async fn history(&self, car: &Car) -> Vec<String> {
        self.strings(
            "SELECT concat_ws(' ', what, kind, before ->> 'litres', before ->> 'energy_kwh', before ->> 'amount', before ->> 'distance_km',
               before ->> 'passage', before ->> 'kind', before ->> 'usable_kwh')
             FROM entry_history WHERE car_id = $1 AND kind <> 'meter_entries' ORDER BY 1",
            car,
        )
        .await
    }

    /// The ids of one book of a car, by time.
    pub async fn ids(&self, table: &str, car: &Car) -> Vec<Uuid> {
        let sql = format!("SELECT id FROM {table} WHERE car_id = $1 ORDER BY evidence_until, id");
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(car.id).fetch_all(self.pool()).await.unwrap()
    }

    async fn strings(&self, sql: &'static str, car: &Car) -> Vec<String> {
        sqlx::query_scalar(sql).bind(car.id).fetch_all(self.pool()).await.unwrap()
    }

    /// What the scheduler's job does, until nothing is left to do.
    pub async fn replay(&self, car: &Car) {
        intake::replay::replay(self.pool(), car.vehicle, runtime::clock::now()).await.unwrap();
        assert_eq!(self.count("SELECT count(*) FROM dirty_vehicles").await, 0);
    }

    /// Folds the car from its very first reading on.
    pub async fn replay_all(&self, car: &Car) {
        let since = intake::replay::Since::TheStart;
        intake::replay::from(self.pool(), car.vehicle, since, runtime::clock::now()).await.unwrap();
    }

    /// Writes as Carvetka's own pages do.
    pub async fn person(&self, sql: &str) {
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(self.pool()).await.unwrap();
    }
}
