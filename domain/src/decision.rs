//! People win: what a person edited, confirmed, deleted, joined, cut or priced outlives every new fold.
//!
//! A decision is about a kind of entry and a stretch of time, not about a row: when late readings move an entry to
//! another anchor, or show it longer or in two, the decision finds it again. What a person decided later counts on top
//! of what was decided before.

mod cut;
mod join;
mod stretch;

use std::cmp::Reverse;

use chrono::{DateTime, Utc};

use crate::book::{Entry, EntryKey, MeterEntry};
use crate::charging::ChargingSession;
use crate::distance::Distance;
use crate::fact::RowId;
use crate::odometer::stands_for;
use crate::reading::Milli;
use crate::setup::Currency;
use crate::tariff::Micros;
use crate::trips::{Purpose, Trip};

pub use stretch::Stretch;

/// What a person decided of an entry that the machine had written, or a row of their own: a dated fact, kept for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub what: Decided,
    /// The row that was decided about. Later folds may give the same entry another id.
    pub row: RowId,
    /// People decide one thing after the other, and each time about what they then see.
    pub decided_at: DateTime<Utc>,
}

/// The entry as the machine had written it when the person decided, and what they decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    MeterEntry {
        at: DateTime<Utc>,
        odometer: Distance,
    },
    /// A suggested issue: its row's id never changes, so the row alone says which one.
    Issue,
    FillUp {
        stretch: Stretch,
        verdict: FillUpVerdict,
    },
    ChargingSession {
        stretch: Stretch,
        verdict: SessionVerdict,
    },
    Trip {
        stretch: Stretch,
        verdict: TripVerdict,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FillUpVerdict {
    /// The row is the person's, or there is to be none.
    Theirs,
    /// A row that a person wrote, with the litres of their receipt.
    Receipt { litres: Option<Milli> },
    /// All within are one.
    Merged,
    /// These words of theirs stand beside it; all else goes on being the machine's.
    Noted(RowId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionVerdict {
    /// The row is the person's, or there is to be none.
    Theirs,
    /// All within are one.
    Merged,
    /// It is two, and the second begins here.
    Split { at: DateTime<Utc> },
    /// It cost this; all else goes on being the machine's.
    Priced(Price),
    /// Its cost is not to be booked as an expense.
    NotBooked,
    /// This row of the person's is its expense.
    BookedAs(RowId),
    /// These words of theirs stand beside it, or beside its expense.
    Noted(RowId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TripVerdict {
    /// The row is the person's, or there is to be none.
    Theirs,
    /// All within are one.
    Merged,
    /// It is two, and the second begins here; what the odometer showed there, where that is known.
    Split { at: DateTime<Utc>, odometer: Option<Distance> },
    /// It was for this; all else goes on being the machine's.
    Purposed(Purpose),
    /// These words of theirs stand beside it; all else goes on being the machine's.
    Noted(RowId),
}

/// What a person says that something cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    pub amount: Micros,
    pub currency: Currency,
}

/// An entry as it is to be written, with what people said beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub entry: Entry,
    /// Of a charging session: counts in the place of what tariffs say.
    pub price: Option<Price>,
    /// Of a charging session: whether its cost is booked as an expense.
    pub booked: bool,
    /// Of a charging session: the person's row that is its expense in the place of the machine's.
    pub expense: Option<RowId>,
}

/// What is left for the machine to write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    pub told: Vec<Told>,
    /// Stretches that people joined or cut and that this fold, which began within, cannot tell whole: the stored rows there
    /// stay as they are, and a fold from before them has to follow.
    pub partly: Vec<(Kind, Stretch)>,
    /// The words of people that stand beside entries of this fold: each beside one.
    pub notes: Vec<Note>,
}

/// Words of a person, by the row that holds them, and the entry that they stand beside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub words: RowId,
    pub entry: EntryKey,
}

/// Kinds of entries that have a beginning and an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    FillUp,
    ChargingSession,
    Trip,
}

