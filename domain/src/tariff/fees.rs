//! What is paid beside the energy: minutes, and what is due once a session.

use chrono::{DateTime, TimeDelta, Utc};

use super::charge::{Charge, View};
use super::choice::Known;
use super::reckon::{Bill, Item};
use super::slots::cut;
use super::{LineKind, Micros, Minutes};

/// Milliseconds.
const MINUTE: i64 = 60_000;

type Span = (DateTime<Utc>, DateTime<Utc>);

/// Fees that are due once, by the version of the beginning: however many segments, however long.
pub(super) fn add_once(bill: &mut Bill, charge: &Charge, known: &Known<'_>) {
    let at = charge.start.by;
    let Some(tariff) = known.valid(at) else {
        let has_fees = |parts: &super::Parts| parts.session_fee.is_some() || parts.parking.is_some();
        bill.lacks |= known.versions().any(|tariff| has_fees(&tariff.parts));
        return;
    };
    let fees = [(LineKind::SessionFee, tariff.parts.session_fee), (LineKind::Parking, tariff.parts.parking)];
    for (what, fee) in fees {
        if let Some(price) = fee {
            let version = tariff.version;
            let day = tariff.day(at);
            bill.add(Item { what, version, from: at, to: at, price, quantity: 1, day, amount: price });
        }
    }
}

/// What the minutes cost.
pub(super) fn add_minutes(bill: &mut Bill, charge: &Charge, known: &Known<'_>, view: View) {
    let most = known.versions().map(|tariff| tariff.parts.minutes.len()).max().unwrap_or(0);
    for number in 0..most {
        for of in [Minutes::Connected, Minutes::Charging, Minutes::Idle] {
            let spans = match of {
                Minutes::Connected => vec![charge.connected(view)],
                Minutes::Charging => charge.charging(view),
                Minutes::Idle => charge.idle(view).into_iter().collect(),
            };
            add_price(bill, known, number, of, &spans);
        }
    }
}

/// What the price of this number costs, in whatever version, if it is for this kind of minutes.
fn add_price(bill: &mut Bill, known: &Known<'_>, number: usize, of: Minutes, spans: &[Span]) {
    let mut waited = TimeDelta::zero();
    let mut paid = Micros::ZERO;
    for slot in spans.iter().flat_map(|(from, to)| cut(*from, *to, known)) {
        let before = waited;
        waited += slot.to - slot.from;
        let Some(tariff) = slot.tariff else {
            bill.lacks = true;
            continue;
        };
        let Some(price) = tariff.parts.minutes.get(number).filter(|price| price.of == of) else { continue };
        let grace = TimeDelta::minutes(i64::from(price.after_minutes)) - before;
        let from = (slot.from + grace.max(TimeDelta::zero())).min(slot.to);
        if from == slot.to || !price.when.holds(slot.from, tariff.zone) {
            continue;
        }
        let ms = (slot.to - from).num_milliseconds();
        let whole = price.per_minute.times(ms, MINUTE);
        let amount = price.cap.map_or(whole, |cap| whole.min(Micros(cap.0 - paid.0)).max(Micros::ZERO));
        paid = paid.plus(amount);
        let what = match of {
            Minutes::Connected => LineKind::Connected,
            Minutes::Charging => LineKind::Charging,
            Minutes::Idle => LineKind::Idle,
        };
        let (version, price, day) = (tariff.version, price.per_minute, tariff.day(from));
        bill.add(Item { what, version, from, to: slot.to, price, quantity: ms, day, amount });
    }
}
