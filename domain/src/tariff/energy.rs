//! What the energy of a session costs: slot by slot, through free quotas and tiers.

use chrono::{DateTime, Utc};

use super::charge::Charge;
use super::reckon::{Bill, Item};
use super::slots::Slot;
use super::spread::Share;
use super::{LineKind, Meter, Micros, Tariff};
use crate::charging::Energy;

/// How far the energy itself is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    Least,
    Likely,
    Most,
}

/// Adds what these shares cost, and how much of them has a price.
pub(super) fn add(bill: &mut Bill, shares: &[Share<'_>], charge: &Charge, amount: Amount) {
    let Some(battery) = charge.energy else { return };
    let paid = |energy: Energy, mwh: i64| scaled(mwh, energy_of(energy, amount), battery.wh);
    // What the session took so far, as it is paid for.
    let mut so_far = 0;
    for share in shares {
        bill.total_mwh += share.mwh;
        let Some(tariff) = share.slot.tariff else { continue };
        let bought = match (tariff.parts.meter, charge.grid) {
            (Meter::Battery, _) => paid(battery, share.mwh),
            (Meter::Grid, Some(grid)) => paid(grid, share.mwh),
            // How much was bought is not known.
            (Meter::Grid, None) => continue,
        };
        let priced = if tariff.parts.energy.is_empty() {
            bought
        } else {
            add_bought(bill, tariff, share, so_far, bought)
        };
        bill.priced_mwh += if priced == bought { share.mwh } else { scaled(share.mwh, priced, bought) };
        so_far += bought;
    }
}

/// Says how much of it has a price.
fn add_bought(bill: &mut Bill, tariff: &Tariff, share: &Share<'_>, so_far: i64, bought: i64) -> i64 {
    let Slot { from, to, .. } = share.slot;
    let (mut taken, mut priced) = (0, 0);
    while taken < bought {
        let Step { price, until } = step(tariff, from, so_far + taken);
        let left = bought - taken;
        let here = until.map_or(left, |until| left.min(until - so_far - taken));
        taken += here;
        if let Some(price) = price {
            priced += here;
            let (what, version, amount) = (LineKind::Energy, tariff.version, Micros::ZERO);
            bill.add(Item { what, version, from, to, price, quantity: here, day: tariff.day(from), amount });
        }
    }
    priced
}

/// What a kilowatt hour costs, and up to how much energy of the session (thousandths of watt hours) that is so.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub price: Option<Micros>,
    until: Option<i64>,
}

/// At a moment in which the session has taken so much (thousandths of watt hours).
pub(super) fn step(tariff: &Tariff, at: DateTime<Utc>, so_far: i64) -> Step {
    let fits = tariff.parts.energy.iter().filter(|price| price.when.holds(at, tariff.zone));
    let tiers: Vec<(i64, Micros)> = fits.map(|price| (price.above_kwh.0 * 1000, price.per_kwh)).collect();
    let free = tariff.parts.free_kwh.0 * 1000;
    if so_far < free && !tiers.is_empty() {
        return Step { price: Some(Micros::ZERO), until: Some(free) };
    }
    let mut reached: Option<(i64, Micros)> = None;
    for (above, price) in tiers.iter().copied().filter(|(above, _)| *above <= so_far) {
        // The highest tier counts, of equals the first.
        if reached.is_none_or(|(highest, _)| above > highest) {
            reached = Some((above, price));
        }
    }
    let until = tiers.iter().map(|(above, _)| *above).filter(|above| *above > so_far).min();
    Step { price: reached.map(|(_, price)| price), until }
}

fn energy_of(energy: Energy, amount: Amount) -> i64 {
    match amount {
        Amount::Least => (energy.wh - energy.plus_minus_wh).max(0),
        Amount::Likely => energy.wh,
        Amount::Most => energy.wh + energy.plus_minus_wh,
    }
}

fn scaled(mwh: i64, wh: i64, battery_wh: i64) -> i64 {
    let product = i128::from(mwh) * i128::from(wh) / i128::from(battery_wh.max(1));
    i64::try_from(product).unwrap_or(i64::MAX)
}
