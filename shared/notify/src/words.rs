//! An alert in the words, units and clock of its person.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::Value;
use uuid::Uuid;

use crate::texts::Language;

/// An alert that is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub alert_id: Uuid,
    pub car_id: Uuid,
    pub car_name: String,
    /// As it is stored: `fuel_drop`.
    pub kind: String,
    /// When the car showed it.
    pub at: DateTime<Utc>,
    /// As the api has them: `fromPercent`, `km`, `toKpa`, ….
    pub details: Value,
}

/// How a person is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tongue {
    pub language: Language,
    pub units: Units,
    pub zone: Tz,
}

/// How amounts are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Units {
    #[default]
    Metric,
    /// Miles and psi; of the United States or the United Kingdom makes no difference here.
    Imperial,
}

impl Units {
    /// Metric, where we do not know the word.
    pub fn of(word: Option<&str>) -> Self {
        match word {
            Some("us" | "uk") => Self::Imperial,
            Some(_) | None => Self::Metric,
        }
    }
}

/// More sentences than any kind has.
const SENTENCES: std::ops::RangeInclusive<u8> = 1..=5;

const METRES_PER_MILE: f64 = 1_609.344;
const KPA_PER_PSI: f64 = 6.894_757;
const KPA_PER_BAR: f64 = 100.0;

impl Item {
    /// What it is, in some words; what we have no words for yet is told by its name.
    pub fn title(&self, tongue: Tongue) -> String {
        let known = tongue.language.text(&format!("{}.title", self.kind));
        known.map_or_else(|| self.kind.replace('_', " "), str::to_owned)
    }

    /// All that is said of it.
    pub fn sentences(&self, tongue: Tongue) -> Vec<String> {
        let text = tongue.language.text(&format!("{}.text", self.kind)).map(str::to_owned);
        let facts = SENTENCES.filter_map(|number| {
            tongue.language.filled(&format!("{}.facts.{number}", self.kind), |name| self.value(name, tongue))
        });
        text.into_iter().chain(facts).collect()
    }

    fn value(&self, name: &str, tongue: Tongue) -> Option<String> {
        match name {
            "tyre" => tyre(&self.details, tongue),
            "tyres" => {
                let all: Option<Vec<String>> = self.details["tyres"]
                    .as_array()?
                    .iter()
                    .map(|one| tyre_with_pressure(one, tongue))
                    .collect();
                all.filter(|all| !all.is_empty()).map(|all| all.join(", "))
            }
            _ => tongue.value(name, &self.details[name]),
        }
    }
}

fn tyre(wheel: &Value, tongue: Tongue) -> Option<String> {
    let key = match (wheel["row"].as_u64()?, wheel["column"].as_u64()?) {
        (0, 0) => "place.front_left",
        (0, _) => "place.front_right",
        (_, 0) => "place.rear_left",
        (_, _) => "place.rear_right",
    };
    tongue.language.text(key).map(str::to_owned)
}

fn tyre_with_pressure(wheel: &Value, tongue: Tongue) -> Option<String> {
    Some(format!("{} {}", tyre(wheel, tongue)?, tongue.pressure(wheel["kpa"].as_f64()?)))
}

impl Tongue {
    /// A value by its name, whose end says what it is.
    fn value(self, name: &str, value: &Value) -> Option<String> {
        match value {
            Value::Number(number) => {
                let number = number.as_f64()?;
                Some(if name.ends_with("Percent") {
                    self.number(number, 0) + " %"
                } else if name == "km" || name.ends_with("Km") {
                    self.distance(number)
                } else if name.to_lowercase().contains("kpa") {
                    self.pressure(number)
                } else {
                    self.number(number, 1)
                })
            }
            Value::String(text) if name.ends_with("At") || name.ends_with("Since") => {
                text.parse().ok().map(|at| self.moment(at))
            }
            Value::String(text) => Some(text.clone()),
            Value::Array(all) => {
                let words: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
                (!words.is_empty()).then(|| words.join(", "))
            }
            Value::Null | Value::Bool(_) | Value::Object(_) => None,
        }
    }

    /// A moment by the person's own clock.
    pub fn moment(self, at: DateTime<Utc>) -> String {
        let local = at.with_timezone(&self.zone);
        let form = match self.language {
            Language::En => "%-d %b %Y, %H:%M %Z",
            Language::De => "%d.%m.%Y, %H:%M %Z",
        };
        local.format(form).to_string()
    }

