//! `user_preferences`: what people reckon in. Carvetka's own table.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::hand_entries::Edit;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Preferences {
    /// ISO 4217.
    pub currency: Option<String>,
    /// IANA.
    pub time_zone: Option<String>,
    /// `metric`, `us`, `uk`, or another word of Carvetka's.
    pub units: Option<String>,
    /// Money a litre, in their currency.
    pub fuel_price_per_litre: Option<f64>,
    /// `en`, `de`, or another word of Carvetka's.
    pub language: Option<String>,
}

/// What a person wants to be different.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PreferencesChange {
    pub currency: Edit<String>,
    pub time_zone: Edit<String>,
    pub units: Edit<String>,
    pub fuel_price_per_litre: Edit<f64>,
    pub language: Edit<String>,
}

/// What the person reckons in; all is empty where they never said.
pub async fn of(db: &mut PgConnection, user: Uuid) -> Result<Preferences, StoreError> {
    let row = sqlx::query_as!(
        Preferences,
        r#"SELECT currency::text AS currency, time_zone::text AS time_zone, units::text AS units,
             fuel_price_per_litre::float8 AS fuel_price_per_litre, language::text AS language
           FROM user_preferences WHERE user_id = $1 LIMIT 1"#,
        user,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.unwrap_or_default())
}

/// By whose clock the person's days and months are reckoned. What nobody knows counts as not said.
pub async fn zone(db: &mut PgConnection, user: Uuid) -> Result<chrono_tz::Tz, StoreError> {
    let zone = of(db, user).await?.time_zone.and_then(|zone| zone.parse().ok());
    Ok(zone.unwrap_or(chrono_tz::Tz::UTC))
}

/// Writes what the person wants to be different.
pub async fn change(db: &mut PgConnection, user: Uuid, change: &PreferencesChange) -> Result<(), StoreError> {
    let PreferencesChange { currency, time_zone, units, fuel_price_per_litre, language } = change;
    // Without a target: whatever key the table has on Carvetka's own database.
    sqlx::query!(
        "INSERT INTO user_preferences (user_id)
         SELECT $1 WHERE NOT EXISTS (SELECT FROM user_preferences WHERE user_id = $1) ON CONFLICT DO NOTHING",
        user,
    )
    .execute(&mut *db)
    .await?;
    let ((writes_currency, currency), (writes_zone, zone), (writes_units, units)) =
        (currency.written(), time_zone.written(), units.written());
    let ((writes_price, price), (writes_language, language)) =
        (fuel_price_per_litre.written(), language.written());
    sqlx::query!(
        "UPDATE user_preferences
         SET currency = CASE WHEN $2 THEN $3 ELSE currency END, time_zone = CASE WHEN $4 THEN $5 ELSE time_zone END,
           units = CASE WHEN $6 THEN $7 ELSE units END,
           fuel_price_per_litre = CASE WHEN $8 THEN trim_scale($9::float8::numeric) ELSE fuel_price_per_litre END,
           language = CASE WHEN $10 THEN $11 ELSE language END
         WHERE user_id = $1",
        user,
        writes_currency,
        currency,
        writes_zone,
        zone,
        writes_units,
        units,
        writes_price,
        price,
        writes_language,
        language,
    )
    .execute(db)
    .await?;
    Ok(())
}
