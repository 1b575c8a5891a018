//! The headers of dead letters: `x-death`, `x-first-death-…` and, from 3.13 on, `x-last-death-…` (R17, E20, E60, V5).
//!
//! Pure functions from properties to properties. Which messages die, and where they go, is the node's.

use super::config::Version;
use crate::machine::{Props, Value};
use std::sync::Arc;

type Row = (Arc<str>, Value);

/// One death of a message.
#[derive(Clone, PartialEq, Debug)]
pub struct Death<'a> {
    /// `rejected`, `expired` or `maxlen`.
    pub reason: &'a str,
    /// The queue it died in.
    pub queue: &'a str,
    /// Seconds since the start of the run.
    pub time: u64,
    /// The exchange it had been published to.
    pub exchange: &'a str,
    /// Its routing key, then its CC keys.
    pub keys: Vec<Arc<str>>,
    /// Whether the deaths in its headers count. Since 4.0 those that a client sends do not (V5).
    pub own: bool,
}

/// The properties of a dead letter: its deaths are counted in its headers, and it does not expire again. With
/// `new_key` its CC header goes too, since it is no longer routed by it.
pub fn with_death(props: &Props, death: &Death<'_>, new_key: bool, version: Version) -> Props {
    let mut props = props.clone();
    let expiration = props.expiration.take();
    let mut headers = props.headers.take().unwrap_or_default();
    headers.retain(|(key, _)| death.own || &**key != "x-death");
    let known = match headers.iter().find(|(key, _)| &**key == "x-death") {
        Some((_, Value::List(deaths))) => Some(Some(deaths.clone())),
        Some(_) => Some(None),
        None => None,
    };
    let fresh = entry(death, expiration);
    match known {
        None => {
            for (key, text) in [("reason", death.reason), ("queue", death.queue), ("exchange", death.exchange)] {
                set(&mut headers, &format!("x-first-death-{key}"), Value::text(text));
            }
            headers.insert(0, ("x-death".into(), Value::List(vec![Value::Table(fresh)])));
        }
        Some(None) => set(&mut headers, "x-death", Value::List(vec![Value::Table(fresh)])),
        Some(Some(deaths)) => set(&mut headers, "x-death", Value::List(add(deaths, death, fresh, version))),
    }
    if version >= Version::V3_13 {
        for (key, text) in [("reason", death.reason), ("queue", death.queue), ("exchange", death.exchange)] {
            set(&mut headers, &format!("x-last-death-{key}"), Value::text(text));
        }
    }
    if new_key {
        headers.retain(|(key, _)| &**key != "CC");
    }
    props.headers = Some(headers);
    props
}

fn entry(death: &Death<'_>, expiration: Option<Arc<str>>) -> Vec<Row> {
    let keys = death.keys.iter().map(|key| Value::Text(Arc::clone(key))).collect();
    let mut rows: Vec<Row> = vec![
        ("count".into(), Value::Int { bits: 64, value: 1 }),
        ("reason".into(), Value::text(death.reason)),
        ("queue".into(), Value::text(death.queue)),
        ("time".into(), Value::Timestamp(death.time)),
        ("exchange".into(), Value::text(death.exchange)),
        ("routing-keys".into(), Value::List(keys)),
    ];
    rows.extend(expiration.map(|text| ("original-expiration".into(), Value::Text(text))));
    rows
}

/// Adds a death to those before it: it counts up where the message died in this queue for this reason before.
fn add(deaths: Vec<Value>, death: &Death<'_>, fresh: Vec<Row>, version: Version) -> Vec<Value> {
    let (same, mut others): (Vec<Value>, Vec<Value>) =
        grouped(deaths, version).into_iter().partition(|known| is_like(known, death.queue, death.reason));
    let mut first = same.into_iter().next().map_or(Value::Table(fresh), one_more);
    if let Value::Table(rows) = &mut first {
        rows.sort_by(|a, b| a.0.cmp(&b.0));
    }
    others.insert(0, first);
    others
}

/// One entry a queue and reason. Up to 3.12 two or more of them come out in the opposite order (E60); later versions
/// keep them in the order of the last deaths (V5).
fn grouped(deaths: Vec<Value>, version: Version) -> Vec<Value> {
    if deaths.len() < 2 {
        return deaths;
    }
    let mut groups: Vec<Value> = Vec::new();
    for known in &deaths {
        let (queue, reason) = (text(known, "queue"), text(known, "reason"));
        if groups.iter().any(|group| is_like(group, queue, reason)) {
            continue;
        }
        let times = deaths.iter().filter(|other| is_like(other, queue, reason)).count();
        groups.push(with_count(known.clone(), times as i64));
    }
    if version < Version::V3_13 {
        groups.reverse();
    }
    groups
}

fn text<'a>(entry: &'a Value, key: &str) -> &'a str {
    let Value::Table(rows) = entry else { return "" };
    match rows.iter().find(|(known, _)| &**known == key) {
        Some((_, Value::Text(text))) => text,
        _ => "",
    }
}

fn is_like(entry: &Value, queue: &str, reason: &str) -> bool {
    text(entry, "queue") == queue && text(entry, "reason") == reason
}

