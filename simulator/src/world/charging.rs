//! When a car is plugged in, and how the charge goes: it may wait for the night, pause, and slows down near
//! the end.

use chrono::{DateTime, Duration, Utc};

use super::car::Car;
use super::energy;
use super::place::{Place, PlaceKind};
use super::segment::{Doing, Gauges};
use crate::chance::Chance;

/// A charge that is about to be made.
#[derive(Debug, PartialEq, Eq)]
pub struct Charge {
    /// When current begins to flow, if later than the plug.
    starts_at: Option<DateTime<Utc>>,
    /// Stops for a while when half of the energy is in.
    pauses: bool,
    battery_wh: u32,
    /// Charging slows down here, and ends there.
    slows_at_wh: u32,
    ends_at_wh: u32,
    watts: u32,
}

/// One stretch of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub doing: Doing,
    pub until: DateTime<Utc>,
    pub gain_wh: u32,
}

impl Charge {
    /// The charge that people make while the car stands at a place anyway, if they do.
    pub fn at_rest(
        car: &Car,
        place: Place,
        (gauges, limit_percent): (Gauges, u32),
        (from, until): (DateTime<Utc>, DateTime<Utc>),
        chance: &mut Chance,
    ) -> Option<Self> {
        let level = u64::from(gauges.battery_wh) * 100 / u64::from(car.model.battery_wh.max(1));
        let (watts, shortest, wanted) = match place.kind {
            PlaceKind::Home => {
                (car.home_charger_watts, Duration::hours(2), level < 45 || chance.happens(home_habit(car)))
            }
            PlaceKind::Work => (car.work_charger_watts, Duration::hours(3), level < 70),
            PlaceKind::Errand | PlaceKind::Far | PlaceKind::FuelStation | PlaceKind::FastCharger => {
                return None;
            }
        };
        let ends_at_wh = per_cent(car.model.battery_wh, limit_percent);
        let worth_it = ends_at_wh > gauges.battery_wh + car.model.battery_wh / 25;
        if watts == 0 || !wanted || !worth_it || until - from < shortest {
            return None;
        }
        Some(Self {
            starts_at: if place.kind == PlaceKind::Home { night_start(car, from) } else { None },
            pauses: chance.happens(0.08),
            battery_wh: gauges.battery_wh,
            slows_at_wh: per_cent(car.model.battery_wh, 95).min(ends_at_wh),
            ends_at_wh,
            watts: watts.min(car.model.ac_watts),
        })
    }

    /// The charge on the road: to 80 %, slower from 60 % on.
    pub fn fast(car: &Car, gauges: Gauges) -> Self {
        Self {
            starts_at: None,
            pauses: false,
            battery_wh: gauges.battery_wh,
            slows_at_wh: per_cent(car.model.battery_wh, 60),
            ends_at_wh: per_cent(car.model.battery_wh, 80).max(gauges.battery_wh),
            watts: car.model.dc_watts,
        }
    }

    /// The charge that somebody starts from afar, up to this level; `None` if that is reached.
    pub fn commanded(car: &Car, place: Place, gauges: Gauges, limit_percent: u32) -> Option<Self> {
        let watts = match place.kind {
            PlaceKind::Home => car.home_charger_watts.min(car.model.ac_watts),
            PlaceKind::Work => car.work_charger_watts.min(car.model.ac_watts),
            PlaceKind::FastCharger => car.model.dc_watts,
            PlaceKind::Errand | PlaceKind::Far | PlaceKind::FuelStation => 0,
        };
        let ends_at_wh = per_cent(car.model.battery_wh, limit_percent);
        (ends_at_wh > gauges.battery_wh).then(|| Self {
            starts_at: None,
            pauses: false,
            battery_wh: gauges.battery_wh,
            slows_at_wh: per_cent(car.model.battery_wh, 95).min(ends_at_wh),
            ends_at_wh,
            // Where a cable is in, there is current.
            watts: watts.max(2_300),
        })
    }

