//! The driver's log: trips with what they were for, the counter at both ends, and what is missing between them. As JSON, and
//! as CSV for those who want it on paper.

mod paper;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Json, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use store::mileage::{self, LoggedTrip};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::zone_of;
use crate::App;
use crate::extract::{OwnCar, Params, Span};
use crate::problem::{Answer, Code, Problem};

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Form {
    Json,
    Csv,
}

/// What is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogParams {
    /// Inclusive (RFC 3339): trips that began in this time.
    from: DateTime<Utc>,
    /// Exclusive (RFC 3339), at most two years later.
    to: DateTime<Utc>,
    /// Absent: as `Accept` says, or JSON.
    #[param(inline)]
    format: Option<Form>,
}

/// The driver's log of a time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MileageLog {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// Whose clock the days are of.
    time_zone: String,
    /// Oldest first.
    lines: Vec<LogLine>,
    totals: Totals,
}

/// A trip, or what is missing between two.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum LogLine {
    Trip(Box<LogTrip>),
    Gap(LogGap),
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LogTrip {
    id: Uuid,
    /// It began after the first of these moments and not after the second.
    started_after: DateTime<Utc>,
    started_at: DateTime<Utc>,
    /// `null` while it goes on, as far as the car said.
    ended_at: Option<DateTime<Utc>>,
    odometer_before_km: Option<f64>,
    odometer_after_km: Option<f64>,
    distance_km: f64,
    /// The distance is sure; that it was one drive is not.
    is_movement: bool,
    from: Option<LogPlace>,
    to: Option<LogPlace>,
    purpose: Option<String>,
    notes: Option<String>,
    /// Who wrote it: `manual`, `smartcar_sync`, `import`.
    source: String,
}

/// Where a trip began or ended.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct LogPlace {
    /// As the person calls it.
    name: Option<String>,
    /// Only where the person agreed that positions are kept, and not of a private place.
    latitude: Option<f64>,
    longitude: Option<f64>,
}

/// Between two trips the counter went on, or back.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LogGap {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    odometer_before_km: f64,
    odometer_after_km: f64,
    /// What no trip tells of; below 0: trips overlap, or the counter was changed.
    distance_km: f64,
}

/// What it adds up to, in kilometres.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the unit is in the name")]
struct Totals {
    business_km: f64,
    private_km: f64,
    /// Of trips of which nobody said what for.
    unknown_km: f64,
    /// Between trips.
    gaps_km: f64,
}

const LONGEST: TimeDelta = TimeDelta::days(2 * 366);
/// Trips of a question, and of an answer.
const PAGE: i64 = 500;
const MOST: usize = 20_000;
/// Less than this is rounding.
const GAP_KM: f64 = 0.5;

/// The driver's log, as tax offices want it: each trip with its purpose and the counter at both ends, and every gap named.
/// What is only a question is left out.
#[utoipa::path(get, path = "/api/cars/{carId}/mileage-log", tag = "cars", operation_id = "getMileageLog",
    security(("person" = [])), params(("carId" = Uuid, Path), LogParams),
    responses((status = 200, description = "The log",
        content((MileageLog = "application/json"), (String = "text/csv")))))]
pub async fn read(
    State(app): State<App>,
    car: OwnCar,
    headers: HeaderMap,
    Params(asked): Params<LogParams>,
) -> Answer<Response> {
    let (from, to) = Span::of(asked.from, asked.to).within(LONGEST)?;
    let mut db = app.pool.acquire().await?;
    let zone = zone_of(&mut db, car.person).await?;
    let trips = trips(&mut db, car.id, from, to).await?;
    drop(db);
    let lines = lines(trips);
    if asked.format.map_or_else(|| wants_csv(&headers), |form| form == Form::Csv) {
        let kind = HeaderValue::from_static("text/csv; charset=utf-8");
        let name = HeaderValue::from_static("attachment; filename=\"mileage-log.csv\"");
        let head = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)];
        return Ok((head, paper::csv(&lines, zone)).into_response());
    }
    let totals = Totals::of(&lines);
    Ok(Json(MileageLog { from, to, time_zone: zone.name().to_owned(), lines, totals }).into_response())
}

fn wants_csv(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').next().is_some_and(|first| first.trim().starts_with("text/csv"))
}

