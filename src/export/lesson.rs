//! A lesson in the words of a scenario: captions, each at the moment at which it is said.
//!
//! Not the reading of one (that is the scenario's), and not the finding of moments (`trace`).

use crate::trace::{DiskAt, DiskStep, FrameAt, Moment, What};
use crate::units::Span;
use std::fmt::Write as _;

/// The block, as it is put into a scenario behind its last field.
pub fn block(captions: &[(Moment, String)]) -> String {
    let mut text = String::from("lesson: (\n    captions: [\n");
    for (at, says) in captions {
        // A string takes every write.
        let _ = writeln!(text, "        (at: {}, says: {}),", moment(at), quoted(says));
    }
    text.push_str("    ],\n),\n");
    text
}

/// A moment as a scenario calls it.
pub fn moment(at: &Moment) -> String {
    match at {
        Moment::At(time) => quoted(&Span(*time).to_string()),
        Moment::Sending(frame) => format!("sending({})", named(frame)),
        Moment::Arriving(frame) => format!("arriving({})", named(frame)),
        Moment::Disk(disk) => {
            let word = match disk.step {
                DiskStep::Sync => "before_fsync",
                DiskStep::Synced => "after_fsync",
                _ => "after_write",
            };
            format!("{word}({})", of_disk(disk))
        }
        Moment::Work(work) => {
            let word = if work.what == What::WorkDone { "worked" } else { "received" };
            let rest = parts(&[("message", work.message.as_deref())], work.nth);
            let rest = if rest.is_empty() { rest } else { format!(", {rest}") };
            format!("{word}({}{rest})", quoted(&work.consumer))
        }
    }
}

fn named(frame: &FrameAt) -> String {
    let FrameAt { method, from, to, message, nth } = frame;
    let texts = [("method", method), ("from", from), ("to", to), ("message", message)];
    parts(&texts.map(|(name, text)| (name, text.as_deref())), *nth)
}

fn of_disk(disk: &DiskAt) -> String {
    parts(&[("node", Some(disk.node.as_str())), ("covers", disk.message.as_deref())], disk.nth)
}

fn parts(texts: &[(&str, Option<&str>)], nth: u32) -> String {
    let given = texts.iter().filter_map(|(name, text)| text.map(|text| format!("{name}: {}", quoted(text))));
    let nth = (nth > 1).then(|| format!("nth: {nth}"));
    given.chain(nth).collect::<Vec<_>>().join(", ")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::WorkAt;

    #[test]
    fn captions_stand_at_their_moments() {
        let frame = FrameAt { method: Some("basic.ack".into()), to: Some("shop".into()), nth: 2, ..FrameAt::default() };
        let work = WorkAt { consumer: "biller".into(), what: What::WorkDone, message: Some("m1".into()), nth: 1 };
        let disk = DiskAt { node: "broker".into(), step: DiskStep::Synced, message: None, nth: 3 };
        let captions = [
            (Moment::Sending(frame), "the \"confirm\"".to_owned()),
            (Moment::Work(work), "done".to_owned()),
            (Moment::Disk(disk), "safe".to_owned()),
            (Moment::At(42_000_000), "late".to_owned()),
        ];
        insta::assert_snapshot!(block(&captions), @r#"
        lesson: (
            captions: [
                (at: sending(method: "basic.ack", to: "shop", nth: 2), says: "the \"confirm\""),
                (at: worked("biller", message: "m1"), says: "done"),
                (at: after_fsync(node: "broker", nth: 3), says: "safe"),
                (at: "42ms", says: "late"),
            ],
        ),
        "#);
    }
}
