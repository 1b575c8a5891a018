//! The table of everything that can be done. Dispatch, the footer, the help, the `:` commands, the plain mode and the
//! book's page are made of it; nothing is done that is not in it.
//!
//! Not the doing: that is `app`.

use super::key::Key;

/// What actions are about, in the order in which help lists them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Group {
    /// Going through the run.
    Move,
    /// Understanding it.
    Ask,
    /// Changing it.
    Change,
    /// Taking something away.
    Keep,
    /// The screen.
    Screen,
}

impl Group {
    /// Every group.
    pub const ALL: &'static [Group] = &[Group::Move, Group::Ask, Group::Change, Group::Keep, Group::Screen];

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Group::Move => "Going through the run",
            Group::Ask => "Understanding it",
            Group::Change => "Changing it",
            Group::Keep => "Taking something away",
            Group::Screen => "The screen",
        }
    }
}

/// What stands in the table about an action.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Which.
    pub action: Action,
    /// The `:` command.
    pub name: &'static str,
    /// What may stand behind the command, such as `STEP or TIME`; empty for nothing.
    pub argument: &'static str,
    /// The keys that do it.
    pub keys: &'static [Key],
    /// What it is about.
    pub group: Group,
    /// A word or two for the footer; empty where it is not to stand there.
    pub short: &'static str,
    /// A sentence for help and book.
    pub says: &'static str,
}

macro_rules! actions {
    ($($action:ident: $name:literal $argument:literal [$($key:expr),*] $group:ident $short:literal $says:literal;)*) => {
        /// Something that can be done.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Action {
            $(#[doc = $says] $action,)*
        }
        /// The table, in the order of help.
        pub const ACTIONS: &[Spec] = &[$(Spec {
            action: Action::$action, name: $name, argument: $argument, keys: &[$($key),*],
            group: Group::$group, short: $short, says: $says,
        }),*];
    };
}

use Key::{BackTab, Char, Ctrl, Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Right, Tab, Up};

