//! `quarantined_readings`: what is kept out of the book until other readings agree with it.

use chrono::{DateTime, Utc};
use domain::book::{Changes, Doubt, Quarantined};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::scope::Scope;
use crate::{StoreError, canonical};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct QuarantineRow {
    pub id: Uuid,
    pub vehicle: Uuid,
    pub at: DateTime<Utc>,
    pub signal: String,
    pub value: String,
    pub why: String,
    pub until: DateTime<Utc>,
}

impl QuarantineRow {
    pub fn new(id: Uuid, vehicle: Uuid, entry: &Quarantined) -> Self {
        Self {
            id,
            vehicle,
            at: entry.anchor.at,
            signal: entry.signal.to_string(),
            value: canonical::text(&entry.anchor.value),
            why: why(entry.why),
            until: entry.evidence.until,
        }
    }
}

fn why(doubt: Doubt) -> String {
    match doubt {
        Doubt::Impossible => "no odometer shows this".to_owned(),
        Doubt::Falls { from } => format!("lower than {from} km before it"),
        Doubt::Leaps { from } => format!("further than a car can drive since it showed {from} km"),
        Doubt::Outlier => "the readings after it agree with each other and not with it".to_owned(),
        Doubt::BelowPerson { entry, .. } => {
            format!("lower than the {entry} km that a person wrote before it")
        }
    }
}

pub async fn reachable(db: &mut PgConnection, scope: &Scope) -> Result<Vec<QuarantineRow>, StoreError> {
    let rows = sqlx::query_as!(
        QuarantineRow,
        r#"SELECT row.id AS "id!", row.vehicle_id AS "vehicle!", row.at AS "at!", row.signal AS "signal!",
             row.value AS "value!", row.why AS "why!", row.evidence_until AS "until!"
           FROM unnest($1::uuid[], $2::timestamptz[]) AS fold (vehicle_id, since)
           JOIN quarantined_readings AS row ON row.vehicle_id = fold.vehicle_id AND row.evidence_until > fold.since
           UNION
           SELECT id, vehicle_id, at, signal, value, why, evidence_until FROM quarantined_readings WHERE id = ANY ($3)"#,
        &scope.vehicles,
        &scope.since,
        &scope.open,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

pub async fn apply(db: &mut PgConnection, todo: &Changes<QuarantineRow>) -> Result<(), StoreError> {
    let rows: Vec<&QuarantineRow> = todo.insert.iter().chain(&todo.amend).collect();
    if !rows.is_empty() {
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let vehicles: Vec<Uuid> = rows.iter().map(|row| row.vehicle).collect();
        let times: Vec<DateTime<Utc>> = rows.iter().map(|row| row.at).collect();
        let signals: Vec<&str> = rows.iter().map(|row| row.signal.as_str()).collect();
        let values: Vec<&str> = rows.iter().map(|row| row.value.as_str()).collect();
        let whys: Vec<&str> = rows.iter().map(|row| row.why.as_str()).collect();
        let untils: Vec<DateTime<Utc>> = rows.iter().map(|row| row.until).collect();
        sqlx::query!(
            "INSERT INTO quarantined_readings (id, vehicle_id, at, signal, value, why, evidence_until)
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
             ON CONFLICT (id) DO UPDATE SET why = excluded.why, evidence_until = excluded.evidence_until",
            &ids,
            &vehicles,
            &times,
            &signals as &[&str],
            &values as &[&str],
            &whys as &[&str],
            &untils,
        )
        .execute(&mut *db)
        .await?;
    }
    if !todo.retract.is_empty() {
        let ids: Vec<Uuid> = todo.retract.iter().map(|row| row.id).collect();
        sqlx::query!("DELETE FROM quarantined_readings WHERE id = ANY ($1)", &ids).execute(db).await?;
    }
    Ok(())
}
