//! Changes of a book in words: a line each, and how much of each kind changes.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use domain::reading::Milli;
use serde_json::Value;
use uuid::Uuid;

use super::{PageChanges, Written};
use crate::sheet::{Row, Sheet};

/// How much changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    pub kinds: BTreeMap<Sheet, Written>,
    /// What the amended ones came to before and come to now: litres, kilowatt hours, kilometres.
    pub amounts: BTreeMap<Sheet, (Milli, Milli)>,
    /// What fill-ups and charging cost more (or less) than before, by currency.
    pub cost: BTreeMap<String, Milli>,
}

/// A row that appears (it was not there before), vanishes (it is not there any more) or changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub sheet: Sheet,
    pub row: Uuid,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

pub(super) fn changes(changes: &PageChanges) -> Vec<Change> {
    let columns = |row: &Row| serde_json::from_str(&row.columns).ok();
    let before = |id: &Uuid| changes.before.get(id).cloned();
    let mut all: Vec<Change> = Vec::new();
    for row in &changes.insert {
        all.push(Change { sheet: row.sheet, row: row.id, before: None, after: columns(row) });
    }
    for row in &changes.amend {
        all.push(Change { sheet: row.sheet, row: row.id, before: before(&row.id), after: columns(row) });
    }
    for row in &changes.retract {
        all.push(Change { sheet: row.sheet, row: row.id, before: before(&row.id), after: None });
    }
    all.retain(|change| change.says().is_some());
    all.sort_by_cached_key(|change| (change.minute(), change.sheet, change.mark(), change.row));
    all
}

pub(super) fn all(changes: &PageChanges) -> Vec<String> {
    self::changes(changes).iter().filter_map(Change::line).collect()
}

impl Change {
    /// `+` appears, `-` vanishes, `~` changes.
    pub const fn mark(&self) -> char {
        match (&self.before, &self.after) {
            (None, _) => '+',
            (Some(_), None) => '-',
            (Some(_), Some(_)) => '~',
        }
    }

    /// `~ 2026-11-21 08:00 charged 7.1 kWh → charged 7.4 kWh`: for people.
    pub fn line(&self) -> Option<String> {
        let (mark, at, now) = (self.mark(), self.minute()?, self.says()?);
        let (Some(before), Some(after)) = (&self.before, &self.after) else {
            return Some(format!("{mark} {at} {now}"));
        };
        let (then, said) = (minute(self.sheet, before)?, says(self.sheet, before)?);
        if said == now && then == at {
            return Some(format!("{mark} {at} {now} ({})", differing(before, after).join(", ")));
        }
        let then = if then == at { String::new() } else { format!("{then} ") };
        Some(format!("{mark} {at} {then}{said} → {now}"))
    }

    fn newest(&self) -> Option<&Value> {
        self.after.as_ref().or(self.before.as_ref())
    }

    fn minute(&self) -> Option<String> {
        minute(self.sheet, self.newest()?)
    }

    fn says(&self) -> Option<String> {
        says(self.sheet, self.newest()?)
    }
}

/// The columns that say something else; `evidence` where none does.
fn differing(before: &Value, after: &Value) -> Vec<String> {
    let Some(after) = after.as_object() else { return Vec::new() };
    let is_same = |old: &Value, new: &Value| {
        let moment = |value: &Value| DateTime::parse_from_rfc3339(value.as_str()?).ok();
        let is_number = thousandths(new).is_some() && thousandths(old) == thousandths(new);
        old == new || is_number || moment(new).is_some() && moment(old) == moment(new)
    };
    let names = after.iter().filter(|(name, new)| !is_same(&before[name.as_str()], new));
    let mut names: Vec<String> = names.map(|(name, _)| name.clone()).collect();
    if names.is_empty() {
        names.push("evidence".to_owned());
    }
    names
}

