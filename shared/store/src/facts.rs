//! What people said: entries of their own, and decisions about the machine's.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::decision::{Decided, Decision};
use domain::distance::Distance;
use domain::fact::{Fact, RowId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// What people said about these vehicles' cars after a moment each (`None`: ever): entries of their own, and those
/// of the machine that they changed. What no odometer can show is left out.
pub async fn since(
    db: &mut PgConnection,
    vehicles: &[(Uuid, Option<DateTime<Utc>>)],
) -> Result<HashMap<Uuid, Vec<Fact>>, StoreError> {
    let (ids, moments): (Vec<Uuid>, Vec<Option<DateTime<Utc>>>) = vehicles.iter().copied().unzip();
    let rows = sqlx::query!(
        r#"WITH wanted AS (
             SELECT vehicle.id, vehicle.car_id, coalesce(one.since, '-infinity') AS since
             FROM unnest($1::uuid[], $2::timestamptz[]) AS one (id, since)
             JOIN smartcar_vehicles AS vehicle ON vehicle.id = one.id
           )
           SELECT wanted.id AS "vehicle!", entry.id AS row_id, entry.entry_date::timestamptz AS "at!",
             round(entry.odometer_reading * 1000)::bigint AS metres
           FROM wanted JOIN meter_entries AS entry ON entry.car_id = wanted.car_id
           WHERE entry.evidence_until IS NULL
             AND entry.entry_date > wanted.since AND entry.odometer_reading BETWEEN 0 AND 3000000
           UNION ALL
           SELECT wanted.id, NULL, decision.at, NULL
           FROM wanted JOIN decisions AS decision ON decision.car_id = wanted.car_id
           WHERE decision.kind = 'odometer' AND decision.at > wanted.since"#,
        &ids,
        &moments as &[Option<DateTime<Utc>>],
    )
    .fetch_all(db)
    .await?;
    let mut facts: HashMap<Uuid, Vec<Fact>> = HashMap::new();
    for row in rows {
        let fact = match (row.row_id, row.metres) {
            (Some(id), Some(metres)) => Fact::MeterEntry {
                at: row.at,
                odometer: Distance::from_metres(metres),
                row: RowId(id.as_u128()),
            },
            (None, _) | (_, None) => Fact::OdometerReplaced { at: row.at },
        };
        facts.entry(row.vehicle).or_default().push(fact);
    }
    Ok(facts)
}

/// What people decided about entries of these vehicles' cars that a fold may write: those after a moment each (and
/// a day before it, since an entry stands for its day), and those of some rows.
pub(crate) async fn decisions(
    db: &mut PgConnection,
    vehicles: &[Uuid],
    since: &[DateTime<Utc>],
    rows: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Decision>>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT vehicle.id AS vehicle, decision.row_id AS "row_id!", decision.at, decision.decided_at,
             round(decision.odometer_km * 1000)::bigint AS metres
           FROM unnest($1::uuid[], $2::timestamptz[]) AS fold (vehicle_id, since)
           JOIN smartcar_vehicles AS vehicle ON vehicle.id = fold.vehicle_id
           JOIN decisions AS decision ON decision.car_id = vehicle.car_id
           WHERE decision.row_id IS NOT NULL
             AND (decision.at >= fold.since - interval '1 day' OR decision.row_id = ANY ($3))"#,
        vehicles,
        since,
        rows,
    )
    .fetch_all(db)
    .await?;
    let mut decisions: HashMap<Uuid, Vec<Decision>> = HashMap::new();
    for row in rows {
        let what = match row.metres {
            Some(metres) => Decided::MeterEntry { at: row.at, odometer: Distance::from_metres(metres) },
            None => Decided::Issue,
        };
        let decision = Decision { what, row: RowId(row.row_id.as_u128()), decided_at: row.decided_at };
        decisions.entry(row.vehicle).or_default().push(decision);
    }
    Ok(decisions)
}
