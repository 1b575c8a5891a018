//! Storage of classic queues, version 1: one journal a queue, and an fsync before every confirm (R18).
//!
//! Known and left out: bodies of 4096 bytes and more lie in a message store that all queues share, and cost a second
//! fsync (F11.2).

use super::Timing;
use crate::amqp::rules;
use crate::units::Span;

/// When version 1 writes and syncs.
pub static V1: Timing = Timing {
    idle: Span::millis(200),
    syncs: true,
    most: 32_768,
    most_deletes: 32_768,
    segments: false,
    for_confirm: rules::WRITE_FOR_CONFIRM,
    after_idle: rules::WRITE_AFTER_IDLE,
    confirmed: rules::CONFIRM_AFTER_FSYNC,
};

/// The same for a lazy queue, which spares memory and changes nothing of the times (F01.07, F01.11, F01.15).
pub static V1_LAZY: Timing = Timing { after_idle: rules::WRITE_LAZY, ..V1 };
