//! Who may log in, and what users may do in which virtual host (group I of the facts).
//!
//! Not the methods that ask for it: the node does. Tags of users, topic permissions and other ways to log in than name
//! and password are not modelled.

mod pattern;

pub use pattern::{MAX_PATTERN, Pattern, PatternError};

use crate::ids::{Name, Names};

/// The user that every node knows, with the password of the same name, and whom everything is permitted.
pub const GUEST: &str = "guest";

/// What one user may do in one virtual host. Each pattern is searched for in the name of a queue or exchange.
#[derive(Clone, PartialEq, Debug)]
pub struct Permission {
    /// The virtual host.
    pub vhost: Name,
    /// What may be made and deleted.
    pub configure: Pattern,
    /// Where messages may be put into.
    pub write: Pattern,
    /// Where messages may be taken from.
    pub read: Pattern,
}

impl Permission {
    /// The pattern for an action.
    pub fn pattern(&self, action: Action) -> &Pattern {
        match action {
            Action::Configure => &self.configure,
            Action::Write => &self.write,
            Action::Read => &self.read,
        }
    }
}

/// A user besides [`GUEST`].
#[derive(Clone, PartialEq, Debug)]
pub struct User {
    /// The name.
    pub name: Name,
    /// The password.
    pub password: Name,
    /// One a virtual host that the user may open.
    pub permissions: Vec<Permission>,
}

/// What a method does with a queue or an exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Makes or deletes it.
    Configure,
    /// Puts messages into it.
    Write,
    /// Takes messages from it.
    Read,
}

/// What a client says of itself when it logs in, as bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Capabilities(pub u8);

impl Capabilities {
    /// It says nothing.
    pub const NONE: Capabilities = Capabilities(0);
    /// It wants to be told when it is blocked (`connection.blocked`).
    pub const BLOCKED: Capabilities = Capabilities(1);
    /// It wants a refused login to be told (`authentication_failure_close`).
    pub const LOGIN_CLOSE: Capabilities = Capabilities(2);
    /// It wants to be told when the broker cancels a consumer (`consumer_cancel_notify`).
    pub const CANCEL_NOTIFY: Capabilities = Capabilities(4);
    /// What client libraries of today say.
    pub const ALL: Capabilities = Capabilities(7);

    /// Each with its name in the protocol.
    pub const NAMED: [(&'static str, Capabilities); 3] = [
        ("connection.blocked", Capabilities::BLOCKED),
        ("authentication_failure_close", Capabilities::LOGIN_CLOSE),
        ("consumer_cancel_notify", Capabilities::CANCEL_NOTIFY),
    ];

    /// Whether all of `other` are among these.
    pub fn has(self, other: Capabilities) -> bool {
        self.0 & other.0 == other.0
    }
    /// These and the others.
    #[must_use]
    pub fn and(self, other: Capabilities) -> Capabilities {
        Capabilities(self.0 | other.0)
    }
}

/// Whether a pattern permits a name; the default exchange is called `amq.default` (I05.4).
pub fn permits(pattern: &Pattern, name: Name, names: &Names) -> bool {
    if name == Name::EMPTY {
        return pattern.finds("amq.default");
    }
    pattern.finds(names.show(name))
}
