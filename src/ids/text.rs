//! Texts that people wrote: shown so that nothing in them can hide, and matched with what may have been meant.
//!
//! Not the interned names; those are in `name`.

/// Whether a character would change how the text around it is shown, or not be seen at all.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// The text with everything that would not show, or would move the cursor or the direction of writing, as an escape
/// such as `\n` or `\u{1b}`. The empty text shows as `""`.
pub fn visible(text: &str) -> String {
    if text.is_empty() {
        return "\"\"".into();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

/// The known word that is most like the given one, if any is like it at all: the first of several that are alike.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 255;
    const LIKE: f64 = 0.8;
    const PART: f64 = 0.9;
    if given.len() > LONGEST {
        return None;
    }
    let given = given.to_lowercase();
    let worth = |word: &str| {
        let word = word.to_lowercase();
        let likeness = strsim::jaro_winkler(&given, &word);
        let part = given.len() >= 3 && (word.starts_with(&given) || word.ends_with(&given))
            || word.len() >= 3 && given.starts_with(&word);
        if part { likeness.max(PART) } else { likeness }
    };
    let mut best: Option<(f64, &str)> = None;
    for word in known {
        let worth = worth(word);
        if worth >= LIKE && best.is_none_or(|(most, _)| worth > most) {
            best = Some((worth, word));
        }
    }
    best.map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_made_visible() {
        assert_eq!(visible("a\nb\u{1b}[1m\u{202e}"), "a\\nb\\u{1b}[1m\\u{202e}");
        assert_eq!(visible("订单-1"), "订单-1");
        assert_eq!(visible(""), "\"\"");
    }

    #[test]
    fn a_slip_finds_its_word_and_nonsense_finds_none() {
        assert_eq!(nearest("duplicatd", ["lost", "duplicated"]), Some("duplicated"));
        assert_eq!(nearest("conf", ["lost", "confirmed"]), Some("confirmed"));
        assert_eq!(nearest("zzz", ["lost", "duplicated"]), None);
    }
}
