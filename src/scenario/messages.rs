//! Which messages a scenario can bring about, and what is said where one is named that it cannot.
//!
//! Not whether a message is where somebody looks for it; that only a run tells. Where an id cannot be known beforehand,
//! nothing is said.

use super::diagnostics::{Code, Diagnostic, Sink, Spanned, visible};
use super::schema::{Expect, Scenario, Script, Strike, When, Which};
use crate::verdict::{Figure, Of, Takes};

/// An answer to an answer to an answer, and so on: what is deeper than this may be anything.
const DEEPEST: u32 = 4;
/// So many ids are looked through for one that was meant.
const LOOKED_THROUGH: usize = 1_000;

/// A text with a number in it.
struct Series<'a> {
    before: &'a str,
    after: &'a str,
    /// The last number; the first is 1.
    last: u32,
}

impl<'a> Series<'a> {
    fn new(text: &'a str, hole: &str, last: u32) -> Option<Series<'a>> {
        text.split_once(hole).map(|(before, after)| Series { before, after, last })
    }
    /// The number in an id that is otherwise like this.
    fn number(&self, id: &str) -> Option<u64> {
        let digits = inside(id, self.before, self.after)?;
        let plain = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| plain)
    }
    fn id(&self, number: u32) -> String {
        format!("{}{number}{}", self.before, self.after)
    }
}

/// What stands between the two in a text.
fn inside<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.strip_prefix(before)?.strip_suffix(after)
}

/// The ids that messages can have.
#[derive(Default)]
struct Ids<'a> {
    fixed: Vec<&'a str>,
    series: Vec<Series<'a>>,
    /// What answers are called, before and after the id that they answer.
    answers: Vec<(&'a str, &'a str)>,
}

impl<'a> Ids<'a> {
    /// `None` where some cannot be known.
    fn of(scenario: &'a Scenario) -> Option<Ids<'a>> {
        let mut ids = Ids::default();
        for publish in scenario.producers.iter().flat_map(|producer| &producer.publish) {
            ids.add(&publish.id.value, "{n}", publish.count);
        }
        let replies = scenario.consumers.iter().filter_map(|consumer| consumer.reply.as_ref());
        let onward =
            scenario.consumers.iter().filter_map(|consumer| consumer.forward.as_ref()).map(|forward| &forward.id);
        for reply in replies.chain(onward) {
            match reply.value.split_once("{id}") {
                Some(("", "")) => {}
                Some(around) => ids.answers.push(around),
                None => ids.fixed.push(&reply.value),
            }
        }
        for script in &scenario.scripts {
            ids.publishes(script)?;
        }
        Some(ids)
    }

    fn add(&mut self, text: &'a str, hole: &str, last: u32) {
        match Series::new(text, hole, last) {
            Some(series) => self.series.push(series),
            None => self.fixed.push(text),
        }
    }

    /// What a script publishes has its body as its id where none is given.
    fn publishes(&mut self, script: &'a Script) -> Option<()> {
        for step in script.steps.iter().filter(|step| step.word.value == "basic_publish") {
            match step.node.field("id").or_else(|| step.node.field("body")) {
                Some(id) => self.fixed.push(id.text()?),
                None => self.fixed.push(""),
            }
        }
        Some(())
    }

    fn can_be(&self, id: &str, depth: u32) -> bool {
        let is_one = |series: &Series<'_>| series.number(id).is_some_and(|n| n <= u64::from(series.last));
        depth == DEEPEST
            || self.fixed.contains(&id)
            || self.series.iter().any(is_one)
            || self.answers.iter().filter_map(|(a, b)| inside(id, a, b)).any(|inner| self.can_be(inner, depth + 1))
    }

    fn check(&self, id: &Spanned<String>, sink: &mut Sink) {
        if !id.is_read() || self.can_be(&id.value, 0) || sink.is_full() {
            return;
        }
        let title = format!("there is no message `{}`", visible(&id.value));
        let bad = Diagnostic::new(Code::UnknownName, title, id.at, "nothing makes this id");
        let beyond = self.series.iter().find(|series| series.number(&id.value).is_some());
        sink.push(match beyond {
            Some(series) => {
                let (first, last) = (series.id(1), series.id(series.last));
                let says = match series.last {
                    1 => format!("the only message of this series is `{}`", visible(&first)),
                    _ => format!("the messages of this series are `{}` to `{}`", visible(&first), visible(&last)),
                };
                bad.help(says)
            }
            None => {
                let numbered = self.series.iter().flat_map(|series| (1..=series.last).map(|n| series.id(n)));
                let plain = self.fixed.iter().filter(|id| !id.is_empty()).map(|id| (*id).to_owned());
                let known: Vec<String> = plain.chain(numbered).take(LOOKED_THROUGH).collect();
                bad.suggest(&id.value, known.iter().map(String::as_str))
            }
        });
    }
}

/// Reports ids that no message can have. To be asked of a scenario that is right otherwise: what cannot be read may be
/// what makes the message.
pub(super) fn check(scenario: &Scenario, sink: &mut Sink) {
    let Some(ids) = Ids::of(scenario) else { return };
    let own = scenario.faults.iter().filter_map(|fault| match &fault.what {
        Strike::When(_, when) => Some(when),
        Strike::Nemesis(_) => None,
    });
    let moments = own.chain(scenario.lesson.moments());
    let fails = scenario.consumers.iter().flat_map(|consumer| &consumer.fail);
    let failing = fails.filter_map(|fail| match &fail.which {
        Which::Message(id) => Some(id),
        Which::Every(_) => None,
    });
    let expected = scenario.expect.iter().flat_map(|expect| expect.ids.iter().chain(timed(expect)));
    let figures: Vec<Spanned<String>> = scenario.lesson.figures().filter_map(timed_figure).collect();
    for id in moments.filter_map(message).chain(failing).chain(expected).chain(&figures) {
        ids.check(id, sink);
    }
}

/// The message whose time is asked for.
fn timed(expect: &Expect) -> Option<&Spanned<String>> {
    expect.of.as_ref().filter(|_| expect.expectation.what.takes() == Takes::TimeMayOf(Of::Message))
}

fn timed_figure(figure: Spanned<Figure>) -> Option<Spanned<String>> {
    let asked = figure.value.what.takes() == Takes::TimeMayOf(Of::Message);
    Some(Spanned::new(figure.value.of.filter(|_| asked)?, figure.at))
}

/// The message that a moment speaks of.
fn message(when: &When) -> Option<&Spanned<String>> {
    match when {
        When::At(..) => None,
        When::Sending(point) | When::Arriving(point) => point.message.as_ref(),
        When::BeforeFsync(point) | When::AfterWrite(point) | When::AfterFsync(point) => point.message.as_ref(),
        When::Worked(point) | When::Received(point) => point.message.as_ref(),
        When::With(_, when) => message(when),
    }
}

#[cfg(test)]
mod tests {
    fn scenario(scripts: &str, names: &str) -> String {
        let text = format!(
            r#"Scenario(
                title: "t",
                broker: rabbitmq(queues: [(name: "q"), (name: "r")]),
                producers: [(name: "p", publish: [
                    (to: "", key: "q", count: 3, reply_to: "r"), (to: "", key: "q", id: "one"),
                ])],
                consumers: [(name: "c", from: "q", reply: true), (name: "d", from: "r", reply: "x{{id}}y")],
                scripts: [{scripts}],
                {names}
            )"#
        );
        match super::super::read(&text) {
            Ok(_) => String::new(),
            Err(errors) => errors.list().iter().map(|bad| format!("{bad:?}\n")).collect(),
        }
    }

