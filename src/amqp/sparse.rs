//! A list in ascending order of numbers from which anything may be taken out: unsettled deliveries by tag, and
//! messages on their way to the disk by place.
//!
//! Not a map: what is put in always has a higher number than what is there. Taking out leaves a hole, and the holes are
//! closed when there are more of them than values; so nothing costs more than a search by halves, and a hole in passing.

use std::collections::VecDeque;

/// So many holes are not worth closing.
const FEW: usize = 32;

/// Values in ascending order of their numbers.
#[derive(Debug)]
pub struct Sparse<T> {
    /// The first and the last are never holes.
    slots: VecDeque<(u32, Option<T>)>,
    len: usize,
}

crate::clone_in_place!(Sparse<T> { slots, len });

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Sparse { slots: VecDeque::new(), len: 0 }
    }
}

impl<T> Sparse<T> {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.len
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
    /// Puts a value at the end; its number is higher than all others.
    pub fn push(&mut self, number: u32, value: T) {
        debug_assert!(self.slots.back().is_none_or(|(last, _)| *last < number), "numbers ascend");
        self.slots.push_back((number, Some(value)));
        self.len += 1;
    }
    /// The value with the lowest number.
    pub fn first(&self) -> Option<&T> {
        self.slots.front().and_then(|(_, value)| value.as_ref())
    }
    /// The value with the highest number.
    pub fn last(&self) -> Option<&T> {
        self.slots.back().and_then(|(_, value)| value.as_ref())
    }
    /// Mostly it is the first. Otherwise it is sought where it would be if the numbers were spread evenly, and from
    /// there in steps that double: numbers mostly follow each other, and holes are closed all over.
    #[inline]
    fn find(&self, number: u32) -> Option<usize> {
        let (first, _) = self.slots.front()?;
        if *first == number {
            return Some(0);
        }
        self.seek(number, *first)
    }

