//! Reading a file of recordings or pairs; which of the two it is, its content tells.
//!
//! One entry that cannot be read does not make the others worthless: it is kept with the reason. Not whether a step makes
//! sense to the system: that is asked when it is replayed (`Replayer::check`).

use super::fact::{Content, Fact, Pair, Seen, Step};
use crate::machine::{Did, Event, Literal, Rows, Value};
use crate::units::Time;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

/// The largest file in bytes.
pub const MAX_BYTES: u64 = 64 << 20;
/// The fields of a fact that are read. All others are for people.
const FIELDS: [&str; 9] =
    ["id", "group", "version", "replayable", "racy", "time_dependent", "setup", "action", "expected"];
/// Of these a fact has at least one.
const MARKS: [&str; 3] = ["id", "setup", "action"];

/// Why a file is neither recordings nor pairs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Malformed(pub String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Malformed {}

/// What is wrong, without where.
pub(super) type Checked<T> = Result<T, String>;

/// Reads a file.
///
/// # Errors
/// Where the text is no JSON, or neither a list of facts nor a list of pairs.
pub fn read(bytes: &[u8]) -> Result<Content, Malformed> {
    read_text(bytes).map_err(Malformed)
}

fn read_text(bytes: &[u8]) -> Checked<Content> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    if bytes.trim_ascii().is_empty() {
        return Err("is empty: a list of recordings or pairs is needed".into());
    }
    let no_json = |error: &dyn fmt::Display| format!("is not JSON as it should be: {error}");
    let text = std::str::from_utf8(bytes).map_err(|error| no_json(&error))?;
    // All of it first, so that the place in an error is the file's.
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| no_json(&error))?;
    let Some(inside) = text.trim_ascii_start().strip_prefix('[') else {
        return Err("is not a list of recordings or pairs".into());
    };
    let entries = entries(inside);
    match entries.iter().find_map(|entry| entry.chars().next().filter(|first| "{[".contains(*first))) {
        _ if entries.is_empty() => Err("is an empty list: there is nothing to replay".into()),
        Some('{') => facts(&entries),
        Some(_) => pairs(&entries),
        None => Err("holds neither recordings (tables) nor pairs (lists of three)".into()),
    }
}

/// The elements of a list that was found to be right; the text begins behind its bracket.
fn entries(mut rest: &str) -> Vec<&str> {
    let mut entries = Vec::new();
    loop {
        rest = rest.trim_ascii_start();
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        let Some(Ok(IgnoredAny)) = stream.next() else { return entries };
        let (entry, behind) = rest.split_at(stream.byte_offset());
        entries.push(entry);
        let behind = behind.trim_ascii_start();
        rest = behind.strip_prefix(',').unwrap_or(behind);
    }
}

fn pairs(entries: &[&str]) -> Checked<Content> {
    let read = |entry: &&str| serde_json::from_str::<Literal>(entry).map_err(|error| error.to_string());
    let read: Vec<Checked<Literal>> = entries.iter().map(read).collect();
    let binding = read.iter().find_map(|entry| match entry {
        Ok(Literal(Value::List(parts))) => parts.first(),
        _ => None,
    });
    let kind = if matches!(binding, Some(Value::Text(_))) { "topic" } else { "headers" };
    let pairs: Vec<Checked<Pair>> = read.iter().map(|entry| pair(kind, &entry.as_ref()?.0)).collect();
    match &pairs[..] {
        [Err(why), ..] if pairs.iter().all(Result::is_err) => Err(format!("holds no pair: pair 1 {why}")),
        _ => Ok(Content::Pairs(kind, pairs)),
    }
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

fn facts(entries: &[&str]) -> Checked<Content> {
    let mut any = false;
    let mut fact = |(number, entry): (usize, &&str)| {
        let row = serde_json::from_str::<Row>(entry);
        any |= row.as_ref().map_or(true, |Row(rows)| MARKS.iter().any(|mark| find(rows, mark).is_some()));
        let id = row.as_ref().map_or_else(|_| id_of(entry), |Row(rows)| text(rows, "id").ok());
        let mut fact = Fact { id: id.unwrap_or_else(|| format!("entry-{number}")), ..Fact::default() };
        fact.group = letters(&fact.id);
        let read = match &row {
            Ok(Row(rows)) => fill(&mut fact, rows),
            Err(_) if !entry.starts_with('{') => Err("it is no recording: a table is needed".into()),
            Err(error) => Err(format!("it cannot be read: {error} of the entry")),
        };
        fact.unread = read.err();
        fact
    };
    let facts = (1..).zip(entries).map(&mut fact).collect();
    if any { Ok(Content::Facts(facts)) } else { Err(format!("holds no recordings: none has {}", MARKS.join(", "))) }
}

/// The id of an entry that cannot be read otherwise.
fn id_of(entry: &str) -> Option<String> {
    let entry: serde_json::Value = serde_json::from_str(entry).ok()?;
    entry.get("id")?.as_str().map(str::to_owned)
}

/// The letters that an id begins with: its group where none is given.
fn letters(id: &str) -> String {
    let letters: String = id.chars().take_while(|c| c.is_alphabetic()).collect();
    if letters.is_empty() { "other".into() } else { letters }
}

/// The fields of a fact that are read, as they stand there.
struct Row(Rows);

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RowReader).map(Row)
    }
}

struct RowReader;

impl<'de> Visitor<'de> for RowReader {
    type Value = Rows;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a recording")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Rows, A::Error> {
        let mut rows = Rows::new();
        while let Some(key) = map.next_key::<String>()? {
            if !FIELDS.contains(&&*key) {
                map.next_value::<IgnoredAny>()?;
            } else if rows.iter().any(|(known, _)| **known == *key) {
                return Err(A::Error::custom(format_args!("`{key}` stands twice")));
            } else {
                rows.push((key.into(), map.next_value::<Literal>()?.0));
            }
        }
        Ok(rows)
    }
}

/// Reads all of a fact but its id.
fn fill(fact: &mut Fact, rows: &Rows) -> Checked<()> {
    if let Some(Value::Text(group)) = find(rows, "group") {
        fact.group = group.to_string();
    }
    let flag = |key| match find(rows, key) {
        Some(Value::Bool(yes)) => Ok(*yes),
        None => Ok(false),
        Some(_) => Err(format!("`{key}` needs true or false")),
    };
    fact.replayable = flag("replayable")?;
    if !fact.replayable {
        return Ok(());
    }
    fact.version = find(rows, "version").map(|_| text(rows, "version")).transpose()?;
    (fact.racy, fact.timed) = (flag("racy")?, flag("time_dependent")?);
    let (setup, action) = (list(rows, "setup")?, list(rows, "action")?);
    if setup.is_empty() && action.is_empty() {
        return Err("it has no steps".into());
    }
    let number = |number: usize, why: String| format!("step {number}: {why}");
    let steps = (1..).zip(setup.iter().chain(action)).map(|(at, entry)| step(entry).map_err(|why| number(at, why)));
    fact.steps = steps.collect::<Checked<_>>()?;
    fact.setup = setup.len();
    if find(rows, "expected").is_some() {
        fact.expected = Some(list(rows, "expected")?.iter().map(seen).collect::<Checked<_>>()?);
    }
    Ok(())
}

fn step(entry: &Value) -> Checked<Step> {
    let Value::Table(rows) = entry else { return Err("is not a table".into()) };
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

/// A field; `null` is as good as none.
fn find<'a>(rows: &'a Rows, key: &str) -> Option<&'a Value> {
    rows.iter().find(|(known, _)| &**known == key).map(|(_, value)| value).filter(|value| **value != Value::Void)
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
