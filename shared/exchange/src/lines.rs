//! A line of each book.

use chrono::{DateTime, TimeDelta, Utc};

use crate::number::Number;
use crate::programs::Sheet;
use crate::record::{ChargingSession, Expense, FuelEntry, MeterEntry, State, Trip, When};
use crate::row::{self, Complaint, Field, Row};

/// Of expenses of which neither the file nor a person says more.
const USUAL_CATEGORY: &str = "other";
const LONGEST_CATEGORY: usize = 64;
const STATES: &str = "candidate, recorded, hidden and confirmed";

pub fn meter(row: &Row<'_>) -> Result<MeterEntry, Complaint> {
    Ok(MeterEntry {
        entry_date: at(row)?,
        odometer_km: row.needed(Field::Odometer, row.km(Field::Odometer, &row::ODOMETER)?)?,
        notes: notes(row),
    })
}

pub fn fuel(row: &Row<'_>, sheet: &Sheet) -> Result<FuelEntry, Complaint> {
    let litres = row.litres(Field::Litres)?;
    // The machine's entries may not know theirs; what a person writes has litres.
    let is_machines = row.cell(Field::State).is_some();
    let litres = if is_machines { litres } else { Some(row.needed(Field::Litres, litres)?) };
    let (price, cost) = (row.price_of_a_litre(Field::Price)?, row.number(Field::Cost, &row::PAID)?);
    // Programs that always write a number mean nothing by their zero.
    let is_told = |amount: &Number| !sheet.zero_is_unknown || *amount != Number::ZERO;
    let (price, cost) = (price.filter(is_told), cost.filter(is_told));
    Ok(FuelEntry {
        filled_at: at(row)?,
        litres,
        odometer_km: odometer(row, sheet.zero_is_unknown)?,
        full_tank: row.flag(Field::FullTank)?,
        missed_previous: row.flag(Field::MissedPrevious)?,
        price_per_litre: price,
        total_cost: cost,
        currency: currency(row, price.is_some() || cost.is_some())?,
        state: state(row)?,
        notes: notes(row),
    })
}

pub fn charging(row: &Row<'_>) -> Result<ChargingSession, Complaint> {
    let Span { started_after, started_at, ended_after, ended_at } = span(row)?;
    let cost = row.number(Field::Cost, &row::PAID)?;
    let position =
        (row.number(Field::Latitude, &row::LATITUDE)?, row.number(Field::Longitude, &row::LONGITUDE)?);
    let (latitude, longitude) = place(position);
    Ok(ChargingSession {
        started_after,
        started_at,
        ended_after,
        ended_at,
        start_soc: row.number(Field::StartSoc, &row::PERCENT)?,
        end_soc: row.number(Field::EndSoc, &row::PERCENT)?,
        energy_kwh: row.number(Field::Energy, &row::ENERGY)?,
        grid_kwh: row.number(Field::Grid, &row::ENERGY)?,
        current_type: row.word(Field::CurrentType, current, "AC and DC")?,
        peak_kw: row.number(Field::Peak, &row::POWER)?,
        odometer_km: odometer(row, false)?,
        latitude,
        longitude,
        private_zone: row.text(Field::PrivateZone),
        cost,
        currency: currency(row, cost.is_some())?,
        inferred: row.flag(Field::Inferred)?,
        state: state(row)?,
        segments: json(row, Field::Segments)?,
        flow: json(row, Field::Flow)?,
        notes: notes(row),
    })
}

pub fn trip(row: &Row<'_>) -> Result<Trip, Complaint> {
    let Span { started_after, started_at, ended_after, ended_at } = span(row)?;
    let km = |field| row.km(field, &row::ODOMETER);
    let (before, after) = (km(Field::OdometerBefore)?, km(Field::OdometerAfter)?);
    let distance = row.km(Field::Distance, &row::WAY)?;
    let by_odometer = before.zip(after).map(|(before, after)| after.minus(before));
    if by_odometer.is_some_and(|way| way < Number::ZERO) {
        return Err(Complaint::Backwards);
    }
    let degrees = |latitude, longitude| {
        let position = (row.number(latitude, &row::LATITUDE)?, row.number(longitude, &row::LONGITUDE)?);
        Ok(place(position))
    };
    let (from_latitude, from_longitude) = degrees(Field::FromLatitude, Field::FromLongitude)?;
    let (to_latitude, to_longitude) = degrees(Field::ToLatitude, Field::ToLongitude)?;
    Ok(Trip {
        started_after,
        started_at,
        ended_after,
        ended_at,
        distance_km: row.needed(Field::Distance, distance.or(by_odometer))?,
        odometer_before_km: before,
        odometer_after_km: after,
        from_latitude,
        from_longitude,
        from_private_zone: row.text(Field::FromPrivateZone),
        to_latitude,
        to_longitude,
        to_private_zone: row.text(Field::ToPrivateZone),
        what: row.word(Field::What, |word| one_of(word, &["drive", "movement"]), "drive and movement")?,
        purpose: row.word(
            Field::Purpose,
            |word| one_of(word, &["business", "private"]),
            "business and private",
        )?,
        fuel_used_percent: row.number(Field::FuelUsed, &row::PERCENT)?,
        charge_used_percent: row.number(Field::ChargeUsed, &row::PERCENT)?,
        state: state(row)?,
        notes: notes(row),
    })
}

