//! Two people with a car each, of whom every table holds something; one of them wants it all gone.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::AssertSqlSafe;

use super::*;
use crate::act_as_machine;
use crate::vehicles;

const PRIVACY: &str = include_str!("../../../../docs/privacy.md");

/// What every table holds of a car. `$car$` and the other words in `$`s are ids of it and of its person, `$number$` tells the
/// cars apart.
const FILL: &str = include_str!("fill.sql");

pub(crate) struct Person {
    number: u32,
    car: Uuid,
    pub vehicle: Uuid,
    pub former: Uuid,
    smartcar: Uuid,
    smartcar_user: Uuid,
    grant: Uuid,
    pub user: Uuid,
}

fn now() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

async fn tables(db: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace
           AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname COLLATE \"C\"",
    )
    .fetch_all(db)
    .await
    .unwrap()
}

/// Every row of every table in which one of these stands, as text or as bytes.
async fn rows(db: &mut PgConnection, words: &[String]) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for table in tables(db).await {
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT one::text FROM {table} AS one WHERE EXISTS (SELECT FROM unnest($1::text[]) AS word
               WHERE position(word IN one::text) > 0 OR position(encode(word::bytea, 'hex') IN one::text) > 0)
             ORDER BY 1"
        )))
        .bind(words)
        .fetch_all(&mut *db)
        .await
        .unwrap();
        if !rows.is_empty() {
            found.insert(table, rows);
        }
    }
    found
}

impl Person {
    pub async fn new(db: &mut PgConnection, number: u32) -> Self {
        let [car, vehicle, former, smartcar, smartcar_user, grant, user] = [(); 7].map(|()| Uuid::new_v4());
        let person = Self { number, car, vehicle, former, smartcar, smartcar_user, grant, user };
        let mut script = FILL.replace("$number$", &number.to_string());
        for (name, id) in person.ids() {
            script = script.replace(&format!("${name}$"), &id.to_string());
        }
        sqlx::raw_sql(AssertSqlSafe(script)).execute(db).await.unwrap();
        person
    }

    pub fn ids(&self) -> [(&'static str, Uuid); 7] {
        [
            ("car", self.car),
            ("vehicle", self.vehicle),
            ("former", self.former),
            ("smartcar", self.smartcar),
            ("smartcar_user", self.smartcar_user),
            ("grant", self.grant),
            ("user", self.user),
        ]
    }

    /// All rows that are about this person or their car.
    async fn all(&self, db: &mut PgConnection) -> BTreeMap<String, Vec<String>> {
        let ids: Vec<String> = self.ids().iter().map(|(_, id)| id.to_string()).collect();
        rows(db, &ids).await
    }

    /// All rows that name the connection, or hold a position that only the car can have told.
    async fn told(&self, db: &mut PgConnection) -> BTreeMap<String, Vec<String>> {
        let mut words: Vec<String> =
            [self.vehicle, self.former, self.smartcar, self.smartcar_user].map(|id| id.to_string()).into();
        words.push(format!("47.1234{}", self.number));
        rows(db, &words).await
    }

    async fn erase(&self, db: &mut PgConnection) -> Erased {
        let mut tx = sqlx::Connection::begin(db).await.unwrap();
        act_as_machine(&mut tx).await.unwrap();
        vehicles::lock(&mut tx, &[self.vehicle, self.former]).await.unwrap();
        let erased = erase(&mut tx, self.car, now()).await.unwrap();
        tx.commit().await.unwrap();
        erased
    }
}

fn with(fate: Fate) -> BTreeSet<&'static str> {
    FATES.iter().filter(|(_, its)| *its == fate).map(|(table, _)| *table).collect()
}

#[tokio::test]
async fn somebody_decided_about_every_table() {
    let database = harness::database().await;
    let there = tables(&mut database.pool.acquire().await.unwrap()).await;
    let decided: Vec<&str> = FATES.iter().map(|(table, _)| *table).collect();
    assert_eq!(there, decided, "write what becomes of it into fates.rs, fill.sql and docs/privacy.md");
    let untold: Vec<&str> =
        decided.into_iter().filter(|table| !PRIVACY.contains(&format!("`{table}`"))).collect();
    assert!(untold.is_empty(), "docs/privacy.md says nothing of {untold:?}");
}

