//! What `mqlab route` found, in words and as JSON.

use super::topology::{Letter, Topology};
use crate::amqp::exchange::{Asked, Detail, Reason, Target, shown as printed};
use crate::cli::args::Results;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::ids::Name;
use crate::machine::Value;
use crate::timeline::text::Style;
use crate::trace::{expand, visible, wrap};
use serde::Serialize;

/// The answer in words: the queues, then every binding that was looked at, under its exchange.
pub(super) fn text(topology: &mut Topology, letter: &Letter, out: &mut Output) -> Result<(), Failure> {
    let (queues, absent) = topology.reached(letter);
    let names = list(topology, &queues);
    let internal = topology.is_internal(letter.exchange);
    let lead = if internal { "From another exchange: " } else { "" };
    let verdict = match queues.len() {
        0 if internal => "No queue gets the message.".to_owned(),
        0 => "No queue gets the message: it is thrown away, or returned if it is mandatory.".to_owned(),
        1 => format!("One queue gets the message: {names}."),
        n => format!("{n} queues get the message: {names}."),
    };
    if internal {
        let name = topology.shown(letter.exchange);
        let refused = format!(
            "A client that publishes here is refused with code 403: {name} is internal and takes messages from other \
             exchanges alone."
        );
        paragraph(Style::Bad, &refused, "", out)?;
    }
    paragraph(Style::Name, &verdict, lead, out)?;
    for reason in topology.reasons(letter) {
        let missing =
            reason.target.is_some_and(|target| matches!(target, Target::Queue(name) if absent.contains(&name)));
        let good = reason.why.matched() && !missing;
        let mut text = sentence(topology, letter, &reason);
        if missing {
            text.push_str(" There is no such queue when the run begins.");
        }
        let lead = format!("  {} ", sign(good, out));
        paragraph(if good { Style::Good } else { Style::Dim }, &text, &lead, out)?;
        if let Detail::Headers(asked) = &reason.detail {
            for asked in asked {
                let lead = format!("      {} ", sign(asked.fits, out));
                paragraph(if asked.fits { Style::Good } else { Style::Dim }, &header(asked), &lead, out)?;
            }
        }
    }
    Ok(())
}

fn sign(good: bool, out: &Output) -> String {
    out.look.signs(if good { "✓" } else { "✗" }).to_string()
}

fn list(topology: &Topology, queues: &[Name]) -> String {
    queues.iter().map(|queue| topology.shown(*queue)).collect::<Vec<_>>().join(", ")
}

/// The reason's sentence, what exactly fitted or not, and by which key if not by the routing key.
fn sentence(topology: &Topology, letter: &Letter, reason: &Reason) -> String {
    let mut text = expand(reason.why.sentence(), &|field| match field {
        "exchange" => Some(topology.shown(reason.exchange)),
        "binding" => Some(quoted(&topology.names.text(reason.binding))),
        "key" => Some(quoted(&topology.names.text(reason.key))),
        "target" => reason.target.map(|target| topology.shown(target.name())),
        _ => None,
    });
    if let Some(detail) = detail(&reason.detail) {
        text.pop();
        text.push_str(&detail);
        text.push('.');
    }
    if letter.keys.first().is_some_and(|first| *first != reason.key) && reason.why.matched() {
        text.push_str(" The key is one of CC or BCC.");
    }
    text
}

/// A text in quotation marks where it is empty, as is everything empty that is shown, or could be mistaken for a sentence.
fn quoted(text: &str) -> String {
    if text.contains(char::is_whitespace) { format!("\"{}\"", visible(text)) } else { visible(text) }
}

fn detail(detail: &Detail) -> Option<String> {
    Some(match detail {
        Detail::None | Detail::Headers(_) => return None,
        Detail::Stands(stands) if stands.is_empty() => return None,
        Detail::Stands(stands) => {
            let one = |(wildcard, words): &(String, String)| match words.as_str() {
                "" => format!("{wildcard} stands for no word"),
                words => format!("{wildcard} stands for {}", visible(words)),
            };
            format!(", where {}", stands.iter().map(one).collect::<Vec<_>>().join(" and "))
        }
        Detail::WordDiffers { at, wanted, got } => {
            format!(", since word {at} of the key is {} and the pattern wants {}", quoted(got), quoted(wanted))
        }
        Detail::KeyEnds { wanted } if wanted == "*" => {
            ", since the key ends where the pattern wants one more word".to_owned()
        }
        Detail::KeyEnds { wanted } => format!(", since the key ends where the pattern wants {}", quoted(wanted)),
        Detail::PatternEnds { at, got } => {
            format!(", since the pattern ends before word {at} of the key, {}", quoted(got))
        }
    })
}

fn header(Asked { key, wanted, got, .. }: &Asked) -> String {
    let key = visible(key);
    match (wanted, got) {
        (Value::Void, Some(_)) => format!("{key}: asked to be there, and it is."),
        (Value::Void, None) => format!("{key}: asked to be there, and it is not."),
        (wanted, Some(got)) => format!("{key}: asked for {}, and the message has {}.", value(wanted), value(got)),
        (wanted, None) => format!("{key}: asked for {}, and the message does not have it.", value(wanted)),
    }
}

