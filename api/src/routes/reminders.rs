//! What has to be done to a car, and when: by distance, by time, by the oil's life, whichever comes first.

pub mod said;
mod words;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Json, Response};
use chrono::{DateTime, Utc};
use domain::distance::Distance;
use domain::reading::Milli;
use domain::reminder::Due;
use runtime::clock;
use serde::{Deserialize, Serialize};
use sqlx::{Connection, PgConnection};
use store::hand_entries::Edit;
use store::preferences;
use store::reminders::{self, Outlook, ReminderRow};
use utoipa::ToSchema;
use uuid::Uuid;

use super::books::created;
use crate::App;
use crate::extract::{Body, EntryOf, OwnCar};
use crate::problem::{Answer, Code, Problem};
use crate::value::{self, Kilometres, Moment, Name, Notes};
use words::Units;

/// Something that has to be done to a car.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reminder {
    id: Uuid,
    title: String,
    notes: Option<String>,
    /// Each so far, each so many months; both: whichever comes first.
    interval_km: Option<f64>,
    interval_months: Option<i32>,
    /// It begins anew when it is done.
    is_recurring: bool,
    /// It keeps its grid, however early or late it is done; otherwise the next interval counts from where it was done.
    is_fixed: bool,
    /// The oil's life makes it due, too.
    watches_oil: bool,
    /// From here on the interval counts.
    done_at: DateTime<Utc>,
    done_km: Option<f64>,
    /// Done for good.
    finished_at: Option<DateTime<Utc>>,
    snoozed_until: Option<DateTime<Utc>>,
    due: ReminderDue,
    /// A sign that it was done already: nothing is closed unless a person says so.
    proposal: Option<DoneProposal>,
}

/// When it is due.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReminderDue {
    /// `planned`, `soon`, `urgent`, `due`, `overdue`.
    stage: String,
    /// In words, in the person's units: `Oil change is due in 500 miles`.
    text: String,
    /// What comes first: `distance`, `time`, `oil_life`; `null` where nothing is known yet.
    because: Option<String>,
    /// What the counter will show then.
    odometer_km: Option<f64>,
    /// How far it is, as far as the way since the last reading is estimated; below 0 it is past.
    left_km: Option<f64>,
    /// The most likely date; one of ten times it is before `earliest`, one of ten after `latest`.
    date: Option<DateTime<Utc>>,
    earliest: Option<DateTime<Utc>>,
    latest: Option<DateTime<Utc>>,
}

/// A sign that something was done.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DoneProposal {
    at: DateTime<Utc>,
    /// `oil_renewed`: the oil's life rose as it does then; `expense`: somebody paid for a service.
    because: String,
    odometer_km: Option<f64>,
}

/// The reminders of a car.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reminders {
    items: Vec<Reminder>,
}

/// What has to be done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReminderInput {
    title: Name,
    notes: Option<Notes>,
    interval_km: Option<Kilometres>,
    #[schema(minimum = 1, maximum = 240)]
    interval_months: Option<i32>,
    #[serde(default = "yes")]
    is_recurring: bool,
    #[serde(default)]
    is_fixed: bool,
    #[serde(default)]
    watches_oil: bool,
    /// When it was done last; absent: it counts from now on.
    done_at: Option<Moment>,
    done_km: Option<Kilometres>,
}

/// What is to be different. What is absent stays; `null` takes away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReminderPatch {
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    title: Option<Name>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Notes>)]
    notes: Edit<Notes>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Kilometres>)]
    interval_km: Edit<Kilometres>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 240)]
    interval_months: Edit<i32>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    is_recurring: Option<bool>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    is_fixed: Option<bool>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    watches_oil: Option<bool>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    done_at: Option<Moment>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Kilometres>)]
    done_km: Edit<Kilometres>,
}

/// Longer than cars live.
const MOST_MONTHS: i32 = 240;

const fn yes() -> bool {
    true
}

