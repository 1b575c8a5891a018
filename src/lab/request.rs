//! What a viewer asks of a laboratory, as values: a viewer hands requests out and takes answers in, and whoever runs both
//! decides whether the laboratory works beside it or in between.

use super::{Branch, Change, Comparison, Entry, Laboratory, Opening, Preview, Problem, Run, RunId, Saved, Target};
use crate::ids::EventId;
use std::sync::Arc;

/// A wish.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// The gallery.
    List,
    /// A scenario or a recorded trace.
    Open(Opening),
    /// The variants of a scenario.
    Variants(String),
    /// A run that is held.
    Get(RunId),
    /// The changes that are legal at an event.
    Changes(RunId, EventId),
    /// What would come of a change.
    Preview(RunId, EventId, String),
    /// A change is made.
    Branch(RunId, EventId, String),
    /// A run gets another name.
    Rename(RunId, String),
    /// A run and its branches are let go.
    Prune(RunId),
    /// A branch is saved.
    Save(RunId, Target),
    /// Two runs side by side.
    Compare(RunId, RunId),
}

/// What comes of a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// The gallery.
    List(Vec<Entry>),
    /// The run that was opened or branched off.
    Run(Arc<Run>),
    /// The changes that are legal.
    Changes(Vec<Change>),
    /// What would come of one.
    Preview(Preview),
    /// What was saved.
    Saved(Saved),
    /// The variants of a scenario, in the order of its file.
    Names(Vec<String>),
    /// Two runs side by side: the first one, and how they differ.
    Compared(Arc<Run>, Comparison),
    /// It is done.
    Done,
}

/// A reply, with the tree of runs as it is then.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What came of it, or why nothing did.
    pub reply: Result<Reply, Problem>,
    /// All runs that are held.
    pub tree: Vec<Branch>,
}

/// Fulfils a request.
pub fn serve(lab: &mut impl Laboratory, request: Request) -> Answer {
    let reply = fulfil(lab, request);
    Answer { reply, tree: lab.tree() }
}

fn fulfil(lab: &mut dyn Laboratory, request: Request) -> Result<Reply, Problem> {
    let held = |lab: &dyn Laboratory, id| lab.run(id).map(Reply::Run).ok_or(Problem::NoSuchRun);
    match request {
        Request::List => Ok(Reply::List(lab.list())),
        Request::Open(opening) => {
            let id = lab.open(&opening)?;
            held(lab, id)
        }
        Request::Variants(path) => lab.variants(&path).map(Reply::Names),
        Request::Get(run) => held(lab, run),
        Request::Changes(run, at) => lab.changes(run, at).map(Reply::Changes),
        Request::Preview(run, at, change) => lab.preview(run, at, &change).map(Reply::Preview),
        Request::Branch(run, at, change) => {
            let id = lab.branch(run, at, &change)?;
            held(lab, id)
        }
        Request::Rename(run, name) => lab.rename(run, &name).map(|()| Reply::Done),
        Request::Prune(run) => lab.prune(run).map(|()| Reply::Done),
        Request::Save(run, to) => lab.save(run, &to).map(Reply::Saved),
        Request::Compare(left, right) => {
            let run = lab.run(left).ok_or(Problem::NoSuchRun)?;
            lab.compare(left, right).map(|comparison| Reply::Compared(run, comparison))
        }
    }
}
