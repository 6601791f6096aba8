//! The laws of all rules together: the book is a function of the set of readings and of what people said, no two entries
//! tell the same, and none tells more than there was.

#![expect(clippy::unwrap_used, reason = "what is unwrapped cannot fail: text grows, states are written down")]

mod life;
mod shelf;

use std::collections::BTreeSet;
use std::fmt::Write;

use chrono::TimeDelta;
use domain::book::{Entry, EntryState, Evidence};
use domain::charging::ChargingSession;
use domain::decision::{
    Beginning, Decided, Decision, FillUpVerdict, Kind, Price, SessionVerdict, Stretch, Told, TripVerdict,
    apply,
};
use domain::fact::{Fact, RowId};
use domain::fold::{Sighting, VehicleState};
use domain::fuel::FillUp;
use domain::setup::{Currency, Setup};
use domain::tariff::Micros;
use domain::timeline::{Outcome, Settled, advance};
use domain::trips::{Purpose, Trip};
use life::{Life, a_frank_life, a_life, an_honest_life, nonsense, some_facts, start};
use proptest::prelude::*;
use proptest::sample::Index;
use shelf::{Shelf, is};

/// How much a state takes at most, written as JSON: it is stored with every delivery.
const STATE: usize = 64_000;

fn at_once(life: &Life, facts: &[Fact]) -> Outcome {
    advance(Settled::default(), life.sightings.iter().cloned(), facts.iter().copied(), &life.setup)
}

fn entries(life: &Life, facts: &[Fact]) -> Vec<Entry> {
    at_once(life, facts).book.into_entries()
}

fn told(entries: Vec<Entry>, decisions: &[Decision]) -> Vec<Told> {
    let mut told = apply(entries, decisions, Beginning { since: None, open: &[] }).told;
    told.sort_by_key(|told| told.entry.key());
    told
}

fn sessions(entries: &[Entry]) -> Vec<&ChargingSession> {
    entries
        .iter()
        .filter_map(|entry| if let Entry::ChargingSession(it) = entry { Some(it) } else { None })
        .collect()
}

fn trips(entries: &[Entry]) -> Vec<&Trip> {
    entries.iter().filter_map(|entry| if let Entry::Trip(it) = entry { Some(it) } else { None }).collect()
}

fn fill_ups(entries: &[Entry]) -> Vec<&FillUp> {
    entries.iter().filter_map(|entry| if let Entry::FillUp(it) = entry { Some(it) } else { None }).collect()
}

/// In the order and the batches in which they might arrive: shuffled, some again.
#[derive(Debug, Clone)]
struct Roads {
    shuffle: Vec<Index>,
    /// Nothing comes further from its place than this many others.
    reach: usize,
    again: Vec<Index>,
    cuts: Vec<Index>,
}

fn roads() -> impl Strategy<Value = Roads> {
    let indices = |most| proptest::collection::vec(any::<Index>(), 0..most);
    let reach = prop_oneof![2 => Just(8usize), 1 => Just(usize::MAX)];
    (indices(120), reach, indices(20), indices(30)).prop_map(|(shuffle, reach, again, cuts)| Roads {
        shuffle,
        reach,
        again,
        cuts,
    })
}

impl Roads {
    fn batches(&self, life: &[Sighting]) -> Vec<Vec<Sighting>> {
        let mut order = life.to_vec();
        order.sort();
        if order.is_empty() {
            return Vec::new();
        }
        for (number, there) in self.shuffle.iter().enumerate() {
            let here = number * order.len() / self.shuffle.len();
            let there = there.index(order.len());
            order.swap(here, there.min(here.saturating_add(self.reach)));
        }
        order.extend(self.again.iter().map(|index| index.get(life).clone()));
        let mut cuts: BTreeSet<usize> = self.cuts.iter().map(|cut| cut.index(order.len())).collect();
        cuts.extend([0, order.len()]);
        let cuts: Vec<usize> = cuts.into_iter().collect();
        cuts.windows(2).map(|pair| order[pair[0]..pair[1]].to_vec()).collect()
    }
}

