//! What a machine has put off: jobs and messages by the time they are due.

use crate::SimNow;
use std::collections::BTreeMap;

/// Things that are due later; those of the same time in the order in which they were put off.
#[derive(Debug)]
pub(crate) struct Due<T> {
    by_time: BTreeMap<(i64, u64), T>,
    /// Counts them, so that equal times keep their order.
    count: u64,
}

impl<T> Default for Due<T> {
    fn default() -> Self {
        Self { by_time: BTreeMap::new(), count: 0 }
    }
}

impl<T> Due<T> {
    /// Puts it off until so many microseconds from now; a time before now is now.
    pub(crate) fn put(&mut self, now: SimNow, after_us: i64, what: T) {
        self.count += 1;
        self.by_time.insert((now.0.saturating_add(after_us.max(0)), self.count), what);
    }

    /// When the first is due, microseconds since the epoch.
    pub(crate) fn next_us(&self) -> Option<i64> {
        self.by_time.keys().next().map(|(at, _)| *at)
    }

    /// The first, if it is due.
    pub(crate) fn take(&mut self, now: SimNow) -> Option<T> {
        self.by_time.first_entry().filter(|first| first.key().0 <= now.0).map(|first| first.remove())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_comes_by_its_time_and_at_one_time_in_the_order_of_putting() {
        let mut due = Due::default();
        for (now, after_us, what) in [(10, 5, "c"), (10, 0, "a"), (12, 3, "d"), (10, -7, "b"), (10, i64::MAX, "never")] {
            due.put(SimNow(now), after_us, what);
        }
        assert_eq!(due.next_us(), Some(10));
        assert_eq!([(); 3].map(|()| due.take(SimNow(14))), [Some("a"), Some("b"), None]);
        assert_eq!(due.next_us(), Some(15));
        assert_eq!([(); 3].map(|()| due.take(SimNow(15))), [Some("c"), Some("d"), None]);
        assert_eq!(due.next_us(), Some(i64::MAX));
    }
}