/// What has to be done to a car, and when.
#[utoipa::path(get, path = "/api/cars/{carId}/reminders", tag = "cars", operation_id = "listReminders",
    security(("person" = [])), params(("carId" = Uuid, Path)),
    responses((status = 200, description = "The reminders", body = Reminders)))]
pub async fn list(State(app): State<App>, car: OwnCar) -> Answer<Json<Reminders>> {
    let mut db = app.pool.acquire().await?;
    let rows = reminders::list(&mut db, car.id).await?;
    let shown = Shown::of(&mut db, car).await?;
    Ok(Json(Reminders { items: rows.into_iter().map(|row| shown.reminder(row)).collect() }))
}

/// Writes a reminder.
#[utoipa::path(post, path = "/api/cars/{carId}/reminders", tag = "cars", operation_id = "addReminder",
    security(("person" = [])), params(("carId" = Uuid, Path)), request_body = ReminderInput,
    responses(
        (status = 201, description = "Written", body = Reminder),
        (status = 409, description = "As many reminders as one car can have are written"),
    ))]
pub async fn add(State(app): State<App>, car: OwnCar, Body(input): Body<ReminderInput>) -> Answer<Response> {
    let reminder = input.reminder();
    check(&reminder)?;
    let mut db = app.pool.acquire().await?;
    let row = reminders::add(&mut db, car.id, &reminder, clock::now()).await?.ok_or_else(|| {
        let detail = format!("The car has {} reminders: delete one of them first.", reminders::MOST);
        Problem::new(Code::LimitReached, detail)
    })?;
    let shown = Shown::of(&mut db, car).await?;
    let list = format!("/api/cars/{}/reminders", car.id);
    Ok(created(&list, row.id, &shown.reminder(row)))
}

/// Changes a reminder.
#[utoipa::path(patch, path = "/api/cars/{carId}/reminders/{entryId}", tag = "cars", operation_id = "changeReminder",
    security(("person" = [])), params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)), request_body = ReminderPatch,
    responses((status = 200, description = "The reminder as it is now", body = Reminder)))]
pub async fn change(
    State(app): State<App>,
    entry: EntryOf,
    Body(patch): Body<ReminderPatch>,
) -> Answer<Json<Reminder>> {
    rewrite(&app, entry, |row, _| {
        row.reminder = patch.over(row.reminder.clone());
        check(&row.reminder)
    })
    .await
}

/// Deletes a reminder.
#[utoipa::path(delete, path = "/api/cars/{carId}/reminders/{entryId}", tag = "cars", operation_id = "deleteReminder",
    security(("person" = [])), params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(State(app): State<App>, entry: EntryOf) -> Answer<StatusCode> {
    let mut db = app.pool.acquire().await?;
    let gone = reminders::delete(&mut db, entry.car.id, entry.id).await?;
    if gone { Ok(StatusCode::NO_CONTENT) } else { Err(EntryOf::none()) }
}

/// Changes a reminder under its lock, by what is known of its car.
async fn rewrite(
    app: &App,
    entry: EntryOf,
    change: impl FnOnce(&mut ReminderRow, &Outlook) -> Answer<()>,
) -> Answer<Json<Reminder>> {
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    let row = reminders::find_for_change(&mut tx, entry.car.id, entry.id).await?;
    let mut row = row.ok_or_else(EntryOf::none)?;
    let shown = Shown::of(&mut tx, entry.car).await?;
    change(&mut row, &shown.outlook)?;
    reminders::replace(&mut tx, &row).await?;
    tx.commit().await?;
    Ok(Json(shown.reminder(row)))
}

