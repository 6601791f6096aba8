//! Files as other programs write them, and what becomes of each line.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use chrono::{DateTime, Utc};
use chrono_tz::Europe::Berlin;
use domain::setup::Currency;
use exchange::moment::Order;
use exchange::options::{Options, Program};
use exchange::read::{Unreadable, read};
use exchange::record::Kind;
use exchange::row::Field;
use exchange::units::{Length, Volume};
use exchange::write::{Book, fields};

fn now() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn in_euro(program: Program) -> Options {
    Options { currency: Currency::parse("EUR").ok(), zone: Berlin, ..Options::of(program) }
}

/// Each line with what is known of it, then the lines that are impossible.
fn told(file: &str, options: &Options) -> Vec<String> {
    let import = read(file.as_bytes(), options, now()).unwrap();
    let lines = import.lines.iter().map(|line| {
        let kind = line.record.kind();
        let all = fields(&line.record, &serde_json::json!({}));
        let known = Book::Entries(kind).columns().iter().filter_map(|name| {
            let value = all.get(*name).filter(|value| !value.is_null())?;
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Some(format!("{name}={value}"))
        });
        format!("{} {}: {}", line.number, kind.name(), known.collect::<Vec<_>>().join(" "))
    });
    let impossible = import.impossible.iter().map(|line| format!("{}! {}", line.number, line.complaint));
    lines.chain(impossible).collect()
}

fn check(file: &str, options: &Options, expected: &[&str]) {
    assert_eq!(told(file, options), expected);
}

#[test]
fn fuelio_brings_fill_ups_and_costs_in_the_units_of_its_vehicle() {
    check(
        include_str!("../fixtures/fuelio.csv"),
        &in_euro(Program::Fuelio),
        &[
            "6 fuel-entries: filledAt=2026-03-04T16:05:00Z litres=41.37 odometerKm=61234 fullTank=true \
             missedPrevious=false pricePerLitre=1.879 totalCost=77.73 currency=EUR notes=highway, full load",
            "7 fuel-entries: filledAt=2026-02-20T07:40:00Z litres=20 odometerKm=60550 fullTank=false \
             missedPrevious=true",
            "16 expenses: occurredAt=2026-01-15T09:00:00Z category=service amount=189.9 currency=EUR \
             odometerKm=59000 notes=Oil change: 5W-30",
            "17 expenses: occurredAt=2026-01-16T09:00:00Z category=insurance amount=-25 currency=EUR notes=Bonus",
            "8! \"2026-02-30 08:40\" in the column Data is no moment: say in which order or form the file writes them",
            "9! \"0.0\" in the column Fuel (litres) cannot be right: a fill-up has more than 0 litres",
        ],
    );
}

#[test]
fn fuelio_in_miles_and_gallons_becomes_kilometres_and_litres() {
    let file = include_str!("../fixtures/fuelio.csv")
        .replace("\"Berta\",\"\",\"0\",\"0\"", "\"Berta\",\"\",\"1\",\"1\"")
        .replace("Odo (km)", "Odo (mi)")
        .replace("Fuel (litres)", "Fuel (us_gallons)");
    let lines = told(&file, &in_euro(Program::Fuelio));
    assert!(lines[0].contains("litres=156.602 odometerKm=98546.57 "), "{}", lines[0]);
    assert!(lines[0].contains("pricePerLitre=0.496379 totalCost=77.73"), "{}", lines[0]);
    assert!(
        lines[2].contains("odometerKm=94951.296"),
        "the costs have the vehicle's units too: {}",
        lines[2]
    );
}

#[test]
fn without_a_currency_amounts_are_refused_and_the_rest_is_taken() {
    let options = Options { currency: None, ..in_euro(Program::Fuelio) };
    let lines = told(include_str!("../fixtures/fuelio.csv"), &options);
    assert!(lines[0].starts_with("7 fuel-entries"), "{lines:?}");
    assert!(lines.contains(&"6! there is an amount and no currency: say which one, such as EUR".to_owned()));
}

