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
        head: Box<Head<()>>,
        remembered: Remembered,
    },
    /// Other rules folded it (or this program cannot read it): the car has to be replayed from its readings.
    OtherRules {
        rules_version: i32,
    },
}

/// The heads of these vehicles, without their settled states. A vehicle of which nothing is known has none.
pub async fn heads(
    db: &mut PgConnection,
    vehicles: &[Uuid],
) -> Result<HashMap<Uuid, StoredHead>, StoreError> {
    let rows = sqlx::query_as!(
        HeadRow,
        r#"SELECT head.vehicle_id, head.settled_until, head.rules_version, head.memory,
             CASE WHEN head.state::text <> 'null' THEN head.tail::text END AS older_tail
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

/// The settled states of the heads of these vehicles, by the rules of today. None for one that cannot be read.
pub async fn of_heads(
    db: &mut PgConnection,
    vehicles: &[Uuid],
) -> Result<HashMap<Uuid, Settled>, StoreError> {
    let rows = sqlx::query_as!(
        SettledRow,
        r#"SELECT head.vehicle_id, head.settled_until, head.settled, substring(head.memory FROM 1 FOR 1) AS form,
             nullif(head.state::text, 'null') AS older_state
           FROM unnest($1::uuid[]) AS wanted (id)
           CROSS JOIN LATERAL (
             SELECT * FROM vehicle_states WHERE vehicle_id = wanted.id ORDER BY day DESC LIMIT 1
           ) AS head
           WHERE head.rules_version = $2"#,
        vehicles,
        RULES_VERSION,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.vehicle_id, row.read()?))).collect())
}

/// For each vehicle the newest state that was settled before a day, by the rules of today. None if there is
/// none: then the fold begins with the empty state.
pub async fn before(
    db: &mut PgConnection,
    days: &[(Uuid, NaiveDate)],
) -> Result<HashMap<Uuid, Settled>, StoreError> {
    let (vehicles, days): (Vec<Uuid>, Vec<NaiveDate>) = days.iter().copied().unzip();
    let rows = sqlx::query_as!(
        SettledRow,
        r#"SELECT newest.vehicle_id, newest.settled_until, newest.settled, substring(newest.memory FROM 1 FOR 1) AS form,
             nullif(newest.state::text, 'null') AS older_state
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
    Ok(rows.into_iter().filter_map(|row| Some((row.vehicle_id, row.read()?))).collect())
}

/// The oldest state of today's rules that was settled at this moment or later; none if there is none.
pub async fn first_since(
    db: &mut PgConnection,
    vehicle: Uuid,
    moment: DateTime<Utc>,
) -> Result<Option<Settled>, StoreError> {
    let row = sqlx::query_as!(
        SettledRow,
        r#"SELECT vehicle_id, settled_until, settled, substring(memory FROM 1 FOR 1) AS form,
             nullif(state::text, 'null') AS older_state
           FROM vehicle_states
           WHERE vehicle_id = $1 AND settled_until >= $2 AND rules_version = $3
           ORDER BY day LIMIT 1"#,
        vehicle,
        moment,
        RULES_VERSION,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.and_then(|row| row.read()))
}

/// A row of the table to be.
#[derive(Debug)]
struct NewRow {
    vehicle: Uuid,
    day: NaiveDate,
    until: Option<DateTime<Utc>>,
    memory: Vec<u8>,
    /// `None`: it stays as it is.
    settled: Option<Vec<u8>>,
}

/// What one vehicle's fold left to be kept.
#[derive(Debug)]
pub struct Kept<'a> {
    pub vehicle: Uuid,
    pub start: Start<'a>,
    pub days: &'a [Settled],
    /// Without a settled state where that is the one that is stored.
    pub head: &'a Head<Option<VehicleState>>,
    pub remembered: Remembered,
}

