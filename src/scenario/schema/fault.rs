//! Faults: what breaks. At which moment is in `moment`.

use super::moment::{When, moment};
use super::timing::timing;
use crate::app::Timing;
use crate::machine::Resource;
use crate::scenario::diagnostics::{Code, Diagnostic, Extent, Sink, Spanned};
use crate::scenario::fields::{
    Fields, choice, list, name, no_arguments, positive, rate, some_span, span, truth, word, wrong_type,
};
use crate::scenario::tree::{Call, Node, Value};
use crate::units::Span;

/// A fault.
#[derive(Clone, PartialEq, Debug)]
pub struct Fault {
    /// Its name, unique among the faults.
    pub name: Spanned<String>,
    /// What strikes, and when.
    pub what: Strike,
    /// How often it strikes at most; 0 is without a limit.
    pub times: u32,
}

/// What strikes, and when.
#[derive(Clone, PartialEq, Debug)]
#[expect(clippy::large_enum_variant, reason = "a scenario has few, and they are read once")]
pub enum Strike {
    /// Something breaks at a moment.
    When(Action, When),
    /// Something of a list breaks, at random intervals.
    Nemesis(Nemesis),
}

impl Strike {
    /// Everything that can break.
    pub fn actions(&self) -> &[Action] {
        match self {
            Strike::When(action, _) => std::slice::from_ref(action),
            Strike::Nemesis(nemesis) => &nemesis.draw,
        }
    }
}

/// Random faults.
#[derive(Clone, PartialEq, Debug)]
pub struct Nemesis {
    /// From one to the next.
    pub every: Timing,
    /// From when on.
    pub from: Span,
    /// Until when.
    pub until: Span,
    /// What is drawn from.
    pub draw: Vec<Action>,
}

/// Two groups of parties; an empty one stands for all others.
pub type Groups = (Vec<Spanned<String>>, Vec<Spanned<String>>);

/// What breaks.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// The connection between two parties.
    Cut {
        /// The parties.
        between: (Spanned<String>, Spanned<String>),
        /// What is on its way to this party is lost; without, both directions lose theirs.
        losing: Option<Spanned<String>>,
        /// Nobody is told.
        half_open: bool,
    },
    /// Nothing gets through between two parties for a while.
    BlackHole {
        /// The parties.
        between: (Spanned<String>, Spanned<String>),
        /// Nothing gets through to this one; without, to neither.
        towards: Option<Spanned<String>>,
        /// How long.
        lasting: Span,
    },
    /// A link is slower for a while.
    Slow {
        /// The parties.
        between: (Spanned<String>, Spanned<String>),
        /// The direction to this one; without, both.
        towards: Option<Spanned<String>>,
        /// Its latency; as it was without.
        latency: Option<Timing>,
        /// Bytes a second; as it was without.
        bandwidth: Option<u32>,
        /// How long.
        lasting: Span,
    },
    /// Nothing gets through between two groups of parties for a while.
    Partition {
        /// The groups; an empty one stands for all others.
        between: Groups,
        /// Nothing gets through to the group of this one; without, to neither.
        towards: Option<Spanned<String>>,
        /// How long.
        lasting: Span,
    },
    /// A process dies: what it held in memory is gone.
    Kill {
        /// Whose.
        who: Spanned<String>,
        /// Started again after.
        restart: Option<Span>,
    },
    /// A node's machine loses power: what was not synced is gone.
    PowerLoss {
        /// Which node.
        who: Spanned<String>,
        /// Started again after.
        restart: Option<Span>,
        /// What was not synced was being written back: all but the last record is kept.
        torn: bool,
    },
    /// A process is stopped in order.
    Stop {
        /// Whose.
        who: Spanned<String>,
        /// Started again after.
        restart: Option<Span>,
    },
    /// A process stands still.
    Pause {
        /// Whose.
        who: Spanned<String>,
        /// How long.
        lasting: Span,
    },
    /// A node is short of memory or disk.
    Alarm {
        /// Which node.
        who: Spanned<String>,
        /// What it is short of.
        resource: Resource,
        /// How long.
        lasting: Span,
    },
    /// The operator closes a client's connections.
    CloseConnection {
        /// Whose.
        who: Spanned<String>,
    },
    /// The operator deletes a virtual host.
    DeleteVhost {
        /// Which.
        vhost: Spanned<String>,
    },
    /// A node's disk does badly for a while.
    Disk {
        /// Which node's.
        who: Spanned<String>,
        /// What is wrong with it.
        how: DiskTrouble,
        /// How long.
        lasting: Span,
    },
}

