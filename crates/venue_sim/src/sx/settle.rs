//! The end of an event: every market of it pays 1, 2 or 0, quarter lines by halves, a fee on profit (sx.md sections 5.2, 8, 14).

use super::SxSim;
use super::matching::share_e6;
use super::state::{MatchStatus, Settled};
use crate::SimNow;
use std::collections::BTreeMap;

impl SxSim {
    /// Settles what has ended long enough ago.
    pub(super) fn settle_due(&mut self, now: SimNow) {
        if self.faults.on("settlement_held").is_some() {
            return;
        }
        let due: Vec<u64> = self
            .fixtures
            .iter()
            .filter(|(_, f)| !f.settled && f.settles_ms.is_some_and(|ms| ms <= now.ms()))
            .map(|(number, _)| *number)
            .collect();
        for number in due {
            let Some(fixture) = self.fixtures.get(&number) else { continue };
            let Some(ending) = self.ending(fixture, now) else { continue };
            let (event, markets) = (fixture.event.clone(), fixture.markets.clone());
            let ms = self.clock_ms(now);
            for market in &markets {
                let shares = self.markets[*market].shares(ending, &event);
                self.markets[*market].settled = Some((super::catalog::code(shares), ms));
                self.settle_market(*market, now);
            }
            if let Some(fixture) = self.fixtures.get_mut(&number) {
                fixture.settled = true;
            }
            self.tell_markets(number);
        }
    }

    /// Pays everything that is locked in a settled market.
    pub(super) fn settle_market(&mut self, market: usize, now: SimNow) {
        let row = &self.markets[market];
        let (Some((outcome, at_ms)), Some(fixture)) = (row.settled, self.fixtures.get(&row.event)) else { return };
        let Some(ending) = self.ending(fixture, SimNow(at_ms * 1_000).max(now)) else { return };
        let shares = row.shares(ending, &fixture.event);
        let locked: Vec<usize> = self.matches_of.get(&market).into_iter().flatten().copied().collect();
        let locked: Vec<usize> = locked.into_iter().filter(|m| self.matches[*m].status == MatchStatus::Locked).collect();
        let ms = self.clock_ms(now);
        let mut refunds: BTreeMap<usize, i64> = BTreeMap::new();
        let mut fills = Vec::new();
        for number in locked {
            self.matches[number].status = MatchStatus::Settled;
            self.matches[number].updated_ms = ms;
            fills.extend(self.matches[number].fills);
        }
        for &index in &fills {
            let account = self.fills[index].account;
            let refunded = self.accounts[account].held.remove(&market).map(|h| h.refunded);
            if let Some(refunded) = refunded {
                *refunds.entry(account).or_default() += refunded;
            }
        }
        for (account, refunded) in &refunds {
            self.accounts[*account].escrowed += refunded; // back below, as less paid
        }
        for index in fills {
            let fill = self.fills[index];
            let share = shares[usize::from(!fill.one)];
            let (won, back) = (part(fill.returns(), share.won_e2), part(fill.stake, share.back_e2));
            let profit = (won - part(fill.stake, share.won_e2)).max(0);
            let rate_e6 = if fill.is_maker { 0 } else { self.cfg.terms.taker_fee_e6 };
            let owed = refunds.entry(fill.account).or_default();
            let refund_deducted = (*owed).min(won + back);
            *owed -= refund_deducted;
            // What was refunded before comes first: a fee is taken of what is left, or the house would pay it.
            let fee = share_e6(profit, rate_e6, self.cfg.switches.fee_up).min(won + back - refund_deducted);
            let paid = won + back - fee - refund_deducted;
            let account = &mut self.accounts[fill.account];
            account.escrowed -= fill.stake;
            account.available += paid;
            self.fees_taken += i128::from(fee);
            self.dust += i128::from(fill.stake) - i128::from(won) - i128::from(back);
            self.fills[index].settled = Some(Settled { outcome, paid, fee, refund_deducted, at_ms: ms });
            self.tell_fill(index, now);
        }
        // Refunds came out of the escrow; what could not be deducted from a payout was not owed by anybody.
        for (_, owed) in refunds {
            self.dust -= i128::from(owed);
        }
    }
}

/// Hundredths of an amount, rounded down.
fn part(amount: i64, e2: i64) -> i64 {
    (i128::from(amount) * i128::from(e2) / 100) as i64
}
