//! How well charging sessions and fill-ups are found in what virtual cars report: floors that the rules must not fall below.
//! The figures of a larger fleet stand in `docs/detection.md`.

#![expect(clippy::unwrap_used, reason = "what fails here is a failed test")]

use clap::Parser;
use ops::bench::detect::{Options, Score, round};

/// The options as people write them after `carvetka bench detect`.
#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    options: Options,
}

/// A small fleet for some weeks, at so many reports a day: our score, that of parked cars, and the mistakes.
fn some_weeks(reports: i64) -> (Score, Score, Vec<String>) {
    let words = ["detect", "--cars", "12", "--days", "40", "--seed", "9", "--examples", "3"];
    let options = Line::parse_from(words).options;
    let round = round(&options, reports).unwrap();
    (round.score, round.parked, round.examples)
}

/// Of `told` so many that `wrong` are no more than `per_mille`.
fn at_most(wrong: u32, told: u32, per_mille: u32) -> bool {
    wrong * 1000 <= told * per_mille
}

#[test]
fn nearly_all_that_is_seen_is_found_and_nothing_is_made_up() {
    let (score, parked, examples) = some_weeks(3);
    let told = format!("{score:?}\n{}", examples.join("\n"));
    assert!(score.seen_sessions.happened >= 50 && score.big_fill_ups.happened >= 8, "too little: {told}");
    let missed = score.big_fill_ups.happened - score.big_fill_ups.told;
    assert!(at_most(missed, score.big_fill_ups.happened, 80), "{told}");
    assert_eq!(score.fill_ups.wrong, 0, "{told}");
    let missed = score.seen_sessions.happened - score.seen_sessions.told;
    assert!(at_most(missed, score.seen_sessions.happened, 30), "{told}");
    assert!(at_most(score.sessions.wrong, score.sessions.told, 10), "{told}");
    assert!(score.watt_hours.error().abs() < 0.06, "{told}");
    assert!(score.millilitres.error().abs() < 0.06, "{told}");
    assert!(score.metres.error().abs() < 0.005, "{told}");
    assert_eq!(parked.entries(), 0, "{told}");
}
