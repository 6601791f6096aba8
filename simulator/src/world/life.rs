//! The life of one car: an endless line of segments, each beginning where the last one ended.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, Days, Duration, NaiveDate, Utc};

use super::car::Car;
use super::charging::Charge;
use super::command::{Command, Refusal};
use super::energy;
use super::place::{Place, PlaceKind};
use super::plan::{self, Outing};
use super::segment::{Doing, Gauges, Segment};
use crate::chance::Chance;

/// What a car does from its first moment on. The iterator never ends, and the same car and moment give the
/// same segments, without a gap and without an overlap.
#[derive(Debug, Clone)]
pub struct Life {
    car: Arc<Car>,
    at: DateTime<Utc>,
    place: Place,
    gauges: Gauges,
    /// Where the car goes to next, or is on its way to.
    heading: Place,
    charge_limit_percent: u32,
    next_date: NaiveDate,
    agenda: VecDeque<Outing>,
    lived: VecDeque<Segment>,
}

impl Life {
    /// The car stands at home at this moment.
    pub fn begin(car: Arc<Car>, at: DateTime<Utc>) -> Self {
        let today = car.local_date(at);
        Self {
            at,
            place: car.places.home,
            gauges: car.at_first,
            heading: car.places.home,
            charge_limit_percent: car.charge_limit_percent,
            next_date: today + Days::new(1),
            agenda: plan::day(&car, today).into_iter().filter(|outing| outing.leave > at).collect(),
            lived: VecDeque::new(),
            car,
        }
    }

    /// Nobody drives it before that moment: all that it does until then.
    pub fn stand_still(&mut self, until: DateTime<Utc>) -> Segment {
        let (from, before) = (self.at, self.gauges);
        (self.at, self.gauges) = (until, self.drained_until(until));
        let (place, after) = (self.place, self.gauges);
        Segment { from, until, place, doing: Doing::Standing { plugged: false }, before, after }
    }

    /// Does what the car is told at a moment of `now`, the segment that was begun last; true if that changes
    /// what comes: then the next segment begins at this moment.
    pub fn obey(&mut self, command: Command, now: &Segment, at: DateTime<Utc>) -> Result<bool, Refusal> {
        let has_battery = self.car.model.battery_wh > 0;
        match (command, now.doing) {
            (Command::Lock | Command::Unlock, Doing::Driving { .. }) => Err(Refusal::InMotion),
            (Command::Lock | Command::Unlock | Command::Navigate, _) => Ok(false),
            _ if !has_battery => Err(Refusal::NotCapable),
            (Command::LimitCharge { percent }, doing) => {
                self.charge_limit_percent = percent;
                let charging = matches!(doing, Doing::Charging { .. });
                if charging {
                    let charge = Charge::commanded(&self.car, now.place, now.gauges_at(at), percent);
                    self.stay_on(now, at, charge.as_ref());
                }
                Ok(charging)
            }
            (Command::StartCharge, Doing::Charging { .. }) => Err(Refusal::Charging),
            (Command::StartCharge, Doing::Standing { plugged: true }) => {
                let limit = self.charge_limit_percent;
                let charge = Charge::commanded(&self.car, now.place, now.gauges_at(at), limit);
                self.stay_on(now, at, Some(&charge.ok_or(Refusal::Full)?));
                Ok(true)
            }
            (Command::StopCharge, Doing::Charging { .. }) => {
                self.stay_on(now, at, None);
                Ok(true)
            }
            (Command::StopCharge, Doing::Standing { plugged: true }) => Err(Refusal::NotCharging),
            (Command::StartCharge | Command::StopCharge, Doing::Driving { .. }) => Err(Refusal::InMotion),
            (
                Command::StartCharge | Command::StopCharge,
                Doing::Standing { plugged: false } | Doing::Refuelling | Doing::InService,
            ) => Err(Refusal::NotPlugged),
        }
    }

