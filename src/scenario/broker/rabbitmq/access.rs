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
    let producers = scenario.producers.iter().map(|producer| &producer.session.access);
    for access in producers.chain(scenario.consumers.iter().map(|consumer| &consumer.session.access)) {
        access.vhost.iter().for_each(|vhost| vhosts.check(vhost, sink));
        access.user.iter().for_each(|user| users.check(user, sink));
    }
    for action in scenario.faults.iter().flat_map(|fault| fault.what.actions()) {
        if let Action::DeleteVhost { vhost } = action {
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

#[cfg(test)]
mod tests {
    use crate::scenario::read;

    /// What is wrong with a scenario whose broker, producer and faults have these fields besides.
    fn wrong(broker: &str, producer: &str, fault: &str) -> String {
        let text = format!(
            r#"Scenario(title: "t", broker: rabbitmq(vhosts: ["archive"], users: [(name: "clerk")], {broker}),
            producers: [(name: "shop", publish: [(to: "", key: missing("k"))], {producer})], faults: [{fault}])"#
        );
        read(&text).map(|_| String::new()).unwrap_or_else(|errors| errors.to_string())
    }

    #[test]
    fn users_and_virtual_hosts_must_be_there() {
        assert_eq!(wrong("", r#"user: "clerk", password: "x", vhost: "archive""#, ""), "");
        assert_eq!(wrong("", r#"user: "guest", vhost: "/""#, ""), "");
        for (broker, producer, fault, says) in [
            ("", r#"user: "clark""#, "", "there is no user `clark`"),
            ("", r#"vhost: "archiv""#, "", "there is no virtual host `archiv`"),
            (r#"queues: [(name: "q", vhost: "arch")]"#, "", "", "there is no virtual host `arch`"),
            ("", "", r#"(name: "f", what: delete_vhost("archives", when: at("1s")))"#, "virtual host `archives`"),
            ("", "", r#"(name: "f", what: close_connection("shopp", when: at("1s")))"#, "there is no client `shopp`"),
            ("", "", r#"(name: "f", what: alarm("broker", resource: time, lasting: "1s", when: at("1s")))"#, "time"),
        ] {
            let errors = wrong(broker, producer, fault);
            assert!(errors.contains(says), "{says}: {errors}");
        }
        let near = wrong("", r#"user: "clark""#, "");
        assert!(near.contains("clerk"), "{near}");
    }

    #[test]
    fn a_pattern_that_cannot_be_used_is_an_error_where_it_stands() {
        let text = r#"Scenario(title: "t", broker: rabbitmq(users: [
            (name: "u", permissions: [(configure: "(", write: ".*", read: "")])]))"#;
        let errors = read(text).unwrap_err().to_string();
        assert!(errors.contains("not a pattern") && errors.contains("a `(` is not closed"), "{errors}");
    }

    #[test]
    fn queues_of_two_virtual_hosts_may_have_one_name() {
        let queues = r#"queues: [(name: "q"), (name: "q", vhost: "archive")]"#;
        assert_eq!(wrong(queues, "", ""), "");
        let twice = r#"queues: [(name: "q", vhost: "archive"), (name: "q", vhost: "archive")]"#;
        assert!(wrong(twice, "", "").contains("two queues are called `q`"));
    }
}
