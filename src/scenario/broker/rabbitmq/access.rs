//! Checks of virtual hosts and users: that they are declared once, and that who is named is there.
//!
//! Not whether a user may do what its client does: the run shows that.

use super::{DEFAULT_VHOST, Rabbitmq};
use crate::amqp::access::GUEST;
use crate::scenario::diagnostics::{Code, Diagnostic, Sink};
use crate::scenario::names::{Known, unique};
use crate::scenario::schema::{Action, Scenario};

/// Checks them; gives the virtual hosts.
pub(super) fn check<'a>(broker: &'a Rabbitmq, scenario: &'a Scenario, sink: &mut Sink) -> Known<'a> {
    let vhosts = Known::new("virtual host").with(&broker.vhosts).and([DEFAULT_VHOST]);
    let users = Known::new("user").with(broker.users.iter().map(|user| &user.name)).and([GUEST]);
    declared(broker, &vhosts, sink);
    let producers = scenario.producers.iter().map(|producer| &producer.access);
    for access in producers.chain(scenario.consumers.iter().map(|consumer| &consumer.access)) {
        access.vhost.iter().for_each(|vhost| vhosts.check(vhost, sink));
        access.user.iter().for_each(|user| users.check(user, sink));
    }
    for fault in &scenario.faults {
        if let Action::DeleteVhost { vhost } = &fault.action {
            vhosts.check(vhost, sink);
        }
    }
    vhosts
}

fn declared(broker: &Rabbitmq, vhosts: &Known<'_>, sink: &mut Sink) {
    unique("virtual hosts", &broker.vhosts, sink);
    unique("users", broker.users.iter().map(|user| &user.name), sink);
    for vhost in broker.vhosts.iter().filter(|vhost| vhost.value == DEFAULT_VHOST) {
        let title = "the virtual host `/` is always there";
        sink.push(Diagnostic::new(Code::DuplicateName, title, vhost.at, "declared by RabbitMQ itself"));
    }
    for user in broker.users.iter().filter(|user| user.name.value == GUEST) {
        let title = "the user `guest` is always there, and may do everything";
        sink.push(Diagnostic::new(Code::DuplicateName, title, user.name.at, "declared by RabbitMQ itself"));
    }
    let of_users = broker.users.iter().flat_map(|user| &user.permissions).map(|may| &may.vhost);
    let of_exchanges = broker.exchanges.iter().map(|exchange| &exchange.vhost);
    let of_queues = broker.queues.iter().map(|queue| &queue.vhost);
    let of_bindings = broker.bindings.iter().map(|binding| &binding.vhost);
    for vhost in of_users.chain(of_exchanges).chain(of_queues).chain(of_bindings).flatten() {
        vhosts.check(vhost, sink);
    }
}
