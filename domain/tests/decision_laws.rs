//! Laws of decisions, whatever was found and whatever people said of it.

#![expect(clippy::unwrap_used, reason = "a story that cannot be read is a failed test")]

mod decision_words;

use decision_words::{at, decision, found, tell};
use domain::book::Entry;
use domain::decision::{Beginning, Decision, Told, apply};
use proptest::prelude::*;

/// Entries of a day: one every four hours, each two hours long.
const ENTRIES: usize = 6;

#[derive(Debug, Clone, Copy)]
enum Kind {
    Session,
    Trip,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Session => "charged",
            Self::Trip => "trip",
        }
    }
}

/// `amounts`: watt hours, or kilometres.
fn book(kind: Kind, amounts: &[u32]) -> Vec<Entry> {
    let entry = |(number, amount): (usize, &u32)| {
        let from = number * 4;
        found(&format!("{} {from:02}:00 {:02}:00 {amount}", kind.word(), from + 2))
    };
    amounts.iter().enumerate().map(entry).collect()
}

/// What people say of an entry, or of it and the one behind it.
fn saying(kind: Kind, number: usize, verb: u8) -> String {
    let (from, to) = (number * 4, number * 4 + 2);
    let what = match (verb, kind) {
        (0, _) => format!("split {:02}:00", from + 1),
        (1, Kind::Session) => "price 3.40".to_owned(),
        (1, Kind::Trip) => "business".to_owned(),
        (2, Kind::Session) => "unbooked".to_owned(),
        (2, Kind::Trip) => format!("split {:02}:30 {}", from + 1, 1000 + number),
        (3, _) => "theirs".to_owned(),
        (_, _) => {
            let behind = (number + 1).min(ENTRIES - 1) * 4 + 2;
            return format!("{} {from:02}:00 {behind:02}:00 merged", kind.word());
        }
    };
    format!("{} {from:02}:00 {to:02}:00 {what}", kind.word())
}

fn said(lines: &[String]) -> Vec<Decision> {
    lines.iter().zip(1..).map(|(line, number)| decision(line, number)).collect()
}

fn told(kind: Kind, amounts: &[u32], lines: &[String]) -> Vec<Told> {
    apply(book(kind, amounts), &said(lines), Beginning { since: None, open: &[] }).told
}

fn words(told: &[Told]) -> Vec<String> {
    let mut words: Vec<String> = told.iter().map(tell).collect();
    words.sort();
    words
}

/// Watt hours, or metres.
fn amount(told: &Told) -> i64 {
    match &told.entry {
        Entry::ChargingSession(session) => session.energy.unwrap().wh,
        Entry::Trip(trip) => trip.distance.metres(),
        other => panic!("nobody said anything of {other:?}"),
    }
}

fn a_kind() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Session), Just(Kind::Trip)]
}

fn amounts() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(1..90_u32, ENTRIES)
}

fn about(verbs: std::ops::Range<u8>) -> impl Strategy<Value = Vec<(usize, u8)>> {
    prop::collection::vec((0..ENTRIES, verbs), 0..8)
}

proptest! {
    #[test]
    fn what_is_cut_and_joined_and_priced_adds_up_to_what_was_found(
        kind in a_kind(), amounts in amounts(), all in about(0..3), joined in prop::collection::vec(0..ENTRIES, 0..3),
    ) {
        let mut lines: Vec<String> = all.iter().map(|(number, verb)| saying(kind, *number, *verb)).collect();
        lines.extend(joined.iter().map(|number| saying(kind, *number, 4)));
        let sum = |told: &[Told]| told.iter().map(amount).sum::<i64>();
        prop_assert_eq!(sum(&told(kind, &amounts, &lines)), sum(&told(kind, &amounts, &[])), "{:?}", lines);
    }

    #[test]
    fn what_a_person_took_is_never_told_whatever_else_they_say(
        kind in a_kind(), amounts in amounts(), all in about(0..5), taken in 0..ENTRIES, place in 0..8_usize,
    ) {
        let mut lines: Vec<String> = all.iter().map(|(number, verb)| saying(kind, *number, *verb)).collect();
        lines.insert(place.min(lines.len()), saying(kind, taken, 3));
        let middle = at(&format!("{:02}:30", taken * 4));
        for one in told(kind, &amounts, &lines) {
            let (start, end) = match &one.entry {
                Entry::ChargingSession(session) => (session.start.by, session.end.unwrap().by),
                Entry::Trip(trip) => (trip.start.by, trip.end.unwrap().by),
                other => panic!("nobody said anything of {other:?}"),
            };
            prop_assert!(middle < start || end <= middle, "{} after {lines:?}", tell(&one));
        }
    }

    #[test]
    fn what_is_said_of_different_entries_may_be_said_in_any_order(
        kind in a_kind(), amounts in amounts(), verbs in prop::collection::vec(0..4_u8, ENTRIES), seed in any::<u64>(),
    ) {
        let mut lines: Vec<String> =
            verbs.iter().enumerate().map(|(number, verb)| saying(kind, number, *verb)).collect();
        let in_order = words(&told(kind, &amounts, &lines));
        lines.sort_by_key(|line| {
            line.bytes().fold(seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()))
        });
        prop_assert_eq!(words(&told(kind, &amounts, &lines)), in_order);
    }
}