pub(super) fn tally(changes: &PageChanges) -> Tally {
    let mut tally = Tally::default();
    for row in &changes.insert {
        tally.kinds.entry(row.sheet).or_default().inserted += 1;
        tally.pay(row.sheet, serde_json::from_str(&row.columns).ok().as_ref(), 1);
    }
    for row in &changes.amend {
        let (before, after) = (changes.before.get(&row.id), serde_json::from_str(&row.columns).ok());
        tally.kinds.entry(row.sheet).or_default().amended += 1;
        tally.pay(row.sheet, after.as_ref(), 1);
        tally.pay(row.sheet, before, -1);
        let amount = |columns: Option<&Value>| amount(row.sheet, columns?);
        if let (Some(before), Some(after)) = (amount(before), amount(after.as_ref())) {
            let sums = tally.amounts.entry(row.sheet).or_default();
            sums.0.0 += before.0;
            sums.1.0 += after.0;
        }
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
        for (sheet, (before, after)) in &other.amounts {
            let sums = self.amounts.entry(*sheet).or_default();
            sums.0.0 += before.0;
            sums.1.0 += after.0;
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

/// `3 fill-ups appear, 1 vanishes; 2 charging sessions change (7.1 → 7.4 kWh); cost +2.10 EUR`.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> =
            self.kinds.iter().filter_map(|(sheet, written)| self.kind(*sheet, *written)).collect();
        let cost = self.cost.iter().filter(|(_, amount)| amount.0 != 0);
        parts.extend(cost.map(|(currency, amount)| format!("cost {:+.2} {currency}", amount.to_f64())));
        if parts.is_empty() { f.write_str("nothing to change") } else { f.write_str(&parts.join("; ")) }
    }
}

impl Tally {
    fn kind(&self, sheet: Sheet, written: Written) -> Option<String> {
        let Written { inserted, amended, retracted } = written;
        let done = [(inserted, "appear"), (retracted, "vanish"), (amended, "change")];
        let mut words: Vec<String> = Vec::new();
        for (number, verb) in done.into_iter().filter(|(number, _)| *number > 0) {
            let ending = if number == 1 { "s" } else { "" };
            let ending = if verb == "vanish" && number == 1 { "es" } else { ending };
            let noun = if words.is_empty() { format!(" {}", noun(sheet, number)) } else { String::new() };
            words.push(format!("{number}{noun} {verb}{ending}"));
        }
        let (before, after) = self.amounts.get(&sheet).copied().unwrap_or_default();
        let amounts = amount_column(sheet)
            .filter(|_| before != after)
            .map(|(_, unit)| format!(" ({before} → {after} {unit})"))
            .unwrap_or_default();
        (!words.is_empty()).then(|| words.join(", ") + &amounts)
    }
}

const fn noun(sheet: Sheet, number: usize) -> &'static str {
    let (one, several) = match sheet {
        Sheet::MeterEntries => ("mileage entry", "mileage entries"),
        Sheet::Quarantined => ("doubt", "doubts"),
        Sheet::Issues => ("suggestion", "suggestions"),
        Sheet::FuelEntries => ("fill-up", "fill-ups"),
        Sheet::ChargingSessions => ("charging session", "charging sessions"),
        Sheet::Expenses => ("expense", "expenses"),
        Sheet::Trips => ("trip", "trips"),
        Sheet::BatteryEstimates => ("battery estimate", "battery estimates"),
        Sheet::GeofenceEvents => ("geofence event", "geofence events"),
        Sheet::Alerts => ("alert", "alerts"),
    };
    if number == 1 { one } else { several }
}

/// How much a row is about, and in what.
fn amount(sheet: Sheet, columns: &Value) -> Option<Milli> {
    thousandths(&columns[amount_column(sheet)?.0])
}

const fn amount_column(sheet: Sheet) -> Option<(&'static str, &'static str)> {
    match sheet {
        Sheet::FuelEntries => Some(("litres", "l")),
        Sheet::ChargingSessions => Some(("energy_kwh", "kWh")),
        Sheet::Trips => Some(("distance_km", "km")),
        Sheet::MeterEntries
        | Sheet::Quarantined
        | Sheet::Issues
        | Sheet::Expenses
        | Sheet::BatteryEstimates
        | Sheet::GeofenceEvents
        | Sheet::Alerts => None,
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