async fn trips(
    db: &mut PgConnection,
    car: Uuid,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Answer<Vec<LoggedTrip>> {
    let mut trips: Vec<LoggedTrip> = Vec::new();
    loop {
        let behind = trips.last().map(|trip| (trip.started_at, trip.id));
        let page = mileage::log(db, car, from, to, behind, PAGE).await?;
        let is_last = i64::try_from(page.len()).is_ok_and(|rows| rows < PAGE);
        trips.extend(page);
        if trips.len() > MOST {
            let detail = format!("There are more than {MOST} trips in this time: ask for less of it.");
            return Err(Problem::new(Code::InvalidParameter, detail).at_field("to"));
        }
        if is_last {
            return Ok(trips);
        }
    }
}

/// Trips with what is missing between them.
fn lines(trips: Vec<LoggedTrip>) -> Vec<LogLine> {
    let mut lines = Vec::new();
    let mut counted: Option<(DateTime<Utc>, f64)> = None;
    for trip in trips {
        if let (Some((at, before)), Some(after)) = (counted, trip.odometer_before) {
            let distance_km = tenths(after - before);
            if distance_km.abs() >= GAP_KM {
                let (from, to) = (at, trip.started_at);
                let gap =
                    LogGap { from, to, odometer_before_km: before, odometer_after_km: after, distance_km };
                lines.push(LogLine::Gap(gap));
            }
        }
        if let Some(km) = trip.odometer_after.or(trip.odometer_before) {
            counted = Some((trip.ended_at.unwrap_or(trip.started_at), km));
        }
        lines.push(LogLine::Trip(Box::new(trip.into())));
    }
    lines
}

fn tenths(km: f64) -> f64 {
    (km * 10.0).round() / 10.0
}

impl Totals {
    fn of(lines: &[LogLine]) -> Self {
        let mut totals = Self::default();
        for line in lines {
            match line {
                LogLine::Trip(trip) => match trip.purpose.as_deref() {
                    Some("business") => totals.business_km += trip.distance_km,
                    Some("private") => totals.private_km += trip.distance_km,
                    Some(_) | None => totals.unknown_km += trip.distance_km,
                },
                LogLine::Gap(gap) => totals.gaps_km += gap.distance_km.max(0.0),
            }
        }
        let Self { business_km, private_km, unknown_km, gaps_km } = totals;
        Self {
            business_km: tenths(business_km),
            private_km: tenths(private_km),
            unknown_km: tenths(unknown_km),
            gaps_km: tenths(gaps_km),
        }
    }
}

impl LogPlace {
    fn of(name: Option<String>, latitude: Option<f64>, longitude: Option<f64>) -> Option<Self> {
        let is_known = name.is_some() || latitude.is_some();
        is_known.then_some(Self { name, latitude, longitude })
    }
}

impl From<LoggedTrip> for LogTrip {
    fn from(trip: LoggedTrip) -> Self {
        Self {
            id: trip.id,
            started_after: trip.started_after,
            started_at: trip.started_at,
            ended_at: trip.ended_at,
            odometer_before_km: trip.odometer_before,
            odometer_after_km: trip.odometer_after,
            distance_km: trip.distance_km,
            is_movement: trip.what == "movement",
            from: LogPlace::of(trip.from, trip.from_latitude, trip.from_longitude),
            to: LogPlace::of(trip.to, trip.to_latitude, trip.to_longitude),
            purpose: trip.purpose,
            notes: trip.notes,
            source: trip.source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trip(hour: i64, odometer: Option<(f64, f64)>, purpose: &str) -> LoggedTrip {
        let at = |hours| DateTime::UNIX_EPOCH + TimeDelta::hours(hours);
        LoggedTrip {
            id: Uuid::nil(),
            started_after: at(hour),
            started_at: at(hour),
            ended_at: Some(at(hour + 1)),
            odometer_before: odometer.map(|(before, _)| before),
            odometer_after: odometer.map(|(_, after)| after),
            distance_km: odometer.map_or(7.0, |(before, after)| after - before),
            from: None,
            to: None,
            from_latitude: None,
            from_longitude: None,
            to_latitude: None,
            to_longitude: None,
            what: "drive".to_owned(),
            purpose: Some(purpose.to_owned()).filter(|word| !word.is_empty()),
            notes: None,
            state: "recorded".to_owned(),
            source: "smartcar_sync".to_owned(),
        }
    }

    fn gaps(trips: Vec<LoggedTrip>) -> Vec<f64> {
        let gap = |line| match line {
            LogLine::Gap(gap) => Some(gap.distance_km),
            LogLine::Trip(_) => None,
        };
        lines(trips).into_iter().filter_map(gap).collect()
    }

    #[test]
    fn what_no_trip_tells_of_is_named() {
        let first = trip(1, Some((100.0, 110.0)), "");
        assert_eq!(gaps(vec![first.clone(), trip(5, Some((110.3, 120.0)), "")]), [0.0; 0]);
        assert_eq!(gaps(vec![first.clone(), trip(5, Some((123.4, 130.0)), "")]), [13.4]);
        assert_eq!(gaps(vec![first.clone(), trip(5, Some((105.0, 115.0)), "")]), [-5.0]);
        // A trip without a counter lies in the gap around it.
        assert_eq!(gaps(vec![first, trip(3, None, ""), trip(5, Some((120.0, 130.0)), "")]), [10.0]);
    }

    #[test]
    fn a_log_adds_up_by_purpose() {
        let trips = vec![
            trip(1, Some((100.0, 110.0)), "business"),
            trip(3, Some((110.0, 113.5)), "private"),
            trip(5, Some((120.0, 121.0)), ""),
        ];
        let totals = Totals { business_km: 10.0, private_km: 3.5, unknown_km: 1.0, gaps_km: 6.5 };
        assert_eq!(Totals::of(&lines(trips)), totals);
    }
}
