//! An arena whose indices stay valid. Not a map: the index of a new entry is the slab's choice.

/// Slots with reuse: an index stays valid until its entry is removed, then the slot is given out again.
#[derive(Debug)]
pub struct Slab<T> {
    slots: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T: Clone> Clone for Slab<T> {
    fn clone(&self) -> Self {
        Self { slots: self.slots.clone(), free: self.free.clone() }
    }
    fn clone_from(&mut self, from: &Self) {
        self.free.clone_from(&from.free);
        self.slots.truncate(from.slots.len());
        let shared = self.slots.len();
        for (mine, theirs) in self.slots.iter_mut().zip(&from.slots) {
            match (mine.as_mut(), theirs) {
                (Some(m), Some(t)) => m.clone_from(t),
                _ => mine.clone_from(theirs),
            }
        }
        self.slots.extend_from_slice(&from.slots[shared..]);
    }
}

impl<T> Slab<T> {
    /// No slots.
    pub fn new() -> Self {
        Self::default()
    }
    /// Puts `value` in a free slot and gives its index.
    pub fn insert(&mut self, value: T) -> u32 {
        if let Some(i) = self.free.pop() {
            self.slots[i as usize] = Some(value);
            i
        } else {
            self.slots.push(Some(value));
            self.slots.len() as u32 - 1
        }
    }
    /// The entry at `index`.
    #[inline]
    pub fn get(&self, index: u32) -> Option<&T> {
        self.slots.get(index as usize).and_then(Option::as_ref)
    }
    /// The entry at `index`, to change.
    #[inline]
    pub fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        self.slots.get_mut(index as usize).and_then(Option::as_mut)
    }
    /// Takes out the entry at `index` and frees its slot.
    pub fn remove(&mut self, index: u32) -> Option<T> {
        let taken = self.slots.get_mut(index as usize)?.take()?;
        self.free.push(index);
        Some(taken)
    }
    /// All entries with their indices, in the order of the indices.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u32, &T)> {
        self.slots.iter().enumerate().filter_map(|(i, s)| s.as_ref().map(|v| (i as u32, v)))
    }
    /// All entries with their indices, to change.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (u32, &mut T)> {
        self.slots.iter_mut().enumerate().filter_map(|(i, s)| s.as_mut().map(|v| (i as u32, v)))
    }
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Removes all entries and forgets the slots; the allocation stays.
    pub fn clear(&mut self) {
        self.slots.clear();
        self.free.clear();
    }
}

impl<T> std::ops::Index<u32> for Slab<T> {
    type Output = T;
    /// # Panics
    /// Where the slot is free: a broken invariant of the caller.
    #[inline]
    fn index(&self, index: u32) -> &T {
        self.slots[index as usize].as_ref().expect("slot in use")
    }
}

impl<T> std::ops::IndexMut<u32> for Slab<T> {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut T {
        self.slots[index as usize].as_mut().expect("slot in use")
    }
}
