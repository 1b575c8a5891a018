//! What producers and consumers have in common: as whom a client logs in, and how it comes back.

use super::{heartbeat, reconnect};
use crate::app::Reconnect;
use crate::scenario::diagnostics::{Sink, Spanned};
use crate::scenario::fields::{Fields, Meant, name, span, text};
use crate::units::Span;

/// A client's process and its connection.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Session {
    /// Whether and when it connects again.
    pub reconnect: Option<Reconnect>,
    /// The heartbeat interval it offers, in whole seconds; zero for none, `None` for what the broker proposes.
    pub heartbeat: Option<Span>,
    /// As whom it logs in, and where.
    pub access: Access,
    /// When its process starts.
    pub start: Span,
    /// How long after its process died it is started again; never without.
    pub restart: Option<Span>,
}

/// As whom a client logs in, and which virtual host it opens.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Access {
    /// The user; the one that every broker knows without.
    pub user: Option<Spanned<String>>,
    /// The password; the right one without.
    pub password: Option<String>,
    /// The virtual host; `/` without.
    pub vhost: Option<Spanned<String>>,
}

impl Access {
    /// Takes over what only has its name misspelt: elsewhere is where other queues are.
    pub(super) fn meant(&mut self, meant: &Meant<'_>, sink: &mut Sink) {
        if self.vhost.is_none() {
            self.vhost = meant.node("vhost").and_then(|node| name(node, sink));
        }
    }
}

/// Decodes the fields of a client that are not about messages.
pub(super) fn session(f: &mut Fields<'_, '_>) -> Session {
    let reconnect = f.optional("reconnect", reconnect);
    let heartbeat = f.optional("heartbeat", heartbeat);
    let user = f.optional("user", name);
    let password = f.optional("password", text);
    let vhost = f.optional("vhost", name);
    let start = f.or("start", Span::ZERO, span);
    let restart = f.optional("restart", span);
    Session { reconnect, heartbeat, access: Access { user, password, vhost }, start, restart }
}
