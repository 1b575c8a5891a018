//! What a RabbitMQ node and its scripts run.
//!
//! Not how they are written; that is in the schema beside this file.

use super::{DEFAULT_VHOST, Permission, Queue, Rabbitmq, User, host_text};
use crate::amqp::script::Step;
use crate::amqp::{self, exchange::Target};
use crate::ids::{Name, Names};
use crate::machine::Value;
use crate::scenario::diagnostics::Spanned;
use crate::scenario::lower::{LowerError, table};
use crate::scenario::printer::print_line;
use crate::scenario::schema::Script;
use std::sync::Arc;

fn host(vhost: &Option<Spanned<String>>, names: &mut Names) -> Name {
    names.intern(host_text(vhost))
}

impl User {
    fn lower(&self, names: &mut Names) -> amqp::User {
        let permission = |may: &Permission, names: &mut Names| amqp::Permission {
            vhost: host(&may.vhost, names),
            configure: may.configure.clone(),
            write: may.write.clone(),
            read: may.read.clone(),
        };
        amqp::User {
            name: names.intern(&self.name.value),
            password: names.intern(&self.password),
            permissions: self.permissions.iter().map(|may| permission(may, names)).collect(),
        }
    }
}

/// What the node runs.
pub(super) fn config(rabbitmq: &Rabbitmq, names: &mut Names) -> amqp::Config {
    let mut config = amqp::Config::new(names.intern(DEFAULT_VHOST));
    config.vhosts.extend(rabbitmq.vhosts.iter().map(|vhost| names.intern(&vhost.value)));
    config.users = rabbitmq.users.iter().map(|user| user.lower(names)).collect();
    config.version = rabbitmq.version;
    config.consumer_timeout = rabbitmq.consumer_timeout;
    for exchange in &rabbitmq.exchanges {
        let mut arguments = table(&exchange.arguments);
        if let Some(alternate) = &exchange.alternate {
            arguments.push(("alternate-exchange".into(), Value::text(&alternate.value)));
        }
        config.exchanges.push(amqp::ExchangeSpec {
            vhost: host(&exchange.vhost, names),
            name: names.intern(&exchange.name.value),
            kind: exchange.kind,
            durable: exchange.durable,
            auto_delete: exchange.auto_delete,
            internal: exchange.internal,
            arguments: Arc::new(arguments),
        });
    }
    for queue in &rabbitmq.queues {
        config.queues.push(amqp::QueueSpec {
            vhost: host(&queue.vhost, names),
            name: names.intern(&queue.name.value),
            durable: queue.durable,
            auto_delete: queue.auto_delete,
            arguments: Arc::new(table(&queue.arguments)),
        });
    }
    for binding in &rabbitmq.bindings {
        let to = names.intern(&binding.to.value);
        let own = |queue: &Queue| host_text(&queue.vhost) == host_text(&binding.vhost);
        let queue = rabbitmq.queues.iter().any(|queue| queue.name.value == binding.to.value && own(queue));
        config.bindings.push(amqp::BindingSpec {
            vhost: host(&binding.vhost, names),
            source: names.intern(&binding.from.value),
            target: if queue { Target::Queue(to) } else { Target::Exchange(to) },
            key: names.intern(&binding.key),
            arguments: Arc::new(table(&binding.arguments)),
        });
    }
    config
}

/// What a script performs.
pub(super) fn script(script: &Script, names: &mut Names) -> Result<Arc<amqp::Program>, LowerError> {
    Ok(amqp::Script::compile(&steps(script)?, names))
}

/// The steps of a script. They have the form of RON enums, so serde reads them one by one.
pub(super) fn steps(script: &Script) -> Result<Vec<Step>, LowerError> {
    let options = ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
    let mut steps = Vec::with_capacity(script.steps.len());
    for step in &script.steps {
        // The serde form of a method has parentheses, also where there is nothing in them.
        let mut text = print_line(&step.node);
        if !text.ends_with(')') {
            text.push_str("()");
        }
        let step =
            options.from_str(&text).map_err(|error| LowerError { at: step.node.at, says: error.code.to_string() })?;
        steps.push(step);
    }
    Ok(steps)
}
