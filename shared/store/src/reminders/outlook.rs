//! What is known of a car that says when its services are due: its mileage book, its oil, and signs that something was done.

use chrono::{DateTime, TimeDelta, Utc};
use domain::alert::AlertKind;
use domain::distance::Distance;
use domain::reading::{Milli, Signal};
use domain::reminder::{OilLife, Road, Shown};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// What says when services are due.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outlook {
    pub road: Road,
    pub oil: Option<OilLife>,
    pub hints: Vec<Hint>,
}

/// A sign that a service was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Hint {
    pub at: DateTime<Utc>,
    /// The oil's life rose as it does when the oil is changed; otherwise somebody paid for a service.
    pub is_oil: bool,
    pub odometer: Option<Distance>,
}

/// So far back the oil's life is looked at.
const OIL_SINCE: TimeDelta = TimeDelta::days(400);
/// A rise of so much (thousandths of a percent) is other oil.
const RENEWED: i64 = 30_000;
/// Over less time than this nobody knows how fast it goes down.
const LEARNED: TimeDelta = TimeDelta::days(14);

/// Reads what is known of this car. Of each day one mileage entry is enough.
pub async fn outlook(db: &mut PgConnection, car: Uuid, now: DateTime<Utc>) -> Result<Outlook, StoreError> {
    let entries = sqlx::query!(
        r#"SELECT DISTINCT ON (date_trunc('day', entry_date::timestamptz, 'UTC')) entry_date::timestamptz AS "at!",
             round(odometer_reading * 1000)::bigint AS "metres!"
           FROM meter_entries WHERE car_id = $1 AND odometer_reading BETWEEN 0 AND 10000000
           ORDER BY date_trunc('day', entry_date::timestamptz, 'UTC'), entry_date DESC, id"#,
        car,
    )
    .fetch_all(&mut *db)
    .await?;
    let shown = entries.iter().map(|row| Shown { at: row.at, odometer: Distance::from_metres(row.metres) });
    let road = Road::of(shown);
    let oil = oil(&mut *db, car, now).await?;
    let hints = hints(db, car, &road).await?;
    Ok(Outlook { road, oil, hints })
}

async fn oil(db: &mut PgConnection, car: Uuid, now: DateTime<Utc>) -> Result<Option<OilLife>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT at, round(value::numeric * 1000)::bigint AS "life!" FROM readings
           WHERE vehicle_id IN (SELECT id FROM smartcar_vehicles WHERE car_id = $1) AND signal = $2 AND kind = 'number' AND at > $3
           ORDER BY at"#,
        car,
        Signal::OIL_LIFE,
        now - OIL_SINCE,
    )
    .fetch_all(db)
    .await?;
    let Some(newest) = rows.last() else { return Ok(None) };
    // From the last change of the oil on.
    let renewed = rows.windows(2).rposition(|pair| pair[1].life - pair[0].life >= RENEWED);
    let first = &rows[renewed.map_or(0, |place| place + 1)];
    let (time, fall) = (newest.at - first.at, first.life - newest.life);
    let a_day = (time >= LEARNED && fall > 0).then(|| fall * 86_400 / time.num_seconds().max(1));
    Ok(Some(OilLife { at: newest.at, life: Milli(newest.life), a_day }))
}

async fn hints(db: &mut PgConnection, car: Uuid, road: &Road) -> Result<Vec<Hint>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT at AS "at!", true AS "is_oil!" FROM alerts WHERE car_id = $1 AND kind = $2
           UNION ALL
           SELECT coalesce(occurred_at, created_at)::timestamptz, false FROM expenses
           WHERE car_id = $1 AND lower(category::text) IN ('service', 'maintenance', 'inspection', 'repair')
           ORDER BY 1"#,
        car,
        AlertKind::OilRenewed.name(),
    )
    .fetch_all(db)
    .await?;
    let hint = |at, is_oil| Hint { at, is_oil, odometer: road.odometer_at(at) };
    Ok(rows.into_iter().map(|row| hint(row.at, row.is_oil)).collect())
}
