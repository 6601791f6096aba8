//! A session's energy spread over slots: evenly within each piece of the flow as it is expected, and as cheap or dear as it may
//! have been, since within a piece nobody saw when it came.

use chrono::{DateTime, Utc};

use super::Micros;
use super::charge::{Charge, View};
use super::choice::Known;
use super::energy;
use super::slots::{Slot, cut};
use crate::charging::Piece;

/// Energy that reached the battery in a slot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share<'a> {
    pub slot: Slot<'a>,
    /// Thousandths of a watt hour.
    pub mwh: i64,
}

pub(super) fn spread<'a>(charge: &Charge, known: &Known<'a>, view: View) -> Vec<Share<'a>> {
    let mut shares: Vec<Share<'a>> = Vec::new();
    for piece in &charge.pieces {
        let evenly = evenly(cut(piece.from, piece.to, known), *piece);
        match view {
            View::Expected => shares.extend(evenly),
            View::Low | View::High => {
                let (from, to) = charge.some_time_in.unwrap_or((piece.from, piece.to));
                let slots = cut(from.min(piece.from), to.max(piece.to), known);
                shares.extend(at_an_end(slots, *piece, charge.strongest, view).unwrap_or(evenly));
            }
        }
    }
    shares.sort_by_key(|share| share.slot.from);
    shares
}

/// By time, without losing a thousandth.
fn evenly(slots: Vec<Slot<'_>>, piece: Piece) -> Vec<Share<'_>> {
    let until = |at: DateTime<Utc>| part(piece.wh * 1000, ms(piece.from, at), ms(piece.from, piece.to));
    slots.into_iter().map(|slot| Share { slot, mwh: until(slot.to) - until(slot.from) }).collect()
}

/// As much as the charger can give in the cheapest (or dearest) slots, then in the next. `None` where all cost the same,
/// where the charger gave all it could, or where a price is missing and nobody knows whether it is cheap.
fn at_an_end(slots: Vec<Slot<'_>>, piece: Piece, strongest: i64, view: View) -> Option<Vec<Share<'_>>> {
    let fits_more = part(strongest, ms(piece.from, piece.to), 3_600_000) > piece.wh;
    if !fits_more {
        return None;
    }
    let mut ranked: Vec<(Micros, Slot<'_>)> =
        slots.into_iter().map(|slot| Some((rank(&slot)?, slot))).collect::<Option<_>>()?;
    let first = ranked.first()?.0;
    if ranked.iter().all(|(price, _)| *price == first) {
        return None;
    }
    ranked.sort_by_key(|(price, slot)| (*price, slot.from));
    if view == View::High {
        ranked.reverse();
    }
    let mut left = piece.wh * 1000;
    let mut shares = Vec::new();
    for (_, slot) in ranked {
        let mwh = part(strongest * 1000, ms(slot.from, slot.to), 3_600_000).min(left);
        left -= mwh;
        shares.push(Share { slot, mwh });
    }
    // What rounding left over.
    if let Some(last) = shares.last_mut() {
        last.mwh += left;
    }
    Some(shares)
}

/// What a kilowatt hour costs there before any tier.
fn rank(slot: &Slot<'_>) -> Option<Micros> {
    let tariff = slot.tariff?;
    if tariff.parts.energy.is_empty() {
        return Some(Micros::ZERO);
    }
    energy::step(tariff, slot.from, tariff.parts.free_kwh.0 * 1000).price
}

fn ms(from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
    (to - from).num_milliseconds()
}

/// `amount × part / whole`, rounded down.
fn part(amount: i64, part: i64, whole: i64) -> i64 {
    let product = i128::from(amount) * i128::from(part) / i128::from(whole.max(1));
    i64::try_from(product).unwrap_or(i64::MAX)
}