    fn expected(id: &str) -> String {
        scenario("", &format!("expect: [lost(1, ids: [\"{id}\"])]"))
    }

    #[test]
    fn what_a_series_an_answer_or_a_script_makes_is_known() {
        for id in ["p-1", "p-3", "one", "re-p-1", "re-one", "xoney", "xre-p-3y", "re-xoney"] {
            assert_eq!(expected(id), "", "{id}");
        }
        let script =
            "(name: \"s\", steps: [basic_publish(key: \"q\", body: \"b\"), basic_publish(key: \"q\", id: \"i\")])";
        assert_eq!(scenario(script, "expect: [lost(0, ids: [\"b\", \"i\", \"re-b\"])]"), "");
    }

    #[test]
    fn what_nothing_makes_is_reported_wherever_it_is_named() {
        for id in ["p-0", "p-4", "p-03", "p-", "zzz", "re-", "re-p-4", "oney"] {
            assert!(expected(id).contains("there is no message"), "{id}");
        }
        assert!(scenario("", "expect: [took(\"zzz\", \"1ms\")]").contains("`zzz`"));
        assert!(scenario("", "lesson: (next: [\"{took(zzz)}\"])").contains("`zzz`"));
        assert!(expected("p-9").contains("are `p-1` to `p-3`"));
        assert!(expected("onne").contains("did you mean `one`?"));
        let fault = |when: &str| scenario("", &format!("faults: [(name: \"f\", what: kill(\"c\", when: {when}))]"));
        assert!(fault("worked(\"c\", message: \"zzz\")").contains("`zzz`"));
        assert!(fault("with(\"1/2\", when: received(\"c\", message: \"zzz\"))").contains("`zzz`"));
        assert!(fault("sending(method: \"basic.ack\", message: \"zzz\")").contains("`zzz`"));
        assert!(fault("after_write(covers: \"zzz\")").contains("`zzz`"));
        assert_eq!(fault("worked(\"c\", message: \"p-2\")"), "");
        let lesson = "lesson: (captions: [(at: worked(\"c\", message: \"zzz\"), says: \"s\")])";
        assert!(scenario("", lesson).contains("`zzz`"));
    }
}
