//! What holds of every cost, whatever the tariff and whatever the session.

use chrono::{DateTime, TimeDelta, Utc};
use domain::charging::{ChargingSession, Energy, EnergySource, Piece, Segment};
use domain::fact::RowId;
use domain::reading::Milli;
use domain::setup::{Currency, Setup};
use domain::tariff::{
    EnergyPrice, Meter, Micros, MinuteOfDay, MinutePrice, Minutes, Parts, Tariff, Weekdays, When, cost,
};
use domain::within::Within;
use proptest::prelude::*;
use proptest::sample::select;

use crate::story::{moment, session};

fn a_when() -> impl Strategy<Value = When> {
    let times = select(vec!["00:00", "06:00", "13:20", "22:00", "23:59"]);
    (times.clone(), times, any::<[bool; 7]>(), any::<bool>()).prop_map(|(from, to, days, by_day)| When {
        from: MinuteOfDay::parse(from).unwrap(),
        to: MinuteOfDay::parse(to).unwrap(),
        weekdays: if by_day { Weekdays(days) } else { Weekdays::default() },
        ..When::ALWAYS
    })
}

fn an_energy_price() -> impl Strategy<Value = EnergyPrice> {
    (-100_000_i64..900_000, a_when(), prop_oneof![Just(0), 0_i64..60_000]).prop_map(|(price, when, above)| {
        EnergyPrice { per_kwh: Micros(price), when, above_kwh: Milli(above) }
    })
}

fn a_minute_price() -> impl Strategy<Value = MinutePrice> {
    let of = select(vec![Minutes::Connected, Minutes::Charging, Minutes::Idle]);
    let cap = proptest::option::of(0_i64..20_000_000);
    (0_i64..200_000, of, 0_u16..300, cap, a_when()).prop_map(|(price, of, after_minutes, cap, when)| {
        MinutePrice { per_minute: Micros(price), of, after_minutes, cap: cap.map(Micros), when }
    })
}

fn some_parts() -> impl Strategy<Value = Parts> {
    let energy = proptest::collection::vec(an_energy_price(), 0..5);
    let minutes = proptest::collection::vec(a_minute_price(), 0..3);
    let fee = || proptest::option::of(0_i64..3_000_000);
    (energy, minutes, fee(), fee(), select(vec![0_i64, 5_000]), any::<bool>()).prop_map(
        |(energy, minutes, session_fee, parking, free, at_battery)| Parts {
            energy,
            minutes,
            session_fee: session_fee.map(Micros),
            parking: parking.map(Micros),
            free_kwh: Milli(free),
            meter: if at_battery { Meter::Battery } else { Meter::Grid },
        },
    )
}

/// One or two versions, the second from some time on that may lie within the session.
fn some_tariffs() -> impl Strategy<Value = Setup> {
    let zone =
        select(vec![chrono_tz::Europe::Berlin, chrono_tz::Australia::Lord_Howe, chrono_tz::Asia::Kathmandu]);
    (zone, some_parts(), proptest::option::of((some_parts(), 0_i64..3_000))).prop_map(
        |(zone, first, second)| {
            let change =
                second.as_ref().map(|(_, minutes)| moment("2026-10-24") + TimeDelta::minutes(*minutes));
            let version = |number, from, to, parts| Tariff {
                version: RowId(number),
                tariff: RowId(1),
                name: "any".to_owned(),
                network: None,
                is_default: true,
                fences: Vec::new(),
                valid_from: from,
                valid_to: to,
                currency: Currency::parse("EUR").unwrap(),
                zone,
                parts,
            };
            let mut tariffs = vec![version(1, moment("2026-01-01"), change, first)];
            if let (Some((parts, _)), Some(change)) = (second, change) {
                tariffs.push(version(2, change, None, parts));
            }
            Setup { tariffs, ..Setup::default() }
        },
    )
}

/// Around the night in which Europe's clocks go back: pieces of some minutes each, with pauses; grid and battery differ.
fn a_session() -> impl Strategy<Value = ChargingSession> {
    let pieces = proptest::collection::vec((0_i64..200, 1_i64..300, 0_i64..20_000), 1..6);
    let unknown = || 0_i64..90;
    let energy = (0_i64..3_000, any::<bool>(), proptest::option::of(2_000_i64..50_000));
    (0_i64..1_500, pieces, (unknown(), unknown(), unknown()), energy).prop_map(
        |(begin, pieces, (before, after, stay), (plus_minus, inferred, peak))| {
            let first = moment("2026-10-24") + TimeDelta::minutes(begin);
            let (mut at, mut flow) = (first, Vec::new());
            for (pause, minutes, wh) in pieces {
                let from = at + TimeDelta::minutes(pause);
                at = from + TimeDelta::minutes(minutes);
                flow.push(Piece { from, to: at, wh });
            }
            let minutes = TimeDelta::minutes;
            let start = Within { after: first - minutes(before), by: first };
            let end = Within { after: at, by: at + minutes(after + stay) };
            let mut told = session(start, Some(end));
            told.segments = segments(&flow, after);
            let wh = flow.iter().map(|piece| piece.wh).sum();
            let energy = |wh| Energy { wh, plus_minus_wh: plus_minus, source: EnergySource::Counter };
            told.energy = Some(energy(wh));
            told.grid = Some(energy(wh * 10 / 9));
            (told.flow, told.inferred, told.peak) = (flow, inferred, peak);
            told
        },
    )
}

