//! Leaves out the quiet middle of a long timeline, and what only repeats itself. Rows that matter stay, with the row
//! before and behind them, unless they are one more repetition; of much trouble the first rows stay, and the rest is
//! counted.

use super::fold::repetitions;
use super::model::{Gap, Row, Timeline, Weight};
use crate::ids::Name;
use crate::trace::Log;

/// Fewer rows than this are not worth a gap.
const SHORTEST: usize = 5;
/// So many rows that tell of trouble are shown of the middle; of more the first ones.
const TROUBLES: usize = 24;

/// Why a row is not shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    /// It is shown.
    Shown,
    /// It and its neighbours are quiet.
    Quiet,
    /// It repeats what was shown, in the run of repetitions with this number.
    Repeats(usize),
}

pub(super) fn elide(timeline: &mut Timeline, log: &Log, max: usize) {
    let total = timeline.rows.len();
    let folds = repetitions(&timeline.rows);
    let mut left = vec![Left::Shown; total];
    for (n, fold) in folds.iter().enumerate() {
        left[fold.first..fold.end].fill(Left::Repeats(n));
    }
    let shown: Vec<usize> = (0..total).filter(|i| left[*i] == Left::Shown).collect();
    if shown.len() > max {
        let keep = kept(&timeline.rows, &shown, max);
        for (at, keep) in shown.into_iter().zip(keep) {
            left[at] = if keep { Left::Shown } else { Left::Quiet };
        }
    }
    let rows = std::mem::take(&mut timeline.rows);
    let mut at = 0;
    while at < total {
        let end = (at..total).find(|i| left[*i] != left[at]).unwrap_or(total);
        if left[at] == Left::Shown {
            timeline.rows.extend_from_slice(&rows[at..end]);
        } else {
            let next = rows.get(end).map_or(rows[end - 1].last.step() + 1, |r| r.first.step());
            let steps = next - rows[at].first.step();
            let messages = range(&rows[at..end], log);
            let repeats = if let Left::Repeats(n) = left[at] { folds[n].times } else { 0 };
            let troubles = rows[at..end].iter().filter(|row| row.weight != Weight::Quiet).count() as u32;
            timeline.gaps.push(Gap { steps, messages, before: timeline.rows.len(), repeats, troubles });
        }
        at = end;
    }
}

/// Of the rows with these indices, which are kept.
fn kept(rows: &[Row], shown: &[usize], max: usize) -> Vec<bool> {
    let total = shown.len();
    let (head, tail) = (max - max / 3, max / 3);
    let mut keep: Vec<bool> = (0..total).map(|i| i < head || i + tail >= total).collect();
    let middle = |i: &usize| *i >= head && i + tail < total;
    let of = |weight: Weight| (0..total).filter(middle).filter(move |i| rows[shown[*i]].weight == weight);
    for i in of(Weight::Always).chain(of(Weight::Trouble).take(TROUBLES)) {
        keep[i.saturating_sub(1)..(i + 2).min(total)].fill(true);
    }
    let mut at = 0;
    while at < total {
        let end = (at..total).find(|i| keep[*i] != keep[at]).unwrap_or(total);
        if !keep[at] && end - at < SHORTEST {
            keep[at..end].fill(true);
        }
        at = end;
    }
    keep
}

/// The first and the last message: by number where all have the same prefix, else in the order of appearance.
fn range(rows: &[Row], log: &Log) -> Option<(String, String)> {
    let all = || rows.iter().flat_map(|r| &r.messages).copied();
    let first = all().next()?;
    let numbered = all().all(|m| m.prefix() == first.prefix() && m.number().is_some());
    let text = |name: Option<Name>| name.and_then(|n| log.shown(n)).unwrap_or_default();
    let low = if numbered { all().min_by_key(|m| m.number()) } else { Some(first) };
    let high = if numbered { all().max_by_key(|m| m.number()) } else { all().last() };
    Some((text(low), text(high)))
}