actions! {
    Next: "next" "" [Char('j'), Down, Right, Char(' '), Char('n')] Move "step" "Go to the next step.";
    Previous: "previous" "" [Char('k'), Up, Left, Char('p')] Move "back" "Go back to the step before.";
    NextTurn: "turn" "" [Char('J')] Move "" "Go to the next fault, loss, repetition or end of a process.";
    PreviousTurn: "turn-back" "" [Char('K')] Move "" "Go back to the last fault, loss, repetition or end of a process.";
    Start: "start" "" [Char('g'), Home] Move "" "Go to the first step.";
    Last: "end" "" [Char('G'), End] Move "" "Go to the last step.";
    PageForward: "page" "" [PageDown, Ctrl('d')] Move "" "Go a page of steps forward.";
    PageBack: "page-back" "" [PageUp, Ctrl('u')] Move "" "Go a page of steps back.";
    Goto: "goto" "STEP or TIME" [] Move "" "Go to a step by its number, or to a time: :14, :42ms.";
    Play: "play" "" [Char('x')] Move "" "Step by itself, or stop doing so.";
    Faster: "faster" "" [Char('+')] Move "" "Play faster.";
    Slower: "slower" "" [Char('-')] Move "" "Play slower.";
    Until: "until" "WORDS" [Char('u')] Move "until" "Run until a step tells of these words: a message, a party, a rule, a fault.";
    Mark: "mark" "TEXT" [Char('m')] Move "" "Put a bookmark here, or take it away; with a text it becomes a caption of the lesson that is recorded.";
    NextMark: "marks" "" [Char('\'')] Move "" "Go to the next bookmark, and behind the last one to the first.";
    Search: "search" "WORDS" [Char('/')] Move "search" "Find steps whose sentence has these words.";
    NextHit: "next-hit" "" [Char('>')] Move "" "Go to the next step that was found.";
    PreviousHit: "previous-hit" "" [Char('<')] Move "" "Go back to the last step that was found.";
    Follow: "follow" "NAME" [Char('f')] Move "follow" "Follow the message of this step, or a message, queue or party by its name; once more to stop.";
    NextFollowed: "next-followed" "" [Char('}')] Move "" "Go to the next step of what is followed.";
    PreviousFollowed: "previous-followed" "" [Char('{')] Move "" "Go back to the last step of what is followed.";

    Why: "why" "" [Char('w')] Ask "why" "Why did this happen; again: one cause further back.";
    WhyNot: "why-not" "MESSAGE" [Char('W')] Ask "" "Why did the message of this step not come to its end: the first condition that was not met.";
    Details: "details" "" [Enter] Ask "" "Show the rule behind this step, with its source and how exact it is.";
    Life: "life" "MESSAGE" [Char('l')] Ask "" "Show the life of the message of this step, from publishing to its end.";
    Verdict: "verdict" "" [Char('v')] Ask "verdict" "Show what came of the run: beliefs, queues, work, tables, expectations.";
    Violation: "violation" "" [Char('s')] Ask "" "Go to the next step at which something went wrong with a message.";
    Question: "question" "" [Char('?')] Ask "quiz" "Ask me what happens next, or about the end.";

    Branch: "branch" "CHANGE" [Char('b')] Change "branch" "Show what can be changed here, each with what would come of it, and make it a branch.";
    Disasters: "disasters" "" [Char('!')] Change "disasters" "The faults that can strike here, by one key each.";
    Tree: "tree" "" [Char('T')] Change "" "Go to the tree of branches; Enter opens one.";
    Rename: "name" "NAME" [Char('N')] Change "" "Give the branch that is shown a name.";
    Prune: "prune" "" [Char('D')] Change "" "Let the branch that is shown go, with everything that branched off it.";
    Compare: "compare" "BRANCH, @VARIANT, seed N or FILE" [Char('=')] Change "compare" "Show the run beside another, aligned on cause, or put that away; without a name beside the one it branched off.";
    NextDifference: "next-difference" "" [Char(']')] Change "" "Go to the next difference from the run compared with.";
    PreviousDifference: "previous-difference" "" [Char('[')] Change "" "Go back to the last difference from the run compared with.";
    Variant: "variant" "NAME" [Char('V')] Change "" "Open a variant of the scenario; without a name the next one.";
    Seed: "seed" "NUMBER" [] Change "" "Run the scenario with another seed.";
    Reload: "reload" "" [Char('R')] Change "" "Read the file again and keep the place.";

    Save: "save" "FILE" [Char('S')] Keep "" "Save the branch as a variant into the scenario's file, or the whole as a new file.";
    Export: "export" "FILE" [Char('e')] Keep "" "Write the timeline, story and verdict into a new file.";
    CopyToken: "token" "" [Char('y')] Keep "" "Copy the command that brings this run back.";
    Report: "report" "" [Char('Y')] Keep "" "Copy a report in Markdown: what happened around this step, and why.";

    NextPane: "pane" "NAME" [Tab] Screen "pane" "Go to the next pane, or to one of step, state, why and branches; without a screen this tells what is in it.";
    PreviousPane: "pane-back" "" [BackTab] Screen "" "Go to the pane before.";
    Lanes: "lanes" "" [Char('H')] Screen "" "Hide, show and reorder lanes.";
    ZoomIn: "zoom-in" "" [Char('z')] Screen "" "Show more: every frame of a handshake, every timer and every sign of life.";
    ZoomOut: "zoom-out" "" [Char('Z')] Screen "" "Show less: only where the run turns.";
    Curtain: "curtain" "" [Char('c')] Screen "" "Hide what is still to come, or show it again.";
    Theme: "theme" "dark, light or contrast" [Char('t')] Screen "" "Change the colours.";
    Gallery: "gallery" "" [Char('o')] Screen "" "Go to the gallery.";
    Command: "command" "" [Char(':')] Screen "" "Type a command.";
    Help: "help" "" [Char('h')] Screen "help" "Show this help.";
    Suspend: "suspend" "" [Ctrl('z')] Screen "" "Go back to the shell for a while.";
    Back: "back" "" [Esc] Screen "" "Close what is on top, stop what is under way.";
    Quit: "quit" "" [Char('q'), Ctrl('c')] Screen "quit" "Leave; asks only where a branch is not saved.";
}

impl Action {
    /// What stands in the table about it.
    pub fn spec(self) -> &'static Spec {
        // The table has the actions in the order of the enum.
        &ACTIONS[self as usize]
    }
    /// The action of a key.
    pub fn of_key(key: Key) -> Option<Action> {
        ACTIONS.iter().find(|spec| spec.keys.contains(&key)).map(|spec| spec.action)
    }
    /// The action of a command, by its name or a beginning that only one has.
    pub fn of_name(name: &str) -> Option<Action> {
        if let Some(spec) = ACTIONS.iter().find(|spec| spec.name == name) {
            return Some(spec.action);
        }
        let mut begins = ACTIONS.iter().filter(|spec| !name.is_empty() && spec.name.starts_with(name));
        match (begins.next(), begins.next()) {
            (Some(spec), None) => Some(spec.action),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_is_in_the_order_of_the_actions_and_no_key_or_name_stands_twice() {
        let mut keys = BTreeSet::new();
        let mut names = BTreeSet::new();
        for (at, spec) in ACTIONS.iter().enumerate() {
            assert_eq!(spec.action as usize, at);
            assert!(names.insert(spec.name), "{} twice", spec.name);
            assert!(spec.keys.iter().all(|key| keys.insert(*key)), "a key of {} twice", spec.name);
            assert!(spec.says.ends_with('.'), "{}", spec.says);
        }
    }

    #[test]
    fn a_command_may_be_shortened_while_it_is_clear() {
        assert_eq!(Action::of_name("ver"), Some(Action::Verdict));
        assert_eq!(Action::of_name("why"), Some(Action::Why));
        assert_eq!(Action::of_name("s"), None);
        assert_eq!(Action::of_name(""), None);
    }
}
