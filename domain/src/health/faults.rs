//! Things that the car names one by one when they are not well: trouble codes, systems. What comes at one moment is one alert,
//! and it is over when all of it is.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Ailment, Condition, warning};
use crate::alert::{Alarm, Alert};
use crate::book::{Book, Entry};
use crate::fold::Scene;
use crate::reading::Reading;

/// A fault that comes back sooner than this is no news.
const COOLDOWN: TimeDelta = TimeDelta::hours(24);
/// More faults at once, or alerts, are not kept apart: a car with so many is known to be broken.
const MOST: usize = 12;
/// Longer names are none.
const LONGEST_NAME: usize = 32;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Faults {
    active: Vec<String>,
    /// Alerts of which something is still active.
    open: Vec<Alert>,
    /// When each was told last; of those that are over, for a day.
    told: Vec<(String, DateTime<Utc>)>,
}

impl Faults {
    pub fn is_active(&self, name: &str) -> bool {
        self.active.iter().any(|active| active == name)
    }

    /// Those that are active and not among these.
    pub fn others(&self, names: &[&str]) -> Vec<String> {
        self.active.iter().filter(|active| !names.contains(&active.as_str())).cloned().collect()
    }

    /// These are not well from this reading on. `what` names the ailment of some of them, and whether that is grave.
    pub fn begin(
        &mut self,
        names: &[&str],
        reading: &Reading,
        what: impl Fn(Vec<String>) -> (Ailment, bool),
        scene: &Scene<'_>,
        book: &mut Book,
    ) {
        self.told.retain(|(_, at)| reading.at - *at < COOLDOWN);
        let mut news: Vec<String> = Vec::new();
        for name in names.iter().filter(|name| name.len() <= LONGEST_NAME) {
            if self.active.len() >= MOST || self.is_active(name) {
                continue;
            }
            self.active.push((*name).to_owned());
            if self.told.len() < MOST && !self.told.iter().any(|(told, _)| told == name) {
                self.told.push(((*name).to_owned(), reading.at));
                news.push((*name).to_owned());
            }
        }
        if news.is_empty() || self.open.len() >= MOST {
            return;
        }
        // What comes at the same moment is one alert.
        let same = self.open.iter().position(|open| open.at == reading.at);
        if let Some(before) = same.map(|place| self.open.remove(place)) {
            news.splice(0..0, names_of(&before));
        }
        let (ailment, is_grave) = what(news);
        let alert = warning::alert(reading, ailment, is_grave, scene);
        warning::put(&alert, book);
        self.open.push(alert);
    }

    /// This one is well again.
    pub fn end(&mut self, name: &str, at: DateTime<Utc>, scene: &Scene<'_>, book: &mut Book) {
        self.active.retain(|active| active != name);
        let (open, over): (Vec<Alert>, Vec<Alert>) = std::mem::take(&mut self.open)
            .into_iter()
            .partition(|alert| names_of(alert).iter().any(|name| self.is_active(name)));
        self.open = open;
        for alert in over {
            warning::end(alert, at, scene, book);
        }
    }

    pub fn open_entries(&self) -> Vec<Entry> {
        self.open.iter().flat_map(warning::entries).collect()
    }
}

fn names_of(alert: &Alert) -> Vec<String> {
    let Alarm::Condition(Condition { what, .. }) = &alert.what else { return Vec::new() };
    match what {
        Ailment::TroubleCodes { codes } | Ailment::TroubleCodesReturn { codes } => codes.clone(),
        Ailment::WarningLamps { systems } => systems.clone(),
        Ailment::TyreLow { .. }
        | Ailment::TyresUneven { .. }
        | Ailment::TyreLeaks { .. }
        | Ailment::TyreLosesFast { .. }
        | Ailment::LowVoltage { .. }
        | Ailment::OilLow { .. }
        | Ailment::OilWearsFast { .. }
        | Ailment::OilRenewed { .. }
        | Ailment::ParasiticDrain { .. } => Vec::new(),
    }
}