fn segments(flow: &[Piece], late: i64) -> Vec<Segment> {
    let last = flow.iter().map(|piece| piece.to).max();
    let by = |to: DateTime<Utc>| if Some(to) == last { to + TimeDelta::minutes(late) } else { to };
    let segment = |piece: &Piece| Segment {
        start: Within::exactly(piece.from),
        end: Some(Within { after: piece.to, by: by(piece.to) }),
        start_level: None,
        end_level: None,
        wh: Some(piece.wh),
    };
    flow.iter().map(segment).collect()
}

proptest! {
    #[test]
    fn a_cost_lies_between_its_bounds(setup in some_tariffs(), session in a_session()) {
        if let Some(cost) = cost(&session, &setup) {
            prop_assert!(cost.low <= cost.expected && cost.expected <= cost.high, "{cost:?}");
            prop_assert!(cost.priced_share <= 1000, "{cost:?}");
        }
    }

    #[test]
    fn the_lines_add_up_to_the_cost(setup in some_tariffs(), session in a_session()) {
        if let Some(cost) = cost(&session, &setup) {
            let sum: i64 = cost.lines.iter().map(|line| line.amount.0).sum();
            prop_assert_eq!(sum, cost.expected.0, "{:?}", cost);
            prop_assert!(cost.lines.iter().all(|line| line.from <= line.to), "{cost:?}");
        }
    }

    #[test]
    fn how_a_flow_is_cut_into_pieces_does_not_matter(
        setup in some_tariffs(), session in a_session(), number in any::<proptest::sample::Index>(), share in 1_i64..10,
    ) {
        let mut cut = session.clone();
        let piece = cut.flow.remove(number.index(cut.flow.len()));
        // Where the cut gives whole watt hours, nothing is rounded.
        let whole = Piece { wh: piece.wh / 10 * 10, ..piece };
        let at = whole.from + (whole.to - whole.from) * i32::try_from(share).unwrap() / 10;
        let mut uncut = cut.clone();
        uncut.flow.push(whole);
        cut.flow.push(Piece { to: at, wh: whole.wh / 10 * share, ..whole });
        cut.flow.push(Piece { from: at, wh: whole.wh - whole.wh / 10 * share, ..whole });
        for session in [&mut uncut, &mut cut] {
            session.flow.sort_by_key(|piece| piece.from);
        }
        match (cost(&uncut, &setup), cost(&cut, &setup)) {
            (Some(one), Some(other)) => {
                let difference = (one.expected.0 - other.expected.0).abs();
                prop_assert!(difference <= 200, "{one:?}\n{other:?}");
                prop_assert!(one.priced_share.abs_diff(other.priced_share) <= 1);
            }
            (one, other) => prop_assert_eq!(one, other),
        }
    }

    #[test]
    fn where_everything_is_free_the_cost_is_zero_and_known(mut setup in some_tariffs(), session in a_session()) {
        for tariff in &mut setup.tariffs {
            tariff.parts = Parts::free();
        }
        let cost = cost(&session, &setup).unwrap();
        prop_assert_eq!((cost.low, cost.expected, cost.high), (Micros::ZERO, Micros::ZERO, Micros::ZERO));
        prop_assert_eq!(cost.priced_share, 1000);
    }

    #[test]
    fn at_one_price_all_energy_is_paid_once(price in 1_i64..1_000_000, mut setup in some_tariffs(), session in a_session()) {
        for tariff in &mut setup.tariffs {
            tariff.parts = Parts::per_kwh(Micros(price));
        }
        let cost = cost(&session, &setup).unwrap();
        let paid = Micros(price).times(session.grid.unwrap().wh, 1000);
        // Each slot may round a thousandth of a watt hour away.
        prop_assert!((cost.expected.0 - paid.0).abs() <= 1 + price / 1_000, "{cost:?}");
        prop_assert_eq!(cost.priced_share, 1000);
    }

    #[test]
    fn what_is_read_back_from_json_is_the_same(parts in some_parts()) {
        let json = serde_json::to_string(&parts).unwrap();
        prop_assert_eq!(serde_json::from_str::<Parts>(&json).unwrap(), parts, "{}", json);
    }
}
