//! How readings that come late, twice or in any order find their place: settled state, tail, day states.
//!
//! The state of a car is *settled* up to a moment; the readings after it are its *tail*, and the state after all of
//! them is its *tip*. Readings that come after the tip, as most do, are folded on from there. Others are put into the
//! tail where they belong and the tail is folded anew, in memory. What is older than the settled moment is folded from
//! the state that was settled before its day, with the readings since.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

use crate::book::{Book, Entry, EntryKey};
use crate::fact::Fact;
use crate::fold::{Moment, Sighting, VehicleState};
use crate::reading::{Signal, Value};
use crate::setup::Setup;

/// Readings stay in the tail for this long after a newer one: being a little late is the normal case.
pub const TAIL_SPAN: TimeDelta = TimeDelta::hours(6);
/// A tail grows this long before part of it is settled: cars that report some times a day are folded on from their tip in between,
/// and what comes once a day is settled each day.
pub const TAIL_LONGEST: TimeDelta = TimeDelta::hours(20);
/// A busier tail is settled sooner.
pub const TAIL_READINGS: usize = 100;
/// What is later than this is not folded while its delivery waits, but by the replay job.
pub const HORIZON: TimeDelta = TimeDelta::days(35);
/// For so long each day's state is kept, then one a month: folds seldom begin there.
pub const DAYS_KEPT: TimeDelta = TimeDelta::days(40);

/// A state into which everything up to a moment is folded, and nothing after it. `S` is `()` where the state itself lies
/// elsewhere and is not needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled<S = VehicleState> {
    /// `None`: nothing is folded yet.
    pub until: Option<DateTime<Utc>>,
    pub state: S,
}

/// Where a car's fold stands. Most readings come after its tip, so that folding on needs no settled state: `S` is `()` then.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head<S = VehicleState> {
    pub settled: Settled<S>,
    /// The folded signals' readings after the settled moment, oldest first, each once.
    pub tail: Vec<Sighting>,
    /// The state after all of the tail, and after what people said up to then.
    pub tip: Option<Settled>,
}

/// A head of which folding goes on from the tip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Onward<S = VehicleState> {
    settled: Settled<S>,
    tail: Vec<Sighting>,
    tip: Settled,
}

/// What folding on from a settled state gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome<S = VehicleState> {
    pub head: Head<S>,
    /// The states in which days ended that are settled now, oldest first; of days long past only the first of each month. The
    /// head's own is the last of them.
    pub days: Vec<Settled>,
    /// The moment of the state in which the fold began: rows whose evidence is no newer cannot have changed, but for
    /// `open`.
    pub since: Option<DateTime<Utc>>,
    /// All entries that follow from the starting state's open ones and from what came after it.
    pub book: Book,
    /// The entries of the starting state that might have changed, whatever their age.
    pub open: Vec<EntryKey>,
    /// Some of these that did not, where that was looked at.
    pub unchanged: Vec<EntryKey>,
    /// Likewise those of the new head's settled state; `None` where that is still the one before.
    pub stays_open: Option<Vec<EntryKey>>,
}

impl<S> Settled<S> {
    /// The day of the state: states are kept one a day. The empty state has the first day of all.
    pub fn day(&self) -> NaiveDate {
        self.until.unwrap_or(DateTime::UNIX_EPOCH).date_naive()
    }

    fn is_before(&self, at: DateTime<Utc>) -> bool {
        self.until.is_none_or(|until| until < at)
    }
}

impl Settled {
    fn take(&mut self, moments: &[Moment], setup: &Setup, book: &mut Book) {
        for moment in moments {
            self.state.step(moment, setup, book);
            self.until = Some(moment.at());
        }
    }
}

impl<S> Head<S> {
    /// Whether a reading of this moment belongs into the tail. Otherwise it is late, and the fold has to
    /// begin with the state before its day.
    pub fn reaches(&self, at: DateTime<Utc>) -> bool {
        self.settled.is_before(at)
    }

