//! The tables of the book, and a row of any of them as the machine writes it.

use chrono::{DateTime, Utc};
use domain::RULES_VERSION;
use domain::book::EntryState;
use domain::distance::Distance;
use domain::reading::Milli;
use domain::tariff::Micros;
use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

use crate::{StoreError, canonical};

/// The tables of what follows from the readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Sheet {
    MeterEntries,
    Quarantined,
    Issues,
    FuelEntries,
    ChargingSessions,
    /// What the machine's charging sessions cost.
    Expenses,
    Trips,
    BatteryEstimates,
    GeofenceEvents,
    Alerts,
}

impl Sheet {
    pub const ALL: [Self; 10] = [
        Self::MeterEntries,
        Self::Quarantined,
        Self::Issues,
        Self::FuelEntries,
        Self::ChargingSessions,
        Self::Expenses,
        Self::Trips,
        Self::BatteryEstimates,
        Self::GeofenceEvents,
        Self::Alerts,
    ];

    /// The table's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MeterEntries => "meter_entries",
            Self::Quarantined => "quarantined_readings",
            Self::Issues => "issues",
            Self::FuelEntries => "fuel_entries",
            Self::ChargingSessions => "charging_sessions",
            Self::Expenses => "expenses",
            Self::Trips => "trips",
            Self::BatteryEstimates => "battery_estimates",
            Self::GeofenceEvents => "geofence_events",
            Self::Alerts => "alerts",
        }
    }

    /// As the head of a car remembers it, and as the questions about all tables number them.
    pub(crate) const fn number(self) -> i16 {
        match self {
            Self::MeterEntries => 0,
            Self::Quarantined => 1,
            Self::Issues => 2,
            Self::FuelEntries => 3,
            Self::ChargingSessions => 4,
            Self::Expenses => 5,
            Self::Trips => 6,
            Self::BatteryEstimates => 7,
            Self::GeofenceEvents => 8,
            Self::Alerts => 9,
        }
    }

    pub(crate) fn of_number(number: i16) -> Result<Self, StoreError> {
        Self::ALL
            .into_iter()
            .find(|sheet| sheet.number() == number)
            .ok_or_else(|| StoreError::corrupt("vehicle_states", "memory")(format!("table {number}").into()))
    }

    /// Whether people read it as a book of the car.
    pub(crate) const fn is_book(self) -> bool {
        match self {
            Self::MeterEntries
            | Self::FuelEntries
            | Self::ChargingSessions
            | Self::Trips
            | Self::BatteryEstimates
            | Self::GeofenceEvents
            | Self::Alerts => true,
            Self::Quarantined | Self::Issues | Self::Expenses => false,
        }
    }
}

/// A row as the machine writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub sheet: Sheet,
    pub id: Uuid,
    pub vehicle: Uuid,
    pub car: Uuid,
    pub until: DateTime<Utc>,
    /// Why it is what it is; null where that goes without saying.
    pub evidence: String,
    /// The columns of its kind as a JSON object.
    pub columns: String,
    /// Of all of the above: the same row always has the same one, in every process and version.
    pub digest: i64,
}

/// Which row of which car's book.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub id: Uuid,
    pub vehicle: Uuid,
    pub car: Uuid,
}

impl Row {
    /// `columns`: a struct with a field for each column that this kind has of its own.
    pub fn new(
        sheet: Sheet,
        place: Place,
        until: DateTime<Utc>,
        evidence: &impl Serialize,
        columns: impl Serialize,
    ) -> Result<Self, StoreError> {
        let Place { id, vehicle, car } = place;
        let corrupt = |error: serde_json::Error| StoreError::corrupt(sheet.name(), "digest")(error.into());
        let columns = serde_json::to_string(&columns).map_err(corrupt)?;
        let evidence = serde_json::to_string(evidence).map_err(corrupt)?;
        let said = format!("{car}{}{evidence}{columns}", until.timestamp_millis());
        let digest = canonical::hash(sheet.name(), &said);
        Ok(Self { sheet, id, vehicle, car, until, evidence, columns, digest })
    }

    /// What is written of it, as one JSON object: its columns, and its evidence with the rules that it follows from.
    fn sent(&self) -> String {
        let columns = self.columns.strip_suffix('}').unwrap_or(&self.columns);
        match self.evidence.strip_suffix('}') {
            Some(evidence) => {
                format!(r#"{columns},"evidence":{evidence},"rules_version":{RULES_VERSION}}}}}"#)
            }
            // A kind that needs none has no column for it.
            None => self.columns.clone(),
        }
    }
}

/// Rows of one kind, column by column: the form in which many are sent at once.
#[derive(Debug)]
pub(crate) struct Sent {
    pub ids: Vec<Uuid>,
    pub vehicles: Vec<Uuid>,
    pub cars: Vec<Uuid>,
    pub untils: Vec<DateTime<Utc>>,
    /// JSON objects of the columns of its kind, with the evidence.
    pub columns: Vec<String>,
    pub digests: Vec<i64>,
    /// Not stored yet. One that is stored and gone meanwhile was taken away by a person, and is not written again.
    pub is_new: Vec<bool>,
}

impl Sent {
    /// The rows of this kind; `None` where there are none.
    pub fn of(sheet: Sheet, insert: &[Row], amend: &[Row]) -> Option<Self> {
        let ours = |row: &&Row| row.sheet == sheet;
        let new: Vec<&Row> = insert.iter().filter(ours).collect();
        let rows: Vec<&Row> = new.iter().copied().chain(amend.iter().filter(ours)).collect();
        (!rows.is_empty()).then(|| Self {
            ids: rows.iter().map(|row| row.id).collect(),
            vehicles: rows.iter().map(|row| row.vehicle).collect(),
            cars: rows.iter().map(|row| row.car).collect(),
            untils: rows.iter().map(|row| row.until).collect(),
            columns: rows.iter().map(|row| row.sent()).collect(),
            digests: rows.iter().map(|row| row.digest).collect(),
            is_new: (0..rows.len()).map(|index| index < new.len()).collect(),
        })
    }
}

/// A number in thousandths, as JSON text without trailing zeros: numerics are exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal(pub i64);

impl Decimal {
    /// Money, to a tenth of a cent.
    pub const fn rounded(amount: Micros) -> Self {
        let half = if amount.0 < 0 { -500 } else { 500 };
        Self((amount.0 + half) / 1000)
    }
}

impl From<Milli> for Decimal {
    fn from(number: Milli) -> Self {
        Self(number.0)
    }
}

impl From<Distance> for Decimal {
    fn from(distance: Distance) -> Self {
        Self(distance.metres())
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&Milli(self.0))
    }
}

/// As the column `state` has it.
pub(crate) const fn state(state: EntryState) -> &'static str {
    match state {
        EntryState::Candidate => "candidate",
        EntryState::Recorded => "recorded",
        EntryState::Hidden => "hidden",
    }
}
