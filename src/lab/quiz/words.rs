//! What questions say. Templates for `trace::expand`, and nothing else.

use crate::trace::Belief;

pub(super) const NEXT: &str = "What does {actor} do or notice next?";
pub(super) const NOTHING_MORE: &str = "Nothing more, until the run ends.";
pub(super) const NEXT_BECAUSE: &str = "Step {step}: {says}";
pub(super) const NEXT_NONE: &str = "The run has no further step of {actor}.";

pub(super) const WORKS: &str = "How often will the work on {message} be completed?";
pub(super) const WORKS_BECAUSE: &str = "Completed in step {list}.";
pub(super) const WORKS_NEVER: &str = "It is never completed in this run.";

pub(super) const BELIEF: &str = "What does {actor} believe of {message} at the end?";
pub(super) const BELIEF_BECAUSE: &str = "Decided in step {step}: {says}";

pub(super) const CRASH: &str = "{says} What of the messages that {actor} held is left?";
pub(super) const CRASH_ALL: &str = "All of it: {left}.";
pub(super) const CRASH_NONE: &str = "Nothing. Gone: {gone}.";
pub(super) const CRASH_SOME: &str = "Left: {left}. Gone: {gone}.";
pub(super) const CRASH_EMPTY: &str = "There was nothing to lose.";

pub(super) const CURE_LOST: &str = "{list} is lost in this run. With which single change would nothing be lost?";
pub(super) const CURE_TWICE: &str =
    "{list} is in a table twice in this run. With which single change would there be one row for each?";
pub(super) const CURE_BECAUSE: &str = "Each change was made, and the whole run tried with it: with this one the count is 0. That is this run, and no proof for every other.";

pub(super) const FIGURE_BECAUSE: &str = "That is what the run gave.";

/// What a producer believes, as an answer.
pub(super) fn belief(belief: Option<Belief>) -> &'static str {
    match belief {
        Some(Belief::Sent) => "That it was delivered: it sent it, and asked for no answer.",
        Some(Belief::Confirmed) => "That the broker has confirmed it.",
        Some(Belief::Refused) => "That it was refused or came back.",
        Some(Belief::Unknown) => "It has no answer and cannot know.",
        None => "Nothing: it was never published.",
    }
}
