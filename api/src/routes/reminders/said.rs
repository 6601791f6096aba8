//! What people say of a reminder: it was done, later, it was not done.

use axum::extract::State;
use axum::response::Json;
use chrono::{DateTime, Utc};
use domain::distance::Distance;
use domain::reading::Milli;
use domain::reminder::next;
use runtime::clock;
use serde::Deserialize;
use store::reminders::Outlook;
use utoipa::ToSchema;

use super::{Reminder, km, rewrite};
use crate::App;
use crate::extract::{Body, EntryOf};
use crate::problem::Answer;
use crate::value::{Date, Kilometres, Moment};

/// When it was done.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReminderDone {
    /// Absent: now.
    at: Option<Moment>,
    /// What the counter showed; absent: what the book says of then.
    odometer_km: Option<Kilometres>,
}

/// Until when it is not to be heard of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReminderSnooze {
    until: Date,
}

/// It was done. One that recurs begins anew, from there or on its grid; another is finished.
#[utoipa::path(post, path = "/api/cars/{carId}/reminders/{entryId}/done", tag = "cars", operation_id = "completeReminder",
    security(("person" = [])), params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)), request_body = ReminderDone,
    responses((status = 200, description = "The reminder as it is now", body = Reminder)))]
pub async fn done(
    State(app): State<App>,
    entry: EntryOf,
    Body(done): Body<ReminderDone>,
) -> Answer<Json<Reminder>> {
    let at = done.at.map_or_else(clock::now, |at| at.0);
    let odometer = done.odometer_km.and_then(|km| Milli::from_f64(km.0).ok()).map(Distance::from_km_reading);
    rewrite(&app, entry, |row, outlook: &Outlook| {
        row.snoozed_until = None;
        if !row.reminder.is_recurring {
            row.finished_at = Some(at);
        }
        let odometer = odometer.or_else(|| outlook.road.odometer_at(at));
        let plan = next(&row.plan(), row.reminder.is_fixed, at, odometer);
        row.reminder.done_at = Some(plan.done_at);
        row.reminder.done_km = plan.done_odometer.map(km);
        // Signs of it are explained.
        row.dismissed_until = Some(newest_sign(outlook, at));
        Ok(())
    })
    .await
}

/// Leaves the person alone with it for a while.
#[utoipa::path(post, path = "/api/cars/{carId}/reminders/{entryId}/snooze", tag = "cars", operation_id = "snoozeReminder",
    security(("person" = [])), params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)), request_body = ReminderSnooze,
    responses((status = 200, description = "The reminder as it is now", body = Reminder)))]
pub async fn snooze(
    State(app): State<App>,
    entry: EntryOf,
    Body(snooze): Body<ReminderSnooze>,
) -> Answer<Json<Reminder>> {
    rewrite(&app, entry, |row, _| {
        row.snoozed_until = Some(snooze.until.0);
        Ok(())
    })
    .await
}

/// What looked as if it were done was something else.
#[utoipa::path(post, path = "/api/cars/{carId}/reminders/{entryId}/dismiss-proposal", tag = "cars",
    operation_id = "dismissReminderProposal", security(("person" = [])),
    params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    responses((status = 200, description = "The reminder as it is now", body = Reminder)))]
pub async fn dismiss(State(app): State<App>, entry: EntryOf) -> Answer<Json<Reminder>> {
    rewrite(&app, entry, |row, outlook| {
        row.dismissed_until = Some(newest_sign(outlook, DateTime::UNIX_EPOCH));
        Ok(())
    })
    .await
}

/// The newest sign that is known, at least so late.
fn newest_sign(outlook: &Outlook, at_least: DateTime<Utc>) -> DateTime<Utc> {
    outlook.hints.iter().map(|hint| hint.at).fold(at_least, DateTime::max)
}
