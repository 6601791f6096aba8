//! What people said with a date: entries of their own, and that a counter was changed.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::distance::Distance;
use domain::fact::{Fact, RowId};
use domain::reading::Milli;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// What people said about these vehicles' cars after a moment each (`None`: ever): entries of their own, and those
/// of the machine that they changed. What no odometer can show and no tank can hold is left out.
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
           SELECT 'meter entry' AS "what!", wanted.id AS "vehicle!", entry.id AS row_id,
             date_trunc('milliseconds', entry.entry_date::timestamptz) AS "at!",
             round(entry.odometer_reading * 1000)::bigint AS metres, NULL::bigint AS millilitres, NULL::boolean AS "full"
           FROM wanted JOIN meter_entries AS entry ON entry.car_id = wanted.car_id
           WHERE entry.evidence_until IS NULL
             AND entry.entry_date > wanted.since AND entry.odometer_reading BETWEEN 0 AND 3000000
           UNION ALL
           SELECT 'fill-up', wanted.id, entry.id, date_trunc('milliseconds', entry.filled_at::timestamptz),
             CASE WHEN entry.odometer_reading BETWEEN 0 AND 3000000 THEN round(entry.odometer_reading * 1000)::bigint END,
             round(entry.litres * 1000)::bigint, entry.full_tank
           FROM wanted JOIN fuel_entries AS entry ON entry.car_id = wanted.car_id
           WHERE entry.evidence_until IS NULL AND entry.filled_at > wanted.since AND entry.litres BETWEEN 0.001 AND 2000
           UNION ALL
           SELECT 'replaced', wanted.id, NULL, date_trunc('milliseconds', decision.at), NULL, NULL, NULL
           FROM wanted JOIN decisions AS decision ON decision.car_id = wanted.car_id
           WHERE decision.kind = 'odometer' AND decision.at > wanted.since"#,
        &ids,
        &moments as &[Option<DateTime<Utc>>],
    )
    .fetch_all(db)
    .await?;
    let mut facts: HashMap<Uuid, Vec<Fact>> = HashMap::new();
    for row in rows {
        // A state holds moments to the millisecond, as cars report them.
        let (at, row_id) = (row.at, RowId(row.row_id.unwrap_or_default().as_u128()));
        let odometer = row.metres.map(Distance::from_metres);
        let fact = match (row.what.as_str(), odometer, row.millilitres) {
            ("meter entry", Some(odometer), _) => Fact::MeterEntry { at, odometer, row: row_id },
            ("fill-up", odometer, Some(litres)) => {
                Fact::FillUp { at, litres: Milli(litres), full: row.full, odometer, row: row_id }
            }
            _ => Fact::OdometerReplaced { at },
        };
        facts.entry(row.vehicle).or_default().push(fact);
    }
    Ok(facts)
}
