//! Containers that clone in place: a world is copied into a used one millions of times, so nothing here
//! allocates when the target already has room.
//!
//! Not a general collections library; only what machines need and `std` does not give.

mod chains;
mod join;
mod memo;
mod reuse_map;
mod reuse_vec;
mod shared;
mod slab;
mod vec_map;

pub use chains::{Chains, NONE, mix};
pub use join::join;
pub use memo::Memo;
pub use reuse_map::ReuseMap;
pub use reuse_vec::ReuseVec;
pub use shared::Shared;
pub use slab::Slab;
pub use vec_map::VecMap;

/// Implements `Clone` for a struct so that `clone_from` copies field by field and keeps the target's allocations.
///
/// The list must name every field: leaving one out does not compile.
#[macro_export]
macro_rules! clone_in_place {
    ($name:ident $(<$($g:ident $(: $b:path)?),+>)? { $($field:ident),* $(,)? }) => {
        impl $(<$($g: Clone $(+ $b)?),+>)? Clone for $name $(<$($g),+>)? {
            fn clone(&self) -> Self {
                let Self { $($field),* } = self;
                Self { $($field: $field.clone()),* }
            }
            fn clone_from(&mut self, from: &Self) {
                let Self { $($field),* } = from;
                $(self.$field.clone_from($field);)*
            }
        }
    };
}
