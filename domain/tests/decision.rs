//! Stories of decisions: what the machine found, what people said of it, and the book that is left.

#![expect(clippy::unwrap_used, reason = "a story that cannot be read is a failed test")]

mod decision_words;

use decision_words::{at, decision, found, tell};
use domain::book::{Entry, EntryKey};
use domain::decision::{Applied, Beginning, Told, apply};

/// `book` and `said`: one line an entry or a decision, in the words of [`decision_words`]. People speak in the order of
/// their lines.
fn told(book: &str, said: &str, since: Option<&str>, open: &[EntryKey]) -> Applied {
    let entries: Vec<Entry> = lines(book).iter().map(|line| found(line)).collect();
    let decisions: Vec<_> =
        lines(said).iter().zip(1..).map(|(line, number)| decision(line, number)).collect();
    apply(entries, &decisions, Beginning { since: since.map(at), open })
}

fn check(book: &str, said: &str, expected: &str) {
    let applied = told(book, said, None, &[]);
    let beside = |told: &Told| -> Vec<String> {
        let notes = applied.notes.iter().filter(|note| note.entry == told.entry.key());
        notes.map(|note| format!("note {}", note.words.0)).collect()
    };
    let mut left: Vec<String> =
        applied.told.iter().map(|told| [vec![tell(told)], beside(told)].concat().join(" ")).collect();
    left.sort();
    assert_eq!(left, lines(expected), "\nfound:{book}\nsaid:{said}");
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

#[test]
fn what_a_person_took_is_not_written_again_even_where_late_data_moved_it() {
    check(
        "
        charged 09:40 13:00 6000
        charged 20:00 22:00 3000
        trip 08:05 09:00 40
        trip 13:00 13:30 10
        filled 08:10 08:50 40
        ",
        "
        charged 10:00 12:00 theirs
        trip 08:00 09:10 theirs
        filled 08:00 09:00 theirs
        ",
        "
        charged 20:00 22:00 3000
        trip 13:00 13:30 10
        ",
    );
}

#[test]
fn what_lies_between_the_readings_of_two_neighbours_makes_them_not_one() {
    check(
        "
        charged 08:00 10:00~12:00 4000
        charged 10:00~12:00 15:00 5000
        trip 16:00 16:30~17:00 20
        trip 17:00~18:00 18:30 20
        ",
        "
        charged 08:00 10:00~12:00 theirs
        trip 16:00 16:30~17:00 theirs
        ",
        "
        charged 10:00~12:00 15:00 5000
        trip 17:00~18:00 18:30 20
        ",
    );
}

#[test]
fn a_session_that_was_found_from_levels_is_the_one_that_a_person_wrote_within() {
    check("charged 08:00~17:00 08:00~17:00 9000", "charged 09:00 11:00 theirs", "");
    check("charged 09:00 10:30~12:00 9000", "charged 08:00~17:00 08:00~17:00 theirs", "");
}

#[test]
fn a_receipt_takes_the_place_of_the_fill_up_that_it_is_of() {
    let book = "
        filled 08:00~12:00 40
        ";
    check(book, "receipt 11:15 38", "");
    // Written down at home.
    check(book, "receipt 13:30 20", "");
    // The day alone.
    check(book, "receipt 00:00 41", "");
    check(book, "receipt 00:00 20", "filled 08:00~12:00 40");
    check(book, "receipt 1d+13:00 40", "filled 08:00~12:00 40");
}

#[test]
fn what_a_person_joined_adds_up() {
    check(
        "
        charged 08:00 10:00 4000
        charged 10:30 12:00 2500
        charged 20:00 22:00 3000
        trip 08:00 08:30 20
        trip 08:45 09:00 5.5
        filled 09:00 09:10 20
        filled 09:40 09:45 11
        ",
        "
        charged 08:00 12:00 merged
        trip 08:00 09:00 merged
        filled 09:00 09:45 merged
        ",
        "
        charged 08:00 12:00 6500 (merged)
        charged 20:00 22:00 3000
        filled 09:00~09:45 31 (merged)
        trip 08:00 09:00 25.5 (merged)
        ",
    );
}

#[test]
fn a_session_is_cut_where_its_energy_flowed() {
    check(
        "charged 08:00 12:00 4000",
        "charged 08:00 12:00 split 09:00",
        "
        charged 08:00 09:00 1000 (divided)
        charged 09:00 12:00 3000 (divided)
        ",
    );
}

#[test]
fn a_trip_that_nobody_saw_begin_is_cut_by_when_it_may_have_begun() {
    check(
        "trip 07:00~08:00 08:00 30",
        "trip 07:00~08:00 08:00 split 07:30",
        "
        trip 07:00~07:30 07:30 15 (divided)
        trip 07:30 08:00 15 (divided)
        ",
    );
}

#[test]
fn a_trip_is_cut_by_the_odometer_where_it_is_known_and_by_the_time_where_not() {
    let (book, halves) = ("trip 08:00 10:00 100", "trip 08:00 10:00 split 08:30");
    check(book, &format!("{halves} 1070"), "trip 08:00 08:30 70\ntrip 08:30 10:00 30");
    check(book, halves, "trip 08:00 08:30 25 (divided)\ntrip 08:30 10:00 75 (divided)");
    // No odometer of this trip.
    check(book, &format!("{halves} 990"), "trip 08:00 08:30 25 (divided)\ntrip 08:30 10:00 75 (divided)");
}

#[test]
fn a_cut_outside_of_the_entry_or_in_one_that_goes_on_cuts_nothing() {
    check("trip 08:00 10:00 100", "trip 08:00 10:00 split 11:00", "trip 08:00 10:00 100");
    check("charged 08:00 .. 1000", "charged 08:00 10:00 split 09:00", "charged 08:00 .. 1000");
}

#[test]
fn people_speak_of_what_they_see_after_what_they_said_before() {
    // Cut, and the second part joined to what follows.
    check(
        "
        trip 08:00 10:00 100
        trip 10:15 11:00 30
        ",
        "
        trip 08:00 10:00 split 09:00 1060
        trip 09:00 11:00 merged
        ",
        "
        trip 08:00 09:00 60
        trip 09:00 11:00 70 (merged)
        ",
    );
    // Joined, and cut elsewhere.
    check(
        "
        trip 08:00 09:00 60
        trip 09:10 11:00 40 1060
        ",
        "
        trip 08:00 11:00 merged
        trip 08:00 11:00 split 10:00 1090
        ",
        "
        trip 08:00 10:00 90 (merged)
        trip 10:00 11:00 10 (merged)
        ",
    );
}

#[test]
fn a_price_stays_with_its_session_and_is_shared_or_summed_with_it() {
    let book = "
        charged 08:00 10:00 4000
        charged 10:30 12:00 2000
        ";
    check(
        book,
        "charged 08:05 10:00 price 3.40",
        "charged 08:00 10:00 4000 for 3.400000 EUR\ncharged 10:30 12:00 2000",
    );
    check(
        book,
        "
        charged 08:00 10:00 price 3.40
        charged 08:00 10:00 split 09:00
        ",
        "
        charged 08:00 09:00 2000 for 1.700000 EUR (divided)
        charged 09:00 10:00 2000 for 1.700000 EUR (divided)
        charged 10:30 12:00 2000
        ",
    );
    check(
        book,
        "
        charged 08:00 10:00 price 3.40
        charged 10:30 12:00 price 1.60
        charged 08:00 12:00 merged
        ",
        "charged 08:00 12:00 6000 for 5.000000 EUR (merged)",
    );
    // A price of a part is no price of the whole.
    check(
        book,
        "
        charged 08:00 10:00 price 3.40
        charged 08:00 12:00 merged
        ",
        "charged 08:00 12:00 6000 (merged)",
    );
}

#[test]
fn a_price_is_not_paid_twice_when_late_data_show_two_sessions() {
    check(
        "
        charged 08:00 09:00 2000
        charged 09:30 10:00 2000
        ",
        "charged 08:00 10:00 price 3.40",
        "charged 08:00 09:00 2000 for 3.400000 EUR\ncharged 09:30 10:00 2000",
    );
}

#[test]
fn a_purpose_stays_with_its_trip() {
    check("trip 07:50 10:00 100", "trip 08:00 10:00 business", "trip 07:50 10:00 100 business");
}

#[test]
fn an_expense_that_a_person_threw_away_is_not_booked_again() {
    check("charged 08:00 10:00 4000", "charged 08:00 10:00 unbooked", "charged 08:00 10:00 4000 unbooked");
}

#[test]
fn a_fold_that_begins_within_what_a_person_joined_says_nothing_of_it() {
    // The first of both ended long ago: only the second is told.
    let book = "
        trip 09:00 10:00 30
        trip 12:00 13:00 5
        ";
    let applied = told(book, "trip 08:00 10:00 merged", Some("08:45"), &[]);
    let left: Vec<String> = applied.told.iter().map(tell).collect();
    assert_eq!((left, applied.partly.len()), (vec!["trip 12:00 13:00 5".to_owned()], 1));
    // What was open then and is gone now is something, too.
    let open = [EntryKey::Trip { at: at("09:00") }];
    assert_eq!(told("", "trip 08:00 10:00 merged", Some("10:15"), &open).partly.len(), 1);
    // What lies behind such a fold does not concern it.
    assert_eq!(told("", "trip 08:00 10:00 merged", Some("10:15"), &[]).partly.len(), 0);
    assert_eq!(told(book, "trip 08:00 10:00 merged", Some("07:00"), &[]).partly.len(), 0);
}

#[test]
fn a_note_goes_with_its_entry_wherever_late_data_move_it() {
    check(
        "
        charged 09:40 13:00 6000
        charged 20:00 22:00 3000
        filled 08:30~08:40 22
        trip 08:05 08:30 30
        trip 12:00 12:30 30
        ",
        "
        charged 10:00 12:00 note
        filled 08:30 08:45 note
        trip 08:30 08:45 note
        trip 08:00 08:30 note
        ",
        "
        charged 09:40 13:00 6000 note 1
        charged 20:00 22:00 3000
        filled 08:30~08:40 22 note 2
        trip 08:05 08:30 30 note 4
        trip 12:00 12:30 30
        ",
    );
}

#[test]
fn a_note_stands_beside_one_entry_the_one_that_shares_most_of_its_time() {
    let halves = "trip 08:00 08:20 20\ntrip 08:25 09:00 30";
    check(halves, "trip 08:00 09:00 note", "trip 08:00 08:20 20\ntrip 08:25 09:00 30 note 1");
    let equal = "trip 08:00 08:30 20\ntrip 08:30 09:00 30";
    check(equal, "trip 08:00 09:00 note", "trip 08:00 08:30 20 note 1\ntrip 08:30 09:00 30");
    let two = "charged 09:00 10:00 2000\ncharged 10:30 13:00 4000";
    check(two, "charged 09:00 13:00 note", "charged 09:00 10:00 2000\ncharged 10:30 13:00 4000 note 1");
}

#[test]
fn what_is_joined_has_the_notes_of_all_parts_and_of_what_is_cut_the_longest_part_has_them() {
    check(
        "
        charged 08:00 10:00 4000
        charged 12:00 15:00 3000
        trip 08:00 08:30 20
        trip 08:45 09:00 5.5
        ",
        "
        charged 12:00 15:00 note
        charged 12:00 15:00 split 13:00
        trip 08:45 09:00 note
        trip 08:00 08:30 note
        trip 08:00 09:00 merged
        ",
        "
        charged 08:00 10:00 4000
        charged 12:00 13:00 1000 (divided)
        charged 13:00 15:00 2000 (divided) note 1
        trip 08:00 09:00 25.5 (merged) note 3 note 4
        ",
    );
}

#[test]
fn a_note_leaves_the_entry_to_the_machine() {
    let found = "trip 08:00 08:30 20\ntrip 12:00 12:30 20";
    check(found, "trip 08:00 08:30 note\ntrip 08:00 08:30 theirs", "trip 12:00 12:30 20");
    check(
        found,
        "trip 08:00 08:30 note\ntrip 08:00 08:30 business",
        "trip 08:00 08:30 20 business note 1\ntrip 12:00 12:30 20",
    );
    assert!(!decision("trip 08:00 08:30 note", 1).takes_row());
}
