//! How much of the time every pair could have traded, and what the rest was lost to (RE-4).
//!
//! Time outside a venue's hours, in a quiet window, counts neither for nor against: it is no trading time. Looked at by
//! the service's loop; a look stands for the time since the one before it.

use domain::names::SkipReason;
use domain::{Mono, Pair};
use std::collections::BTreeMap;

/// Time of one pair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PairTime {
    /// It could have traded, ns.
    pub up_ns: u64,
    /// It could not, by reason, ns.
    pub down_ns: BTreeMap<SkipReason, u64>,
    /// Outside trading hours, ns.
    pub closed_ns: u64,
}

impl PairTime {
    /// Hundredths of a percent of the trading hours in which it could have traded; `None` before any.
    pub fn up_bps(&self) -> Option<u64> {
        let down: u64 = self.down_ns.values().sum();
        share_bps(self.up_ns, self.up_ns.saturating_add(down))
    }
}

fn share_bps(part: u64, whole: u64) -> Option<u64> {
    let share = (u128::from(part) * 10_000).checked_div(u128::from(whole))?;
    u64::try_from(share).ok()
}

/// Time of all pairs, from the moment the bot could first trade.
#[derive(Clone, Debug, Default)]
pub struct Uptime {
    last: Option<Mono>,
    pairs: BTreeMap<Pair, PairTime>,
    /// All pairs together: every one of them could have traded.
    all: PairTime,
}

impl Uptime {
    /// What each pair could do since the last look, taken to be what it can do now. The first call begins the time.
    pub fn look(&mut self, pairs: impl Iterator<Item = (Pair, Result<(), SkipReason>)>, now: Mono) {
        let Some(passed) = self.last.replace(now).map(|last| now.since(last)) else { return };
        let mut worst = Ok(());
        for (pair, state) in pairs {
            add(self.pairs.entry(pair).or_default(), state, passed);
            // A pair that is down counts before one that is closed.
            worst = match (worst, state) {
                (Ok(()) | Err(SkipReason::Schedule), Err(reason)) => Err(reason),
                (worst, _) => worst,
            };
        }
        add(&mut self.all, worst, passed);
    }

    /// One pair after the other.
    pub fn pairs(&self) -> impl Iterator<Item = (Pair, &PairTime)> {
        self.pairs.iter().map(|(pair, time)| (*pair, time))
    }

    /// All of them together.
    pub fn all(&self) -> &PairTime {
        &self.all
    }
}

fn add(time: &mut PairTime, state: Result<(), SkipReason>, passed: u64) {
    let part = match state {
        Ok(()) => &mut time.up_ns,
        Err(SkipReason::Schedule) => &mut time.closed_ns,
        Err(reason) => time.down_ns.entry(reason).or_default(),
    };
    *part = part.saturating_add(passed);
}

#[cfg(test)]
mod tests {
    use super::*;

    const ETH: Pair = Pair::new("ETH-USD");
    const BTC: Pair = Pair::new("BTC-USD");

    fn at(ms: u64) -> Mono {
        Mono::default().plus_ms(ms)
    }

    #[test]
    fn uptime_is_the_share_of_trading_hours_in_which_every_pair_could_have_traded() {
        let mut uptime = Uptime::default();
        let mut look = |ms, eth, btc| uptime.look([(ETH, eth), (BTC, btc)].into_iter(), at(ms));
        look(0, Err(SkipReason::VenueDown), Err(SkipReason::VenueDown)); // begins the time, counts nothing
        look(9_000, Ok(()), Ok(()));
        look(9_500, Err(SkipReason::BookStale), Ok(()));
        look(10_000, Err(SkipReason::BookStale), Err(SkipReason::Schedule));
        look(20_000, Err(SkipReason::Schedule), Err(SkipReason::Schedule));
        let of = |pair| uptime.pairs().find(|(p, _)| *p == pair).map(|(_, t)| t.up_bps());
        assert_eq!(of(ETH), Some(Some(9_000)));
        assert_eq!(of(BTC), Some(Some(10_000)));
        assert_eq!(uptime.all().up_bps(), Some(9_000));
        assert_eq!(uptime.all().closed_ns, 10_000_000_000);
        assert_eq!(uptime.all().down_ns, BTreeMap::from([(SkipReason::BookStale, 1_000_000_000)]));
    }

    #[test]
    fn without_any_trading_time_there_is_no_share() {
        assert_eq!(Uptime::default().all().up_bps(), None);
    }
}
