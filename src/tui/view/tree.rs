//! The tree of branches.

use super::{fill, framed};
use crate::timeline::text::{Glyphs, Style as Meaning};
use crate::trace::visible;
use crate::tui::app::{App, Pane};
use crate::tui::theme::Part;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let Some(desk) = app.desk() else { return };
    let block = framed(app, Some(Pane::Tree), "Branches");
    let (elbow, dot) = match app.look.glyphs {
        Glyphs::Unicode => ("└─", "●"),
        Glyphs::Ascii => ("`-", "*"),
    };
    let mut text = Vec::new();
    for (n, branch) in app.tree.iter().enumerate() {
        let shown = branch.run == desk.run.id;
        let lead = match branch.depth {
            0 => String::new(),
            depth => format!("{}{elbow} ", "   ".repeat(depth as usize - 1)),
        };
        let from = branch.of.map(|(_, at)| format!(" from step {}", at.step())).unwrap_or_default();
        let holds = if branch.holds { "holds" } else { "does not hold" };
        let saved = if branch.unsaved { ", not saved" } else { "" };
        let mark = if shown { dot } else { " " };
        let said = format!("{mark} {lead}{}{from}: {holds}{saved}", visible(&branch.name));
        let style = app.look.of(if branch.holds { Meaning::Plain } else { Meaning::Bad });
        let mut line = Line::styled(said, style);
        if app.pane == Pane::Tree && n == app.branch {
            line = line.style(app.look.part(Part::Chosen));
        }
        text.push(line);
    }
    if app.tree.len() < 2 {
        text.push(Line::styled("b changes something here and", app.look.of(Meaning::Dim)));
        text.push(Line::styled("shows what would have happened", app.look.of(Meaning::Dim)));
    }
    let height = usize::from(block.inner(area).height);
    fill(frame, area, block, text, app.branch.saturating_sub(height.saturating_sub(1)));
}
