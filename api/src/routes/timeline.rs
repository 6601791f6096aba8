//! All books side by side, day by day, with the gaps in which nothing was heard of the car.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Json;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use runtime::clock;
use serde::{Deserialize, Serialize};
use store::journal::{self, JournalRow, SilenceRow};
use store::preferences;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::books::{Book, Progress};
use crate::App;
use crate::extract::{OwnCar, Params, Span};
use crate::problem::Answer;

/// What happened, day by day, oldest first; days without anything are absent.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Timeline {
    /// The zone of the person's clock, by which days begin.
    time_zone: String,
    days: Vec<Day>,
    /// There was more than fits: the oldest is missing. Ask for a shorter time.
    is_cut_off: bool,
}

/// A day by the person's clock.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Day {
    date: NaiveDate,
    /// What began on this day, in the order of time.
    entries: Vec<Happening>,
    /// Times that touch this day and in which nothing was heard of the car, for longer than it is used to be silent.
    silences: Vec<Silence>,
}

/// An entry of any book.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Happening {
    book: Book,
    id: Uuid,
    from: DateTime<Utc>,
    /// `null` while it goes on; the same as `from` for what is a moment.
    to: Option<DateTime<Utc>>,
    progress: Progress,
    /// A `candidate` is a question.
    state: Option<String>,
    confidence: Option<f64>,
    /// What it is about, with its unit: 12.5 `km`, 37.2 `l`, 18.3 `kWh`.
    amount: Option<f64>,
    unit: Option<String>,
    cost: Option<f64>,
    currency: Option<String>,
    /// The purpose of a trip, the category of an expense, the kind of an alert, the title of an issue, the name of a place.
    about: Option<String>,
    notes: Option<String>,
    source: String,
    /// The newest reading that it rests on; `null` on what is a person's.
    as_of: Option<DateTime<Utc>>,
}

/// A time in which nothing was heard of the car.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Silence {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// Nothing was heard since.
    goes_on: bool,
}

/// Which part of the line of time.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TimelineParams {
    /// Inclusive (RFC 3339).
    from: DateTime<Utc>,
    /// Exclusive, later than `from`, at most 93 days (RFC 3339).
    to: DateTime<Utc>,
    /// With what is too small to be shown, and what was dismissed.
    #[serde(default)]
    hidden: bool,
}

const LONGEST: TimeDelta = TimeDelta::days(93);
const MOST: i64 = 5_000;
/// Shorter silences are nothing to tell.
const SHORTEST_SILENCE: TimeDelta = TimeDelta::hours(6);

/// What happened, day by day.
#[utoipa::path(get, path = "/api/cars/{carId}/timeline", tag = "cars", operation_id = "getTimeline",
    security(("person" = [])), params(("carId" = Uuid, Path), TimelineParams),
    responses((status = 200, description = "The line of time", body = Timeline)))]
pub async fn find(
    State(app): State<App>,
    car: OwnCar,
    Params(params): Params<TimelineParams>,
) -> Answer<Json<Timeline>> {
    let (from, to) = Span::of(params.from, params.to).within(LONGEST)?;
    let span = journal::Span { from, to, hidden: params.hidden };
    let now = clock::now();
    let mut db = app.pool.acquire().await?;
    let zone = preferences::of(&mut db, car.person.id).await?.time_zone;
    let zone: Tz = zone.and_then(|zone| zone.parse().ok()).unwrap_or(Tz::UTC);
    let rows = journal::entries(&mut db, car.id, span, MOST + 1).await?;
    let silences = journal::silences(&mut db, car.id, span, SHORTEST_SILENCE, now).await?;
    Ok(Json(Timeline::of(rows, &silences, span, zone, now)))
}

impl Timeline {
    fn of(
        mut rows: Vec<JournalRow>,
        silences: &[SilenceRow],
        span: journal::Span,
        zone: Tz,
        now: DateTime<Utc>,
    ) -> Self {
        let too_many = rows.len().saturating_sub(usize::try_from(MOST).unwrap_or(usize::MAX));
        rows.drain(..too_many);
        let date = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
        let mut days: BTreeMap<NaiveDate, Day> = BTreeMap::new();
        let on = |date| Day { date, ..Day::default() };
        for row in rows {
            let date = date(row.from);
            days.entry(date).or_insert_with(|| on(date)).entries.extend(Happening::of(row, now));
        }
        for silence in silences {
            let last = date(silence.to.min(span.to - TimeDelta::microseconds(1)));
            let touched = date(silence.from.max(span.from)).iter_days().take_while(|date| *date <= last);
            for date in touched {
                days.entry(date).or_insert_with(|| on(date)).silences.push(Silence::of(*silence, now));
            }
        }
        Self {
            time_zone: zone.name().to_owned(),
            days: days.into_values().collect(),
            is_cut_off: too_many > 0,
        }
    }
}

impl Happening {
    fn of(row: JournalRow, now: DateTime<Utc>) -> Option<Self> {
        let JournalRow {
            book,
            id,
            from,
            to,
            state,
            confidence,
            amount,
            unit,
            cost,
            currency,
            about,
            notes,
            source,
            until,
        } = row;
        Some(Self {
            book: Book::of_table(&book)?,
            id,
            from,
            to,
            progress: Progress::of(to, until, from, now),
            state,
            confidence,
            amount,
            unit,
            cost,
            currency,
            about,
            notes,
            source,
            as_of: until,
        })
    }
}

impl Silence {
    fn of(row: SilenceRow, now: DateTime<Utc>) -> Self {
        let SilenceRow { from, to } = row;
        Self { from, to, goes_on: to >= now }
    }
}
