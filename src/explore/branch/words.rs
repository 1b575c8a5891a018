//! What the changes that are offered say, as templates for `trace::expand`.

/// The connection is cut, and what is on its way either way is lost.
pub(super) const CUT: &str =
    "Cut the connection between {client} and {node} here.[ Lost on the way: {lost}.][ {nothing} is on its way.]";
/// As [`CUT`], and only what is on its way to one side is lost.
pub(super) const CUT_TO: &str =
    "Cut the connection between {client} and {node} here, and lose only what is on its way to {to}: {lost}.";
/// The connection is cut, and what is on its way still arrives.
pub(super) const CUT_BEHIND: &str =
    "Cut the connection between {client} and {node} here, but let what is on its way arrive: {kept}.";
/// The network forgets a connection.
pub(super) const HALF_OPEN: &str = "Let the network forget the connection between {client} and {node} here, and tell \
                                    neither.[ Lost on the way: {lost}.][ {nothing} is on its way.]";
/// Nothing gets through for a while.
pub(super) const BLACK_HOLE: &str =
    "Let nothing through between {client} and {node} for {lasting} from here. It all arrives afterwards.";
/// A link is slower for a while.
pub(super) const SLOW: &str =
    "Let what is sent between {client} and {node} take {latency} on its way, for {lasting} from here.";
/// A node is parted from all others.
pub(super) const PARTITION: &str = "Part {who} from all others for {lasting} from here. It all arrives afterwards.";
/// A process dies.
pub(super) const KILL: &str = "Kill {who} here. What it held in memory is gone; it starts again after {after}.";
/// A machine loses power.
pub(super) const POWER_LOSS: &str =
    "Cut the power of {who} here. What was not synced is gone, and nobody is told; it starts again after {after}.";
/// A machine loses power while it writes back.
pub(super) const TORN: &str = "Cut the power of {who} here while it writes its page cache back: all but the last record \
                               of each file is kept; it starts again after {after}.";
/// A process stops in order.
pub(super) const STOP: &str = "Stop {who} in order here; it starts again after {after}.";
/// A process stands still.
pub(super) const PAUSE: &str = "Let {who} stand still for {lasting} from here.";
/// A disk fails.
pub(super) const FAIL_DISK: &str = "Let every write and sync of {who} fail for {lasting} from here.";
/// A disk is slow.
pub(super) const SLOW_DISK: &str =
    "Let {who} take {factor} times as long for all that it begins in {lasting} from here.";
/// A disk hangs.
pub(super) const STALL_DISK: &str = "Let {who} hang for {lasting} from here.";
/// A disk is full.
pub(super) const FULL_DISK: &str = "Let {who} be full for {lasting} from here: every write fails.";
/// A disk lies.
pub(super) const LYING_DISK: &str = "Let {who} report fsyncs that it does not do, for {lasting} from here.";
/// A fault does not strike.
pub(super) const WITHOUT: &str = "Leave the fault {name} out, which {says}.";

/// A producer asks for confirms.
pub(super) const CONFIRMS: &str =
    "Let {who} ask for a confirm of each message, one at a time, and publish again after 1s without an answer.";
/// A producer does not.
pub(super) const NO_CONFIRMS: &str = "Let {who} ask for no confirms: it publishes and forgets.";
/// All messages of a producer are persistent.
pub(super) const PERSISTENT: &str = "Let {who} publish persistent messages.";
/// None are.
pub(super) const TRANSIENT: &str = "Let {who} publish messages that are not persistent.";
/// All messages of a producer are mandatory.
pub(super) const MANDATORY: &str = "Let {who} publish mandatory messages, which come back where no queue takes them.";
/// A consumer acknowledges after its work.
pub(super) const ACK_AFTER: &str = "Let {who} acknowledge after its work.";
/// A consumer acknowledges before its work.
pub(super) const ACK_BEFORE: &str = "Let {who} acknowledge before its work.";
/// A consumer does not acknowledge.
pub(super) const ACK_AUTOMATIC: &str = "Let what is sent to {who} count as acknowledged (automatic acknowledgement).";
/// A consumer takes one at a time.
pub(super) const PREFETCH_ONE: &str = "Let {who} have one unacknowledged message at a time (prefetch 1).";
/// A consumer takes all there is.
pub(super) const PREFETCH_ALL: &str = "Let {who} have unacknowledged messages without limit (no prefetch).";
/// A consumer's table knows the message's id.
pub(super) const UPSERT: &str =
    "Let the table {table} of {who} know each message's id, so that a second time changes nothing.";
/// A consumer remembers ids.
pub(super) const DEDUP: &str = "Let {who} remember the ids it has worked on and skip what comes again.";
/// A client connects again.
pub(super) const RECONNECT: &str = "Let {who} connect again 50ms after its connection broke.";
