//! What lowering asks of a broker: its node, its scripts, and what it calls a subscription.
//!
//! Not what all systems share; that is in `scenario::lower`.

use super::Broker;
use crate::ids::{Name, Names};
use crate::machine::Value;
use crate::scenario::lower::LowerError;
use crate::scenario::schema;
use crate::systems;
use std::sync::Arc;

impl Broker {
    /// What the node runs.
    pub(in crate::scenario) fn config(&self, names: &mut Names) -> systems::NodeConfig {
        match self {
            Broker::Rabbitmq(rabbitmq) => systems::NodeConfig::Amqp(Arc::new(rabbitmq.config(names))),
            Broker::Redis(redis) => systems::NodeConfig::Redis(Arc::new(redis.config())),
        }
    }
    pub(in crate::scenario) fn script(
        &self,
        script: &schema::Script,
        names: &mut Names,
    ) -> Result<systems::Script, LowerError> {
        match self {
            Broker::Rabbitmq(rabbitmq) => rabbitmq.script(script, names).map(systems::Script::AmqpScript),
            Broker::Redis(_) => {
                Err(LowerError { at: script.name.at, says: "scripts are not available for this broker".to_owned() })
            }
        }
    }
    /// What the system calls a subscription besides what all systems share.
    pub(in crate::scenario) fn subscription(
        &self,
        consumer: &schema::Consumer,
        options: &mut Vec<(Name, Value)>,
        names: &mut Names,
    ) {
        match self {
            Broker::Rabbitmq(_) => {
                let tag = names.intern("consumer_tag");
                options.push((tag, Value::text(&consumer.name.value)));
            }
            Broker::Redis(_) => {
                let list = self.own_list(consumer).unwrap_or_default();
                options.push((names.intern("processing"), Value::text(&list)));
            }
        }
    }
    /// The list in which a consumer keeps what it works on, where it has one.
    pub(in crate::scenario) fn own_list(&self, consumer: &schema::Consumer) -> Option<String> {
        match self {
            Broker::Redis(_) => {
                let given = consumer.arguments.iter().find(|row| row.key.value == "processing");
                Some(match given.map(|row| &row.value) {
                    Some(Value::Text(list)) => list.to_string(),
                    _ => format!("{}:processing:{}", consumer.from.name.value, consumer.name.value),
                })
            }
            Broker::Rabbitmq(_) => None,
        }
    }
    /// How many deliveries may be open. Who pulls takes one at a time if nothing else is said.
    pub(in crate::scenario) fn prefetch(&self, consumer: &schema::Consumer) -> u32 {
        match self {
            Broker::Rabbitmq(_) => consumer.prefetch,
            Broker::Redis(_) => consumer.prefetch.max(1),
        }
    }
}
