//! What charging costs: a person's tariffs. What a tariff says is never edited; another version says something else from a
//! moment on.

mod form;
pub mod preview;
pub mod versions;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Json, Response};
use chrono::{DateTime, Utc};
use domain::tariff::Parts;
use runtime::clock;
use serde::{Deserialize, Serialize};
use sqlx::Connection;
use store::hand_entries::Edit;
use store::tariffs::{self, NewTariff, TariffChange, TariffRow, Terms, VersionRow};
use utoipa::ToSchema;
use uuid::Uuid;

use super::books::created;
use crate::App;
use crate::extract::{Body, OwnThing};
use crate::identity::Person;
use crate::problem::{Answer, Code, Problem};
use crate::value::{self, Currency, Name, Zone};

/// A tariff with all that it says and said.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tariff {
    id: Uuid,
    name: String,
    /// It counts at places that are called after this network and have no tariff of their own.
    network: Option<String>,
    /// It counts wherever no other does.
    is_default: bool,
    /// The geofences that name it (`tariffId`): there it counts before all others. Like network and default this has no date:
    /// it holds for all that the versions cover. Whoever pays otherwise from a day on adds a version that begins there.
    places: Vec<Uuid>,
    /// Oldest first. They do not overlap; between them and after the last nothing is known.
    versions: Vec<TariffVersion>,
}

/// What a tariff says for a time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TariffVersion {
    id: Uuid,
    valid_from: DateTime<Utc>,
    /// Exclusive; `null`: until further notice.
    valid_to: Option<DateTime<Utc>>,
    currency: String,
    /// Whose clock the hours, weekdays and months are of.
    time_zone: String,
    #[schema(value_type = form::TariffParts)]
    parts: Parts,
}

/// The tariffs of a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tariffs {
    items: Vec<Tariff>,
}

/// A tariff and what it says from a moment on.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TariffInput {
    name: Name,
    network: Option<Name>,
    #[serde(default)]
    is_default: bool,
    #[schema(inline)]
    version: VersionInput,
}

/// What is said from a moment on, until a version that begins later.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VersionInput {
    /// Absent: from now on.
    valid_from: Option<value::Date>,
    currency: Currency,
    time_zone: Zone,
    #[schema(value_type = form::TariffParts)]
    parts: Parts,
}

/// What is to be different. What is absent stays; `null` takes away.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TariffPatch {
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    name: Option<Name>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Name>)]
    network: Edit<Name>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    is_default: Option<bool>,
    /// From this moment on the tariff says nothing any more.
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    ends_at: Option<value::Date>,
}

/// The tariffs of the person, by name.
#[utoipa::path(get, path = "/api/tariffs", tag = "costs", operation_id = "listTariffs", security(("person" = [])),
    responses((status = 200, description = "The tariffs", body = Tariffs)))]
pub async fn list(State(app): State<App>, person: Person) -> Answer<Json<Tariffs>> {
    let mut db = app.pool.acquire().await?;
    let rows = tariffs::list(&mut db, person.id).await?;
    Ok(Json(Tariffs { items: rows.into_iter().map(Tariff::from).collect() }))
}

/// Writes a tariff. Sessions since its beginning are priced anew; `POST /api/tariffs/preview` tells beforehand which.
#[utoipa::path(post, path = "/api/tariffs", tag = "costs", operation_id = "addTariff", security(("person" = [])),
    request_body = TariffInput, responses((status = 201, description = "Written", body = Tariff)))]
pub async fn add(State(app): State<App>, person: Person, Body(input): Body<TariffInput>) -> Answer<Response> {
    let TariffInput { name, network, is_default, version } = input;
    let network = network.map(|Name(network)| network);
    let (valid_from, terms) = version.checked("version")?;
    let now = clock::now();
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    let id = tariffs::add(&mut tx, person.id, &NewTariff { name: name.0, network, is_default }, now).await?;
    tariffs::add_version(&mut tx, person.id, id, valid_from.unwrap_or(now), &terms, now).await?;
    let row = tariffs::find(&mut tx, person.id, id).await?.ok_or_else(none)?;
    tx.commit().await?;
    Ok(created("/api/tariffs", id, &Tariff::from(row)))
}

