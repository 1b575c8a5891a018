//! Placeholders and made-up names in the texts of recordings, and whether a text fits them.

/// What stands for anything in a recording. Nothing else does.
pub const PLACEHOLDERS: [&str; 3] = ["<time>", "<id>", "<token>"];

/// A part of a recorded text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Token<'a> {
    /// Itself.
    Plain(&'a str),
    /// A placeholder: anything.
    Any(&'a str),
    /// A name that a node made up: what it begins with, and the rest, or `None` where a placeholder stands for it.
    Made(&'static str, Option<&'a str>),
}

/// Whether a character can be in the part of a name that is made up.
fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.=+/".contains(c)
}

/// The made-up part of a name at the beginning of a text.
fn tail(text: &str) -> &str {
    let end = text.find(|c| !in_name(c)).unwrap_or(text.len());
    text[..end].trim_end_matches('.')
}

fn placeholder(text: &str) -> Option<&'static str> {
    PLACEHOLDERS.into_iter().find(|known| text.starts_with(known))
}

/// The parts of a text; names begin with one of `prefixes`.
pub fn tokens<'a>(text: &'a str, prefixes: &'static [&'static str]) -> Vec<Token<'a>> {
    let (mut found, mut rest, mut plain) = (Vec::new(), text, 0);
    while plain < rest.len() {
        let here = &rest[plain..];
        let prefix = prefixes.iter().find(|prefix| here.starts_with(*prefix));
        let (token, length) = match (prefix, placeholder(here)) {
            (Some(prefix), _) => {
                let behind = &here[prefix.len()..];
                match (placeholder(behind), tail(behind)) {
                    (Some(any), _) => (Token::Made(prefix, None), prefix.len() + any.len()),
                    (None, "") => (Token::Plain(prefix), prefix.len()),
                    (None, tail) => (Token::Made(prefix, Some(tail)), prefix.len() + tail.len()),
                }
            }
            (None, Some(any)) => (Token::Any(&here[..any.len()]), any.len()),
            (None, None) => {
                plain += here.chars().next().map_or(1, char::len_utf8);
                continue;
            }
        };
        if plain > 0 {
            found.push(Token::Plain(&rest[..plain]));
        }
        found.push(token);
        rest = &rest[plain + length..];
        plain = 0;
    }
    if !rest.is_empty() {
        found.push(Token::Plain(rest));
    }
    found
}

/// Whether a text fits the parts. `name` is asked of each made-up name: its beginning, the recording's rest, and the
/// whole of it here.
pub fn fits(tokens: &[Token<'_>], text: &str, name: &mut dyn FnMut(&str, Option<&str>, &str) -> bool) -> bool {
    let Some((first, rest)) = tokens.split_first() else { return text.is_empty() };
    match first {
        Token::Plain(plain) => text.strip_prefix(plain).is_some_and(|text| fits(rest, text, name)),
        Token::Made(prefix, recorded) => {
            let Some(behind) = text.strip_prefix(prefix) else { return false };
            let made = tail(behind);
            let whole = &text[..prefix.len() + made.len()];
            !made.is_empty() && name(prefix, *recorded, whole) && fits(rest, &behind[made.len()..], name)
        }
        Token::Any(_) if rest.is_empty() => true,
        Token::Any(_) => text.char_indices().any(|(at, _)| fits(rest, &text[at..], name)) || fits(rest, "", name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIXES: &[&str] = &["amq.gen-"];

    fn fit(recorded: &str, text: &str) -> bool {
        fits(&tokens(recorded, PREFIXES), text, &mut |_, _, _| true)
    }

    #[test]
    fn placeholders_stand_for_anything_and_nothing_else_does() {
        assert!(fit("<time>", "") && fit("<id>", "x y"));
        assert!(fit("after <time> ms", "after 1800000 ms") && !fit("after <time> ms", "after 1800000 s"));
        assert!(fit("a<id>b<token>c", "a1b2c") && !fit("a<id>b<token>c", "a1c"));
        assert!(fit("<<\"bogus\">>", "<<\"bogus\">>") && !fit("<<\"bogus\">>", "<<\"other\">>"));
        assert!(!fit("<name>", "x") && !fit("<>", "x"));
    }

    #[test]
    fn a_made_up_name_ends_where_the_sentence_goes_on() {
        assert!(fit("no queue 'amq.gen-<id>' in vhost '/'", "no queue 'amq.gen-aB_-9' in vhost '/'"));
        assert!(fit("amq.gen-XYZ", "amq.gen-abc"));
        assert!(!fit("amq.gen-<id>", "amq.gen-") && !fit("amq.gen-<id>", "q"));
        assert!(!fit("amq.gen-<id>", "amq.gen-a b"));
    }

    #[test]
    fn the_parts_make_the_text_again() {
        use Token::{Any, Made, Plain};
        assert_eq!(tokens("", PREFIXES), []);
        assert_eq!(tokens("ä<id>", PREFIXES), [Plain("ä"), Any("<id>")]);
        assert_eq!(tokens("'amq.gen-x'!", PREFIXES), [Plain("'"), Made("amq.gen-", Some("x")), Plain("'!")]);
    }
}
