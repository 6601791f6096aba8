//! Which vehicles the platform reports about, and where to: the management API of v3. Webhooks themselves are made in
//! the platform's dashboard.

use serde_json::{Value, json};

use super::address::segment;
use super::error::PlatformError;
use super::http::{Call, Patience};
use super::json::text;
use super::{ApiVersion, Client};

/// A webhook of the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    pub id: String,
    pub name: Option<String>,
    /// Whether the platform sends anything at all. While it does not, it keeps nothing for later either, and what a poll
    /// tells grows old.
    pub is_enabled: Option<bool>,
    /// Whether every vehicle that is connected gets a subscription by itself.
    pub auto_subscribe: Option<bool>,
}

/// The report of one vehicle to one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub id: String,
    pub webhook_id: Option<String>,
    pub vehicle_id: Option<String>,
    pub user_id: Option<String>,
}

/// Which subscriptions are meant: those that fulfil all that is given.
#[derive(Debug, Clone, Copy, Default)]
pub struct SubscriptionFilter<'a> {
    pub webhook_id: Option<&'a str>,
    pub vehicle_id: Option<&'a str>,
    pub user_id: Option<&'a str>,
}

impl Client {
    /// The application's webhooks.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, PlatformError> {
        let address = self.inner.addresses.management(ApiVersion::V3, &["webhooks"]);
        Ok(self.resources(&address).await?.iter().filter_map(webhook).collect())
    }

    /// The subscriptions that the filter admits.
    pub async fn subscriptions(
        &self,
        filter: &SubscriptionFilter<'_>,
    ) -> Result<Vec<Subscription>, PlatformError> {
        let mut address = self.inner.addresses.management(ApiVersion::V3, &["subscriptions"]);
        let pairs = [
            ("filter[webhookId]", filter.webhook_id),
            ("filter[vehicleId]", filter.vehicle_id),
            ("filter[userId]", filter.user_id),
            ("filter[vehicle.mode]", Some(self.inner.mode.as_str())),
        ];
        for (name, value) in pairs {
            if let Some(value) = value {
                address.query_pairs_mut().append_pair(name, value);
            }
        }
        Ok(self.resources(&address).await?.iter().filter_map(subscription).collect())
    }

    /// Has the platform report about a vehicle. It answers before that is so; a vehicle that it reports about already is
    /// no error.
    pub async fn subscribe(
        &self,
        webhook_id: &str,
        user_id: &str,
        vehicle_id: &str,
    ) -> Result<(), PlatformError> {
        let address = self.inner.addresses.management(ApiVersion::V3, &["subscriptions"]);
        let attributes = json!({ "webhookId": webhook_id, "userId": user_id, "vehicleId": vehicle_id });
        let body = json!({ "data": { "attributes": attributes } });
        let call = Call::post(address, Patience::Platform, Some(body));
        but_for(409, self.ask_as_application(&call).await.map(drop))
    }

    /// Has the platform report no more. A subscription that is gone already is no error.
    pub async fn unsubscribe(&self, subscription_id: &str) -> Result<(), PlatformError> {
        let path = ["subscriptions", segment(subscription_id)?];
        let address = self.inner.addresses.management(ApiVersion::V3, &path);
        let call = Call::delete(address, Patience::Platform);
        but_for(404, self.ask_as_application(&call).await.map(drop))
    }
}

/// An error that says that there is nothing left to do.
fn but_for(status: u16, outcome: Result<(), PlatformError>) -> Result<(), PlatformError> {
    outcome.or_else(|error| if error.status == Some(status) { Ok(()) } else { Err(error) })
}

fn webhook(row: &Value) -> Option<Webhook> {
    let flag = |place| row.pointer(place).and_then(Value::as_bool);
    Some(Webhook {
        id: text(row, "/id")?,
        name: text(row, "/attributes/name"),
        is_enabled: flag("/attributes/isEnabled"),
        auto_subscribe: flag("/attributes/autoSubscribe"),
    })
}

fn subscription(row: &Value) -> Option<Subscription> {
    let of = |what: &str| {
        text(row, &format!("/relationships/{what}/data/id"))
            .or_else(|| text(row, &format!("/attributes/{what}Id")))
    };
    Some(Subscription {
        id: text(row, "/id")?,
        webhook_id: of("webhook"),
        vehicle_id: of("vehicle"),
        user_id: of("user"),
    })
}
