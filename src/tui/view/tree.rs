//! The tree of branches.

use super::{fill, framed};
use crate::lab::Branch;
use crate::timeline::text::{Glyphs, Style as Meaning};
use crate::trace::visible;
use crate::tui::app::{App, Pane};
use crate::tui::desk::Desk;
use crate::tui::theme::Part;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let Some(desk) = app.desk() else { return };
    let block = framed(app, Some(Pane::Tree), "Branches");
    let height = usize::from(block.inner(area).height);
    let shown = app.tree.iter().position(|branch| branch.run == desk.run.id).unwrap_or(0);
    let chosen = if app.pane == Pane::Tree { app.branch } else { shown };
    fill(frame, area, block, told(app, desk), chosen.saturating_sub(height / 2));
}

/// What the pane says.
pub(super) fn told(app: &App, desk: &Desk) -> Vec<Line<'static>> {
    let mut text: Vec<Line<'static>> = (0..app.tree.len()).map(|n| node(app, desk, n)).collect();
    let hint = match app.pane {
        Pane::Tree => &["Enter opens, = compares, N names, S saves, D lets go"][..],
        _ if app.tree.len() < 2 => &["b changes something here and", "shows what would have happened"],
        _ => &[],
    };
    text.extend(hint.iter().map(|hint| Line::styled(*hint, app.look.of(Meaning::Dim))));
    text
}

/// A branch: what it hangs on, its name, whether what is expected holds, from where on, and whether it is saved.
fn node(app: &App, desk: &Desk, n: usize) -> Line<'static> {
    let branch = &app.tree[n];
    let (here, holds, broken) = match app.look.glyphs {
        Glyphs::Unicode => ("● ", "✓", "✗"),
        Glyphs::Ascii => ("* ", "ok", "X"),
    };
    let shown = branch.run == desk.run.id;
    let (sign, word, meaning) = match branch.holds {
        true => (holds, "holds", Meaning::Good),
        false => (broken, "BROKEN", Meaning::Bad),
    };
    let from = branch.of.map(|(_, at)| format!(", from {}", at.step())).unwrap_or_default();
    let saved = if branch.unsaved { ", unsaved" } else { "" };
    let name = if shown { Meaning::Name } else { Meaning::Plain };
    let line = Line::from(vec![
        Span::raw(if shown { here } else { "  " }),
        Span::styled(lead(&app.tree, n, app.look.glyphs), app.look.of(Meaning::Dim)),
        Span::styled(visible(&branch.name), app.look.of(name)),
        Span::raw(" "),
        Span::styled(format!("{sign} {word}"), app.look.of(meaning)),
        Span::styled(format!("{saved}{from}"), app.look.of(Meaning::Dim)),
    ]);
    if app.pane == Pane::Tree && n == app.branch { line.style(app.look.part(Part::Chosen)) } else { line }
}

/// The lines of the tree left of a branch. Branches stand below what they hang on, in the order of a walk through it.
fn lead(tree: &[Branch], n: usize, glyphs: Glyphs) -> String {
    let [fork, last, stem] = match glyphs {
        Glyphs::Unicode => ["├─ ", "└─ ", "│  "],
        Glyphs::Ascii => ["|- ", "`- ", "|  "],
    };
    let depth = tree[n].depth;
    let more = |level: u32| {
        let below = tree[n + 1..].iter().take_while(|branch| branch.depth >= level);
        below.into_iter().any(|branch| branch.depth == level)
    };
    let part = |level: u32| match (level == depth, more(level)) {
        (true, true) => fork,
        (true, false) => last,
        (false, true) => stem,
        (false, false) => "   ",
    };
    (1..=depth).map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::EventId;
    use crate::lab::RunId;

    #[test]
    fn branches_hang_on_what_they_branched_off() {
        let depths = [0, 1, 2, 2, 1, 0];
        let branch = |(n, depth): (usize, &u32)| {
            let of = (*depth > 0).then_some((RunId(0), EventId(0)));
            Branch { run: RunId(n as u32), name: String::new(), of, depth: *depth, holds: true, unsaved: false }
        };
        let tree: Vec<Branch> = depths.iter().enumerate().map(branch).collect();
        let leads: Vec<String> = (0..tree.len()).map(|n| lead(&tree, n, Glyphs::Ascii)).collect();
        assert_eq!(leads, ["", "|- ", "|  |- ", "|  `- ", "`- ", ""]);
    }
}