#[test]
fn lubelogger_says_no_units_so_a_person_has_to() {
    let fuel = "Date,Odometer,FuelConsumed,Cost,FuelEconomy,IsFillToFull,MissedFuelUp,Notes,Tags\n\
                2/6/2026,71700,10.5,42.00,0,True,False,,road trip\n\
                2/20/2026,0,12,48.12,28.57,False,True,\"rain, wind\",\n";
    let unsaid = in_euro(Program::LubeLogger);
    assert_eq!(read(fuel.as_bytes(), &unsaid, now()), Err(Unreadable::UnknownLength));
    let metric = Options { length: Some(Length::Kilometres), ..unsaid.clone() };
    assert_eq!(read(fuel.as_bytes(), &metric, now()), Err(Unreadable::UnknownVolume));
    let american = Options { length: Some(Length::Miles), volume: Some(Volume::UsGallons), ..unsaid };
    check(
        fuel,
        &american,
        &[
            "2 fuel-entries: filledAt=2026-02-06T11:00:00Z litres=39.747 odometerKm=115389.965 fullTank=true \
             missedPrevious=false totalCost=42 currency=EUR",
            "3 fuel-entries: filledAt=2026-02-20T11:00:00Z litres=45.425 fullTank=false missedPrevious=true \
             totalCost=48.12 currency=EUR notes=rain, wind",
        ],
    );
}

#[test]
fn lubelogger_brings_odometers_and_services_too() {
    let metric = Options { length: Some(Length::Kilometres), ..in_euro(Program::LubeLogger) };
    check(
        "Date,InitialOdometer,Odometer,Notes,Tags\n04.03.2026,61000,61234,,\n",
        &metric,
        &["2 meter-entries: entryDate=2026-03-04T11:00:00Z odometerKm=61234"],
    );
    let services = Options { category: Some("service".to_owned()), ..metric };
    check(
        "Date,Description,Cost,Notes,Odometer,Tags\n\
         9/14/2026,Oil change,\"$1,234.56\",\"Synthetic, 5 qt\",71000,oil\n\
         9/15/2026,Wiper,\"$8.00\",,71010,\n",
        &services,
        &[
            "2 expenses: occurredAt=2026-09-14T10:00:00Z category=service amount=1234.56 currency=EUR \
             odometerKm=71000 notes=Oil change: Synthetic, 5 qt",
            "3 expenses: occurredAt=2026-09-15T10:00:00Z category=service amount=8 currency=EUR \
             odometerKm=71010 notes=Wiper",
        ],
    );
}

#[test]
fn teslamate_brings_charges_and_drives() {
    let teslamate = Options { zone: chrono_tz::UTC, ..in_euro(Program::TeslaMate) };
    check(
        "id,start_date,end_date,charge_energy_added,charge_energy_used,start_battery_level,end_battery_level,\
         duration_min,outside_temp_avg,cost,car_id\n\
         7,2026-03-04 18:00:01.123,2026-03-04 22:30:00,31.25,34.10,41,82,270,6.5,9.89,1\n\
         8,2026-03-06 18:00:00,,5.5,,41,,270,6.5,,1\n",
        &teslamate,
        &[
            "2 charging-sessions: startedAfter=2026-03-04T18:00:01.123Z startedAt=2026-03-04T18:00:01.123Z \
             endedAfter=2026-03-04T22:30:00Z endedAt=2026-03-04T22:30:00Z startSoc=41 endSoc=82 energyKwh=31.25 \
             gridKwh=34.1 cost=9.89 currency=EUR",
            "3 charging-sessions: startedAfter=2026-03-06T18:00:00Z startedAt=2026-03-06T18:00:00Z \
             endedAfter=2026-03-06T22:30:00Z endedAt=2026-03-06T22:30:00Z startSoc=41 energyKwh=5.5",
        ],
    );
    check(
        "start_date,end_date,start_km,end_km,distance,duration_min\n\
         2026-03-04 08:00:00,2026-03-04 08:31:00,61200.1,61234.6,34.5,31\n\
         2026-03-04 09:00:00,2026-03-04 08:31:00,61200.1,61234.6,34.5,31\n\
         2026-03-04 10:00:00,2026-03-04 10:31:00,61234.6,61200.1,34.5,31\n",
        &teslamate,
        &[
            "2 trips: startedAfter=2026-03-04T08:00:00Z startedAt=2026-03-04T08:00:00Z \
             endedAfter=2026-03-04T08:31:00Z endedAt=2026-03-04T08:31:00Z distanceKm=34.5 \
             odometerBeforeKm=61200.1 odometerAfterKm=61234.6",
            "3! it ends before it begins",
            "4! the odometer is lower after the trip than before it",
        ],
    );
    let miles = told("start_date,end_date,distance_mi\n2026-03-04 08:00,2026-03-04 09:00,10\n", &teslamate);
    assert!(miles[0].contains("distanceKm=16.093"), "{miles:?}");
}

