//! The chain as a pure machine: token, pool, Core, relayer and bet tokens of one network, a block every two seconds.
//!
//! Owns balances, allowances, used nonces, bets, conditions, logs and receipts. Knows no odds of the house and no order of the API;
//! the relayer of this venue places bets through [`Chain::place`], wallets through JSON-RPC (`rpc`). Blocks are a function of time:
//! an empty one is not stored.

mod past;
mod place;
mod revert;
mod rpc;
mod settle;
mod tx;
mod views;

use super::abi::Abi;
use alloy_primitives::{Address, B256, Keccak256, U256, address, b256};
use past::Changes;
pub(super) use place::payout;
pub(super) use revert::Revert;
use std::collections::{BTreeMap, HashMap};
use tx::Transaction;

/// Seconds between blocks (section 14.3).
pub(super) const BLOCK_S: i64 = 2;
/// Base fee per gas, wei, unless a fault says otherwise.
pub(super) const BASE_FEE_WEI: u128 = 30_000_000_000;
/// Block 0, unix seconds: about when the real network began, so that heights look like its own.
const GENESIS_S: i64 = 1_590_824_836;
/// Most blocks that one `eth_getLogs` may span (section 14.3: 3000 worked, 50000 did not).
const LOG_RANGE: u64 = 3_000;

/// Where everything is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contracts {
    /// Chain id.
    pub chain_id: u64,
    /// Bet token (6 decimals).
    pub token: Address,
    /// Liquidity pool: pays out.
    pub lp: Address,
    /// Core: bets, conditions, nonces.
    pub core: Address,
    /// Spender of the approval.
    pub relayer: Address,
    /// Bet tokens.
    pub azuro_bet: Address,
    /// Uptime feed of the sequencer, for probes that ask one.
    pub uptime_feed: Address,
}

impl Contracts {
    /// Polygon, as deployed (section 2).
    pub const fn polygon() -> Self {
        Self {
            chain_id: 137,
            token: address!("c2132D05D31c914a87C6611C10748AEb04B58e8F"),
            lp: address!("0FA7FB5407eA971694652E6E16C12A52625DE1b8"),
            core: address!("F9548Be470A4e130c90ceA8b179FCD66D2972AC7"),
            relayer: address!("8dA05c0021e6b35865FDC959c54dCeF3A4AbBa9d"),
            azuro_bet: address!("7A1c3FEf712753374C4DCe34254B96faF2B7265B"),
            uptime_feed: address!("FdB631F5EE196F0ed6FAa767959853A9F217697D"),
        }
    }
}

/// What every wallet holds that nobody has given anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purse {
    /// Bet token, raw.
    pub token_raw: u128,
    /// Native coin, wei.
    pub native_wei: u128,
}

/// Topics of the events (section 8).
pub(super) mod topic {
    use super::{B256, b256};
    pub(crate) const NEW_LIVE_BET: B256 = b256!("f9a74a182f01361c747de3eaf11c1d78de0a89ce8b395bcdab60563aaff299e3");
    pub(crate) const BET_REJECTED: B256 = b256!("219d5cafae1a6a0d1db5ffa1fbcf30d76d3502435a609b908dc93fa65c927041");
    pub(crate) const CONDITION_CREATED: B256 = b256!("5c933a43a1464d4c3e77be980b0aab402b39ad32e41c5cc4553446472448ad88");
    pub(crate) const CONDITION_RESOLVED: B256 = b256!("d16aec606f443acc63c7ce1b6233501ce63141113211924962d8056f23ff0ef3");
    pub(crate) const BETTOR_WIN: B256 = b256!("53df85a6d27721f38c9c99d095a4c565f68a5e74f22f17c711578461253cbef2");
    pub(crate) const RELAYER_REWARDED: B256 = b256!("e24d2450c2622c4d3fe315ef802f64171c0f09ac87879cba010cf7866ddd8293");
    pub(crate) const TRANSFER: B256 = b256!("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
    pub(crate) const APPROVAL: B256 = b256!("8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925");
}

/// How a condition ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resolution {
    /// Won outcomes; `None` when it was canceled.
    pub won: Option<Vec<u128>>,
    /// Unix seconds: a bet mined at or after this is void.
    pub settled_at_s: u64,
}

/// A bet token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ChainBet {
    pub token_id: u64,
    pub owner: Address,
    pub condition_id: U256,
    pub outcome_id: u128,
    pub amount: u128,
    /// What it pays when it wins.
    pub payout: u128,
    pub block: u64,
    /// Block in which it was paid.
    pub paid_block: Option<u64>,
    /// Block in which the house took it back.
    pub rejected_block: Option<u64>,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Log {
    pub address: Address,
    pub topics: Vec<B256>,
    pub data: Vec<u8>,
    pub block: u64,
    pub tx_hash: B256,
    pub tx_index: u64,
    pub index: u64,
}

