//! The two sets of glyphs and what each glyph means. No two are told apart by colour.

use crate::timeline::{LaneState, Sign};

/// Which characters may be drawn with. Names and ids are printed as they are in both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Glyphs {
    /// Lines and arrows of one column each.
    Unicode,
    /// ASCII only.
    Ascii,
}

/// What the legend may have to explain, in its order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Key {
    Span,
    Whole,
    Departs,
    Arrives,
    Lost,
    Setup,
    Write,
    Writing,
    Sync,
    Syncing,
    Tag,
    Sign(Sign),
    Paused,
    Down,
}

/// The strokes of an arrow.
pub(super) struct Strokes {
    pub(super) solid: &'static str,
    pub(super) dotted: &'static str,
    pub(super) right: &'static str,
    pub(super) left: &'static str,
    pub(super) cross: &'static str,
    pub(super) leaves_right: &'static str,
    pub(super) leaves_left: &'static str,
}

impl Glyphs {
    pub(super) fn ellipsis(self) -> &'static str {
        match self {
            Glyphs::Unicode => "…",
            Glyphs::Ascii => "..",
        }
    }

    /// In front of each line of a caption.
    pub(super) fn caption(self) -> &'static str {
        match self {
            Glyphs::Unicode => "  ┃ ",
            Glyphs::Ascii => "  | ",
        }
    }

    /// Between the beginning and the end of a span of time.
    pub(super) fn until(self) -> &'static str {
        match self {
            Glyphs::Unicode => "→",
            Glyphs::Ascii => ">",
        }
    }

    pub(super) fn strokes(self) -> Strokes {
        match self {
            Glyphs::Unicode => Strokes {
                solid: "─",
                dotted: "┄",
                right: "▶",
                left: "◀",
                cross: "✗",
                leaves_right: "├",
                leaves_left: "┤",
            },
            Glyphs::Ascii => Strokes {
                solid: "-",
                dotted: ".",
                right: ">",
                left: "<",
                cross: "X",
                leaves_right: "|",
                leaves_left: "|",
            },
        }
    }

    /// The stroke of a write and of a sync.
    pub(super) fn disk(self) -> (&'static str, &'static str) {
        match self {
            Glyphs::Unicode => ("┈", "━"),
            Glyphs::Ascii => (".", "="),
        }
    }

    pub(super) fn lane(self, state: LaneState) -> &'static str {
        match (self, state) {
            (Glyphs::Unicode, LaneState::Idle) => "│",
            (Glyphs::Unicode, LaneState::Writing) => "┊",
            (Glyphs::Unicode, LaneState::Syncing) => "┃",
            (Glyphs::Unicode, LaneState::Down) => "·",
            (Glyphs::Unicode, LaneState::Paused) => "╎",
            (Glyphs::Ascii, LaneState::Idle) => "|",
            (Glyphs::Ascii, LaneState::Writing) => ":",
            (Glyphs::Ascii, LaneState::Syncing) => "#",
            (Glyphs::Ascii, LaneState::Down) => ".",
            (Glyphs::Ascii, LaneState::Paused) => "'",
        }
    }

    /// The two strokes of a line over all lanes: of a fault, of the end.
    pub(super) fn across(self) -> (&'static str, &'static str) {
        match self {
            Glyphs::Unicode => ("━", "─"),
            Glyphs::Ascii => ("=", "-"),
        }
    }

    /// What stands before a remark.
    pub fn sign(self, sign: Sign) -> &'static str {
        match self {
            Glyphs::Unicode => match sign {
                Sign::Good => "✓",
                Sign::Bad => "✗",
                Sign::Duplicate => "⧉",
                Sign::Again => "↻",
                Sign::Unknown => "?",
                Sign::Timer => "◷",
                Sign::Crash => "╳",
                Sign::Restart => "↑",
                Sign::Fault => "↯",
                Sign::Broken => "≠",
            },
            Glyphs::Ascii => match sign {
                Sign::Good => "ok",
                Sign::Bad => "X",
                Sign::Duplicate => "2x",
                Sign::Again => "@",
                Sign::Unknown => "?",
                Sign::Timer => "(t)",
                Sign::Crash => "#",
                Sign::Restart => "^",
                Sign::Fault => "!!",
                Sign::Broken => "/=",
            },
        }
    }

    pub(super) fn explain(self, key: Key) -> String {
        let s = self.strokes();
        let (write, sync) = self.disk();
        let (glyph, words) = match key {
            Key::Span => (format!("1{}2", self.until()), "begins at 1, ends at 2"),
            Key::Tag => ("#1".into(), "delivery tag, publish number"),
            Key::Whole => (format!("{0}{1}{1}{2}", s.leaves_right, s.solid, s.right), "sent and arrived"),
            Key::Departs => (format!("{0}{1}{2}{2}", s.leaves_right, s.solid, s.dotted), "sent, arrives later"),
            Key::Arrives => (format!("{0}{0}{1}{2}", s.dotted, s.solid, s.right), "arrives, sent earlier"),
            Key::Lost => (format!("{0}{0}{1}", s.dotted, s.cross), "never arrives"),
            Key::Setup => (format!("{}{}{}", s.left, s.solid, s.right), "several frames both ways"),
            Key::Write => (format!("{write}{write}{}", s.right), "write, not yet safe"),
            Key::Writing => (self.lane(LaneState::Writing).into(), "write under way"),
            Key::Sync => (format!("{sync}{sync}{}", s.right), "fsync"),
            Key::Syncing => (self.lane(LaneState::Syncing).into(), "fsync under way"),
            Key::Paused => (self.lane(LaneState::Paused).into(), "stands still"),
            Key::Down => (self.lane(LaneState::Down).into(), "not running"),
            Key::Sign(sign) => (
                self.sign(sign).into(),
                match sign {
                    Sign::Good => "done or safe",
                    Sign::Bad => "gone, refused or failed",
                    Sign::Duplicate => "twice",
                    Sign::Again => "again",
                    Sign::Unknown => "cannot know",
                    Sign::Timer => "timer",
                    Sign::Crash => "process ends",
                    Sign::Restart => "comes back",
                    Sign::Fault => "fault",
                    Sign::Broken => "connection broken",
                },
            ),
        };
        format!("{glyph} {words}")
    }
}
