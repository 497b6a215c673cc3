//! One side of a book: levels in a vector, the best one last.
//!
//! Nearly every change falls within a few levels of the best, so the near end is where a vector is cheap to change and
//! where the search begins. Owns order and uniqueness of prices; whether the two sides fit each other is the business
//! of [`crate::Book`], which is the only caller.

use domain::Level;

/// How many levels next to the best one are searched without a branch before bisection takes over. Measured: three
/// of four changes hit the first eight.
const NEAR: usize = 8;

/// Bids (`BID`) or asks. Prices are unique and above zero, sizes above zero, each level better than the one before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ladder<const BID: bool> {
    levels: Vec<Level>,
    levels_max: usize,
}

/// Why levels were not taken. The ladder is then in an order of its own but not to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// A price at or below zero or a size below zero.
    BadLevel,
    /// More levels than there is room for.
    Full,
}

impl<const BID: bool> Ladder<BID> {
    /// An empty side that holds up to `levels_max` levels and never allocates again.
    pub(crate) fn with_room(levels_max: usize) -> Self {
        Self { levels: Vec::with_capacity(levels_max), levels_max }
    }

    /// Worst first, best last.
    pub(crate) fn levels(&self) -> &[Level] {
        &self.levels
    }

    pub(crate) fn clear(&mut self) {
        self.levels.clear();
    }

    /// The best level, price and size zero if there is none.
    #[inline]
    pub(crate) fn best(&self) -> Level {
        self.levels.last().copied().unwrap_or_default()
    }

    #[inline]
    const fn better(a: i64, b: i64) -> bool {
        if BID { a > b } else { a < b }
    }

    /// How many levels are better than `price`.
    #[inline]
    fn better_than(&self, price: i64) -> usize {
        let Some((far, near)) = self.levels.split_last_chunk::<NEAR>() else {
            return self.levels.iter().rev().take_while(|l| Self::better(l.price, price)).count();
        };
        // A count, not a search: no branch to mispredict, and the eight compares run side by side.
        let near: usize = near.iter().map(|l| usize::from(Self::better(l.price, price))).fold(0, usize::wrapping_add);
        if near < NEAR {
            return near;
        }
        let not_better = far.partition_point(|l| !Self::better(l.price, price));
        NEAR.saturating_add(far.len().saturating_sub(not_better))
    }

    /// Sets the level at a price, or removes it when the size is zero. Removing an unknown price changes nothing.
    #[inline]
    pub(crate) fn set(&mut self, level: Level) -> Result<(), NotTaken> {
        if level.price <= 0 || level.size < 0 {
            return Err(NotTaken::BadLevel);
        }
        let end = self.levels.len().saturating_sub(self.better_than(level.price));
        let at = end.wrapping_sub(1);
        if let Some(found) = self.levels.get_mut(at)
            && found.price == level.price
        {
            if level.size == 0 {
                self.levels.remove(at);
            } else {
                found.size = level.size;
            }
        } else if level.size > 0 {
            if self.levels.len() >= self.levels_max {
                return Err(NotTaken::Full);
            }
            self.levels.insert(end, level);
        }
        Ok(())
    }

    /// Takes `levels` instead of what was there. Best first is the fast way; any other order is sorted in, and the last
    /// mention of a price counts.
    pub(crate) fn replace(&mut self, levels: &[Level]) -> Result<(), NotTaken> {
        self.levels.clear();
        if levels.len() > self.levels_max {
            return Err(NotTaken::Full);
        }
        let mut last: Option<i64> = None;
        for level in levels.iter().rev() {
            if level.price <= 0 || level.size < 0 {
                return Err(NotTaken::BadLevel);
            }
            if last.is_some_and(|last| !Self::better(level.price, last)) {
                return self.sort_in(levels);
            }
            last = Some(level.price);
            if level.size > 0 {
                self.levels.push(*level);
            }
        }
        Ok(())
    }

    #[cold]
    fn sort_in(&mut self, levels: &[Level]) -> Result<(), NotTaken> {
        self.levels.clear();
        levels.iter().try_for_each(|level| self.set(*level))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(of: &[(i64, i64)]) -> Vec<Level> {
        of.iter().map(|&(price, size)| Level { price, size }).collect()
    }

    #[test]
    fn a_snapshot_in_any_order_ends_best_last_with_the_last_mention_of_a_price() {
        fn check(input: &[(i64, i64)], bids: &[(i64, i64)], asks: &[(i64, i64)]) {
            let mut b = Ladder::<true>::with_room(8);
            assert_eq!(b.replace(&levels(input)), Ok(()), "{input:?}");
            assert_eq!(b.levels(), levels(bids), "{input:?} as bids");
            let mut a = Ladder::<false>::with_room(8);
            assert_eq!(a.replace(&levels(input)), Ok(()), "{input:?}");
            assert_eq!(a.levels(), levels(asks), "{input:?} as asks");
        }
        check(&[], &[], &[]);
        check(&[(5, 1)], &[(5, 1)], &[(5, 1)]);
        check(&[(5, 1), (4, 2), (3, 3)], &[(3, 3), (4, 2), (5, 1)], &[(5, 1), (4, 2), (3, 3)]);
        check(&[(4, 2), (5, 1), (3, 3)], &[(3, 3), (4, 2), (5, 1)], &[(5, 1), (4, 2), (3, 3)]);
        check(&[(5, 1), (4, 0), (3, 3)], &[(3, 3), (5, 1)], &[(5, 1), (3, 3)]);
        check(&[(5, 1), (5, 2)], &[(5, 2)], &[(5, 2)]);
        check(&[(5, 1), (4, 4), (5, 0)], &[(4, 4)], &[(4, 4)]);
    }

    #[test]
    fn what_no_venue_should_send_is_refused() {
        fn check(level: (i64, i64), expect: NotTaken) {
            let level = Level { price: level.0, size: level.1 };
            let mut side = Ladder::<true>::with_room(2);
            assert_eq!(side.replace(&[level]), Err(expect));
            let mut side = Ladder::<true>::with_room(2);
            assert_eq!(side.set(level), Err(expect));
        }
        check((0, 1), NotTaken::BadLevel);
        check((-1, 1), NotTaken::BadLevel);
        check((1, -1), NotTaken::BadLevel);
        check((i64::MIN, i64::MIN), NotTaken::BadLevel);
    }

    #[test]
    fn a_side_never_grows_beyond_its_room() {
        let mut side = Ladder::<true>::with_room(2);
        let room = side.levels.capacity();
        for price in 1..=2 {
            assert_eq!(side.set(Level { price, size: 1 }), Ok(()));
        }
        assert_eq!(side.set(Level { price: 1, size: 9 }), Ok(()), "a known price needs no room");
        assert_eq!(side.set(Level { price: 999, size: 0 }), Ok(()), "nor does a remove");
        assert_eq!(side.set(Level { price: 999, size: 1 }), Err(NotTaken::Full));
        assert_eq!(side.levels.capacity(), room);
    }
}