/// Where a fold began.
#[derive(Debug, Clone, Copy)]
pub struct Beginning<'a> {
    /// The starting state's moment; `None`: with the very first reading.
    pub since: Option<DateTime<Utc>>,
    /// The entries that were open in it.
    pub open: &'a [EntryKey],
}

/// Takes people's decisions into account, in the order in which they were made.
pub fn apply(entries: Vec<Entry>, decisions: &[Decision], beginning: Beginning<'_>) -> Applied {
    let told =
        entries.into_iter().map(|entry| Told { entry, price: None, booked: true, expense: None }).collect();
    let mut applied = Applied { told, ..Applied::default() };
    let mut decisions: Vec<&Decision> = decisions.iter().collect();
    decisions.sort_by_key(|decision| (decision.decided_at, decision.row));
    for decision in &decisions {
        match &decision.what {
            Decided::MeterEntry { at, odometer } => {
                applied.told.retain(|told| !is_same_meter_entry(*at, *odometer, &told.entry));
            }
            Decided::Issue => {}
            Decided::FillUp { stretch, verdict } => applied.fill_up(*stretch, *verdict, beginning),
            Decided::ChargingSession { stretch, verdict } => applied.session(*stretch, *verdict, beginning),
            Decided::Trip { stretch, verdict } => applied.trip(*stretch, *verdict, beginning),
        }
    }
    applied.notes = decisions.iter().filter_map(|decision| note(&applied.told, decision)).collect();
    applied
}

/// What a person wrote stands beside the entry that shares most of the time that theirs had, of equal ones the first.
fn note(told: &[Told], decision: &Decision) -> Option<Note> {
    let (kind, stretch, words) = decision.what.words()?;
    let same = told.iter().filter(|told| told.is(kind, stretch)).map(|told| &told.entry);
    let entry = same.max_by_key(|entry| (stretch.shared_with(entry), Reverse(entry.key())))?;
    Some(Note { words, entry: entry.key() })
}

impl Decided {
    /// The words that it says are beside an entry.
    const fn words(&self) -> Option<(Kind, Stretch, RowId)> {
        match self {
            Self::FillUp { stretch, verdict: FillUpVerdict::Noted(words) } => {
                Some((Kind::FillUp, *stretch, *words))
            }
            Self::ChargingSession { stretch, verdict: SessionVerdict::Noted(words) } => {
                Some((Kind::ChargingSession, *stretch, *words))
            }
            Self::Trip { stretch, verdict: TripVerdict::Noted(words) } => {
                Some((Kind::Trip, *stretch, *words))
            }
            Self::MeterEntry { .. }
            | Self::Issue
            | Self::FillUp { .. }
            | Self::ChargingSession { .. }
            | Self::Trip { .. } => None,
        }
    }
}

impl Decision {
    /// The row that holds what they wrote beside the entry, if that is what they did.
    pub fn words(&self) -> Option<RowId> {
        self.what.words().map(|(_, _, words)| words)
    }

    /// Whether the machine keeps its hands off the row that was decided about.
    pub const fn takes_row(&self) -> bool {
        match self.what {
            Decided::MeterEntry { .. } | Decided::Issue => true,
            Decided::FillUp { verdict, .. } => match verdict {
                FillUpVerdict::Theirs | FillUpVerdict::Receipt { .. } => true,
                FillUpVerdict::Merged | FillUpVerdict::Noted(_) => false,
            },
            Decided::ChargingSession { verdict, .. } => match verdict {
                SessionVerdict::Theirs => true,
                SessionVerdict::Merged
                | SessionVerdict::Split { .. }
                | SessionVerdict::Priced(_)
                | SessionVerdict::NotBooked
                | SessionVerdict::BookedAs(_)
                | SessionVerdict::Noted(_) => false,
            },
            Decided::Trip { verdict, .. } => match verdict {
                TripVerdict::Theirs => true,
                TripVerdict::Merged
                | TripVerdict::Split { .. }
                | TripVerdict::Purposed(_)
                | TripVerdict::Noted(_) => false,
            },
        }
    }
}

