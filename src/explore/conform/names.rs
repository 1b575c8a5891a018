//! Names that a node makes up, such as `amq.gen-…`: they differ from run to run. A recording has them as they were, or
//! with a placeholder for the part that was made up; what is sent later must use those of this run.

use super::placeholder::{PLACEHOLDERS, Token, tokens};
use crate::machine::{Event, Rows, Value};
use std::sync::Arc;

/// The names that were made up so far.
#[derive(Clone, Debug)]
pub struct Made {
    prefixes: &'static [&'static str],
    /// Each with the connection that saw it, in the order of seeing.
    seen: Vec<(Arc<str>, String)>,
    /// Those that came where the node tells of a new name.
    told: Vec<String>,
    /// Names of the recording that have no placeholder, and what stands for them in this run.
    pub(super) stands: Vec<(String, String)>,
}

impl Made {
    /// None yet; they begin with these.
    pub fn new(prefixes: &'static [&'static str]) -> Made {
        Made { prefixes, seen: Vec::new(), told: Vec::new(), stands: Vec::new() }
    }

    /// What the names begin with.
    pub fn prefixes(&self) -> &'static [&'static str] {
        self.prefixes
    }

    /// Whether the node told of this name before, or in this very event.
    pub fn knows(&self, name: &str) -> bool {
        self.told.iter().any(|known| known == name)
    }

    /// Takes note of the names in an event, with whether a field is one in which the node tells of new names. A name is
    /// taken from where it stands alone, not from inside a sentence.
    pub fn learn(&mut self, conn: &Arc<str>, event: &Event, tells: &dyn Fn(&str) -> bool) {
        self.learn_rows(conn, &event.fields, tells);
    }

    fn learn_rows(&mut self, conn: &Arc<str>, rows: &Rows, tells: &dyn Fn(&str) -> bool) {
        for (key, value) in rows {
            match value {
                Value::Text(text) if self.is_made(text) => {
                    self.seen.retain(|(by, known)| by != conn || known != &**text);
                    self.seen.push((Arc::clone(conn), text.to_string()));
                    if tells(key) && !self.knows(text) {
                        self.told.push(text.to_string());
                    }
                }
                Value::Table(rows) => self.learn_rows(conn, rows, tells),
                _ => {}
            }
        }
    }

    /// Whether the whole text is a name of this kind.
    fn is_made(&self, text: &str) -> bool {
        let tokens = tokens(text, self.prefixes);
        matches!(tokens[..], [Token::Made(_, Some(_))])
    }

    /// Takes note that a name of the recording is this one here, from an event that both have.
    pub fn align(&mut self, recorded: &Event, got: &Event) {
        if recorded.name == got.name {
            for (key, value) in &recorded.fields {
                if let Some((_, other)) = got.fields.iter().find(|(known, _)| known == key) {
                    self.align_values(value, other);
                }
            }
        }
    }

    fn align_values(&mut self, recorded: &Value, got: &Value) {
        match (recorded, got) {
            (Value::Text(recorded), Value::Text(got))
                if self.is_made(recorded)
                    && self.is_made(got)
                    && !self.stands.iter().any(|(known, _)| *known == **recorded) =>
            {
                self.stands.push((recorded.to_string(), got.to_string()));
            }
            (Value::Table(rows), Value::Table(others)) => {
                for (key, value) in rows {
                    if let Some((_, other)) = others.iter().find(|(known, _)| known == key) {
                        self.align_values(value, other);
                    }
                }
            }
            _ => {}
        }
    }

    /// The fields of a step with this run's names.
    pub fn fill(&self, conn: &Arc<str>, args: &Rows) -> Rows {
        args.iter().map(|(key, value)| (Arc::clone(key), self.filled(conn, value))).collect()
    }

    fn filled(&self, conn: &Arc<str>, value: &Value) -> Value {
        match value {
            Value::Text(text) => Value::text(&self.filled_text(conn, text)),
            Value::Table(rows) => Value::Table(self.fill(conn, rows)),
            Value::List(values) => Value::List(values.iter().map(|value| self.filled(conn, value)).collect()),
            other => other.clone(),
        }
    }

    fn filled_text(&self, conn: &Arc<str>, text: &str) -> String {
        let hints = self.prefixes.iter().any(|prefix| text.contains(prefix));
        if !hints && !PLACEHOLDERS.iter().any(|known| text.contains(known)) {
            return text.to_owned();
        }
        let mut filled = String::new();
        for token in tokens(text, self.prefixes) {
            match token {
                Token::Plain(text) | Token::Any(text) => filled.push_str(text),
                Token::Made(prefix, Some(tail)) => {
                    let name = format!("{prefix}{tail}");
                    let stands = self.stands.iter().find(|(known, _)| *known == name);
                    filled.push_str(stands.map_or(&name, |(_, actual)| actual));
                }
                Token::Made(prefix, None) => match self.latest(conn, prefix) {
                    Some(name) => filled.push_str(name),
                    None => filled.push_str(prefix),
                },
            }
        }
        filled
    }

    /// The name of this kind that the connection saw last, else anybody.
    fn latest(&self, conn: &Arc<str>, prefix: &str) -> Option<&str> {
        let mine = |(by, name): &&(Arc<str>, String)| by == conn && name.starts_with(prefix);
        let any = |(_, name): &&(Arc<str>, String)| name.starts_with(prefix);
        let found = self.seen.iter().rev().find(mine).or_else(|| self.seen.iter().rev().find(any));
        found.map(|(_, name)| &**name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIXES: &[&str] = &["amq.gen-", "amq.ctag-"];

    fn event(key: &str, text: &str) -> Event {
        Event { channel: 1, name: "queue.declare-ok".into(), fields: vec![(key.into(), Value::text(text))] }
    }

    fn filled(made: &Made, conn: &str, text: &str) -> String {
        made.filled_text(&conn.into(), text)
    }

    #[test]
    fn a_placeholder_is_the_name_that_the_connection_saw_last() {
        let mut made = Made::new(PREFIXES);
        made.learn(&"c1".into(), &event("queue", "amq.gen-one"), &|_| true);
        made.learn(&"c2".into(), &event("queue", "amq.gen-two"), &|_| true);
        assert_eq!(filled(&made, "c1", "amq.gen-<id>"), "amq.gen-one");
        assert_eq!(filled(&made, "c2", "key.amq.gen-<id>"), "key.amq.gen-two");
        assert_eq!(filled(&made, "c3", "amq.gen-<id>"), "amq.gen-two");
        assert_eq!(filled(&made, "c1", "nothing"), "nothing");
    }

    #[test]
    fn a_name_inside_a_sentence_is_not_taken_for_one() {
        let mut made = Made::new(PREFIXES);
        made.learn(&"c1".into(), &event("reply_text", "no queue 'amq.gen-one' in vhost '/'"), &|_| true);
        assert!(!made.knows("amq.gen-one"));
        made.learn(&"c1".into(), &event("routing_key", "amq.gen-one"), &|key| key == "queue");
        assert!(!made.knows("amq.gen-one"));
    }

    #[test]
    fn a_name_without_a_placeholder_stands_for_the_one_at_its_place() {
        let mut made = Made::new(PREFIXES);
        made.align(&event("queue", "amq.gen-OLD"), &event("queue", "amq.gen-new"));
        assert_eq!(filled(&made, "c1", "amq.gen-OLD"), "amq.gen-new");
        assert_eq!(filled(&made, "c1", "amq.gen-OTHER"), "amq.gen-OTHER");
    }
}
