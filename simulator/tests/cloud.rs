//! The faults on the way from a car to the webhook, in virtual time and without a network.
#![expect(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use simulator::cloud::{Cloud, Event, EventKind, Faults, Flaw, Outage, SENTINEL, Step};
use simulator::wire::{Body, ErrorKind, ErrorState, Outcome, names};

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_000_000, 0).unwrap()
}

fn cloud(cars: usize, days: i64) -> Cloud {
    Cloud::new(11, cars, &names::EVERYTHING, start(), Some(start() + Duration::days(days)))
}

#[derive(Debug, Default, PartialEq)]
struct Seen {
    /// With the moment at which it was sent.
    sent: Vec<(DateTime<Utc>, Arc<Event>)>,
    lost: Vec<Arc<Event>>,
}

/// Runs the cloud until it has nothing more to do; `faults` may change with time.
fn run(mut cloud: Cloud, mut faults: impl FnMut(DateTime<Utc>) -> Faults) -> Seen {
    let mut seen = Seen::default();
    while let Some(at) = cloud.next_at() {
        let faults = faults(at);
        cloud.notice(at, &faults);
        match cloud.step(&faults) {
            Step::Silence => {}
            Step::Send(event) => seen.sent.push((at, event)),
            Step::Lose(event) => seen.lost.push(event),
        }
    }
    seen
}

fn ids(events: &[(DateTime<Utc>, Arc<Event>)]) -> Vec<String> {
    events.iter().map(|(_, event)| event.event_id.to_string()).collect()
}

/// The odometer of an event, with what is wrong with it.
fn odometer(event: &Event) -> Option<(f64, Option<Flaw>)> {
    let EventKind::State { signals, odometer_flaw, .. } = &event.kind else {
        return None;
    };
    let signal = signals.iter().find(|signal| signal.name == names::ODOMETER)?;
    match &signal.outcome {
        Outcome::Success { body: Body::Measured { value, .. }, .. } => Some((value.as_f64(), *odometer_flaw)),
        _ => None,
    }
}

fn error_states(seen: &Seen, kind: ErrorKind) -> Vec<ErrorState> {
    let errors = seen.sent.iter().filter_map(|(_, event)| match &event.kind {
        EventKind::Error { errors } => Some(errors),
        EventKind::State { .. } => None,
    });
    errors.flatten().filter(|error| error.kind == kind).map(|error| error.state).collect()
}

#[test]
fn without_faults_events_are_sent_once_and_in_order() {
    let seen = run(cloud(6, 10), |_| Faults::none());
    assert!(seen.lost.is_empty());
    assert!(seen.sent.windows(2).all(|two| two[0].1.at <= two[1].1.at));
    assert_eq!(ids(&seen.sent).into_iter().collect::<BTreeSet<_>>().len(), seen.sent.len());
    assert!(seen.sent.iter().all(|(at, event)| *at == event.at));
}

#[test]
fn the_same_seed_has_the_same_events_and_the_same_faults() {
    let faults = || Faults {
        duplicates: 0.2,
        shuffle: Duration::minutes(10),
        lost: 0.1,
        failed_signals: 0.1,
        vehicle_errors: 0.05,
        odometer_zero: 0.02,
        ..Faults::none()
    };
    let seen = run(cloud(6, 10), |_| faults());
    assert_eq!(seen, run(cloud(6, 10), |_| faults()));
    // The bodies, too: ids, times, numbers.
    let bodies = |seen: &Seen| -> Vec<Vec<u8>> {
        seen.sent.iter().map(|(at, event)| event.body(uuid::Uuid::nil(), *at)).collect()
    };
    assert!(bodies(&seen) == bodies(&run(cloud(6, 10), |_| faults())));
}

#[test]
fn one_kind_of_fault_does_not_move_the_others() {
    let calm = run(cloud(6, 10), |_| Faults { lost: 0.2, ..Faults::none() });
    let wild =
        run(cloud(6, 10), |_| Faults { lost: 0.2, failed_signals: 0.5, noise_errors: 0.3, ..Faults::none() });
    let lost = |seen: &Seen| seen.lost.iter().map(|event| event.event_id).collect::<Vec<_>>();
    assert_eq!(lost(&calm), lost(&wild));
}

#[test]
fn a_duplicate_has_the_same_event_id() {
    let once = run(cloud(4, 5), |_| Faults::none());
    let seen = run(cloud(4, 5), |_| Faults { duplicates: 1.0, ..Faults::none() });
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for id in ids(&seen.sent) {
        *times.entry(id).or_default() += 1;
    }
    assert_eq!(times.len(), once.sent.len());
    assert!(times.values().all(|times| *times == 2));
}

#[test]
fn a_shuffle_changes_places_within_its_window_and_loses_nothing() {
    let window = Duration::minutes(30);
    let calm = run(cloud(6, 10), |_| Faults::none());
    let seen = run(cloud(6, 10), |_| Faults { shuffle: window, ..Faults::none() });
    assert!(seen.sent.windows(2).any(|two| two[0].1.at > two[1].1.at));
    assert!(seen.sent.iter().all(|(at, event)| *at >= event.at && *at - event.at <= window));
    let sorted = |seen: &Seen| ids(&seen.sent).into_iter().collect::<BTreeSet<_>>();
    assert_eq!(sorted(&calm), sorted(&seen));
}

#[test]
fn a_delayed_event_comes_hours_or_days_late() {
    let delay = Duration::hours(40);
    let seen = run(cloud(6, 10), |_| Faults { delayed: 0.3, delay, ..Faults::none() });
    let late: Vec<_> =
        seen.sent.iter().map(|(at, event)| *at - event.at).filter(|late| !late.is_zero()).collect();
    assert!(late.len() > seen.sent.len() / 5);
    assert!(late.iter().all(|late| (Duration::hours(4)..=delay).contains(late)));
}

