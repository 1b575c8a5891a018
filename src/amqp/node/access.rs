//! What the user of a connection may do (I05): asked before a method looks for the queue or exchange.

use super::Node;
use crate::amqp::access::{Action, GUEST, User, permits};
use crate::amqp::error::{self, Checked, Named};
use crate::amqp::method::Table;
use crate::amqp::queue::arguments::argument;
use crate::ids::{ConnId, Name, Names};
use crate::machine::Value;

/// Names a queue or an exchange for an error.
type Naming<'a> = fn(Name, Name, &'a Names) -> Named<'a>;

impl Node {
    /// The user of a connection; `None` for the one that may do everything.
    #[inline]
    pub(super) fn user_of(&self, conn: ConnId) -> Option<&User> {
        let user = self.connections.get(&conn)?.user?;
        self.config.users.get(usize::from(user))
    }

    /// Whether the user may do this with a queue.
    #[inline]
    pub(super) fn may_queue(&self, conn: ConnId, action: Action, queue: Name, names: &Names) -> Checked {
        match self.user_of(conn) {
            None => Ok(()),
            Some(user) => self.may(conn, user, action, (queue, error::queue_in), names),
        }
    }

    /// Whether the user may do this with an exchange.
    #[inline]
    pub(super) fn may_exchange(&self, conn: ConnId, action: Action, exchange: Name, names: &Names) -> Checked {
        match self.user_of(conn) {
            None => Ok(()),
            Some(user) => self.may(conn, user, action, (exchange, error::exchange_in), names),
        }
    }

    #[cold]
    fn may<'a>(
        &self,
        conn: ConnId,
        user: &User,
        action: Action,
        (name, what): (Name, Naming<'a>),
        names: &'a Names,
    ) -> Checked {
        let vhost = self.vhosts[self.vhost_of(conn)].name;
        let may = user.permissions.iter().find(|may| may.vhost == vhost);
        if may.is_some_and(|may| permits(may.pattern(action), name, names)) {
            return Ok(());
        }
        error::not_permitted(what(name, vhost, names).for_access(), names.show(user.name))
    }

    /// Whether the user may have messages of a new queue or exchange go on to the exchange that an argument names: they
    /// are read from the one and written to the other (I05.9).
    pub(super) fn may_redirect(
        &self,
        conn: ConnId,
        (name, is_exchange): (Name, bool),
        key: &str,
        arguments: &Table,
        names: &mut Names,
    ) -> Checked {
        if self.user_of(conn).is_none() {
            return Ok(());
        }
        let Some(Value::Text(to)) = argument(arguments, key) else { return Ok(()) };
        let to = names.intern(to);
        match is_exchange {
            true => self.may_exchange(conn, Action::Read, name, names)?,
            false => self.may_queue(conn, Action::Read, name, names)?,
        }
        self.may_exchange(conn, Action::Write, to, names)
    }

    /// A message that says by whom it is must be by the user of its connection (B34).
    pub(super) fn check_user_id(&self, conn: ConnId, claimed: &str, names: &Names) -> Checked {
        match self.user_of(conn) {
            None if claimed == GUEST => Ok(()),
            Some(user) if names.find(claimed) == Some(user.name) => Ok(()),
            None => error::wrong_user(claimed, GUEST),
            Some(user) => error::wrong_user(claimed, names.show(user.name)),
        }
    }
}
