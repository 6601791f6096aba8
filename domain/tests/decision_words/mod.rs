//! Entries and decisions in words: `charged 08:00 10:00~12:00 4000` (watt hours), `trip 08:00 09:00 20.5 [1000]` (kilometres, and what
//! the odometer showed before),
//! `filled 08:00~12:00 40` (litres), and after the times of what it is about what a person said: `theirs`, `merged`,
//! `split 09:00 [odometer]`, `price 3.40`, `business`, `unbooked`, `note` (the number of its line). A moment is `09:00`, or `1d+09:00` on a later day; one
//! that is not known exactly `after~by`; `..` is an end that is not there yet.

use chrono::{DateTime, TimeDelta, Utc};
use domain::book::{Entry, EntryState, Evidence, Mark};
use domain::charging::{ChargingSession, Energy, EnergySource, Piece};
use domain::decision::{Decided, Decision, FillUpVerdict, Price, SessionVerdict, Stretch, Told, TripVerdict};
use domain::distance::Distance;
use domain::fact::RowId;
use domain::fuel::{FillUp, Litres};
use domain::reading::Milli;
use domain::setup::Currency;
use domain::tariff::Micros;
use domain::trips::{Journey, Purpose, Trip};
use domain::within::Within;

/// A trip begins with this odometer if nothing else is said.
const ODOMETER: Distance = Distance::from_km(1000);

pub fn at(text: &str) -> DateTime<Utc> {
    let (day, clock) = text.split_once("d+").unwrap_or(("0", text));
    let (hours, minutes) = clock.split_once(':').unwrap();
    let minutes = hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap();
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000 + day.parse::<i64>().unwrap()) + TimeDelta::minutes(minutes)
}

fn within(text: &str) -> Within {
    match text.split_once('~') {
        Some((after, by)) => Within { after: at(after), by: at(by) },
        None => Within::exactly(at(text)),
    }
}

fn milli(text: &str) -> Milli {
    Milli::from_f64(text.parse().unwrap()).unwrap()
}

pub fn found(line: &str) -> Entry {
    let words: Vec<&str> = line.split_whitespace().collect();
    let start = within(words[1]);
    let end = (words[2] != "..").then(|| words[2]);
    match words[0] {
        "charged" => Entry::ChargingSession(session(start, end.map(within), words[3].parse().unwrap())),
        "trip" => {
            let odometer = words.get(4).map_or(ODOMETER, |km| Distance::from_km_reading(milli(km)));
            Entry::Trip(trip(start, end.map(within), milli(words[3]), odometer))
        }
        "filled" if words.len() == 3 => Entry::FillUp(fill_up(start, milli(words[2]))),
        "filled" => Entry::FillUp(fill_up(Within { after: start.after, by: at(words[2]) }, milli(words[3]))),
        other => panic!("no such word in a story: {other}"),
    }
}

pub fn session(start: Within, end: Option<Within>, wh: i64) -> ChargingSession {
    let energy = Energy { wh, plus_minus_wh: wh / 10, source: EnergySource::Counter };
    let to = end.map_or(start.by + TimeDelta::hours(1), |end| end.by);
    ChargingSession {
        key: start.by,
        start,
        end,
        start_level: None,
        end_level: None,
        energy: Some(energy),
        grid: None,
        current: None,
        peak: None,
        odometer: None,
        place: None,
        segments: Vec::new(),
        flow: vec![Piece { from: start.by, to, wh }],
        inferred: false,
        state: EntryState::Recorded,
        evidence: Evidence::at(to),
    }
}

pub fn trip(start: Within, end: Option<Within>, km: Milli, odometer: Distance) -> Trip {
    let distance = Distance::from_km_reading(km);
    Trip {
        start,
        end,
        distance,
        odometer_before: Some(odometer),
        odometer_after: Some(odometer.plus(distance)),
        from: None,
        to: None,
        what: Journey::Drive,
        purpose: None,
        fuel_used: None,
        charge_used: None,
        state: EntryState::Recorded,
        evidence: Evidence::at(end.map_or(start.by, |end| end.by)),
    }
}

pub fn fill_up(between: Within, litres: Milli) -> FillUp {
    FillUp {
        between,
        level_before: Milli(10_000),
        level_after: Milli(80_000),
        litres: Some(Litres { amount: litres, plus_minus: Milli(1_000) }),
        odometer: None,
        place: None,
        full: false,
        missed_previous: false,
        economy: None,
        economy_at_pump: None,
        state: EntryState::Recorded,
        evidence: Evidence::at(between.by),
    }
}

