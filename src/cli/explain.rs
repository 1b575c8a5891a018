//! `mqlab explain`: rules of the model and words of the verdict. The texts are in their tables.

use super::args::ExplainArgs;
use super::exit::Exit;
use super::failure::{Failure, shown};
use super::output::Output;
use crate::ids::nearest;
use crate::rules::{Fidelity, Rule};
use crate::timeline::text::Style;
use crate::trace::wrap;
use crate::verdict::{Of, Takes, Word};
use crate::world::RULES;

pub(super) fn explain(args: &ExplainArgs, out: &mut Output) -> Result<Exit, Failure> {
    let Some(what) = args.what.as_deref().filter(|_| !args.all) else { return sheet(out).map(|()| Exit::Holds) };
    if let Some(word) = Word::from_name(&what.to_lowercase().replace(['-', ' '], "_")) {
        return explain_word(word, out).map(|()| Exit::Holds);
    }
    if what == "words" {
        return words(out).map(|()| Exit::Holds);
    }
    let found = rules(what);
    if found.is_empty() {
        return Err(unknown(what));
    }
    for (i, rule) in found.iter().enumerate() {
        if i > 0 {
            out.line("")?;
        }
        explain_rule(rule, out)?;
    }
    Ok(Exit::Holds)
}

/// The rule with this key, else all whose keys begin with it, part by part.
fn rules(key: &str) -> Vec<&'static Rule> {
    let all = || RULES.all().map(|(_, rule)| rule);
    if let Some(rule) = all().find(|rule| rule.key == key) {
        return vec![rule];
    }
    let key = key.trim_end_matches(['.', '*']);
    let begins = |rule: &&Rule| rule.key.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
    all().filter(begins).collect()
}

fn unknown(what: &str) -> Failure {
    let words = Word::ALL.iter().map(|word| word.name());
    let near = nearest(what, RULES.all().map(|(_, rule)| rule.key).chain(words));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let words: Vec<&str> = Word::ALL.iter().map(|word| word.name()).collect();
            format!("`mqlab explain --all` lists the rules; the words are {}", words.join(", "))
        }
    };
    Failure::usage(format!("{} is no rule and no word of the verdict\nhelp: {help}", shown(what)))
}

fn explain_rule(rule: &Rule, out: &mut Output) -> Result<(), Failure> {
    out.styled(Style::Name, rule.key)?;
    field("", rule.sentence, out)?;
    field("source", rule.source, out)?;
    field("versions", rule.versions, out)?;
    field("fidelity", &format!("{}: {}", rule.fidelity.name(), rule.fidelity.meaning()), out)
}

/// A line with its name in front, broken under its text.
fn field(name: &str, text: &str, out: &mut Output) -> Result<(), Failure> {
    let indent = if name.is_empty() { 2 } else { 12 };
    let mut head = format!("{:<indent$}", format!("  {name}"));
    for line in wrap(text, out.look.width - indent) {
        out.line(&format!("{head}{line}"))?;
        head = " ".repeat(indent);
    }
    Ok(())
}

/// All words of the verdict.
fn words(out: &mut Output) -> Result<(), Failure> {
    for (i, word) in Word::ALL.iter().enumerate() {
        if i > 0 {
            out.line("")?;
        }
        explain_word(*word, out)?;
    }
    Ok(())
}

fn explain_word(word: Word, out: &mut Output) -> Result<(), Failure> {
    out.styled(Style::Name, word.name())?;
    field("", word.definition(), out)?;
    field("written", &usage(word), out)
}

/// How a word is written in a scenario's `expect`.
fn usage(word: Word) -> String {
    let name = word.name();
    match word.takes() {
        Takes::CountMayOf(of) => {
            format!("{name}(0), {name}(\"{0}\", 0), {name}(1, ids: [\"order-2\"]); the name is {0}", an(of))
        }
        Takes::CountOf(of) => format!("{name}(\"{0}\", 0), {name}(\"{0}\", at_least(1)); the name is {0}", an(of)),
        Takes::Truth => format!("{name}(true) or {name}(false)"),
        Takes::Name(Of::Outcome) => format!("{name}(\"quiescent\")"),
        Takes::Name(of) => format!("{name}(\"{}\")", an(of)),
    }
}

fn an(of: Of) -> &'static str {
    match of {
        Of::Producer => "a producer",
        Of::Consumer => "a consumer",
        Of::Queue => "a queue",
        Of::Table => "a table",
        Of::Destination => "a table or queue",
        Of::Fault => "a fault",
        Of::Outcome => "an ending",
    }
}

/// All rules, system by system.
fn sheet(out: &mut Output) -> Result<(), Failure> {
    for (i, table) in RULES.0.iter().enumerate() {
        if i > 0 {
            out.line("")?;
        }
        let count = |fidelity| table.rules.iter().filter(|rule| rule.fidelity == fidelity).count();
        let (exact, simplified) = (count(Fidelity::Exact), count(Fidelity::Simplified));
        let left_out = count(Fidelity::NotModelled);
        let heading = format!("{}: {exact} exact, {simplified} simplified, {left_out} not modelled", table.system);
        out.styled(Style::Name, &heading)?;
        for rule in table.rules {
            out.line(&format!("  {}  ({})", rule.key, rule.fidelity.name()))?;
            let known = format!("{} [{}; versions: {}]", rule.sentence, rule.source, rule.versions);
            for line in wrap(&known, out.look.width - 6) {
                out.line(&format!("      {line}"))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_finds_its_rule_and_a_beginning_finds_all_under_it() {
        assert_eq!(rules("lab.tcp.lost").len(), 1);
        assert!(rules("lab.tcp").len() > 5 && rules("lab.tcp.").len() == rules("lab.tcp").len());
        assert!(rules("lab.tc").is_empty());
    }

    #[test]
    fn a_slip_is_answered_with_what_was_meant() {
        let Failure::Usage(text) = unknown("lab.tcp.lots") else { panic!() };
        assert!(text.contains("did you mean `lab.tcp.lost`?"), "{text}");
    }
}
