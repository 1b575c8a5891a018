//! What a machine gives back: outputs in order, each with its rule, its reason and its deltas.

use super::{Ask, File, Op, Report, Token};
use crate::ids::{ConnId, CopyId, Name, PlaceId, RuleId, VerbId};
use crate::trace::{Delta, Notes, What};
use crate::units::Span;

/// Why an output came: the input of the call, or an earlier output of the same call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Because(u32);

impl Because {
    /// The input.
    pub const INPUT: Because = Because(u32::MAX);
    /// The index of the earlier output; `None` for the input.
    pub fn output(self) -> Option<usize> {
        (self.0 != u32::MAX).then_some(self.0 as usize)
    }
}

/// What an output needed besides its trigger; the world finds the last event about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Need {
    /// Nothing.
    #[default]
    Nothing,
    /// The copy it acts on.
    Copy(CopyId),
    /// The place it acts on.
    Place(PlaceId),
}

/// What a machine does. The payloads are types of their own so that they can be kept beside it, see [`Light`].
#[derive(Clone, Copy, Debug)]
pub enum Does<F, A = Ask, T = Report> {
    /// Sends a frame. An application "sends" an [`Ask`] to its wire machine; the connection is then not used.
    Send(ConnId, F),
    /// Asks for a connection to the client's node. The answer is `Connected` or `Ended`.
    Dial,
    /// Closes a connection after what it has sent (`abort: false`), or breaks it off.
    Shut {
        /// Which.
        conn: ConnId,
        /// Whether what is on its way is thrown away.
        abort: bool,
    },
    /// Sets a timer; one that is set already under this token is replaced.
    SetTimer {
        /// Comes back with it.
        token: Token,
        /// From now.
        after: Span,
        /// What it is called.
        verb: VerbId,
        /// Whether it is only housekeeping: it alone does not keep a run going.
        housekeeping: bool,
    },
    /// Takes a timer back; one that is not set is no error.
    CancelTimer(Token),
    /// Writes to a file: the records are in the page cache when `DiskDone` comes.
    Write {
        /// Which file.
        file: File,
        /// How many of the records put into [`Out::ops`] belong to it, in order.
        ops: u32,
        /// Comes back with `DiskDone`.
        token: Token,
    },
    /// Syncs a file: what was written to it before is durable when `DiskDone` comes.
    Sync {
        /// Which file.
        file: File,
        /// Comes back with `DiskDone`.
        token: Token,
    },
    /// Notes something about a message or a place.
    Note {
        /// What.
        what: What,
        /// Where.
        place: PlaceId,
        /// Which message.
        message: Name,
        /// A count that belongs to it.
        number: u32,
    },
    /// The process ends by its own will.
    Exit,
    /// A wire machine tells its application something.
    Tell(T),
    /// An application asks its wire machine for something.
    Ask(A),
}

impl<F, A, T> Does<F, A, T> {
    /// The same with other payloads.
    #[inline]
    fn map<G, B, U>(
        self,
        frame: impl FnOnce(F) -> G,
        ask: impl FnOnce(A) -> B,
        report: impl FnOnce(T) -> U,
    ) -> Does<G, B, U> {
        match self {
            Does::Send(conn, sent) => Does::Send(conn, frame(sent)),
            Does::Tell(told) => Does::Tell(report(told)),
            Does::Ask(asked) => Does::Ask(ask(asked)),
            Does::Dial => Does::Dial,
            Does::Shut { conn, abort } => Does::Shut { conn, abort },
            Does::SetTimer { token, after, verb, housekeeping } => Does::SetTimer { token, after, verb, housekeeping },
            Does::CancelTimer(token) => Does::CancelTimer(token),
            Does::Write { file, ops, token } => Does::Write { file, ops, token },
            Does::Sync { file, token } => Does::Sync { file, token },
            Does::Note { what, place, message, number } => Does::Note { what, place, message, number },
            Does::Exit => Does::Exit,
        }
    }
}

/// What a machine does, without the frame, the request or the report that goes with it.
pub type Light = Does<(), (), ()>;

/// One output.
#[derive(Clone, Copy, Debug)]
pub struct Output<D = Light> {
    /// What it does.
    pub does: D,
    /// Under which rule.
    pub rule: RuleId,
    /// Why.
    pub because: Because,
    /// What it needed.
    pub need: Need,
    /// Where its deltas end in [`Out::deltas`]; they begin where those of the output before end.
    pub deltas_end: u32,
}

// Every output of every call is written and read once: it stays small.
const _: () = assert!(size_of::<Output>() <= 48);

/// The outputs of one call. What is large lies beside them, so that it is moved once and the rest is small.
#[derive(Clone, Debug)]
pub struct Out<F, R> {
    /// The outputs in order.
    pub outputs: Vec<Output>,
    /// The frames that are sent, in order.
    pub frames: Vec<F>,
    /// What an application asks for, in order.
    pub asks: Vec<Ask>,
    /// What an application is told, in order.
    pub reports: Vec<Report>,
    /// The changes of the observable state, in order; empty unless they are wanted.
    pub deltas: Vec<Delta>,
    /// The records of the writes, in order.
    pub ops: Vec<Op<R>>,
    /// Notes for somebody who does not ask why, in order.
    pub briefs: Vec<Brief>,
    /// What somebody listens to.
    pub wanted: Wanted,
}

