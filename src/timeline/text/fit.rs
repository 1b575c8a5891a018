//! Making text fit into columns: cutting, and labels whose message id is given up last.

use crate::timeline::Label;
use crate::trace::width_of;
use unicode_width::UnicodeWidthChar;

/// The text, or its beginning and the ellipsis, in at most `room` columns.
pub fn cut(text: &str, room: usize, ellipsis: &str) -> String {
    if width_of(text) <= room {
        return text.into();
    }
    let room = room.saturating_sub(width_of(ellipsis));
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > room {
            break;
        }
        out.push(c);
    }
    out.push_str(ellipsis);
    out
}

/// The ellipsis and the text's end: what tells ids apart.
fn tail(text: &str, room: usize, ellipsis: &str) -> String {
    if width_of(text) <= room {
        return text.into();
    }
    let room = room.saturating_sub(width_of(ellipsis));
    let mut used = 0;
    let from = text.char_indices().rev().take_while(|(_, c)| {
        used += c.width().unwrap_or(0);
        used <= room
    });
    let start = from.last().map_or(text.len(), |(i, _)| i);
    format!("{ellipsis}{}", &text[start..])
}

/// A label in at most `room` columns. What may be missed goes first, then what stands behind the id, then all that
/// stands before it: half a word would only puzzle.
pub(super) fn label(label: &Label, room: usize, ellipsis: &str) -> String {
    let fits = |text: &String| width_of(text) <= room;
    if let Some(text) = [label.whole(), label.text(), needed(label)].into_iter().find(fits) {
        return text;
    }
    if label.message.is_empty() {
        return cut(&label.text(), room, ellipsis);
    }
    let short = format!("{}{}", label.before, label.message);
    let left = room.saturating_sub(width_of(&short));
    if left > width_of(ellipsis) + 1 {
        return short + &cut(untagged(label), left, ellipsis);
    }
    if fits(&short) { short } else { tail(&label.message, room, ellipsis) }
}

/// Whether a label that is cut to `room` columns loses anything but what may be missed.
pub(super) fn loses(label: &Label, room: usize) -> bool {
    width_of(&needed(label)) > room
}

/// What must be said of a label: all but its number, such as a delivery tag, and what stands aside.
pub(super) fn needed(label: &Label) -> String {
    format!("{}{}{}", label.before, label.message, untagged(label))
}

/// What stands behind a label's id, without the number that may stand there.
fn untagged(label: &Label) -> &str {
    match label.after.strip_prefix(" #") {
        Some(rest) => rest.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => &label.after,
    }
}

/// Whether a text has a number such as `#3` in it.
pub(super) fn is_tagged(text: &str) -> bool {
    text.split('#').skip(1).any(|behind| behind.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_given_up_last() {
        let text = Label {
            before: "publish ".into(),
            message: "order-17".into(),
            after: " and all before".into(),
            aside: String::new(),
        };
        let at = |room| label(&text, room, "…");
        assert_eq!(at(40), "publish order-17 and all before");
        assert_eq!(at(20), "publish order-17 an…");
        assert_eq!(at(16), "publish order-17");
        assert_eq!(at(15), "order-17", "no half words before an id");
        assert_eq!(at(9), "order-17");
        assert_eq!(at(5), "…r-17");
    }

    #[test]
    fn a_delivery_tag_is_not_missed_and_all_else_is() {
        let ack = |after: &str| Label {
            before: "ack ".into(),
            message: "order-17".into(),
            after: after.into(),
            aside: String::new(),
        };
        assert_eq!(label(&ack(" #3"), 14, "…"), "ack order-17");
        assert!(!loses(&ack(" #3"), 12) && loses(&ack(" #3"), 11));
        assert!(loses(&ack(" #3 and all before"), 14));
        assert_eq!(label(&ack(" #3 and all before"), 18, "…"), "ack order-17 and …");
        assert!(is_tagged("ack order-17 #3") && !is_tagged("order#a"));
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(cut("订单订单", 5, "…"), "订单…");
        assert_eq!(crate::trace::wrap("订单 订单", 5), ["订单", "订单"]);
    }
}
