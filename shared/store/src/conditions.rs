//! Conditions of cars in the words of the api and of people.

use domain::health::{Ailment, Condition, Wheel};
use serde_json::{Value, json};

/// What is needed to tell it to a person.
pub(crate) fn details(condition: &Condition) -> Value {
    let Condition { what, is_grave, over } = condition;
    let mut details = self::what(what);
    details["isGrave"] = json!(is_grave);
    details["overAt"] = json!(over);
    details
}

fn what(ailment: &Ailment) -> Value {
    match ailment {
        Ailment::TyreLow { wheels } => json!({ "tyres": wheels.iter().map(wheel).collect::<Vec<_>>() }),
        Ailment::TyresUneven { axle, apart } => json!({ "row": axle, "apartKpa": apart.to_f64() }),
        Ailment::TyreLeaks { row, column, a_week } => {
            json!({ "row": row, "column": column, "kpaPerWeek": a_week.to_f64() })
        }
        Ailment::TyreLosesFast { row, column, from, to } => {
            json!({ "row": row, "column": column, "fromKpa": from.to_f64(), "toKpa": to.to_f64() })
        }
        Ailment::LowVoltage { is_bad, level } => {
            json!({ "isBad": is_bad, "levelPercent": level.map(domain::reading::Milli::to_f64) })
        }
        Ailment::OilLow { life } => json!({ "oilLifePercent": life.to_f64() }),
        Ailment::OilWearsFast { now, before } => {
            json!({ "pointsPer1000Km": now.to_f64(), "beforePer1000Km": before.to_f64() })
        }
        Ailment::OilRenewed { from, to } => json!({ "fromPercent": from.to_f64(), "toPercent": to.to_f64() }),
        Ailment::TroubleCodes { codes } | Ailment::TroubleCodesReturn { codes } => json!({ "codes": codes }),
        Ailment::WarningLamps { systems } => json!({ "systems": systems }),
        Ailment::ParasiticDrain { a_day } => json!({ "pointsPerDay": a_day.to_f64() }),
    }
}

fn wheel(wheel: &Wheel) -> Value {
    let Wheel { row, column, pressure, usual } = wheel;
    let usual = usual.map(domain::reading::Milli::to_f64);
    json!({ "row": row, "column": column, "kpa": pressure.to_f64(), "usualKpa": usual })
}

/// The title and the text of a suggestion to look after it.
pub(crate) fn words(condition: &Condition) -> (&'static str, String) {
    let place = |row: u8, column: u8| {
        let end = if row == 0 { "front" } else { "rear" };
        format!("{end} {}", if column == 0 { "left" } else { "right" })
    };
    match &condition.what {
        Ailment::TyreLow { wheels } => {
            let tyre = |wheel: &Wheel| format!("{} {} kPa", place(wheel.row, wheel.column), wheel.pressure);
            let tyres: Vec<String> = wheels.iter().map(tyre).collect();
            (
                "A tyre is much too low",
                format!("The car shows {}. Please check it before you drive.", tyres.join(", ")),
            )
        }
        Ailment::TyresUneven { apart, .. } => {
            ("The tyres of an axle are uneven", format!("They are {apart} kPa apart."))
        }
        Ailment::TyreLeaks { row, column, a_week } => (
            "A tyre loses air",
            format!("The {} tyre loses {a_week} kPa a week more than the others.", place(*row, *column)),
        ),
        Ailment::TyreLosesFast { row, column, from, to } => (
            "A tyre lost much air",
            format!("The {} tyre fell from {from} to {to} kPa within a day.", place(*row, *column)),
        ),
        Ailment::LowVoltage { level, .. } => {
            let level = level.map(|level| format!(" ({level} %)")).unwrap_or_default();
            ("The 12 V battery is about to fail", format!("The car says so{level}. It may not start."))
        }
        Ailment::OilLow { life } => {
            ("The oil has to be changed", format!("{life} % of its life are left, the car says."))
        }
        Ailment::OilWearsFast { now, before } => (
            "The oil wears faster than before",
            format!("It loses {now} points for 1000 km, and lost {before} before."),
        ),
        Ailment::OilRenewed { from, to } => {
            ("Was the oil changed?", format!("Its life went from {from} to {to} %."))
        }
        Ailment::TroubleCodes { codes } => {
            ("The car has a new trouble code", format!("It reports {}.", codes.join(", ")))
        }
        Ailment::TroubleCodesReturn { codes } => {
            ("A trouble code comes again and again", format!("It is about {}.", codes.join(", ")))
        }
        Ailment::WarningLamps { systems } => {
            ("The car warns of itself", format!("Its own checks complain: {}.", systems.join(", ")))
        }
        Ailment::ParasiticDrain { a_day } => {
            ("The standing car's battery drains", format!("It loses {a_day} points a day."))
        }
    }
}
