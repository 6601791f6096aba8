//! Which row a line becomes: the same line of the same car always the same, so that importing twice is importing once.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::number::Number;
use crate::read::Line;
use crate::record::Record;

/// The ids of these lines' rows, in their order. Lines that say the same twice are two entries: two tolls on one day are.
pub fn ids(car: Uuid, lines: &[Line]) -> Vec<Uuid> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let id = |line: &Line| {
        let content = content(&line.record);
        let count = seen.entry(content.clone()).or_default();
        *count += 1;
        Uuid::new_v5(&car, format!("import|{content}|{count}").as_bytes())
    };
    lines.iter().map(id).collect()
}

/// What makes an entry this one and no other. Notes may be written anew.
fn content(record: &Record) -> String {
    let (kind, at) = (record.kind().name(), record.when().at.timestamp_millis());
    let shown = |number: &Option<Number>| number.map(|number| number.to_string()).unwrap_or_default();
    let what = match record {
        Record::Meter(entry) => entry.odometer_km.to_string(),
        Record::Fuel(entry) => format!("{}|{}", shown(&entry.litres), shown(&entry.odometer_km)),
        Record::Charging(session) => {
            let energy = session.energy_kwh.or(session.grid_kwh);
            format!("{}|{}", shown(&energy), shown(&session.odometer_km))
        }
        Record::Trip(trip) => format!("{}|{}", trip.distance_km, shown(&trip.odometer_after_km)),
        Record::Expense(expense) => {
            let currency = expense.currency.as_deref().unwrap_or_default();
            format!("{}|{currency}|{}", expense.amount, expense.category)
        }
    };
    format!("{kind}|{at}|{what}")
}