    /// Takes the head apart if folding can go on from its tip: all of these readings (of distinct moments or not, in any order)
    /// come after it, and the tail does not grow so long that part of it has to be settled. Otherwise the head stays as it is.
    pub fn onward(&mut self, fresh: &[Sighting]) -> Option<Onward<S>>
    where
        S: Default,
    {
        let moments = || fresh.iter().map(|seen| seen.reading.at);
        let (earliest, newest) = (moments().min()?, moments().max()?);
        let oldest = self.tail.first().map_or(earliest, |seen| seen.reading.at);
        let is_long = self.tail.len() + fresh.len() > 2 * TAIL_READINGS || newest - oldest > TAIL_LONGEST;
        let tip = self.tip.take_if(|tip| tip.is_before(earliest) && !is_long)?;
        let Self { settled, tail, .. } = std::mem::take(self);
        Some(Onward { settled, tail, tip })
    }
}

impl<S> Outcome<S> {
    /// The same, with another thing in the place of the head's settled state.
    pub fn map<T>(self, change: impl FnOnce(S) -> T) -> Outcome<T> {
        let Self { head: Head { settled, tail, tip }, days, since, book, open, unchanged, stays_open } = self;
        let settled = Settled { until: settled.until, state: change(settled.state) };
        Outcome { head: Head { settled, tail, tip }, days, since, book, open, unchanged, stays_open }
    }
}

impl<S> Onward<S> {
    /// The state from which the fold goes on.
    pub const fn tip(&self) -> &Settled {
        &self.tip
    }

    /// Folds on from the tip with these readings. `facts`: what people said after the tip.
    pub fn fold(
        self,
        fresh: impl IntoIterator<Item = Sighting>,
        facts: impl IntoIterator<Item = Fact>,
        setup: &Setup,
    ) -> Outcome<S> {
        let Self { settled, mut tail, mut tip } = self;
        let since = tip.until;
        let fresh = once_each(fresh.into_iter().filter(|seen| tip.is_before(seen.reading.at)));
        let moments = in_order(&fresh, facts.into_iter().filter(|fact| tip.is_before(fact.at())));
        let before = tip.state.open_entries();
        let (mut book, open) = opened(&tip.state, &before);
        tip.take(&moments, setup, &mut book);
        tail.extend(fresh);
        let is_as_before = |entry: &Entry| book.get(&entry.key()) == Some(entry);
        let unchanged = before.iter().filter(|entry| is_as_before(entry)).map(Entry::key).collect();
        Outcome {
            head: Head { settled, tail, tip: Some(tip) },
            days: Vec::new(),
            since,
            book,
            open,
            unchanged,
            stays_open: None,
        }
    }
}

/// Folds on from `start`. `sightings` and `facts` may come in any order and more than once; what lies before
/// the start is part of it already and passed over.
pub fn advance(
    start: Settled,
    sightings: impl IntoIterator<Item = Sighting>,
    facts: impl IntoIterator<Item = Fact>,
    setup: &Setup,
) -> Outcome {
    let sightings = once_each(sightings.into_iter().filter(|seen| start.is_before(seen.reading.at)));
    let boundary = boundary(&sightings);
    let moments = in_order(&sightings, facts.into_iter().filter(|fact| start.is_before(fact.at())));
    fold(start, sightings, &moments, boundary, setup)
}

/// Folds on from `start` over a stretch of a history that goes on after `until`: all of it is settled, and what comes
/// later is passed over.
pub fn pass(
    start: Settled,
    until: DateTime<Utc>,
    sightings: impl IntoIterator<Item = Sighting>,
    facts: impl IntoIterator<Item = Fact>,
    setup: &Setup,
) -> Outcome {
    let within = |at: DateTime<Utc>| start.is_before(at) && at <= until;
    let sightings = once_each(sightings.into_iter().filter(|seen| within(seen.reading.at)));
    let moments = in_order(&sightings, facts.into_iter().filter(|fact| within(fact.at())));
    fold(start, sightings, &moments, Some(until), setup)
}

