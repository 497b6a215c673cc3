//! What the chain knew at a block that is past: the values of the last blocks by what changed since, as a pruned node keeps them.
//!
//! Bets, nonces and ends of conditions carry their own blocks; what is counted up and down (money, allowances, numbers of
//! transactions) is kept here.

use super::{Chain, ChainBet, Resolution};
use alloy_primitives::{Address, U256};
use std::collections::VecDeque;

/// The newest blocks whose state a node answers for, as nodes do that keep no archive.
pub(super) const STATES: u64 = 128;
/// Blocks whose changes are kept: more than [`STATES`], because a node may be behind.
const KEPT: u64 = 1_024;

/// What some values were before they changed, oldest first.
#[derive(Debug)]
pub(super) struct Changes<K, V>(VecDeque<(u64, K, V)>);

impl<K, V> Default for Changes<K, V> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<K: PartialEq, V: Copy> Changes<K, V> {
    /// In this block a value changes, and was this.
    pub(super) fn was(&mut self, block: u64, key: K, value: V) {
        while self.0.front().is_some_and(|(old, ..)| old.saturating_add(KEPT) < block) {
            self.0.pop_front();
        }
        self.0.push_back((block, key, value));
    }

    /// The value at the end of a block, if it has changed since.
    fn at(&self, block: u64, key: &K) -> Option<V> {
        let since = self.0.partition_point(|(changed, ..)| *changed <= block);
        self.0.range(since..).find(|(_, of, _)| of == key).map(|(_, _, value)| *value)
    }
}

/// The chain as it was at the end of a block.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) chain: &'a Chain,
    pub(super) block: u64,
}

impl Chain {
    /// As it is now, whatever the node that answers knows of it.
    pub(super) fn now(&self) -> At<'_> {
        At { chain: self, block: u64::MAX }
    }
}

impl<'a> At<'a> {
    /// Bet token of a wallet, raw.
    pub(super) fn token_balance(self, who: Address) -> u128 {
        let delta = self.chain.token_changes.at(self.block, &who);
        self.chain.token_with(who, delta.unwrap_or_else(|| self.chain.token_delta.get(&who).copied().unwrap_or(0)))
    }
    /// Native coin of a wallet, wei.
    pub(super) fn native_balance(self, who: Address) -> u128 {
        let spent = self.chain.native_changes.at(self.block, &who);
        let spent = spent.unwrap_or_else(|| self.chain.native_spent.get(&who).copied().unwrap_or(0));
        self.chain.purse.native_wei.saturating_sub(spent)
    }
    pub(super) fn allowance(self, owner: Address, spender: Address) -> U256 {
        let then = self.chain.allowance_changes.at(self.block, &(owner, spender));
        then.unwrap_or_else(|| self.chain.allowance(owner, spender))
    }
    /// Mined transactions of a wallet: the number of its next one.
    pub(super) fn tx_count(self, who: Address) -> u64 {
        let then = self.chain.count_changes.at(self.block, &who);
        then.unwrap_or_else(|| self.chain.tx_counts.get(&who).copied().unwrap_or(0))
    }
    pub(super) fn nonce_used(self, bettor: Address, nonce: U256) -> bool {
        self.chain.used.get(&(bettor, nonce)).is_some_and(|block| *block <= self.block)
    }
    pub(super) fn bets(self) -> impl Iterator<Item = &'a ChainBet> {
        self.chain.bets.values().filter(move |bet| bet.block <= self.block)
    }
    pub(super) fn bet(self, token_id: u64) -> Option<&'a ChainBet> {
        self.chain.bets.get(&token_id).filter(|bet| bet.block <= self.block)
    }
    pub(super) fn is_paid(self, bet: &ChainBet) -> bool {
        bet.paid_block.is_some_and(|block| block <= self.block)
    }
    pub(super) fn end(self, condition_id: U256) -> Option<&'a Resolution> {
        let (block, end) = self.chain.conditions.get(&condition_id)?.as_ref()?;
        (*block <= self.block).then_some(end)
    }
    /// What a bet returns; `None` while its condition is open (section 10).
    pub(super) fn worth(self, bet: &ChainBet) -> Option<u128> {
        if bet.rejected_block.is_some_and(|block| block <= self.block) {
            return Some(bet.amount);
        }
        let end = self.end(bet.condition_id)?;
        Some(match &end.won {
            _ if Chain::time_of(bet.block) >= end.settled_at_s => bet.amount,
            None => bet.amount,
            Some(won) if won.contains(&bet.outcome_id) => bet.payout,
            Some(_) => 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_what_it_was_at_the_end_of_the_block() {
        let mut changes = Changes::default();
        // Of `a`: 1, in block 10 it becomes 2 and then 3, in block 12 it becomes 4.
        for (block, key, was) in [(10, 'a', 1), (10, 'a', 2), (11, 'b', 7), (12, 'a', 3)] {
            changes.was(block, key, was);
        }
        let check = |block: u64, key: char, expect: Option<i32>| assert_eq!(changes.at(block, &key), expect, "{block} {key}");
        check(9, 'a', Some(1));
        check(10, 'a', Some(3));
        check(11, 'a', Some(3));
        check(12, 'a', None);
        check(10, 'b', Some(7));
        check(11, 'b', None);
        check(0, 'c', None);
        // What is older than any node answers for is given up.
        changes.was(12 + KEPT + 1, 'a', 4);
        assert_eq!((changes.0.len(), changes.at(9, &'a')), (1, Some(4)));
    }
}
