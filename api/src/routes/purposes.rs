//! What trips are for, by place and time: business or private. The first rule that fits a trip counts; what a person says
//! of a trip itself stays.

mod words;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Json, Response};
use runtime::clock;
use serde::{Deserialize, Serialize};
use sqlx::{Connection, PgConnection};
use store::geofences;
use store::geofences::purposes::{self, Rule, RuleRow};
use utoipa::ToSchema;
use uuid::Uuid;

use super::books::created;
use crate::App;
use crate::extract::{Body, OwnThing};
use crate::identity::Person;
use crate::problem::{Answer, Code, Problem};
use crate::value;
use words::{Purpose, TimeOfDay, Weekday};

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PurposeRule {
    id: Uuid,
    /// Rules are asked in this order.
    rank: i32,
    purpose: Purpose,
    /// One of these is where the trip began or ended; none: anywhere.
    geofence_ids: Vec<Uuid>,
    /// The days on which the trip began, by the person's clock.
    weekdays: Vec<Weekday>,
    /// The trip began at this time or later, by the person's clock.
    from: TimeOfDay,
    /// And before this; across midnight where it is not later than `from`, the whole day where they are the same.
    to: TimeOfDay,
}

/// The rules of a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct PurposeRules {
    items: Vec<PurposeRule>,
}

/// Which trips are for what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PurposeRuleInput {
    /// Absent: after all others.
    rank: Option<i32>,
    purpose: Purpose,
    #[serde(default)]
    #[schema(max_items = 50)]
    geofence_ids: Vec<Uuid>,
    /// Absent: each day.
    #[serde(default = "words::week")]
    weekdays: Vec<Weekday>,
    #[serde(default)]
    from: TimeOfDay,
    #[serde(default)]
    to: TimeOfDay,
}

/// What is to be different. What is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PurposeRulePatch {
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    rank: Option<i32>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    purpose: Option<Purpose>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false, max_items = 50)]
    geofence_ids: Option<Vec<Uuid>>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    weekdays: Option<Vec<Weekday>>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    from: Option<TimeOfDay>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    to: Option<TimeOfDay>,
}

/// Places that one rule may name.
const MOST_PLACES: usize = 50;

/// The person's rules, in the order in which they are asked.
#[utoipa::path(get, path = "/api/purpose-rules", tag = "places", operation_id = "listPurposeRules",
    security(("person" = [])), responses((status = 200, description = "The rules", body = PurposeRules)))]
pub async fn list(State(app): State<App>, person: Person) -> Answer<Json<PurposeRules>> {
    let mut db = app.pool.acquire().await?;
    let rows = purposes::list(&mut db, person.id).await?;
    Ok(Json(PurposeRules { items: rows.into_iter().map(PurposeRule::from).collect() }))
}

/// Writes a rule. Trips of all of the person's cars are looked at anew, from their first day on.
#[utoipa::path(post, path = "/api/purpose-rules", tag = "places", operation_id = "addPurposeRule",
    security(("person" = [])), request_body = PurposeRuleInput,
    responses(
        (status = 201, description = "Written", body = PurposeRule),
        (status = 409, description = "As many rules as one person can have are written"),
    ))]
pub async fn add(
    State(app): State<App>,
    person: Person,
    Body(input): Body<PurposeRuleInput>,
) -> Answer<Response> {
    let PurposeRuleInput { rank, purpose, geofence_ids, weekdays, from, to } = input;
    let rule = Rule {
        purpose: purpose.word().to_owned(),
        geofences: geofence_ids,
        weekdays: words::marked(&weekdays),
        from_minute: from.minute(),
        to_minute: to.minute(),
    };
    let mut db = app.pool.acquire().await?;
    check(&mut db, person, &rule).await?;
    let row = purposes::add(&mut db, person.id, rank, &rule, clock::now()).await?.ok_or_else(|| {
        let detail = format!("You have {} rules: delete one of them first.", purposes::MOST);
        Problem::new(Code::LimitReached, detail)
    })?;
    Ok(created("/api/purpose-rules", row.id, &PurposeRule::from(row)))
}

