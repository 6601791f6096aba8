//! Changes of a book in words: a line each, and how much of each kind.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::reading::Milli;
use serde_json::Value;

use super::{PageChanges, Written};
use crate::sheet::{Row, Sheet};

/// How much changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    pub kinds: BTreeMap<Sheet, Written>,
    /// What fill-ups and charging cost more (or less) than before, by currency.
    pub cost: BTreeMap<String, Milli>,
}

pub(super) fn all(changes: &PageChanges) -> Vec<String> {
    let new = |mark: char| {
        move |row: &Row| Some((row.sheet, serde_json::from_str(&row.columns).ok()?)).map(|row| (mark, row))
    };
    let mut told: Vec<(char, (Sheet, Value))> = changes.insert.iter().filter_map(new('+')).collect();
    told.extend(changes.amend.iter().filter_map(new('~')));
    told.extend(changes.retract.iter().filter_map(|row| {
        let before = changes.before.get(&row.id)?.clone();
        Some(('-', (row.sheet, before)))
    }));
    let mut lines: Vec<(String, String)> = told
        .into_iter()
        .filter_map(|(mark, (sheet, columns))| {
            let at = minute(sheet, &columns)?;
            let says = says(sheet, &columns)?;
            Some((at.clone(), format!("{mark} {at} {says}")))
        })
        .collect();
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

pub(super) fn tally(changes: &PageChanges) -> Tally {
    let mut tally = Tally::default();
    for row in &changes.insert {
        tally.kinds.entry(row.sheet).or_default().inserted += 1;
        tally.pay(row.sheet, serde_json::from_str(&row.columns).ok().as_ref(), 1);
    }
    for row in &changes.amend {
        tally.kinds.entry(row.sheet).or_default().amended += 1;
        tally.pay(row.sheet, serde_json::from_str(&row.columns).ok().as_ref(), 1);
        tally.pay(row.sheet, changes.before.get(&row.id), -1);
    }
    for row in &changes.retract {
        tally.kinds.entry(row.sheet).or_default().retracted += 1;
        tally.pay(row.sheet, changes.before.get(&row.id), -1);
    }
    tally.kinds.retain(|sheet, _| sheet.is_book());
    tally.cost.retain(|_, amount| *amount != Milli(0));
    tally
}

impl Tally {
    /// Adds what another book's changes come to.
    pub fn add(&mut self, other: &Self) {
        for (sheet, written) in &other.kinds {
            let sum = self.kinds.entry(*sheet).or_default();
            sum.inserted += written.inserted;
            sum.amended += written.amended;
            sum.retracted += written.retracted;
        }
        for (currency, amount) in &other.cost {
            self.cost.entry(currency.clone()).or_insert(Milli(0)).0 += amount.0;
        }
    }

    fn pay(&mut self, sheet: Sheet, columns: Option<&Value>, sign: i64) {
        let (Some(columns), Some(column)) = (columns, cost_column(sheet)) else {
            return;
        };
        if let (Some(amount), Some(currency)) = (thousandths(&columns[column]), columns["currency"].as_str())
        {
            self.cost.entry(currency.to_owned()).or_insert(Milli(0)).0 += sign * amount.0;
        }
    }
}

const fn cost_column(sheet: Sheet) -> Option<&'static str> {
    match sheet {
        Sheet::FuelEntries => Some("total_cost"),
        Sheet::ChargingSessions => Some("cost"),
        Sheet::MeterEntries
        | Sheet::Quarantined
        | Sheet::Issues
        | Sheet::Expenses
        | Sheet::Trips
        | Sheet::BatteryEstimates
        | Sheet::GeofenceEvents
        | Sheet::Alerts => None,
    }
}

/// The moment by which people find the row.
pub(crate) fn moment(sheet: Sheet, columns: &Value) -> Option<DateTime<Utc>> {
    let at = columns[moment_column(sheet)].as_str()?;
    DateTime::parse_from_rfc3339(at).ok().map(|at| at.to_utc())
}