impl Told {
    fn is(&self, kind: Kind, stretch: Stretch) -> bool {
        Stretch::of(&self.entry).is_some_and(|(own, other)| own == kind && stretch.is_same(kind, other))
    }
}

impl Applied {
    fn fill_up(&mut self, stretch: Stretch, verdict: FillUpVerdict, beginning: Beginning<'_>) {
        match verdict {
            FillUpVerdict::Theirs => self.keep_out(Kind::FillUp, stretch),
            FillUpVerdict::Receipt { litres } => self.told.retain(|told| match &told.entry {
                Entry::FillUp(fill) => !stretch.is_receipt_of(litres, fill),
                Entry::Meter(_)
                | Entry::Quarantined(_)
                | Entry::Issue(_)
                | Entry::ChargingSession(_)
                | Entry::Trip(_)
                | Entry::BatteryEstimate(_)
                | Entry::FenceEvent(_)
                | Entry::Alert(_) => true,
            }),
            FillUpVerdict::Merged => self.merge(Kind::FillUp, stretch, beginning),
            FillUpVerdict::Noted(_) => {}
        }
    }

    fn session(&mut self, stretch: Stretch, verdict: SessionVerdict, beginning: Beginning<'_>) {
        let kind = Kind::ChargingSession;
        match verdict {
            SessionVerdict::Theirs => self.keep_out(kind, stretch),
            SessionVerdict::Merged => self.merge(kind, stretch, beginning),
            SessionVerdict::Split { at } => {
                let cut = |told: &Told| match &told.entry {
                    Entry::ChargingSession(session) => {
                        cut::session(session, at).map(|parts| priced_parts(told, parts))
                    }
                    Entry::Meter(_)
                    | Entry::Quarantined(_)
                    | Entry::Issue(_)
                    | Entry::FillUp(_)
                    | Entry::Trip(_)
                    | Entry::BatteryEstimate(_)
                    | Entry::FenceEvent(_)
                    | Entry::Alert(_) => None,
                };
                self.split(kind, stretch, beginning, cut);
            }
            // Found by one moment, which lies in one session only: what was paid once is not written twice.
            SessionVerdict::Priced(price) => {
                let paid = self.told.iter_mut().filter(|told| told.is(kind, stretch));
                for told in paid.filter(|told| stretch.begins_in(&told.entry)) {
                    told.price = Some(price);
                }
            }
            SessionVerdict::NotBooked => {
                for told in self.told.iter_mut().filter(|told| told.is(kind, stretch)) {
                    (told.booked, told.expense) = (false, None);
                }
            }
            SessionVerdict::BookedAs(row) => {
                for told in self.told.iter_mut().filter(|told| told.is(kind, stretch)) {
                    (told.booked, told.expense) = (false, Some(row));
                }
            }
            SessionVerdict::Noted(_) => {}
        }
    }

    fn trip(&mut self, stretch: Stretch, verdict: TripVerdict, beginning: Beginning<'_>) {
        match verdict {
            TripVerdict::Theirs => self.keep_out(Kind::Trip, stretch),
            TripVerdict::Merged => self.merge(Kind::Trip, stretch, beginning),
            TripVerdict::Split { at, odometer } => {
                let cut = |told: &Told| match &told.entry {
                    Entry::Trip(trip) => cut::trip(trip, at, odometer).map(|parts| of_trips(told, parts)),
                    Entry::Meter(_)
                    | Entry::Quarantined(_)
                    | Entry::Issue(_)
                    | Entry::FillUp(_)
                    | Entry::ChargingSession(_)
                    | Entry::BatteryEstimate(_)
                    | Entry::FenceEvent(_)
                    | Entry::Alert(_) => None,
                };
                self.split(Kind::Trip, stretch, beginning, cut);
            }
            TripVerdict::Purposed(purpose) => {
                for told in self.told.iter_mut().filter(|told| told.is(Kind::Trip, stretch)) {
                    if let Entry::Trip(trip) = &mut told.entry {
                        trip.purpose = Some(purpose);
                    }
                }
            }
            TripVerdict::Noted(_) => {}
        }
    }