/// Changes a rule.
#[utoipa::path(patch, path = "/api/purpose-rules/{ruleId}", tag = "places", operation_id = "changePurposeRule",
    security(("person" = [])), params(("ruleId" = Uuid, Path)), request_body = PurposeRulePatch,
    responses((status = 200, description = "The rule as it is now", body = PurposeRule)))]
pub async fn change(
    State(app): State<App>,
    own: OwnThing,
    Body(patch): Body<PurposeRulePatch>,
) -> Answer<Json<PurposeRule>> {
    let (person, [id]) = own.named(["ruleId"]).ok_or_else(none)?;
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    let row = purposes::find_for_change(&mut tx, person.id, id).await?.ok_or_else(none)?;
    let row = patch.apply(row);
    check(&mut tx, person, &row.rule).await?;
    purposes::replace(&mut tx, person.id, &row).await?;
    tx.commit().await?;
    Ok(Json(row.into()))
}

/// Deletes a rule.
#[utoipa::path(delete, path = "/api/purpose-rules/{ruleId}", tag = "places", operation_id = "deletePurposeRule",
    security(("person" = [])), params(("ruleId" = Uuid, Path)),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(State(app): State<App>, own: OwnThing) -> Answer<StatusCode> {
    let (person, [id]) = own.named(["ruleId"]).ok_or_else(none)?;
    let mut db = app.pool.acquire().await?;
    if purposes::delete(&mut db, person.id, id).await? { Ok(StatusCode::NO_CONTENT) } else { Err(none()) }
}

/// What is said of a rule that does not exist, and of somebody else's.
fn none() -> Problem {
    Problem::new(Code::EntryNotFound, "You have no such rule.")
}

/// A rule that fits no trip is a mistake. Somebody else's place is answered like one that does not exist.
async fn check(db: &mut PgConnection, person: Person, rule: &Rule) -> Answer<()> {
    if !rule.weekdays.contains(&true) {
        let detail = "Name at least one day of the week, or leave `weekdays` out for each day.";
        return Err(Problem::new(Code::InvalidField, detail).at_field("weekdays"));
    }
    if rule.geofences.len() > MOST_PLACES {
        let detail = format!("A rule names at most {MOST_PLACES} places.");
        return Err(Problem::new(Code::InvalidField, detail).at_field("geofenceIds"));
    }
    if rule.geofences.is_empty() {
        return Ok(());
    }
    let known: Vec<Uuid> = geofences::list(db, person.id).await?.into_iter().map(|row| row.id).collect();
    match rule.geofences.iter().position(|id| !known.contains(id)) {
        Some(number) => {
            let problem = Problem::new(Code::InvalidField, "You have marked no such place.");
            Err(problem.at_field(format!("geofenceIds[{number}]")))
        }
        None => Ok(()),
    }
}

impl PurposeRulePatch {
    fn apply(self, row: RuleRow) -> RuleRow {
        let Self { rank, purpose, geofence_ids, weekdays, from, to } = self;
        let RuleRow { id, rank: old_rank, rule: old } = row;
        let rule = Rule {
            purpose: purpose.map_or(old.purpose, |purpose| purpose.word().to_owned()),
            geofences: geofence_ids.unwrap_or(old.geofences),
            weekdays: weekdays.map_or(old.weekdays, |days| words::marked(&days)),
            from_minute: from.map_or(old.from_minute, TimeOfDay::minute),
            to_minute: to.map_or(old.to_minute, TimeOfDay::minute),
        };
        RuleRow { id, rank: rank.unwrap_or(old_rank), rule }
    }
}

impl From<RuleRow> for PurposeRule {
    fn from(row: RuleRow) -> Self {
        let RuleRow { id, rank, rule } = row;
        let Rule { purpose, geofences, weekdays, from_minute, to_minute } = rule;
        Self {
            id,
            rank,
            purpose: Purpose::of(&purpose),
            geofence_ids: geofences,
            weekdays: words::named(&weekdays),
            from: TimeOfDay::of(from_minute),
            to: TimeOfDay::of(to_minute),
        }
    }
}
