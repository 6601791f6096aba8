//! What a person told Carvetka of their life before the car was connected: their money, their clock, what a kilowatt hour
//! costs at home, and where that is.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use domain::fences::{Passage, Shape};
use domain::reading::Position;
use domain::setup::Currency;
use domain::tariff::{Micros, MinuteOfDay, Parts};
use runtime::clock;
use simulator::world::Car;
use sqlx::PgConnection;
use store::geofences::{self, NewPlace, watches};
use store::hand_entries::Edit;
use store::preferences::{self, PreferencesChange};
use store::tariffs::{self, NewTariff, Terms};
use uuid::Uuid;

/// Around a house and its drive.
const HOME_RADIUS_M: u32 = 120;

/// Money a kilowatt hour by day and by night, in millionths.
const BY_DAY: Micros = Micros(320_000);
const BY_NIGHT: Micros = Micros(210_000);
const NIGHT: [&str; 2] = ["22:00", "06:00"];

/// From then to then, after the car's life began, its person wants to be told when it leaves its place.
const WATCHED: [TimeDelta; 2] = [TimeDelta::days(3), TimeDelta::days(4)];

/// Writes down what the person told, valid since before the car's life began.
pub async fn tell(
    db: &mut PgConnection,
    user: Uuid,
    car: &Car,
    shows_home: bool,
    birth: DateTime<Utc>,
) -> anyhow::Result<()> {
    let (currency, zone) = money_and_clock(car);
    let said = PreferencesChange {
        currency: Edit::Set(currency.to_owned()),
        time_zone: Edit::Set(zone.name().to_owned()),
        units: Edit::Keep,
        fuel_price_per_litre: Edit::Keep,
        language: Edit::Keep,
    };
    preferences::change(db, user, &said).await?;
    let charges = car.identity.battery_capacity_kwh.is_some();
    let tariff = if charges { Some(price(db, user, currency, zone, birth).await?) } else { None };
    if shows_home {
        let home = car.places.home.position;
        let centre = Position { latitude_e6: home.latitude_e6, longitude_e6: home.longitude_e6 };
        let place = NewPlace {
            name: "Home".to_owned(),
            shape: Shape::Circle { centre, radius_m: HOME_RADIUS_M },
            priority: 0,
            is_private: false,
            tariff_id: tariff,
            tells: vec![Passage::Enter, Passage::Exit],
        };
        geofences::add(db, user, &place, clock::now()).await?;
    }
    Ok(())
}

/// For a day the person was not the one who drove.
pub async fn watch(db: &mut PgConnection, car: Uuid, birth: DateTime<Utc>) -> anyhow::Result<()> {
    let [from, until] = WATCHED.map(|after| birth + after);
    watches::begin(db, car, from).await?;
    watches::end(db, car, until).await?;
    Ok(())
}

/// What charging costs, wherever nothing else is known.
async fn price(
    db: &mut PgConnection,
    user: Uuid,
    currency: &str,
    zone: chrono_tz::Tz,
    since: DateTime<Utc>,
) -> anyhow::Result<Uuid> {
    let tariff = NewTariff { name: "Electricity".to_owned(), network: None, is_default: true };
    let id = tariffs::add(db, user, &tariff, clock::now()).await?;
    let [from, to] = NIGHT.map(MinuteOfDay::parse);
    let parts = Parts::day_and_night(BY_DAY, BY_NIGHT, from?, to?);
    let terms = Terms { currency: Currency::parse(currency)?, zone, parts };
    tariffs::add_version(db, user, id, since, &terms, clock::now())
        .await?
        .context("a tariff is gone at once")?;
    Ok(id)
}

/// As the people of these towns have them. Their cars live without summer time, so that a clock may be an hour off.
fn money_and_clock(car: &Car) -> (&'static str, chrono_tz::Tz) {
    match car.town.name {
        "Brno" => ("CZK", chrono_tz::Europe::Prague),
        "Plovdiv" => ("EUR", chrono_tz::Europe::Sofia),
        "Lyon" => ("EUR", chrono_tz::Europe::Paris),
        "Bergen" => ("NOK", chrono_tz::Europe::Oslo),
        "Gent" => ("EUR", chrono_tz::Europe::Brussels),
        "Boise" => ("USD", chrono_tz::America::Boise),
        "Dayton" => ("USD", chrono_tz::America::New_York),
        _ => ("EUR", chrono_tz::Europe::Berlin),
    }
}
