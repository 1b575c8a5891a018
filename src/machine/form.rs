//! The form of a script's steps: their words, their fields, and what each field holds. A system that has scripts lists
//! its forms, so that a scenario can be checked, and its errors shown, before the system reads a step.
//!
//! Not what the steps do; that is the system's affair.

use crate::units::Span;

/// What a field of a step holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holds {
    /// A text.
    Text,
    /// `true` or `false`.
    Truth,
    /// A number from 0 to this.
    Number(i64),
    /// A duration.
    Span,
    /// A table of values.
    Table,
}

/// A step that a script may have.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// Its word.
    pub word: &'static str,
    /// The argument that stands without a name.
    pub bare: Option<Holds>,
    /// Its fields.
    pub fields: &'static [(&'static str, Holds)],
}

/// A type that a field of a step can have.
pub trait Holding {
    /// What it holds, as a scenario's reader sees it.
    const HOLDS: Holds;
}

macro_rules! holding {
    ($($type:ty: $holds:expr;)*) => { $(impl Holding for $type { const HOLDS: Holds = $holds; })* };
}

holding! {
    String: Holds::Text;
    bool: Holds::Truth;
    u8: Holds::Number(u8::MAX as i64);
    u16: Holds::Number(u16::MAX as i64);
    u32: Holds::Number(u32::MAX as i64);
    u64: Holds::Number(i64::MAX);
    Span: Holds::Span;
}

impl<T: Holding> Holding for Option<T> {
    const HOLDS: Holds = T::HOLDS;
}
