//! The names of all our series, and what they count. Handles are made when a publisher or a link starts, so the
//! process has to gather its metrics before.

use metrics::{
    Counter, Gauge, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram,
};

use crate::publisher::PublishError;

const PUBLISHED: &str = "broker_published_total";
const CONFIRM_SECONDS: &str = "broker_confirm_seconds";
const IN_FLIGHT: &str = "broker_in_flight";
const CONNECTED: &str = "broker_connected";
const BLOCKED: &str = "broker_blocked";
const CONNECTIONS: &str = "broker_connections_total";
const CHANNELS_DISCARDED: &str = "broker_channels_discarded_total";
const CONSUMED: &str = "broker_consumed_total";
const SETTLED: &str = "broker_settled_total";
const SETTLEMENTS_LOST: &str = "broker_settlements_lost_total";

fn describe() {
    describe_counter!(
        PUBLISHED,
        "Messages given to publish, by outcome: confirmed, unavailable, full, refused, unknown"
    );
    describe_histogram!(CONFIRM_SECONDS, "From the call of publish to the broker's confirm");
    describe_gauge!(IN_FLIGHT, "Messages sent and not yet confirmed");
    describe_gauge!(CONNECTED, "1 while the connection of this name stands");
    describe_gauge!(BLOCKED, "1 while the broker refuses to take messages, being short of memory or disk");
    describe_counter!(CONNECTIONS, "Connections made: the first one, and one for each that was lost");
    describe_counter!(
        CHANNELS_DISCARDED,
        "Channels for publishing given up: a confirm was missing, or the channel ended"
    );
    describe_counter!(CONSUMED, "Messages taken from queues, by queue");
    describe_counter!(SETTLED, "Messages acknowledged, rejected or parked, by how");
    describe_counter!(
        SETTLEMENTS_LOST,
        "Acknowledgements that did not reach the broker; the messages come again"
    );
}

/// What a publisher counts.
pub(crate) struct PublisherMeter {
    confirmed: Counter,
    unavailable: Counter,
    full: Counter,
    refused: Counter,
    unknown: Counter,
    pub confirm_seconds: Histogram,
    pub in_flight: Gauge,
    pub channels_discarded: Counter,
}

impl PublisherMeter {
    pub fn new() -> Self {
        describe();
        let outcome = |outcome: &'static str| counter!(PUBLISHED, "outcome" => outcome);
        Self {
            confirmed: outcome("confirmed"),
            unavailable: outcome("unavailable"),
            full: outcome("full"),
            refused: outcome("refused"),
            unknown: outcome("unknown"),
            confirm_seconds: histogram!(CONFIRM_SECONDS),
            in_flight: gauge!(IN_FLIGHT),
            channels_discarded: counter!(CHANNELS_DISCARDED),
        }
    }

    pub fn note(&self, outcome: Result<(), PublishError>) {
        match outcome {
            Ok(()) => &self.confirmed,
            Err(PublishError::Unavailable) => &self.unavailable,
            Err(PublishError::Full) => &self.full,
            Err(PublishError::Refused) => &self.refused,
            Err(PublishError::Unknown) => &self.unknown,
        }
        .increment(1);
    }
}

/// What is known of one named connection.
pub(crate) struct ConnectionMeter {
    pub connected: Gauge,
    pub blocked: Gauge,
    pub connections: Counter,
}

impl ConnectionMeter {
    pub fn new(connection: &str) -> Self {
        describe();
        let connection = connection.to_owned();
        Self {
            connected: gauge!(CONNECTED, "connection" => connection.clone()),
            blocked: gauge!(BLOCKED, "connection" => connection.clone()),
            connections: counter!(CONNECTIONS, "connection" => connection),
        }
    }
}

/// What a consumer counts.
pub(crate) struct ConsumerMeter {
    pub consumed: Counter,
    pub acknowledged: Counter,
    pub rejected: Counter,
    pub parked: Counter,
    pub lost: Counter,
}

impl ConsumerMeter {
    pub fn new(queue: &str) -> Self {
        describe();
        let settled = |how: &'static str| counter!(SETTLED, "queue" => queue.to_owned(), "how" => how);
        Self {
            consumed: counter!(CONSUMED, "queue" => queue.to_owned()),
            acknowledged: settled("acknowledged"),
            rejected: settled("rejected"),
            parked: settled("parked"),
            lost: counter!(SETTLEMENTS_LOST, "queue" => queue.to_owned()),
        }
    }
}
