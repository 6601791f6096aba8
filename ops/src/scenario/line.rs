//! The outcome of a case as one line of JSON.

mod row;

use domain::book::{Entry, EntryState, SuggestedIssue};
use domain::setup::Setup;
use serde::Serialize;

use row::{Dated, Doubted, Estimate, FillUp, Meter, Passing, Session, Trip};

/// What a person would find in the book: small things that are counted and not listed are left out.
#[derive(Debug, Default, Serialize)]
struct Line<'a> {
    id: &'a str,
    meter_entries: Vec<Meter>,
    fill_ups: Vec<FillUp>,
    charging_sessions: Vec<Session>,
    trips: Vec<Trip>,
    battery_estimates: Vec<Estimate>,
    geofence_events: Vec<Passing>,
    alerts: Vec<Dated>,
    quarantined: Vec<Doubted>,
}

/// The line of the case `id`, with these entries in the order of the car's time.
pub fn of<'a>(
    id: &str,
    entries: impl Iterator<Item = &'a Entry>,
    setup: &Setup,
) -> serde_json::Result<String> {
    let mut line = Line { id, ..Line::default() };
    // By their keys, which begin with a moment, the entries of a kind are in the order of the car's time.
    for entry in entries {
        match entry {
            Entry::Meter(entry) => line.meter_entries.push(row::meter(entry)),
            Entry::Quarantined(entry) => line.quarantined.push(row::doubted(entry)),
            Entry::FillUp(entry) if is_listed(entry.state) => line.fill_ups.push(row::fill_up(entry)),
            Entry::ChargingSession(entry) if is_listed(entry.state) => {
                line.charging_sessions.push(row::session(entry, setup));
            }
            Entry::Trip(entry) if is_listed(entry.state) => line.trips.push(row::trip(entry)),
            Entry::BatteryEstimate(entry) => line.battery_estimates.push(row::estimate(entry)),
            Entry::FenceEvent(entry) => line.geofence_events.push(row::passing(entry)),
            Entry::Alert(entry) => line.alerts.push(row::alert(entry)),
            Entry::FillUp(_) | Entry::ChargingSession(_) | Entry::Trip(_)
            // A question to a person, and not an entry.
            | Entry::Issue(SuggestedIssue { .. }) => {}
        }
    }
    serde_json::to_string(&line)
}

fn is_listed(state: EntryState) -> bool {
    match state {
        EntryState::Candidate | EntryState::Recorded => true,
        EntryState::Hidden => false,
    }
}