/// What people decide about some entries of a book, each with its neighbour of the same kind.
fn decisions(book: &[Entry], picks: &[(Index, u8)]) -> Vec<Decision> {
    let about: Vec<&Entry> = book
        .iter()
        .filter(|entry| Stretch::of(entry).is_some() || matches!(entry, Entry::Meter(_)))
        .collect();
    if about.is_empty() {
        return Vec::new();
    }
    let decision = |(number, (pick, verdict)): (u32, &(Index, u8))| {
        let index = pick.index(about.len());
        let what = decided(about[index], about.get(index + 1).copied(), *verdict)?;
        let decided_at = start() + TimeDelta::days(100) + TimeDelta::minutes(i64::from(number));
        Some(Decision { what, row: RowId(1_000 + u128::from(number)), decided_at })
    };
    (0..).zip(picks).filter_map(decision).collect()
}

fn decided(entry: &Entry, next: Option<&Entry>, verdict: u8) -> Option<Decided> {
    if let Entry::Meter(entry) = entry {
        return Some(Decided::MeterEntry { at: entry.anchor.at, odometer: entry.odometer });
    }
    let (kind, stretch) = Stretch::of(entry)?;
    let next = next.and_then(Stretch::of).filter(|(other, _)| *other == kind);
    let both = next.map(|(_, next)| Stretch { start: stretch.start, end: next.end });
    let middle = stretch.start.by + (stretch.end.by - stretch.start.by) / 2;
    Some(match kind {
        Kind::FillUp => match (verdict % 3, both) {
            (0, Some(stretch)) => Decided::FillUp { stretch, verdict: FillUpVerdict::Merged },
            (1, _) => Decided::FillUp { stretch, verdict: FillUpVerdict::Receipt { litres: None } },
            (_, _) => Decided::FillUp { stretch, verdict: FillUpVerdict::Theirs },
        },
        Kind::ChargingSession => {
            let price = Price { amount: Micros(3_400_000), currency: Currency::parse("EUR").ok()? };
            match (verdict % 5, both) {
                (0, Some(stretch)) => Decided::ChargingSession { stretch, verdict: SessionVerdict::Merged },
                (1, _) => Decided::ChargingSession { stretch, verdict: SessionVerdict::Split { at: middle } },
                (2, _) => Decided::ChargingSession { stretch, verdict: SessionVerdict::Priced(price) },
                (3, _) => Decided::ChargingSession { stretch, verdict: SessionVerdict::NotBooked },
                (_, _) => Decided::ChargingSession { stretch, verdict: SessionVerdict::Theirs },
            }
        }
        Kind::Trip => match (verdict % 4, both) {
            (0, Some(stretch)) => Decided::Trip { stretch, verdict: TripVerdict::Merged },
            (1, _) => Decided::Trip { stretch, verdict: TripVerdict::Split { at: middle, odometer: None } },
            (2, _) => Decided::Trip { stretch, verdict: TripVerdict::Purposed(Purpose::Private) },
            (_, _) => Decided::Trip { stretch, verdict: TripVerdict::Theirs },
        },
    })
}

/// What a person needs to see when a law does not hold.
fn difference(piecewise: &[Told], at_once: &[Told]) -> String {
    let mut text = String::new();
    for missing in at_once.iter().filter(|told| !piecewise.contains(told)) {
        writeln!(text, "missing: {missing:?}").unwrap();
    }
    for surplus in piecewise.iter().filter(|told| !at_once.contains(told)) {
        writeln!(text, "surplus: {surplus:?}").unwrap();
    }
    text
}

fn any_life() -> impl Strategy<Value = Life> {
    prop_oneof![3 => a_life(24), 1 => nonsense(120)]
}

