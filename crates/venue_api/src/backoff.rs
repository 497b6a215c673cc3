//! How long to wait before the next try of a connection: pure, the jitter comes from the shell.

/// Exponential backoff with full jitter on the upper half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    base_ms: u64,
    cap_ms: u64,
    tries: u32,
}

impl Backoff {
    /// Starts at `base_ms`, doubles, never passes `cap_ms`. The first try is free.
    pub const fn new(base_ms: u64, cap_ms: u64) -> Self {
        Self { base_ms, cap_ms, tries: 0 }
    }
    /// How long to wait before this try, ms. `jitter` is any number from the shell's source of randomness.
    pub fn next_ms(&mut self, jitter: u64) -> u64 {
        let tries = self.tries;
        self.tries = self.tries.saturating_add(1);
        if tries == 0 {
            return 0;
        }
        let full = self.base_ms.saturating_mul(1u64 << (tries - 1).min(20)).min(self.cap_ms);
        let half = full / 2;
        half + jitter % (full - half + 1)
    }
    /// How many tries there were since the last success.
    pub const fn tries(&self) -> u32 {
        self.tries
    }
    /// The connection proved itself: the next try is free again.
    pub fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_start_over_after_a_success() {
        let mut b = Backoff::new(100, 5_000);
        assert_eq!(b.next_ms(7), 0);
        let mut last_full = 0;
        for tries in 1..30u32 {
            let full = (100u64 << (tries - 1).min(20)).min(5_000);
            let low = b.next_ms(0);
            assert_eq!(low, full / 2);
            assert!(full >= last_full);
            last_full = full;
        }
        assert!(b.next_ms(u64::MAX) <= 5_000);
        b.reset();
        assert_eq!(b.next_ms(0), 0);
    }
}
