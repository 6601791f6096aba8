//! What a way costs and what a charger gives, in whole numbers.

use super::car::Powertrain;
use super::catalogue::Model;
use super::segment::Gauges;

/// How much more than the catalogue says a way may cost, in per cent.
pub const WORST_DAY: u64 = 130;

/// A drive of one kind of energy: a plug-in hybrid may need both, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    pub metres: u64,
    pub after: Gauges,
}

/// The legs of a way of so many metres on a day on which it costs `per_cent` of the catalogue's consumption.
pub fn legs(model: &Model, gauges: Gauges, metres: u64, per_cent: u64) -> Vec<Leg> {
    let electric_m = match model.powertrain {
        Powertrain::Ice => 0,
        Powertrain::Bev => metres,
        Powertrain::Phev => metres.min(reach(spare_wh(model, gauges), model.wh_per_100_km, per_cent)),
    };
    let mut legs = Vec::with_capacity(2);
    let mut gauges = gauges;
    if electric_m > 0 {
        gauges.odometer_m += electric_m;
        gauges.battery_wh = gauges.battery_wh.saturating_sub(cost(electric_m, model.wh_per_100_km, per_cent));
        legs.push(Leg { metres: electric_m, after: gauges });
    }
    if electric_m < metres {
        gauges.odometer_m += metres - electric_m;
        gauges.fuel_ml =
            gauges.fuel_ml.saturating_sub(cost(metres - electric_m, model.fuel_ml_per_100_km, per_cent));
        legs.push(Leg { metres: metres - electric_m, after: gauges });
    }
    legs
}

/// How far the car comes for sure: with fuel where it has a tank, else with its battery.
pub fn reach_m(model: &Model, gauges: Gauges) -> u64 {
    if model.tank_ml > 0 {
        reach(gauges.fuel_ml, model.fuel_ml_per_100_km, WORST_DAY)
    } else {
        reach(gauges.battery_wh, model.wh_per_100_km, WORST_DAY)
    }
}

/// What `watts` bring in so many seconds.
pub fn charged_wh(watts: u32, seconds: i64) -> u32 {
    narrow(u64::from(watts) * seconds.max(0).unsigned_abs() / 3_600)
}

/// The seconds that `watts` need for so many watt-hours, rounded up.
pub fn charge_seconds(wh: u32, watts: u32) -> i64 {
    i64::try_from((u64::from(wh) * 3_600).div_ceil(u64::from(watts.max(1)))).unwrap_or(i64::MAX)
}

/// A plug-in hybrid keeps a part of its battery for itself.
fn spare_wh(model: &Model, gauges: Gauges) -> u32 {
    gauges.battery_wh.saturating_sub(model.battery_wh / 10)
}

fn cost(metres: u64, per_100_km: u32, per_cent: u64) -> u32 {
    narrow(metres * u64::from(per_100_km) * per_cent / 10_000_000)
}

fn reach(amount: u32, per_100_km: u32, per_cent: u64) -> u64 {
    u64::from(amount) * 10_000_000 / (u64::from(per_100_km.max(1)) * per_cent)
}

fn narrow(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::METRIC_MODELS;
    use super::*;

    fn model(powertrain: Powertrain) -> &'static Model {
        METRIC_MODELS.iter().find(|model| model.powertrain == powertrain).unwrap()
    }

    fn gauges(fuel_ml: u32, battery_wh: u32) -> Gauges {
        Gauges { odometer_m: 0, fuel_ml, battery_wh, serviced_at_m: 0 }
    }

    #[test]
    fn a_plug_in_hybrid_drives_on_its_battery_first() {
        let model = model(Powertrain::Phev);
        let legs = legs(model, gauges(30_000, model.battery_wh / 2), 100_000, 100);
        assert_eq!(legs.len(), 2);
        assert_eq!(legs[0].metres + legs[1].metres, 100_000);
        assert_eq!(legs[0].after.fuel_ml, 30_000);
        assert!(legs[0].after.battery_wh >= model.battery_wh / 10);
        assert!(legs[1].after.fuel_ml < 30_000);
        assert_eq!(legs[1].after.odometer_m, 100_000);
    }

    #[test]
    fn a_car_with_one_kind_of_energy_has_one_leg() {
        for powertrain in [Powertrain::Ice, Powertrain::Bev] {
            let model = model(powertrain);
            assert_eq!(legs(model, gauges(model.tank_ml, model.battery_wh), 50_000, 100).len(), 1);
        }
    }

    #[test]
    fn the_reach_is_really_reached_on_the_worst_day() {
        let model = model(Powertrain::Ice);
        let full = gauges(40_000, 0);
        let reach = reach_m(model, full);
        assert!(legs(model, full, reach, WORST_DAY)[0].after.fuel_ml <= 1);
        assert!(legs(model, full, reach - 1_000, WORST_DAY)[0].after.fuel_ml > 0);
    }

    #[test]
    fn charging_takes_as_long_as_it_takes() {
        assert_eq!(charge_seconds(11_000, 11_000), 3_600);
        assert_eq!(charge_seconds(1, 11_000), 1);
        assert_eq!(charged_wh(11_000, 1_800), 5_500);
    }
}
