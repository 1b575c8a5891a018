//! Where the lanes stand: steps and times on the left, then a line for each lane. What stands between two lanes is as wide
//! as its labels need where there is room for that; a wider page gives each its share of the rest.

use super::canvas::{Canvas, Style};
use super::fit::{cut, needed};
use super::glyphs::Glyphs;
use crate::timeline::{Lane, LaneState, Row, Timeline};
use crate::trace::{ActorKind, width_of};
use crate::units::Clock;

/// Wider ones only make the eye travel.
const WIDEST: usize = 36;
/// No gap is made wider than this for a label: a longer one stands in full below its arrow.
const FITTED: usize = 26;
/// No room is made wider than this for what stands beside the last lane: it is broken into lines.
const BESIDE: usize = 30;
/// Columns of the first line's left half.
const HALF: usize = 2;

pub(super) struct Columns {
    /// The column of each lane's line.
    pub(super) at: Vec<usize>,
    /// Where the gutter ends.
    pub(super) left: usize,
    gutter: Gutter,
}

/// The columns on the left: steps and times.
struct Gutter {
    step: usize,
    /// Of the longest time.
    time: usize,
    /// Of the longest end of a row's span of time; 0 where no row has one.
    until: usize,
    clock: Clock,
}

impl Gutter {
    fn of(timeline: &Timeline) -> Gutter {
        let last = timeline.rows.last().map_or(1, |r| r.last.step());
        let clock = Clock::of(timeline.rows.iter().flat_map(|r| [r.time, r.until]));
        let time = timeline.rows.iter().map(|r| clock.number(r.time).len()).max().unwrap_or(0);
        let lasting = timeline.rows.iter().filter(|row| row.lasts());
        let until = lasting.map(|r| clock.number(r.until).len() + 1).max().unwrap_or(0);
        let step = (last.checked_ilog10().unwrap_or(0) as usize + 1).max(4);
        Gutter { step, time: time.max(4), until, clock }
    }

    fn width(&self) -> usize {
        self.step + 1 + self.time + self.until
    }

    /// What stands over the times.
    fn heading(&self) -> String {
        let long = format!("time/{}", self.clock.unit());
        if width_of(&long) <= self.time + self.until { long } else { self.clock.unit().to_owned() }
    }
}

impl Columns {
    /// `None` where the lanes do not fit.
    pub(super) fn new(timeline: &Timeline, width: usize) -> Option<Columns> {
        let gutter = Gutter::of(timeline);
        let start = gutter.width() + 1 + HALF;
        let gaps = shared(&wants(timeline), width.checked_sub(start + 1)?)?;
        let mut at = vec![start];
        for gap in &gaps[..gaps.len() - 1] {
            at.push(at[at.len() - 1] + gap);
        }
        Some(Columns { at, left: gutter.width(), gutter })
    }

    /// How wide a page must be for the lanes to fit; `None` where there are no lanes.
    pub(super) fn needed(timeline: &Timeline) -> Option<usize> {
        let least: usize = wants(timeline).iter().map(|want| want.least).sum();
        (least > 0).then(|| Gutter::of(timeline).width() + 1 + HALF + 1 + least)
    }

    /// Names the columns of the gutter.
    pub(super) fn head(&self, canvas: &mut Canvas) {
        canvas.put(0, "step", Style::Dim, self.left);
        let text = self.gutter.heading();
        let end = self.gutter.step
            + 1
            + self.gutter.time
            + if width_of(&text) > self.gutter.time { self.gutter.until } else { 0 };
        canvas.put(end.saturating_sub(width_of(&text)), &text, Style::Dim, self.left);
    }

