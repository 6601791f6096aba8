//! All rules beside the odometer's own, asked in turn. They know the odometer as it is believed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::battery::Battery;
use crate::book::{Book, Entry};
use crate::charging::Charging;
use crate::fences::Fences;
use crate::fold::{Event, Scene};
use crate::fuel::Fuel;
use crate::health::Health;
use crate::motion::Motion;
use crate::setup::Setup;
use crate::trips::{Stops, Trips};

/// What they remember of a car.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    motion: Motion,
    fuel: Fuel,
    charging: Charging,
    battery: Battery,
    trips: Trips,
    fences: Fences,
    health: Health,
}

impl Rules {
    /// `until`: the moment because of which the event is looked at, now or again.
    pub fn take(&mut self, event: &Event<'_>, until: DateTime<Utc>, setup: &Setup, book: &mut Book) {
        match event {
            Event::Odometer(mileage) => self.motion.came(*mileage),
            Event::Reading(reading) => self.motion.saw(reading),
            Event::Fact(_) => {}
        }
        let usable = self.battery.usable();
        let scene = Scene { until, setup, motion: &self.motion, usable };
        self.fuel.take(event, &scene, book);
        self.charging.take(event, &scene, book);
        for finished in self.charging.take_finished() {
            self.battery.charged(&finished, &scene, book);
        }
        let stops = Stops { filled: self.fuel.last(), charged: self.charging.last() };
        self.trips.take(event, stops, &scene, book);
        self.fences.take(event, &scene, book);
        self.health.take(event, &scene, book);
    }

    /// The entries that a later moment may still change or take back.
    pub fn open_entries(&self) -> Vec<Entry> {
        let mut open = self.fuel.open_entries();
        open.extend(self.charging.open_entries());
        open.extend(self.battery.open_entries());
        open.extend(self.trips.open_entries());
        open.extend(self.fences.open_entries());
        open.extend(self.health.open_entries());
        open
    }
}
