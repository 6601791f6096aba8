//! What is peculiar to the programs that people come from: sections, units, and what they mean by a zero.

use std::collections::BTreeMap;

use crate::decimal::Mark;
use crate::options::{Options, Program};
use crate::read::{self, Unreadable};
use crate::record::Kind;
use crate::row::Field;
use crate::table::{Section, Table};
use crate::units::{Length, Volume};

/// A table whose columns and units are known.
#[derive(Debug)]
pub struct Sheet {
    pub kind: Kind,
    pub table: Table,
    pub length: Option<Length>,
    pub volume: Option<Volume>,
    pub mark: Option<Mark>,
    /// The names of numbered categories.
    pub categories: BTreeMap<String, String>,
    /// An odometer of 0 says that nobody looked.
    pub zero_is_unknown: bool,
}

/// The tables of a file.
pub fn sheets(sections: Vec<Section>, options: &Options) -> Result<Vec<Sheet>, Unreadable> {
    match options.program {
        Program::Fuelio => fuelio(sections),
        Program::Carvetka => Ok(vec![Sheet {
            length: Some(Length::Kilometres),
            volume: Some(Volume::Litres),
            mark: Some(Mark::Point),
            ..single(sections, options)?
        }]),
        Program::LubeLogger => Ok(vec![Sheet { zero_is_unknown: true, ..single(sections, options)? }]),
        Program::TeslaMate => {
            let sheet = single(sections, options)?;
            // Its tables count in kilometres; its dashboards say when they show miles.
            let length = sheet.length.or(Some(Length::Kilometres));
            Ok(vec![Sheet { length, mark: Some(Mark::Point), ..sheet }])
        }
        Program::Table => Ok(vec![single(sections, options)?]),
    }
}

fn single(sections: Vec<Section>, options: &Options) -> Result<Sheet, Unreadable> {
    let Ok([section]) = <[Section; 1]>::try_from(sections) else {
        return Err(Unreadable::NotOfProgram(options.program.name(), "single table"));
    };
    let mut table = section.table;
    for (field, heading) in &options.columns {
        table.name(*field, heading)?;
    }
    let headings = || table.headings().collect::<Vec<_>>().join(", ");
    let kind =
        options.kind.or_else(|| read::kind(&table)).ok_or_else(|| Unreadable::UnknownKind(headings()))?;
    Ok(Sheet::of(kind, table))
}

impl Sheet {
    fn of(kind: Kind, table: Table) -> Self {
        let (length, volume) = (length_of(&table), volume_of(&table));
        let (categories, zero_is_unknown) = (BTreeMap::new(), false);
        Self { kind, table, length, volume, mark: None, categories, zero_is_unknown }
    }
}

/// Fuelio writes one file a vehicle, with a section for the vehicle, its fill-ups, and its costs. Units are numbers in the
/// section of the vehicle.
fn fuelio(sections: Vec<Section>) -> Result<Vec<Sheet>, Unreadable> {
    const NAME: &str = "Fuelio";
    let mut tables: BTreeMap<String, Table> =
        sections.into_iter().map(|section| (section.name, section.table)).collect();
    let vehicle = tables.remove("Vehicle").ok_or(Unreadable::NotOfProgram(NAME, "section \"## Vehicle\""))?;
    let said = |heading: &str| {
        let place = vehicle.headings().position(|own| own == heading)?;
        vehicle.rows.first()?.1.get(place)
    };
    let length = match said("DistUnit") {
        Some("0") => Some(Length::Kilometres),
        Some("1") => Some(Length::Miles),
        Some(_) | None => None,
    };
    let volume = match said("FuelUnit") {
        Some("0") => Some(Volume::Litres),
        Some("1") => Some(Volume::UsGallons),
        Some("2") => Some(Volume::UkGallons),
        Some(_) | None => None,
    };
    let categories = tables.remove("CostCategories").map(|table| category_names(&table)).unwrap_or_default();
    let known = [("Log", None), ("Costs", Some(Kind::Expenses))];
    let sheets = known.into_iter().filter_map(|(name, kind)| {
        let table = tables.remove(name)?;
        let kind = kind.or_else(|| read::kind(&table)).unwrap_or(Kind::FuelEntries);
        let sheet = Sheet::of(kind, table);
        // What the headings say is nearer to the numbers.
        let (length, volume) = (sheet.length.or(length), sheet.volume.or(volume));
        let (mark, categories) = (Some(Mark::Point), categories.clone());
        Some(Sheet { length, volume, mark, categories, zero_is_unknown: true, ..sheet })
    });
    let sheets: Vec<Sheet> = sheets.collect();
    if sheets.is_empty() {
        return Err(Unreadable::NotOfProgram(NAME, "section \"## Log\" and none \"## Costs\""));
    }
    Ok(sheets)
}

fn category_names(table: &Table) -> BTreeMap<String, String> {
    let place = |heading: &str| table.headings().position(|own| own == heading);
    let (Some(number), Some(name)) = (place("CostTypeID"), place("Name")) else {
        return BTreeMap::new();
    };
    let names = table.rows.iter().filter_map(|(_, row)| Some((row.get(number)?, row.get(name)?)));
    names.map(|(number, name)| (number.to_owned(), name.trim().to_lowercase())).collect()
}

/// What the headings say of ways.
fn length_of(table: &Table) -> Option<Length> {
    let says = |unit: &str| ways(table).any(|heading| ends_with_unit(heading, unit));
    match (says("km"), says("mi") || says("miles")) {
        (true, false) => Some(Length::Kilometres),
        (false, true) => Some(Length::Miles),
        (false, false) | (true, true) => None,
    }
}

fn ways(table: &Table) -> impl Iterator<Item = &str> {
    let fields = [Field::Odometer, Field::OdometerBefore, Field::OdometerAfter, Field::Distance];
    fields.into_iter().filter_map(|field| table.heading(field))
}

fn volume_of(table: &Table) -> Option<Volume> {
    let heading = table.heading(Field::Litres)?.to_ascii_lowercase();
    let says = |word: &str| heading.contains(word);
    if says("litre") || says("liter") {
        Some(Volume::Litres)
    } else if says("us_gal") || says("us gal") {
        Some(Volume::UsGallons)
    } else if says("uk_gal") || says("uk gal") || says("imp") {
        Some(Volume::UkGallons)
    } else {
        None
    }
}

/// `Odo (km)`, `distance_mi`, `odometerKm`, `Kilometerstand [km]`
fn ends_with_unit(heading: &str, unit: &str) -> bool {
    let bare = heading.trim_end_matches([')', ']', ' ']);
    let Some(rest) = bare.len().checked_sub(unit.len()).and_then(|end| bare.split_at_checked(end)) else {
        return false;
    };
    let (before, end) = rest;
    end.eq_ignore_ascii_case(unit)
        && (before.ends_with(['(', '[', '_', ' '])
            || before.is_empty()
            || end.starts_with(char::is_uppercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_stands_at_the_end_of_a_heading() {
        for heading in ["Odo (km)", "odometerKm", "start_km", "Stand [km]", "km"] {
            assert!(ends_with_unit(heading, "km"), "{heading}");
        }
        for heading in ["akm", "odometer", "", "m", "é"] {
            assert!(!ends_with_unit(heading, "km"), "{heading}");
        }
    }
}
