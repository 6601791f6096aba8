//! Where each vehicle's fold begins, and what it needs: decided from the head, the marks and the new readings alone.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::RULES_VERSION;
use domain::fold::Sighting;
use domain::timeline::{HORIZON, Head, Onward, Settled};
use store::book::Remembered;
use store::dirty::Mark;
use store::states::StoredHead;
use uuid::Uuid;

use super::{Fresh, Reach};

/// Why a car is marked that a newer version of this program has to fold.
pub(super) const NEWER_RULES: &str = "its state was written by newer rules";

/// One vehicle's fold: from a state, with the readings since.
#[derive(Debug)]
pub(super) struct Fold {
    pub vehicle: Uuid,
    pub car: Uuid,
    pub begins: Begins,
    pub sightings: Vec<Sighting>,
    /// All readings since the beginning have to be loaded. A marked vehicle's tail may lack some that were stored and not folded.
    pub needs_readings: bool,
    /// The oldest moment that made this fold necessary.
    pub earliest: DateTime<Utc>,
    /// What the head remembers of the book; nothing unless all is at hand.
    pub remembered: Remembered,
    /// The version of the mark that is done with when this fold is written.
    pub heeds: Option<Uuid>,
    /// The last moment of these readings, where the history goes on after it.
    pub until: Option<DateTime<Utc>>,
    /// Older readings are gone: what is written up to this moment stays.
    pub stays_until: Option<DateTime<Utc>>,
}

/// Where a fold begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Begins {
    /// With the tip of the head: only what is new is folded.
    Tip(Box<Onward<()>>),
    /// With the settled state of the head, which has to be loaded: nothing is stored of later days.
    Head,
    /// With that state: it is loaded, and nothing is stored of later days.
    AtHead(Box<Settled>),
    /// With the newest state before this day, which has to be loaded.
    Before(NaiveDate),
    /// With an earlier state, which is loaded, or with none.
    At(Box<Settled>),
}

#[derive(Debug, Default)]
pub(super) struct Plan {
    pub folds: Vec<Fold>,
    /// What cannot be folded here and now, since when, and why.
    pub marks: Vec<(Uuid, DateTime<Utc>, &'static str)>,
}

impl Begins {
    pub fn nowhere() -> Self {
        Self::At(Box::default())
    }

    /// Up to when everything is folded already; `None` at the very beginning, and for what is not loaded yet.
    pub fn until(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Tip(onward) => onward.tip().until,
            Self::AtHead(settled) | Self::At(settled) => settled.until,
            Self::Head | Self::Before(_) => None,
        }
    }
}

impl Fold {
    /// With the settled state of the head. One that cannot be read is as good as none.
    pub fn begin_at_head(&mut self, settled: Option<Settled>) {
        if let Some(settled) = settled {
            self.begins = Begins::AtHead(Box::new(settled));
        } else {
            (self.begins, self.needs_readings) = (Begins::nowhere(), true);
        }
    }

    pub fn day(&self) -> Option<NaiveDate> {
        match self.begins {
            Begins::Before(day) => Some(day),
            Begins::Tip(_) | Begins::Head | Begins::AtHead(_) | Begins::At(_) => None,
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
        let (mut head, remembered) = match head {
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
        let fold = |begins, sightings, needs_readings| Fold {
            vehicle,
            car: one.car,
            begins,
            sightings,
            needs_readings,
            earliest,
            remembered: Remembered::default(),
            heeds,
            until: None,
            stays_until: None,
        };
        let fold = if head == Head::default() {
            fold(Begins::nowhere(), one.sightings, true)
        } else if head.reaches(earliest) && mark.is_none() {
            // Nobody marked the car: what its head holds and remembers is all there is.
            let (begins, sightings) = match head.onward(&one.sightings) {
                Some(onward) => (Begins::Tip(Box::new(onward)), one.sightings),
                None => (Begins::Head, [head.tail, one.sightings].concat()),
            };
            Fold { remembered, ..fold(begins, sightings, false) }
        } else if head.reaches(earliest) {
            fold(Begins::Head, Vec::new(), true)
        } else if beyond && reach == Reach::Horizon {
            // What reaches into the tail is folded now, the rest by the replay.
            self.marks.push((vehicle, earliest, "something came later than the horizon"));
            Fold { heeds: None, ..fold(Begins::Head, Vec::new(), true) }
        } else {
            fold(Begins::Before(earliest.date_naive()), Vec::new(), true)
        };
        self.folds.push(fold);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use domain::fold::VehicleState;
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

    fn stored(head: Head<()>) -> HashMap<Uuid, StoredHead> {
        let head = StoredHead::Current { head: Box::new(head), remembered: Remembered::default() };
        HashMap::from([(CAR, head)])
    }

    /// A vehicle settled until day 100, with one reading on day 101 in its tail, and nothing known of its tip.
    fn plan(reading: Option<i64>, mark: Option<i64>, reach: Reach) -> Plan {
        let settled = Settled { until: Some(day(100)), state: () };
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
        assert_eq!((&plan.folds[0].begins, plan.folds[0].needs_readings), (&Begins::Head, false));
        assert_eq!(plan.folds[0].sightings.len(), 2);
    }

    #[test]
    fn what_comes_after_the_tip_is_folded_on_from_there_and_nothing_else_is_loaded() {
        let tip = Settled { until: Some(day(101)), state: VehicleState::default() };
        let settled = Settled { until: Some(day(100)), state: () };
        let heads = stored(Head { settled, tail: vec![sighting(day(101))], tip: Some(tip.clone()) });
        let soon = sighting(day(101) + TimeDelta::hours(1));
        let fresh = Fresh { vehicle: CAR, car: CAR, sightings: vec![soon.clone()] };
        let plan = Plan::new(vec![fresh], heads, &HashMap::new(), Reach::Horizon);
        let Begins::Tip(onward) = &plan.folds[0].begins else { panic!("{plan:?}") };
        assert_eq!((onward.tip(), plan.folds[0].needs_readings), (&tip, false));
        assert_eq!(plan.folds[0].sightings, [soon]);
    }

    #[test]
    fn a_marked_vehicles_tail_is_not_trusted() {
        let plan = plan(Some(102), Some(101), Reach::Horizon);
        assert_eq!((plan.folds[0].needs_readings, plan.folds[0].heeds), (true, Some(Uuid::nil())));
    }

    #[test]
    fn what_is_late_begins_before_its_day() {
        let plan = plan(Some(90), None, Reach::Horizon);
        assert_eq!(plan.folds[0].day(), Some(day(90).date_naive()));
    }

    #[test]
    fn beyond_the_horizon_only_a_replay_goes_and_the_mark_stays_until_then() {
        let batch = plan(Some(10), Some(20), Reach::Horizon);
        assert_eq!((batch.marks.len(), batch.folds[0].heeds), (1, None));
        let replay = plan(None, Some(10), Reach::Everything);
        assert_eq!(replay.folds[0].day(), Some(day(10).date_naive()));
        assert_eq!((replay.marks.len(), replay.folds[0].heeds), (0, Some(Uuid::nil())));
    }

    /// A vehicle of whose history a replay has folded the first stretch, up to day 100.
    fn plan_amid(reading: i64, reach: Reach) -> Plan {
        let settled = Settled { until: Some(day(100)), state: () };
        let tip = Settled { until: settled.until, state: VehicleState::default() };
        let head = Head { settled, tail: Vec::new(), tip: Some(tip) };
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
