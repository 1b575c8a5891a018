//! Fills the placeholders of templates with names that are safe to print.
//!
//! Not the templates: those are in the systems' vocabularies and in the phrase tables of the viewers.

use super::event::Frame;
use super::header::PlaceKind;
use super::log::Log;
use crate::ids::{ActorId, Name, PlaceId, visible};

/// Fills `{key}` by what `field` knows. A part in square brackets is left out where a field in it is missing; outside
/// of brackets a missing field is nothing. Brackets do not nest; an unclosed one is taken as it stands.
pub fn expand(template: &str, field: &dyn Fn(&str) -> Option<String>) -> String {
    let mut text = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some(open) = rest.find('[') {
        let Some(close) = rest[open..].find(']').map(|n| open + n) else { break };
        fill(&rest[..open], field, &mut text);
        let kept = text.len();
        if !fill(&rest[open + 1..close], field, &mut text) {
            text.truncate(kept);
        }
        rest = &rest[close + 1..];
    }
    fill(rest, field, &mut text);
    text
}

/// Whether every field was there.
fn fill(part: &str, field: &dyn Fn(&str) -> Option<String>, text: &mut String) -> bool {
    let mut all = true;
    let mut rest = part;
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}').map(|n| open + n) else { break };
        text.push_str(&rest[..open]);
        match field(&rest[open + 1..close]) {
            Some(value) => text.push_str(&value),
            None => all = false,
        }
        rest = &rest[close + 1..];
    }
    text.push_str(rest);
    all
}

impl Log {
    /// A name as it can be printed; `None` for no name.
    pub fn shown(&self, name: Name) -> Option<String> {
        name.is_some().then(|| visible(&self.names.text(name)))
    }
    /// An actor's name as it can be printed; the lab and unknown ones are `the lab`.
    pub fn actor_name(&self, actor: ActorId) -> String {
        self.header.actors.get(actor.at()).map_or_else(|| "the lab".into(), |a| visible(&a.name))
    }
    /// Whether a place is a row: what is noted of it is about its key, and not about the id of a message.
    pub fn is_row(&self, place: PlaceId) -> bool {
        self.places.get(place.at()).is_some_and(|place| place.kind == PlaceKind::Row)
    }
    /// Names as items of a list, at most `most` of them and then how many more: in the order in which their series first
    /// come, each series by number, and three or more neighbours as `a to c`.
    pub fn listed(&self, names: &[Name], most: usize) -> Vec<String> {
        let first = |name: &Name| names.iter().position(|other| other.prefix() == name.prefix());
        let mut sorted: Vec<Name> = names.to_vec();
        sorted.sort_by_key(|name| (first(name), name.number()));
        let follows = |pair: &[Name]| {
            pair[0].prefix() == pair[1].prefix()
                && pair[0].number().zip(pair[1].number()).is_some_and(|(a, b)| a.checked_add(1) == Some(b))
        };
        let (mut items, mut told) = (Vec::new(), 0);
        while told < sorted.len() && items.len() < most {
            let run = 1 + sorted[told..].windows(2).take_while(|pair| follows(pair)).count();
            let run = if run < 3 { 1 } else { run };
            let text = |name: Name| self.shown(name).unwrap_or_default();
            items.push(match run {
                1 => text(sorted[told]),
                _ => format!("{} to {}", text(sorted[told]), text(sorted[told + run - 1])),
            });
            told += run;
        }
        if told < sorted.len() {
            items.push(format!("{} more", sorted.len() - told));
        }
        items
    }
    /// What a placeholder of a verb's template stands for, in an event of `actor`.
    pub fn frame_field(&self, frame: &Frame, actor: ActorId, key: &str) -> Option<String> {
        match key {
            "message" => self.shown(frame.message),
            "number" => (frame.number != u32::MAX).then(|| frame.number.to_string()),
            "a" => self.shown(frame.a),
            "b" => self.shown(frame.b),
            "exchange" => self.shown(frame.a).map(|name| match self.names.text(frame.a).is_empty() {
                true => "the default exchange".to_owned(),
                false => format!("exchange {name}"),
            }),
            "from" => Some(self.actor_name(frame.from)),
            "to" => Some(self.actor_name(frame.to)),
            "actor" => Some(self.actor_name(actor)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::build;

    fn field(key: &str) -> Option<String> {
        (key == "a").then(|| "orders".into())
    }

    #[test]
    fn a_part_in_brackets_is_left_out_where_a_field_is_missing() {
        assert_eq!(expand("to {a}[ with key {b}][ at {a}].", &field), "to orders at orders.");
        assert_eq!(expand("{b}x [open {a}", &field), "x [open orders");
    }

    #[test]
    fn the_exchange_without_a_name_is_called_the_default_one() {
        let mut b = build::Build::new();
        b.send(build::verbs::PUBLISH, build::SHOP, build::BROKER, "order-1", crate::trace::FrameFlags::default());
        let names = ["", "orders"].map(|name| b.name(name));
        let text = |exchange: Name| {
            let frame = Frame { a: exchange, ..b.log.frames[0] };
            b.log.frame_field(&frame, ActorId::NONE, "exchange")
        };
        assert_eq!(names.map(text), ["the default exchange", "exchange orders"].map(|text| Some(text.to_owned())));
        assert_eq!(text(Name::NONE), None);
    }
}
