//! Where the broker is and which names are ours, parsed before anything is tried.

use std::fmt;

use lapin::uri::AMQPUri;
use runtime::config::BrokerConfig;
use secrecy::ExposeSecret;
use thiserror::Error;

use crate::topology::Topology;

/// The broker cannot even be looked for. The reason is not kept: a parser's words quote the address, password included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("cannot read the broker's address, expected `amqp://user:password@host:5672/%2f`")]
pub struct InvalidAddress;

/// What a connection needs to know. Its `Debug` shows neither user nor password.
#[derive(Clone)]
pub struct BrokerOptions {
    pub(crate) address: AMQPUri,
    pub(crate) topology: Topology,
    pub(crate) connection_name: String,
    pub(crate) channels: usize,
}

impl BrokerOptions {
    /// How long one silent half of a connection is believed, in seconds: RabbitMQ advises 5 to 20, and lapin takes a
    /// connection for dead after two of them. An address that says `?heartbeat=` is obeyed.
    const HEARTBEAT_SECONDS: u16 = 10;

    /// `connection_name` begins what an operator sees in the broker's list of connections: `ingest publishing`.
    pub fn new(url: &str, namespace: &str, connection_name: &str) -> Result<Self, InvalidAddress> {
        let mut address: AMQPUri = url.parse().map_err(|_| InvalidAddress)?;
        address.query.heartbeat.get_or_insert(Self::HEARTBEAT_SECONDS);
        Ok(Self {
            address,
            topology: Topology::new(namespace),
            connection_name: connection_name.to_owned(),
            channels: 1,
        })
    }

    /// From a program's configuration.
    pub fn from_config(config: &BrokerConfig, connection_name: &str) -> Result<Self, InvalidAddress> {
        Self::new(config.amqp_url.expose_secret(), &config.amqp_namespace, connection_name)
    }

    /// Lets a publisher use several channels, each with a confirm window of its own. One fills the broker of a small
    /// machine; more are for large ones.
    #[must_use]
    pub fn with_channels(mut self, channels: usize) -> Self {
        self.channels = channels.max(1);
        self
    }

    /// For one of the connections of a program: their names differ in the broker's list and in the metrics.
    pub(crate) fn named(&self, what: &str) -> Self {
        let connection_name = format!("{} {what}", self.connection_name);
        Self { connection_name, ..self.clone() }
    }

    /// The names that this connection uses.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }
}

impl fmt::Debug for BrokerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokerOptions")
            .field("host", &self.address.authority.host)
            .field("port", &self.address.authority.port)
            .field("namespace", &self.topology.namespace())
            .field("connection_name", &self.connection_name)
            .field("channels", &self.channels)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_printed() {
        let options = BrokerOptions::new("amqp://walter:hunter2@mq:5672/%2f", "a", "test").unwrap();
        let printed = format!("{options:?} {options:#?}");
        assert!(!printed.contains("hunter2") && !printed.contains("walter"), "{printed}");
    }

    #[test]
    fn an_address_that_cannot_be_read_is_refused_without_being_printed() {
        for wrong in
            ["http://walter:hunter2@mq", "amqp://walter:hunter2@mq:port/", "walter:hunter2@mq", "", "amqp:mq"]
        {
            assert!(
                !format!("{:?}", BrokerOptions::new(wrong, "a", "test").unwrap_err()).contains("hunter2")
            );
        }
    }

    #[test]
    fn heartbeats_are_ten_seconds_unless_the_address_says_otherwise() {
        let heartbeat = |url| BrokerOptions::new(url, "a", "test").unwrap().address.query.heartbeat;
        assert_eq!(heartbeat("amqp://mq/%2f"), Some(10));
        assert_eq!(heartbeat("amqp://mq/%2f?heartbeat=3"), Some(3));
    }
}