    /// Writes a row's step and times; without them if the row above happened at the `same` instant. Gives whether it
    /// took any time.
    pub(super) fn gutter(&self, canvas: &mut Canvas, row: &Row, same: bool, glyphs: Glyphs) -> bool {
        let Gutter { step, time, until: _, clock } = self.gutter;
        canvas.put(0, &format!("{:>step$}", row.first.step()), Style::Plain, self.left);
        if !same || row.lasts() {
            canvas.put(step + 1, &format!("{:>time$}", clock.number(row.time)), Style::Dim, self.left);
        }
        if row.lasts() {
            let text = format!("{}{}", glyphs.until(), clock.number(row.until));
            canvas.put(step + 1 + time, &text, Style::Dim, self.left);
        }
        row.lasts()
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

/// What the room to the right of a lane should be.
#[derive(Clone, Copy)]
struct Want {
    /// At least so many columns.
    least: usize,
    /// With so many, what stands there is not cut.
    fitting: usize,
    /// Its share of what is left.
    share: usize,
}

/// What each lane's right side needs.
fn wants(timeline: &Timeline) -> Vec<Want> {
    use ActorKind::{Consumer, Disk, Node, Producer, Script};
    let kinds: Vec<ActorKind> = timeline.lanes.iter().map(|l| l.kind).collect();
    let want = |i: usize| {
        let (least, share) = match (kinds[i], kinds.get(i + 1)) {
            (Producer | Script, Some(Producer | Script)) => (8, 120),
            (Disk, Some(_)) => (8, 115),
            (Node, Some(_)) => (9, 220),
            (Consumer, Some(_)) => (9, 245),
            (_, None) => (13, 185),
            _ => (14, 245),
        };
        Want { least, fitting: least, share }
    };
    let mut wants: Vec<Want> = (0..kinds.len()).map(want).collect();
    fit_labels(&mut wants, timeline);
    if let Some(last) = wants.last_mut() {
        let notes = timeline.rows.iter().flat_map(|row| &row.notes).filter(|note| note.lane + 1 == kinds.len());
        let remarks = notes.flat_map(|note| &note.remarks).map(|r| width_of(&r.text) + 4);
        last.fitting = last.fitting.max(remarks.max().unwrap_or(0).min(BESIDE));
    }
    wants
}

/// Asks for as much as the labels between the lanes need, those of neighbours first; a label over several gaps needs only
/// what these do not have already.
fn fit_labels(wants: &mut [Want], timeline: &Timeline) {
    let arrows = || timeline.rows.iter().filter_map(|row| row.arrow.as_ref());
    let mut spans: Vec<(usize, usize, usize)> = arrows()
        .map(|a| (a.from.min(a.to), a.from.max(a.to), width_of(&needed(&a.label)) + 4))
        .filter(|(low, high, room)| *room <= FITTED * (high - low).min(2))
        .collect();
    spans.sort_by_key(|(low, high, _)| (high - low, *low));
    for (low, high, room) in spans {
        let has: usize = wants[low..high].iter().map(|want| want.fitting).sum();
        wants[high - 1].fitting += room.saturating_sub(has);
    }
}

/// The room by what is wanted: the least for all, then what fits, where that takes little first, then by shares. `None`
/// where there is not the least for all.
fn shared(wants: &[Want], room: usize) -> Option<Vec<usize>> {
    let least: usize = wants.iter().map(|want| want.least).sum();
    let mut left = room.checked_sub(least).filter(|_| !wants.is_empty())?;
    let mut gaps: Vec<usize> = wants.iter().map(|want| want.least).collect();
    let mut order: Vec<usize> = (0..wants.len()).collect();
    // Half a label is no use; half of the room beside the last lane is, since notes go on in further lines.
    order.sort_by_key(|i| (i + 1 == wants.len(), wants[*i].fitting - wants[*i].least));
    for i in order {
        let more = wants[i].fitting - wants[i].least;
        if more <= left || i + 1 == wants.len() {
            gaps[i] += more.min(left);
            left -= more.min(left);
        }
    }
    // Who has more than its share keeps it, and the others share what is left.
    let room: usize = gaps.iter().sum::<usize>() + left;
    let mut open: Vec<usize> = (0..wants.len()).collect();
    loop {
        let total: usize = open.iter().map(|i| wants[*i].share).sum();
        let taken: usize = (0..gaps.len()).filter(|i| !open.contains(i)).map(|i| gaps[i]).sum();
        let share = |i: usize| (room - taken) * wants[i].share / total.max(1);
        let rich = open.iter().position(|i| gaps[*i] > share(*i));
        let Some(rich) = rich else {
            for i in open {
                gaps[i] = share(i).min(WIDEST.max(gaps[i]));
            }
            return Some(gaps);
        };
        open.remove(rich);
    }
}

/// Whether a lane is a disk whose line says something.
pub(super) fn is_busy(state: LaneState) -> bool {
    matches!(state, LaneState::Writing | LaneState::Syncing)
}
