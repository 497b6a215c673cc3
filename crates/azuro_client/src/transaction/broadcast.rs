//! A signed transaction on its way: sent, asked for by its hash, sent again with the same bytes, until the chain has it.
//!
//! What a node answers to the bytes decides nothing but a mistake of their form: it may have passed them on and lost its answer. Only
//! the receipt ends it, or the wallet's count, which proves that another transaction took the number. One number never gets other
//! bytes here: what was written down as [`Sent`] is what is sent, in this life and in the next.

use super::{Signed, Transaction};
use crate::chain::{self, ChainError, Receipt};
use crate::wire::rpc;
use serde::{Deserialize, Serialize};
use serde_json::json;
use signing::eip712::Address;

/// How often the receipt is asked for: a block of Polygon, ms.
const EVERY_MS: u64 = 2_000;
/// The same bytes go again after so many unanswered looks.
const AGAIN_AFTER: u32 = 8;

/// A transaction as it is written down before its bytes leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// EVM chain id.
    pub chain_id: u64,
    /// The wallet, lower case.
    pub from: String,
    /// Its number.
    pub nonce: u64,
    /// What it does, for people.
    pub what: String,
    /// The hash.
    pub hash: String,
    /// The bytes.
    pub raw: String,
}

impl Sent {
    /// Of a transaction and its signature.
    pub fn new(from: Address, transaction: &Transaction, signed: &Signed, what: String) -> Self {
        let (chain_id, nonce) = (transaction.chain_id, transaction.nonce);
        Self { chain_id, from: crate::sign::lower_hex(from), nonce, what, hash: signed.hash.clone(), raw: signed.raw.clone() }
    }
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// In a block, done.
    Done {
        /// The block.
        block: u64,
        /// Gas used.
        gas: u64,
        /// Paid for it, wei.
        cost: u128,
    },
    /// In a block, refused by the contract; the gas is gone.
    Reverted {
        /// The block.
        block: u64,
        /// Paid for it, wei.
        cost: u128,
    },
    /// Another transaction of the wallet took its number: it can never be mined.
    Replaced,
    /// Refused for its form by the node, before anything: it was not passed on.
    NotSent(String),
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask the node this, after waiting so long, ms.
    Ask {
        /// The request's number inside its body.
        id: u64,
        /// The body of the POST.
        body: String,
        /// Before asking.
        wait_ms: u64,
    },
    /// It is over.
    Over(Outcome),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Send,
    Receipt,
    Count,
}

/// Follows one transaction. The shell stops when its patience ends: then the fate is unknown, and the next life asks by hash.
#[derive(Debug)]
pub struct Broadcast {
    sent: Sent,
    stage: Stage,
    asked: u64,
    looks: u32,
    /// The look at which the wallet's count had passed the number without a receipt.
    passed: Option<u32>,
    over: Option<Outcome>,
    /// Whether any node has taken the bytes, or may have.
    left: bool,
}

impl Broadcast {
    /// Sends what was written down.
    pub const fn new(sent: Sent) -> Self {
        Self { sent, stage: Stage::Send, asked: 1, looks: 0, passed: None, over: None, left: false }
    }
    /// Asks for one of an earlier life, which may have left.
    pub const fn resume(sent: Sent) -> Self {
        Self { sent, stage: Stage::Receipt, asked: 1, looks: 0, passed: None, over: None, left: true }
    }

    /// What was written down.
    pub const fn sent(&self) -> &Sent {
        &self.sent
    }

    /// What to do now.
    pub fn step(&self) -> Step {
        if let Some(outcome) = &self.over {
            return Step::Over(outcome.clone());
        }
        let id = self.asked;
        let (body, wait_ms) = match self.stage {
            Stage::Send => (rpc::request(id, "eth_sendRawTransaction", json!([self.sent.raw])), 0),
            Stage::Receipt => {
                let wait_ms = if self.looks == 0 { 0 } else { EVERY_MS };
                (rpc::request(id, "eth_getTransactionReceipt", json!([self.sent.hash])), wait_ms)
            }
            Stage::Count => (rpc::request(id, "eth_getTransactionCount", json!([self.sent.from, "latest"])), 0),
        };
        Step::Ask { id, body, wait_ms }
    }

    /// The node's answer to the last step, or why there is none. Returns what it said for people, where it is not the end.
    pub fn answer(&mut self, body: Result<&[u8], String>) -> Option<String> {
        let id = self.asked;
        self.asked = self.asked.saturating_add(1);
        match self.stage {
            Stage::Send => self.on_sent(id, body),
            Stage::Receipt => self.on_receipt(id, body),
            Stage::Count => self.on_count(id, body),
        }
    }

    fn on_sent(&mut self, id: u64, body: Result<&[u8], String>) -> Option<String> {
        let said = match body {
            Ok(body) => chain::read_hash(id, body).map_err(|cause| match cause {
                ChainError::Node { code, message } => (Some(code), message),
                other => (None, other.to_string()),
            }),
            Err(why) => Err((None, why)),
        };
        self.stage = Stage::Receipt;
        match said {
            Ok(hash) if hash.eq_ignore_ascii_case(&self.sent.hash) => {
                self.left = true;
                None
            }
            Ok(hash) => {
                self.left = true;
                Some(format!("the node names another hash: {hash}"))
            }
            // Decoding fails before a node does anything else; what it says of numbers and pools may be about bytes that are there.
            Err((Some(-32602), message)) if !self.left => {
                self.over = Some(Outcome::NotSent(message));
                None
            }
            Err((code, message)) => {
                self.left = true;
                Some(code.map_or(message.clone(), |code| format!("{message} (code {code})")))
            }
        }
    }

    fn on_receipt(&mut self, id: u64, body: Result<&[u8], String>) -> Option<String> {
        self.looks = self.looks.saturating_add(1);
        let receipt = body.and_then(|body| chain::read_receipt(id, &self.sent.hash, body).map_err(|cause| cause.to_string()));
        match receipt {
            Ok(Some(Receipt { done, block, gas, price })) => {
                let cost = price.saturating_mul(u128::from(gas));
                self.over = Some(if done { Outcome::Done { block, gas, cost } } else { Outcome::Reverted { block, cost } });
                None
            }
            // The count and the receipt may come from two nodes of one host, one of them behind: only after many looks is it decided.
            Ok(None) if self.passed.is_some_and(|at| self.looks.saturating_sub(at) >= AGAIN_AFTER) => {
                self.over = Some(Outcome::Replaced);
                None
            }
            Ok(None) => {
                if self.looks.is_multiple_of(AGAIN_AFTER) && self.passed.is_none() {
                    self.stage = Stage::Send;
                } else if self.looks.is_multiple_of(AGAIN_AFTER / 2) {
                    self.stage = Stage::Count;
                }
                None
            }
            Err(why) => Some(why),
        }
    }

    fn on_count(&mut self, id: u64, body: Result<&[u8], String>) -> Option<String> {
        self.stage = Stage::Receipt;
        match body.and_then(|body| chain::read_quantity(id, body).map_err(|cause| cause.to_string())) {
            Ok(count) => {
                let passed = count > signing::eip712::U256::from(self.sent.nonce);
                self.passed = if passed { self.passed.or(Some(self.looks)) } else { None };
                None
            }
            Err(why) => Some(why),
        }
    }
}
