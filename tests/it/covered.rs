//! What the gallery has to show: every fault, every strategy of a client and every word of the verdict occurs in it.
//!
//! The lists are the schema's own: its tables of words, and the fields that it says it knows.

use crate::gallery::texts;
use mqlab::scenario::schema::words;
use mqlab::scenario::tree::{Arg, Call, Node, Value};
use mqlab::scenario::{self, Look};
use mqlab::verdict::Word;
use std::collections::BTreeSet;

/// Fields that are no strategies: names, times, numbers.
const PLAIN: [&str; 4] = ["name", "start", "user", "password"];

/// What holds where nothing is said, so that no scenario has to say it.
const DEFAULTS: [(&str, &str); 5] = [
    ("how", "reset"),
    ("reliability", "fire_and_forget"),
    ("on_timeout", "give_up"),
    ("on_refused", "give_up"),
    ("on_returned", "give_up"),
];

/// What the scenarios use: words by the field they are the value of, and fields by what they belong to.
#[derive(Default)]
struct Used {
    words: BTreeSet<(String, String)>,
    fields: BTreeSet<(String, String)>,
}

impl Used {
    fn of_gallery() -> Used {
        let mut used = Used::default();
        for (name, text) in texts() {
            let source = scenario::read(&text).unwrap_or_else(|e| panic!("{}", e.render(&name, Look::PLAIN)));
            used.node("", source.root());
        }
        used
    }

    /// A value of a field, or an element of a list or a map that is one.
    fn node(&mut self, field: &str, node: &Node) {
        match &node.value {
            Value::List(nodes) => nodes.iter().for_each(|node| self.node(field, node)),
            Value::Map(pairs) => pairs.iter().for_each(|(_, node)| self.node(field, node)),
            Value::Call(call) => self.call(field, call),
            _ => {}
        }
    }

    fn call(&mut self, field: &str, call: &Call) {
        let word = call.word.as_ref().map_or("", |word| word.value.as_str());
        // What a nemesis draws are faults, and a probability has a moment; an effect by key has effects.
        let field = if field == "draw" { "what" } else { field };
        if !word.is_empty() {
            self.words.insert((field.to_owned(), word.to_owned()));
        }
        let args = call.args.as_deref().unwrap_or_default();
        // A change of a variant says in its path which field it gives.
        if let (true, Some(path)) =
            (["set", "add", "replace"].contains(&word), args.first().and_then(|a| a.value.text()))
        {
            let parts: Vec<&str> = path.split('.').collect();
            let last = parts.last().copied().unwrap_or_default();
            if let [list, _, last] = parts[..] {
                self.fields.insert((list.trim_end_matches('s').to_owned(), last.to_owned()));
            }
            args.iter().skip(1).for_each(|arg| self.node(last, &arg.value));
            return;
        }
        // A struct in a list is one of what the list is of; a call is what its word says.
        let owner = if word.is_empty() { field.trim_end_matches('s') } else { word };
        for Arg { name, value } in args {
            let name = name.as_ref().map(|name| name.value.as_str());
            if let Some(name) = name {
                self.fields.insert((owner.to_owned(), name.to_owned()));
            }
            self.node(name.unwrap_or(field), value);
        }
    }
}

/// The fields that the schema knows in a place of a scenario. It says so itself where one is unknown: those that are not
/// given, a dozen at a time.
fn fields(place: impl Fn(&str) -> String) -> Vec<String> {
    let mut known: Vec<String> = Vec::new();
    loop {
        let given: String = known.iter().map(|name| format!("{name}: (), ")).collect();
        let errors =
            scenario::read(&place(&format!("{given}zzz: 1"))).and_then(|source| source.select(None)).unwrap_err();
        let text = errors.render("t", Look::PLAIN);
        let Some(at) = text.find("has no field `zzz`") else { panic!("{text}") };
        let rest = &text[at..text[at..].find("\n\n").map_or(text.len(), |end| at + end)];
        let Some((_, help)) = rest.split("error[").next().unwrap_or_default().split_once("known here: ") else {
            return known;
        };
        let line = help.lines().next().unwrap_or_default();
        let new: Vec<String> = line.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        assert!(!new.is_empty() && new.iter().all(|name| !known.contains(name)), "{text}");
        known.extend(new);
    }
}

#[test]
fn every_fault_every_strategy_and_every_word_of_the_verdict_occurs_in_the_gallery() {
    let used = Used::of_gallery();
    let mut missing = Vec::new();
    for (field, all) in words() {
        for word in all {
            if !DEFAULTS.contains(&(field, word)) && !used.words.contains(&(field.to_owned(), word.to_owned())) {
                missing.push(format!("{field}: {word}"));
            }
        }
    }
    for word in Word::ALL {
        let asked = |field: &str| used.words.contains(&(field.to_owned(), word.name().to_owned()));
        if !["expect", "invariants", "figure"].into_iter().any(asked) {
            missing.push(format!("the verdict's word {}", word.name()));
        }
    }
    let inside = |list: &'static str| {
        move |given: &str| format!("Scenario(title: \"t\", broker: rabbitmq(), {list}: [({given})])")
    };
    for (owner, list) in [("producer", "producers"), ("consumer", "consumers"), ("fault", "faults")] {
        for field in fields(inside(list)).into_iter().filter(|field| !PLAIN.contains(&field.as_str())) {
            if !used.fields.contains(&(owner.to_owned(), field.clone())) {
                missing.push(format!("a {owner}'s {field}"));
            }
        }
    }
    for word in words().iter().find(|(field, _)| *field == "what").into_iter().flat_map(|(_, words)| words.clone()) {
        let place = |given: &str| {
            format!("Scenario(title: \"t\", broker: rabbitmq(), faults: [(name: \"f\", what: {word}({given}))])")
        };
        for field in fields(place) {
            // What comes first is mostly written without its name.
            if !used.fields.contains(&(word.to_owned(), field.clone())) && !["who", "vhost"].contains(&field.as_str()) {
                missing.push(format!("the {field} of {word}"));
            }
        }
    }
    assert!(missing.is_empty(), "the gallery does not show:\n{}", missing.join("\n"));
}