/// A mined transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Receipt {
    block: u64,
    index: u64,
    from: Address,
    to: Address,
    ok: bool,
    gas_used: u64,
    price_wei: u128,
    /// Its logs in [`Chain::logs`].
    logs: std::ops::Range<usize>,
}

/// A transaction that waits for its block.
#[derive(Clone, Debug)]
struct Pending {
    tx: Transaction,
    /// First block that can hold it.
    from_block: u64,
}

/// The chain.
#[derive(Debug)]
pub(super) struct Chain {
    pub contracts: Contracts,
    purse: Purse,
    /// Who receives relayer fees.
    executor: Address,
    /// The oracle whose signature Core takes.
    oracle: Address,
    /// Height of the newest block.
    head: u64,
    /// No block is made.
    pub stalled: bool,
    /// How many blocks the node that answers is behind.
    pub node_behind: u64,
    /// Base fee per gas, wei.
    pub base_fee_wei: u128,
    /// Wallets that nobody has said otherwise of have approved the relayer without limit.
    pub approved: bool,
    /// Smallest stake Core takes, raw.
    pub min_bet_raw: u128,
    /// The uptime feed: false, and since when (unix seconds).
    pub sequencer: (bool, u64),
    /// By wallet: what came and went of the bet token, raw. All of them together are always zero.
    token_delta: BTreeMap<Address, i128>,
    token_changes: Changes<Address, i128>,
    native_spent: HashMap<Address, u128>,
    native_changes: Changes<Address, u128>,
    allowances: HashMap<(Address, Address), U256>,
    allowance_changes: Changes<(Address, Address), U256>,
    tx_counts: HashMap<Address, u64>,
    count_changes: Changes<Address, u64>,
    /// Used nonces of bettors, and in which block.
    used: HashMap<(Address, U256), u64>,
    bets: BTreeMap<u64, ChainBet>,
    /// Conditions Core has heard of, and their end with its block.
    conditions: BTreeMap<U256, Option<(u64, Resolution)>>,
    logs: Vec<Log>,
    receipts: HashMap<B256, Receipt>,
    /// Mined transactions by hash.
    transactions: HashMap<B256, Transaction>,
    /// Hashes of mined transactions by block, in order.
    mined: BTreeMap<u64, Vec<B256>>,
    pending: BTreeMap<(Address, u64), Pending>,
    next_token: u64,
}

impl Chain {
    pub(super) fn new(contracts: Contracts, purse: Purse, oracle: Address) -> Self {
        Self {
            contracts,
            purse,
            executor: address!("00000000000000000000000000000000000e8ec0"),
            oracle,
            head: 0,
            stalled: false,
            node_behind: 0,
            base_fee_wei: BASE_FEE_WEI,
            approved: false,
            min_bet_raw: 10_000,
            sequencer: (true, 1_795_200_000),
            token_delta: BTreeMap::new(),
            token_changes: Changes::default(),
            native_spent: HashMap::new(),
            native_changes: Changes::default(),
            allowances: HashMap::new(),
            allowance_changes: Changes::default(),
            tx_counts: HashMap::new(),
            count_changes: Changes::default(),
            used: HashMap::new(),
            bets: BTreeMap::new(),
            conditions: BTreeMap::new(),
            logs: Vec::new(),
            receipts: HashMap::new(),
            transactions: HashMap::new(),
            mined: BTreeMap::new(),
            pending: BTreeMap::new(),
            next_token: 222_040,
        }
    }

    /// Makes the blocks that are due by now, with what waits for them.
    pub(super) fn advance(&mut self, now_s: i64) {
        let due = u64::try_from((now_s - GENESIS_S).div_euclid(BLOCK_S)).unwrap_or(0);
        if self.stalled && self.head > 0 || due <= self.head {
            return;
        }
        while let Some((key, block)) = self.next_minable(due) {
            let Some(waiting) = self.pending.remove(&key) else { break };
            self.head = self.head.max(block);
            self.mine(waiting.tx, block);
        }
        self.head = due;
    }

    /// The pending transaction that goes first and the block that takes it.
    fn next_minable(&self, due: u64) -> Option<((Address, u64), u64)> {
        let ready = |(key, p): &(&(Address, u64), &Pending)| {
            let expected = self.tx_counts.get(&key.0).copied().unwrap_or(0);
            key.1 == expected && p.tx.max_fee >= self.base_fee_wei && p.from_block <= due
        };
        let (key, p) = self.pending.iter().filter(ready).min_by_key(|(_, p)| p.from_block)?;
        Some((*key, p.from_block.max(self.head)))
    }

