//! How conditions end on the chain and what a bet is worth then (section 10).

use super::super::abi::{Abi, encode};
use super::tx::{Signature, Transaction};
use super::{Chain, ChainBet, Receipt, Resolution, topic};
use alloy_primitives::{Address, B256, I256, U256, keccak256};

impl Chain {
    /// Ends a condition and says so; the first end stands.
    pub(in super::super) fn resolve(&mut self, condition_id: U256, resolution: Resolution) {
        let slot = self.conditions.entry(condition_id).or_insert(None);
        if slot.is_some() {
            return;
        }
        let (state, won) = match &resolution.won {
            Some(won) => (1u8, won.clone()),
            None => (2, Vec::new()),
        };
        let settled_at_s = resolution.settled_at_s;
        *slot = Some((self.head, resolution));
        let on_it = |b: &&ChainBet| b.condition_id == condition_id;
        let profit = self.bets.values().filter(on_it).fold(0i128, |sum, b| {
            let back = self.worth(b).unwrap_or(0);
            sum.saturating_add(b.amount as i128).saturating_sub(back as i128)
        });
        let data = encode(&[
            Abi::uint(state),
            Abi::List(won.iter().map(|o| Abi::uint(*o)).collect()),
            Abi::Word(I256::try_from(profit).unwrap_or(I256::ZERO).into_raw().into()),
            Abi::uint(settled_at_s),
        ]);
        let hash = keccak256([b"resolve".as_slice(), &condition_id.to_be_bytes::<32>()].concat());
        let topics = vec![topic::CONDITION_RESOLVED, B256::from(condition_id)];
        self.log(self.contracts.core, topics, data, self.head, hash);
        self.house_receipt(hash, self.contracts.core, Vec::new(), 1);
    }

    /// The house takes an accepted bet back: its stake can be withdrawn (section 10). False if there is nothing to take back.
    pub(in super::super) fn reject(&mut self, token_id: u64) -> bool {
        let Some(bet) = self.bets.get_mut(&token_id).filter(|b| b.rejected_block.is_none() && b.paid_block.is_none()) else {
            return false;
        };
        if matches!(self.conditions.get(&bet.condition_id), Some(Some(_))) {
            return false;
        }
        bet.rejected_block = Some(self.head);
        let hash = self.hash("reject", token_id);
        let topics = vec![topic::BET_REJECTED, B256::from(U256::from(token_id))];
        self.log(self.contracts.core, topics, Vec::new(), self.head, hash);
        self.house_receipt(hash, self.contracts.core, Vec::new(), 1);
        true
    }

    /// The transaction of the house whose last `logs` logs have just been written, and its receipt. Its functions beside `betFor` are not
    /// public, so they have no data here; nothing of it is signed.
    pub(super) fn house_receipt(&mut self, hash: B256, to: Address, data: Vec<u8>, logs: usize) {
        let logs = self.logs.len().saturating_sub(logs)..self.logs.len();
        let (block, from, price_wei, gas_used) = (self.head, self.executor, self.base_fee_wei, 715_097);
        let count = self.tx_counts.entry(from).or_default();
        self.count_changes.was(block, from, *count);
        let nonce = *count;
        *count += 1;
        let unsigned = Signature { parity: false, r: U256::ZERO, s: U256::ZERO };
        let (value, signature) = (U256::ZERO, unsigned);
        let tx = Transaction {
            hash,
            from,
            to,
            nonce,
            gas_limit: 2 * gas_used,
            max_fee: price_wei,
            priority_fee: 0,
            value,
            data,
            signature,
        };
        self.record(tx, Receipt { block, index: 0, from, to, ok: true, gas_used, price_wei, logs });
    }

    /// What a bet returns now; `None` while its condition is open (section 10).
    pub(in super::super) fn worth(&self, bet: &ChainBet) -> Option<u128> {
        self.now().worth(bet)
    }

    /// Whether a bet is void: rejected, canceled, or mined too late.
    pub(in super::super) fn is_void(&self, bet: &ChainBet) -> bool {
        let end = self.now().end(bet.condition_id);
        bet.rejected_block.is_some() || end.is_some_and(|e| e.won.is_none() || Self::time_of(bet.block) >= e.settled_at_s)
    }
}