    fn distance(self, km: f64) -> String {
        let (amount, unit) = match self.units {
            Units::Metric => (km, "km"),
            Units::Imperial => (
                km * 1_000.0 / METRES_PER_MILE,
                if self.language == Language::De { "Meilen" } else { "miles" },
            ),
        };
        format!("{} {unit}", self.number(amount, u8::from(amount.abs() < 100.0)))
    }

    fn pressure(self, kpa: f64) -> String {
        match self.units {
            Units::Metric => format!("{} bar", self.number(kpa / KPA_PER_BAR, 1)),
            Units::Imperial => format!("{} psi", self.number(kpa / KPA_PER_PSI, 0)),
        }
    }

    /// With so many digits behind the point at most.
    fn number(self, number: f64, digits: u8) -> String {
        let text = format!("{number:.*}", usize::from(digits));
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
        let (thousands, point) = match self.language {
            Language::En => (',', '.'),
            Language::De => ('.', ','),
        };
        let mut grouped = String::from(sign);
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                grouped.push(thousands);
            }
            grouped.push(digit);
        }
        let part = part.trim_end_matches('0');
        if part.is_empty() { grouped } else { format!("{grouped}{point}{part}") }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(kind: &str, details: Value, language: Language, units: Units) -> String {
        let at = "2026-07-01T20:05:00Z".parse().unwrap();
        let item = Item {
            alert_id: Uuid::nil(),
            car_id: Uuid::nil(),
            car_name: "Berta".to_owned(),
            kind: kind.to_owned(),
            at,
            details,
        };
        let tongue = Tongue { language, units, zone: chrono_tz::Europe::Berlin };
        format!("{} | {}", item.title(tongue), item.sentences(tongue).join(" "))
    }

    #[test]
    fn an_alert_is_told_in_the_persons_language_units_and_clock() {
        let (en, de, metric, imperial) = (Language::En, Language::De, Units::Metric, Units::Imperial);
        for (kind, details, language, units, expected) in [
            (
                "fuel_drop",
                json!({ "fromPercent": 62.0, "toPercent": 34.5 }),
                en,
                metric,
                "Fuel is missing | The level fell while the car stood. It fell from 62 % to 34 %.",
            ),
            (
                "moved_without_driving",
                json!({ "km": 12.34 }),
                de,
                metric,
                "Das Auto wurde bewegt | Es steht woanders, und sein Zähler lief nicht: Vielleicht wurde es abgeschleppt. Es ist 12,3 km entfernt.",
            ),
            (
                "moved_without_driving",
                json!({ "km": 1609.344 }),
                en,
                imperial,
                "The car was moved | It is somewhere else, and its counter did not turn: it may have been towed. It is 1,000 miles away.",
            ),
            (
                "tyre_low",
                json!({ "tyres": [{ "row": 0, "column": 1, "kpa": 181.0, "usualKpa": null }] }),
                en,
                imperial,
                "A tyre is low | Pump it up, and look again in some days. The car shows: front right 26 psi.",
            ),
            (
                "tyre_low",
                json!({ "tyres": [{ "row": 1, "column": 0, "kpa": 181.0, "usualKpa": null }] }),
                de,
                metric,
                "Ein Reifen hat zu wenig Luft | Pumpe ihn auf und schau in ein paar Tagen wieder nach. Das Auto zeigt: hinten links 1,8 bar.",
            ),
            (
                "car_offline",
                json!({ "silentSince": "2026-07-01T20:05:00+00:00" }),
                de,
                metric,
                "Vom Auto ist nichts zu hören | Länger, als es sonst schweigt: Ist die Verbindung noch gut? Zuletzt meldete es sich am 01.07.2026, 22:05 CEST.",
            ),
            (
                "service_due",
                json!({ "title": "Oil", "dueKm": 15_000.0, "dueAt": null }),
                de,
                metric,
                "Eine Wartung ist fällig | Nach Kilometern, nach dem Kalender, oder bald. Oil. Fällig bei 15.000 km.",
            ),
            (
                "low_voltage_battery",
                json!({ "levelPercent": null }),
                en,
                metric,
                "The 12 V battery is weak | Charge it, or have it looked at, before the car does not start.",
            ),
            (
                "place_left",
                json!({ "geofenceId": Uuid::nil(), "place": "Zuhause" }),
                de,
                metric,
                "Das Auto ist weggefahren | Du wolltest wissen, wenn ein Auto dort wegfährt. Der Ort: Zuhause.",
            ),
            ("a_kind_of_tomorrow", json!({}), en, metric, "a kind of tomorrow | "),
        ] {
            assert_eq!(said(kind, details, language, units), expected);
        }
    }
}
