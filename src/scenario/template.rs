//! The scenario that `mqlab new` writes: small, right, and with a comment at everything a beginner may want to change.

/// The text of a scenario to begin with.
pub fn template() -> &'static str {
    include_str!("template.ron")
}
