//! Where the lanes stand. Wider pages give each gap its share; a gap beside a disk needs less.

use super::canvas::{Canvas, Style};
use super::fit::cut;
use super::glyphs::Glyphs;
use crate::timeline::{Lane, LaneState, Timeline};
use crate::trace::{ActorKind, width_of};
use crate::units::{Clock, Time};

/// Wider ones only make the eye travel.
const WIDEST: usize = 36;
/// Columns of the first line's left half.
const HALF: usize = 3;

pub(super) struct Columns {
    /// The column of each lane's line.
    pub(super) at: Vec<usize>,
    /// Where the gutter ends.
    pub(super) left: usize,
    step: usize,
    time: usize,
    clock: Clock,
}

/// The columns on the left: steps and times.
struct Gutter {
    step: usize,
    time: usize,
    clock: Clock,
}

impl Gutter {
    fn of(timeline: &Timeline) -> Gutter {
        let last = timeline.rows.last().map_or(1, |r| r.last.step());
        let clock = Clock::of(timeline.rows.iter().map(|r| r.time));
        let time = timeline.rows.iter().map(|r| clock.text(r.time).len()).max().unwrap_or(0);
        Gutter { step: (last.checked_ilog10().unwrap_or(0) as usize + 1).max(4), time: time.max(4), clock }
    }

    fn width(&self) -> usize {
        self.step + 2 + self.time
    }
}

impl Columns {
    /// `None` where the lanes do not fit.
    pub(super) fn new(timeline: &Timeline, width: usize) -> Option<Columns> {
        let gutter = Gutter::of(timeline);
        let start = gutter.width() + 2 + HALF;
        let gaps = shared(&shares(timeline), width.checked_sub(start + 1)?)?;
        let mut at = vec![start];
        for gap in &gaps[..gaps.len() - 1] {
            at.push(at[at.len() - 1] + gap);
        }
        let left = gutter.width();
        Some(Columns { at, left, step: gutter.step, time: gutter.time, clock: gutter.clock })
    }

    /// How wide a page must be for the lanes to fit; `None` where there are no lanes.
    pub(super) fn needed(timeline: &Timeline) -> Option<usize> {
        let least: usize = shares(timeline).iter().map(|share| share.0).sum();
        (least > 0).then(|| Gutter::of(timeline).width() + 2 + HALF + 1 + least)
    }

    pub(super) fn time_right(&self) -> usize {
        self.step + 2 + self.time
    }

    pub(super) fn gutter(&self, canvas: &mut Canvas, step: u32, time: Option<Time>) {
        canvas.put(0, &format!("{step:>w$}", w = self.step), Style::Plain, self.left);
        if let Some(time) = time {
            let text = self.clock.text(time);
            canvas.put(self.time_right() - width_of(&text), &text, Style::Dim, self.left);
        }
    }

    /// Puts a name over a lane; a disk whose name does not fit is its node's, and stands beside that.
    pub(super) fn name(&self, canvas: &mut Canvas, at: usize, lane: &Lane, glyphs: Glyphs) {
        let (low, high) = self.own(at);
        let is_disk = lane.kind == ActorKind::Disk && at > 0;
        let name = if is_disk && width_of(&lane.name) > high - low { "its disk" } else { &lane.name };
        self.centre(canvas, at, name, Style::Name, glyphs);
    }

    /// The columns of a lane's head: half-way to its neighbours.
    fn own(&self, lane: usize) -> (usize, usize) {
        let low = match lane.checked_sub(1) {
            Some(before) => usize::midpoint(self.at[before], self.at[lane]) + 1,
            None => self.left + 1,
        };
        (low, self.at.get(lane + 1).map_or(usize::MAX, |next| usize::midpoint(self.at[lane], *next)))
    }

    /// Puts a text over a lane, and never over what belongs to its neighbours.
    pub(super) fn centre(&self, canvas: &mut Canvas, lane: usize, text: &str, style: Style, glyphs: Glyphs) {
        let x = self.at[lane];
        let (low, high) = self.own(lane);
        let text = abbreviated(text, high - low, glyphs.ellipsis());
        let from = (x + 1).saturating_sub(width_of(&text).div_ceil(2));
        let from = from.min(high - width_of(&text)).max(low);
        canvas.put(from, &text, style, usize::MAX);
    }
}

/// A name in at most `room` columns; of one that ends in a number the number stays, since it tells names apart.
fn abbreviated(name: &str, room: usize, ellipsis: &str) -> String {
    let digits = name.len() - name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let number = &name[name.len() - digits..];
    if width_of(name) <= room || digits == 0 || digits + width_of(ellipsis) >= room {
        return cut(name, room, ellipsis);
    }
    cut(&name[..name.len() - digits], room - digits, ellipsis) + number
}

/// The least that each lane's right side needs, and its share of what there is; tuned so that `publish order-2` and
/// `write order-2` fit in 80 columns.
fn shares(timeline: &Timeline) -> Vec<(usize, usize)> {
    use ActorKind::{Consumer, Disk, Node, Producer, Script};
    let kinds: Vec<ActorKind> = timeline.lanes.iter().map(|l| l.kind).collect();
    let share = |i: usize| match (kinds[i], kinds.get(i + 1)) {
        (Producer | Script, Some(Producer | Script)) => (8, 120),
        (Disk, Some(_)) => (8, 115),
        (Node, Some(_)) => (11, 220),
        (Consumer, Some(_)) => (9, 245),
        (_, None) => (16, 185),
        _ => (14, 245),
    };
    (0..kinds.len()).map(share).collect()
}

/// The room by shares, where each gets its least and none too much; `None` where there is not the least for all.
fn shared(shares: &[(usize, usize)], mut room: usize) -> Option<Vec<usize>> {
    if shares.is_empty() || shares.iter().map(|share| share.0).sum::<usize>() > room {
        return None;
    }
    let mut gaps = vec![0; shares.len()];
    // Who gets less than the least by share gets the least, and the others share what is left.
    loop {
        let open = || shares.iter().zip(&gaps).enumerate().filter(|(_, (_, gap))| **gap == 0);
        let total: usize = open().map(|(_, (share, _))| share.1).sum();
        let poor: Vec<usize> =
            open().filter(|(_, (share, _))| room * share.1 < share.0 * total).map(|(i, _)| i).collect();
        if poor.is_empty() {
            for (gap, share) in gaps.iter_mut().zip(shares).filter(|(gap, _)| **gap == 0) {
                *gap = (room * share.1 / total).clamp(share.0, WIDEST);
            }
            return Some(gaps);
        }
        for i in poor {
            gaps[i] = shares[i].0;
            room -= shares[i].0;
        }
    }
}

/// Whether a lane is a disk whose line says something.
pub(super) fn is_busy(state: LaneState) -> bool {
    matches!(state, LaneState::Writing | LaneState::Syncing)
}