    /// Spends the rest of a stay at the plug in another way, and then goes where the car was going to.
    fn stay_on(&mut self, now: &Segment, at: DateTime<Utc>, charge: Option<&Charge>) {
        let leaves = self.lived.iter().find(|segment| matches!(segment.doing, Doing::Driving { .. }));
        let until = leaves.map_or(self.at, |drive| drive.from).max(at);
        self.lived.clear();
        (self.at, self.place, self.gauges) = (at, now.place, now.gauges_at(at));
        for step in charge.map(|charge| charge.steps(at, until)).unwrap_or_default() {
            let after = Gauges { battery_wh: self.gauges.battery_wh + step.gain_wh, ..self.gauges };
            self.pass(step.doing, step.until, after);
        }
        self.pass(Doing::Standing { plugged: true }, until, self.gauges);
        self.drive(self.heading);
    }

    fn next_outing(&mut self) -> Outing {
        loop {
            if let Some(outing) = self.agenda.pop_front() {
                return outing;
            }
            self.agenda.extend(plan::day(&self.car, self.next_date));
            self.next_date = self.next_date + Days::new(1);
        }
    }

    fn stay(&mut self, until: DateTime<Utc>) {
        let mut chance = self.chance("stay");
        if self.place.kind == PlaceKind::Errand && self.is_service_due() {
            let done = until.min(self.at + Duration::minutes(chance.between(30, 70)));
            self.pass(
                Doing::InService,
                done,
                Gauges { serviced_at_m: self.gauges.odometer_m, ..self.gauges },
            );
        }
        let charged = (self.gauges, self.charge_limit_percent);
        if let Some(charge) = Charge::at_rest(&self.car, self.place, charged, (self.at, until), &mut chance) {
            for step in charge.steps(self.at, until) {
                let after = Gauges { battery_wh: self.gauges.battery_wh + step.gain_wh, ..self.gauges };
                self.pass(step.doing, step.until, after);
            }
        } else {
            let after = self.drained_until(until);
            self.pass(Doing::Standing { plugged: false }, until, after);
        }
    }

    /// Drives to a place, with as many stops for energy as it takes.
    fn drive(&mut self, to: Place) {
        while let Some(stop) = self.stop_before(to) {
            self.cover(stop);
            if stop.kind == PlaceKind::FuelStation {
                self.refuel();
            } else {
                self.charge_fast();
            }
        }
        self.cover(to);
    }

    /// Where the car has to stop before it can go on to a place, and have its reserve when it is there.
    fn stop_before(&self, to: Place) -> Option<Place> {
        let model = self.car.model;
        let need = self.road_m(to);
        let reach = energy::reach_m(model, self.gauges);
        let reserve = if to.kind == PlaceKind::Home && self.car.home_charger_watts > 0 && model.tank_ml == 0 {
            15_000
        } else {
            self.car.reserve_m
        };
        let has_enough =
            self.gauges.fuel_ml * 2 > model.tank_ml || self.gauges.battery_wh * 4 > model.battery_wh * 3;
        if reach >= need + reserve || (reach >= need + 5_000 && has_enough) {
            return None;
        }
        let (kind, known) = if model.tank_ml > 0 {
            (PlaceKind::FuelStation, &self.car.places.fuel_stations)
        } else {
            (PlaceKind::FastCharger, &self.car.places.fast_chargers)
        };
        let spare = reach.saturating_sub(self.car.reserve_m);
        let nearest = known.iter().copied().min_by_key(|place| self.road_m(*place));
        match nearest {
            Some(near) if (need < 40_000 || spare < 5_000) && self.road_m(near) < 12_000.min(reach) => {
                Some(near)
            }
            Some(_) | None => {
                Some(self.roadside(kind, to, spare.clamp(2_000, need.max(12_000) - 10_000), need))
            }
        }
    }

    fn roadside(&self, kind: PlaceKind, to: Place, after_m: u64, way_m: u64) -> Place {
        Place { kind, position: self.place.position.towards(to.position, after_m.min(way_m), way_m) }
    }

