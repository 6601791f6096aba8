//! `issues`: what the machine suggests that a person looks at. Once a person has touched one, it is theirs.

use chrono::{DateTime, Utc};
use domain::book::{IssueKind, SuggestedIssue};
use serde::Serialize;
use sqlx::PgConnection;

use crate::StoreError;
use crate::conditions;
use crate::evidence::evidence;
use crate::sheet::{Place, Row, Sent, Sheet};

#[derive(Debug, Serialize)]
struct Columns {
    title: &'static str,
    description: String,
    occurred_at: DateTime<Utc>,
}

pub fn row(place: Place, issue: &SuggestedIssue) -> Result<Row, StoreError> {
    let (title, description) = words(&issue.what);
    let columns = Columns { title, description, occurred_at: issue.at };
    let rule = match issue.what {
        IssueKind::OdometerConflict { .. } | IssueKind::OdometerReplaced { .. } => "odometer",
        IssueKind::Condition(_) => "health",
    };
    let why = evidence(rule, None, &issue.evidence);
    Row::new(Sheet::Issues, place, issue.evidence.until, &why, columns)
}

fn words(what: &IssueKind) -> (&'static str, String) {
    match what {
        IssueKind::OdometerConflict { entry, car, .. } => (
            "A mileage entry does not fit what the car says",
            format!(
                "The entry says {entry} km, the car said {car} km at about that time. Please check the entry."
            ),
        ),
        IssueKind::OdometerReplaced { from, to, .. } => (
            "Was the odometer replaced?",
            format!(
                "The car showed {from} km and has shown {to} km and up since. If its counter was changed, please \
                 confirm it: until then no mileage is written."
            ),
        ),
        IssueKind::Condition(condition) => conditions::words(condition),
    }
}

/// Writes and amends; what a person changed or deleted meanwhile stays as it is.
pub async fn write(db: &mut PgConnection, rows: &Sent, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH row AS (
           SELECT row.*, own.*
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[], $6::bigint[], $7::bool[])
             AS row (id, vehicle, car, until, columns, digest, is_new)
           CROSS JOIN LATERAL json_to_record(row.columns::json) AS own (
             title text, description text, occurred_at timestamptz, evidence jsonb)
         ), amended AS (
           UPDATE issues AS issue
           SET car_id = row.car, title = row.title, description = row.description, occurred_at = row.occurred_at,
             evidence = row.evidence, evidence_until = row.until, digest = row.digest
           FROM row
           WHERE issue.id = row.id AND NOT row.is_new AND issue.evidence_until IS NOT NULL
         )
         INSERT INTO issues (
           id, source_id, car_id, title, description, occurred_at, evidence, evidence_until, digest, status,
           source_type, created_at)
         SELECT row.id, row.vehicle, row.car, row.title, row.description, row.occurred_at,
           row.evidence, row.until, row.digest, 'suggested', 'smartcar_sync', $8
         FROM row WHERE is_new
         ON CONFLICT (id) DO NOTHING",
        &rows.ids,
        &rows.vehicles,
        &rows.cars,
        &rows.untils,
        &rows.columns as &[String],
        &rows.digests,
        &rows.is_new,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