/// `None`: a template, of which the program makes expenses later.
pub fn expense(row: &Row<'_>, sheet: &Sheet) -> Result<Option<Expense>, Complaint> {
    if row.flag(Field::IsTemplate)? == Some(true) {
        return Ok(None);
    }
    let amount = row.needed(Field::Cost, row.number(Field::Cost, &row::MONEY)?)?;
    let is_income = row.flag(Field::IsIncome)? == Some(true);
    let numbered = row.cell(Field::CategoryNumber).and_then(|number| sheet.categories.get(number).cloned());
    let category = numbered.or_else(|| row.text(Field::Category)).or_else(|| row.how.category.clone());
    let category = category.unwrap_or_else(|| USUAL_CATEGORY.to_owned());
    Ok(Some(Expense {
        occurred_at: at(row)?,
        category: category.chars().take(LONGEST_CATEGORY).collect(),
        amount: if is_income { amount.negated() } else { amount },
        currency: currency(row, true)?,
        odometer_km: odometer(row, sheet.zero_is_unknown)?,
        notes: notes(row),
    }))
}

/// When something began and ended.
struct Span {
    started_after: DateTime<Utc>,
    started_at: When,
    ended_after: Option<DateTime<Utc>>,
    ended_at: Option<When>,
}

fn span(row: &Row<'_>) -> Result<Span, Complaint> {
    let started_at = at(row)?;
    let started_after = row.when(Field::StartedAfter)?.map_or(started_at.at, |when| when.at);
    let by_clock = || -> Result<Option<When>, Complaint> {
        let minutes = row.number(Field::Minutes, &row::MINUTES)?;
        let later = |minutes: Number| started_at.at + TimeDelta::microseconds(minutes.millionths() * 60);
        Ok(minutes.map(|minutes| When { at: later(minutes), ..started_at }))
    };
    let ended_at = match row.when(Field::EndedAt)? {
        Some(when) => Some(when),
        None => by_clock()?,
    };
    let ended_after = row.when(Field::EndedAfter)?.map(|when| when.at).or(ended_at.map(|when| when.at));
    let is_in_order = started_after <= started_at.at
        && ended_at
            .is_none_or(|end| started_after <= end.at && ended_after.is_some_and(|after| after <= end.at));
    if !is_in_order {
        return Err(Complaint::EndsFirst);
    }
    Ok(Span { started_after, started_at, ended_after: ended_at.and(ended_after), ended_at })
}

fn at(row: &Row<'_>) -> Result<When, Complaint> {
    row.needed(Field::At, row.when(Field::At)?)
}

fn odometer(row: &Row<'_>, zero_is_unknown: bool) -> Result<Option<Number>, Complaint> {
    let odometer = row.km(Field::Odometer, &row::ODOMETER)?;
    Ok(odometer.filter(|km| !zero_is_unknown || *km != Number::ZERO))
}

fn currency(row: &Row<'_>, has_amount: bool) -> Result<Option<String>, Complaint> {
    if !has_amount {
        return Ok(None);
    }
    row.currency()?.ok_or(Complaint::NoCurrency).map(Some)
}

fn state(row: &Row<'_>) -> Result<Option<State>, Complaint> {
    row.word(Field::State, State::parse, STATES)
}

fn current(word: &str) -> Option<String> {
    let word = word.to_ascii_uppercase();
    matches!(word.as_str(), "AC" | "DC").then_some(word)
}

fn one_of(word: &str, words: &[&str]) -> Option<String> {
    words.iter().find(|known| known.eq_ignore_ascii_case(word)).map(|known| (*known).to_owned())
}

fn json(row: &Row<'_>, field: Field) -> Result<Option<String>, Complaint> {
    let is_list = |cell: &str| serde_json::from_str::<Vec<serde_json::Value>>(cell).is_ok();
    row.word(field, |cell| is_list(cell).then(|| cell.to_owned()), "JSON lists")
}

/// Half a position is none, and so is the point in the sea that stands for none.
fn place(position: (Option<Number>, Option<Number>)) -> (Option<Number>, Option<Number>) {
    let is_somewhere =
        |(latitude, longitude): &(Number, Number)| *latitude != Number::ZERO || *longitude != Number::ZERO;
    position.0.zip(position.1).filter(is_somewhere).unzip()
}

/// Title and notes are one text in our books.
fn notes(row: &Row<'_>) -> Option<String> {
    match (row.text(Field::Title), row.text(Field::Notes)) {
        (Some(title), Some(notes)) => Some(format!("{title}: {notes}")),
        (title, notes) => title.or(notes),
    }
}
