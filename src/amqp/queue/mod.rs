//! A queue of a node: what was declared, its messages and consumers, and its journal. One file per queue type.
//!
//! Not the deliveries in the channels' hands, and not the disk: the node moves messages between queue, channel and
//! journal.

pub mod arguments;
pub mod classic;

pub use arguments::{Features, Overflow, Storage};
pub use classic::{Classic, Consumer, Item, Pick};

use super::config::QueueSpec;
use super::store::Journal;
use crate::ids::{ConnId, PlaceId};
use std::sync::Arc;

/// A queue.
#[derive(Debug)]
pub struct Queue {
    /// What was declared.
    pub spec: Arc<QueueSpec>,
    /// What its arguments ask for.
    pub features: Arc<Features>,
    /// The connection that alone may use it; [`ConnId::NONE`] for all.
    pub owner: ConnId,
    /// Its messages and consumers.
    pub classic: Classic,
    /// What is on its way to the disk.
    pub journal: Journal,
    /// Its ready messages, for show.
    pub place: PlaceId,
    /// Whether the journal changed in this call.
    pub dirty: bool,
}

crate::clone_in_place!(Queue { spec, features, owner, classic, journal, place, dirty });

impl Queue {
    /// An empty queue.
    pub fn new(spec: Arc<QueueSpec>, features: Arc<Features>, owner: ConnId, place: PlaceId) -> Queue {
        Queue { spec, features, owner, classic: Classic::default(), journal: Journal::default(), place, dirty: false }
    }

    /// Whether it belongs to one connection alone.
    pub fn is_exclusive(&self) -> bool {
        self.owner.is_some()
    }
}