const fn moment_column(sheet: Sheet) -> &'static str {
    match sheet {
        Sheet::MeterEntries => "entry_date",
        Sheet::Issues | Sheet::Expenses => "occurred_at",
        Sheet::FuelEntries => "filled_at",
        Sheet::ChargingSessions | Sheet::Trips => "started_at",
        Sheet::BatteryEstimates => "estimated_for",
        Sheet::Quarantined | Sheet::GeofenceEvents | Sheet::Alerts => "at",
    }
}

/// To the minute. Older books may have another type of column, whose text says as much.
fn minute(sheet: Sheet, columns: &Value) -> Option<String> {
    match moment(sheet, columns) {
        Some(at) => Some(at.format("%Y-%m-%d %H:%M").to_string()),
        None => columns[moment_column(sheet)].as_str().map(|text| text.chars().take(16).collect()),
    }
}

/// What a row says, without its moment; `None` for what is no news of its own.
pub(crate) fn says(sheet: Sheet, columns: &Value) -> Option<String> {
    let text = |column: &str| columns[column].as_str().unwrap_or_default().to_owned();
    let said = match sheet {
        Sheet::MeterEntries => format!("{} km", number(&columns["odometer_reading"])?),
        Sheet::FuelEntries => {
            let amount = number(&columns["litres"]).map(|litres| format!(" {litres} l")).unwrap_or_default();
            let levels = levels(&columns["level_before"], &columns["level_after"]);
            format!("filled{amount}{levels}{}{}", cost(sheet, columns), state(columns))
        }
        Sheet::ChargingSessions => {
            let energy = number(&columns["energy_kwh"]).map(|kwh| format!(" {kwh} kWh")).unwrap_or_default();
            let levels = levels(&columns["start_soc"], &columns["end_soc"]);
            let open = if columns["ended_at"].is_null() { ", going on" } else { "" };
            format!("charged{energy}{levels}{}{open}{}", cost(sheet, columns), state(columns))
        }
        Sheet::Trips => {
            let verb = if text("what") == "movement" { "moved" } else { "drove" };
            let open = if columns["ended_at"].is_null() { ", going on" } else { "" };
            format!("{verb} {} km{open}{}", number(&columns["distance_km"])?, state(columns))
        }
        Sheet::BatteryEstimates => {
            let health =
                number(&columns["health_percent"]).map(|share| format!(", {share} %")).unwrap_or_default();
            let (usable, give) = (number(&columns["usable_kwh"])?, number(&columns["plus_minus_kwh"])?);
            format!("battery holds {usable} ± {give} kWh{health}")
        }
        Sheet::GeofenceEvents => format!("{} {}", text("passage"), text("name")),
        Sheet::Alerts => format!("alert {}", text("kind")),
        Sheet::Issues => format!("suggested: {}", text("title")),
        Sheet::Quarantined | Sheet::Expenses => return None,
    };
    Some(said)
}

fn levels(before: &Value, after: &Value) -> String {
    match (number(before), number(after)) {
        (Some(before), Some(after)) => format!(" {before}→{after} %"),
        _ => String::new(),
    }
}

fn cost(sheet: Sheet, columns: &Value) -> String {
    let amount = cost_column(sheet).and_then(|column| number(&columns[column]));
    match (amount, columns["currency"].as_str()) {
        (Some(amount), Some(currency)) => format!(", {amount} {currency}"),
        _ => String::new(),
    }
}

fn state(columns: &Value) -> &'static str {
    match columns["state"].as_str() {
        Some("candidate") => " (perhaps)",
        Some("hidden") => " (hidden)",
        _ => "",
    }
}

/// Numbers are texts where we send them, and numbers where the database gives them.
pub(crate) fn thousandths(value: &Value) -> Option<Milli> {
    let number = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
    Milli::from_f64(number).ok()
}

fn number(value: &Value) -> Option<String> {
    thousandths(value).map(|number| number.to_string())
}
