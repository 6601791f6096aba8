//! Tariffs as the rules know them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::fact::RowId;
use domain::reading::Milli;
use domain::setup::Currency;
use domain::tariff::{EnergyPrice, Micros, Parts, Tariff, Weekdays, When};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Terms;
use crate::StoreError;

struct Row {
    of: Uuid,
    version: Uuid,
    tariff: Uuid,
    name: String,
    network: Option<String>,
    is_default: bool,
    fences: Vec<Uuid>,
    valid_from: DateTime<Utc>,
    valid_to: Option<DateTime<Utc>>,
    currency: String,
    zone: String,
    parts: serde_json::Value,
}

/// All versions that count of the tariffs of these vehicles' people, in the order of their ids and their beginnings.
pub async fn for_vehicles(
    db: &mut PgConnection,
    vehicles: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Tariff>>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT vehicle.id AS "of", version.id AS version, tariff.id AS tariff, tariff.name, tariff.network,
             tariff.is_default, version.valid_from, version.valid_to, version.currency, version.zone, version.parts,
             ARRAY(SELECT fence.id FROM geofences AS fence
               WHERE fence.tariff_id = tariff.id AND fence.user_id = tariff.user_id ORDER BY fence.id) AS "fences!"
           FROM unnest($1::uuid[]) AS asked (id)
           JOIN smartcar_vehicles AS vehicle ON vehicle.id = asked.id
           JOIN cars AS car ON car.id = vehicle.car_id
           JOIN tariffs AS tariff ON tariff.user_id = car.user_id
           JOIN tariff_versions AS version ON version.tariff_id = tariff.id AND version.superseded_at IS NULL
           ORDER BY tariff.id, version.valid_from"#,
        vehicles,
    )
    .fetch_all(db)
    .await?;
    let mut tariffs: HashMap<Uuid, Vec<Tariff>> = HashMap::new();
    for row in rows {
        tariffs.entry(row.of).or_default().push(Tariff::try_from(row)?);
    }
    Ok(tariffs)
}

/// Likewise for one person.
pub async fn of_user(db: &mut PgConnection, user: Uuid) -> Result<Vec<Tariff>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT tariff.user_id AS "of", version.id AS version, tariff.id AS tariff, tariff.name, tariff.network,
             tariff.is_default, version.valid_from, version.valid_to, version.currency, version.zone, version.parts,
             ARRAY(SELECT fence.id FROM geofences AS fence
               WHERE fence.tariff_id = tariff.id AND fence.user_id = tariff.user_id ORDER BY fence.id) AS "fences!"
           FROM tariffs AS tariff
           JOIN tariff_versions AS version ON version.tariff_id = tariff.id AND version.superseded_at IS NULL
           WHERE tariff.user_id = $1
           ORDER BY tariff.id, version.valid_from"#,
        user,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Tariff::try_from).collect()
}

impl TryFrom<Row> for Tariff {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let currency = Currency::parse(&row.currency);
        let terms = Terms::read(&row.currency, &row.zone, row.parts);
        // What a newer program wrote must not stop the person's cars.
        let Terms { currency, zone, parts } =
            terms.or_else(|error| currency.map(unknown).map_err(|_| error))?;
        Ok(Self {
            version: RowId(row.version.as_u128()),
            tariff: RowId(row.tariff.as_u128()),
            name: row.name,
            network: row.network,
            is_default: row.is_default,
            fences: row.fences.iter().map(|fence| RowId(fence.as_u128())).collect(),
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            currency,
            zone,
            parts,
        })
    }
}

/// A version that says something, and nobody here can tell what: where it counts, the price is not known.
fn unknown(currency: Currency) -> Terms {
    let never = When { weekdays: Weekdays([false; 7]), ..When::ALWAYS };
    let price = EnergyPrice { per_kwh: Micros(0), when: never, above_kwh: Milli(0) };
    Terms { currency, zone: chrono_tz::Tz::UTC, parts: Parts { energy: vec![price], ..Parts::default() } }
}
