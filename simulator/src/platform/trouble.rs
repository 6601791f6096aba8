//! Trouble on demand: which requests are answered otherwise than they should be, and how. Pure.

use serde::{Deserialize, Serialize};

use super::problems::{Kind, Problem};
use crate::chance::Chance;

/// One rule. The first that fits a request decides about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// Only this part of the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// Only this vehicle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vehicle_id: Option<String>,
    /// Only this path: below the vehicle as in `/odometer`, else the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Only so many requests; without it, until the rules are cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// Only this share of the requests, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    pub then: Trouble,
}

/// The parts of the platform, as they have hosts of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Part {
    /// The tokens of users (v2).
    Auth,
    /// The tokens of applications (v3).
    Iam,
    V2,
    V3,
    /// Both management APIs.
    Management,
}

/// How a request is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Trouble {
    /// An error of the platform.
    Error {
        #[serde(rename = "type")]
        kind: Kind,
        #[serde(default)]
        code: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_seconds: Option<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resolution_url: Option<String>,
    },
    /// An error of OAuth.
    OauthError { error: String, error_description: String },
    /// A page that is no JSON, as proxies have them.
    Page { status: u16, body: String },
    /// The right answer, but late.
    Late { milliseconds: u64 },
    /// The right answer is prepared, its effects included, but the connection ends before it is sent.
    HangUp,
}

impl Trouble {
    /// The error that is answered, if it is one.
    pub fn problem(&self) -> Option<Problem> {
        match self {
            Self::Error { kind, code, retry_after_seconds, resolution_url } => Some(Problem {
                retry_after_seconds: *retry_after_seconds,
                resolution_url: resolution_url.clone(),
                ..Problem::new(*kind, code.as_deref())
            }),
            Self::OauthError { .. } | Self::Page { .. } | Self::Late { .. } | Self::HangUp => None,
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    pub part: Part,
    pub vehicle_id: Option<&'a str>,
    pub path: &'a str,
}

/// All rules, in the order in which they were made.
#[derive(Debug)]
pub struct Troubles {
    rules: Vec<Rule>,
    chance: Chance,
}

impl Troubles {
    pub fn new(rules: Vec<Rule>, chance: Chance) -> Self {
        Self { rules, chance }
    }

    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    pub fn set(&mut self, rules: Vec<Rule>) {
        self.rules = rules;
    }

    pub fn add(&mut self, rules: Vec<Rule>) {
        self.rules.extend(rules);
    }

    /// What is to become of a request.
    pub fn meet(&mut self, asked: Asked<'_>) -> Option<Trouble> {
        let chance = &mut self.chance;
        let rule = self.rules.iter_mut().find(|rule| rule.fits(asked, chance))?;
        let then = rule.then.clone();
        if let Some(times) = &mut rule.times {
            *times -= 1;
        }
        self.rules.retain(|rule| rule.times != Some(0));
        Some(then)
    }
}

impl Rule {
    /// A rule for every request of a part.
    pub fn of(part: Part, then: Trouble) -> Self {
        Self { part: Some(part), vehicle_id: None, path: None, times: None, share: None, then }
    }

    fn fits(&self, asked: Asked<'_>, chance: &mut Chance) -> bool {
        self.times != Some(0)
            && self.part.is_none_or(|part| part == asked.part)
            && self.vehicle_id.as_deref().is_none_or(|id| Some(id) == asked.vehicle_id)
            && self.path.as_deref().is_none_or(|path| path == asked.path)
            && self.share.is_none_or(|share| chance.happens(share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: Asked<'_> = Asked { part: Part::V2, vehicle_id: Some("one"), path: "/odometer" };

    fn troubles(json: &str) -> Troubles {
        Troubles::new(serde_json::from_str(json).unwrap(), Chance::new(1))
    }

    #[test]
    fn a_rule_is_for_whom_it_says_and_as_often_as_it_says() {
        let mut troubles = troubles(
            r#"[{"vehicleId": "one", "path": "/odometer", "times": 2,
                 "then": {"answer": "error", "type": "VEHICLE_STATE", "code": "ASLEEP"}}]"#,
        );
        assert_eq!(troubles.meet(Asked { path: "/fuel", ..ASKED }), None);
        assert_eq!(troubles.meet(Asked { vehicle_id: Some("two"), ..ASKED }), None);
        let problem = troubles.meet(ASKED).unwrap().problem().unwrap();
        assert_eq!((problem.status(), problem.code.as_deref()), (409, Some("ASLEEP")));
        assert!(troubles.meet(ASKED).is_some());
        assert_eq!(troubles.meet(ASKED), None);
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let mut troubles = troubles(
            r#"[{"part": "v3", "then": {"answer": "hangUp"}},
                {"part": "v2", "then": {"answer": "page", "status": 502, "body": "<html>"}},
                {"then": {"answer": "late", "milliseconds": 5}}]"#,
        );
        let page = Trouble::Page { status: 502, body: "<html>".to_owned() };
        assert_eq!(troubles.meet(ASKED), Some(page));
        assert_eq!(troubles.meet(Asked { part: Part::V3, ..ASKED }), Some(Trouble::HangUp));
        let late = Trouble::Late { milliseconds: 5 };
        assert_eq!(troubles.meet(Asked { part: Part::Auth, ..ASKED }), Some(late));
    }

    #[test]
    fn a_share_of_nothing_never_happens() {
        let mut troubles = troubles(r#"[{"share": 0.0, "then": {"answer": "hangUp"}}]"#);
        assert!((0..100).all(|_| troubles.meet(ASKED).is_none()));
    }
}
