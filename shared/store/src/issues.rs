//! `issues`: what the machine suggests that a person looks at. Once a person has touched one, it is theirs.

use chrono::{DateTime, Utc};
use domain::book::{Changes, IssueKind, SuggestedIssue};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::evidence::evidence;
use crate::scope::Scope;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct IssueRow {
    pub id: Uuid,
    pub vehicle: Uuid,
    pub car: Uuid,
    pub title: String,
    pub description: String,
    pub at: DateTime<Utc>,
    pub evidence: serde_json::Value,
    pub until: DateTime<Utc>,
}

impl IssueRow {
    pub fn new(id: Uuid, vehicle: Uuid, car: Uuid, issue: &SuggestedIssue) -> Self {
        let (title, description) = words(&issue.what);
        Self {
            id,
            vehicle,
            car,
            title,
            description,
            at: issue.at,
            evidence: evidence("odometer", None, &issue.evidence),
            until: issue.evidence.until,
        }
    }
}

fn words(what: &IssueKind) -> (String, String) {
    match what {
        IssueKind::OdometerConflict { entry, car, .. } => (
            "A mileage entry does not fit what the car says".to_owned(),
            format!(
                "The entry says {entry} km, the car said {car} km at about that time. Please check the entry."
            ),
        ),
        IssueKind::OdometerReplaced { from, to, .. } => (
            "Was the odometer replaced?".to_owned(),
            format!(
                "The car showed {from} km and has shown {to} km and up since. If its counter was changed, please \
                 confirm it: until then no mileage is written."
            ),
        ),
    }
}

pub async fn reachable(db: &mut PgConnection, scope: &Scope) -> Result<Vec<IssueRow>, StoreError> {
    let rows = sqlx::query_as!(
        IssueRow,
        r#"SELECT issue.id AS "id!", issue.source_id AS "vehicle!", issue.car_id AS "car!", issue.title AS "title!",
             coalesce(issue.description, '') AS "description!", issue.occurred_at AS "at!",
             issue.evidence AS "evidence!", issue.evidence_until AS "until!"
           FROM unnest($1::uuid[], $2::timestamptz[]) AS fold (vehicle_id, since)
           JOIN issues AS issue ON issue.source_id = fold.vehicle_id AND issue.evidence_until > fold.since
           UNION
           SELECT id, source_id, car_id, title, coalesce(description, ''), occurred_at, evidence, evidence_until
           FROM issues WHERE id = ANY ($3) AND evidence_until IS NOT NULL"#,
        &scope.vehicles,
        &scope.since,
        &scope.open,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

pub async fn apply(
    db: &mut PgConnection,
    todo: &Changes<IssueRow>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let rows: Vec<&IssueRow> = todo.insert.iter().chain(&todo.amend).collect();
    if !rows.is_empty() {
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let vehicles: Vec<Uuid> = rows.iter().map(|row| row.vehicle).collect();
        let cars: Vec<Uuid> = rows.iter().map(|row| row.car).collect();
        let titles: Vec<&str> = rows.iter().map(|row| row.title.as_str()).collect();
        let descriptions: Vec<&str> = rows.iter().map(|row| row.description.as_str()).collect();
        let times: Vec<DateTime<Utc>> = rows.iter().map(|row| row.at).collect();
        let evidence: Vec<serde_json::Value> = rows.iter().map(|row| row.evidence.clone()).collect();
        let untils: Vec<DateTime<Utc>> = rows.iter().map(|row| row.until).collect();
        sqlx::query!(
            "INSERT INTO issues (id, source_id, car_id, title, description, occurred_at, evidence, evidence_until, status, source_type, created_at)
             SELECT row.*, 'suggested', 'smartcar_sync', $9
             FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::jsonb[], $8::timestamptz[]) AS row
             ON CONFLICT (id) DO UPDATE
               SET title = excluded.title, description = excluded.description, evidence = excluded.evidence,
                   evidence_until = excluded.evidence_until
               WHERE issues.evidence_until IS NOT NULL",
            &ids,
            &vehicles,
            &cars,
            &titles as &[&str],
            &descriptions as &[&str],
            &times,
            &evidence,
            &untils,
            now,
        )
        .execute(&mut *db)
        .await?;
    }
    if !todo.retract.is_empty() {
        let ids: Vec<Uuid> = todo.retract.iter().map(|row| row.id).collect();
        sqlx::query!("DELETE FROM issues WHERE id = ANY ($1) AND evidence_until IS NOT NULL", &ids)
            .execute(db)
            .await?;
    }
    Ok(())
}