    fn seek(&self, number: u32, first: u32) -> Option<usize> {
        let (last, _) = self.slots.back()?;
        if number < first || number > *last {
            return None;
        }
        let end = self.slots.len() - 1;
        let guess = (u64::from(number - first) * end as u64 / u64::from((last - first).max(1))) as usize;
        let at = |at: usize| self.slots[at].0;
        let (mut low, mut high) = (guess, guess);
        let mut step = 1;
        while at(low) > number {
            high = low;
            low = low.saturating_sub(step);
            step *= 2;
        }
        while at(high) < number {
            low = high;
            high = (high + step).min(end);
            step *= 2;
        }
        while low < high {
            let middle = low.midpoint(high);
            if at(middle) < number {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (at(low) == number).then_some(low)
    }
    /// The value with this number, to change.
    pub fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        let at = self.find(number)?;
        self.slots[at].1.as_mut()
    }
    /// The value with this number.
    pub fn get(&self, number: u32) -> Option<&T> {
        self.find(number).and_then(|at| self.slots[at].1.as_ref())
    }
    /// Takes out the value with this number.
    pub fn remove(&mut self, number: u32) -> Option<T> {
        let at = self.find(number)?;
        let taken = self.slots[at].1.take()?;
        self.len -= 1;
        self.trim();
        Some(taken)
    }
    /// Takes out the value with the lowest number.
    pub fn pop_first(&mut self) -> Option<T> {
        let (_, value) = self.slots.pop_front()?;
        self.len -= usize::from(value.is_some());
        self.trim();
        value
    }
    /// Takes out all values up to this number, in order.
    pub fn take_to(&mut self, number: u32, mut with: impl FnMut(T)) {
        while self.slots.front().is_some_and(|(first, _)| *first <= number) {
            if let Some(value) = self.pop_first() {
                with(value);
            }
        }
    }
    /// Takes out all values in order.
    pub fn drain(&mut self) -> impl Iterator<Item = T> {
        self.len = 0;
        self.slots.drain(..).filter_map(|(_, value)| value)
    }
    /// Removes all values.
    pub fn clear(&mut self) {
        self.slots.clear();
        self.len = 0;
    }
    /// Puts in values whose numbers are not the highest; they come in descending order. Each costs a search; where the hole of one
    /// was closed meanwhile, it costs a pass over everything.
    pub fn put_back(&mut self, values: impl Iterator<Item = (u32, T)>) {
        // What belongs to the end is put there turned round.
        let (mut end, mut misfits) = (self.slots.len(), false);
        for (number, value) in values {
            self.len += 1;
            if let Some(at) = self.hole(number, end) {
                self.slots[at].1 = Some(value);
            } else if end > 0 && self.slots[0].0 > number {
                self.slots.push_front((number, Some(value)));
                end += 1;
            } else {
                misfits |= end > 0 && self.slots[end - 1].0 > number;
                self.slots.push_back((number, Some(value)));
            }
        }
        if misfits {
            self.slots.retain(|(_, value)| value.is_some());
            self.slots.make_contiguous().sort_unstable_by_key(|(number, _)| *number);
            return;
        }
        let mut last = self.slots.len();
        while end + 1 < last {
            last -= 1;
            self.slots.swap(end, last);
            end += 1;
        }
    }
    /// Where the hole of this number is, among the first so many slots.
    fn hole(&self, number: u32, among: usize) -> Option<usize> {
        let (mut low, mut high) = (0, among);
        while low < high {
            let middle = low.midpoint(high);
            if self.slots[middle].0 < number { low = middle + 1 } else { high = middle }
        }
        (low < among && self.slots[low].0 == number).then_some(low)
    }
    /// All values in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().filter_map(|(_, value)| value.as_ref())
    }
    /// All values in order, to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.slots.iter_mut().filter_map(|(_, value)| value.as_mut())
    }
    /// No holes at the ends, and not too many between.
    fn trim(&mut self) {
        while self.slots.front().is_some_and(|(_, value)| value.is_none()) {
            self.slots.pop_front();
        }
        while self.slots.back().is_some_and(|(_, value)| value.is_none()) {
            self.slots.pop_back();
        }
        if self.slots.len() > 2 * self.len + FEW {
            self.slots.retain(|(_, value)| value.is_some());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn one_that_stays_for_ever_does_not_make_the_list_grow() {
        let mut list = Sparse::default();
        for number in 0..10_000u32 {
            list.push(number, ());
            if number > 1 {
                assert_eq!(list.remove(number - 1), Some(()));
            }
            assert!(list.slots.len() <= 2 * list.len() + FEW + 1);
        }
        assert_eq!(list.len(), 2);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn it_behaves_like_an_ordered_map(steps in prop::collection::vec((0u8..7, any::<prop::sample::Index>()), 0..200)) {
            let (mut list, mut map, mut next) = (Sparse::default(), BTreeMap::new(), 0u32);
            let mut gone = Vec::new();
            for (step, which) in steps {
                match step {
                    0..=2 => {
                        next += 1 + which.index(3) as u32;
                        list.push(next, next);
                        map.insert(next, next);
                    }
                    3 => {
                        let number = which.index(next as usize + 1) as u32;
                        let taken = map.remove(&number);
                        prop_assert_eq!(list.get(number).copied(), taken);
                        prop_assert_eq!(list.remove(number), taken);
                        gone.extend(taken);
                    }
                    4 => {
                        let number = which.index(next as usize + 1) as u32;
                        let behind = map.split_off(&(number + 1));
                        let mut taken = Vec::new();
                        list.take_to(number, |value| taken.push(value));
                        prop_assert!(taken.iter().eq(map.keys()));
                        gone.extend(taken);
                        map = behind;
                    }
                    5 => {
                        map.extend(gone.iter().map(|number| (*number, *number)));
                        gone.sort_unstable();
                        list.put_back(gone.drain(..).rev().map(|number| (number, number)));
                    }
                    _ => prop_assert_eq!(list.pop_first(), map.pop_first().map(|(_, value)| { gone.push(value); value })),
                }
                prop_assert!(list.iter().eq(map.values()));
                prop_assert_eq!(list.len(), map.len());
                prop_assert_eq!(list.first(), map.values().next());
                prop_assert_eq!(list.last(), map.values().next_back());
            }
        }
    }
}