/// What is wrong with a disk.
#[derive(Clone, PartialEq, Debug)]
pub enum DiskTrouble {
    /// No operation succeeds.
    Fails,
    /// No write succeeds.
    Full,
    /// Nothing completes.
    Stalls,
    /// A sync does nothing.
    Lies,
    /// It is slower.
    Slow {
        /// So many times.
        factor: u32,
        /// How long a write takes.
        write: Option<Timing>,
        /// How long a sync takes.
        fsync: Option<Timing>,
    },
}

/// Decodes a fault.
pub(super) fn fault(node: &Node, sink: &mut Sink) -> Option<Fault> {
    let mut f = Fields::of_struct(node, "a fault", sink);
    let name = f.name("name");
    let what = f.required("what", strike);
    let times = f.or("times", 0, positive);
    f.finish();
    // What cannot be read happens to nobody.
    let nothing = || Strike::When(nothing(node.head()), When::At(Span::ZERO, None));
    let what = what.unwrap_or_else(nothing);
    match &what {
        Strike::When(_, when) if times != 0 && !when.repeats() => {
            let title = "this fault strikes once, so it needs no `times`";
            let bad = Diagnostic::new(Code::Conflict, title, name.at, "this fault");
            sink.push(bad.help("`every` in its moment lets it strike again"));
        }
        Strike::When(_, when) if times == 0 && endless(when) => {
            let title = "this fault strikes again for ever";
            let bad = Diagnostic::new(Code::Conflict, title, name.at, "this fault");
            sink.push(bad.help("say how often at most: `times: 10`"));
        }
        Strike::Nemesis(_) if times != 0 => {
            let title = "a nemesis strikes until its time is over; it takes no `times`";
            sink.push(Diagnostic::new(Code::Conflict, title, name.at, "this nemesis"));
        }
        _ => {}
    }
    Some(Fault { name, what, times })
}

/// What stands in for what cannot be read: it happens to nobody.
fn nothing(at: Extent) -> Action {
    Action::Kill { who: Spanned::unread(at), restart: None }
}

/// Whether a moment comes again and again by itself.
fn endless(when: &When) -> bool {
    match when {
        When::At(_, every) => every.is_some(),
        When::With(_, inner) => endless(inner),
        _ => false,
    }
}

/// What can break.
pub(super) const ACTIONS: [&str; 17] = [
    "cut",
    "black_hole",
    "slow",
    "partition",
    "kill",
    "power_loss",
    "stop",
    "pause",
    "fail_disk",
    "slow_disk",
    "stall_disk",
    "full_disk",
    "lying_disk",
    "alarm",
    "close_connection",
    "delete_vhost",
    "nemesis",
];

fn strike(node: &Node, sink: &mut Sink) -> Option<Strike> {
    let found = known(node, sink)?;
    let mut f = Fields::of_call(node, "a fault", sink);
    if found == "nemesis" {
        let nemesis = nemesis(&mut f, node.head());
        f.finish();
        return Some(Strike::Nemesis(nemesis));
    }
    let action = action(found, &mut f, node.head());
    let when = f.required("when", moment).unwrap_or(When::At(Span::ZERO, None));
    f.finish();
    Some(Strike::When(action, when))
}

