//! Where each vehicle's fold begins, and what it needs: decided from the head, the marks and the new readings alone.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::RULES_VERSION;
use domain::fold::Sighting;
use domain::timeline::{HORIZON, Head, Settled};
use store::book::Remembered;
use store::dirty::Mark;
use store::states::StoredHead;
use uuid::Uuid;

use super::{Fresh, Reach};

/// Why a car is marked that a newer version of this program has to fold.
pub(super) const NEWER_RULES: &str = "its state was written by newer rules";

/// One vehicle's fold: from a settled state, with the readings since.
#[derive(Debug)]
pub(super) struct Fold {
    pub vehicle: Uuid,
    pub car: Uuid,
    pub start: Settled,
    pub sightings: Vec<Sighting>,
    /// The oldest moment that made this fold necessary.
    pub earliest: DateTime<Utc>,
    pub needs: Needs,
    /// Nothing is stored of later days than the start.
    pub begins_at_head: bool,
    /// Folding goes on from the tip of this head, which is the start; only what is new is folded.
    pub goes_on: Option<Box<Head>>,
    /// What the head remembers of the book; nothing unless all is at hand.
    pub remembered: Remembered,
    /// The version of the mark that is done with when this fold is written.
    pub heeds: Option<Uuid>,
    /// The last moment of these readings, where the history goes on after it.
    pub until: Option<DateTime<Utc>>,
    /// Older readings are gone: what is written up to this moment stays.
    pub stays_until: Option<DateTime<Utc>>,
}

/// What has to be loaded before a fold can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// All is at hand: the head, its tail, and what is new.
    Nothing,
    /// The readings since the start. A marked vehicle's tail may lack readings that were stored and not folded.
    Readings,
    /// The newest state before this day, and the readings since.
    StateBefore(NaiveDate),
}

#[derive(Debug, Default)]
pub(super) struct Plan {
    pub folds: Vec<Fold>,
    /// What cannot be folded here and now, since when, and why.
    pub marks: Vec<(Uuid, DateTime<Utc>, &'static str)>,
}

impl Fold {
    pub fn day(&self) -> Option<NaiveDate> {
        match self.needs {
            Needs::Nothing | Needs::Readings => None,
            Needs::StateBefore(day) => Some(day),
        }
    }
}

impl Plan {
    pub fn new(
        fresh: Vec<Fresh>,
        mut heads: HashMap<Uuid, StoredHead>,
        dirty: &HashMap<Uuid, Mark>,
        reach: Reach,
    ) -> Self {
        let mut plan = Self::default();
        for one in fresh {
            let head = heads.remove(&one.vehicle);
            let mark = dirty.get(&one.vehicle).copied();
            let moments = one.sightings.iter().map(|seen| seen.reading.at);
            // Nothing new and no mark: somebody else has folded it meanwhile.
            if let Some(earliest) = moments.chain(mark.map(|mark| mark.since)).min() {
                plan.add(one, head, mark, earliest, reach);
            }
        }
        plan
    }

    fn add(
        &mut self,
        one: Fresh,
        head: Option<StoredHead>,
        mark: Option<Mark>,
        earliest: DateTime<Utc>,
        reach: Reach,
    ) {
        let vehicle = one.vehicle;
        let (head, remembered) = match head {
            Some(StoredHead::Current { head, remembered }) => (*head, remembered),
            // States of newer rules are not ours to overwrite: a newer worker folds this car.
            Some(StoredHead::OtherRules { rules_version }) if rules_version > RULES_VERSION => {
                self.marks.push((vehicle, earliest, NEWER_RULES));
                return;
            }
            Some(StoredHead::OtherRules { .. }) if reach == Reach::Horizon => {
                self.marks.push((vehicle, DateTime::UNIX_EPOCH, "its state was written by older rules"));
                return;
            }
            Some(StoredHead::OtherRules { .. }) | None => (Head::default(), Remembered::default()),
        };
        let newest = one.sightings.iter().map(|seen| seen.reading.at).max();
        // Only a stretch of a replay leaves a head without a tail.
        let is_amid = head.settled.until.is_some() && head.tail.is_empty();
        let is_far_behind = is_amid
            && mark
                .zip(newest)
                .is_some_and(|(mark, newest)| newest - mark.since > HORIZON && head.reaches(mark.since));
        if is_far_behind && reach == Reach::Horizon {
            // A replay is on its way through a long history, and comes by here.
            return;
        }
        let heeds = mark.map(|mark| mark.version);
        let beyond = head.settled.until.is_some_and(|until| until - earliest > HORIZON);
        if head == Head::default() {
            self.fold(one, Head::default(), earliest, Needs::Readings, heeds);
        } else if head.reaches(earliest) {
            let needs = if mark.is_some() { Needs::Readings } else { Needs::Nothing };
            self.fold(one, head, earliest, needs, heeds);
            // Nobody marked the car: what its head holds and remembers is all there is.
            if let (Needs::Nothing, Some(fold)) = (needs, self.folds.last_mut()) {
                fold.remembered = remembered;
            }
        } else if beyond && reach == Reach::Horizon {
            // What reaches into the tail is folded now, the rest by the replay.
            self.marks.push((vehicle, earliest, "something came later than the horizon"));
            self.fold(one, head, earliest, Needs::Readings, None);
        } else {
            self.fold(one, Head::default(), earliest, Needs::StateBefore(earliest.date_naive()), heeds);
        }
    }