    /// What happens from the plug until the car leaves.
    pub fn steps(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Step> {
        let mut course = Course { at: from, until, steps: Vec::new() };
        if let Some(start) = self.starts_at {
            course.wait_until(start);
        }
        let bulk = self.slows_at_wh.saturating_sub(self.battery_wh);
        if self.pauses {
            course.charge(bulk / 2, self.watts);
            course.wait_until(course.at + Duration::minutes(25));
            course.charge(bulk - bulk / 2, self.watts);
        } else {
            course.charge(bulk, self.watts);
        }
        let rest = self.ends_at_wh.saturating_sub(self.slows_at_wh.max(self.battery_wh));
        course.charge(rest, self.watts * 45 / 100);
        course.wait_until(until);
        course.steps
    }
}

struct Course {
    at: DateTime<Utc>,
    until: DateTime<Utc>,
    steps: Vec<Step>,
}

impl Course {
    fn wait_until(&mut self, at: DateTime<Utc>) {
        self.step(Doing::Standing { plugged: true }, at, |_| 0);
    }

    fn charge(&mut self, wh: u32, watts: u32) {
        let full = self.at + Duration::seconds(energy::charge_seconds(wh, watts));
        self.step(Doing::Charging { watts }, full, |seconds| wh.min(energy::charged_wh(watts, seconds)));
    }

    fn step(&mut self, doing: Doing, wished: DateTime<Utc>, gain: impl Fn(i64) -> u32) {
        let until = wished.min(self.until);
        if until > self.at {
            self.steps.push(Step { doing, until, gain_wh: gain((until - self.at).num_seconds()) });
            self.at = until;
        }
    }
}

/// Plug-in hybrids are plugged in nearly every evening.
fn home_habit(car: &Car) -> f64 {
    if car.model.tank_ml > 0 { 0.85 } else { 0.35 }
}

/// The hour of the night for which the charge waits, if people set one and the car came home before it.
fn night_start(car: &Car, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let start = car.local_time(car.local_date(from), car.charges_from_hour? * 60);
    (start > from && start - from < Duration::hours(7)).then_some(start)
}

fn per_cent(of: u32, per_cent: u32) -> u32 {
    u32::try_from(u64::from(of) * u64::from(per_cent) / 100).unwrap_or(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charge() -> Charge {
        Charge {
            starts_at: None,
            pauses: false,
            battery_wh: 20_000,
            slows_at_wh: 42_000,
            ends_at_wh: 44_475,
            watts: 11_000,
        }
    }

    /// One line a step: minute of its end, watts (or waiting), energy.
    fn check(charge: &Charge, hours: i64, expected: &[(i64, Option<u32>, u32)]) {
        let from = DateTime::from_timestamp(1_780_000_000, 0).unwrap();
        let steps: Vec<_> = charge
            .steps(from, from + Duration::hours(hours))
            .into_iter()
            .map(|step| {
                let watts = match step.doing {
                    Doing::Charging { watts } => Some(watts),
                    Doing::Standing { .. } | Doing::Driving { .. } | Doing::Refuelling | Doing::InService => {
                        None
                    }
                };
                ((step.until - from).num_minutes(), watts, step.gain_wh)
            })
            .collect();
        assert_eq!(steps, expected);
    }

    #[test]
    fn a_charge_slows_down_at_the_end_and_then_waits_for_the_driver() {
        check(&charge(), 8, &[(120, Some(11_000), 22_000), (150, Some(4_950), 2_475), (480, None, 0)]);
    }

    #[test]
    fn who_leaves_early_has_what_came_until_then() {
        check(&charge(), 1, &[(60, Some(11_000), 11_000)]);
    }

    #[test]
    fn a_pause_splits_the_current_and_not_the_session() {
        let paused = Charge { pauses: true, ..charge() };
        check(
            &paused,
            4,
            &[
                (60, Some(11_000), 11_000),
                (85, None, 0),
                (145, Some(11_000), 11_000),
                (175, Some(4_950), 2_475),
                (240, None, 0),
            ],
        );
    }

    #[test]
    fn a_charge_may_wait_for_the_night() {
        let from = DateTime::from_timestamp(1_780_000_000, 0).unwrap();
        let night = Charge { starts_at: Some(from + Duration::hours(2)), ..charge() };
        check(&night, 3, &[(120, None, 0), (180, Some(11_000), 11_000)]);
    }
}
