//! What a harness may look at that no client can: every order with what became of it, and all money.

use super::state::{MatchStatus, OrderStatus};
use super::{HOUSE, SxSim};
use crate::SeenOrder;
use alloy_primitives::Address;

/// An order as the venue itself knows it, base units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenBet {
    /// The signed digest, lower case.
    pub id: String,
    /// What the client called it.
    pub client_id: Option<String>,
    /// Whose.
    pub owner: Address,
    /// Hash of its market.
    pub market: String,
    /// Bets outcome one.
    pub outcome_one: bool,
    /// What it was ready to stake.
    pub stake: i64,
    /// Stake matched so far, whatever became of it.
    pub matched: i64,
    /// Of that: on the chain, settled ones included.
    pub locked: i64,
    /// Of that: refused by the chain.
    pub failed: i64,
    /// It can still match, or something of it is not decided on the chain.
    pub live: bool,
    /// 0, 1 or 2, once anything of it is settled.
    pub outcome: Option<u8>,
    /// What came back at settlement, after fees and earlier refunds.
    pub paid: i64,
    /// What came back before because the other outcome was bet, after its fee.
    pub refunded: i64,
}

/// Money of one account, base units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenBalance {
    /// Whose.
    pub owner: Address,
    /// In its wallet.
    pub available: i64,
    /// In escrow.
    pub escrowed: i64,
    /// Of what is available: promised to matches that are not on the chain.
    pub pending: i64,
    /// Of what is available: kept for live orders.
    pub reserved: i64,
}

impl SxSim {
    /// Every order that was ever taken, oldest first, from number `from` on.
    pub fn bets_seen(&self, from: usize) -> impl Iterator<Item = SeenBet> + '_ {
        (from..self.orders.len()).map(|index| {
            let order = &self.orders[index];
            let fills = || order.fills.iter().map(|f| &self.fills[*f]);
            let sum =
                |wanted: &[MatchStatus]| fills().filter(|f| wanted.contains(&self.matches[f.of].status)).map(|f| f.stake).sum();
            SeenBet {
                id: order.id.to_string(),
                client_id: order.client_id.clone(),
                owner: self.accounts[order.account].owner,
                market: self.markets[order.market].hash.to_string(),
                outcome_one: order.one,
                stake: order.stake,
                matched: order.matched(),
                locked: sum(&[MatchStatus::Locked, MatchStatus::Settled]),
                failed: sum(&[MatchStatus::Failed]),
                live: !self.is_over(index),
                outcome: fills().find_map(|f| f.settled.map(|s| s.outcome)),
                paid: fills().filter_map(|f| f.settled.map(|s| s.paid)).sum(),
                refunded: fills().map(|f| f.refund - f.refund_fee).sum(),
            }
        })
    }

    /// The same as other venues show theirs: what is locked counts as filled, at 1e-8.
    pub fn orders_seen(&self, from: usize) -> impl Iterator<Item = SeenOrder> + '_ {
        self.bets_seen(from).map(|bet| SeenOrder {
            key: bet.id,
            live: bet.live,
            is_buy: bet.outcome_one,
            filled_e8: bet.locked.saturating_mul(100),
        })
    }

    /// Money of every account but the makers'.
    pub fn balances_seen(&self) -> impl Iterator<Item = SeenBalance> + '_ {
        self.accounts.iter().skip(1).map(|a| SeenBalance {
            owner: a.owner,
            available: a.available,
            escrowed: a.escrowed,
            pending: a.pending,
            reserved: a.reserved,
        })
    }

    /// All money there is: wallets, escrow, fees taken and what rounding left. Never changes, but by the fault `balance`.
    pub fn money_total(&self) -> i128 {
        let held: i128 = self.accounts.iter().map(|a| i128::from(a.available) + i128::from(a.escrowed)).sum();
        held + self.fees_taken + self.dust
    }

    /// What rounding has left over so far; negative if more was paid than staked.
    pub fn dust(&self) -> i128 {
        self.dust
    }

    /// What the inner books must always agree on.
    ///
    /// # Errors
    /// The first thing that does not add up.
    pub fn check(&self) -> Result<(), String> {
        for (i, account) in self.accounts.iter().enumerate() {
            let reserved: i64 = account.orders.iter().map(|o| self.orders[*o].reserved()).sum();
            if reserved != account.reserved {
                return Err(format!("account {i} reserves {} where its orders want {reserved}", account.reserved));
            }
            let of = |status: MatchStatus| -> i64 {
                let mine = self.fills.iter().filter(|f| f.account == i && self.matches[f.of].status == status);
                mine.map(|f| f.stake).sum()
            };
            if of(MatchStatus::Matched) != account.pending {
                return Err(format!("account {i} has {} pending", account.pending));
            }
            let refunded: i64 = account.held.values().map(|h| h.refunded).sum();
            if of(MatchStatus::Locked) - refunded != account.escrowed {
                return Err(format!("account {i} has {} in escrow", account.escrowed));
            }
            if i != HOUSE && (account.available < 0 || account.spendable() < 0 && self.faults.on("balance").is_none()) {
                return Err(format!("account {i} spends what it has not: {}", account.spendable()));
            }
        }
        for (i, order) in self.orders.iter().enumerate() {
            let matched: i64 = order.fills.iter().map(|f| self.fills[*f].stake).sum();
            if matched != order.matched() || order.remaining < 0 {
                return Err(format!("order {i} is matched with {matched} of {}", order.stake));
            }
            let rests = self.books[order.market].rests.contains(&i);
            if rests != (order.status == OrderStatus::Active) {
                return Err(format!("order {i} is {} and on the book: {rests}", order.status.word()));
            }
            for fill in order.fills.iter().map(|f| &self.fills[*f]) {
                if fill.p > order.p {
                    return Err(format!("order {i} got a worse price than it asked for"));
                }
            }
        }
        Ok(())
    }
}
