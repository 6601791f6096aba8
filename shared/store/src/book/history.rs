//! `entry_history`: what rows said before late data, changed rules or a person's word changed them.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::PageChanges;
use crate::StoreError;
use crate::sheet::Sheet;

/// Keeps what the rows said that late data change or take back. What only the next reading changed was not finished, and
/// what it said is nothing to remember, but for what a person had written beside it.
pub(super) async fn keep(
    db: &mut PgConnection,
    todo: &PageChanges,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let amended = todo.amend.iter().map(|row| (row.vehicle, row.car, row.sheet, row.id, "amended"));
    let retracted = todo.retract.iter().map(|row| (row.vehicle, row.car, row.sheet, row.id, "retracted"));
    let (mut cars, mut rows, mut kinds) = (Vec::<Uuid>::new(), Vec::<Uuid>::new(), Vec::<&str>::new());
    let (mut whats, mut befores) = (Vec::<&str>::new(), Vec::<Value>::new());
    for (vehicle, car, sheet, id, what) in amended.chain(retracted) {
        let is_told = sheet.is_book() || sheet == Sheet::Expenses;
        let is_kept = |before: &&Value| {
            is_told && (todo.is_late(vehicle) || what == "retracted" && before["notes"].is_string())
        };
        if let Some(before) = todo.before.get(&id).filter(is_kept) {
            cars.push(car);
            rows.push(id);
            kinds.push(sheet.name());
            whats.push(what);
            befores.push(before.clone());
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO entry_history (car_id, row_id, kind, what, before, changed_at)
         SELECT car_id, row_id, kind, what, before, $6
         FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[]) AS old (car_id, row_id, kind, what, before)",
        &cars,
        &rows,
        &kinds as &[&str],
        &whats as &[&str],
        &befores,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
