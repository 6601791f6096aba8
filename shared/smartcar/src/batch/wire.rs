//! The batch endpoint's JSON: one answer a path, its headers, and every field of every body.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::lenient::{Field, List};

/// The answer to one path.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Answer<'a> {
    #[serde(borrow)]
    pub(super) path: Field<'a>,
    /// The HTTP status of this path; the batch itself is always 200.
    #[serde(borrow)]
    pub(super) code: Field<'a>,
    #[serde(borrow)]
    pub(super) headers: Field<'a, Headers<'a>>,
    #[serde(borrow)]
    pub(super) body: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Headers<'a> {
    /// When the car said it.
    #[serde(borrow, rename = "sc-data-age", alias = "SC-Data-Age")]
    pub(super) data_age: Field<'a>,
    #[serde(borrow, rename = "sc-fetched-at", alias = "SC-Fetched-At")]
    pub(super) fetched_at: Field<'a>,
    /// `metric` (the default) or `imperial`.
    #[serde(borrow, rename = "sc-unit-system", alias = "SC-Unit-System")]
    pub(super) unit_system: Field<'a>,
}

/// Every field that any path's body has.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    pub(super) distance: Field<'a>,
    #[serde(borrow)]
    pub(super) percent_remaining: Field<'a>,
    #[serde(borrow)]
    pub(super) amount_remaining: Field<'a>,
    #[serde(borrow)]
    pub(super) range: Field<'a>,
    #[serde(borrow)]
    pub(super) is_plugged_in: Field<'a>,
    #[serde(borrow)]
    pub(super) state: Field<'a>,
    #[serde(borrow)]
    pub(super) limit: Field<'a>,
    #[serde(borrow)]
    pub(super) latitude: Field<'a>,
    #[serde(borrow)]
    pub(super) longitude: Field<'a>,
    /// In the place of a position, in what we stored ourselves.
    #[serde(borrow)]
    pub(super) zone: Field<'a>,
    #[serde(borrow)]
    pub(super) life_remaining: Field<'a>,
    #[serde(borrow)]
    pub(super) front_left: Field<'a>,
    #[serde(borrow)]
    pub(super) front_right: Field<'a>,
    #[serde(borrow)]
    pub(super) back_left: Field<'a>,
    #[serde(borrow)]
    pub(super) back_right: Field<'a>,
    #[serde(borrow)]
    pub(super) is_locked: Field<'a>,
    #[serde(borrow)]
    pub(super) vin: Field<'a>,
    #[serde(borrow)]
    pub(super) active_codes: List<'a, &'a RawValue>,
}

/// An error in the form of v2, or of v1, which old paths still send.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Fault<'a> {
    #[serde(borrow)]
    pub(super) r#type: Field<'a>,
    #[serde(borrow)]
    pub(super) error: Field<'a>,
    #[serde(borrow)]
    pub(super) code: Field<'a>,
}