/// The word of what breaks.
fn known(node: &Node, sink: &mut Sink) -> Option<&'static str> {
    if let Some(clock) = node.word().filter(|word| word.starts_with("clock")) {
        let title = format!("`{clock}` is not modelled");
        let bad = Diagnostic::new(Code::UnknownWord, title, node.head(), "clocks do not jump and do not differ here");
        sink.push(bad.help("`mqlab explain lab.clocks` says what a real one would do"));
        return None;
    }
    word(node, "a fault", &ACTIONS, sink)
}

fn nemesis(f: &mut Fields<'_, '_>, at: Extent) -> Nemesis {
    let every = f.required("every", timing);
    let from = f.or("from", Span::ZERO, span);
    let until = f.required("until", some_span);
    let draw = f.required("draw", |node, sink| list(node, drawn, sink));
    let whole = every.is_some() && until.is_some() && draw.is_some();
    let nemesis = Nemesis {
        every: every.unwrap_or(Timing::Constant(Span::secs(1))),
        from,
        until: until.unwrap_or(Span::secs(1)),
        draw: draw.unwrap_or_default(),
    };
    let empty = matches!(nemesis.every, Timing::Constant(Span(0)) | Timing::Exponential(Span(0)))
        || matches!(nemesis.every, Timing::Uniform(_, Span(0)));
    for (wrong, title) in [
        (nemesis.draw.is_empty(), "a nemesis needs something to draw"),
        (empty, "a nemesis needs time between its strikes"),
        (nemesis.from >= nemesis.until, "a nemesis that ends before it begins"),
    ] {
        if wrong && whole {
            f.sink().push(Diagnostic::new(Code::OutOfRange, title, at, "this nemesis"));
        }
    }
    nemesis
}

/// What a nemesis draws: what breaks, without a moment.
fn drawn(node: &Node, sink: &mut Sink) -> Option<Action> {
    let found = known(node, sink)?;
    if found == "nemesis" {
        sink.push(Diagnostic::new(Code::Conflict, "a nemesis does not draw another", node.head(), "this one"));
        return None;
    }
    let mut f = Fields::of_call(node, "a fault", sink);
    let action = action(found, &mut f, node.head());
    f.finish();
    Some(action)
}

fn action(kind: &str, f: &mut Fields<'_, '_>, at: Extent) -> Action {
    match kind {
        "cut" => cut(f, at),
        "black_hole" => {
            let (between, towards) = (f.pair("between"), f.optional("towards", name));
            Action::BlackHole { between, towards, lasting: lasting(f) }
        }
        "slow" => slow(f, at),
        "partition" => partition(f, at),
        "alarm" => {
            let who = f.first_name("who");
            let choose = |node: &Node, sink: &mut Sink| choice(node, "a resource", &Resource::ALL, sink);
            let resource = f.or("resource", Resource::Memory, choose);
            Action::Alarm { who, resource, lasting: lasting(f) }
        }
        "close_connection" => Action::CloseConnection { who: f.first_name("who") },
        "delete_vhost" => Action::DeleteVhost { vhost: f.first_name("vhost") },
        "pause" => Action::Pause { who: f.first_name("who"), lasting: lasting(f) },
        "kill" => Action::Kill { who: f.first_name("who"), restart: f.optional("restart", span) },
        "stop" => Action::Stop { who: f.first_name("who"), restart: f.optional("restart", span) },
        "power_loss" => {
            let (who, restart) = (f.first_name("who"), f.optional("restart", span));
            Action::PowerLoss { who, restart, torn: f.or("torn", false, truth) }
        }
        _ => disk(kind, f, at),
    }
}

fn lasting(f: &mut Fields<'_, '_>) -> Span {
    f.required("lasting", some_span).unwrap_or(Span(1))
}

/// How a connection is cut.
pub(super) const HOW: [(&str, bool); 2] = [("reset", false), ("half_open", true)];

