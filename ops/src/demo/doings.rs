//! What one car did (filled up, charged, drove), beside what the book tells of it.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use simulator::world::Truth;

use super::words::km;

/// Something that happened, or is said to have happened, within this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// What the book says that a car did; what is only asked about is not in it.
#[derive(Debug, Default)]
pub struct Told {
    pub fill_ups: Vec<Span>,
    pub sessions: Vec<Span>,
    pub trips: usize,
    pub trip_metres: i64,
    /// From the beginning of the first trip to the end of the last.
    pub on_the_way: Option<Span>,
}

/// Of what happened, how much was found; of what was written, how much never happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    pub told: usize,
    pub happened: usize,
    pub wrong: usize,
}

#[derive(Debug, Default)]
pub struct Doings {
    pub fill_ups: Found,
    pub sessions: Found,
    pub trips: usize,
    pub trip_metres: i64,
    /// Between the first word of the car and its last. A trip that positions tell may be older than the first odometer
    /// reading.
    pub driven_metres: i64,
}

/// Gauges show whole points and cars speak some minutes late: less than this is not asked of any book.
const WORTH_A_LINE_PERCENT: u64 = 10;
const SLACK: TimeDelta = TimeDelta::minutes(15);
/// More than this was never driven: two displays that show whole miles.
const DISPLAYS_METRES: i64 = 3_300;

impl Doings {
    /// Compares with what happened while the car was heard.
    pub fn compare(told: &Told, heard: Option<Span>, truth: Option<&Truth>, size: Size) -> Self {
        let (Some(heard), Some(truth)) = (heard, truth) else { return Self::default() };
        let is_heard = |from: DateTime<Utc>, to: DateTime<Utc>| heard.from < from && to < heard.to;
        let is_big = |gain: u32, whole: u32| u64::from(gain) * 100 >= u64::from(whole) * WORTH_A_LINE_PERCENT;
        let fills = truth.fills.iter().map(|fill| Happened {
            span: Span { from: fill.started_at, to: fill.ended_at },
            counts: is_heard(fill.started_at, fill.ended_at)
                && is_big(fill.after_ml.saturating_sub(fill.before_ml), size.tank_ml),
        });
        let sessions = truth.sessions.iter().map(|session| Happened {
            span: Span { from: session.plugged_at, to: session.unplugged_at.unwrap_or(truth.as_of) },
            counts: session.unplugged_at.is_some_and(|end| is_heard(session.plugged_at, end))
                && is_big(session.after_wh.saturating_sub(session.before_wh), size.battery_wh),
        });
        let metres = |at| super::car::true_metres(truth, at);
        let known = told.on_the_way.map_or(heard, |way| heard.and(way));
        Self {
            fill_ups: Found::count(&told.fill_ups, &fills.collect::<Vec<_>>()),
            sessions: Found::count(&told.sessions, &sessions.collect::<Vec<_>>()),
            trips: told.trips,
            trip_metres: told.trip_metres,
            driven_metres: metres(known.to).zip(metres(known.from)).map_or(0, |(to, from)| to - from),
        }
    }

    /// Whether nothing stands there that never was.
    pub fn is_right(&self) -> bool {
        self.fill_ups.wrong == 0
            && self.sessions.wrong == 0
            && self.trip_metres <= self.driven_metres + DISPLAYS_METRES
    }
}

/// What the car holds; zero without a tank or a battery.
#[derive(Debug, Clone, Copy, Default)]
pub struct Size {
    pub tank_ml: u32,
    pub battery_wh: u32,
}

#[derive(Debug, Clone, Copy)]
struct Happened {
    span: Span,
    /// Whether the book has to tell it.
    counts: bool,
}

impl Span {
    fn and(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), to: self.to.max(other.to) }
    }

    fn meets(self, other: Self) -> bool {
        self.from - SLACK <= other.to && other.from <= self.to + SLACK
    }
}

impl Found {
    fn count(claims: &[Span], happened: &[Happened]) -> Self {
        let is_told = |truth: &&Happened| claims.iter().any(|claim| claim.meets(truth.span));
        let is_true = |claim: &&Span| happened.iter().any(|truth| claim.meets(truth.span));
        let due = || happened.iter().filter(|truth| truth.counts);
        Self {
            told: due().filter(is_told).count(),
            happened: due().count(),
            wrong: claims.len() - claims.iter().filter(is_true).count(),
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self { happened: 0, wrong: 0, .. } => "-".to_owned(),
            Self { told, happened, wrong: 0 } => format!("{told} of {happened}"),
            Self { told, happened, wrong } => format!("{told} of {happened}, {wrong} WRONG"),
        };
        f.pad(&text)
    }
}

impl fmt::Display for Doings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fill_ups, sessions, trips, trip_metres, driven_metres } = self;
        let (told, driven) = (km(*trip_metres), km(*driven_metres));
        write!(f, "{fill_ups:>9}  {sessions:>10}  {trips:>5}  {told:>10}  {driven:>10}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use simulator::world::{Gauges, TrackPoint};

    fn span(from: i64, to: i64) -> Span {
        let at = |hour| DateTime::UNIX_EPOCH + TimeDelta::hours(hour);
        Span { from: at(from), to: at(to) }
    }

    #[test]
    fn what_is_told_without_having_happened_is_wrong() {
        let happened = [(2, 3, true), (10, 12, true), (20, 21, false)]
            .map(|(from, to, counts)| Happened { span: span(from, to), counts });
        let found = |claims: &[Span]| {
            let Found { told, happened, wrong } = Found::count(claims, &happened);
            (told, happened, wrong)
        };
        assert_eq!(found(&[span(2, 3), span(11, 14)]), (2, 2, 0));
        assert_eq!(found(&[span(1, 4)]), (1, 2, 0));
        assert_eq!(found(&[span(5, 6), span(11, 12)]), (1, 2, 1));
        // Too small to be asked for, and true all the same.
        assert_eq!(found(&[span(20, 21)]), (0, 2, 0));
    }

    #[test]
    fn a_trip_before_the_first_odometer_reading_was_driven_too() {
        let told = Told { trips: 1, trip_metres: 13_000, on_the_way: Some(span(6, 9)), ..Told::default() };
        let gauges = Gauges { odometer_m: 0, fuel_ml: 0, battery_wh: 0, serviced_at_m: 0 };
        let track = [(6, 0), (7, 13_000), (10, 13_000)]
            .map(|(hour, odometer_m)| TrackPoint { at: span(hour, hour).from, odometer_m });
        let truth = Truth {
            as_of: span(10, 10).to,
            first: gauges,
            now: gauges,
            track: track.to_vec(),
            trips: Vec::new(),
            fills: Vec::new(),
            sessions: Vec::new(),
            services: Vec::new(),
            drained_wh: 0,
        };
        let doings = Doings::compare(&told, Some(span(8, 10)), Some(&truth), Size::default());
        assert_eq!((doings.driven_metres, doings.is_right()), (13_000, true));
        let more = Told { trip_metres: 17_000, ..told };
        assert!(!Doings::compare(&more, Some(span(8, 10)), Some(&truth), Size::default()).is_right());
    }
}
