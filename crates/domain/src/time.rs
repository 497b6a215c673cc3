//! Two clocks: one to measure with, one to agree with venues and journals on.

use serde::{Deserialize, Serialize};

/// Nanoseconds of a monotonic clock with an origin of its own; comparable only within one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mono(pub u64);

impl Mono {
    /// `ms` milliseconds later; saturates.
    pub const fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000_000)))
    }
    /// Nanoseconds since `earlier`, nothing if that is later.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Microseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Wall(pub i64);

impl Wall {
    /// From milliseconds since the epoch; saturates.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms.saturating_mul(1_000))
    }
    /// Milliseconds since the epoch, rounded down.
    pub const fn ms(self) -> i64 {
        self.0.div_euclid(1_000)
    }
    /// `ms` milliseconds later (earlier if negative); saturates.
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000)))
    }
}

/// The same instant on both clocks, stamped at the rim and passed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Now {
    /// To measure and arm timers with.
    pub mono: Mono,
    /// To stamp and journal with.
    pub wall: Wall,
}
