//! Who can notice a fault, and by what, in words: a table for whoever reads a trace.
//!
//! Not who did notice it in a run: that follows from the trace.

use crate::scenario::schema::{Action, DiskTrouble};
use crate::trace::expand;

/// A lossy link.
pub(super) const LOSSY: &str =
    "nobody, unless a protocol numbers what it sends: a single message vanishes, doubles or overtakes unseen";
const CUT: &str = "{a} and {b}, each when the reset reaches it";
const HALF_OPEN: &str = "{a} and {b}, each by missing heartbeats or when TCP gives up; neither at once";
const HELD: &str = "nobody if it is short; else whoever waits for an answer, by a timeout, and both ends of each \
                    connection, by missing heartbeats or when TCP gives up";
const SLOW: &str = "only whoever waits for an answer, by a timeout";
const KILL: &str = "those connected to {a}, at once: its machine closes the connections";
const POWER_LOSS: &str = "nobody at once; those connected to {a}, by missing heartbeats or answers, or when the machine \
                          is back and does not know their connections";
const STOP: &str = "{a}, which is asked to, and those connected to it, at once: it closes its connections in order";
const PAUSE: &str = "nobody at once; those connected to {a}, by missing heartbeats or answers";
const ALARM: &str = "{a}, and the producers that publish there: it reads no more from them";
const CLOSED: &str = "{a}, at once: it is told so";
const VHOST: &str = "the clients in {a}, at once: their connections are closed";
const DISK_FAILS: &str = "{a}, by the error of its next write or fsync";
const DISK_FULL: &str = "{a}, by the error of its next write";
const DISK_LATE: &str = "{a} and producers that wait for a confirm, by waiting; no error is reported";
const DISK_LIES: &str = "nobody, before power is lost; then data is missing that was reported as safe";

/// Who can notice a fault when it strikes with this action.
pub(super) fn noticed(action: &Action) -> String {
    let one = |name: &str| [name.to_owned(), String::new()];
    let (template, [a, b]) = match action {
        Action::Cut { between: (a, b), half_open, .. } => {
            (if *half_open { HALF_OPEN } else { CUT }, [a.value.clone(), b.value.clone()])
        }
        Action::BlackHole { .. } | Action::Partition { .. } => (HELD, one("")),
        Action::Slow { .. } => (SLOW, one("")),
        Action::Kill { who, .. } => (KILL, one(&who.value)),
        Action::PowerLoss { who, .. } => (POWER_LOSS, one(&who.value)),
        Action::Stop { who, .. } => (STOP, one(&who.value)),
        Action::Pause { who, .. } => (PAUSE, one(&who.value)),
        Action::Alarm { who, .. } => (ALARM, one(&who.value)),
        Action::CloseConnection { who } => (CLOSED, one(&who.value)),
        Action::DeleteVhost { vhost } => (VHOST, one(&vhost.value)),
        Action::Disk { who, how, .. } => (disk(how), one(&who.value)),
    };
    expand(template, &|key| match key {
        "a" => Some(a.clone()),
        "b" => Some(b.clone()),
        _ => None,
    })
}

fn disk(how: &DiskTrouble) -> &'static str {
    match how {
        DiskTrouble::Fails => DISK_FAILS,
        DiskTrouble::Full => DISK_FULL,
        DiskTrouble::Stalls | DiskTrouble::Slow { .. } => DISK_LATE,
        DiskTrouble::Lies => DISK_LIES,
    }
}
