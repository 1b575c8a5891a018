//! What an operator does to a running node: alarms, closing connections, deleting a virtual host (I06, I07, J01).
//!
//! Stopping the node is in `connection`.

use super::channel::Stage;
use super::{Node, Port};
use crate::amqp::store::Record;
use crate::amqp::{error, rules};
use crate::ids::{ConnId, Name, PlaceId};
use crate::machine::{Because, Does, Need, Order};
use crate::trace::What;

impl Node {
    pub(super) fn on_order(&mut self, order: Order, ports: &mut Port<'_>) {
        if self.life != super::Life::Up {
            return;
        }
        match order {
            Order::Alarm { resource, on } => self.on_alarm(resource, on, ports),
            Order::CloseConnection(conn) => {
                self.force_close(conn, &error::forced("Closed via management plugin"), ports);
            }
            Order::DeleteVhost(name) => self.delete_vhost(name, ports),
        }
    }

    /// Closes a connection with 320; one that is not open yet is hung up on.
    fn force_close(&mut self, conn: ConnId, why: &error::Refusal, ports: &mut Port<'_>) {
        let Some(connection) = self.connections.get(&conn) else { return };
        match connection.stage {
            Stage::Running => self.close_connection_with(conn, (0, 0), why, ports),
            Stage::Closing => {}
            _ => {
                let shut = Does::Shut { conn, abort: false };
                let because = ports.out.push(rules::FORCED, Because::INPUT, Need::Nothing, shut);
                self.end_connection(conn, because, ports);
            }
        }
    }

    /// Deletes a virtual host with its queues and exchanges, and closes the connections that are on it (I06). Its place
    /// among the virtual hosts stays, without a name.
    fn delete_vhost(&mut self, name: Name, ports: &mut Port<'_>) {
        let Some(at) = self.vhosts.iter().position(|vhost| vhost.name == name) else { return };
        let because = ports.out.note(rules::VHOST_DELETED, Because::INPUT, What::Deleted, PlaceId::NONE, Name::NONE, 1);
        loop {
            let Some(queue) = self.vhosts[at].queues.values().next().copied() else { break };
            self.remove_queue(queue, rules::VHOST_DELETED, because, ports);
        }
        loop {
            let Some(exchange) = self.vhosts[at].exchanges.keys().next().copied() else { break };
            self.remove_exchange(at, exchange, because, ports);
        }
        self.keep(Record::NoVhost(name));
        let forced = error::forced(format_args!("vhost '{}' is deleted", ports.names.show(name)));
        while let Some(conn) = self.first_on(at) {
            self.force_close(conn, &forced, ports);
        }
        self.vhosts[at].name = Name::NONE;
    }

    fn first_on(&self, vhost: usize) -> Option<ConnId> {
        let on_it = |(_, connection): &(_, &super::channel::Connection)| {
            connection.stage == Stage::Running && connection.vhost == vhost
        };
        self.connections.iter().find(on_it).map(|(conn, _)| *conn)
    }
}
