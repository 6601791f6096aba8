//! `vehicle_states`: where each car's fold stands, and in which state its days ended.

mod memory;

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::RULES_VERSION;
use domain::fold::{Sighting, VehicleState};
use domain::timeline::{Head, Settled};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::book::Remembered;

/// A stored head, or the reason why it cannot be folded on.
#[derive(Debug)]
pub enum StoredHead {
    Current {
        head: Box<Head>,
        remembered: Remembered,
    },
    /// Other rules folded it (or this program cannot read it): the car has to be replayed from its readings.
    OtherRules {
        rules_version: i32,
    },
}

/// The heads of these vehicles. A vehicle of which nothing is known has none.
pub async fn heads(
    db: &mut PgConnection,
    vehicles: &[Uuid],
) -> Result<HashMap<Uuid, StoredHead>, StoreError> {
    let rows = sqlx::query_as!(
        StoredRow,
        r#"SELECT head.vehicle_id, head.settled_until, head.rules_version, head.memory, head.state::text AS "state!",
             head.tail::text AS "tail!"
           FROM unnest($1::uuid[]) AS wanted (id)
           CROSS JOIN LATERAL (
             SELECT * FROM vehicle_states WHERE vehicle_id = wanted.id ORDER BY day DESC LIMIT 1
           ) AS head"#,
        vehicles,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.vehicle_id, row.head())).collect())
}

/// For each vehicle the newest state that was settled before a day, by the rules of today. None if there is
/// none: then the fold begins with the empty state.
pub async fn before(
    db: &mut PgConnection,
    days: &[(Uuid, NaiveDate)],
) -> Result<HashMap<Uuid, Settled>, StoreError> {
    let (vehicles, days): (Vec<Uuid>, Vec<NaiveDate>) = days.iter().copied().unzip();
    let rows = sqlx::query_as!(
        StoredRow,
        r#"SELECT newest.vehicle_id, newest.settled_until, newest.rules_version, newest.memory,
             newest.state::text AS "state!", newest.tail::text AS "tail!"
           FROM unnest($1::uuid[], $2::date[]) AS wanted (id, day)
           CROSS JOIN LATERAL (
             SELECT * FROM vehicle_states
             WHERE vehicle_id = wanted.id AND day < wanted.day AND rules_version = $3
             ORDER BY day DESC LIMIT 1
           ) AS newest"#,
        &vehicles,
        &days,
        RULES_VERSION,
    )
    .fetch_all(db)
    .await?;
    // One that cannot be read is as good as none: the fold begins with the first reading then.
    Ok(rows.into_iter().filter_map(|row| Some((row.vehicle_id, row.read()?.0.settled))).collect())
}

/// The oldest state of today's rules that was settled at this moment or later; none if there is none.
pub async fn first_since(
    db: &mut PgConnection,
    vehicle: Uuid,
    moment: DateTime<Utc>,
) -> Result<Option<Settled>, StoreError> {
    let row = sqlx::query_as!(
        StoredRow,
        r#"SELECT vehicle_id, settled_until, rules_version, memory, state::text AS "state!", tail::text AS "tail!"
           FROM vehicle_states
           WHERE vehicle_id = $1 AND settled_until >= $2 AND rules_version = $3
           ORDER BY day LIMIT 1"#,
        vehicle,
        moment,
        RULES_VERSION,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.and_then(|row| row.read()).map(|(head, _)| head.settled))
}

/// A row of the table to be.
#[derive(Debug)]
struct NewRow {
    vehicle: Uuid,
    day: NaiveDate,
    until: Option<DateTime<Utc>>,
    memory: Vec<u8>,
}

/// What one vehicle's fold left to be kept.
#[derive(Debug)]
pub struct Kept<'a> {
    pub vehicle: Uuid,
    /// The state in which the fold began.
    pub start: &'a Settled,
    /// That was the head: no later day is stored.
    pub began_at_head: bool,
    pub days: &'a [Settled],
    pub head: &'a Head,
    pub remembered: Remembered,
}