    fn mine(&mut self, tx: Transaction, block: u64) {
        let first_log = self.logs.len();
        let result = self.transact(tx.from, tx.to, &tx.data, block, tx.hash);
        let ok = result.is_ok();
        let gas_used = views::gas_of(&tx.data).min(tx.gas_limit);
        let price_wei = self.base_fee_wei.saturating_add(tx.priority_fee).min(tx.max_fee);
        let spent = self.native_spent.entry(tx.from).or_default();
        self.native_changes.was(block, tx.from, *spent);
        *spent += u128::from(gas_used).saturating_mul(price_wei);
        let count = self.tx_counts.entry(tx.from).or_default();
        self.count_changes.was(block, tx.from, *count);
        *count += 1;
        let logs = first_log..self.logs.len();
        let receipt = Receipt { block, index: 0, from: tx.from, to: tx.to, ok, gas_used, price_wei, logs };
        self.record(tx, receipt);
    }

    fn record(&mut self, tx: Transaction, receipt: Receipt) {
        let of_block = self.mined.entry(receipt.block).or_default();
        let index = of_block.len() as u64;
        of_block.push(tx.hash);
        self.receipts.insert(tx.hash, Receipt { index, ..receipt });
        self.transactions.insert(tx.hash, tx);
    }

    fn log(&mut self, address: Address, topics: Vec<B256>, data: Vec<u8>, block: u64, tx_hash: B256) {
        let tx_index = self.mined.get(&block).map_or(0, |m| m.len() as u64);
        let index = self.logs.iter().rev().take_while(|l| l.block == block).count() as u64;
        self.logs.push(Log { address, topics, data, block, tx_hash, tx_index, index });
    }

    /// Unix seconds of a block.
    pub(super) fn time_of(block: u64) -> u64 {
        (GENESIS_S as u64).saturating_add(block.saturating_mul(BLOCK_S as u64))
    }

    /// A hash that belongs to this network and these words.
    fn hash(&self, what: &str, n: u64) -> B256 {
        let mut hasher = Keccak256::new();
        hasher.update(what.as_bytes());
        hasher.update(self.contracts.chain_id.to_be_bytes());
        hasher.update(n.to_be_bytes());
        hasher.finalize()
    }

    /// Bet token of a wallet, raw.
    pub(super) fn token_balance(&self, who: Address) -> u128 {
        self.now().token_balance(who)
    }

    /// Bet token of a wallet to which this came or went, raw.
    fn token_with(&self, who: Address, delta: i128) -> u128 {
        let c = &self.contracts;
        let start = match who {
            a if a == c.lp => 1_000_000_000_000_000, // the pool of a house that is never broke
            a if a == c.core || a == c.relayer || a == c.azuro_bet || a == c.token || a == self.executor => 0,
            _ => self.purse.token_raw,
        };
        u128::try_from(i128::try_from(start).unwrap_or(i128::MAX).saturating_add(delta)).unwrap_or(0)
    }

    pub(super) fn allowance(&self, owner: Address, spender: Address) -> U256 {
        let usual = if self.approved && spender == self.contracts.relayer { U256::MAX } else { U256::ZERO };
        self.allowances.get(&(owner, spender)).copied().unwrap_or(usual)
    }

    fn set_allowance(&mut self, owner: Address, spender: Address, amount: U256, block: u64) {
        self.allowance_changes.was(block, (owner, spender), self.allowance(owner, spender));
        self.allowances.insert((owner, spender), amount);
    }

    /// Sets an allowance without a transaction: a wallet that approved before the story begins.
    pub(super) fn preapprove(&mut self, owner: Address, amount: U256) {
        self.allowances.insert((owner, self.contracts.relayer), amount);
    }

    /// Moves bet tokens and says so.
    fn transfer(&mut self, from: Address, to: Address, amount: u128, block: u64, tx: B256) -> Result<(), Revert> {
        if self.token_balance(from) < amount {
            return Err(Revert::text("ERC20: transfer amount exceeds balance"));
        }
        let moved = i128::try_from(amount).unwrap_or(i128::MAX);
        for (who, delta) in [(from, -moved), (to, moved)] {
            let held = self.token_delta.entry(who).or_default();
            self.token_changes.was(block, who, *held);
            *held += delta;
        }
        let topics = vec![topic::TRANSFER, from.into_word(), to.into_word()];
        self.log(self.contracts.token, topics, super::abi::encode(&[Abi::uint(amount)]), block, tx);
        Ok(())
    }

    /// Gives or takes bet tokens outside any transaction, against the pool.
    pub(super) fn grant(&mut self, who: Address, raw: i128) {
        *self.token_delta.entry(who).or_default() += raw;
        *self.token_delta.entry(self.contracts.lp).or_default() -= raw;
    }

    /// Whether the bet token is where it must be: nothing made or lost in transfers.
    pub(super) fn conserved(&self) -> bool {
        self.token_delta.values().sum::<i128>() == 0
    }

    pub(super) fn bet(&self, token_id: u64) -> Option<&ChainBet> {
        self.bets.get(&token_id)
    }

    pub(super) fn nonce_used(&self, bettor: Address, nonce: U256) -> bool {
        self.used.contains_key(&(bettor, nonce))
    }

    /// Height the answering node knows.
    fn seen_head(&self) -> u64 {
        self.head.saturating_sub(self.node_behind)
    }
}
