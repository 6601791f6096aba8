//! The driver's log as CSV that spreadsheets open without harm, by the person's clock.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use exchange::write::{csv_heading, csv_line, guarded};

use super::{LogGap, LogLine, LogPlace, LogTrip};

const COLUMNS: [&str; 12] = [
    "kind",
    "date",
    "start",
    "end",
    "from",
    "to",
    "odometerStartKm",
    "odometerEndKm",
    "distanceKm",
    "purpose",
    "notes",
    "source",
];

pub(super) fn csv(lines: &[LogLine], zone: Tz) -> Vec<u8> {
    let mut paper = csv_heading(&COLUMNS);
    for line in lines {
        let cells = match line {
            LogLine::Trip(trip) => of_trip(trip, zone),
            LogLine::Gap(gap) => of_gap(gap, zone),
        };
        paper.extend(csv_line(cells.into_iter()));
    }
    paper
}

fn of_trip(trip: &LogTrip, zone: Tz) -> [String; 12] {
    let text = |text: Option<&String>| text.map(|text| guarded(text)).unwrap_or_default();
    [
        if trip.is_movement { "movement" } else { "trip" }.to_owned(),
        local(trip.started_at, zone, "%Y-%m-%d"),
        local(trip.started_at, zone, "%Y-%m-%d %H:%M"),
        trip.ended_at.map(|at| local(at, zone, "%Y-%m-%d %H:%M")).unwrap_or_default(),
        place(trip.from.as_ref()),
        place(trip.to.as_ref()),
        km(trip.odometer_before_km),
        km(trip.odometer_after_km),
        km(Some(trip.distance_km)),
        text(trip.purpose.as_ref()),
        text(trip.notes.as_ref()),
        guarded(&trip.source),
    ]
}

fn of_gap(gap: &LogGap, zone: Tz) -> [String; 12] {
    let empty = String::new;
    [
        "gap".to_owned(),
        local(gap.from, zone, "%Y-%m-%d"),
        local(gap.from, zone, "%Y-%m-%d %H:%M"),
        local(gap.to, zone, "%Y-%m-%d %H:%M"),
        empty(),
        empty(),
        km(Some(gap.odometer_before_km)),
        km(Some(gap.odometer_after_km)),
        km(Some(gap.distance_km)),
        empty(),
        "no trip tells of this distance".to_owned(),
        empty(),
    ]
}

fn local(at: DateTime<Utc>, zone: Tz, form: &str) -> String {
    at.with_timezone(&zone).format(form).to_string()
}

fn km(km: Option<f64>) -> String {
    km.map(|km| km.to_string()).unwrap_or_default()
}

/// Its name, or where it is: within some meters.
fn place(place: Option<&LogPlace>) -> String {
    match place {
        Some(LogPlace { name: Some(name), .. }) => guarded(name),
        Some(LogPlace { name: None, latitude: Some(latitude), longitude: Some(longitude) }) => {
            guarded(&format!("{latitude:.4} {longitude:.4}"))
        }
        Some(_) | None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_line_is_told_by_the_persons_clock_and_harms_no_spreadsheet() {
        let trip = LogTrip {
            id: Uuid::nil(),
            started_after: "2026-03-28T22:30:00Z".parse().unwrap(),
            started_at: "2026-03-28T23:30:00Z".parse().unwrap(),
            ended_at: Some("2026-03-29T01:10:00Z".parse().unwrap()),
            odometer_before_km: Some(100.0),
            odometer_after_km: Some(112.5),
            distance_km: 12.5,
            is_movement: false,
            from: LogPlace::of(Some("=HYPERLINK(1)".to_owned()), None, None),
            to: LogPlace::of(None, Some(-33.912_345), Some(18.4)),
            purpose: Some("business".to_owned()),
            notes: Some("client, \"north\"".to_owned()),
            source: "manual".to_owned(),
        };
        let paper = String::from_utf8(csv(&[LogLine::Trip(Box::new(trip))], Tz::Europe__Berlin)).unwrap();
        assert_eq!(
            paper.lines().nth(1).unwrap(),
            "trip,2026-03-29,2026-03-29 00:30,2026-03-29 03:10,'=HYPERLINK(1),'-33.9123 18.4000,100,112.5,12.5,business,\
             \"client, \"\"north\"\"\",manual"
        );
    }
}
