//! One result that is remembered. Not for what changes unseen: the caller says whether it still holds.

/// What was worked out once from something that never changes. No state; a clone is empty and a copy into it changes
/// nothing.
#[derive(Debug)]
pub struct Memo<T>(Option<T>);

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Memo(None)
    }
}

impl<T> Clone for Memo<T> {
    fn clone(&self) -> Self {
        Memo(None)
    }
    fn clone_from(&mut self, _: &Self) {}
}

impl<T> Memo<T> {
    /// What is remembered, worked out anew where it does not hold.
    pub fn get(&mut self, holds: impl FnOnce(&T) -> bool, make: impl FnOnce() -> T) -> &T {
        let kept = self.0.take().filter(holds);
        self.0.insert(kept.unwrap_or_else(make))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memo_is_worked_out_again_where_it_does_not_hold() {
        let mut memo = Memo::default();
        assert_eq!(*memo.get(|n| *n == 1, || 1), 1);
        assert_eq!(*memo.get(|n| *n == 1, || 2), 1);
        assert_eq!(*memo.get(|n| *n == 3, || 3), 3);
    }
}