/// The `number`th thing that people said.
pub fn decision(line: &str, number: u32) -> Decision {
    let words: Vec<&str> = line.split_whitespace().collect();
    let decided_at = at("9d+00:00") + TimeDelta::minutes(i64::from(number));
    let decided = |what| Decision { what, row: RowId(u128::from(number)), decided_at };
    if words[0] == "receipt" {
        let stretch = Stretch { start: within(words[1]), end: within(words[1]) };
        let verdict = FillUpVerdict::Receipt { litres: Some(milli(words[2])) };
        return decided(Decided::FillUp { stretch, verdict });
    }
    let stretch = Stretch { start: within(words[1]), end: within(words[2]) };
    decided(match words[0] {
        "charged" => Decided::ChargingSession { stretch, verdict: of_session(&words[3..], number) },
        "trip" => Decided::Trip { stretch, verdict: of_trip(&words[3..], number) },
        "filled" => {
            let between = Within { after: stretch.start.after, by: stretch.end.by };
            let verdict = match words[3] {
                "merged" => FillUpVerdict::Merged,
                "note" => FillUpVerdict::Noted(RowId(number.into())),
                _ => FillUpVerdict::Theirs,
            };
            Decided::FillUp { stretch: Stretch { start: between, end: between }, verdict }
        }
        other => panic!("no such word in a story: {other}"),
    })
}

fn of_session(words: &[&str], number: u32) -> SessionVerdict {
    match words[0] {
        "theirs" => SessionVerdict::Theirs,
        "merged" => SessionVerdict::Merged,
        "split" => SessionVerdict::Split { at: at(words[1]) },
        "price" => SessionVerdict::Priced(Price {
            amount: Micros(milli(words[1]).0 * 1000),
            currency: Currency::parse("EUR").unwrap(),
        }),
        "unbooked" => SessionVerdict::NotBooked,
        "note" => SessionVerdict::Noted(RowId(number.into())),
        other => panic!("no such word in a story: {other}"),
    }
}

fn of_trip(words: &[&str], number: u32) -> TripVerdict {
    match words[0] {
        "theirs" => TripVerdict::Theirs,
        "merged" => TripVerdict::Merged,
        "split" => TripVerdict::Split {
            at: at(words[1]),
            odometer: words.get(2).map(|km| Distance::from_km_reading(milli(km))),
        },
        "business" => TripVerdict::Purposed(Purpose::Business),
        "note" => TripVerdict::Noted(RowId(number.into())),
        other => panic!("no such word in a story: {other}"),
    }
}

pub fn tell(told: &Told) -> String {
    let clock = |at: DateTime<Utc>| at.format("%H:%M").to_string();
    let moment = |within: Within| match within.width() {
        width if width == TimeDelta::zero() => clock(within.by),
        _ => format!("{}~{}", clock(within.after), clock(within.by)),
    };
    let end = |end: Option<Within>| end.map_or("..".to_owned(), moment);
    let (mut words, evidence) = match &told.entry {
        Entry::ChargingSession(entry) => {
            let wh = entry.energy.unwrap().wh;
            assert_eq!(entry.flow.iter().map(|piece| piece.wh).sum::<i64>(), wh, "the flow adds up");
            (format!("charged {} {} {wh}", moment(entry.start), end(entry.end)), &entry.evidence)
        }
        Entry::Trip(entry) => {
            let purpose = entry.purpose.map_or("", |purpose| match purpose {
                Purpose::Business => " business",
                Purpose::Private => " private",
            });
            let km = Milli(entry.distance.metres());
            (format!("trip {} {} {km}{purpose}", moment(entry.start), end(entry.end)), &entry.evidence)
        }
        Entry::FillUp(entry) => {
            (format!("filled {} {}", moment(entry.between), entry.litres.unwrap().amount), &entry.evidence)
        }
        other => panic!("nothing that these stories are about: {other:?}"),
    };
    if let Some(Price { amount, currency }) = told.price {
        let (whole, rest) = (amount.0 / 1_000_000, amount.0 % 1_000_000);
        words = format!("{words} for {whole}.{rest:06} {}", currency.as_str());
    }
    if !told.booked {
        words += " unbooked";
    }
    for mark in &evidence.marks {
        words += match mark {
            Mark::Merged => " (merged)",
            Mark::Divided => " (divided)",
            other => panic!("no mark of a decision: {other:?}"),
        };
    }
    words
}
