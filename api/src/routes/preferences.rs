//! What a person reckons in.

use axum::extract::State;
use axum::response::Json;
use serde::{Deserialize, Serialize};
use sqlx::Connection;
use store::hand_entries::Edit;
use store::preferences::{self, PreferencesChange};
use utoipa::ToSchema;

use crate::App;
use crate::extract::Body;
use crate::identity::Person;
use crate::problem::Answer;
use crate::value::{self, Currency, Price, Zone};

/// What a person reckons in; `null` where they never said it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Preferences {
    /// Of estimates that bring no currency of their own, and of imported amounts that do not say theirs.
    currency: Option<String>,
    /// By its clock days and months are reckoned; without it, by UTC.
    time_zone: Option<String>,
    /// `metric`, `us`, `uk`: how pages show amounts. The books are metric.
    units: Option<String>,
    /// Money a litre in their currency: what fill-ups without a receipt are reckoned with as long as the person never wrote down a
    /// price of their own.
    fuel_price_per_litre: Option<f64>,
    /// `en` or `de`: how pages speak.
    language: Option<String>,
}

/// What is to be different. What is absent stays; `null` takes away.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreferencesPatch {
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Currency>)]
    currency: Edit<Currency>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Zone>)]
    time_zone: Edit<Zone>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Units>)]
    units: Edit<Units>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Price>)]
    fuel_price_per_litre: Edit<Price>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Language>)]
    language: Edit<Language>,
}

/// How pages show amounts.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Units {
    Metric,
    Us,
    Uk,
}

/// How pages speak.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    En,
    De,
}

/// What the person reckons in.
#[utoipa::path(get, path = "/api/preferences", tag = "costs", operation_id = "getPreferences",
    security(("person" = [])), responses((status = 200, description = "The preferences", body = Preferences)))]
pub async fn read(State(app): State<App>, person: Person) -> Answer<Json<Preferences>> {
    let mut db = app.pool.acquire().await?;
    Ok(Json(preferences::of(&mut db, person.id).await?.into()))
}

/// Changes what the person reckons in. Another currency, zone or price of fuel has the person's cars
/// understood anew.
#[utoipa::path(patch, path = "/api/preferences", tag = "costs", operation_id = "changePreferences",
    security(("person" = [])), request_body = PreferencesPatch,
    responses((status = 200, description = "The preferences as they are now", body = Preferences)))]
pub async fn change(
    State(app): State<App>,
    person: Person,
    Body(patch): Body<PreferencesPatch>,
) -> Answer<Json<Preferences>> {
    let change = PreferencesChange {
        currency: patch.currency.map(|Currency(currency)| currency),
        time_zone: patch.time_zone.map(|Zone(zone)| zone.name().to_owned()),
        units: patch.units.map(|units| units.word().to_owned()),
        fuel_price_per_litre: patch.fuel_price_per_litre.map(|Price(price)| price),
        language: patch.language.map(|language| language.word().to_owned()),
    };
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    preferences::change(&mut tx, person.id, &change).await?;
    let now = preferences::of(&mut tx, person.id).await?;
    tx.commit().await?;
    Ok(Json(now.into()))
}

impl Units {
    const fn word(self) -> &'static str {
        match self {
            Self::Metric => "metric",
            Self::Us => "us",
            Self::Uk => "uk",
        }
    }
}

impl Language {
    const fn word(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }
}

impl From<preferences::Preferences> for Preferences {
    fn from(row: preferences::Preferences) -> Self {
        let preferences::Preferences { currency, time_zone, units, fuel_price_per_litre, language } = row;
        Self { currency, time_zone, units, fuel_price_per_litre, language }
    }
}
