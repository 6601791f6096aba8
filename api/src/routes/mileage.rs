//! How far the car came: at any moment, and between the things in its books.

pub mod log;
mod way;

use axum::extract::State;
use axum::response::Json;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use runtime::clock;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use store::mileage::{self, Stand, Things};
use store::preferences;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::App;
use crate::extract::{OwnCar, Params, Span};
use crate::identity::Person;
use crate::problem::{Answer, Code, Problem};
use crate::value::Moment;
use way::{Odometer, Way};

/// Between which things ways are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Between {
    Fills,
    Charges,
    Trips,
    /// Expenses of the categories service, maintenance, repair, inspection and oil change, or of the `category` that is named.
    Services,
    /// The first moments of months, by the person's clock.
    Months,
}

/// What is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MileageParams {
    #[param(inline)]
    between: Between,
    /// Of services: the category of expenses that is meant, such as `tyres`.
    category: Option<String>,
    /// Inclusive (RFC 3339); absent: a year before `to`.
    #[param(value_type = Option<DateTime<Utc>>)]
    from: Option<Moment>,
    /// Exclusive (RFC 3339); absent: now.
    #[param(value_type = Option<DateTime<Utc>>)]
    to: Option<Moment>,
}

/// The ways between things.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mileage {
    between: Between,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// Oldest first.
    items: Vec<Milestone>,
    /// From the last of them until now, or until `to` where that is earlier.
    since_last: Option<Way>,
    /// There are later ones, which are left out.
    is_cut: bool,
}

/// A thing in the books, and how far the car had come.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Milestone {
    /// The entry's; `null` for what is no entry.
    id: Option<Uuid>,
    odometer: Odometer,
    /// From the one before; `null` for the first.
    way: Option<Way>,
}

/// When.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AtParams {
    /// RFC 3339.
    #[param(value_type = DateTime<Utc>)]
    moment: Moment,
}

/// Things of one answer.
const MOST: i64 = 1_000;

const LONGEST: TimeDelta = TimeDelta::days(50 * 366);

/// What people call the categories of what is done to a car.
const SERVICES: [&str; 8] =
    ["service", "services", "maintenance", "repair", "repairs", "inspection", "oil", "oil change"];

/// What the counter showed at a moment: between two entries of the books as likely as between them, with both as evidence.
#[utoipa::path(get, path = "/api/cars/{carId}/mileage/at", tag = "cars", operation_id = "getMileageAt",
    security(("person" = [])), params(("carId" = Uuid, Path), AtParams),
    responses((status = 200, description = "What is known", body = Odometer)))]
pub async fn at(
    State(app): State<App>,
    car: OwnCar,
    Params(AtParams { moment: Moment(moment) }): Params<AtParams>,
) -> Answer<Json<Odometer>> {
    let mut db = app.pool.acquire().await?;
    let known = mileage::at(&mut db, car.id, &[moment]).await?;
    // One moment was asked for.
    let known = known.into_iter().next().unwrap_or_else(|| mileage::Odometer::at(moment, None, None));
    Ok(Json(known.into()))
}

/// How far the car came between fill-ups, charging sessions, trips, services or months.
#[utoipa::path(get, path = "/api/cars/{carId}/mileage", tag = "cars", operation_id = "getMileage",
    security(("person" = [])), params(("carId" = Uuid, Path), MileageParams),
    responses((status = 200, description = "The ways", body = Mileage)))]
pub async fn between(
    State(app): State<App>,
    car: OwnCar,
    Params(asked): Params<MileageParams>,
) -> Answer<Json<Mileage>> {
    let now = clock::now();
    let to = asked.to.map_or(now, |Moment(to)| to);
    let from = asked.from.map_or(to - TimeDelta::days(365), |Moment(from)| from);
    let (from, to) = Span::of(from, to).within(LONGEST)?;
    let mut db = app.pool.acquire().await?;
    let (mut things, is_cut) = find(&mut db, car, &asked, (from, to)).await?;
    let last = (None, mileage::Thing { id: Uuid::nil(), at: to.min(now), odometer_km: None });
    let has_things = !things.is_empty();
    things.extend(has_things.then_some(last));
    let mut stands = stands(&mut db, car.id, &things).await?;
    let replaced = mileage::replacements(&mut db, car.id).await?;
    let way = |pair: &[mileage::Odometer]| Way::between(&pair[0], &pair[1], &replaced);
    let mut ways: Vec<Way> = stands.windows(2).map(way).collect();
    let since_last = ways.pop();
    stands.truncate(things.len().saturating_sub(1));
    let ways = std::iter::once(None).chain(ways.into_iter().map(Some));
    let items = things.iter().zip(stands).zip(ways);
    let items = items.map(|(((id, _), stand), way)| Milestone { id: *id, odometer: stand.into(), way });
    Ok(Json(Mileage { between: asked.between, from, to, items: items.collect(), since_last, is_cut }))
}