    fn keep_out(&mut self, kind: Kind, stretch: Stretch) {
        self.told.retain(|told| !told.is(kind, stretch));
    }

    fn merge(&mut self, kind: Kind, over: Stretch, beginning: Beginning<'_>) {
        if self.is_told_partly(kind, over, beginning) {
            return;
        }
        let (inside, outside): (Vec<Told>, Vec<Told>) =
            self.told.drain(..).partition(|told| told.is(kind, over));
        self.told = outside;
        self.told.extend(join::all(inside));
    }

    fn split(
        &mut self,
        kind: Kind,
        stretch: Stretch,
        beginning: Beginning<'_>,
        cut: impl Fn(&Told) -> Option<[Told; 2]>,
    ) {
        if self.is_told_partly(kind, stretch, beginning) {
            return;
        }
        let all = std::mem::take(&mut self.told);
        for told in all {
            match if told.is(kind, stretch) { cut(&told) } else { None } {
                Some(parts) => self.told.extend(parts),
                None => self.told.push(told),
            }
        }
    }

    /// A fold that began within the stretch and has something to say about it does not know what lay before: it says
    /// nothing.
    fn is_told_partly(&mut self, kind: Kind, stretch: Stretch, beginning: Beginning<'_>) -> bool {
        if beginning.since.is_none_or(|since| since <= stretch.start.after) {
            return false;
        }
        let is_touched = self.told.iter().any(|told| told.is(kind, stretch))
            || beginning.open.iter().any(|key| stretch.holds(kind, key));
        if is_touched {
            self.keep_out(kind, stretch);
            self.partly.push((kind, stretch));
        }
        is_touched
    }
}

/// What was paid for the whole is shared by energy.
fn priced_parts(whole: &Told, parts: [ChargingSession; 2]) -> [Told; 2] {
    let wh = |part: &ChargingSession| part.energy.map(|energy| energy.wh);
    let amounts = match (whole.price, wh(&parts[0]), wh(&parts[1])) {
        (Some(price), Some(first), Some(second)) if first + second > 0 => {
            let first = Micros(scaled(price.amount.0, first, first + second));
            Some([first, Micros(price.amount.0 - first.0)].map(|amount| Price { amount, ..price }))
        }
        (Some(_) | None, _, _) => None,
    };
    let [first, second] = parts;
    let (booked, expense) = (whole.booked, whole.expense);
    let told = |session, price| Told { entry: Entry::ChargingSession(session), price, booked, expense };
    [told(first, amounts.map(|[first, _]| first)), told(second, amounts.map(|[_, second]| second))]
}

fn of_trips(whole: &Told, parts: [Trip; 2]) -> [Told; 2] {
    let (price, booked) = (whole.price, whole.booked);
    parts.map(|trip| Told { entry: Entry::Trip(trip), price, booked, expense: None })
}

/// An odometer is written once where one entry stands for it: a late reading only moves the entry's anchor.
fn is_same_meter_entry(at: DateTime<Utc>, odometer: Distance, entry: &Entry) -> bool {
    match entry {
        Entry::Meter(MeterEntry { anchor, odometer: shown, .. }) => {
            *shown == odometer && stands_for(at, anchor.at)
        }
        Entry::Quarantined(_)
        | Entry::Issue(_)
        | Entry::FillUp(_)
        | Entry::ChargingSession(_)
        | Entry::Trip(_)
        | Entry::BatteryEstimate(_)
        | Entry::FenceEvent(_)
        | Entry::Alert(_) => false,
    }
}

/// `part` of `whole` of the amount, towards zero. A `whole` of zero has no parts.
fn scaled(amount: i64, part: i64, whole: i64) -> i64 {
    if whole == 0 {
        return 0;
    }
    let exact = i128::from(amount) * i128::from(part) / i128::from(whole);
    i64::try_from(exact).unwrap_or(0)
}