fn check(reminder: &reminders::Reminder) -> Answer<()> {
    let reminders::Reminder { interval_km, interval_months, watches_oil, .. } = reminder;
    if interval_km.is_some_and(|km| km <= 0.0) {
        let problem = Problem::new(Code::InvalidField, "An interval is more than 0 km.");
        return Err(problem.at_field("intervalKm"));
    }
    if interval_months.is_some_and(|months| !(1..=MOST_MONTHS).contains(&months)) {
        let detail = format!("An interval is between 1 and {MOST_MONTHS} months.");
        return Err(Problem::new(Code::InvalidField, detail).at_field("intervalMonths"));
    }
    if interval_km.is_none() && interval_months.is_none() && !watches_oil {
        let detail = "Say how far or how many months it may take, or that the oil's life is watched.";
        return Err(Problem::new(Code::InvalidField, detail).at_field("intervalKm"));
    }
    Ok(())
}

impl ReminderInput {
    fn reminder(self) -> reminders::Reminder {
        reminders::Reminder {
            title: self.title.0,
            notes: self.notes.map(|notes| notes.0),
            interval_km: self.interval_km.map(|km| km.0),
            interval_months: self.interval_months,
            is_recurring: self.is_recurring,
            is_fixed: self.is_fixed,
            watches_oil: self.watches_oil,
            done_at: self.done_at.map(|at| at.0),
            done_km: self.done_km.map(|km| km.0),
        }
    }
}

impl ReminderPatch {
    fn over(self, old: reminders::Reminder) -> reminders::Reminder {
        reminders::Reminder {
            title: self.title.map_or(old.title, |title| title.0),
            notes: self.notes.map(|notes| notes.0).over(old.notes),
            interval_km: self.interval_km.map(|km| km.0).over(old.interval_km),
            interval_months: self.interval_months.over(old.interval_months),
            is_recurring: self.is_recurring.unwrap_or(old.is_recurring),
            is_fixed: self.is_fixed.unwrap_or(old.is_fixed),
            watches_oil: self.watches_oil.unwrap_or(old.watches_oil),
            done_at: self.done_at.map(|at| at.0).or(old.done_at),
            done_km: self.done_km.map(|km| km.0).over(old.done_km),
        }
    }
}

/// All that is needed to show a car's reminders.
struct Shown {
    outlook: Outlook,
    units: Units,
    now: DateTime<Utc>,
}

impl Shown {
    async fn of(db: &mut PgConnection, car: OwnCar) -> Answer<Self> {
        let now = clock::now();
        let units = preferences::of(&mut *db, car.person.id).await?.units;
        let outlook = reminders::outlook(db, car.id, now).await?;
        Ok(Self { outlook, units: Units::of(units.as_deref()), now })
    }

    fn reminder(&self, row: ReminderRow) -> Reminder {
        let due = row.due(&self.outlook, self.now);
        let proposal = row.proposal(&self.outlook).filter(|_| row.finished_at.is_none());
        let proposal = proposal.map(|hint| DoneProposal {
            at: hint.at,
            because: if hint.is_oil { "oil_renewed" } else { "expense" }.to_owned(),
            odometer_km: hint.odometer.map(km),
        });
        let done_at = row.plan().done_at;
        let ReminderRow { id, reminder, finished_at, snoozed_until, .. } = row;
        Reminder {
            id,
            due: ReminderDue::of(&reminder.title, &due, self),
            title: reminder.title,
            notes: reminder.notes,
            interval_km: reminder.interval_km,
            interval_months: reminder.interval_months,
            is_recurring: reminder.is_recurring,
            is_fixed: reminder.is_fixed,
            watches_oil: reminder.watches_oil,
            done_at,
            done_km: reminder.done_km,
            finished_at,
            snoozed_until,
            proposal,
        }
    }
}

impl ReminderDue {
    fn of(title: &str, due: &Due, shown: &Shown) -> Self {
        Self {
            stage: due.stage.name().to_owned(),
            text: words::due(title, due, shown.units, shown.now),
            because: due.because.map(|because| because.name().to_owned()),
            odometer_km: due.odometer.map(km),
            left_km: due.left.map(km),
            date: due.date.map(|date| date.expected),
            earliest: due.date.map(|date| date.early),
            latest: due.date.map(|date| date.late),
        }
    }
}

fn km(distance: Distance) -> f64 {
    Milli(distance.metres()).to_f64()
}
