//! Equal values made once. Not a cache of results: the value itself is what it is found by.

use std::sync::Arc;

/// Values that never change, made once: asking again for an equal one gives the same. No state; a clone is empty and a
/// copy into it changes nothing.
#[derive(Debug)]
pub struct Shared<T> {
    made: Vec<Arc<T>>,
    /// Behind the last that was asked for: who asks again asks in the same order.
    next: usize,
}

/// So many values a [`Shared`] remembers.
const SHARED_MAX: usize = 4096;

/// So many of them are looked at, from the last that was found: beyond these a new one costs less than the search.
const SHARED_NEAR: usize = 64;

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self { made: Vec::new(), next: 0 }
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self::default()
    }
    fn clone_from(&mut self, _: &Self) {}
}

impl<T: PartialEq> Shared<T> {
    /// The shared value that equals this one.
    pub fn get(&mut self, value: T) -> Arc<T> {
        let next = self.next.min(self.made.len());
        let (before, behind) = self.made.split_at(next);
        let found = behind.iter().chain(before).take(SHARED_NEAR).position(|made| **made == value);
        let at = match found {
            Some(steps) => (next + steps) % self.made.len(),
            None => {
                if self.made.len() == SHARED_MAX {
                    self.made.clear();
                }
                self.made.push(Arc::new(value));
                self.made.len() - 1
            }
        };
        self.next = at + 1;
        Arc::clone(&self.made[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_shared() {
        let mut shared = Shared::default();
        let [a, b] = ["a", "b"].map(|text| shared.get(text));
        assert!(Arc::ptr_eq(&a, &shared.get("a")));
        assert!(Arc::ptr_eq(&b, &shared.get("b")));
        assert!(Arc::ptr_eq(&b, &shared.get("b")), "in whatever order");
    }
}
