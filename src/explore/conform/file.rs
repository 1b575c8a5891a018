//! Reading a file of recordings or pairs; which of the two it is, its content tells.
//!
//! Not whether a step makes sense to the system (`Replayer::check`); that is asked here and answered there.

use super::fact::{Content, Fact, Pair, Seen, Step};
use crate::machine::{Did, Event, Literal, Replayer, Rows, Unfit, Value};
use crate::units::Time;
use std::fmt;

/// The largest file in bytes.
pub const MAX_BYTES: u64 = 64 << 20;
/// More errors than this are not listed.
const MAX_ERRORS: usize = 20;
/// The fields of a fact.
const FIELDS: [&str; 14] = [
    "id",
    "group",
    "given",
    "when",
    "then",
    "note",
    "version",
    "replayable",
    "racy",
    "time_dependent",
    "setup",
    "action",
    "expected",
    "observed",
];
/// The fields of a step.
const STEP: [&str; 6] = ["conn", "ch", "do", "args", "sees", "t"];

/// Why a file is neither recordings nor pairs: a line for each thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Malformed(pub Vec<String>);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Malformed {}

/// What is wrong, without where.
type Checked<T> = Result<T, String>;

/// Reads a file.
///
/// # Errors
/// Where the text is no JSON, nests more than 128 deep, is neither a list of facts nor a list of pairs, or where a step
/// that is to be replayed is no step of the system's.
pub fn read<R: Replayer>(bytes: &[u8]) -> Result<Content, Malformed> {
    let one = |text: String| Malformed(vec![text]);
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    if bytes.trim_ascii().is_empty() {
        return Err(one("is empty: a list of recordings or pairs is needed".into()));
    }
    let Literal(value) =
        serde_json::from_slice(bytes).map_err(|error| one(format!("is not JSON as it should be: {error}")))?;
    let Value::List(entries) = value else { return Err(one("is not a list of recordings or pairs".into())) };
    match entries.first() {
        None => Err(one("is an empty list: there is nothing to replay".into())),
        Some(Value::Table(_)) => all(&entries, fact::<R>).map(Content::Facts),
        Some(Value::List(first)) => {
            let kind = if matches!(first.first(), Some(Value::Text(_))) { "topic" } else { "headers" };
            all(&entries, |entry, _| pair(kind, entry)).map(|pairs| Content::Pairs(kind, pairs))
        }
        Some(_) => Err(one("holds neither recordings (tables) nor pairs (lists of three)".into())),
    }
}

/// Reads all entries, or says what is wrong with which.
fn all<T>(entries: &[Value], read: impl Fn(&Value, &mut Vec<String>) -> Checked<T>) -> Result<Vec<T>, Malformed> {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (number, entry) in (1..).zip(entries) {
        let mut inside = Vec::new();
        match read(entry, &mut inside) {
            Ok(entry) => good.push(entry),
            Err(why) => inside.push(why),
        }
        let name = match entry {
            Value::Table(rows) => {
                text(rows, "id").map_or_else(|_| format!("entry {number}"), |id| format!("fact {id}"))
            }
            _ => format!("pair {number}"),
        };
        bad.extend(inside.into_iter().map(|why| format!("{name}: {why}")));
    }
    if bad.is_empty() {
        return Ok(good);
    }
    if bad.len() > MAX_ERRORS {
        let more = bad.len() - MAX_ERRORS;
        bad.truncate(MAX_ERRORS);
        bad.push(format!("and {more} more"));
    }
    Err(Malformed(bad))
}

fn pair(kind: &str, entry: &Value) -> Checked<Pair> {
    let Value::List(parts) = entry else { return Err("is not a list".into()) };
    let [binding, message, Value::Bool(matched)] = &parts[..] else {
        return Err("is not [binding, message, true or false]".into());
    };
    let fits = |value: &Value| match kind {
        "topic" => matches!(value, Value::Text(_)),
        _ => matches!(value, Value::Table(_) | Value::Void),
    };
    if !fits(binding) || !fits(message) {
        let needs = if kind == "topic" { "a binding key and a routing key" } else { "two tables, or null for none" };
        return Err(format!("needs {needs}, like the first pair of the file"));
    }
    Ok(Pair { binding: binding.clone(), message: message.clone(), matched: *matched })
}

