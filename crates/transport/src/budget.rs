//! How many requests may leave in a time: pure, the clock comes from the caller.

use domain::Mono;
use std::time::Duration;

/// A venue's limit as its documents state it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateBudget {
    /// So many requests...
    pub requests: u32,
    /// ...in this time, spread evenly...
    pub per: Duration,
    /// ...of which so many may leave at once. At least 1.
    pub burst: u32,
}

/// A token bucket kept as the one time at which it would be full again, so there is nothing to refill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenBucket {
    /// Nanoseconds one token takes to come back.
    step: u64,
    /// How far [`Self::full_at`] may lie ahead while a token is left, ns.
    room: u64,
    full_at: u64,
}

impl TokenBucket {
    /// Full at the start. A budget of no requests never has a token.
    pub fn new(budget: RateBudget) -> Self {
        let per = u64::try_from(budget.per.as_nanos()).unwrap_or(u64::MAX);
        let step = per.checked_div(u64::from(budget.requests)).unwrap_or(u64::MAX);
        let room = if budget.requests == 0 { 0 } else { step.saturating_mul(u64::from(budget.burst.max(1))) };
        Self { step, room, full_at: 0 }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// None is left; in so many ms (rounded up) there will be one.
    pub fn take(&mut self, now: Mono) -> Result<(), u64> {
        let after = self.full_at.max(now.0).saturating_add(self.step);
        let ahead = after - now.0.min(after);
        if ahead > self.room {
            return Err((ahead - self.room).div_ceil(1_000_000));
        }
        self.full_at = after;
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: u64) -> Mono {
        Mono(1_000_000_000 + ms * 1_000_000)
    }

    #[test]
    fn a_burst_leaves_at_once_and_the_rest_evenly() {
        let mut bucket = TokenBucket::new(RateBudget { requests: 10, per: Duration::from_secs(1), burst: 3 });
        assert_eq!((0..5).map(|_| bucket.take(at(0))).collect::<Vec<_>>(), [Ok(()), Ok(()), Ok(()), Err(100), Err(100)]);
        assert_eq!(bucket.take(at(40)), Err(60));
        assert_eq!(bucket.take(at(100)), Ok(()));
        assert_eq!(bucket.take(at(100)), Err(100));
        assert_eq!((0..4).filter(|_| bucket.take(at(10_000)).is_ok()).count(), 3, "never more than the burst");
    }

    #[test]
    fn a_budget_of_nothing_lets_nothing_out() {
        let mut bucket = TokenBucket::new(RateBudget { requests: 0, per: Duration::from_secs(1), burst: 5 });
        assert!(bucket.take(at(0)).is_err());
    }

    proptest! {
        /// In any stretch of time no more leave than the burst and what has come back since.
        #[test]
        fn no_more_leave_than_the_budget_allows(gaps in proptest::collection::vec(0u64..300, 1..200), requests in 1u32..50, burst in 1u32..10) {
            let budget = RateBudget { requests, per: Duration::from_secs(1), burst };
            let mut bucket = TokenBucket::new(budget);
            let (mut now, mut sent) = (0u64, Vec::new());
            for gap in gaps {
                now += gap;
                match bucket.take(at(now)) {
                    Ok(()) => sent.push(now),
                    Err(wait_ms) => {
                        prop_assert!(wait_ms > 0);
                        prop_assert!(bucket.clone().take(at(now + wait_ms)).is_ok(), "the promised time must hold");
                    }
                }
            }
            for (i, from) in sent.iter().enumerate() {
                for (j, to) in sent.iter().enumerate().skip(i) {
                    let allowed = u64::from(burst) + (to - from + 1) * u64::from(requests) / 1_000;
                    prop_assert!((j - i) as u64 <= allowed);
                }
            }
        }
    }
}