/// Keeps the states. Rows of the same day are replaced, and later days that this fold did not come by are
/// forgotten: what had happened on them was taken back.
pub async fn save(db: &mut PgConnection, kept: &[Kept<'_>]) -> Result<(), StoreError> {
    let mut rows = Vec::new();
    for one in kept {
        rows.extend(one.rows()?);
    }
    let vehicles: Vec<Uuid> = rows.iter().map(|row| row.vehicle).collect();
    let days: Vec<NaiveDate> = rows.iter().map(|row| row.day).collect();
    let untils: Vec<Option<DateTime<Utc>>> = rows.iter().map(|row| row.until).collect();
    let memories: Vec<&[u8]> = rows.iter().map(|row| row.memory.as_slice()).collect();
    sqlx::query!(
        "INSERT INTO vehicle_states (vehicle_id, day, settled_until, rules_version, memory)
         SELECT vehicle_id, day, settled_until, $5, memory
         FROM unnest($1::uuid[], $2::date[], $3::timestamptz[], $4::bytea[])
           AS one (vehicle_id, day, settled_until, memory)
         ON CONFLICT (vehicle_id, day) DO UPDATE
           SET settled_until = excluded.settled_until, rules_version = excluded.rules_version, memory = excluded.memory,
               state = 'null', tail = 'null', tip_until = NULL, tip = NULL",
        &vehicles,
        &days,
        &untils as &[Option<DateTime<Utc>>],
        &memories as &[&[u8]],
        RULES_VERSION,
    )
    .execute(&mut *db)
    .await?;
    let back: Vec<&Kept<'_>> = kept.iter().filter(|one| !one.began_at_head).collect();
    if back.is_empty() {
        return Ok(());
    }
    let folds: Vec<Uuid> = back.iter().map(|one| one.vehicle).collect();
    let starts: Vec<NaiveDate> = back.iter().map(|one| one.start.day()).collect();
    sqlx::query!(
        "DELETE FROM vehicle_states AS state
         USING unnest($1::uuid[], $2::date[]) AS fold (vehicle_id, start)
         WHERE state.vehicle_id = fold.vehicle_id AND state.day > fold.start
           AND NOT EXISTS (SELECT FROM unnest($3::uuid[], $4::date[]) AS kept (vehicle_id, day)
                           WHERE kept.vehicle_id = state.vehicle_id AND kept.day = state.day)",
        &folds,
        &starts,
        &vehicles,
        &days,
    )
    .execute(db)
    .await?;
    Ok(())
}

impl Kept<'_> {
    /// A row for each day that ended, the head's with its tail. The row in which the fold began, if it was
    /// the head, hands its tail on.
    fn rows(&self) -> Result<Vec<NewRow>, StoreError> {
        let head = self.head.settled.day();
        let past = self.days.iter().filter(|settled| settled.day() != head);
        let start = (self.start.day() != head && !self.days.iter().any(|day| day.day() == self.start.day()))
            .then_some(self.start);
        let mut rows = Vec::new();
        for settled in start.into_iter().chain(past) {
            rows.push(self.row(settled, memory::of_day(settled)?));
        }
        rows.push(self.row(&self.head.settled, memory::of_head(self.head, &self.remembered)?));
        Ok(rows)
    }

    fn row(&self, settled: &Settled, memory: Vec<u8>) -> NewRow {
        NewRow { vehicle: self.vehicle, day: settled.day(), until: settled.until, memory }
    }
}

struct StoredRow {
    vehicle_id: Uuid,
    settled_until: Option<DateTime<Utc>>,
    rules_version: i32,
    memory: Option<Vec<u8>>,
    state: String,
    tail: String,
}

impl StoredRow {
    fn head(&self) -> StoredHead {
        let read = (self.rules_version == RULES_VERSION).then(|| self.read()).flatten();
        match read {
            Some((head, remembered)) => StoredHead::Current { head: Box::new(head), remembered },
            // Neither its meaning nor its form is ours.
            None => StoredHead::OtherRules { rules_version: self.rules_version },
        }
    }

    fn read(&self) -> Option<(Head, Remembered)> {
        // An older program writes its form, and leaves the bytes as they were.
        if let (Some(memory), "null") = (&self.memory, self.state.as_str()) {
            return memory::read(self.settled_until, memory);
        }
        // Without a tip the tail is folded again, and without remembered rows they are asked for.
        let state: VehicleState = serde_json::from_str(&self.state).ok()?;
        let tail: Vec<Sighting> = serde_json::from_str(&self.tail).ok()?;
        let settled = Settled { until: self.settled_until, state };
        Some((Head { settled, tail, tip: None }, Remembered::default()))
    }
}
