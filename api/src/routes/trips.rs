//! The driver's log: found by the machine, corrected by people.

pub mod said;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use chrono::{DateTime, Utc};
use runtime::clock;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use store::StoreError;
use store::corrections::CorrectedBook;
use store::hand_entries::Edit;
use store::trip_book::{self, TripChange, TripRow};
use utoipa::ToSchema;
use uuid::Uuid;

use super::books::{Page, Progress};
use super::corrections::{self, BookEntry};
use crate::App;
use crate::extract::{Body, EntryOf, OwnCar, Params, PlaceAmongAll};
use crate::problem::{Answer, Code, Problem};
use crate::value::{self, Kilometres, Moment, Notes};

/// Where the car went, from one standing to the next.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Trip {
    id: Uuid,
    /// It began after the first of these moments and not after the second.
    started_after: DateTime<Utc>,
    started_at: DateTime<Utc>,
    /// Likewise the end; both `null` as long as nothing says that it ended.
    ended_after: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    progress: Progress,
    distance_km: f64,
    odometer_before_km: Option<f64>,
    odometer_after_km: Option<f64>,
    from: Spot,
    to: Spot,
    /// `drive`, or `movement`: so many kilometres in a long time without readings, one drive or several.
    what: String,
    /// `null`: nobody said, and no rule fits.
    purpose: Option<TripPurpose>,
    /// Percent of the tank and of the battery, where enough was used to be measured.
    fuel_used_percent: Option<f64>,
    charge_used_percent: Option<f64>,
    /// `candidate` (a question: counted nowhere), `recorded`, `hidden` (too small to be shown) or `confirmed` (a person's).
    state: String,
    confidence: Option<f64>,
    /// Who wrote it: `manual`, `smartcar_sync`, `import`.
    source: String,
    notes: Option<String>,
    /// The newest reading that it rests on; `null` on what is a person's.
    as_of: Option<DateTime<Utc>>,
}

/// An end of a trip, as far as it is known and may be told.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Spot {
    latitude: Option<f64>,
    longitude: Option<f64>,
    /// The private place in which it was; there is no position then.
    private_zone: Option<String>,
    /// The geofence in which it was.
    place_id: Option<Uuid>,
}

/// What a trip was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum TripPurpose {
    Business,
    Private,
}

/// What is to be different. What is absent stays; `null` takes away: without the person's purpose, rules say again what it is.
/// Who changes more than purpose and notes makes the trip their own: the machine leaves it alone from then on.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TripPatch {
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    started_at: Option<Moment>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    ended_at: Option<Moment>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    distance_km: Option<Kilometres>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Kilometres>)]
    odometer_before_km: Edit<Kilometres>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Kilometres>)]
    odometer_after_km: Edit<Kilometres>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<TripPurpose>)]
    purpose: Edit<TripPurpose>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Notes>)]
    notes: Edit<Notes>,
}

/// The trips of a car, newest first.
#[utoipa::path(get, path = "/api/cars/{carId}/trips", tag = "cars", operation_id = "listTrips",
    security(("person" = [])), params(("carId" = Uuid, Path), PlaceAmongAll),
    responses((status = 200, description = "A page of the book", body = Page<Trip>)))]
pub async fn list(
    State(app): State<App>,
    car: OwnCar,
    Params(among): Params<PlaceAmongAll>,
) -> Answer<Json<Page<Trip>>> {
    let (place, now) = (among.place(), clock::now());
    let mut db = app.pool.acquire().await?;
    let mut rows = trip_book::page(&mut db, car.id, among.hidden, place.behind(), place.rows()).await?;
    let next = place.cut(&mut rows, |row| (row.started_at, row.id));
    Ok(Json(Page { items: rows.into_iter().map(|row| Trip::of(row, now)).collect(), next }))
}

/// One trip.
#[utoipa::path(get, path = "/api/cars/{carId}/trips/{entryId}", tag = "cars", operation_id = "getTrip",
    security(("person" = [])), params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    responses((status = 200, description = "The trip", body = Trip)))]
pub async fn find(State(app): State<App>, entry: EntryOf) -> Answer<Json<Trip>> {
    corrections::found(&app, entry).await
}

/// Corrects a trip, whoever wrote it, or says what it was for.
#[utoipa::path(patch, path = "/api/cars/{carId}/trips/{entryId}", tag = "cars", operation_id = "changeTrip",
    security(("person" = [])), params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)), request_body = TripPatch,
    responses(
        (status = 200, description = "The trip as it is now", body = Trip),
        (status = 409, description = "It goes on: only purpose and notes can be changed now"),
    ))]