    fn fold(&mut self, one: Fresh, head: Head, earliest: DateTime<Utc>, needs: Needs, heeds: Option<Uuid>) {
        let Fresh { vehicle, car, sightings } = one;
        let tip = head.goes_on(&sightings).filter(|_| needs == Needs::Nothing).cloned();
        let fold = if let Some(start) = tip {
            let goes_on = Some(Box::new(head));
            Fold {
                vehicle,
                car,
                start,
                sightings,
                earliest,
                needs,
                begins_at_head: true,
                goes_on,
                remembered: Remembered::default(),
                heeds,
                until: None,
                stays_until: None,
            }
        } else {
            let begins_at_head = head != Head::default();
            let Head { settled: start, tail, .. } = head;
            let sightings = [tail, sightings].concat();
            Fold {
                vehicle,
                car,
                start,
                sightings,
                earliest,
                needs,
                begins_at_head,
                goes_on: None,
                remembered: Remembered::default(),
                heeds,
                until: None,
                stays_until: None,
            }
        };
        self.folds.push(fold);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use domain::reading::{Milli, Reading, Signal, TimeQuality, Value};

    const CAR: Uuid = Uuid::from_u128(1);

    fn day(number: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000 + number)
    }

    fn sighting(at: DateTime<Utc>) -> Sighting {
        let (signal, value) = (Signal::new(Signal::ODOMETER), Value::Number(Milli(1)));
        Sighting {
            reading: Reading { at, signal, value, quality: TimeQuality::Oem, original: None },
            by_hand: false,
        }
    }

    fn stored(head: Head) -> HashMap<Uuid, StoredHead> {
        let head = StoredHead::Current { head: Box::new(head), remembered: Remembered::default() };
        HashMap::from([(CAR, head)])
    }

    /// A vehicle settled until day 100, with one reading on day 101 in its tail, and nothing known of its tip.
    fn plan(reading: Option<i64>, mark: Option<i64>, reach: Reach) -> Plan {
        let settled = Settled { until: Some(day(100)), ..Settled::default() };
        let head = Head { settled, tail: vec![sighting(day(101))], tip: None };
        let heads = stored(head);
        let marks = mark.map(|number| (CAR, Mark { since: day(number), version: Uuid::nil() }));
        let sightings = reading.map(|number| sighting(day(number))).into_iter().collect();
        let fresh = Fresh { vehicle: CAR, car: CAR, sightings };
        Plan::new(vec![fresh], heads, &marks.into_iter().collect(), reach)
    }

    #[test]
    fn what_is_new_is_folded_in_memory() {
        let plan = plan(Some(102), None, Reach::Horizon);
        assert_eq!((plan.folds[0].needs, plan.folds[0].sightings.len()), (Needs::Nothing, 2));
    }

    #[test]
    fn a_marked_vehicles_tail_is_not_trusted() {
        let plan = plan(Some(102), Some(101), Reach::Horizon);
        assert_eq!((plan.folds[0].needs, plan.folds[0].heeds), (Needs::Readings, Some(Uuid::nil())));
    }

    #[test]
    fn what_is_late_begins_before_its_day() {
        let plan = plan(Some(90), None, Reach::Horizon);
        assert_eq!(plan.folds[0].needs, Needs::StateBefore(day(90).date_naive()));
    }

    #[test]
    fn beyond_the_horizon_only_a_replay_goes_and_the_mark_stays_until_then() {
        let batch = plan(Some(10), Some(20), Reach::Horizon);
        assert_eq!((batch.marks.len(), batch.folds[0].heeds), (1, None));
        let replay = plan(None, Some(10), Reach::Everything);
        assert_eq!(replay.folds[0].needs, Needs::StateBefore(day(10).date_naive()));
        assert_eq!((replay.marks.len(), replay.folds[0].heeds), (0, Some(Uuid::nil())));
    }

    /// A vehicle of whose history a replay has folded the first stretch, up to day 100.
    fn plan_amid(reading: i64, reach: Reach) -> Plan {
        let settled = Settled { until: Some(day(100)), ..Settled::default() };
        let head = Head { settled: settled.clone(), tail: Vec::new(), tip: Some(settled) };
        let heads = stored(head);
        let marks = HashMap::from([(CAR, Mark { since: day(101), version: Uuid::nil() })]);
        let fresh = Fresh { vehicle: CAR, car: CAR, sightings: vec![sighting(day(reading))] };
        Plan::new(vec![fresh], heads, &marks, reach)
    }

    #[test]
    fn while_a_replay_is_far_behind_nothing_is_folded_but_by_it() {
        assert!(plan_amid(140, Reach::Horizon).folds.is_empty());
        assert_eq!(plan_amid(140, Reach::Everything).folds.len(), 1);
        assert_eq!(plan_amid(135, Reach::Horizon).folds.len(), 1);
    }

    #[test]
    fn a_marked_vehicle_that_no_replay_has_begun_with_is_folded_with_what_it_reports() {
        assert_eq!(plan(Some(140), Some(101), Reach::Horizon).folds.len(), 1);
        let fresh = Fresh { vehicle: CAR, car: CAR, sightings: vec![sighting(day(140))] };
        let marks = HashMap::from([(CAR, Mark { since: day(0), version: Uuid::nil() })]);
        assert_eq!(Plan::new(vec![fresh], HashMap::new(), &marks, Reach::Horizon).folds.len(), 1);
    }

    #[test]
    fn nothing_new_and_no_mark_is_nothing_to_fold() {
        assert!(plan(None, None, Reach::Everything).folds.is_empty());
    }
}
