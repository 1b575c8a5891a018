//! As whom a client logs in, and where.

use crate::scenario::diagnostics::Spanned;
use crate::scenario::fields::{Fields, name, text};

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

/// Decodes the fields `user`, `password` and `vhost` of a client.
pub(super) fn access(f: &mut Fields<'_, '_>) -> Access {
    let user = f.optional("user", name);
    let password = f.optional("password", text);
    let vhost = f.optional("vhost", name);
    Access { user, password, vhost }
}
