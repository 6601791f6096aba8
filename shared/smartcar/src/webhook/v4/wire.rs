//! The present envelope's JSON, with every field that some page or some car has, and nothing required.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::errors::WireError;
use crate::lenient::{Field, List};

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Envelope<'a> {
    #[serde(borrow)]
    pub(super) data: Field<'a, Data<'a>>,
    /// Where the documentation has it; the wire has `data.vehicle.id`.
    #[serde(borrow)]
    pub(super) vehicle_id: Field<'a>,
    #[serde(borrow)]
    pub(super) triggers: List<'a, Field<'a, Trigger<'a>>>,
    #[serde(borrow)]
    pub(super) meta: Field<'a, DeliveryMeta<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Data<'a> {
    #[serde(borrow)]
    pub(super) user: Field<'a, Named<'a>>,
    #[serde(borrow)]
    pub(super) vehicle: Field<'a, WireVehicle<'a>>,
    /// A list on the wire, an object with the codes as keys in one page of the documentation.
    #[serde(borrow)]
    pub(super) signals: List<'a, Field<'a, WireSignal<'a>>>,
    #[serde(borrow)]
    pub(super) errors: List<'a, Field<'a, WireError<'a>>>,
    /// Where the documentation has them.
    #[serde(borrow)]
    pub(super) triggers: List<'a, Field<'a, Trigger<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Named<'a> {
    #[serde(borrow)]
    pub(super) id: Field<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::webhook) struct WireVehicle<'a> {
    #[serde(borrow)]
    pub(in crate::webhook) id: Field<'a>,
    #[serde(borrow)]
    pub(in crate::webhook) make: Field<'a>,
    #[serde(borrow)]
    pub(in crate::webhook) model: Field<'a>,
    #[serde(borrow)]
    pub(in crate::webhook) year: Field<'a>,
    #[serde(borrow)]
    pub(in crate::webhook) powertrain_type: Field<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Trigger<'a> {
    #[serde(borrow)]
    pub(super) r#type: Field<'a>,
    #[serde(borrow)]
    pub(super) code: Field<'a>,
}

/// The delivery's own times: the first is the wire's, the second an older spelling.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct DeliveryMeta<'a> {
    #[serde(borrow)]
    pub(super) delivered_at: Field<'a>,
    #[serde(borrow)]
    pub(super) delivery_time: Field<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::webhook) struct WireSignal<'a> {
    #[serde(borrow)]
    pub(in crate::webhook) code: Field<'a>,
    #[serde(borrow)]
    pub(in crate::webhook) group: Field<'a>,
    #[serde(borrow)]
    pub(in crate::webhook) name: Field<'a>,
    #[serde(borrow)]
    pub(in crate::webhook) body: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(in crate::webhook) meta: Field<'a, Times<'a>>,
    #[serde(borrow)]
    pub(in crate::webhook) status: Field<'a, Status<'a>>,
    /// The documentation's object form has value and unit without a body around them.
    #[serde(borrow)]
    pub(in crate::webhook) value: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(in crate::webhook) unit: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::webhook) struct Times<'a> {
    #[serde(borrow, rename = "oemUpdatedAt")]
    pub(in crate::webhook) oem: Field<'a>,
    #[serde(borrow, rename = "retrievedAt")]
    pub(in crate::webhook) retrieved: Field<'a>,
    /// The documentation's name for `retrievedAt`.
    #[serde(borrow, rename = "fetchedAt")]
    pub(in crate::webhook) fetched: Field<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::webhook) struct Status<'a> {
    #[serde(borrow)]
    pub(super) value: Field<'a>,
    #[serde(borrow)]
    pub(super) error: Field<'a, Fault<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::webhook) struct Fault<'a> {
    #[serde(borrow)]
    pub(super) r#type: Field<'a>,
    #[serde(borrow)]
    pub(super) code: Field<'a>,
}