/// A value with its type where that is not plain to see.
fn value(value: &Value) -> String {
    match value {
        Value::Text(text) if text.is_empty() => visible(text),
        Value::Text(text) => format!("\"{}\"", visible(text)),
        Value::Void => "no value".to_owned(),
        other => visible(&printed(other).to_string()),
    }
}

fn paragraph(style: Style, text: &str, lead: &str, out: &mut Output) -> Result<(), Failure> {
    let indent = crate::trace::width_of(lead);
    let mut head = lead.to_owned();
    for line in wrap(text, out.look.width - indent) {
        out.styled(style, &format!("{head}{line}"))?;
        head = " ".repeat(indent);
    }
    Ok(())
}

/// One key of many.
pub(super) fn line(topology: &mut Topology, letter: &Letter, format: Results, out: &mut Output) -> Result<(), Failure> {
    let (queues, _) = topology.reached(letter);
    let key = letter.keys.first().copied().unwrap_or(Name::EMPTY);
    match format {
        Results::Json => {
            let texts = |names: &[Name]| names.iter().map(|name| topology.names.text(*name)).collect();
            let (refused, queues, through) = answers(topology, letter, texts(&queues));
            write(&Brief { key: topology.names.text(key), refused, queues, through }, out)
        }
        Results::Text => {
            let names = if queues.is_empty() { "no queue".to_owned() } else { list(topology, &queues) };
            let refused = topology.is_internal(letter.exchange);
            let lead = if refused { "refused with code 403; from another exchange: " } else { "" };
            out.line(&format!("{}: {lead}{names}", quoted(&topology.names.text(key))))
        }
    }
}

/// What an internal exchange does: the code with which a client is refused, the queues that its message gets to, and
/// those that a message from another exchange gets to.
fn answers(
    topology: &Topology,
    letter: &Letter,
    queues: Vec<String>,
) -> (Option<u16>, Vec<String>, Option<Vec<String>>) {
    match topology.is_internal(letter.exchange) {
        true => (Some(403), Vec::new(), Some(queues)),
        false => (None, queues, None),
    }
}

#[derive(Serialize)]
struct Brief {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<u16>,
    queues: Vec<String>,
    #[serde(rename = "from_exchanges", skip_serializing_if = "Option::is_none")]
    through: Option<Vec<String>>,
}

#[derive(Serialize)]
struct Full {
    exchange: String,
    keys: Vec<String>,
    /// The code with which a client that publishes is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<u16>,
    queues: Vec<String>,
    /// Where a client is refused: the queues that would get the message from another exchange.
    #[serde(rename = "from_exchanges", skip_serializing_if = "Option::is_none")]
    through: Option<Vec<String>>,
    /// Queues that would get it if they were there.
    absent: Vec<String>,
    bindings: Vec<Looked>,
}

/// A binding that was looked at, or what happened at an exchange.
#[derive(Serialize)]
struct Looked {
    exchange: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    binding_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_queue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_exchange: Option<String>,
    /// By this of the keys.
    key: String,
    matched: bool,
    why: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    headers: Vec<Header>,
}

#[derive(Serialize)]
struct Header {
    name: String,
    asked: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    has: Option<String>,
    fits: bool,
}

/// The answer as one JSON object.
pub(super) fn json(topology: &mut Topology, letter: &Letter, out: &mut Output) -> Result<(), Failure> {
    let (queues, absent) = topology.reached(letter);
    let text = |name: Name| topology.names.text(name);
    let texts = |names: &[Name]| names.iter().map(|name| text(*name)).collect();
    let bindings = topology.reasons(letter).iter().map(|reason| looked(topology, letter, reason)).collect();
    let (refused, queues, through) = answers(topology, letter, texts(&queues));
    let full = Full {
        exchange: text(letter.exchange),
        keys: texts(&letter.keys),
        refused,
        queues,
        through,
        absent: texts(&absent),
        bindings,
    };
    write(&full, out)
}

fn looked(topology: &Topology, letter: &Letter, reason: &Reason) -> Looked {
    let text = |name: Name| topology.names.text(name);
    let asked = match &reason.detail {
        Detail::Headers(asked) => asked.as_slice(),
        _ => &[],
    };
    let headers = asked.iter().map(|asked| Header {
        name: asked.key.to_string(),
        asked: value(&asked.wanted),
        has: asked.got.as_ref().map(value),
        fits: asked.fits,
    });
    Looked {
        exchange: text(reason.exchange),
        binding_key: reason.binding.is_some().then(|| text(reason.binding)),
        to_queue: reason.target.and_then(|target| match target {
            Target::Queue(name) => Some(text(name)),
            Target::Exchange(_) => None,
        }),
        to_exchange: reason.target.and_then(|target| match target {
            Target::Exchange(name) => Some(text(name)),
            Target::Queue(_) => None,
        }),
        key: text(reason.key),
        matched: reason.why.matched(),
        why: sentence(topology, letter, reason),
        headers: headers.collect(),
    }
}

fn write(value: &impl Serialize, out: &mut Output) -> Result<(), Failure> {
    out.wrote(|to| {
        serde_json::to_writer(&mut *to, value)?;
        to.write_all(b"\n")
    })
}