type Named = (Option<Uuid>, mileage::Thing);

async fn find(
    db: &mut PgConnection,
    car: OwnCar,
    asked: &MileageParams,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Answer<(Vec<Named>, bool)> {
    if asked.category.is_some() && asked.between != Between::Services {
        let detail = "Only services have a category.";
        return Err(Problem::new(Code::InvalidParameter, detail).at_field("category"));
    }
    let categories: Vec<String> = match &asked.category {
        Some(category) => vec![category.trim().to_lowercase()],
        None => SERVICES.map(str::to_owned).to_vec(),
    };
    let what = match asked.between {
        Between::Fills => Things::Fills,
        Between::Charges => Things::Charges,
        Between::Trips => Things::Trips,
        Between::Services => Things::Expenses(&categories),
        Between::Months => {
            let zone = zone_of(db, car.person).await?;
            let months = months(zone, from, to).into_iter();
            let months = months.map(|at| (None, mileage::Thing { id: Uuid::nil(), at, odometer_km: None }));
            return Ok((months.collect(), false));
        }
    };
    let mut things = mileage::things(db, car.id, what, from, to, MOST + 1).await?;
    let most = usize::try_from(MOST).unwrap_or_default();
    let is_cut = things.len() > most;
    things.truncate(most);
    Ok((things.into_iter().map(|thing| (Some(thing.id), thing)).collect(), is_cut))
}

/// What a thing says of the counter itself, or what follows from its neighbours.
async fn stands(db: &mut PgConnection, car: Uuid, things: &[Named]) -> Answer<Vec<mileage::Odometer>> {
    let moments: Vec<DateTime<Utc>> = things.iter().map(|(_, thing)| thing.at).collect();
    let known = mileage::at(db, car, &moments).await?;
    let stand = |((_, thing), known): (&Named, mileage::Odometer)| match thing.odometer_km {
        Some(km) => mileage::Odometer::said(Stand { at: thing.at, km }),
        None => known,
    };
    Ok(things.iter().zip(known).map(stand).collect())
}

async fn zone_of(db: &mut PgConnection, person: Person) -> Answer<Tz> {
    let zone = preferences::of(db, person.id).await?.time_zone;
    Ok(zone.and_then(|zone| zone.parse().ok()).unwrap_or(Tz::UTC))
}

/// The first moments of months within a span.
fn months(zone: Tz, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let local = from.with_timezone(&zone);
    let first = NaiveDate::from_ymd_opt(local.year(), local.month(), 1);
    let days = std::iter::successors(first, |day| day.checked_add_months(chrono::Months::new(1)));
    // Where clocks are put forward at midnight, a day begins an hour later.
    let begins = |day: NaiveDate| {
        let midnight = day.and_hms_opt(0, 0, 0)?;
        let later = || zone.from_local_datetime(&(midnight + TimeDelta::hours(1))).earliest();
        zone.from_local_datetime(&midnight).earliest().or_else(later).map(|at| at.to_utc())
    };
    days.map_while(begins).take_while(|at| *at < to).filter(|at| *at >= from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_by_the_persons_clock() {
        let moment = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let begun =
            months(Tz::Europe__Berlin, moment("2026-02-28T23:00:00Z"), moment("2026-05-01T00:00:00Z"));
        let expected = ["2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z", "2026-04-30T22:00:00Z"];
        assert_eq!(begun, expected.map(moment));
        assert!(months(Tz::UTC, moment("2026-03-02T00:00:00Z"), moment("2026-03-31T00:00:00Z")).is_empty());
    }
}
