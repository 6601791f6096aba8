//! `vehicle_rests`, `vehicle_incapacities` and `make_circuits`: whom and what not to ask for a while.

use std::error::Error;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// Why a vehicle is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It sleeps, is offline or is being served.
    Asleep,
    /// The platform's limit for this vehicle.
    VehicleLimit,
    /// Its maker has trouble.
    MakeTrouble,
    /// The operator has to look after the account at the platform.
    Billing,
    /// The owner has to do something first.
    OwnerAction,
}

impl Why {
    /// The name in the Postgres enum `rest_reason`.
    const fn name(self) -> &'static str {
        match self {
            Self::Asleep => "asleep",
            Self::VehicleLimit => "vehicle_limit",
            Self::MakeTrouble => "make_trouble",
            Self::Billing => "billing",
            Self::OwnerAction => "owner_action",
        }
    }

    fn parse(name: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        [Self::Asleep, Self::VehicleLimit, Self::MakeTrouble, Self::Billing, Self::OwnerAction]
            .into_iter()
            .find(|why| why.name() == name)
            .ok_or_else(|| format!("{name:?} is no reason to rest").into())
    }
}

/// Until when this vehicle is left alone, if it is.
pub async fn of(
    db: &mut PgConnection,
    vehicle: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<(DateTime<Utc>, Why)>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT until, why::text AS "why!" FROM vehicle_rests WHERE vehicle_id = $1 AND until > $2"#,
        vehicle,
        now,
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        let why = Why::parse(&row.why).map_err(StoreError::corrupt("vehicle_rests", "why"))?;
        Ok((row.until, why))
    })
    .transpose()
}

/// Leaves the vehicle alone until then, at least.
pub async fn rest(
    db: &mut PgConnection,
    vehicle: Uuid,
    until: DateTime<Utc>,
    why: Why,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO vehicle_rests AS known (vehicle_id, until, why) VALUES ($1, $2, $3::text::rest_reason)
         ON CONFLICT (vehicle_id) DO UPDATE SET until = excluded.until, why = excluded.why
           WHERE excluded.until > known.until",
        vehicle,
        until,
        why.name(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The vehicle answered: it rests no more.
pub async fn wake(db: &mut PgConnection, vehicle: Uuid) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM vehicle_rests WHERE vehicle_id = $1", vehicle).execute(db).await?;
    Ok(())
}

/// What this vehicle cannot say or do.
pub async fn incapacities(
    db: &mut PgConnection,
    vehicle: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<String>, StoreError> {
    let what = sqlx::query_scalar!(
        "SELECT what FROM vehicle_incapacities WHERE vehicle_id = $1 AND until > $2 ORDER BY what",
        vehicle,
        now,
    )
    .fetch_all(db)
    .await?;
    Ok(what)
}

/// Remembers what this vehicle cannot say or do.
pub async fn note_incapacities(
    db: &mut PgConnection,
    vehicle: Uuid,
    what: &[String],
    until: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO vehicle_incapacities (vehicle_id, what, until)
         SELECT DISTINCT $1::uuid, what, $3::timestamptz FROM unnest($2::text[]) AS what ORDER BY what
         ON CONFLICT (vehicle_id, what) DO UPDATE SET until = excluded.until",
        vehicle,
        what,
        until,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// When nobody asks cars of a make any more, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Circuit {
    /// So many failures in a row.
    pub failures: i32,
    /// Failures that are further apart than this are no row.
    pub within: TimeDelta,
    /// The first wait; it doubles with each failure after it.
    pub first_wait: TimeDelta,
    pub longest_wait: TimeDelta,
    /// Who tries after a wait has so long to come back with an answer.
    pub probe: TimeDelta,
}

/// Whether cars of a make may be asked; after a wait one process may, and the others wait for what it finds. `Some` is
/// when to try again.
pub async fn blocked_until(
    db: &mut PgConnection,
    make: &str,
    circuit: Circuit,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let open_until = sqlx::query_scalar!("SELECT open_until FROM make_circuits WHERE make = $1", make)
        .fetch_optional(&mut *db)
        .await?
        .flatten();
    let Some(open_until) = open_until else { return Ok(None) };
    if open_until > now {
        return Ok(Some(open_until));
    }
    let probing = now + circuit.probe;
    let is_mine = sqlx::query!(
        "UPDATE make_circuits SET open_until = $3 WHERE make = $1 AND open_until = $2",
        make,
        open_until,
        probing,
    )
    .execute(db)
    .await?;
    Ok((is_mine.rows_affected() == 0).then_some(probing))
}

/// A car of this make could not be asked through no fault of its own.
pub async fn failed(
    db: &mut PgConnection,
    make: &str,
    circuit: Circuit,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO make_circuits AS known (make, failures, failed_at) VALUES ($1, 1, $2)
         ON CONFLICT (make) DO UPDATE SET
           failures = CASE WHEN known.failed_at + make_interval(secs => $4) < $2 THEN 1 ELSE known.failures + 1 END,
           failed_at = $2,
           open_until = CASE WHEN known.failed_at + make_interval(secs => $4) >= $2 AND known.failures + 1 >= $3
             THEN $2 + least(make_interval(secs => $6), make_interval(secs => $5 * 2 ^ least(known.failures + 1 - $3, 20)))
           END",
        make,
        now,
        circuit.failures,
        circuit.within.as_seconds_f64(),
        circuit.first_wait.as_seconds_f64(),
        circuit.longest_wait.as_seconds_f64(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A car of this make answered: all of them may be asked.
pub async fn answered(db: &mut PgConnection, make: &str) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM make_circuits WHERE make = $1", make).execute(db).await?;
    Ok(())
}
