//! Entries as rows, and rows into their tables.

use chrono::{DateTime, Utc};
use domain::book::Entry;
use domain::decision::{Kind, Price, Told};
use domain::setup::Setup;
use domain::tariff::{self, Cost};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::scope::entry_id;
use crate::sheet::{Place, Row, Sent, Sheet};
use crate::{
    StoreError, alert_rows, battery_rows, charging_rows, expense_rows, fence_rows, fuel_rows, issues,
    meter_entries, quarantine, trip_rows,
};

/// Where entries of this kind are written.
pub(super) const fn sheets(kind: Kind) -> &'static [Sheet] {
    match kind {
        Kind::FillUp => &[Sheet::FuelEntries],
        Kind::ChargingSession => &[Sheet::ChargingSessions, Sheet::Expenses],
        Kind::Trip => &[Sheet::Trips],
    }
}

/// Adds the rows that stand for this entry.
pub(super) fn of(
    vehicle: Uuid,
    car: Uuid,
    told: &Told,
    setup: &Setup,
    rows: &mut Vec<Row>,
) -> Result<(), StoreError> {
    let place = Place { id: entry_id(vehicle, &told.entry.key()), vehicle, car };
    let row = match &told.entry {
        Entry::Meter(entry) => meter_entries::row(place, entry)?,
        Entry::Quarantined(entry) => quarantine::row(place, entry)?,
        Entry::Issue(issue) => issues::row(place, issue)?,
        Entry::FillUp(fill) => fuel_rows::row(place, fill, setup)?,
        Entry::ChargingSession(session) => {
            let cost = told.price.map(paid).or_else(|| tariff::cost(session, setup));
            let due = cost.as_ref().filter(|cost| told.booked && expense_rows::is_due(session, cost));
            if let Some(cost) = due {
                rows.push(expense_rows::row(place, session, cost)?);
            }
            let theirs = told.expense.map(|row| Uuid::from_u128(row.0));
            let expense = due.map(|_| expense_rows::id(place.id)).or(theirs);
            charging_rows::row(place, session, cost.as_ref(), expense, setup)?
        }
        Entry::Trip(trip) => trip_rows::row(place, trip, setup)?,
        Entry::BatteryEstimate(estimate) => battery_rows::row(place, estimate)?,
        Entry::FenceEvent(event) => fence_rows::row(place, event)?,
        Entry::Alert(alert) => alert_rows::row(place, alert)?,
    };
    rows.push(row);
    Ok(())
}

/// What a person says that a session cost, whatever tariffs say.
fn paid(price: Price) -> Cost {
    let Price { amount, currency } = price;
    Cost {
        low: amount,
        expected: amount,
        high: amount,
        currency,
        priced_share: 1000,
        versions: Vec::new(),
        lines: Vec::new(),
    }
}

/// One statement for each kind of which there is something to write.
pub(super) async fn write(
    db: &mut PgConnection,
    insert: &[Row],
    amend: &[Row],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for sheet in Sheet::ALL {
        let Some(rows) = Sent::of(sheet, insert, amend) else {
            continue;
        };
        match sheet {
            Sheet::MeterEntries => meter_entries::write(db, &rows, now).await?,
            Sheet::Quarantined => quarantine::write(db, &rows).await?,
            Sheet::Issues => issues::write(db, &rows, now).await?,
            Sheet::FuelEntries => fuel_rows::write(db, &rows, now).await?,
            Sheet::ChargingSessions => charging_rows::write(db, &rows, now).await?,
            Sheet::Expenses => expense_rows::write(db, &rows, now).await?,
            Sheet::Trips => trip_rows::write(db, &rows, now).await?,
            Sheet::BatteryEstimates => battery_rows::write(db, &rows, now).await?,
            Sheet::GeofenceEvents => fence_rows::write(db, &rows, now).await?,
            Sheet::Alerts => alert_rows::write(db, &rows, now).await?,
        }
    }
    Ok(())
}