proptest! {
    // These fold each life many times over.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 2, ..ProptestConfig::default() })]

    #[test]
    fn any_order_any_duplicates_and_any_batches_give_the_same_book(life in any_life(), roads in roads()) {
        let mut shelf = Shelf::new(&life.setup);
        for batch in roads.batches(&life.sightings) {
            shelf.take(&batch);
        }
        let (piecewise, at_once) = (shelf.book(), told(entries(&life, &[]), &[]));
        prop_assert!(piecewise == at_once, "{}", difference(&piecewise, &at_once));
        for (from, change) in shelf.replays() {
            prop_assert!(change.is_none(), "a replay from {from} changes {:?} {:?} {:?}", change.insert, change.amend, change.retract);
        }
    }

    #[test]
    fn folding_on_is_folding_everything(life in any_life(), cuts in proptest::collection::vec(any::<Index>(), 0..80)) {
        let in_order = Roads { shuffle: Vec::new(), reach: 0, again: Vec::new(), cuts };
        let mut shelf = Shelf::new(&life.setup);
        for batch in in_order.batches(&life.sightings) {
            shelf.take(&batch);
        }
        let all = at_once(&life, &[]);
        let (tip, other) = (shelf.head.tip.clone().unwrap_or_default(), all.head.tip.clone().unwrap_or_default());
        let (piecewise, at_once) = (shelf.book(), told(all.book.into_entries(), &[]));
        prop_assert!(piecewise == at_once, "{}", difference(&piecewise, &at_once));
        prop_assert!(tip == other, "another state");
    }

    #[test]
    fn it_does_not_matter_when_people_speak_and_decide(
        life in any_life(),
        roads in roads(),
        facts in some_facts(0),
        slips in some_facts(100),
        picks in proptest::collection::vec((any::<Index>(), any::<u8>()), 0..5),
        when in proptest::collection::vec(any::<Index>(), 16),
    ) {
        let batches = roads.batches(&life.sightings);
        prop_assume!(!batches.is_empty());
        let decisions = decisions(&entries(&life, &facts), &picks);
        let mut shelf = Shelf::new(&life.setup);
        for (number, batch) in batches.iter().enumerate() {
            let is_now = |when: &Index| when.index(batches.len()) == number;
            facts.iter().zip(&when).filter(|(_, when)| is_now(when)).for_each(|(fact, _)| shelf.hear(*fact));
            slips.iter().zip(&when[4..]).filter(|(_, when)| is_now(when)).for_each(|(slip, _)| shelf.hear(*slip));
            let decided = decisions.iter().zip(&when[8..]).filter(|(_, when)| is_now(when));
            decided.for_each(|(decision, _)| shelf.decide(decision.clone()));
            shelf.take(batch);
        }
        for slip in &slips {
            shelf.unhear(*slip);
        }
        // A slip may have been the same as what they meant.
        facts.iter().filter(|fact| slips.contains(fact)).for_each(|fact| shelf.hear(*fact));
        let (piecewise, at_once) = (shelf.book(), told(entries(&life, &facts), &decisions));
        prop_assert!(piecewise == at_once, "{decisions:?}\n{facts:?}\n{}", difference(&piecewise, &at_once));
    }
}