/// Where a fold began.
#[derive(Debug, Clone, Copy)]
pub enum Start<'a> {
    /// With the tip of the stored head, and nothing was settled since.
    Tip,
    /// With the settled state of the stored head: no later day is stored.
    Head(&'a Settled),
    /// With an earlier state, or with none.
    Earlier(&'a Settled),
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
    let settled: Vec<Option<&[u8]>> = rows.iter().map(|row| row.settled.as_deref()).collect();
    sqlx::query!(
        "INSERT INTO vehicle_states (vehicle_id, day, settled_until, rules_version, memory, settled)
         SELECT vehicle_id, day, settled_until, $6, memory, settled
         FROM unnest($1::uuid[], $2::date[], $3::timestamptz[], $4::bytea[], $5::bytea[])
           AS one (vehicle_id, day, settled_until, memory, settled)
         ON CONFLICT (vehicle_id, day) DO UPDATE
           SET settled_until = excluded.settled_until, rules_version = excluded.rules_version, memory = excluded.memory,
               settled = coalesce(excluded.settled, vehicle_states.settled),
               state = 'null', tail = 'null', tip_until = NULL, tip = NULL",
        &vehicles,
        &days,
        &untils as &[Option<DateTime<Utc>>],
        &memories as &[&[u8]],
        &settled as &[Option<&[u8]>],
        RULES_VERSION,
    )
    .execute(&mut *db)
    .await?;
    let back: Vec<(Uuid, NaiveDate)> = kept.iter().filter_map(Kept::goes_back_to).collect();
    if back.is_empty() {
        return Ok(());
    }
    let (folds, starts): (Vec<Uuid>, Vec<NaiveDate>) = back.into_iter().unzip();
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
        let start = match self.start {
            Start::Tip => None,
            Start::Head(start) | Start::Earlier(start) => Some(start),
        };
        let start =
            start.filter(|start| start.day() != head && self.days.iter().all(|day| day.day() != start.day()));
        let mut rows = Vec::new();
        for settled in start.into_iter().chain(past) {
            rows.push(self.row(settled, memory::of_day()?, Some(&settled.state))?);
        }
        let memory = memory::of_head(self.head, &self.remembered)?;
        rows.push(self.row(&self.head.settled, memory, self.head.settled.state.as_ref())?);
        Ok(rows)
    }

    fn row<S>(
        &self,
        settled: &Settled<S>,
        memory: Vec<u8>,
        state: Option<&VehicleState>,
    ) -> Result<NewRow, StoreError> {
        let state = state.map(memory::of_state).transpose()?;
        Ok(NewRow { vehicle: self.vehicle, day: settled.day(), until: settled.until, memory, settled: state })
    }

    /// After which day all that is stored was folded anew.
    fn goes_back_to(&self) -> Option<(Uuid, NaiveDate)> {
        match self.start {
            Start::Tip | Start::Head(_) => None,
            Start::Earlier(start) => Some((self.vehicle, start.day())),
        }
    }
}

struct HeadRow {
    vehicle_id: Uuid,
    settled_until: Option<DateTime<Utc>>,
    rules_version: i32,
    memory: Option<Vec<u8>>,
    /// An older program writes its form, and leaves the bytes as they were.
    older_tail: Option<String>,
}

impl HeadRow {
    fn head(&self) -> StoredHead {
        let read = (self.rules_version == RULES_VERSION).then(|| self.read()).flatten();
        match read {
            Some((head, remembered)) => StoredHead::Current { head: Box::new(head), remembered },
            // Neither its meaning nor its form is ours.
            None => StoredHead::OtherRules { rules_version: self.rules_version },
        }
    }

    fn read(&self) -> Option<(Head<()>, Remembered)> {
        let Some(tail) = &self.older_tail else {
            return memory::read(self.settled_until, self.memory.as_ref()?);
        };
        // Without a tip the tail is folded again, and without remembered rows they are asked for.
        let tail: Vec<Sighting> = serde_json::from_str(tail).ok()?;
        let settled = Settled { until: self.settled_until, state: () };
        Some((Head { settled, tail, tip: None }, Remembered::default()))
    }
}

struct SettledRow {
    vehicle_id: Uuid,
    settled_until: Option<DateTime<Utc>>,
    settled: Option<Vec<u8>>,
    /// The first byte of the memory beside it: an older program that writes bytes leaves this column as it was.
    form: Option<Vec<u8>>,
    older_state: Option<String>,
}

impl SettledRow {
    fn read(&self) -> Option<Settled> {
        let state = if let Some(json) = &self.older_state {
            serde_json::from_str(json).ok()?
        } else {
            memory::ours(self.form.as_ref()?)?;
            memory::read_state(self.settled.as_ref()?)?
        };
        Some(Settled { until: self.settled_until, state })
    }
}
