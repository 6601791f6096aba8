//! The bill of a session: what its energy, its minutes and its fees cost, as it is expected and between which bounds.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::charge::{Charge, View};
use super::choice::Known;
use super::energy::{self, Amount};
use super::spread::{Share, spread};
use super::{Cost, Line, LineKind, Micros, fees};
use crate::charging::ChargingSession;
use crate::fact::RowId;
use crate::reading::Milli;
use crate::setup::Setup;

/// A price goes by the kilowatt hour, quantities of energy are thousandths of watt hours.
const MWH_A_KWH: i64 = 1_000_000;
/// A cost has at most so many lines in the order of time; a longer one tells each price once.
const MOST_LINES: usize = 96;

#[derive(Debug, Clone, Default)]
pub(super) struct Bill {
    items: Vec<Item>,
    /// Thousandths of watt hours that reached the battery.
    pub total_mwh: i64,
    pub priced_mwh: i64,
    /// Something beside the energy has no price.
    pub lacks: bool,
}

/// So much at one price.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub what: LineKind,
    pub version: RowId,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub price: Micros,
    /// Thousandths of watt hours as they are paid for, milliseconds, or how often.
    pub quantity: i64,
    /// By the tariff's clock: days are told apart, so that months are.
    pub day: NaiveDate,
    /// Of energy it follows from the sum of what costs the same.
    pub amount: Micros,
}

pub(super) fn cost(session: &ChargingSession, setup: &Setup) -> Option<Cost> {
    let charge = Charge::of(session);
    let known = Known::at(session.place.as_ref(), setup);
    let known = known.in_one_currency(session.start.by, charge.latest())?;
    if charge.energy.is_none() && known.asks_for_energy() {
        return None;
    }
    let likely = spread(&charge, &known, View::Expected);
    let expected = Bill::of(&charge, &known, &likely, View::Expected, Amount::Likely);
    let priced_share = expected.priced_share(&known, &charge);
    if priced_share == 0 && expected.items.is_empty() {
        return None;
    }
    let (low, high) = bounds(&charge, &known, expected.sum());
    let first = known.valid(session.start.by);
    let mut versions: Vec<RowId> = expected.items.iter().map(|item| item.version).collect();
    versions.extend(first.filter(|_| expected.items.is_empty()).map(|tariff| tariff.version));
    versions.sort_unstable();
    versions.dedup();
    let currency = known.versions().next()?.currency;
    let (sum, lines) = (expected.sum(), expected.lines());
    Some(Cost { low, expected: sum, high, currency, priced_share, versions, lines })
}

/// The cheapest and the dearest that it may have been.
fn bounds(charge: &Charge, known: &Known<'_>, expected: Micros) -> (Micros, Micros) {
    let sums = |view| {
        let shares = spread(charge, known, view);
        // Where people are paid for taking energy, less of it is dearer.
        let amounts = [Amount::Least, Amount::Likely, Amount::Most];
        amounts.map(|amount| Bill::of(charge, known, &shares, view, amount).sum())
    };
    let low = sums(View::Low).into_iter().fold(expected, Micros::min);
    let high = sums(View::High).into_iter().fold(expected, Micros::max);
    (low, high)
}

impl Bill {
    fn of(charge: &Charge, known: &Known<'_>, shares: &[Share<'_>], view: View, amount: Amount) -> Self {
        let mut bill = Self::default();
        energy::add(&mut bill, shares, charge, amount);
        fees::add_once(&mut bill, charge, known);
        fees::add_minutes(&mut bill, charge, known, view);
        bill
    }

    /// Adds it to what costs the same just before.
    pub fn add(&mut self, item: Item) {
        let last = self.items.last_mut().filter(|last| last.is_like(&item));
        match last {
            Some(last) => last.take(&item),
            None => self.items.push(item),
        }
    }

    fn sum(&self) -> Micros {
        self.items.iter().map(Item::amount).fold(Micros::ZERO, Micros::plus)
    }

    fn priced_share(&self, known: &Known<'_>, charge: &Charge) -> u16 {
        let share = if self.total_mwh > 0 {
            let thousandths = i128::from(self.priced_mwh) * 1000 / i128::from(self.total_mwh);
            u16::try_from(thousandths).unwrap_or(1000)
        } else if known.valid(charge.start.by).is_some() {
            1000
        } else {
            0
        };
        if self.lacks { share.min(999) } else { share }
    }

    fn lines(self) -> Vec<Line> {
        let mut items = self.items;
        if items.len() > MOST_LINES {
            let mut by_price: BTreeMap<(LineKind, RowId, Micros), Item> = BTreeMap::new();
            for item in items {
                let same = by_price.entry((item.what, item.version, item.price));
                same.and_modify(|same| same.take(&item)).or_insert(item);
            }
            items = by_price.into_values().collect();
        }
        items.sort_by_key(|item| (item.from, item.what));
        items.into_iter().map(Item::line).collect()
    }
}

impl Item {
    fn is_like(&self, other: &Self) -> bool {
        let price = |item: &Self| (item.what, item.version, item.price, item.day);
        price(self) == price(other)
    }

    fn take(&mut self, other: &Self) {
        self.from = self.from.min(other.from);
        self.to = self.to.max(other.to);
        self.quantity += other.quantity;
        self.amount = self.amount.plus(other.amount);
    }

    fn amount(&self) -> Micros {
        match self.what {
            LineKind::Energy => self.price.times(self.quantity, MWH_A_KWH),
            LineKind::Connected
            | LineKind::Charging
            | LineKind::Idle
            | LineKind::SessionFee
            | LineKind::Parking => self.amount,
        }
    }

    fn line(self) -> Line {
        let amount = self.amount();
        let Self { what, version: _, from, to, price, quantity, day: _, amount: _ } = self;
        let kwh = match what {
            LineKind::Energy => Milli((quantity + 500).div_euclid(1000)),
            LineKind::Connected
            | LineKind::Charging
            | LineKind::Idle
            | LineKind::SessionFee
            | LineKind::Parking => Milli(0),
        };
        Line { what, from, to, kwh, price, amount }
    }
}
