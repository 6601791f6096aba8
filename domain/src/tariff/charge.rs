//! What of a session its cost depends on: when it was at the plug, when current flowed, and how much energy came when.

use chrono::{DateTime, TimeDelta, Utc};

use crate::charging::{ChargingSession, Energy, EnergySource, Piece};
use crate::within::Within;

/// Watts: the most that a plug with alternating current gives. Where no power was seen, energy did not come faster.
const STRONGEST_AC: i64 = 22_000;
/// A moment has to last.
const SHORTEST: TimeDelta = TimeDelta::milliseconds(1);

#[derive(Debug, Clone)]
pub(super) struct Charge {
    pub start: Within,
    pub end: Within,
    /// When current flowed.
    pub current: Vec<(Within, Within)>,
    /// What reached the battery; absent: not known.
    pub energy: Option<Energy>,
    /// What came from the grid.
    pub grid: Option<Energy>,
    /// The energy that reached the battery, over time.
    pub pieces: Vec<Piece>,
    /// Watts.
    pub strongest: i64,
    /// Nobody saw when it began and ended: the energy came some time in here.
    pub some_time_in: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// How one reckons with what is only known as an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    Low,
    Expected,
    High,
}

impl Charge {
    pub fn of(session: &ChargingSession) -> Self {
        let last_piece = session.flow.iter().map(|piece| piece.to).max();
        // Going on: so far.
        let so_far = last_piece.unwrap_or(session.start.by).max(session.evidence.until).max(session.start.by);
        let end = session.end.unwrap_or(Within::exactly(so_far));
        let segments = session.segments.iter();
        let current = segments.map(|segment| (segment.start, segment.end.unwrap_or(end))).collect();
        // A meter counts what comes from the grid.
        let metered = session.energy.filter(|energy| energy.source == EnergySource::Meter);
        let energy = session.energy.or(session.grid);
        Self {
            start: session.start,
            end,
            current,
            energy,
            grid: session.grid.or(metered),
            pieces: pieces(session, energy, end),
            strongest: session.peak.unwrap_or(STRONGEST_AC),
            some_time_in: session.inferred.then_some((session.start.after, end.by)),
        }
    }

    /// From plug to unplug.
    pub fn connected(&self, view: View) -> (DateTime<Utc>, DateTime<Utc>) {
        span(self.start, self.end, view)
    }

    /// The times of current.
    pub fn charging(&self, view: View) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        self.current.iter().map(|(start, end)| span(*start, *end, view)).collect()
    }

    /// From the last end of the current to the end; nothing where the end of the current was not seen.
    pub fn idle(&self, view: View) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        self.current.last().map(|(_, end)| span(*end, self.end, view))
    }

    /// The last moment at which it may have been.
    pub fn latest(&self) -> DateTime<Utc> {
        self.pieces.iter().map(|piece| piece.to).fold(self.end.by, DateTime::max)
    }
}

/// The shortest, the shown and the longest time from one to the other. Where they may have been the same moment, half of the
/// longest is expected, in its middle.
fn span(start: Within, end: Within, view: View) -> (DateTime<Utc>, DateTime<Utc>) {
    let (from, to) = match view {
        View::Low => (start.by, end.after),
        View::Expected if start.by <= end.after => (start.by, end.by),
        View::Expected => {
            let quarter = (end.by - start.after) / 4;
            (start.after + quarter, end.by - quarter)
        }
        View::High => (start.after, end.by),
    };
    (from, to.max(from))
}

/// The flow; without one (a person typed the session) the energy came evenly while current flowed, else while it was plugged in.
fn pieces(session: &ChargingSession, energy: Option<Energy>, end: Within) -> Vec<Piece> {
    let Some(energy) = energy.filter(|energy| energy.wh > 0) else {
        return Vec::new();
    };
    let mut pieces: Vec<Piece> = session.flow.iter().filter(|piece| piece.wh > 0).copied().collect();
    if pieces.is_empty() {
        let first = session.segments.first().map_or(session.start.by, |segment| segment.start.by);
        let last = session.segments.last().and_then(|segment| segment.end).unwrap_or(end).by;
        pieces.push(Piece { from: first, to: last, wh: energy.wh });
    }
    for piece in &mut pieces {
        piece.to = piece.to.max(piece.from + SHORTEST);
    }
    pieces
}
