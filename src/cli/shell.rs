//! Texts of the user's as a shell would take them back.

pub(super) use crate::export::shell::quoted;
