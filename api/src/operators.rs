//! What operators' routes work with: the key that opens them, and the broker, where this program was told of one.

use anyhow::Context;
use broker::{BrokerOptions, Publisher};
use runtime::config::BrokerConfig;
use runtime::lifecycle::Lifecycle;

use crate::config::{Config, OperatorConfig};
use crate::identity::OperatorKey;
use crate::problem::{Answer, Code, Problem};

#[derive(Clone)]
pub struct Operators {
    /// Absent: nobody is an operator.
    pub key: Option<OperatorKey>,
    broker: Option<Broker>,
    /// Of Smartcar, for each connected car.
    pub calls_a_month: u32,
}

/// A way to the queues.
#[derive(Clone)]
pub struct Broker {
    pub options: BrokerOptions,
    pub publisher: Publisher,
}

impl Operators {
    /// Connects to the broker only where there are operators: nobody else here has to do with it.
    ///
    /// # Errors
    ///
    /// If the broker's address cannot be read. A broker that is away is waited for.
    pub fn new(config: &Config, life: &Lifecycle) -> anyhow::Result<Self> {
        let OperatorConfig { operator_token, amqp_url, amqp_namespace } = config.operators.clone();
        let key = operator_token.as_ref().map(OperatorKey::new);
        let broker = match amqp_url.filter(|_| key.is_some()) {
            Some(amqp_url) => {
                let options = BrokerOptions::from_config(&BrokerConfig { amqp_url, amqp_namespace }, "api")
                    .context("cannot understand AMQP_URL")?;
                let publisher = Publisher::start(&options, &life.tasks());
                Some(Broker { options, publisher })
            }
            None => None,
        };
        Ok(Self { key, broker, calls_a_month: config.connections.budget.calls_per_vehicle })
    }

    pub fn known_broker(&self) -> Option<&Broker> {
        self.broker.as_ref()
    }

    pub fn broker(&self) -> Answer<&Broker> {
        self.broker.as_ref().ok_or_else(|| {
            let detail = "The api was not told of the broker: set AMQP_URL, or use `carvetka parked replay`.";
            Problem::new(Code::NotConfigured, detail)
        })
    }
}
