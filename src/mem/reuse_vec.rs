//! A vector that keeps the room of what it gave up. Not for plain values, which have no room to keep.

/// A vector for values that hold containers themselves: what is behind its end stays there, and is used again when it
/// grows.
#[derive(Debug)]
pub struct ReuseVec<T> {
    items: Vec<T>,
    len: usize,
}

impl<T> Default for ReuseVec<T> {
    fn default() -> Self {
        Self { items: Vec::new(), len: 0 }
    }
}

impl<T> std::ops::Deref for ReuseVec<T> {
    type Target = [T];
    #[inline]
    fn deref(&self) -> &[T] {
        &self.items[..self.len]
    }
}

impl<T> std::ops::DerefMut for ReuseVec<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.items[..self.len]
    }
}

impl<T: Clone> Clone for ReuseVec<T> {
    fn clone(&self) -> Self {
        Self { items: self.to_vec(), len: self.len }
    }
    fn clone_from(&mut self, from: &Self) {
        for (mine, theirs) in self.items.iter_mut().zip(from.iter()) {
            mine.clone_from(theirs);
        }
        let shared = self.items.len().min(from.len);
        self.items.extend_from_slice(&from[shared..]);
        self.len = from.len;
    }
}

impl<'a, T> IntoIterator for &'a ReuseVec<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut ReuseVec<T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<T> ReuseVec<T> {
    /// An empty vector.
    pub fn new() -> Self {
        Self::default()
    }
    /// Grows by one; gives the new last item, which holds whatever it held before: the caller makes it new.
    pub fn grow(&mut self, make: impl FnOnce() -> T) -> &mut T {
        if self.len == self.items.len() {
            self.items.push(make());
        }
        self.len += 1;
        &mut self.items[self.len - 1]
    }
    /// Keeps the first `len` items.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }
    /// Takes out all items.
    pub fn clear(&mut self) {
        self.len = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_grows_into_what_it_held() {
        let mut list = ReuseVec::new();
        list.grow(Vec::new).extend([1u8; 10]);
        list.grow(Vec::new).extend([2u8; 10]);
        let rooms = [list[0].as_ptr(), list[1].as_ptr()];
        let full = list.clone();
        list.clear();
        assert!(list.is_empty());
        list.clone_from(&full);
        assert_eq!([list[0].as_ptr(), list[1].as_ptr()], rooms);
        assert_eq!(*list, [vec![1; 10], vec![2; 10]]);
    }
}
