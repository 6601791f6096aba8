//! What people said with a date: entries of their own, and that a counter was changed.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
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
