//! The faults of `VEHICLE_ERROR`, whose `signals` come in three forms and whose `resolution` in four.

use chrono::{DateTime, Utc};
use domain::reading::Signal;
use serde::Deserialize;

use crate::lenient::{Field, List};
use crate::report::{Problem, ProblemState};

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct WireError<'a> {
    #[serde(borrow)]
    r#type: Field<'a>,
    #[serde(borrow)]
    code: Field<'a>,
    #[serde(borrow)]
    state: Field<'a>,
    #[serde(borrow)]
    description: Field<'a>,
    /// `null`, a bare word, `{"type":null}` or `{"type","url"}`.
    #[serde(borrow)]
    resolution: Field<'a, Resolution<'a>>,
    #[serde(borrow)]
    suggested_user_message: Field<'a>,
    /// Absent for the whole vehicle; words like `Odometer.TraveledDistance`; or objects.
    #[serde(borrow)]
    signals: List<'a, Field<'a, Concerned<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Resolution<'a> {
    #[serde(borrow)]
    r#type: Field<'a>,
    #[serde(borrow)]
    url: Field<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Concerned<'a> {
    /// The only field to believe: a capture has `name` and `group` swapped.
    #[serde(borrow)]
    code: Field<'a>,
    #[serde(borrow)]
    group: Field<'a>,
    #[serde(borrow)]
    name: Field<'a>,
}

/// One fault in our words; `None` for an element that is no object.
pub(super) fn problem(wire: &Field<'_, WireError<'_>>, at: DateTime<Utc>) -> Option<Problem> {
    let wire = wire.object()?;
    let resolution = match &wire.resolution {
        Field::Object(resolution) => resolution.r#type.owned(),
        plain => plain.owned(),
    };
    let resolved = wire.state.text().is_some_and(|state| state.eq_ignore_ascii_case("RESOLVED"));
    Some(Problem {
        kind: wire.r#type.owned().unwrap_or_else(|| "UNKNOWN".to_owned()),
        code: wire.code.owned(),
        state: if resolved { ProblemState::Resolved } else { ProblemState::Raised },
        description: wire.description.owned(),
        resolution,
        url: wire.resolution.object().and_then(|resolution| resolution.url.owned()),
        user_message: wire.suggested_user_message.owned(),
        signals: wire.signals.values().filter_map(concerned).collect(),
        at,
    })
}

fn concerned(wire: &Field<'_, Concerned<'_>>) -> Option<Signal> {
    match wire {
        Field::Object(wire) => match (wire.code.text(), wire.group.text(), wire.name.text()) {
            (Some(code), _, _) => Some(code_of(&code)),
            (None, Some(group), Some(name)) => Some(Signal::new(&format!("{group}-{name}"))),
            (None, _, _) => None,
        },
        plain => plain.text().map(|name| code_of(&name)),
    }
}

/// A signal by its code or by the older `Group.Name`.
pub(super) fn code_of(name: &str) -> Signal {
    match name.split_once('.') {
        Some((group, name)) => Signal::new(&format!("{group}-{name}")),
        None => Signal::new(name),
    }
}