/// An entry from a version that did not count gets a count.
fn with_count(mut entry: Value, count: i64) -> Value {
    if let Value::Table(rows) = &mut entry
        && !rows.iter().any(|(key, _)| &**key == "count")
    {
        rows.insert(0, ("count".into(), Value::Int { bits: 64, value: count }));
    }
    entry
}

fn one_more(mut entry: Value) -> Value {
    if let Value::Table(rows) = &mut entry {
        match rows.iter_mut().find(|(key, _)| &**key == "count") {
            Some((_, Value::Int { bits, value })) => (*bits, *value) = (64, value.saturating_add(1)),
            Some((_, other)) => *other = Value::Int { bits: 64, value: 1 },
            None => rows.insert(0, ("count".into(), Value::Int { bits: 64, value: 1 })),
        }
    }
    entry
}

fn set(headers: &mut Vec<Row>, key: &str, value: Value) {
    match headers.iter_mut().find(|(known, _)| &**known == key) {
        Some((_, old)) => *old = value,
        None => headers.push((key.into(), value)),
    }
}

/// Whether a message that comes to `queue` has died there before, without a rejection since (E24, E24c, E61b).
pub fn is_cycle(props: &Props, queue: &str) -> bool {
    let Some(Value::List(deaths)) = props.header("x-death") else { return false };
    let Some(last) = deaths.iter().position(|death| text(death, "queue") == queue) else { return false };
    deaths[..=last].iter().all(|death| matches!(death, Value::Table(_)) && text(death, "reason") != "rejected")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn die(props: &Props, queue: &str, reason: &str) -> Props {
        let death = Death { reason, queue, time: 0, exchange: "", keys: vec![queue.into()], own: true };
        with_death(props, &death, false, Version::V3_10)
    }

    fn queues(props: &Props) -> Vec<String> {
        match props.header("x-death") {
            Some(Value::List(deaths)) => deaths.iter().map(|death| text(death, "queue").to_owned()).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn the_first_death_is_noted_once() {
        let props = die(&die(&Props::default(), "q1", "rejected"), "q2", "expired");
        assert_eq!(props.header("x-first-death-queue"), Some(&Value::text("q1")));
        assert_eq!(props.header("x-first-death-reason"), Some(&Value::text("rejected")));
    }

    #[test]
    fn up_to_3_12_the_older_deaths_are_turned_round_at_each_new_one() {
        // E60.
        let mut props = Props::default();
        let mut seen = Vec::new();
        for queue in ["q1", "q2", "q3", "q4", "q5"] {
            props = die(&props, queue, "rejected");
            seen.push(queues(&props).join(" "));
        }
        assert_eq!(seen, ["q1", "q2 q1", "q3 q1 q2", "q4 q2 q1 q3", "q5 q3 q1 q2 q4"]);
    }

    #[test]
    fn a_death_in_the_same_queue_for_the_same_reason_is_counted() {
        // E24c.
        let props = die(&die(&Props::default(), "q", "rejected"), "q", "rejected");
        let Some(Value::List(deaths)) = props.header("x-death") else { panic!() };
        let [Value::Table(rows)] = &deaths[..] else { panic!("one entry") };
        assert_eq!(rows[0], ("count".into(), Value::Int { bits: 64, value: 2 }));
    }

    #[test]
    fn a_count_from_outside_goes_on_and_a_header_that_is_no_list_is_replaced() {
        // E61c, E61d.
        let rows = |count| {
            Value::Table(vec![
                ("count".into(), Value::int(count)),
                ("queue".into(), Value::text("q")),
                ("reason".into(), Value::text("rejected")),
            ])
        };
        let with = |value| Props { headers: Some(vec![("x-death".into(), value)]), ..Props::default() };
        let props = die(&with(Value::List(vec![rows(7)])), "q", "rejected");
        let Some(Value::List(deaths)) = props.header("x-death") else { panic!() };
        assert!(matches!(&deaths[..], [Value::Table(rows)] if rows[0].1 == Value::Int { bits: 64, value: 8 }));
        let props = die(&with(Value::text("once")), "q", "rejected");
        assert_eq!(queues(&props), ["q"]);
        assert_eq!(props.header("x-first-death-queue"), None);
    }

    #[test]
    fn a_cycle_without_a_rejection_is_one() {
        // E24, E24b, E24c.
        let expired = die(&Props::default(), "a", "expired");
        assert!(is_cycle(&expired, "a"));
        assert!(!is_cycle(&expired, "b"));
        assert!(!is_cycle(&die(&Props::default(), "a", "rejected"), "a"));
        assert!(is_cycle(&die(&expired, "b", "expired"), "a"));
    }

    #[test]
    fn a_dead_letter_keeps_its_expiration_in_its_death_alone() {
        // E20.
        let props = Props { expiration: Some("60000".into()), ..Props::default() };
        let dead = die(&props, "q", "rejected");
        assert_eq!(dead.expiration, None);
        let Some(Value::List(deaths)) = dead.header("x-death") else { panic!() };
        assert_eq!(text(&deaths[0], "original-expiration"), "60000");
    }
}
