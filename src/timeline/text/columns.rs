//! Where the lanes stand. Wider pages give each gap its share; a gap beside a disk needs less.

use super::canvas::{Canvas, Style};
use super::fit::cut;
use crate::timeline::{LaneState, Timeline};
use crate::trace::{ActorKind, width_of};
use crate::units::Time;

/// Narrower gaps cannot hold an id.
const NARROWEST: usize = 9;
/// Wider ones only make the eye travel.
const WIDEST: usize = 36;

pub(super) struct Columns {
    /// The column of each lane's line.
    pub(super) at: Vec<usize>,
    /// Where the gutter ends.
    pub(super) left: usize,
    step: usize,
    time: usize,
    decimals: usize,
}

impl Columns {
    /// `None` where the lanes do not fit.
    pub(super) fn new(timeline: &Timeline, width: usize) -> Option<Columns> {
        let last = timeline.rows.last().map_or(1, |r| r.last.step());
        let step = (last.checked_ilog10().unwrap_or(0) as usize + 1).max(4);
        let decimals = decimals(timeline);
        let time = timeline.rows.iter().map(|r| width_of(&time_text(r.time, decimals))).max().unwrap_or(0).max(4);
        let left = step + 2 + time;
        let first = timeline.lanes.first().map_or(0, |l| width_of(&l.name).max(8) / 2);
        let start = left + 2 + first.clamp(2, 3);
        let shares = shares(timeline);
        let total: usize = shares.iter().sum();
        let room = width.checked_sub(start + 1)?;
        let gaps: Vec<usize> = shares.iter().map(|s| (room * s / total.max(1)).min(WIDEST)).collect();
        if timeline.lanes.is_empty() || gaps.iter().any(|g| *g < NARROWEST) {
            return None;
        }
        let mut at = vec![start];
        for gap in &gaps[..gaps.len() - 1] {
            at.push(at[at.len() - 1] + gap);
        }
        Some(Columns { at, left, step, time, decimals })
    }

    pub(super) fn time_right(&self) -> usize {
        self.step + 2 + self.time
    }

    pub(super) fn gutter(&self, canvas: &mut Canvas, step: u32, time: Option<Time>) {
        canvas.put(0, &format!("{step:>w$}", w = self.step), Style::Plain, self.left);
        if let Some(time) = time {
            let text = time_text(time, self.decimals);
            canvas.put(self.time_right() - width_of(&text), &text, Style::Dim, self.left);
        }
    }

    /// Puts a text over a lane, never over its neighbours' halves.
    pub(super) fn centre(&self, canvas: &mut Canvas, x: usize, text: &str, style: Style) {
        let near = self.at.iter().filter(|o| **o != x).map(|o| o.abs_diff(x)).min().unwrap_or(WIDEST);
        let text = cut(text, near.saturating_sub(1).max(3), "…");
        let from = (x + 1).saturating_sub(width_of(&text).div_ceil(2)).max(self.left + 1);
        canvas.put(from, &text, style, usize::MAX);
    }
}

/// How much each lane's right side gets; tuned so that `publish order-2` and `write order-2` fit in 80 columns.
fn shares(timeline: &Timeline) -> Vec<usize> {
    let kinds: Vec<ActorKind> = timeline.lanes.iter().map(|l| l.kind).collect();
    let share = |i: usize| match (kinds[i], kinds.get(i + 1)) {
        (ActorKind::Producer | ActorKind::Script, Some(ActorKind::Producer | ActorKind::Script)) => 120,
        (ActorKind::Disk, Some(_)) => 115,
        (ActorKind::Node, Some(_)) => 220,
        (_, None) => 185,
        _ => 245,
    };
    (0..kinds.len()).map(share).collect()
}

/// As many decimals of a millisecond as the rows need, at most three.
fn decimals(timeline: &Timeline) -> usize {
    let needs = |t: Time| match t.0 {
        t if t % 1_000_000 == 0 => 0,
        t if t % 100_000 == 0 => 1,
        t if t % 10_000 == 0 => 2,
        _ => 3,
    };
    timeline.rows.iter().map(|r| needs(r.time)).max().unwrap_or(0)
}

/// Milliseconds; seconds from 100 s on.
pub(super) fn time_text(time: Time, decimals: usize) -> String {
    let (unit, scale, decimals) =
        if time.0 >= 100_000_000_000 { ("s", 1_000_000_000u64, decimals.max(1)) } else { ("ms", 1_000_000, decimals) };
    let whole = time.0 / scale;
    if decimals == 0 {
        return format!("{whole}{unit}");
    }
    let part = time.0 % scale / (scale / 10u64.pow(decimals as u32));
    format!("{whole}.{part:0decimals$}{unit}")
}

/// Whether a lane is a disk whose line says something.
pub(super) fn is_busy(state: LaneState) -> bool {
    matches!(state, LaneState::Writing | LaneState::Syncing)
}
