//! `vehicle_states`: where each car's fold stands, and in which state its days ended.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::RULES_VERSION;
use domain::fold::{Sighting, VehicleState};
use domain::timeline::{Head, Settled};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// A stored head, or the reason why it cannot be folded on.
#[derive(Debug)]
pub enum StoredHead {
    Current(Box<Head>),
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
    let rows = sqlx::query!(
        r#"SELECT head.vehicle_id, head.settled_until, head.rules_version,
             head.state::text AS "state!", head.tail::text AS "tail!", head.tip_until, head.tip::text AS tip
           FROM unnest($1::uuid[]) AS wanted (id)
           CROSS JOIN LATERAL (
             SELECT * FROM vehicle_states WHERE vehicle_id = wanted.id ORDER BY day DESC LIMIT 1
           ) AS head"#,
        vehicles,
    )
    .fetch_all(db)
    .await?;
    let head = |row: Row| {
        let rules_version = row.rules_version;
        let vehicle = row.vehicle_id;
        (vehicle, row.head().unwrap_or(StoredHead::OtherRules { rules_version }))
    };
    Ok(rows
        .into_iter()
        .map(|row| {
            head(Row {
                vehicle_id: row.vehicle_id,
                settled_until: row.settled_until,
                rules_version: row.rules_version,
                state: row.state,
                tail: row.tail,
                tip_until: row.tip_until,
                tip: row.tip,
            })
        })
        .collect())
}

/// For each vehicle the newest state that was settled before a day, by the rules of today. None if there is
/// none: then the fold begins with the empty state.
pub async fn before(
    db: &mut PgConnection,
    days: &[(Uuid, NaiveDate)],
) -> Result<HashMap<Uuid, Settled>, StoreError> {
    let (vehicles, days): (Vec<Uuid>, Vec<NaiveDate>) = days.iter().copied().unzip();
    let rows = sqlx::query!(
        r#"SELECT newest.vehicle_id, newest.settled_until, newest.state::text AS "state!"
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
    let settled = |state: &str, until| Some(Settled { until, state: serde_json::from_str(state).ok()? });
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((row.vehicle_id, settled(&row.state, row.settled_until)?)))
        .collect())
}

/// The oldest state of today's rules that was settled at this moment or later; none if there is none.
pub async fn first_since(
    db: &mut PgConnection,
    vehicle: Uuid,
    moment: DateTime<Utc>,
) -> Result<Option<Settled>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT settled_until, state::text AS "state!" FROM vehicle_states
           WHERE vehicle_id = $1 AND settled_until >= $2 AND rules_version = $3
           ORDER BY day LIMIT 1"#,
        vehicle,
        moment,
        RULES_VERSION,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.and_then(|row| {
        Some(Settled { until: row.settled_until, state: serde_json::from_str(&row.state).ok()? })
    }))
}

/// A row of the table to be.
#[derive(Debug)]
struct NewRow {
    vehicle: Uuid,
    day: NaiveDate,
    until: Option<DateTime<Utc>>,
    state: String,
    tail: String,
    tip_until: Option<DateTime<Utc>>,
    tip: Option<String>,
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
    let states: Vec<&str> = rows.iter().map(|row| row.state.as_str()).collect();
    let tails: Vec<&str> = rows.iter().map(|row| row.tail.as_str()).collect();
    let tip_untils: Vec<Option<DateTime<Utc>>> = rows.iter().map(|row| row.tip_until).collect();
    let tips: Vec<Option<&str>> = rows.iter().map(|row| row.tip.as_deref()).collect();
    sqlx::query!(
        "INSERT INTO vehicle_states (vehicle_id, day, settled_until, rules_version, state, tail, tip_until, tip)
         SELECT vehicle_id, day, settled_until, $6, state::json, tail::json, tip_until, tip::json
         FROM unnest($1::uuid[], $2::date[], $3::timestamptz[], $4::text[], $5::text[], $7::timestamptz[], $8::text[])
           AS one (vehicle_id, day, settled_until, state, tail, tip_until, tip)
         ON CONFLICT (vehicle_id, day) DO UPDATE
           SET settled_until = excluded.settled_until, rules_version = excluded.rules_version,
               state = excluded.state, tail = excluded.tail, tip_until = excluded.tip_until, tip = excluded.tip",
        &vehicles,
        &days,
        &untils as &[Option<DateTime<Utc>>],
        &states as &[&str],
        &tails as &[&str],
        RULES_VERSION,
        &tip_untils as &[Option<DateTime<Utc>>],
        &tips as &[Option<&str>],
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
            rows.push(self.row(settled, &[], None)?);
        }
        rows.push(self.row(&self.head.settled, &self.head.tail, self.head.tip.as_ref())?);
        Ok(rows)
    }

    fn row(&self, settled: &Settled, tail: &[Sighting], tip: Option<&Settled>) -> Result<NewRow, StoreError> {
        let unwritable =
            |error: serde_json::Error| StoreError::corrupt("vehicle_states", "state")(error.into());
        Ok(NewRow {
            vehicle: self.vehicle,
            day: settled.day(),
            until: settled.until,
            state: serde_json::to_string(&settled.state).map_err(unwritable)?,
            tail: serde_json::to_string(tail).map_err(unwritable)?,
            tip_until: tip.and_then(|tip| tip.until),
            tip: tip.map(|tip| serde_json::to_string(&tip.state)).transpose().map_err(unwritable)?,
        })
    }
}

struct Row {
    vehicle_id: Uuid,
    settled_until: Option<DateTime<Utc>>,
    rules_version: i32,
    state: String,
    tail: String,
    tip_until: Option<DateTime<Utc>>,
    tip: Option<String>,
}

impl Row {
    /// `None` if other rules wrote it: then neither its meaning nor its form is ours.
    fn head(self) -> Option<StoredHead> {
        if self.rules_version != RULES_VERSION {
            return None;
        }
        let state: VehicleState = serde_json::from_str(&self.state).ok()?;
        let tail = serde_json::from_str(&self.tail).ok()?;
        // Without a tip (it cannot be read, or was not kept) the tail is folded again.
        let tip = self.tip.and_then(|tip| serde_json::from_str(&tip).ok());
        let tip = tip.map(|state| Settled { until: self.tip_until, state });
        let head = Head { settled: Settled { until: self.settled_until, state }, tail, tip };
        Some(StoredHead::Current(Box::new(head)))
    }
}