#[test]
fn any_table_is_read_when_its_columns_are_named() {
    let table = Options {
        columns: vec![
            (Field::At, "Datum".to_owned()),
            (Field::Litres, "Menge".to_owned()),
            (Field::Odometer, "Stand".to_owned()),
            (Field::Cost, "Betrag".to_owned()),
        ],
        length: Some(Length::Kilometres),
        volume: Some(Volume::Litres),
        order: Order::parse("dmy"),
        ..in_euro(Program::Table)
    };
    let file = "Datum;Menge;Stand;Betrag;Voll\n\
                04/03/2026;41,37;61.234;77,73 €;ja\n\
                05/03/2026;;61.300;10;\n\
                06/03/2026;viel;61.400;10;\n\
                07/03/2026;1,5;61.500;10;;noch was\n";
    check(
        file,
        &table,
        &[
            "2 fuel-entries: filledAt=2026-03-04T11:00:00Z litres=41.37 odometerKm=61234 totalCost=77.73 \
             currency=EUR",
            "3! there is nothing in the column Menge: fill it in, or take the line out",
            "4! \"viel\" in the column Menge is no number",
            "5! the line has 6 cells and the headings are 5: a delimiter in a text, perhaps, that is not in quotes",
        ],
    );
    let wrong = Options { columns: vec![(Field::At, "Tag".to_owned())], ..table };
    assert_eq!(read(file.as_bytes(), &wrong, now()), Err(Unreadable::NoSuchColumn("Tag".to_owned())));
}

#[test]
fn what_may_mean_two_things_is_refused_until_a_person_says_which() {
    let table = |order| Options { order, ..in_euro(Program::Table) };
    let file = "date,odometer km\n3/4/2026,\"1,234\"\n";
    check(
        file,
        &table(Order::parse("mdy")),
        &["2! \"1,234\" in the column odometer km may be two numbers: say which decimal mark the file uses"],
    );
    let said = Options { mark: Some(exchange::decimal::Mark::Point), ..table(None) };
    check(
        file,
        &said,
        &["2! \"3/4/2026\" in the column date may be two days: say whether the day or the month comes first"],
    );
    let both = Options { order: Order::parse("mdy"), ..said };
    check(file, &both, &["2 meter-entries: entryDate=2026-03-04T11:00:00Z odometerKm=1234"]);
}

#[test]
fn what_cannot_be_right_is_refused() {
    let table = in_euro(Program::Table);
    check(
        "date,odometer km\n2027-01-01,5\n1850-01-01,5\n2026-01-01,10000000\n2026-01-01,-5\n,5\n2026-01-01,\n",
        &table,
        &[
            "2! \"2027-01-01\" in the column date cannot be right: it is in the future",
            "3! \"1850-01-01\" in the column date cannot be right: there were no cars then",
            "4! \"10000000\" in the column odometer km cannot be right: an odometer shows 0 to 9 999 999 km",
            "5! \"-5\" in the column odometer km cannot be right: an odometer shows 0 to 9 999 999 km",
            "6! there is nothing in the column date: fill it in, or take the line out",
            "7! there is nothing in the column odometer km: fill it in, or take the line out",
        ],
    );
}

#[test]
fn files_that_are_something_else_are_refused_whole() {
    let of = |program, file: &str| read(file.as_bytes(), &in_euro(program), now());
    assert!(matches!(of(Program::Fuelio, "Date,Odometer\n"), Err(Unreadable::NotOfProgram(..))));
    assert!(matches!(of(Program::Table, "a,b\n1,2\n"), Err(Unreadable::UnknownKind(_))));
    assert_eq!(of(Program::Table, ""), Err(Unreadable::Empty));
    assert_eq!(of(Program::Table, "PK\u{3}\u{4}\0"), Err(Unreadable::NotText));
    let meter = Options { kind: Some(Kind::MeterEntries), ..in_euro(Program::Table) };
    check("when\nx\n", &meter, &["2! the file has no column for at: say which one it is"]);
}
