//! What was seen of one direction and not taken, summed up: how often, why, and the nearest miss.
//!
//! Fed with every look at both books, so it allocates nothing and divides only when a look beats all before it. Owns the
//! counting; reasons that come from beyond the strategy are handed in. Called by [`crate::pair`].

use books::EntrySpread;
use domain::names::SkipReason;
use domain::record::Sighting;
use domain::{Pair, Rate, VenueId, Wall};

const REASONS: usize = SkipReason::ALL.len();

/// The look with the best spread.
#[derive(Clone, Copy, Debug)]
struct Best {
    at: Wall,
    spread: Rate,
    edge: Option<Rate>,
    binding: SkipReason,
}

/// One direction of one pair since some moment.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    since: Wall,
    last: Wall,
    looks: u64,
    best: Option<Best>,
    /// What a spread must reach to be the best one: one unit over the best so far.
    beat: Rate,
    skips: [u64; REASONS],
}

/// What a direction is called and compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Direction {
    pub(crate) pair: Pair,
    pub(crate) long: VenueId,
    pub(crate) short: VenueId,
    pub(crate) threshold: Rate,
    pub(crate) edge_min: Rate,
}

impl Watch {
    pub(crate) const fn new(since: Wall) -> Self {
        Self { since, last: since, looks: 0, best: None, beat: Rate::from_e8(i64::MIN), skips: [0; REASONS] }
    }

    #[inline]
    fn count(&mut self, reason: SkipReason, at: Wall) {
        self.looks = self.looks.wrapping_add(1);
        self.last = at;
        // In the order of `ALL`, which is as long as this.
        if let Some(n) = self.skips.get_mut(reason as usize) {
            *n = n.wrapping_add(1);
        }
    }

    /// A look that showed no spread, or none that can be believed.
    #[inline]
    pub(crate) fn miss(&mut self, reason: SkipReason, at: Wall) {
        self.count(reason, at);
    }

    /// A look that showed a spread; `edge` is asked for only if it is the best one.
    #[inline]
    pub(crate) fn near(&mut self, reason: SkipReason, spread: EntrySpread, edge: impl FnOnce() -> Option<Rate>, at: Wall) {
        self.count(reason, at);
        if spread.at_least(self.beat) {
            self.keep(Best { at, spread: spread.rate(), edge: edge(), binding: reason });
        }
    }

    /// A look that would have been taken but for a reason from beyond the strategy.
    pub(crate) fn refused(&mut self, reason: SkipReason, spread: Rate, edge: Rate, at: Wall) {
        self.count(reason, at);
        if spread >= self.beat {
            self.keep(Best { at, spread, edge: Some(edge), binding: reason });
        }
    }

    /// A look that was taken: no miss.
    pub(crate) fn taken(&mut self, at: Wall) {
        self.looks = self.looks.wrapping_add(1);
        self.last = at;
    }

    #[cold]
    fn keep(&mut self, best: Best) {
        self.beat = best.spread.plus(Rate::from_e8(1));
        self.best = Some(best);
    }

    /// The sum of it, and a new beginning at `at`. `told` is the last refusal from beyond with its own words.
    pub(crate) fn sighting(&mut self, of: Direction, told: Option<&(SkipReason, String)>, at: Wall) -> Sighting {
        let watched = std::mem::replace(self, Self::new(at));
        let skips: Vec<(SkipReason, u64)> = SkipReason::ALL.iter().copied().zip(watched.skips).filter(|(_, n)| *n > 0).collect();
        let most = skips.iter().copied().max_by_key(|(_, n)| *n).map(|(reason, _)| reason);
        let binding = watched.best.map(|b| b.binding).or(most).unwrap_or(SkipReason::BookStale);
        let (spread, edge) = (watched.best.map(|b| b.spread), watched.best.and_then(|b| b.edge));
        let detail = match (binding, spread, edge) {
            _ if watched.looks == 0 => "neither book took an update".to_owned(),
            (SkipReason::SpreadTooSmall, Some(spread), _) => format!("spread {spread}%, threshold {}%", of.threshold),
            (SkipReason::EdgeTooSmall, Some(spread), Some(edge)) => {
                format!("edge {edge}% net of costs at a spread of {spread}%, minimum {}%", of.edge_min)
            }
            _ => told.filter(|(reason, _)| *reason == binding).map_or_else(String::new, |(_, words)| words.clone()),
        };
        Sighting {
            pair: of.pair,
            long: of.long,
            short: of.short,
            since: watched.since,
            looks: watched.looks,
            best_at: watched.best.map_or(watched.last, |b| b.at),
            spread,
            threshold: of.threshold,
            edge,
            edge_min: of.edge_min,
            binding,
            detail,
            skips,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_place_in_the_counts() {
        for (n, reason) in SkipReason::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, n, "{reason}");
        }
    }

    fn direction() -> Direction {
        Direction {
            pair: Pair::new("ETH-USD"),
            long: VenueId::new("vest"),
            short: VenueId::new("paradex"),
            threshold: Rate::from_bps(30),
            edge_min: Rate::from_bps(2),
        }
    }

    #[test]
    fn the_nearest_miss_keeps_its_own_reason_and_a_taken_look_is_none() {
        let mut watch = Watch::new(Wall(1));
        watch.miss(SkipReason::BookStale, Wall(2));
        watch.miss(SkipReason::BookStale, Wall(3));
        watch.refused(SkipReason::Cooldown, Rate::from_bps(40), Rate::from_bps(9), Wall(4));
        watch.refused(SkipReason::Margin, Rate::from_bps(40), Rate::from_bps(9), Wall(5));
        watch.taken(Wall(6));
        let told = (SkipReason::Cooldown, "the last round did not complete".to_owned());
        let s = watch.sighting(direction(), Some(&told), Wall(9));
        assert_eq!((s.since, s.best_at, s.looks), (Wall(1), Wall(4), 5), "the first of two equal ones");
        assert_eq!((s.spread, s.edge, s.binding), (Some(Rate::from_bps(40)), Some(Rate::from_bps(9)), SkipReason::Cooldown));
        assert_eq!(s.detail, "the last round did not complete");
        assert_eq!(s.skips, [(SkipReason::BookStale, 2), (SkipReason::Margin, 1), (SkipReason::Cooldown, 1)]);
        // A new beginning.
        let s = watch.sighting(direction(), Some(&told), Wall(20));
        assert_eq!((s.since, s.looks, s.spread, s.binding), (Wall(9), 0, None, SkipReason::BookStale));
        assert_eq!((s.detail.as_str(), s.best_at), ("neither book took an update", Wall(9)));
    }

    #[test]
    fn without_any_spread_the_most_frequent_reason_binds() {
        let mut watch = Watch::new(Wall(1));
        watch.miss(SkipReason::ThinBook, Wall(2));
        watch.miss(SkipReason::RoundOpen, Wall(3));
        watch.miss(SkipReason::RoundOpen, Wall(4));
        let s = watch.sighting(direction(), None, Wall(9));
        assert_eq!((s.spread, s.edge, s.binding, s.best_at), (None, None, SkipReason::RoundOpen, Wall(4)));
    }
}
