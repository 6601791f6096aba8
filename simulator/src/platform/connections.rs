//! Who connected which car, with what they allow, and who hears of it through the webhook. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::permissions;
use crate::cloud::Recipient;

/// A person's connection with one car. Two people may connect the same car.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    pub id: String,
    /// The car's number in the fleet.
    pub number: usize,
    pub vehicle_id: String,
    pub user_id: String,
    pub permissions: BTreeSet<String>,
    pub mode: Mode,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// The id of its subscription to the webhook, if it has one.
    pub subscription: Option<String>,
}

/// Which cars people see in Connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Live,
    Simulated,
    Test,
}

impl Mode {
    pub fn parse(mode: &str) -> Option<Self> {
        match mode {
            "live" => Some(Self::Live),
            "simulated" => Some(Self::Simulated),
            "test" => Some(Self::Test),
            _ => None,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Simulated => "simulated",
            Self::Test => "test",
        }
    }
}

/// All connections of the application.
#[derive(Debug, Default)]
pub struct Connections {
    /// By the car's number.
    by_car: BTreeMap<usize, Vec<Connection>>,
    /// The numbers of the cars that ever were connected.
    numbers: HashMap<String, usize>,
    external_ids: BTreeMap<String, String>,
}

impl Connections {
    /// Connects a car, or changes what a user allows of it; true if that is a new connection.
    pub fn connect(&mut self, connection: Connection) -> bool {
        self.numbers.insert(connection.vehicle_id.clone(), connection.number);
        let of_car = self.by_car.entry(connection.number).or_default();
        let known = of_car.iter_mut().find(|known| known.user_id == connection.user_id);
        let is_new = known.is_none();
        if let Some(known) = known {
            known.permissions = connection.permissions;
            known.mode = connection.mode;
            known.updated_at = connection.updated_at;
        } else {
            of_car.push(connection);
        }
        is_new
    }

    /// Removes the connections that `gone` names, and tells them.
    pub fn disconnect(&mut self, gone: impl Fn(&Connection) -> bool) -> Vec<Connection> {
        let mut removed = Vec::new();
        for of_car in self.by_car.values_mut() {
            removed.extend(of_car.extract_if(.., |connection| gone(connection)));
        }
        removed
    }

    /// Ends the subscriptions that `gone` names; true if there was one.
    pub fn unsubscribe(&mut self, gone: impl Fn(&Connection) -> bool) -> bool {
        let mut found = false;
        for connection in self.by_car.values_mut().flatten().filter(|connection| gone(connection)) {
            found |= connection.subscription.take().is_some();
        }
        found
    }

    pub fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.by_car.values().flatten()
    }

    /// Newest first, as the platform lists them.
    pub fn newest_first(&self, wanted: impl Fn(&Connection) -> bool) -> Vec<&Connection> {
        let mut found: Vec<&Connection> = self.iter().filter(|connection| wanted(connection)).collect();
        found.sort_by(|one, other| other.created_at.cmp(&one.created_at).then(one.id.cmp(&other.id)));
        found
    }

    pub fn of(&self, user_id: &str, vehicle_id: &str) -> Option<&Connection> {
        let of_car = self.by_car.get(self.numbers.get(vehicle_id)?)?;
        of_car.iter().find(|known| known.user_id == user_id)
    }

    pub fn of_mut(&mut self, user_id: &str, vehicle_id: &str) -> Option<&mut Connection> {
        let of_car = self.by_car.get_mut(self.numbers.get(vehicle_id)?)?;
        of_car.iter_mut().find(|known| known.user_id == user_id)
    }

    /// Who hears of a car.
    pub fn recipients(&self, number: usize) -> Vec<Recipient> {
        let of_car = self.by_car.get(&number).map(Vec::as_slice).unwrap_or_default();
        let subscribed = of_car.iter().filter(|connection| connection.subscription.is_some());
        let recipient = |connection: &Connection| Recipient {
            smartcar_user_id: connection.user_id.clone(),
            withheld: permissions::withheld(&connection.permissions),
        };
        subscribed.map(recipient).collect()
    }

    /// What the application calls a user; an empty name clears it.
    pub fn name_user(&mut self, user_id: &str, external_id: &str) {
        if external_id.is_empty() || external_id == "null" {
            self.external_ids.remove(user_id);
        } else {
            self.external_ids.insert(user_id.to_owned(), external_id.to_owned());
        }
    }

    pub fn external_id(&self, user_id: &str) -> Option<&str> {
        self.external_ids.get(user_id).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(number: usize, user: &str, allowed: &[&str]) -> Connection {
        let at = DateTime::from_timestamp(1_780_000_000 + i64::try_from(number).unwrap(), 0).unwrap();
        Connection {
            id: format!("{number}-{user}"),
            number,
            vehicle_id: format!("vehicle-{number}"),
            user_id: user.to_owned(),
            permissions: allowed.iter().map(|&name| name.to_owned()).collect(),
            mode: Mode::Live,
            created_at: at,
            updated_at: at,
            subscription: Some(format!("subscription-{number}-{user}")),
        }
    }

    #[test]
    fn two_people_may_connect_one_car_and_each_hears_what_they_allow() {
        let mut connections = Connections::default();
        let everything = permissions::all();
        let all: Vec<&str> = everything.iter().map(String::as_str).collect();
        assert!(connections.connect(connection(3, "anna", &all)));
        assert!(connections.connect(connection(3, "ben", &["read_odometer"])));
        let heard = connections.recipients(3);
        assert_eq!(heard.len(), 2);
        assert!(heard[0].withheld.is_empty());
        assert!(!heard[1].withheld.is_empty());
        assert!(connections.recipients(4).is_empty());
    }

    #[test]
    fn to_connect_again_changes_what_is_allowed_and_keeps_the_id() {
        let mut connections = Connections::default();
        connections.connect(connection(1, "anna", &["read_odometer"]));
        assert!(!connections.connect(connection(1, "anna", &["read_fuel"])));
        let known = connections.of("anna", "vehicle-1").unwrap();
        assert!(known.permissions.contains("read_fuel") && !known.permissions.contains("read_odometer"));
    }

    #[test]
    fn the_newest_connection_comes_first() {
        let mut connections = Connections::default();
        for number in [2, 0, 1] {
            connections.connect(connection(number, "anna", &[]));
        }
        let order: Vec<usize> = connections.newest_first(|_| true).iter().map(|one| one.number).collect();
        assert_eq!(order, [2, 1, 0]);
        assert_eq!(connections.disconnect(|one| one.number > 0).len(), 2);
        assert_eq!(connections.iter().count(), 1);
    }
}
