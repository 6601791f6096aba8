//! Trouble codes: new ones, ones that are gone, and ones that come again and again.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::faults::Faults;
use super::warning::Warning;
use super::{Ailment, structure};
use crate::book::{Book, Entry};
use crate::fold::Scene;
use crate::reading::Reading;

/// A code that came so often within this time comes again and again.
const OFTEN: usize = 3;
const WITHIN: TimeDelta = TimeDelta::days(30);
/// So many onsets are remembered.
const MOST: usize = 24;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Codes {
    faults: Faults,
    onsets: Vec<(String, DateTime<Utc>)>,
    returning: Warning,
}

impl Codes {
    /// The reading names all codes that the car has.
    pub fn saw(&mut self, reading: &Reading, scene: &Scene<'_>, book: &mut Book) {
        let Some(text) = structure::text(&reading.value) else { return };
        let mut named: Vec<&str> = structure::fields(text, "code").filter(|code| is_code(code)).collect();
        named.sort_unstable();
        named.dedup();
        for gone in self.faults.others(&named) {
            self.faults.end(&gone, reading.at, scene, book);
        }
        let fresh: Vec<&str> = named.into_iter().filter(|code| !self.faults.is_active(code)).collect();
        if fresh.is_empty() {
            return;
        }
        self.faults.begin(&fresh, reading, |codes| (Ailment::TroubleCodes { codes }, true), scene, book);
        self.onsets.retain(|(_, at)| reading.at - *at <= WITHIN);
        self.onsets.extend(fresh.iter().map(|code| ((*code).to_owned(), reading.at)));
        let surplus = self.onsets.len().saturating_sub(MOST);
        self.onsets.drain(..surplus);
        let came = |code: &str| self.onsets.iter().filter(|(onset, _)| onset == code).count();
        let often: Vec<String> =
            fresh.into_iter().filter(|code| came(code) >= OFTEN).map(str::to_owned).collect();
        if !often.is_empty() {
            let what = Ailment::TroubleCodesReturn { codes: often };
            self.returning.raise(reading, what, false, scene, book);
            // It is said, and nothing follows.
            self.returning.end(reading.at, scene, book);
        }
    }

    pub fn open_entries(&self) -> Vec<Entry> {
        let mut open = self.faults.open_entries();
        open.extend(self.returning.open_entries());
        open
    }
}

/// As SAE J2012 writes them, and makers' own.
fn is_code(field: &str) -> bool {
    (1..=16).contains(&field.len()) && field.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
