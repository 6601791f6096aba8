//! What a column may hold, and how programs head it.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// When it happened, or began.
    At,
    StartedAfter,
    EndedAfter,
    EndedAt,
    /// Minutes from the beginning to the end.
    Minutes,
    Litres,
    Odometer,
    OdometerBefore,
    OdometerAfter,
    Distance,
    FullTank,
    MissedPrevious,
    /// Of a litre.
    Price,
    /// Of the whole.
    Cost,
    Currency,
    Category,
    StartSoc,
    EndSoc,
    /// That reached the battery.
    Energy,
    /// That came from the grid.
    Grid,
    CurrentType,
    Peak,
    Latitude,
    Longitude,
    PrivateZone,
    FromLatitude,
    FromLongitude,
    FromPrivateZone,
    ToLatitude,
    ToLongitude,
    ToPrivateZone,
    What,
    Purpose,
    FuelUsed,
    ChargeUsed,
    Inferred,
    State,
    Segments,
    Flow,
    Title,
    Notes,
    /// Of Fuelio's expenses: an income, a template, the number of its category.
    IsIncome,
    IsTemplate,
    CategoryNumber,
}

/// The name that people use for a column, and the headings that are understood without being told: small letters and digits
/// only. The first ones are those of our own export.
const NAMES: [(Field, &str, &[&str]); 44] = [
    (
        Field::At,
        "at",
        &[
            "entrydate",
            "filledat",
            "startedat",
            "occurredat",
            "date",
            "data",
            "datetime",
            "startdate",
            "starttime",
        ],
    ),
    (Field::StartedAfter, "startedAfter", &["startedafter"]),
    (Field::EndedAfter, "endedAfter", &["endedafter"]),
    (Field::EndedAt, "endedAt", &["endedat", "enddate", "endtime"]),
    (Field::Minutes, "minutes", &["durationmin", "minutes"]),
    (
        Field::Litres,
        "litres",
        &[
            "litres",
            "liters",
            "fuellitres",
            "fuelusgallons",
            "fuelukgallons",
            "fuelgallons",
            "fuelconsumed",
            "gallons",
        ],
    ),
    (
        Field::Odometer,
        "odometer",
        &["odometerkm", "odometermi", "odometer", "odokm", "odomi", "odo", "odometerreading", "mileage"],
    ),
    (
        Field::OdometerBefore,
        "odometerBefore",
        &["odometerbeforekm", "startkm", "startodometer", "startodometerkm", "startodometermi"],
    ),
    (
        Field::OdometerAfter,
        "odometerAfter",
        &["odometerafterkm", "endkm", "endodometer", "endodometerkm", "endodometermi"],
    ),
    (Field::Distance, "distance", &["distancekm", "distancemi", "distance"]),
    (Field::FullTank, "fullTank", &["fulltank", "full", "isfilltofull"]),
    (Field::MissedPrevious, "missedPrevious", &["missedprevious", "missed", "missedfuelup"]),
    (Field::Price, "pricePerLitre", &["priceperlitre", "volumeprice", "unitprice"]),
    (Field::Cost, "cost", &["totalcost", "cost", "amount", "priceoptional"]),
    (Field::Currency, "currency", &["currency"]),
    (Field::Category, "category", &["category"]),
    (Field::StartSoc, "startSoc", &["startsoc", "startbatterylevel"]),
    (Field::EndSoc, "endSoc", &["endsoc", "endbatterylevel"]),
    (Field::Energy, "energyKwh", &["energykwh", "chargeenergyadded", "energyaddedkwh"]),
    (Field::Grid, "gridKwh", &["gridkwh", "chargeenergyused", "energyusedkwh", "fuelkwh"]),
    (Field::CurrentType, "currentType", &["currenttype", "chargetype"]),
    (Field::Peak, "peakKw", &["peakkw", "maxchargerpower"]),
    (Field::Latitude, "latitude", &["latitude", "latitudeoptional"]),
    (Field::Longitude, "longitude", &["longitude", "longitudeoptional"]),
    (Field::PrivateZone, "privateZone", &["privatezone"]),
    (Field::FromLatitude, "fromLatitude", &["fromlatitude", "startlatitude"]),
    (Field::FromLongitude, "fromLongitude", &["fromlongitude", "startlongitude"]),
    (Field::FromPrivateZone, "fromPrivateZone", &["fromprivatezone"]),
    (Field::ToLatitude, "toLatitude", &["tolatitude", "endlatitude"]),
    (Field::ToLongitude, "toLongitude", &["tolongitude", "endlongitude"]),
    (Field::ToPrivateZone, "toPrivateZone", &["toprivatezone"]),
    (Field::What, "what", &["what"]),
    (Field::Purpose, "purpose", &["purpose"]),
    (Field::FuelUsed, "fuelUsedPercent", &["fuelusedpercent"]),
    (Field::ChargeUsed, "chargeUsedPercent", &["chargeusedpercent"]),
    (Field::Inferred, "inferred", &["inferred"]),
    (Field::State, "state", &["state"]),
    (Field::Segments, "segments", &["segments"]),
    (Field::Flow, "flow", &["flow"]),
    (Field::Title, "title", &["costtitle", "description"]),
    (Field::Notes, "notes", &["notes", "notesoptional"]),
    (Field::IsIncome, "isIncome", &["isincome"]),
    (Field::IsTemplate, "isTemplate", &["istemplate"]),
    (Field::CategoryNumber, "categoryNumber", &["costtypeid"]),
];

impl Field {
    /// By the name that people use.
    pub fn parse(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, own, _)| *own == name).map(|(field, ..)| *field)
    }

    /// What a heading says without being told.
    pub fn of_heading(heading: &str) -> Option<Self> {
        let heading = plain(heading);
        NAMES.iter().find(|(_, _, headings)| headings.contains(&heading.as_str())).map(|(field, ..)| *field)
    }

    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(field, ..)| *field == self).map_or("?", |(_, name, _)| *name)
    }

    /// All names that people may use.
    pub fn all_names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(_, name, _)| *name)
    }
}

fn plain(heading: &str) -> String {
    heading.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_means_one_thing() {
        let mut seen = std::collections::BTreeSet::new();
        for (field, name, headings) in NAMES {
            assert_eq!(Field::parse(name), Some(field));
            assert_eq!(field.name(), name);
            for heading in headings {
                assert!(seen.insert(heading), "{heading} twice");
            }
        }
        assert_eq!(Field::of_heading("Odo (km)"), Some(Field::Odometer));
        assert_eq!(Field::of_heading("charge_energy_added"), Some(Field::Energy));
    }
}
