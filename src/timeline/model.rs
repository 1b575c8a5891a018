//! What a timeline is made of. Lanes are numbered from the left; nothing here has a width.

use crate::ids::{ActorId, EventId, Name};
use crate::trace::ActorKind;
use crate::units::Time;

/// What is to be shown.
#[derive(Clone, Debug)]
pub struct Options {
    /// Every frame of a handshake, every timer and every sign of life gets its row.
    pub full_handshake: bool,
    /// With more rows than this the quiet middle is left out, and of what repeats itself over and over the beginning and
    /// the end are shown; `None` shows all.
    pub max_rows: Option<usize>,
    /// Texts that stand below the rows of these events; such rows are never left out.
    pub captions: Vec<(EventId, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Options { full_handshake: false, max_rows: Some(80), captions: Vec::new() }
    }
}

/// A party's column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Whose.
    pub actor: ActorId,
    /// Its name, safe to print.
    pub name: String,
    /// What it is.
    pub kind: ActorKind,
}

/// A lane's line beside a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LaneState {
    /// Running.
    Idle,
    /// A disk that has a write under way.
    Writing,
    /// A disk that has a sync under way.
    Syncing,
    /// A process that is not running.
    Down,
    /// A process that stands still.
    Paused,
}

/// A short text around a message's id; the id is what is shortened last.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Label {
    /// Before the id.
    pub before: String,
    /// The id; empty if there is none.
    pub message: String,
    /// Behind it.
    pub after: String,
    /// Behind all that: left out where there is no room, and not missed.
    pub aside: String,
}

impl Label {
    /// What must be said.
    pub fn text(&self) -> String {
        format!("{}{}{}", self.before, self.message, self.after)
    }
    /// All of it.
    pub fn whole(&self) -> String {
        format!("{}{}", self.text(), self.aside)
    }
}

/// Which part of its way an arrow shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// All of it: nothing else happened on the way.
    Whole,
    /// The sending; another row has the arrival.
    Departs,
    /// The arrival; another row has the sending.
    Arrives,
}

/// How an arrow ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It reaches its target.
    Reaches,
    /// It dies on the way.
    Lost,
    /// It reaches its target, which has no use for it.
    Ignored,
}

/// What an arrow stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wire {
    /// A frame.
    Frame,
    /// Several frames there and back that set something up.
    Setup,
    /// A write to a disk.
    Write,
    /// A sync of a disk.
    Sync,
}

/// From lane to lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrow {
    /// Index of the lane where it begins.
    pub from: usize,
    /// Index of the lane where it ends.
    pub to: usize,
    /// What it says.
    pub label: Label,
    /// Which part of the way.
    pub part: Part,
    /// How it ends.
    pub fate: Fate,
    /// What it stands for.
    pub wire: Wire,
}

/// A sign in front of a remark. Its words say the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Sign {
    /// Done, confirmed.
    Good,
    /// Lost, refused, dropped.
    Bad,
    /// Done or stored twice.
    Duplicate,
    /// Sent or delivered again.
    Again,
    /// Nobody can know.
    Unknown,
    /// A timer.
    Timer,
    /// A process ended.
    Crash,
    /// A process came back.
    Restart,
    /// A fault of the scenario.
    Fault,
    /// A broken connection.
    Broken,
}

/// One thing said beside a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Its sign, if it has one.
    pub sign: Option<Sign>,
    /// Its words.
    pub text: String,
}

/// What is said to the right of a lane, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Index of the lane.
    pub lane: usize,
    /// What.
    pub remarks: Vec<Remark>,
    /// Whether the lane's line itself breaks here: a process ended or came back.
    pub breaks: Option<Sign>,
}

/// A line over all lanes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Across {
    /// Its sign, if it has one.
    pub sign: Option<Sign>,
    /// Its words.
    pub text: String,
}

/// How much a row matters where not all can be shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Weight {
    /// All is well.
    #[default]
    Quiet,
    /// Something did not go as it should: a failure, a refusal, a redelivery. Shown unless there are many.
    Trouble,
    /// Never left out: faults, losses, crashes, repetitions.
    Always,
}

/// A row: at most one arrow, and what is said at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its first event; [`EventId::step`] is the number shown.
    pub first: EventId,
    /// Its last event.
    pub last: EventId,
    /// When it begins.
    pub time: Time,
    /// When it ends: its last event, the last event of a handshake that is shown where it began.
    pub until: Time,
    /// The arrow.
    pub arrow: Option<Arrow>,
    /// The notes.
    pub notes: Vec<Note>,
    /// A line over all lanes, then without arrow and notes.
    pub across: Option<Across>,
    /// The lanes' lines beside it.
    pub lanes: Vec<LaneState>,
    /// Whether it may be left out.
    pub weight: Weight,
    /// The messages it is about.
    pub messages: Vec<Name>,
    /// What the lesson says here.
    pub captions: Vec<String>,
}

/// What was left out between two rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// How many steps.
    pub steps: u32,
    /// The first and last message in them, safe to print; the same if there is one only.
    pub messages: Option<(String, String)>,
    /// Before which row, as an index into the rows that are left.
    pub before: usize,
    /// How often the rows before it repeat in it; 0 where they do not.
    pub repeats: u32,
    /// How many of its rows tell of trouble.
    pub troubles: u32,
}

/// A laid-out trace.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Timeline {
    /// The lanes from left to right.
    pub lanes: Vec<Lane>,
    /// The rows in the order of time.
    pub rows: Vec<Row>,
    /// What was left out, in order.
    pub gaps: Vec<Gap>,
    /// How many events of the trace have no row (what its neighbours say already, timers, signs of life).
    pub unseen: u32,
}

impl Row {
    /// Whether it ends later than it begins.
    pub fn lasts(&self) -> bool {
        self.until > self.time
    }
}

impl Timeline {
    /// The index of the row that shows an event, or the last one before it where it has none of its own.
    pub fn row_of(&self, event: EventId) -> Option<usize> {
        self.rows.partition_point(|row| row.first <= event).checked_sub(1)
    }
}