/// One tariff.
#[utoipa::path(get, path = "/api/tariffs/{tariffId}", tag = "costs", operation_id = "getTariff",
    security(("person" = [])), params(("tariffId" = Uuid, Path)),
    responses((status = 200, description = "The tariff", body = Tariff)))]
pub async fn read(State(app): State<App>, own: OwnThing) -> Answer<Json<Tariff>> {
    let (person, [id]) = own.named(["tariffId"]).ok_or_else(none)?;
    let mut db = app.pool.acquire().await?;
    let row = tariffs::find(&mut db, person.id, id).await?;
    Ok(Json(row.ok_or_else(none)?.into()))
}

/// Changes what a tariff is called and where it counts, or ends it.
#[utoipa::path(patch, path = "/api/tariffs/{tariffId}", tag = "costs", operation_id = "changeTariff",
    security(("person" = [])), params(("tariffId" = Uuid, Path)), request_body = TariffPatch,
    responses((status = 200, description = "The tariff as it is now", body = Tariff)))]
pub async fn change(
    State(app): State<App>,
    own: OwnThing,
    Body(patch): Body<TariffPatch>,
) -> Answer<Json<Tariff>> {
    let (person, [id]) = own.named(["tariffId"]).ok_or_else(none)?;
    let TariffPatch { name, network, is_default, ends_at } = patch;
    let change = TariffChange {
        name: name.map(|Name(name)| name),
        network: network.map(|Name(network)| network),
        is_default,
    };
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    if !tariffs::change(&mut tx, person.id, id, &change).await? {
        return Err(none());
    }
    if let Some(value::Date(at)) = ends_at {
        tariffs::end(&mut tx, person.id, id, at, clock::now()).await?;
    }
    let row = tariffs::find(&mut tx, person.id, id).await?.ok_or_else(none)?;
    tx.commit().await?;
    Ok(Json(row.into()))
}

/// Deletes a tariff with all that it said. What it priced is priced by another one, or by none.
#[utoipa::path(delete, path = "/api/tariffs/{tariffId}", tag = "costs", operation_id = "deleteTariff",
    security(("person" = [])), params(("tariffId" = Uuid, Path)),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(State(app): State<App>, own: OwnThing) -> Answer<StatusCode> {
    let (person, [id]) = own.named(["tariffId"]).ok_or_else(none)?;
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    let is_deleted = tariffs::delete(&mut tx, person.id, id).await?;
    tx.commit().await?;
    if is_deleted { Ok(StatusCode::NO_CONTENT) } else { Err(none()) }
}

/// What is said of a tariff that does not exist, and of somebody else's.
fn none() -> Problem {
    Problem::new(Code::EntryNotFound, "You have no such tariff.")
}

impl VersionInput {
    /// From when on, and what; `place`: where the version stands in the body, for those who wrote it.
    fn checked(self, place: &str) -> Answer<(Option<DateTime<Utc>>, Terms)> {
        let Self { valid_from, currency: Currency(currency), time_zone: Zone(zone), parts } = self;
        let refusal = |field: &str, words: String| {
            let field = if place.is_empty() { field.to_owned() } else { format!("{place}.{field}") };
            Problem::new(Code::InvalidField, words).at_field(field)
        };
        parts.check().map_err(|wrong| refusal("parts", format!("The tariff is not accepted: {wrong}.")))?;
        let currency = domain::setup::Currency::parse(&currency)
            .map_err(|wrong| refusal("currency", format!("The tariff is not accepted: {wrong}.")))?;
        Ok((valid_from.map(|value::Date(at)| at), Terms { currency, zone, parts }))
    }
}

impl From<TariffRow> for Tariff {
    fn from(row: TariffRow) -> Self {
        let TariffRow { id, name, network, is_default, places, versions } = row;
        let versions = versions.into_iter().map(TariffVersion::from).collect();
        Self { id, name, network, is_default, places, versions }
    }
}

impl From<VersionRow> for TariffVersion {
    fn from(row: VersionRow) -> Self {
        let VersionRow { id, valid_from, valid_to, terms } = row;
        let Terms { currency, zone, parts } = terms;
        let (currency, time_zone) = (currency.as_str().to_owned(), zone.name().to_owned());
        Self { id, valid_from, valid_to, currency, time_zone, parts }
    }
}
