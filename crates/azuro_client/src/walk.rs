//! Through which blocks an event is looked for: from the newest that can hold it back to the first that cannot, window by window.
//!
//! Owns the order of the questions and where they stand; asks nothing itself (`inquest` does) and reads no event. A block is judged by
//! its own time alone: how long blocks take only makes guesses better. An answer that never came changes nothing, so the same question
//! is asked again.

use crate::chain::Head;

/// Most blocks of one window: nodes take 3,000 and refuse 50,000 (spec section 14.3).
pub(crate) const WINDOW: u64 = 2_500;
/// A block that is no later than this past the last moment is close enough to begin at, s: half a window of Polygon.
const NEAR_S: u64 = 1_250;
/// Time between blocks before two of them are known, s (spec section 14.3).
const BLOCK_S: u64 = 2;
/// So many guesses before every second one halves what is left: time and blocks may have nothing to do with each other.
const GUESSES: u32 = 3;

/// What to ask next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The time of this block.
    Time(u64),
    /// The events of these blocks, both included.
    Events(u64, u64),
}

/// Where a walk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Walk {
    /// It happened in no block before this time, unix seconds.
    since_s: u64,
    /// Nor in one after this.
    until_s: u64,
    /// Nor below this height.
    floor: u64,
    top: Head,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Between a block that is not past `until_s` (block 0 counts as one; its time is not known) and one that is.
    Seek {
        low: u64,
        low_s: Option<u64>,
        high: Head,
        turns: u32,
    },
    /// The window that ends here.
    Window(u64),
    /// Whether this first block of a window without the event is old enough to end at.
    Edge(u64),
    Over,
}

impl Walk {
    /// Back from the newest block that the node knows.
    pub(crate) fn back(top: Head, since_s: u64, until_s: u64, floor: u64) -> Self {
        let stage = Stage::Seek { low: 0, low_s: None, high: top, turns: 0 };
        Self { since_s, until_s, floor, top, stage: settled(stage, until_s) }
    }

    /// The newest block that the walk began with.
    pub(crate) const fn top(&self) -> u64 {
        self.top.number
    }

    /// The question that stands; nothing once all blocks have been looked through.
    pub(crate) fn step(&self) -> Option<Step> {
        match self.stage {
            Stage::Seek { low, low_s, high, turns } => Some(Step::Time(self.guess(low, low_s, high, turns))),
            Stage::Window(to) => Some(Step::Events(self.first(to), to)),
            Stage::Edge(block) => Some(Step::Time(block)),
            Stage::Over => None,
        }
    }

    fn first(&self, to: u64) -> u64 {
        to.saturating_sub(WINDOW - 1).max(self.floor).min(to)
    }

    /// A block strictly between the two that should lie a little past `until_s`, by the speed of the blocks that are known.
    fn guess(&self, low: u64, low_s: Option<u64>, high: Head, turns: u32) -> u64 {
        if turns >= GUESSES && turns % 2 == 1 {
            return low + (high.number - low) / 2;
        }
        let (blocks, seconds) = match low_s {
            Some(low_s) => (high.number - low, high.time_s.saturating_sub(low_s)),
            None if high.number < self.top.number => (self.top.number - high.number, self.top.time_s.saturating_sub(high.time_s)),
            None => (1, BLOCK_S),
        };
        let ahead_s = high.time_s.saturating_sub(self.until_s.saturating_add(NEAR_S / 2));
        let back = u128::from(ahead_s) * u128::from(blocks) / u128::from(seconds.max(1));
        let back = u64::try_from(back).unwrap_or(u64::MAX);
        high.number.saturating_sub(back).clamp(low + 1, high.number - 1)
    }

    /// A block's own time: the answer to [`Step::Time`].
    pub(crate) fn timed(&mut self, block: Head) {
        self.stage = match self.stage {
            Stage::Seek { low, low_s, high, turns } if low < block.number && block.number < high.number => {
                let turns = turns.saturating_add(1);
                let seek = if block.time_s > self.until_s {
                    Stage::Seek { low, low_s, high: block, turns }
                } else {
                    Stage::Seek { low: block.number, low_s: Some(block.time_s), high, turns }
                };
                settled(seek, self.until_s)
            }
            Stage::Edge(edge) if edge == block.number => match edge.checked_sub(1) {
                Some(below) if block.time_s >= self.since_s => Stage::Window(below),
                _ => Stage::Over,
            },
            other => other,
        };
    }

    /// The window that stands does not hold the event.
    pub(crate) fn not_there(&mut self) {
        if let Stage::Window(to) = self.stage {
            let first = self.first(to);
            self.stage = if first <= self.floor { Stage::Over } else { Stage::Edge(first) };
        }
    }
}

/// Ends the search for the beginning where it is near enough, in time or in blocks.
fn settled(stage: Stage, until_s: u64) -> Stage {
    match stage {
        Stage::Seek { low, high, .. }
            if high.time_s <= until_s.saturating_add(NEAR_S) || high.number.saturating_sub(low) <= WINDOW / 2 =>
        {
            Stage::Window(high.number)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests;
