//! Who could do what has to be done to a car: places that repair cars, near where it stands.

use axum::extract::State;
use axum::response::Json;
use chrono::{DateTime, Utc};
use domain::motion::Place;
use domain::reading::Position;
use exchange::centers::CenterKind;
use runtime::clock;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use sqlx::PgConnection;
use store::geofences;
use store::service_centers::{self, Near, Search};
use store::standing::{self, Standing};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::extract::{OwnCar, Params};
use crate::problem::Answer;

/// What a place does for cars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ServiceCenterKind {
    Repair,
    Tyres,
    /// It sells cars, and repairs them.
    Dealer,
}

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NearByParams {
    /// Absent: all of them.
    #[param(inline)]
    kind: Option<ServiceCenterKind>,
    /// Metres, as the crow flies.
    #[serde(default = "usual_radius", deserialize_with = "radius")]
    #[param(minimum = 100, maximum = 100_000, default = 25_000)]
    radius: u32,
    /// How many at most.
    #[serde(default = "usual_limit", deserialize_with = "limit")]
    #[param(minimum = 1, maximum = 50, default = 10)]
    limit: u8,
}

/// Places that repair cars, near where the car stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceCenters {
    state: NearByState,
    /// When the car said where it stands; `null` unless the state is `found`.
    position_at: Option<DateTime<Utc>>,
    radius: u32,
    /// The nearest first; none unless the state is `found`.
    items: Vec<ServiceCenter>,
    /// Whose data these are: to be shown with them.
    attribution: &'static str,
}

/// Whether anything could be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum NearByState {
    /// It was looked around; perhaps there is nothing.
    Found,
    /// The car is not connected, or its owner did not agree that it tells positions.
    NoConsent,
    /// The car stands in a place that its owner marked as private.
    PrivatePlace,
    /// The car told no position for two months, or has driven on since.
    PositionUnknown,
    /// This installation knows no such places.
    NothingImported,
}

/// A place that repairs cars, as `OpenStreetMap` knows it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceCenter {
    /// `node/123`
    #[schema(pattern = "^(node|way|relation)/[0-9]+$")]
    id: String,
    kind: ServiceCenterKind,
    name: String,
    /// As the crow flies.
    distance_m: i64,
    latitude: f64,
    longitude: f64,
    address: Option<String>,
    phone: Option<String>,
    /// Begins with `http://` or `https://`.
    website: Option<String>,
    /// As `OpenStreetMap` writes them: `Mo-Fr 08:00-18:00`.
    opening_hours: Option<String>,
    operator: Option<String>,
    brand: Option<String>,
    /// The place in the map.
    url: String,
}

/// What `OpenStreetMap` asks of those who show its data (<https://www.openstreetmap.org/copyright>).
const ATTRIBUTION: &str = "© OpenStreetMap contributors";
const WHERE_MAPS_ARE: &str = "https://www.openstreetmap.org";

const RADIUS: std::ops::RangeInclusive<u32> = 100..=100_000;
const LIMIT: std::ops::RangeInclusive<u8> = 1..=50;

fn usual_radius() -> u32 {
    25_000
}

fn usual_limit() -> u8 {
    10
}

fn radius<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    let radius = u32::deserialize(from)?;
    RADIUS.contains(&radius).then_some(radius).ok_or_else(|| {
        D::Error::custom(format_args!("a radius is {} to {} metres", RADIUS.start(), RADIUS.end()))
    })
}

fn limit<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    let limit = u8::deserialize(from)?;
    LIMIT.contains(&limit).then_some(limit).ok_or_else(|| {
        D::Error::custom(format_args!("between {} and {} places are listed", LIMIT.start(), LIMIT.end()))
    })
}

/// Places that repair cars, near where the car stands: only if its owner agreed to positions, and not around private places.
#[utoipa::path(get, path = "/api/cars/{carId}/service-centers", tag = "cars", operation_id = "findServiceCenters",
    security(("person" = [])), params(("carId" = Uuid, Path), NearByParams),
    responses((status = 200, description = "The places, or why there are none", body = ServiceCenters)))]
pub async fn find(
    State(app): State<App>,
    car: OwnCar,
    Params(asked): Params<NearByParams>,
) -> Answer<Json<ServiceCenters>> {
    let NearByParams { kind, radius, limit } = asked;
    let mut db = app.pool.acquire().await?;
    let none = |state| ServiceCenters::of(state, None, radius, Vec::new());
    if !service_centers::are_there(&mut db).await? {
        return Ok(Json(none(NearByState::NothingImported)));
    }
    let (at, around) = match whereabouts(&mut db, car).await? {
        Ok(known) => known,
        Err(state) => return Ok(Json(none(state))),
    };
    let search =
        Search { around, kind: kind.map(CenterKind::from), radius_m: radius, limit: i64::from(limit) };
    let near = service_centers::nearest(&mut db, search).await?;
    Ok(Json(ServiceCenters::of(NearByState::Found, Some(at), radius, near)))
}

/// Where the car stands and since when that is known, or why nobody may know.
async fn whereabouts(
    db: &mut PgConnection,
    car: OwnCar,
) -> Answer<Result<(DateTime<Utc>, Position), NearByState>> {
    let (at, position) = match standing::of_car(db, car.id, clock::now()).await? {
        Standing::NotAgreed => return Ok(Err(NearByState::NoConsent)),
        Standing::Unknown => return Ok(Err(NearByState::PositionUnknown)),
        Standing::At(_, Place::Private(_)) => return Ok(Err(NearByState::PrivatePlace)),
        Standing::At(at, Place::At(position)) => (at, position),
    };
    // What lies in a place that became private is hidden soon, but not at once.
    let places = geofences::list(db, car.person.id).await?;
    let is_private = places.iter().any(|place| place.is_private && place.shape.contains(position));
    Ok(if is_private { Err(NearByState::PrivatePlace) } else { Ok((at, position)) })
}

impl ServiceCenters {
    fn of(state: NearByState, position_at: Option<DateTime<Utc>>, radius: u32, near: Vec<Near>) -> Self {
        let items = near.into_iter().map(ServiceCenter::from).collect();
        Self { state, position_at, radius, items, attribution: ATTRIBUTION }
    }
}

impl From<Near> for ServiceCenter {
    fn from(near: Near) -> Self {
        let Near { center, metres } = near;
        let id = format!("{}/{}", center.id.drawn_as.word(), center.id.number);
        Self {
            url: format!("{WHERE_MAPS_ARE}/{id}"),
            id,
            kind: center.kind.into(),
            name: center.name,
            distance_m: metres,
            latitude: f64::from(center.at.latitude_e6) / 1e6,
            longitude: f64::from(center.at.longitude_e6) / 1e6,
            address: center.address,
            phone: center.phone,
            website: center.website,
            opening_hours: center.opening_hours,
            operator: center.operator,
            brand: center.brand,
        }
    }
}

impl From<CenterKind> for ServiceCenterKind {
    fn from(kind: CenterKind) -> Self {
        match kind {
            CenterKind::Repair => Self::Repair,
            CenterKind::Tyres => Self::Tyres,
            CenterKind::Dealer => Self::Dealer,
        }
    }
}

impl From<ServiceCenterKind> for CenterKind {
    fn from(kind: ServiceCenterKind) -> Self {
        match kind {
            ServiceCenterKind::Repair => Self::Repair,
            ServiceCenterKind::Tyres => Self::Tyres,
            ServiceCenterKind::Dealer => Self::Dealer,
        }
    }
}
