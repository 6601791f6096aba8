//! How the stories of costs are read and told.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use domain::book::{EntryState, Evidence};
use domain::charging::{ChargingSession, Energy, EnergySource, Piece, Segment};
use domain::fact::RowId;
use domain::fences::{Fence, Shape};
use domain::motion::Place;
use domain::reading::Position;
use domain::setup::{Currency, Setup};
use domain::tariff::{Cost, LineKind, Tariff, cost};
use domain::within::Within;

/// `tariffs`: versions, `<zone> <currency> default|fence:<n>|network:<name> <from> <to> <parts as JSON>`. `session`: a line
/// a fact. All moments are of the world (UTC); `a/b` is some time after a and not after b.
pub fn check(tariffs: &str, session: &str, expected: &str) {
    let mut setup = Setup { tariffs: versions(tariffs), ..Setup::default() };
    let session = read(session, &mut setup);
    let told = cost(&session, &setup).map_or_else(|| vec!["unknown".to_owned()], |cost| tell(&cost));
    let mut expected: Vec<String> = expected.lines().map(|line| line.trim().to_owned()).collect();
    // Lines of one moment come in the order of their kinds, which no story is about.
    let mut told_sorted = told.clone();
    told_sorted.sort();
    expected.sort();
    assert_eq!(told_sorted, expected, "\ntold: {told:#?}");
}

pub fn moment(text: &str) -> DateTime<Utc> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|day| day.and_hms_opt(0, 0, 0));
    day.unwrap_or_else(|| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap()).and_utc()
}

fn within(text: &str) -> Within {
    match text.split_once('/') {
        Some((after, by)) => Within { after: moment(after), by: moment(by) },
        None => Within::exactly(moment(text)),
    }
}

/// Parts may go over several lines: a version begins where no JSON is open.
fn versions(text: &str) -> Vec<Tariff> {
    let mut open = String::new();
    let mut versions = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        open.push_str(line);
        if open.matches('{').count() == open.matches('}').count() {
            versions.push(version(&std::mem::take(&mut open), versions.len()));
        }
    }
    versions
}

fn version(text: &str, number: usize) -> Tariff {
    let (words, parts) = text.split_at(text.find('{').unwrap());
    let words: Vec<&str> = words.split_whitespace().collect();
    let (kind, name) = words[2].split_once(':').unwrap_or((words[2], ""));
    let parts: domain::tariff::Parts = serde_json::from_str(parts).unwrap();
    parts.check().unwrap();
    Tariff {
        version: RowId(100 + number as u128),
        tariff: RowId(words[2].bytes().map(u128::from).sum()),
        name: words[2].to_owned(),
        network: (kind == "network").then(|| name.to_owned()),
        is_default: kind == "default",
        fences: if kind == "fence" { vec![RowId(name.parse().unwrap())] } else { Vec::new() },
        valid_from: moment(words[3]),
        valid_to: (words[4] != "-").then(|| moment(words[4])),
        currency: Currency::parse(words[1]).unwrap(),
        zone: words[0].parse().unwrap(),
        parts,
    }
}

fn wh(kwh: &str) -> i64 {
    domain::reading::Milli::from_f64(kwh.parse().unwrap()).unwrap().0
}

/// A session of which nothing is known but when it was.
pub fn session(start: Within, end: Option<Within>) -> ChargingSession {
    ChargingSession {
        key: start.by,
        start,
        end,
        start_level: None,
        end_level: None,
        energy: None,
        grid: None,
        current: None,
        peak: None,
        odometer: None,
        place: None,
        segments: Vec::new(),
        flow: Vec::new(),
        inferred: false,
        state: EntryState::Recorded,
        evidence: Evidence::at(start.by),
    }
}

fn read(story: &str, setup: &mut Setup) -> ChargingSession {
    let lines = story.lines().map(|line| line.split_whitespace().collect::<Vec<&str>>());
    let mut told = session(Within::exactly(DateTime::UNIX_EPOCH), None);
    for words in lines.filter(|words| !words.is_empty()) {
        match words[0] {
            "plug" => {
                let end = (words[2] != "-").then(|| within(words[2]));
                told = session(within(words[1]), end);
            }
            "inferred" => told.inferred = true,
            "heard" => told.evidence.until = moment(words[1]),
            "peak" => told.peak = Some(words[1].parse().unwrap()),
            "kwh" => {
                let plus_minus_wh = words.get(5).map_or(0, |kwh| wh(kwh));
                let energy = |kwh| Energy { wh: wh(kwh), plus_minus_wh, source: EnergySource::Counter };
                told.energy = Some(energy(words[1]));
                told.grid = Some(energy(words[3]));
            }
            "metered" => {
                told.energy =
                    Some(Energy { wh: wh(words[1]), plus_minus_wh: 0, source: EnergySource::Meter });
            }
            "flow" => {
                told.flow.push(Piece { from: moment(words[1]), to: moment(words[2]), wh: wh(words[3]) });
            }
            "current" => told.segments.push(Segment {
                start: within(words[1]),
                end: Some(within(words[2])),
                start_level: None,
                end_level: None,
                wh: None,
            }),
            "zone" => {
                told.place = Some(Place::Private(words[1].to_owned()));
                setup.fences.push(Fence {
                    id: RowId(words[1].parse().unwrap()),
                    name: words[2..].join(" "),
                    shape: Shape::Circle {
                        centre: Position { latitude_e6: 0, longitude_e6: 0 },
                        radius_m: 150,
                    },
                    priority: 0,
                });
            }
            other => panic!("no such word in a story: {other}"),
        }
    }
    told
}

fn tell(cost: &Cost) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for line in &cost.lines {
        let what = serde_json::to_value(line.what).unwrap();
        let clock = |at: DateTime<Utc>| at.format("%m-%d %H:%M").to_string();
        let kwh = if line.what == LineKind::Energy { format!(" {} kWh", line.kwh) } else { String::new() };
        told.push(format!(
            "{} {} - {}{kwh} * {} = {}",
            what.as_str().unwrap(),
            clock(line.from),
            clock(line.to),
            line.price,
            line.amount
        ));
    }
    let bounds = if cost.low == cost.expected && cost.high == cost.expected {
        String::new()
    } else {
        format!(" ({}-{})", cost.low, cost.high)
    };
    let share = match cost.priced_share {
        1000 => String::new(),
        share => format!(", {share}/1000 priced"),
    };
    told.push(format!("sum {}{bounds} {}{share}", cost.expected, cost.currency.as_str()));
    told
}
