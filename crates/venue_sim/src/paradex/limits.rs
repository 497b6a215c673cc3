//! Rate limits (section 10): per scope a bucket per second and one per minute, refilled when their window ends.
//!
//! The venue's buckets refill continuously; windows are stricter at their edges and simpler to reason about.

use std::collections::HashMap;

/// What a request counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Scope {
    /// Public routes, per address: all clients of a simulator share one.
    Public,
    /// Onboarding and login.
    Login,
    /// Orders of an account.
    Orders(usize),
    /// Private reads of an account.
    Reads(usize),
}

impl Scope {
    /// Most per second (0: no such limit) and per minute.
    const fn most(self) -> (u32, u32) {
        match self {
            Self::Public => (0, 1_500),
            Self::Login => (0, 600),
            Self::Orders(_) => (800, 17_250),
            Self::Reads(_) => (120, 600),
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Window {
    number: i64,
    used: u32,
}

impl Window {
    /// Uses one; whether there was one left.
    fn take(&mut self, number: i64, most: u32) -> bool {
        if self.number != number {
            *self = Self { number, used: 0 };
        }
        self.used = self.used.saturating_add(1);
        most == 0 || self.used <= most
    }
}

/// All counters, and the last scope asked for, which the headers speak of.
#[derive(Clone, Debug, Default)]
pub(super) struct Limits {
    used: HashMap<Scope, [Window; 2]>,
    last: Option<Scope>,
}

impl Limits {
    /// Counts a request. `Err` gives the seconds to wait.
    pub(super) fn take(&mut self, scope: Scope, now_ms: i64) -> Result<(), u64> {
        self.last = Some(scope);
        let (per_second, per_minute) = scope.most();
        let windows = self.used.entry(scope).or_default();
        let second = windows[0].take(now_ms.div_euclid(1_000), per_second);
        let minute = windows[1].take(now_ms.div_euclid(60_000), per_minute);
        match (second, minute) {
            (true, true) => Ok(()),
            (_, false) => Err((60 - now_ms.rem_euclid(60_000) / 1_000).unsigned_abs()),
            (false, true) => Err(1),
        }
    }

    /// `X-RateLimit-*` of the scope counted last.
    pub(super) fn headers(&self, now_ms: i64) -> Vec<(String, String)> {
        let Some(scope) = self.last else { return Vec::new() };
        let most = scope.most().1;
        let used = self.used.get(&scope).map_or(0, |w| w[1].used);
        let reset = (now_ms.div_euclid(60_000) + 1) * 60;
        [
            ("x-ratelimit-limit", most.to_string()),
            ("x-ratelimit-remaining", most.saturating_sub(used).to_string()),
            ("x-ratelimit-reset", reset.to_string()),
            ("x-ratelimit-window", "60".to_owned()),
        ]
        .map(|(n, v)| (n.to_owned(), v))
        .to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_end_at_their_limit_and_come_back_with_the_next_window() {
        let mut l = Limits::default();
        let now = 1_763_712_000_000;
        assert!((0..120).all(|_| l.take(Scope::Reads(0), now).is_ok()));
        assert_eq!(l.take(Scope::Reads(0), now), Err(1));
        assert_eq!(l.take(Scope::Reads(1), now), Ok(()));
        assert_eq!(l.take(Scope::Reads(0), now + 1_000), Ok(()));
    }
}