    fn cover(&mut self, to: Place) {
        let way_m = self.road_m(to);
        let per_cent = self.chance("drive").between(85, 125).unsigned_abs();
        let mut driven_m = 0;
        for leg in energy::legs(self.car.model, self.gauges, way_m, per_cent) {
            driven_m += leg.metres;
            let reached = if driven_m == way_m { to } else { self.roadside(to.kind, to, leg.metres, way_m) };
            let until = self.at + Duration::seconds(drive_seconds(leg.metres, way_m));
            self.pass(Doing::Driving { to: reached }, until, leg.after);
            self.place = reached;
        }
        self.place = to;
    }

    fn refuel(&mut self) {
        let mut chance = self.chance("refuel");
        let tank = self.car.model.tank_ml;
        let part = |per_cent: i64| u32::try_from(i64::from(tank) * per_cent / 100).unwrap_or(tank);
        let some = part(chance.between(55, 75));
        let full = part(chance.between(97, 100));
        let level = if chance.happens(0.2) && some > self.gauges.fuel_ml + part(15) { some } else { full };
        let done = self.at + Duration::seconds(chance.between(200, 420));
        self.pass(Doing::Refuelling, done, Gauges { fuel_ml: level.max(self.gauges.fuel_ml), ..self.gauges });
        // The way to the till and back.
        let off = self.at + Duration::seconds(chance.between(120, 300));
        self.pass(Doing::Standing { plugged: false }, off, self.gauges);
    }

    fn charge_fast(&mut self) {
        let until = self.at + Duration::hours(4);
        for step in Charge::fast(&self.car, self.gauges).steps(self.at, until) {
            if step.gain_wh > 0 {
                let after = Gauges { battery_wh: self.gauges.battery_wh + step.gain_wh, ..self.gauges };
                self.pass(step.doing, step.until, after);
            }
        }
        let off = self.at + Duration::minutes(2);
        self.pass(Doing::Standing { plugged: false }, off, self.gauges);
    }

    /// Lives until a moment; a stretch without time is not lived.
    fn pass(&mut self, doing: Doing, until: DateTime<Utc>, after: Gauges) {
        if until <= self.at {
            return;
        }
        let before = self.gauges;
        self.lived.push_back(Segment { from: self.at, until, place: self.place, doing, before, after });
        (self.at, self.gauges) = (until, after);
    }

    fn drained_until(&self, until: DateTime<Utc>) -> Gauges {
        let lost = energy::charged_wh(self.car.drain_watts, (until - self.at).num_seconds());
        // A battery that is nearly empty puts the car to sleep.
        let floor = self.gauges.battery_wh.min(self.car.model.battery_wh / 20);
        Gauges { battery_wh: self.gauges.battery_wh.saturating_sub(lost).max(floor), ..self.gauges }
    }

    fn is_service_due(&self) -> bool {
        let driven = self.gauges.odometer_m.saturating_sub(self.gauges.serviced_at_m);
        self.car.model.tank_ml > 0 && driven * 10 > self.car.service_interval_m * 9
    }

    fn road_m(&self, to: Place) -> u64 {
        self.car.town.road_m(self.place.position, to.position)
    }

    fn chance(&self, what: &str) -> Chance {
        self.car.chance.branch(what, self.at.timestamp())
    }
}

impl Iterator for Life {
    type Item = Segment;

    fn next(&mut self) -> Option<Segment> {
        while self.lived.is_empty() {
            let outing = self.next_outing();
            self.heading = outing.to;
            // Who came late stays for some minutes nevertheless.
            self.stay(outing.leave.max(self.at + Duration::minutes(6)));
            self.drive(outing.to);
        }
        self.lived.pop_front()
    }
}

/// Slow in town, quick on a long way; never less than a minute for some metres.
fn drive_seconds(metres: u64, way_m: u64) -> i64 {
    let metres_per_second = match way_m {
        0..8_000 => 8,
        8_000..30_000 => 14,
        _ => 26,
    };
    i64::try_from(metres.div_ceil(metres_per_second)).unwrap_or(i64::MAX).max(45)
}
