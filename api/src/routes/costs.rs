//! What a car costs, added up from its books.

use axum::extract::State;
use axum::response::Json;
use chrono::{DateTime, Utc};
use runtime::clock;
use serde::{Deserialize, Serialize};
use store::costs::{self, CostRow};
use store::preferences;
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::extract::{OwnCar, Params};
use crate::problem::{Answer, Code, Problem};
use crate::value::{self, Zone};

/// Of when, and how it is added up.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// Absent: since the first entry.
    #[param(value_type = Option<DateTime<Utc>>)]
    from: Option<value::Date>,
    /// Exclusive. Absent: until now.
    #[param(value_type = Option<DateTime<Utc>>)]
    to: Option<value::Date>,
    #[serde(default)]
    #[param(inline)]
    by: By,
    /// Whose clock the months are of. Absent: that of the person's preferences, else UTC.
    #[param(value_type = Option<String>)]
    time_zone: Option<Zone>,
}

/// How sums are made.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// One sum a category.
    #[default]
    Category,
    /// One sum a month and category.
    Month,
}

/// What a car costs. A charging session across the end of a month counts in each month with what it took there, and what a
/// session costs is not counted a second time as an expense.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Costs {
    from: Option<DateTime<Utc>>,
    to: DateTime<Utc>,
    time_zone: String,
    /// In the order of months and categories. Money of different currencies is never added.
    items: Vec<CostSum>,
}

/// A sum.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CostSum {
    /// `2026-11`; `null` where the whole time is one sum.
    month: Option<String>,
    /// `fuel`, `charging`, or the category of expenses.
    category: String,
    /// `null` for what nobody priced.
    currency: Option<String>,
    /// Of what has a price; `null` where nothing has: unknown is not zero, and zero is free.
    amount: Option<f64>,
    /// The amount lies between this and `high`.
    low: Option<f64>,
    high: Option<f64>,
    /// How much of the amount is an estimate by usual prices.
    estimated: f64,
    entries: i64,
    /// Of how many entries only a part has a price: the amount is what is known of the whole.
    partial: i64,
    /// How many entries have no price at all.
    unpriced: i64,
}

/// What the car costs: fuel, charging and expenses, added up by category or by month.
#[utoipa::path(get, path = "/api/cars/{carId}/costs", tag = "costs", operation_id = "getCosts",
    security(("person" = [])), params(("carId" = Uuid, Path), Asked),
    responses((status = 200, description = "The sums", body = Costs)))]
pub async fn read(State(app): State<App>, car: OwnCar, Params(asked): Params<Asked>) -> Answer<Json<Costs>> {
    let Asked { from, to, by, time_zone } = asked;
    let (from, to) = (from.map(|value::Date(at)| at), to.map_or_else(clock::now, |value::Date(at)| at));
    if from.is_some_and(|from| from >= to) {
        let detail = "`from` lies before `to`, which is exclusive.";
        return Err(Problem::new(Code::InvalidParameter, detail).at_field("from"));
    }
    let by = match by {
        By::Category => costs::By::Category,
        By::Month => costs::By::Month,
    };
    let mut db = app.pool.acquire().await?;
    let zone = match time_zone {
        Some(Zone(zone)) => zone,
        None => preferences::zone(&mut db, car.person.id).await?,
    };
    let rows = costs::sums(&mut db, car.id, from.unwrap_or(DateTime::UNIX_EPOCH), to, by, zone).await?;
    let items = rows.into_iter().map(CostSum::from).collect();
    Ok(Json(Costs { from, to, time_zone: zone.name().to_owned(), items }))
}

impl From<CostRow> for CostSum {
    fn from(row: CostRow) -> Self {
        let CostRow { month, category, currency, amount, low, high, estimated, entries, partial, unpriced } =
            row;
        Self { month, category, currency, amount, low, high, estimated, entries, partial, unpriced }
    }
}