proptest! {
    #[test]
    fn what_a_person_took_is_theirs_and_nothing_else_changes(
        life in any_life(),
        pick in any::<Index>(),
        part in any::<Index>(),
    ) {
        // They decided when less was known.
        let known = Life { sightings: life.sightings[..part.index(life.sightings.len() + 1)].to_vec(), ..life.clone() };
        for decision in decisions(&entries(&known, &[]), &[(pick, 4), (pick, 3), (pick, 2)]) {
            let machines = told(entries(&life, &[]), &[]);
            let left = told(entries(&life, &[]), std::slice::from_ref(&decision));
            let kind = match decision.what {
                Decided::FillUp { verdict: FillUpVerdict::Theirs, .. } => Kind::FillUp,
                Decided::ChargingSession { verdict: SessionVerdict::Theirs, .. } => Kind::ChargingSession,
                Decided::Trip { verdict: TripVerdict::Theirs, .. } => Kind::Trip,
                _ => continue,
            };
            let of_others = |told: &&Told| !is(kind, &told.entry);
            prop_assert!(machines.iter().filter(of_others).eq(left.iter().filter(of_others)));
            prop_assert!(left.iter().all(|told| machines.contains(told)));
            let gone = told(left.into_iter().map(|told| told.entry).collect(), std::slice::from_ref(&decision));
            prop_assert!(gone.iter().all(|told| machines.contains(told)));
        }
    }

    #[test]
    fn no_two_entries_of_a_kind_overlap(life in any_life(), facts in some_facts(0)) {
        let book = entries(&life, &facts);
        for pair in sessions(&book).windows(2) {
            prop_assert!(pair[0].end.is_some_and(|end| end.by <= pair[1].start.after), "{:#?}", pair);
        }
        for pair in trips(&book).windows(2) {
            prop_assert!(pair[0].end.is_some_and(|end| end.by <= pair[1].start.after), "{:#?}", pair);
        }
        for pair in fill_ups(&book).windows(2) {
            prop_assert!(pair[0].between.by <= pair[1].between.after, "{:#?}", pair);
        }
    }

    #[test]
    fn trips_never_add_up_to_more_than_the_odometer_counted(life in a_life(40)) {
        let book = entries(&life, &[]);
        let trips = trips(&book);
        // What is reckoned without an odometer is another series.
        let sum: i64 = trips.iter().filter(|trip| trip.odometer_before.is_some()).map(|trip| trip.distance.metres()).sum();
        let mut shown: Vec<_> = book.iter().filter_map(|entry| match entry {
            Entry::Meter(entry) => Some((entry.anchor.at, entry.odometer.metres())),
            _ => None,
        }).collect();
        shown.sort_unstable();
        let counted: i64 = shown.windows(2).map(|pair| (pair[1].1 - pair[0].1).max(0)).sum();
        prop_assert!(sum <= counted, "{sum} of {counted}");
    }

    #[test]
    fn nobody_drove_less_than_the_book_says(life in an_honest_life(40)) {
        let driven: i64 = trips(&entries(&life, &[])).iter().map(|trip| trip.distance.metres()).sum();
        prop_assert!(driven <= life.driven, "{driven} m of {}", life.driven);
    }

    #[test]
    fn nobody_charged_less_than_the_book_says(life in a_frank_life(40)) {
        let book = entries(&life, &[]);
        let sure = sessions(&book).into_iter().filter(|session| session.state == EntryState::Recorded);
        let energies: Vec<_> = sure.filter_map(|session| session.energy).collect();
        let wh: i64 = energies.iter().map(|energy| energy.wh).sum();
        let error: i64 = energies.iter().map(|energy| energy.plus_minus_wh).sum();
        prop_assert!(wh <= life.charged + error, "{wh} Wh ± {error} of {}\n{:#?}", life.charged, sessions(&book));
    }

    #[test]
    fn nobody_filled_less_than_the_book_says(life in an_honest_life(40)) {
        let book = entries(&life, &[]);
        let sure = fill_ups(&book).into_iter().filter(|fill| fill.state == EntryState::Recorded);
        let litres: Vec<_> = sure.filter_map(|fill| fill.litres).collect();
        let amount: i64 = litres.iter().map(|litres| litres.amount.0).sum();
        let error: i64 = litres.iter().map(|litres| litres.plus_minus.0).sum();
        prop_assert!(amount <= life.filled / 2 + error, "{amount} ml ± {error} of {}\n{:?}", life.filled / 2, fill_ups(&book));
    }

    #[test]
    fn an_entry_rests_on_something_and_says_so(life in any_life(), facts in some_facts(0)) {
        let newest = life.sightings.iter().map(|seen| seen.reading.at).chain(facts.iter().map(Fact::at)).max();
        for entry in entries(&life, &facts) {
            let Evidence { until, .. } = entry.evidence();
            prop_assert!(Some(*until) <= newest, "{entry:?}");
            prop_assert!(entry.key().at().is_none_or(|at| matches!(entry, Entry::BatteryEstimate(_)) || at <= *until), "{entry:?}");
        }
    }

    #[test]
    fn the_state_stays_small(life in prop_oneof![a_life(120), nonsense(500)], facts in some_facts(0)) {
        let outcome = at_once(&life, &facts);
        let state = outcome.head.tip.unwrap_or_default().state;
        let text = serde_json::to_string(&state).unwrap();
        prop_assert!(text.len() < STATE, "{} bytes: {text}", text.len());
        prop_assert!(serde_json::from_str::<VehicleState>(&text).unwrap() == state);
    }
}

#[test]
fn a_setup_of_each_kind_is_lived_with() {
    let powertrains: Vec<_> = (0..6).map(|what| life::setup(what).powertrain).collect();
    assert!(powertrains.contains(&None) && powertrains.iter().flatten().count() == 4);
    assert_eq!(Setup::default().powertrain, None);
}