fn fact<R: Replayer>(entry: &Value, bad: &mut Vec<String>) -> Checked<Fact> {
    let Value::Table(rows) = entry else { return Err("is no recording: a table is needed".into()) };
    known(rows, &FIELDS)?;
    let flag = |key| match find(rows, key) {
        Some(Value::Bool(yes)) => Ok(*yes),
        None => Ok(false),
        Some(_) => Err(format!("`{key}` needs true or false")),
    };
    let (setup, action) = (list(rows, "setup")?, list(rows, "action")?);
    let replayable = flag("replayable")?;
    let mut fact = Fact {
        id: text(rows, "id")?,
        group: text(rows, "group")?,
        version: text(rows, "version")?,
        replayable,
        racy: flag("racy")?,
        timed: flag("time_dependent")?,
        steps: Vec::new(),
        setup: 0,
        expected: None,
    };
    if !replayable {
        return Ok(fact);
    }
    for (part, steps) in [("setup", setup), ("action", action)] {
        for (number, entry) in (1..).zip(steps) {
            match step(entry) {
                Ok(step) => fact.steps.push(step),
                Err(why) => bad.push(format!("{part} step {number}: {why}")),
            }
        }
        if part == "setup" {
            fact.setup = fact.steps.len();
        }
    }
    if find(rows, "expected").is_some() {
        fact.expected = Some(list(rows, "expected")?.iter().map(seen).collect::<Checked<_>>()?);
    }
    check_steps::<R>(&fact.steps, bad);
    Ok(fact)
}

/// Whether each step is one of the system's, on a connection that was made.
fn check_steps<R: Replayer>(steps: &[Step], bad: &mut Vec<String>) {
    let mut made: Vec<&str> = Vec::new();
    for (number, step) in (1..).zip(steps) {
        let what = &*step.did.what;
        if let Err(Unfit::Malformed(why)) = R::check(&step.did) {
            bad.push(format!("step {number}: {why}"));
        }
        if what == "connect" {
            made.push(&step.conn);
        } else if !["wait", "start"].contains(&what) && !made.contains(&&*step.conn) {
            bad.push(format!("step {number}: {what} on connection {}, which was never made", step.conn));
        }
    }
}

fn step(entry: &Value) -> Checked<Step> {
    let Value::Table(rows) = entry else { return Err("is not a table".into()) };
    known(rows, &STEP)?;
    let args = match find(rows, "args") {
        Some(Value::Table(args)) => args.clone(),
        None => Rows::new(),
        Some(_) => return Err("`args` needs a table".into()),
    };
    let what = text(rows, "do")?;
    let conn = match find(rows, "conn") {
        None if ["wait", "start"].contains(&&*what) => "-".into(),
        _ => text(rows, "conn")?,
    };
    let did = Did { channel: channel(rows)?, what, args };
    let sees = list(rows, "sees")?.iter().map(seen).collect::<Checked<_>>()?;
    Ok(Step { conn: conn.into(), did, at: time(rows)?, sees })
}

fn seen(entry: &Value) -> Checked<Seen> {
    let Value::Table(rows) = entry else { return Err("an event is not a table".into()) };
    let name = text(rows, "ev").map_err(|why| format!("an event: {why}"))?;
    let read = || -> Checked<Seen> {
        let fields = rows.iter().filter(|(key, _)| !["ev", "conn", "ch", "t"].contains(&&**key)).cloned().collect();
        let event = Event { channel: channel(rows)?, name: name.clone(), fields };
        Ok(Seen { conn: text(rows, "conn")?.into(), at: time(rows)?, event })
    };
    read().map_err(|why| format!("event {name}: {why}"))
}

fn known(rows: &Rows, fields: &[&str]) -> Checked<()> {
    match rows.iter().find(|(key, _)| !fields.contains(&&**key)) {
        Some((key, _)) => Err(format!("there is no field `{key}` (known: {})", fields.join(", "))),
        None => Ok(()),
    }
}

fn find<'a>(rows: &'a Rows, key: &str) -> Option<&'a Value> {
    rows.iter().find(|(known, _)| &**known == key).map(|(_, value)| value)
}

fn text(rows: &Rows, key: &str) -> Checked<String> {
    match find(rows, key) {
        Some(Value::Text(text)) => Ok(text.to_string()),
        Some(_) => Err(format!("`{key}` needs a text")),
        None => Err(format!("`{key}` is missing")),
    }
}

/// A list; an empty one where it is missing.
fn list<'a>(rows: &'a Rows, key: &str) -> Checked<&'a [Value]> {
    match find(rows, key) {
        Some(Value::List(entries)) => Ok(entries),
        None => Ok(&[]),
        Some(_) => Err(format!("`{key}` needs a list")),
    }
}

fn channel(rows: &Rows) -> Checked<u16> {
    match find(rows, "ch") {
        Some(Value::Int { value, .. }) => u16::try_from(*value).map_err(|_| "`ch` is no channel".into()),
        None => Ok(0),
        Some(_) => Err("`ch` needs a number".into()),
    }
}

/// Seconds, to the microsecond.
fn time(rows: &Rows) -> Checked<Time> {
    const LONGEST: f64 = 1e9;
    let seconds = match find(rows, "t") {
        Some(Value::Int { value, .. }) => *value as f64,
        Some(Value::Double(bits)) => f64::from_bits(*bits),
        None => 0.0,
        Some(_) => return Err("`t` needs a number of seconds".into()),
    };
    if !(0.0..=LONGEST).contains(&seconds) {
        return Err("`t` is no time: seconds from 0 are needed".into());
    }
    Ok(Time((seconds * 1e6).round() as u64 * 1_000))
}