/// What of a machine's outputs is only for show, and whether somebody looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// Which notes somebody listens to: others may be left out.
    pub notes: Notes,
    /// Whether deltas are wanted: if not they must be left out, and if so all notes are wanted.
    pub deltas: bool,
    /// Whether notes may be [`Brief`]: nobody asks for their rules and reasons.
    pub brief: bool,
}

/// A note without its why. It costs much less than an output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Brief {
    /// How many outputs come before it.
    pub after: u32,
    /// What is noted.
    pub what: What,
    /// Where.
    pub place: PlaceId,
    /// The message.
    pub message: Name,
    /// A count that belongs to the note.
    pub number: u32,
}

impl<F, R> Default for Out<F, R> {
    fn default() -> Self {
        Out {
            outputs: Vec::new(),
            frames: Vec::new(),
            asks: Vec::new(),
            reports: Vec::new(),
            deltas: Vec::new(),
            ops: Vec::new(),
            briefs: Vec::new(),
            wanted: Wanted { notes: Notes::ALL, deltas: true, brief: false },
        }
    }
}

impl<F, R> Out<F, R> {
    /// Adds an output; gives what a later output of the same call can name as its reason.
    pub fn push(&mut self, rule: RuleId, because: Because, need: Need, does: Does<F>) -> Because {
        let Out { frames, asks, reports, .. } = self;
        let does = does.map(|f| frames.push(f), |ask| asks.push(ask), |report| reports.push(report));
        self.put(rule, because, need, does)
    }

    /// Sends a frame: what `push` does with [`Does::Send`].
    #[inline]
    pub fn send(&mut self, rule: RuleId, because: Because, need: Need, conn: ConnId, frame: F) -> Because {
        self.frames.push(frame);
        self.put(rule, because, need, Does::Send(conn, ()))
    }

    /// Asks the wire machine: what `push` does with [`Does::Ask`].
    #[inline]
    pub fn ask(&mut self, rule: RuleId, because: Because, ask: Ask) -> Because {
        self.asks.push(ask);
        self.put(rule, because, Need::Nothing, Does::Ask(()))
    }

    /// Tells the application: what `push` does with [`Does::Tell`]. It makes no event, so it has no rule: what the
    /// application then does has one.
    #[inline]
    pub fn tell(&mut self, because: Because, report: Report) -> Because {
        self.reports.push(report);
        self.put(RuleId::NONE, because, Need::Nothing, Does::Tell(()))
    }

    #[inline]
    fn put(&mut self, rule: RuleId, because: Because, need: Need, does: Light) -> Because {
        let deltas_end = self.deltas.len() as u32;
        self.outputs.push(Output { does, rule, because, need, deltas_end });
        Because(self.outputs.len() as u32 - 1)
    }

    /// Adds a note; does nothing where nobody listens to its kind.
    #[inline]
    pub fn note(
        &mut self,
        rule: RuleId,
        because: Because,
        what: What,
        place: PlaceId,
        message: Name,
        number: u32,
    ) -> Because {
        if !self.wanted.notes.has(what) {
            return because;
        }
        if self.wanted.brief {
            let after = self.outputs.len() as u32;
            self.briefs.push(Brief { after, what, place, message, number });
            return because;
        }
        self.put(rule, because, Need::Nothing, Does::Note { what, place, message, number })
    }

    /// Adds a change that belongs to the output pushed last. There must be one.
    #[inline]
    pub fn delta(&mut self, delta: impl FnOnce() -> Delta) {
        if !self.wanted.deltas {
            return;
        }
        self.deltas.push(delta());
        if let Some(last) = self.outputs.last_mut() {
            last.deltas_end = self.deltas.len() as u32;
        }
    }

    /// Whether nothing was put out.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.outputs.is_empty() && self.briefs.is_empty()
    }

    /// Empties it; the allocations stay.
    #[inline]
    pub fn clear(&mut self) {
        self.outputs.clear();
        self.briefs.clear();
        self.deltas.clear();
        // What these hold goes out with the outputs, mostly to the last of it.
        if !(self.frames.is_empty() && self.asks.is_empty() && self.reports.is_empty() && self.ops.is_empty()) {
            self.clear_payloads();
        }
    }

    #[cold]
    fn clear_payloads(&mut self) {
        self.frames.clear();
        self.asks.clear();
        self.reports.clear();
        self.ops.clear();
    }
}

#[cfg(test)]
impl<F: Clone, R> Out<F, R> {
    /// The outputs with what belongs to them.
    pub fn whole(&self) -> Vec<Output<Does<F>>> {
        let (mut frames, mut asks, mut reports) = (self.frames.iter(), self.asks.iter(), self.reports.iter());
        let whole = |output: &Output| {
            let Output { rule, because, need, deltas_end, .. } = *output;
            let does = output.does.map(
                |()| frames.next().expect("a frame each").clone(),
                |()| asks.next().expect("a request each").clone(),
                |()| reports.next().expect("a report each").clone(),
            );
            Output { does, rule, because, need, deltas_end }
        };
        self.outputs.iter().map(whole).collect()
    }

    /// Takes the outputs out, with what belongs to them; changes and records stay.
    pub fn take_whole(&mut self) -> Vec<Output<Does<F>>> {
        let whole = self.whole();
        self.outputs.clear();
        self.frames.clear();
        self.asks.clear();
        self.reports.clear();
        whole
    }
}
