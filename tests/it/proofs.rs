//! What search, time travel, branching and a real socket stand on, held over every scenario and variant.

use crate::gallery::{cases, run_checked};
use mqlab::world::World;

#[test]
fn what_events_tell_is_what_machines_hold_after_every_step() {
    for case in cases() {
        run_checked(&case.name, &mut World::new(&case.plan));
    }
}