pub async fn change(
    State(app): State<App>,
    entry: EntryOf,
    Body(patch): Body<TripPatch>,
) -> Answer<Json<Trip>> {
    let mut db = app.pool.acquire().await?;
    let row = trip_book::find(&mut db, entry.car.id, entry.id).await?.ok_or_else(EntryOf::none)?;
    let change = patch.over(&row)?;
    trip_book::change(&mut db, entry.car.id, entry.id, &change).await.map_err(corrections::refuse)?;
    drop(db);
    corrections::refold(&app, entry.car.id).await?;
    corrections::found(&app, entry).await
}

/// Deletes a trip, whoever wrote it. The machine does not write it again.
#[utoipa::path(delete, path = "/api/cars/{carId}/trips/{entryId}", tag = "cars", operation_id = "deleteTrip",
    security(("person" = [])), params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(State(app): State<App>, entry: EntryOf) -> Answer<StatusCode> {
    corrections::reject(&app, CorrectedBook::Trips, entry).await
}

impl BookEntry for Trip {
    const BOOK: CorrectedBook = CorrectedBook::Trips;

    async fn find(
        db: &mut PgConnection,
        car: Uuid,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, StoreError> {
        Ok(trip_book::find(db, car, id).await?.map(|row| Self::of(row, now)))
    }
}

impl TripPurpose {
    const fn name(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Private => "private",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::Business, Self::Private].into_iter().find(|purpose| purpose.name() == name)
    }
}

impl TripPatch {
    /// What is to be written over this row.
    fn over(self, row: &TripRow) -> Answer<TripChange> {
        let change = TripChange {
            started_at: self.started_at.map(|Moment(at)| at),
            ended_at: self.ended_at.map(|Moment(at)| at),
            distance_km: self.distance_km.map(|Kilometres(km)| km),
            odometer_before_km: self.odometer_before_km.map(|Kilometres(km)| km),
            odometer_after_km: self.odometer_after_km.map(|Kilometres(km)| km),
            purpose: self.purpose.map(|purpose| purpose.name().to_owned()),
            notes: self.notes.map(|Notes(notes)| notes),
        };
        let is_purpose = TripChange {
            purpose: change.purpose.clone(),
            notes: change.notes.clone(),
            ..TripChange::default()
        };
        if row.ended_at.is_none() && row.evidence_until.is_some() && change != is_purpose {
            return Err(corrections::goes_on());
        }
        let refuse =
            |detail: &'static str, field: &str| Problem::new(Code::InvalidField, detail).at_field(field);
        let from = change.started_at.unwrap_or(row.started_at);
        if change.ended_at.or(row.ended_at).is_some_and(|to| to < from) {
            return Err(refuse("It cannot end before it began.", "endedAt"));
        }
        let before = change.odometer_before_km.clone().over(row.odometer_before_km);
        let after = change.odometer_after_km.clone().over(row.odometer_after_km);
        if before.zip(after).is_some_and(|(before, after)| after < before) {
            return Err(refuse("The odometer does not count backwards.", "odometerAfterKm"));
        }
        Ok(change)
    }
}

impl Trip {
    fn of(row: TripRow, now: DateTime<Utc>) -> Self {
        Self {
            id: row.id,
            progress: Progress::of(row.ended_at, row.evidence_until, row.started_at, now),
            started_after: row.started_after,
            started_at: row.started_at,
            ended_after: row.ended_after,
            ended_at: row.ended_at,
            distance_km: row.distance_km,
            odometer_before_km: row.odometer_before_km,
            odometer_after_km: row.odometer_after_km,
            from: Spot {
                latitude: row.from_latitude,
                longitude: row.from_longitude,
                private_zone: row.from_private_zone,
                place_id: row.from_place_id,
            },
            to: Spot {
                latitude: row.to_latitude,
                longitude: row.to_longitude,
                private_zone: row.to_private_zone,
                place_id: row.to_place_id,
            },
            what: row.what,
            purpose: row.purpose.as_deref().and_then(TripPurpose::of),
            fuel_used_percent: row.fuel_used_percent,
            charge_used_percent: row.charge_used_percent,
            state: row.state,
            confidence: row.confidence,
            source: row.source,
            notes: row.notes,
            as_of: row.evidence_until,
        }
    }
}
