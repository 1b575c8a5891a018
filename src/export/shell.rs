//! Command lines as a shell would take them back.

/// A word of a command line, in quotes where it needs them.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./+=:,@%".contains(c);
    match word {
        "" => "''".to_owned(),
        word if word.chars().all(plain) => word.to_owned(),
        word if word.chars().any(char::is_control) => format!("$'{}'", word.escape_default()),
        word => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// The command that brings a run back.
pub fn replay(path: &str, variant: Option<&str>, changes: &[String], token: &str) -> String {
    // A file that begins with a dash would be taken for an option.
    let path = if path.starts_with('-') { format!("./{path}") } else { path.to_owned() };
    let variant = variant.map_or_else(String::new, |name| format!(" --variant {}", quoted(name)));
    let changes: String = changes.iter().map(|change| format!(" --change {}", quoted(change))).collect();
    format!("mqlab run {}{variant}{changes} --replay {token}", quoted(&path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_quotes_gets_them() {
        assert_eq!(quoted("scenarios/a-b.ron"), "scenarios/a-b.ron");
        assert_eq!(quoted("my file"), "'my file'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("a\nb"), r"$'a\nb'");
    }
}
