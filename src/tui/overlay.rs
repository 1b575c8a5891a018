//! What lies over the panes: pages to read, lists to choose from, lines to type. The topmost takes the keys.

use super::action::Action;
use crate::ids::EventId;
use crate::lab::{Change, Preview};
use crate::timeline::text::Page;

/// Something over the panes.
#[derive(Debug)]
pub enum Overlay {
    /// A page to read and scroll.
    Page {
        /// Its title.
        title: String,
        /// Its lines.
        page: Page,
        /// How many of them are above the window.
        scroll: usize,
    },
    /// A line that is typed.
    Prompt(Prompt),
    /// The changes that are legal at a step.
    Changes(Changes),
    /// The lanes, to hide and reorder.
    Lanes {
        /// All lanes in their order, each with whether it is shown.
        lanes: Vec<(usize, bool)>,
        /// The chosen one.
        chosen: usize,
    },
    /// A question with a yes and a no.
    Sure {
        /// The question.
        asks: String,
        /// What is done on yes.
        then: Action,
    },
}

/// A line that is typed for an action.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Prompt {
    /// What is done with it.
    pub action: Action,
    /// What stands in it.
    pub text: String,
    /// What is wrong with it, if something is.
    pub problem: Option<String>,
}

/// The changes that are legal at a step, with what would come of them as far as that is known.
#[derive(Debug)]
pub struct Changes {
    /// The step.
    pub at: EventId,
    /// Each with its preview: not asked for yet, or what came of it.
    pub offers: Vec<(Change, Option<Result<Preview, String>>)>,
    /// Only faults.
    pub faults_only: bool,
    /// Whether the list is there.
    pub ready: bool,
    /// The chosen one.
    pub chosen: usize,
}
