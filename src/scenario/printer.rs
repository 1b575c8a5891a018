//! A tree as text in the one canonical form: four spaces, at most about 100 columns, a trailing comma where a line ends.
//!
//! Comments are not part of a tree, so they are not printed; a file that was only read keeps its own text.

use super::tree::{Arg, Call, Node, Value};

const WIDTH: usize = 100;

/// The canonical text of a tree, with a newline at its end.
pub fn print(node: &Node) -> String {
    let mut out = String::new();
    write(node, 0, 0, &mut out);
    out.push('\n');
    out
}

/// The text of a tree on one line.
pub fn print_line(node: &Node) -> String {
    let mut out = String::new();
    flat(node, &mut out);
    out
}

/// Writes a node at a depth; `used` columns of the line are taken by what stands before it or must follow it.
fn write(node: &Node, depth: usize, used: usize, out: &mut String) {
    let line = print_line(node);
    if depth > 0 && depth * 4 + used + line.chars().count() < WIDTH {
        out.push_str(&line);
        return;
    }
    match &node.value {
        Value::List(nodes) => block("[", nodes, "]", depth, out, |node, out| write(node, depth + 1, 1, out)),
        Value::Map(rows) => block("{", rows, "}", depth, out, |(key, value), out| {
            let key = print_line(key);
            out.push_str(&key);
            out.push_str(": ");
            write(value, depth + 1, key.chars().count() + 3, out);
        }),
        Value::Call(Call { word, args: Some(args) }) => {
            out.push_str(word.as_ref().map_or("", |word| &word.value));
            block("(", args, ")", depth, out, |arg, out| {
                let name = name_of(arg);
                out.push_str(&name);
                write(&arg.value, depth + 1, name.chars().count() + 1, out);
            });
        }
        _ => out.push_str(&line),
    }
}

fn name_of(arg: &Arg) -> String {
    arg.name().map_or_else(String::new, |name| format!("{name}: "))
}

fn block<T>(open: &str, items: &[T], close: &str, depth: usize, out: &mut String, item: impl Fn(&T, &mut String)) {
    out.push_str(open);
    for each in items {
        out.push('\n');
        out.push_str(&"    ".repeat(depth + 1));
        item(each, out);
        out.push(',');
    }
    if !items.is_empty() {
        out.push('\n');
        out.push_str(&"    ".repeat(depth));
    }
    out.push_str(close);
}

fn flat(node: &Node, out: &mut String) {
    match &node.value {
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Float(number) => out.push_str(number),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Text(text) => out.push_str(&quoted(text)),
        Value::List(nodes) => joined("[", nodes, "]", out, flat),
        Value::Map(rows) => joined("{", rows, "}", out, |(key, value), out| {
            flat(key, out);
            out.push_str(": ");
            flat(value, out);
        }),
        Value::Call(Call { word, args }) => {
            out.push_str(word.as_ref().map_or("", |word| &word.value));
            if let Some(args) = args {
                joined("(", args, ")", out, |arg, out| {
                    out.push_str(&name_of(arg));
                    flat(&arg.value, out);
                });
            }
        }
    }
}

fn joined<T>(open: &str, items: &[T], close: &str, out: &mut String, item: impl Fn(&T, &mut String)) {
    out.push_str(open);
    for (i, each) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        item(each, out);
    }
    out.push_str(close);
}

/// A text in quotes; what would not be seen is escaped.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if crate::ids::is_hidden(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