#[tokio::test]
async fn a_table_that_names_somebody_is_not_called_nobodys() {
    let database = harness::database().await;
    let naming: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT table_name::text FROM information_schema.columns
         WHERE table_schema = current_schema() AND data_type IN ('uuid', 'text')
           AND column_name ~ '^(car|user|vehicle|source|smartcar_vehicle|smartcar_user|external)_id$'",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    let nobodys = with(Fate::OfNobody);
    let wrong: Vec<&String> = naming.iter().filter(|table| nobodys.contains(table.as_str())).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[tokio::test]
async fn nothing_is_left_of_what_the_car_told_and_nothing_else_changes() {
    let database = harness::database().await;
    let db = &mut database.pool.acquire().await.unwrap();
    let (ann, bob) = (Person::new(db, 1).await, Person::new(db, 2).await);
    let (before, bobs) = (ann.all(db).await, bob.all(db).await);
    let filled: BTreeSet<&str> = before.keys().map(String::as_str).collect();
    let expected: BTreeSet<&str> =
        FATES.iter().filter(|(_, fate)| *fate != Fate::OfNobody).map(|(table, _)| *table).collect();
    let missing: Vec<_> = expected.difference(&filled).collect();
    assert!(missing.is_empty(), "fill.sql puts nothing into {missing:?}");

    let erased = ann.erase(db).await;
    assert!(erased.entries >= 9 && erased.readings == 2 && erased.events == 4, "{erased:?}");

    let left = ann.told(db).await;
    let kept: BTreeSet<&str> = left.keys().map(String::as_str).collect();
    assert!(kept.is_subset(&with(Fate::Expires)), "{left:#?}");
    let after = ann.all(db).await;
    for table in with(Fate::Goes) {
        assert!(!after.contains_key(table), "{table}: {:#?}", after[table]);
    }
    for table in with(Fate::Stays) {
        let had = before.get(table).map_or(0, Vec::len);
        assert!(after.get(table).map_or(0, Vec::len) >= had, "{table}");
    }
    // By fill.sql: what was typed, and what was taken over; of decisions, that the counter was changed.
    for (table, rows) in [
        ("meter_entries", 2),
        ("fuel_entries", 2),
        ("charging_sessions", 2),
        ("trips", 2),
        ("expenses", 2),
        ("issues", 1),
        ("decisions", 1),
        ("entry_history", 1),
        ("attached_lines", 1),
        ("book_import_rows", 2),
    ] {
        assert_eq!(after.get(table).map_or(0, Vec::len), rows, "{table}: {:#?}", after.get(table));
    }
    assert_eq!(bob.all(db).await, bobs, "somebody else's rows changed");
}

#[tokio::test]
async fn erasing_twice_is_erasing_once() {
    let database = harness::database().await;
    let db = &mut database.pool.acquire().await.unwrap();
    let ann = Person::new(db, 1).await;
    ann.erase(db).await;
    let after = ann.all(db).await;
    assert_eq!(ann.erase(db).await, Erased::default());
    assert_eq!(ann.all(db).await, after);
}

#[tokio::test]
async fn an_erased_vehicle_is_known_by_its_ids_and_by_nothing_else() {
    let database = harness::database().await;
    let db = &mut database.pool.acquire().await.unwrap();
    let ann = Person::new(db, 1).await;
    let key = |vehicle: Uuid, user: Option<Uuid>| VehicleKey {
        smartcar_vehicle_id: vehicle.to_string(),
        smartcar_user_id: user.map(|id| id.to_string()),
    };
    let (hers, anybodys) = (key(ann.smartcar, Some(ann.smartcar_user)), key(ann.smartcar, None));
    let (anothers, other) = (key(ann.smartcar, Some(Uuid::nil())), key(Uuid::nil(), Some(ann.smartcar_user)));
    let all = [&hers, &anybodys, &anothers, &other];
    assert!(erased(db, &all).await.unwrap().is_empty());
    ann.erase(db).await;
    let known = erased(db, &all).await.unwrap();
    assert_eq!(known, HashMap::from([(hers.clone(), now()), (anybodys.clone(), now())]));
}

#[tokio::test]
async fn a_car_that_is_deleted_from_its_garage_leaves_nothing_to_be_taken_up_again() {
    let database = harness::database().await;
    let db = &mut database.pool.acquire().await.unwrap();
    let ann = Person::new(db, 1).await;
    sqlx::query("DELETE FROM cars WHERE id = $1").bind(ann.car).execute(&mut **db).await.unwrap();
    let left = ann.told(db).await;
    let kept: BTreeSet<&str> = left.keys().map(String::as_str).collect();
    // Their bytes go with their day, and when a person settles them.
    let mut later = with(Fate::Expires);
    later.extend(["webhook_events", "parked_messages"]);
    assert!(kept.is_subset(&later), "{left:#?}");
    let key = VehicleKey { smartcar_vehicle_id: ann.smartcar.to_string(), smartcar_user_id: None };
    assert_eq!(erased(db, &[&key]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn who_leaves_altogether_leaves_nothing_that_names_them() {
    let database = harness::database().await;
    let db = &mut database.pool.acquire().await.unwrap();
    let (ann, bob) = (Person::new(db, 1).await, Person::new(db, 2).await);
    let bobs = bob.all(db).await;
    sqlx::query("DELETE FROM auth.users WHERE id = $1").bind(ann.user).execute(&mut **db).await.unwrap();
    let left = ann.all(db).await;
    let kept: BTreeSet<&str> = left.keys().map(String::as_str).collect();
    let mut later = with(Fate::Expires);
    later.extend(["webhook_events", "parked_messages"]);
    assert!(kept.is_subset(&later), "{left:#?}");
    assert_eq!(bob.all(db).await, bobs);
}
