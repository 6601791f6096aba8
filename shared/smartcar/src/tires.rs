//! Tyre pressures: the one structure whose numbers must be made comparable before it is kept.

use domain::reading::Value;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::lenient::{Field, List};
use crate::quantity::Quantity;
use crate::report::Why;
use crate::signal::{self, Meant};

/// One wheel: row 0 is the front, column 0 the left.
pub(crate) struct Wheel {
    pub row: u8,
    pub column: u8,
    pub kilopascals: Result<Meant, Why>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tires<'a> {
    #[serde(borrow)]
    values: List<'a, Field<'a, Tire<'a>>>,
    #[serde(borrow)]
    unit: Field<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tire<'a> {
    #[serde(borrow)]
    row: Field<'a>,
    #[serde(borrow)]
    column: Field<'a>,
    #[serde(borrow, rename = "tirePressure")]
    pressure: Field<'a>,
}

/// Understands the body of `wheel-tires`.
pub(crate) fn meaning(raw: &RawValue) -> Result<Meant, Why> {
    let tires = serde_json::from_str::<Field<'_, Tires<'_>>>(raw.get()).map_err(|_| Why::Unreadable)?;
    let tires = tires.object().ok_or(Why::WrongKind)?;
    let unit = signal::unit(&tires.unit);
    let wheels = tires.values.values().filter_map(Field::object).filter_map(|tire| {
        Some(Wheel {
            row: place(&tire.row)?,
            column: place(&tire.column)?,
            kilopascals: signal::number(Quantity::Kilopascals, &tire.pressure, unit),
        })
    });
    structure(wheels.collect())
}

/// The pressures of all wheels as a structure in kPa, front left first. A wheel that does not report is
/// `null`; if none does, the reason of the first is the reason of all.
pub(crate) fn structure(mut wheels: Vec<Wheel>) -> Result<Meant, Why> {
    wheels.sort_by_key(|wheel| (wheel.row, wheel.column));

    let (mut values, mut trouble) = (Vec::with_capacity(wheels.len()), None);
    let mut any = false;
    for Wheel { row, column, kilopascals } in wheels {
        let pressure = match kilopascals {
            Ok(Meant { value: Value::Number(pressure), .. }) => {
                any = true;
                pressure.to_string()
            }
            Ok(_) => "null".to_owned(),
            Err(why) => {
                trouble.get_or_insert(why);
                "null".to_owned()
            }
        };
        values.push(format!(r#"{{"column":{column},"row":{row},"tirePressure":{pressure}}}"#));
    }
    if !any {
        return Err(trouble.unwrap_or(Why::NoValue));
    }
    let text = format!(r#"{{"unit":"kPa","values":[{}]}}"#, values.join(","));
    Ok(signal::exactly(Value::Structure(text)))
}

fn place(field: &Field<'_>) -> Option<u8> {
    field.text().and_then(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> Result<String, Why> {
        let raw: &RawValue = serde_json::from_str(body).unwrap();
        match meaning(raw)?.value {
            Value::Structure(text) => Ok(text),
            other => panic!("tyres are {other:?}"),
        }
    }

    #[test]
    fn tyres_are_kept_in_kilopascals_from_front_left_to_rear_right() {
        let kept = r#"{"unit":"kPa","values":[{"column":0,"row":0,"tirePressure":260},{"column":1,"row":0,"tirePressure":258}]}"#;
        let bar = r#"{"values":[{"row":0,"column":1,"tirePressure":2.58},{"row":0,"column":0,"tirePressure":2.6}],"unit":"bar"}"#;
        let lie = r#"{"unit":"bar","values":[{"tirePressure":260,"row":0,"column":0},{"tirePressure":258,"row":0,"column":1}],"rowCount":2}"#;
        assert_eq!(said(bar).unwrap(), kept);
        assert_eq!(said(lie).unwrap(), kept);
    }

    #[test]
    fn a_wheel_that_does_not_report_hides_no_other() {
        let body = r#"{"values":[{"row":0,"column":0,"tirePressure":699.9},{"row":0,"column":1,"tirePressure":258},7],"unit":"kPa"}"#;
        let kept = r#"{"unit":"kPa","values":[{"column":0,"row":0,"tirePressure":null},{"column":1,"row":0,"tirePressure":258}]}"#;
        assert_eq!(said(body).unwrap(), kept);
    }

    #[test]
    fn tyres_of_which_none_reports_say_why() {
        let table = [
            (r#"{"values":[{"row":0,"column":0,"tirePressure":699.9}],"unit":"kPa"}"#, Why::Sentinel),
            (r#"{"values":[{"row":0,"column":0,"tirePressure":null}],"unit":"kPa"}"#, Why::NoValue),
            (r#"{"values":[]}"#, Why::NoValue),
            (
                r#"{"values":[{"row":0,"column":0,"tirePressure":2}],"unit":"atm"}"#,
                Why::UnknownUnit("atm".to_owned()),
            ),
            ("7", Why::WrongKind),
        ];
        for (body, why) in table {
            assert_eq!(said(body), Err(why), "{body}");
        }
    }
}
