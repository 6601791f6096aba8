//! From when to when something was, as far as is known, and whether two such stretches are of one thing.

use chrono::{DateTime, TimeDelta, Utc};

use super::Kind;
use crate::book::{Entry, EntryKey};
use crate::fuel::FillUp;
use crate::reading::Milli;
use crate::within::Within;

/// People write a receipt's time by their own clock, or when they are home.
const RECEIPT_SLACK: TimeDelta = TimeDelta::hours(2);
/// A receipt with the same litres may say the day and no hour.
const RECEIPT_DAY: TimeDelta = TimeDelta::hours(24);
/// Litres agree within this share, in per cent: gauges are coarse.
const SAME_LITRES: i64 = 15;

/// Something that began within `start` and ended within `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    pub start: Within,
    pub end: Within,
}

/// From a moment to another, not before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl Span {
    /// How long both last together; negative where they are apart.
    fn common(self, other: Self) -> TimeDelta {
        self.to.min(other.to) - self.from.max(other.from)
    }

    fn length(self) -> TimeDelta {
        self.to - self.from
    }

    /// They share at least half of the shorter one. A single moment lies in what began before it and did not end before it.
    fn shares_half(self, other: Self) -> bool {
        let shorter = self.length().min(other.length());
        if shorter > TimeDelta::zero() {
            return self.common(other) * 2 >= shorter;
        }
        let (moment, span) = if self.length() <= other.length() { (self, other) } else { (other, self) };
        moment == span || (span.from < moment.from && moment.from <= span.to)
    }
}

impl Stretch {
    /// The stretch of an entry that has one. What goes on lasts as far as is known.
    pub fn of(entry: &Entry) -> Option<(Kind, Self)> {
        let until = Within::exactly(entry.evidence().until);
        let (kind, start, end) = match entry {
            Entry::FillUp(fill) => (Kind::FillUp, fill.between, fill.between),
            Entry::ChargingSession(session) => {
                (Kind::ChargingSession, session.start, session.end.unwrap_or(until))
            }
            Entry::Trip(trip) => (Kind::Trip, trip.start, trip.end.unwrap_or(until)),
            Entry::Meter(_)
            | Entry::Quarantined(_)
            | Entry::Issue(_)
            | Entry::BatteryEstimate(_)
            | Entry::FenceEvent(_)
            | Entry::Alert(_) => return None,
        };
        Some((kind, Self { start, end }))
    }

    /// Between these it certainly lay.
    fn widest(self) -> Span {
        Span { from: self.start.after, to: self.end.by.max(self.start.after) }
    }

    /// It certainly went on from here to there; `None` where nothing is certain.
    fn certain(self) -> Option<Span> {
        (self.start.by < self.end.after).then_some(Span { from: self.start.by, to: self.end.after })
    }

    /// Whether entries of this kind that lie so are one and the same.
    ///
    /// A plug-in is a single thing at a time: where one certainly went on while the other may have, they are one. What
    /// lies between the readings of two neighbours belongs to neither for certain, so it makes no two sessions one.
    /// Trips and fill-ups touch each other more often: there it takes half of the shorter one.
    pub(super) fn is_same(self, kind: Kind, other: Self) -> bool {
        match (kind, self.certain(), other.certain()) {
            (Kind::ChargingSession, None, None) | (Kind::FillUp | Kind::Trip, _, _) => {
                self.widest().shares_half(other.widest())
            }
            (Kind::ChargingSession, one, two) => {
                let overlaps = |certain: Option<Span>, widest: Span| {
                    certain.is_some_and(|span| span.common(widest) > TimeDelta::zero())
                };
                overlaps(one, other.widest()) || overlaps(two, self.widest())
            }
        }
    }

    /// How long both may have lasted together.
    pub(super) fn shared_with(self, entry: &Entry) -> TimeDelta {
        Self::of(entry).map_or(TimeDelta::zero(), |(_, other)| self.widest().common(other.widest()))
    }

    /// Whether this is the receipt of the fill-up.
    pub(super) fn is_receipt_of(self, litres: Option<Milli>, fill: &FillUp) -> bool {
        let away = |slack: TimeDelta| {
            self.start.after > fill.between.by + slack || self.end.by < fill.between.after - slack
        };
        let agrees = litres.zip(fill.litres).is_some_and(|(paid, seen)| {
            let off = (paid.0 - seen.amount.0).abs();
            off <= seen.plus_minus.0 || off * 100 <= paid.0 * SAME_LITRES
        });
        !away(RECEIPT_SLACK) || (agrees && !away(RECEIPT_DAY))
    }

    /// Whether the beginning of this stretch lies in the entry: of entries that follow each other, in one only.
    pub(super) fn begins_in(self, entry: &Entry) -> bool {
        let Some((_, other)) = Self::of(entry) else { return false };
        let beginning = self.start.by;
        let to = other.end.after.max(other.start.by);
        self.certain().is_none()
            || (other.start.after < beginning && beginning <= to)
            || other.start == self.start
    }

    /// Whether an entry of this key lies in it.
    pub(super) fn holds(self, kind: Kind, key: &EntryKey) -> bool {
        let (own, at) = match key {
            EntryKey::FillUp { at } => (Kind::FillUp, *at),
            EntryKey::ChargingSession { at } => (Kind::ChargingSession, *at),
            EntryKey::Trip { at } => (Kind::Trip, *at),
            EntryKey::Meter { .. }
            | EntryKey::Quarantined { .. }
            | EntryKey::OdometerConflict { .. }
            | EntryKey::OdometerReplaced { .. }
            | EntryKey::Condition { .. }
            | EntryKey::BatteryEstimate { .. }
            | EntryKey::FenceEvent { .. }
            | EntryKey::Alert { .. }
            | EntryKey::AlertAtPlace { .. } => return false,
        };
        let Span { from, to } = self.widest();
        own == kind && from <= at && at <= to
    }
}
