//! Colours: what a style looks like. No meaning is carried by colour alone, so every theme may be left out.
//!
//! The colours are those of Okabe and Ito, which people with any kind of colour vision can tell apart.

use crate::timeline::text::{Glyphs, Style as Meaning};
use ratatui::style::{Color, Modifier, Style};

/// A set of colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Theme {
    /// For dark backgrounds.
    #[default]
    Dark,
    /// For light backgrounds.
    Light,
    /// Black and white, and bold where something matters.
    Contrast,
}

impl Theme {
    /// Every theme with its name.
    pub const ALL: &'static [(Theme, &'static str)] =
        &[(Theme::Dark, "dark"), (Theme::Light, "light"), (Theme::Contrast, "contrast")];
}

/// How many colours there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Depth {
    /// None: bold, dim and reversed only.
    None,
    /// The terminal's own 16.
    #[default]
    Sixteen,
    /// 256.
    Many,
    /// Any.
    Full,
}

/// How everything looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// Which colours.
    pub theme: Theme,
    /// How many.
    pub depth: Depth,
    /// Which characters to draw with.
    pub glyphs: Glyphs,
}

/// A colour in each depth: of 16, of 256, and exact.
type Shade = (Color, u8, (u8, u8, u8));

/// What the parts of a screen mean that are not in a timeline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// The border of the pane that takes keys.
    Focus,
    /// Any other border.
    Border,
    /// The line that is chosen.
    Chosen,
    /// Where something was found, what is followed.
    Marked,
}

impl Look {
    /// What a text of this meaning looks like.
    pub fn of(&self, meaning: Meaning) -> Style {
        let plain = Style::default();
        match meaning {
            Meaning::Plain => plain,
            Meaning::Dim | Meaning::Lane => self.dim(),
            Meaning::Name => plain.add_modifier(Modifier::BOLD),
            Meaning::Arrow => plain,
            Meaning::Bad => self.paint(VERMILION).add_modifier(Modifier::BOLD),
            Meaning::Repeat => self.paint(PURPLE),
            Meaning::Good => self.paint(GREEN),
            Meaning::Disk => self.paint(SKY),
            Meaning::Process => self.paint(BLUE).add_modifier(Modifier::BOLD),
            Meaning::Fault => self.paint(ORANGE).add_modifier(Modifier::BOLD),
            Meaning::Caption => self.paint(SKY).add_modifier(Modifier::ITALIC),
        }
    }

    /// What a part of the screen looks like.
    pub fn part(&self, part: Part) -> Style {
        match part {
            Part::Focus => self.paint(SKY).add_modifier(Modifier::BOLD),
            Part::Border => self.dim(),
            Part::Chosen => Style::default().add_modifier(Modifier::REVERSED),
            Part::Marked => Style::default().add_modifier(Modifier::UNDERLINED),
        }
    }

    fn dim(&self) -> Style {
        match (self.theme, self.depth) {
            (Theme::Contrast, _) => Style::default(),
            (_, Depth::Many) => Style::default().fg(Color::Indexed(if self.theme == Theme::Light { 241 } else { 246 })),
            _ => Style::default().add_modifier(Modifier::DIM),
        }
    }

    fn paint(&self, (dark, light): (Shade, Shade)) -> Style {
        let (basic, indexed, (r, g, b)) = match self.theme {
            Theme::Contrast => return Style::default(),
            Theme::Light => light,
            Theme::Dark => dark,
        };
        match self.depth {
            Depth::None => Style::default(),
            Depth::Sixteen => Style::default().fg(basic),
            Depth::Many => Style::default().fg(Color::Indexed(indexed)),
            Depth::Full => Style::default().fg(Color::Rgb(r, g, b)),
        }
    }
}

// For dark and for light backgrounds.
const VERMILION: (Shade, Shade) = ((Color::LightRed, 202, (230, 110, 30)), (Color::Red, 166, (190, 80, 0)));
const ORANGE: (Shade, Shade) = ((Color::Yellow, 214, (230, 159, 0)), (Color::Yellow, 130, (150, 95, 0)));
const PURPLE: (Shade, Shade) = ((Color::LightMagenta, 175, (220, 140, 185)), (Color::Magenta, 126, (150, 60, 115)));
const GREEN: (Shade, Shade) = ((Color::Green, 36, (0, 178, 130)), (Color::Green, 29, (0, 115, 85)));
const SKY: (Shade, Shade) = ((Color::Cyan, 74, (86, 180, 233)), (Color::Blue, 25, (0, 95, 150)));
const BLUE: (Shade, Shade) = ((Color::LightBlue, 75, (90, 160, 230)), (Color::Blue, 25, (0, 90, 150)));