fn cut(f: &mut Fields<'_, '_>, at: Extent) -> Action {
    let between = f.pair("between");
    let losing = f.or("losing", None, losing);
    let half_open = f.or("how", false, |node, sink| choice(node, "a way to cut", &HOW, sink));
    if half_open && losing.is_some() {
        let title = "a connection that is half open loses what is under way in both directions";
        let bad = Diagnostic::new(Code::Conflict, title, at, "`half_open` and `losing`");
        f.sink().push(bad.help("leave `losing` out"));
    }
    Action::Cut { between, losing, half_open }
}

fn slow(f: &mut Fields<'_, '_>, at: Extent) -> Action {
    let (between, towards) = (f.pair("between"), f.optional("towards", name));
    let given = f.gives("latency") || f.gives("bandwidth");
    let (latency, bandwidth) = (f.optional("latency", timing), f.optional("bandwidth", rate));
    if !given && !f.has_others(&["between", "towards", "lasting", "when"]) {
        let bad = Diagnostic::new(Code::MissingField, "a slow link that is as it was", at, "how slow?");
        f.sink().push(bad.help("give it a `latency` or a `bandwidth`"));
    }
    Action::Slow { between, towards, latency, bandwidth, lasting: lasting(f) }
}

fn partition(f: &mut Fields<'_, '_>, at: Extent) -> Action {
    let between = f.first("between", groups).unwrap_or_else(|| (vec![Spanned::unread(at)], Vec::new()));
    let towards = f.optional("towards", name);
    Action::Partition { between, towards, lasting: lasting(f) }
}

/// Two groups of parties; or one name, against all others.
fn groups(node: &Node, sink: &mut Sink) -> Option<Groups> {
    if let Value::Text(_) = node.value {
        return name(node, sink).map(|name| (vec![name], Vec::new()));
    }
    match (&node.value, node.args()) {
        (Value::Call(Call { word: None, .. }), [a, b]) if a.name.is_none() && b.name.is_none() => {
            group(&a.value, sink).zip(group(&b.value, sink))
        }
        _ => {
            wrong_type(node, "two groups as `([\"a\"], [\"b\"])`, or a name", sink);
            None
        }
    }
}

/// A group of parties: a name, or a list of some.
fn group(node: &Node, sink: &mut Sink) -> Option<Vec<Spanned<String>>> {
    if let Value::Text(_) = node.value {
        return name(node, sink).map(|name| vec![name]);
    }
    let names = list(node, name, sink)?;
    if names.is_empty() {
        sink.push(Diagnostic::new(Code::OutOfRange, "a group of nobody", node.at, "empty"));
        return None;
    }
    Some(names)
}

fn disk(kind: &str, f: &mut Fields<'_, '_>, at: Extent) -> Action {
    let who = f.first_name("who");
    let how = match kind {
        "fail_disk" => DiskTrouble::Fails,
        "full_disk" => DiskTrouble::Full,
        "stall_disk" => DiskTrouble::Stalls,
        "lying_disk" => DiskTrouble::Lies,
        _ => {
            let given = f.gives("write") || f.gives("fsync");
            let factor = f.or("factor", 1, positive);
            let (write, fsync) = (f.optional("write", timing), f.optional("fsync", timing));
            let other = f.has_others(&["who", "factor", "write", "fsync", "lasting", "when"]);
            if factor == 1 && !given && !other {
                let bad = Diagnostic::new(Code::MissingField, "a slow disk that is as it was", at, "how slow?");
                f.sink().push(bad.help("give it a `factor` above 1, or say how long a `write` or an `fsync` takes"));
            }
            DiskTrouble::Slow { factor, write, fsync }
        }
    };
    Action::Disk { who, how, lasting: lasting(f) }
}

/// Which direction loses what is on its way.
fn losing(node: &Node, sink: &mut Sink) -> Option<Option<Spanned<String>>> {
    let found = word(node, "what is lost", &["both", "to"], sink)?;
    if found == "both" {
        no_arguments(node, sink);
        return Some(None);
    }
    let mut f = Fields::of_call(node, "`to`", sink);
    let who = f.first_name("who");
    f.finish();
    Some(Some(who))
}
