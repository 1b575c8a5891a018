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

/// A label in at most `room` columns. What may be missed goes first, then what stands behind the id, then what stands
/// before it.
pub(super) fn label(label: &Label, room: usize, ellipsis: &str) -> String {
    if width_of(&label.whole()) <= room {
        return label.whole();
    }
    let id = width_of(&label.message);
    if label.message.is_empty() || width_of(&label.text()) <= room {
        return cut(&label.text(), room, ellipsis);
    }
    if id > room {
        return tail(&label.message, room, ellipsis);
    }
    let (before, left) = (width_of(&label.before), room - id);
    if before <= left {
        let after = if left - before > width_of(ellipsis) + 1 { left - before } else { 0 };
        let after = if after == 0 { String::new() } else { cut(&label.after, after, ellipsis) };
        return format!("{}{}{after}", label.before, label.message);
    }
    if left < 3 + width_of(ellipsis) {
        return label.message.clone();
    }
    format!("{} {}", cut(label.before.trim_end(), left - 1, ellipsis), label.message)
}

/// Whether a label that is cut to `room` columns loses what cannot be guessed: a text, or that more is meant than the
/// one message. A shorter word before an id, or the id's beginning, can.
pub(super) fn loses(label: &Label, room: usize) -> bool {
    let cut = width_of(&label.text()) > room;
    cut && (label.message.is_empty() || width_of(&label.after) > LITTLE)
}

/// Not missed behind an id: a delivery tag.
const LITTLE: usize = 5;

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
        assert_eq!(at(13), "pub… order-17");
        assert_eq!(at(9), "order-17");
        assert_eq!(at(5), "…r-17");
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(cut("订单订单", 5, "…"), "订单…");
        assert_eq!(crate::trace::wrap("订单 订单", 5), ["订单", "订单"]);
    }
}
