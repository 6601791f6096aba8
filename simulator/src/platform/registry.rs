//! All that the platform remembers between two requests. Pure: time is an argument.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::connect::Visit;
use super::connections::{Connection, Connections, Mode};
use super::limits::{Limits, Meter};
use super::permissions;
use super::tokens::Tokens;
use super::trouble::{Rule, Troubles};
use crate::chance::Chance;
use crate::cloud::Recipient;
use crate::world::CarIdentity;

/// The platform's memory.
#[derive(Debug)]
pub struct Registry {
    pub connections: Connections,
    pub tokens: Tokens,
    pub meter: Meter,
    pub troubles: Troubles,
    pub webhook: Webhook,
    /// Cars that are no longer in their people's accounts, by their numbers.
    pub vanished: BTreeSet<usize>,
    /// How far the clock of tokens and limits is ahead.
    pub ahead: TimeDelta,
    visits: BTreeMap<String, Visit>,
    calls: Vec<Call>,
    chance: Chance,
}

/// The one webhook of the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    pub callback_uri: Option<String>,
    /// A webhook that is not enabled gets nothing, and nothing is queued for it.
    pub is_enabled: bool,
    /// Subscribes every connection by itself.
    pub auto_subscribe: bool,
}

/// A request as it was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    pub at: DateTime<Utc>,
    pub method: String,
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vehicle_id: Option<String>,
    pub status: u16,
}

impl Registry {
    pub fn new(seed: u64, webhook: Webhook, limits: Limits, rules: Vec<Rule>) -> Self {
        let chance = Chance::new(seed).branch("platform", 0);
        Self {
            connections: Connections::default(),
            tokens: Tokens::new(chance.branch("tokens", 0)),
            meter: Meter::new(limits),
            troubles: Troubles::new(rules, chance.branch("troubles", 0)),
            webhook,
            vanished: BTreeSet::new(),
            ahead: TimeDelta::zero(),
            visits: BTreeMap::new(),
            calls: Vec::new(),
            chance,
        }
    }

    /// A new id of anything.
    pub fn id(&mut self) -> String {
        self.chance.uuid().to_string()
    }

    /// A connection by which everything is allowed, made by the car's own user.
    pub fn connect_everything(&mut self, number: usize, car: &CarIdentity, now: DateTime<Utc>) {
        let user = car.smartcar_user_id.clone();
        self.connect(number, car, user, permissions::all(), Mode::Live, now);
    }

    /// Connects a car; true if its user hears of it for the first time, and should be told what is known.
    pub fn connect(
        &mut self,
        number: usize,
        car: &CarIdentity,
        user_id: String,
        permissions: BTreeSet<String>,
        mode: Mode,
        now: DateTime<Utc>,
    ) -> bool {
        let connection = Connection {
            id: self.id(),
            number,
            vehicle_id: car.smartcar_vehicle_id.clone(),
            user_id,
            permissions,
            mode,
            created_at: now,
            updated_at: now,
            subscription: self.webhook.auto_subscribe.then(|| self.id()),
        };
        self.connections.connect(connection) && self.webhook.auto_subscribe && self.webhook.is_enabled
    }

    /// Removes connections with what hangs on them.
    pub fn disconnect(&mut self, gone: impl Fn(&Connection) -> bool) -> Vec<Connection> {
        let removed = self.connections.disconnect(gone);
        for connection in &removed {
            self.tokens.forget(&connection.user_id, &connection.vehicle_id);
        }
        removed
    }

    /// Who hears of a car through the webhook.
    pub fn recipients(&self, number: usize) -> Vec<Recipient> {
        if self.webhook.is_enabled && !self.vanished.contains(&number) {
            self.connections.recipients(number)
        } else {
            Vec::new()
        }
    }

    /// Somebody has come to Connect; the name of the visit is the secret of its pages.
    pub fn open_visit(&mut self, visit: Visit) -> String {
        let id = self.id();
        self.visits.insert(id.clone(), visit);
        id
    }

    pub fn visit(&mut self, id: &str) -> Option<&mut Visit> {
        self.visits.get_mut(id)
    }

    /// The journey is over: its pages cannot be used again.
    pub fn close_visit(&mut self, id: &str) -> Option<Visit> {
        self.visits.remove(id)
    }

    pub fn note(&mut self, call: Call) {
        // Who asks for a week asks for less than that.
        const KEPT: usize = 100_000;
        if self.calls.len() < KEPT {
            self.calls.push(call);
        }
    }

    pub fn calls(&self) -> &[Call] {
        &self.calls
    }
}