/// Folds the moments, which are those of the sightings and of facts, and settles those up to the boundary.
fn fold(
    start: Settled,
    sightings: Vec<Sighting>,
    moments: &[Moment],
    boundary: Option<DateTime<Utc>>,
    setup: &Setup,
) -> Outcome {
    let (mut book, open) = opened(&start.state, &start.state.open_entries());
    let since = start.until;
    let settling = moments.partition_point(|moment| Some(moment.at()) <= boundary);
    let (settling, unsettled) = moments.split_at(settling);
    let (settled, days) = settle(start, settling, setup, &mut book);
    let stays_open = if days.is_empty() { open.clone() } else { settled.state.open_keys() };

    let mut tip = settled.clone();
    tip.take(unsettled, setup, &mut book);
    let tail = sightings.into_iter().filter(|seen| settled.is_before(seen.reading.at)).collect();
    Outcome {
        head: Head { settled, tail, tip: Some(tip) },
        days,
        since,
        book,
        open,
        unchanged: Vec::new(),
        stays_open: Some(stays_open),
    }
}

/// A book with the entries that may still change, and the keys under which something may.
fn opened(state: &VehicleState, entries: &[Entry]) -> (Book, Vec<EntryKey>) {
    let mut book = Book::default();
    for entry in entries {
        book.put(entry.clone());
    }
    (book, state.keys_of(entries))
}

/// Folds the moments into the state, and keeps it as it was at the end of each day (of each month's first day, where that is
/// long past), and at the end of all.
fn settle(start: Settled, moments: &[Moment], setup: &Setup, book: &mut Book) -> (Settled, Vec<Settled>) {
    let (mut now, mut days): (Settled, Vec<Settled>) = (start, Vec::new());
    let Some(last) = moments.last().map(Moment::at) else { return (now, days) };
    let month = |settled: &Settled| settled.until.map(|until| (until.year(), until.month()));
    for day in moments.chunk_by(|one, next| one.at().date_naive() == next.at().date_naive()) {
        now.take(day, setup, book);
        let is_recent = now.until.is_some_and(|until| last - until <= DAYS_KEPT);
        if is_recent || days.last().is_none_or(|before| month(before) != month(&now)) {
            days.push(now.clone());
        }
    }
    (now, days)
}

/// The moment up to which these readings can be settled, if any. Readings of one moment stay together.
fn boundary(sightings: &[Sighting]) -> Option<DateTime<Utc>> {
    let newest = sightings.last()?.reading.at;
    let by_span = newest - TAIL_SPAN;
    let by_count = sightings.len().checked_sub(TAIL_READINGS + 1).map(|index| sightings[index].reading.at);
    Some(by_count.map_or(by_span, |at| at.max(by_span)).min(newest - TimeDelta::milliseconds(1)))
}

/// Oldest first, each reading once. A reading that came several times was brought by hand if any of them was.
fn once_each(sightings: impl Iterator<Item = Sighting>) -> Vec<Sighting> {
    let mut sightings: Vec<Sighting> = sightings.collect();
    // Stable: of several, the one that came first stays.
    sightings.sort_by(|one, other| which(one).cmp(&which(other)));
    sightings.dedup_by(|again, kept| {
        let is_again = which(again) == which(kept);
        kept.by_hand |= is_again && again.by_hand;
        is_again
    });
    sightings
}

/// What makes it this reading and no other; in the order of the fold.
const fn which(seen: &Sighting) -> (DateTime<Utc>, &Signal, &Value) {
    (seen.reading.at, &seen.reading.signal, &seen.reading.value)
}

/// The order of the fold: by moment; at the same moment people first, then readings by signal and value.
fn in_order(sightings: &[Sighting], facts: impl Iterator<Item = Fact>) -> Vec<Moment> {
    let mut facts: Vec<Fact> = facts.collect();
    facts.sort_unstable();
    facts.dedup();
    let mut moments: Vec<Moment> = facts.into_iter().map(Moment::Fact).collect();
    moments.extend(sightings.iter().cloned().map(Moment::Sighting));
    // Stable: facts stay before readings, and both keep their own order.
    moments.sort_by_key(Moment::at);
    moments
}