#[test]
fn a_lost_event_is_never_sent() {
    let seen = run(cloud(6, 10), |_| Faults { lost: 0.3, ..Faults::none() });
    let sent: BTreeSet<_> = ids(&seen.sent).into_iter().collect();
    assert!(!seen.lost.is_empty());
    assert!(seen.lost.iter().all(|event| !sent.contains(&event.event_id.to_string())));
}

#[test]
fn an_outage_holds_or_loses_what_comes_up_meanwhile() {
    let (from, until) = (start() + Duration::days(2), start() + Duration::days(4));
    let outage = |kind| {
        move |at: DateTime<Utc>| Faults {
            outage: if from <= at && at < until { kind } else { Outage::None },
            ..Faults::none()
        }
    };
    let calm = run(cloud(6, 10), outage(Outage::None));
    let during = |event: &Event| from <= event.at && event.at < until;
    let missed = calm.sent.iter().filter(|(_, event)| during(event)).count();

    let held = run(cloud(6, 10), outage(Outage::Hold));
    assert!(held.sent.iter().all(|(at, _)| !(from <= *at && *at < until) || *at <= until));
    assert_eq!(held.sent.len(), calm.sent.len());

    let lost = run(cloud(6, 10), outage(Outage::Lose));
    assert_eq!((lost.lost.len(), lost.sent.len()), (missed, calm.sent.len() - missed));
}

#[test]
fn a_car_without_connection_is_silent_and_the_others_are_not() {
    let offline = cloud(3, 5).fleet().next().unwrap().smartcar_vehicle_id.clone();
    let seen = run(cloud(3, 5), |_| Faults { offline: BTreeSet::from([offline.clone()]), ..Faults::none() });
    let heard: BTreeSet<_> = seen.sent.iter().map(|(_, event)| event.number).collect();
    assert_eq!(heard, BTreeSet::from([1, 2]));
}

#[test]
fn a_broken_odometer_says_so_in_the_ledger_only() {
    for (faults, flaw) in [
        (Faults { odometer_zero: 0.5, ..Faults::none() }, Flaw::Zero),
        (Faults { odometer_sentinel: 0.5, ..Faults::none() }, Flaw::Sentinel),
        (Faults { unit_flip: 0.5, ..Faults::none() }, Flaw::UnitFlip),
    ] {
        let seen = run(cloud(4, 5), |_| faults.clone());
        let told: Vec<_> = seen.sent.iter().filter_map(|(_, event)| odometer(event)).collect();
        let (wrong, right): (Vec<_>, Vec<_>) = told.into_iter().partition(|(_, said)| said.is_some());
        assert!(!wrong.is_empty() && !right.is_empty());
        for (value, said) in wrong {
            assert_eq!(said, Some(flaw));
            match flaw {
                Flaw::Zero => assert!(value == 0.0),
                Flaw::Sentinel => assert!((value - 429_496_729.0).abs() < 0.5 && SENTINEL == 429_496_729),
                Flaw::UnitFlip => assert!(value > 1_000.0),
            }
        }
    }
}

#[test]
fn failed_signals_have_an_error_and_sometimes_an_old_body() {
    let seen = run(cloud(4, 5), |_| Faults { failed_signals: 0.4, ..Faults::none() });
    let failed: Vec<_> = seen
        .sent
        .iter()
        .filter_map(|(_, event)| match &event.kind {
            EventKind::State { signals, .. } => signals.iter().find(|signal| signal.name == names::ODOMETER),
            EventKind::Error { .. } => None,
        })
        .filter_map(|signal| match &signal.outcome {
            Outcome::Failed { last, .. } => Some(last.is_some()),
            Outcome::Success { .. } => None,
        })
        .collect();
    assert!(failed.contains(&true) && failed.contains(&false));
}

#[test]
fn an_error_that_people_switch_on_is_raised_once_and_resolved_once() {
    let id = cloud(3, 10).fleet().next().unwrap().smartcar_vehicle_id.clone();
    let (from, until) = (start() + Duration::days(2), start() + Duration::days(4));
    let seen = run(cloud(3, 10), |at| {
        let broken = from <= at && at < until;
        let broken = broken.then(|| (id.clone(), ErrorKind::AuthenticationFailed)).into_iter().collect();
        Faults { broken, ..Faults::none() }
    });
    let states = error_states(&seen, ErrorKind::AuthenticationFailed);
    assert_eq!(states, [ErrorState::Raised, ErrorState::Resolved]);
}

#[test]
fn errors_by_chance_resolve_themselves_within_half_a_day() {
    let seen = run(cloud(4, 10), |_| Faults { vehicle_errors: 0.05, noise_errors: 0.1, ..Faults::none() });
    for kind in [ErrorKind::Unreachable, ErrorKind::AuthenticationFailed] {
        let states = error_states(&seen, kind);
        let resolved = states.iter().filter(|state| **state == ErrorState::Resolved).count();
        assert!(resolved > 0 && resolved * 2 == states.len(), "{kind:?}: {states:?}");
    }
    assert!(!error_states(&seen, ErrorKind::PermissionMissing).is_empty());
}

#[test]
fn nothing_is_reported_after_the_end() {
    let seen = run(cloud(6, 5), |_| Faults::none());
    let end = start() + Duration::days(5) + Duration::seconds(5);
    assert!(seen.sent.iter().all(|(_, event)| event.at <= end));
}
