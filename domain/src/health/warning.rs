//! An alert that is raised once, told to be over, and not raised again at once.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Ailment, Condition};
use crate::alert::{Alarm, Alert};
use crate::book::{Book, Cited, Entry, Evidence, IssueKind, SuggestedIssue};
use crate::fold::Scene;
use crate::reading::Reading;

/// What was over comes as a new alert only this long after it was raised.
const COOLDOWN: TimeDelta = TimeDelta::hours(24);

/// One kind of condition of one car.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Warning {
    raised: Option<Alert>,
    /// When it was raised last.
    #[serde(with = "crate::moment::option")]
    last: Option<DateTime<Utc>>,
}

impl Warning {
    /// It is so, by this reading. What was raised already is raised anew only if it has become grave.
    pub fn raise(
        &mut self,
        reading: &Reading,
        what: Ailment,
        is_grave: bool,
        scene: &Scene<'_>,
        book: &mut Book,
    ) {
        if let Some(raised) = &self.raised {
            if !is_grave || grave(raised) {
                return;
            }
            self.end(reading.at, scene, book);
        } else if self.last.is_some_and(|last| reading.at - last < COOLDOWN) {
            return;
        }
        let alert = alert(reading, what, is_grave, scene);
        put(&alert, book);
        self.last = Some(alert.at);
        self.raised = Some(alert);
    }

    /// It is so no more.
    pub fn end(&mut self, at: DateTime<Utc>, scene: &Scene<'_>, book: &mut Book) {
        if let Some(alert) = self.raised.take() {
            end(alert, at, scene, book);
        }
    }

    pub fn open_entries(&self) -> Vec<Entry> {
        self.raised.iter().flat_map(entries).collect()
    }
}

pub(super) fn alert(reading: &Reading, what: Ailment, is_grave: bool, scene: &Scene<'_>) -> Alert {
    let Reading { at, signal, value, .. } = reading.clone();
    let evidence = Evidence { cited: vec![Cited { at, signal, value }], ..Evidence::at(scene.until) };
    Alert { at, what: Alarm::Condition(Condition { what, is_grave, over: None }), evidence }
}

/// Writes the alert and, if it is grave, the suggestion to look after it.
pub(super) fn put(alert: &Alert, book: &mut Book) {
    entries(alert).for_each(|entry| book.put(entry));
}

/// Writes that it is over. Nobody has to look after it any more.
pub(super) fn end(mut alert: Alert, at: DateTime<Utc>, scene: &Scene<'_>, book: &mut Book) {
    if let Some(issue) = issue(&alert) {
        book.withdraw(&issue.key());
    }
    if let Alarm::Condition(condition) = &mut alert.what {
        condition.over = Some(at);
    }
    alert.evidence.until = scene.until;
    book.put(Entry::Alert(alert));
}

pub(super) fn entries(alert: &Alert) -> impl Iterator<Item = Entry> {
    [Entry::Alert(alert.clone())].into_iter().chain(issue(alert))
}

fn issue(alert: &Alert) -> Option<Entry> {
    let Alarm::Condition(condition) = &alert.what else { return None };
    let what = IssueKind::Condition(condition.clone());
    let issue = SuggestedIssue { what, at: alert.at, evidence: alert.evidence.clone() };
    condition.is_grave.then_some(Entry::Issue(issue))
}

fn grave(alert: &Alert) -> bool {
    matches!(&alert.what, Alarm::Condition(condition) if condition.is_grave)
}
