//! What the car costs, as people write it down.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Json, Response};
use chrono::{DateTime, Utc};
use runtime::clock;
use serde::{Deserialize, Serialize};
use store::expenses::{self, ExpenseChange, ExpenseRow, NewExpense};
use store::hand_entries::Edit;
use utoipa::ToSchema;
use uuid::Uuid;

use super::books::{Page, created};
use crate::App;
use crate::extract::{Body, EntryOf, OwnCar, Params, Place};
use crate::problem::Answer;
use crate::value::{self, Amount, Category, Currency, Moment, Notes};

/// An expense.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Expense {
    id: Uuid,
    category: String,
    amount: f64,
    currency: Option<String>,
    occurred_at: DateTime<Utc>,
    /// Who wrote it: `manual`, `smartcar_sync`, `import`.
    source: String,
    notes: Option<String>,
}

/// What was paid, for what, and when.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpenseInput {
    category: Category,
    amount: Amount,
    currency: Currency,
    occurred_at: Moment,
    notes: Option<Notes>,
}

/// What is to be different. What is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpensePatch {
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    category: Option<Category>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    amount: Option<Amount>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    currency: Option<Currency>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    occurred_at: Option<Moment>,
    /// `null` takes them away.
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Notes>)]
    notes: Edit<Notes>,
}

/// The expenses of a car, newest first.
#[utoipa::path(get, path = "/api/cars/{carId}/expenses", tag = "cars", operation_id = "listExpenses",
    security(("person" = [])), params(("carId" = Uuid, Path), Place),
    responses((status = 200, description = "A page of the book", body = Page<Expense>)))]
pub async fn list(
    State(app): State<App>,
    car: OwnCar,
    Params(place): Params<Place>,
) -> Answer<Json<Page<Expense>>> {
    let mut db = app.pool.acquire().await?;
    let mut rows = expenses::page(&mut db, car.id, place.behind(), place.rows()).await?;
    let next = place.cut(&mut rows, |row| (row.at, row.id));
    Ok(Json(Page { items: rows.into_iter().map(Expense::from).collect(), next }))
}

/// Writes an expense.
#[utoipa::path(post, path = "/api/cars/{carId}/expenses", tag = "cars", operation_id = "addExpense",
    security(("person" = [])), params(("carId" = Uuid, Path)), request_body = ExpenseInput,
    responses((status = 201, description = "Written", body = Expense)))]
pub async fn add(State(app): State<App>, car: OwnCar, Body(input): Body<ExpenseInput>) -> Answer<Response> {
    let expense = NewExpense {
        category: input.category.0,
        amount: input.amount.0,
        currency: input.currency.0,
        at: input.occurred_at.0,
        notes: input.notes.map(|Notes(notes)| notes),
    };
    let mut db = app.pool.acquire().await?;
    let row = expenses::add(&mut db, car.id, &expense, clock::now()).await?;
    let list = format!("/api/cars/{}/expenses", car.id);
    Ok(created(&list, row.id, &Expense::from(row)))
}

/// Corrects an expense.
#[utoipa::path(patch, path = "/api/cars/{carId}/expenses/{entryId}", tag = "cars", operation_id = "changeExpense",
    security(("person" = [])), params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    request_body = ExpensePatch,
    responses((status = 200, description = "The expense as it is now", body = Expense)))]
pub async fn change(
    State(app): State<App>,
    entry: EntryOf,
    Body(patch): Body<ExpensePatch>,
) -> Answer<Json<Expense>> {
    let change = ExpenseChange {
        category: patch.category.map(|Category(category)| category),
        amount: patch.amount.map(|Amount(amount)| amount),
        currency: patch.currency.map(|Currency(currency)| currency),
        at: patch.occurred_at.map(|Moment(at)| at),
        notes: patch.notes.map(|Notes(notes)| notes),
    };
    let mut db = app.pool.acquire().await?;
    let row = expenses::change(&mut db, entry.car.id, entry.id, &change).await?;
    Ok(Json(row.ok_or_else(EntryOf::none)?.into()))
}

/// Deletes an expense.
#[utoipa::path(delete, path = "/api/cars/{carId}/expenses/{entryId}", tag = "cars", operation_id = "deleteExpense",
    security(("person" = [])), params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(State(app): State<App>, entry: EntryOf) -> Answer<StatusCode> {
    let mut db = app.pool.acquire().await?;
    if expenses::delete(&mut db, entry.car.id, entry.id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(EntryOf::none())
    }
}

impl From<ExpenseRow> for Expense {
    fn from(row: ExpenseRow) -> Self {
        let ExpenseRow { id, category, amount, currency, at, source, notes } = row;
        Self { id, category, amount, currency, occurred_at: at, source, notes }
    }
}
