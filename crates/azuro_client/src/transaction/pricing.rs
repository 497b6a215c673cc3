//! What a transaction would cost, asked question by question, before anybody is asked to pay it.
//!
//! Source: spec section 14.1 and 14.4 for the calls. The chain's id first; then the account's two counts, because a transaction of it
//! that is under way must end before another gets the next number; then the estimate, which is also the rehearsal: what would revert is
//! told by name and never sent. A price above the operator's cap is no offer.

use super::Transaction;
use crate::chain::{self, ChainError};
use crate::wire::rpc;
use serde_json::json;
use signing::eip712::{Address, U256};

/// Blocks whose fees are looked at.
const BLOCKS: u64 = 10;
/// One gwei, wei.
pub(super) const GWEI: u128 = 1_000_000_000;

/// Whose transaction, where, and for how much at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// EVM chain id.
    pub chain_id: u64,
    /// The bettor.
    pub address: Address,
    /// Highest price of one gas, wei.
    pub gas_price_max: u128,
}

/// One question to the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The request's number inside its body.
    pub id: u64,
    /// The body of the POST.
    pub body: String,
}

/// Why there is no offer. Nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// The node could not be asked, or says nothing to rely on.
    #[error("{what}: {why}")]
    Node {
        /// Which question.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// Another chain.
    #[error("the node serves chain {found}, wanted is {expected}: change the node's URL")]
    Chain {
        /// Served.
        found: U256,
        /// Wanted.
        expected: u64,
    },
    /// A transaction of the account is not mined yet.
    #[error("{0} of the wallet's transactions are under way: wait until they are mined, then ask again")]
    UnderWay(u64),
    /// The contract would refuse it.
    #[error("the contract would refuse it: {0}")]
    Reverts(String),
    /// The price of gas is above the cap.
    #[error("gas costs {price_gwei} gwei now, the cap is {cap_gwei}: wait, or raise the cap")]
    TooDear {
        /// Base fee and priority fee, gwei, rounded up.
        price_gwei: u128,
        /// The cap, gwei.
        cap_gwei: u128,
    },
    /// The wallet cannot pay the gas.
    #[error("the gas may cost {cost} wei of the native coin, the wallet holds {held}: send some to it")]
    NoGas {
        /// At most.
        cost: u128,
        /// Held.
        held: u128,
    },
}

/// What is offered: sign it or leave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Ready to be signed.
    pub transaction: Transaction,
    /// Base fee of the next block, wei per gas.
    pub base_fee: u128,
    /// What it will cost by the node's estimate, wei.
    pub cost: u128,
    /// What it can cost at most, wei.
    pub cost_max: u128,
    /// Native coin held, wei.
    pub held: u128,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    ChainId,
    Mined,
    Pending,
    Fees,
    Price,
    Estimate,
    Held,
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::ChainId => "the chain's id",
            Self::Mined | Self::Pending => "the number of the wallet's transactions",
            Self::Fees => "the fees of the last blocks",
            Self::Price => "the price of gas",
            Self::Estimate => "the estimate of gas",
            Self::Held => "the native coin held",
        }
    }
}

/// Asks its way to an [`Offer`].
#[derive(Debug)]
pub struct Pricing {
    account: Account,
    to: Address,
    data: Vec<u8>,
    stage: Stage,
    asked: u64,
    nonce: u64,
    base_fee: u128,
    priority_fee: u128,
    gas: u64,
}

impl Pricing {
    /// For one call of a contract.
    pub const fn new(account: Account, to: Address, data: Vec<u8>) -> Self {
        Self { account, to, data, stage: Stage::ChainId, asked: 1, nonce: 0, base_fee: 0, priority_fee: 0, gas: 0 }
    }

    /// What to ask now.
    pub fn question(&self) -> Question {
        let who = self.account.address.to_string();
        let id = self.asked;
        let body = match self.stage {
            Stage::ChainId => chain::chain_id_request(id),
            Stage::Mined => rpc::request(id, "eth_getTransactionCount", json!([who, "latest"])),
            Stage::Pending => rpc::request(id, "eth_getTransactionCount", json!([who, "pending"])),
            Stage::Fees => rpc::request(id, "eth_feeHistory", json!([format!("{BLOCKS:#x}"), "latest", [50]])),
            Stage::Price => chain::gas_price_request(id),
            Stage::Estimate => {
                let data = format!("0x{}", hex::encode(&self.data));
                rpc::request(id, "eth_estimateGas", json!([{ "from": who, "to": self.to.to_string(), "data": data }]))
            }
            Stage::Held => chain::native_balance_request(id, self.account.address),
        };
        Question { id, body }
    }

    /// The answer to it: an offer, or the next question.
    ///
    /// # Errors
    /// [`PriceError`]; nothing was signed, and asking anew from the start is harmless.
    pub fn answer(&mut self, body: Result<&[u8], String>) -> Result<Option<Offer>, PriceError> {
        let (what, id) = (self.stage.name(), self.asked);
        let node = |why: String| PriceError::Node { what, why };
        let body = body.map_err(node)?;
        self.asked = self.asked.saturating_add(1);
        if self.stage == Stage::Fees {
            let (base_fee, reward) = chain::read_fees(id, body).map_err(|cause| node(cause.to_string()))?;
            (self.base_fee, self.priority_fee) = (base_fee, reward);
            self.stage = Stage::Price;
            return Ok(None);
        }
        let number = match chain::read_quantity(id, body) {
            Ok(number) => number,
            Err(ChainError::Reverted(revert)) => return Err(PriceError::Reverts(revert.name().to_owned())),
            Err(ChainError::Node { code, message }) if self.stage == Stage::Estimate => {
                return Err(PriceError::Reverts(format!("{message} (code {code})")));
            }
            Err(cause) => return Err(node(cause.to_string())),
        };
        let narrow = || u64::try_from(number).map_err(|_| node(format!("{number} is out of range")));
        let wide = || u128::try_from(number).map_err(|_| node(format!("{number} is out of range")));
        self.stage = match self.stage {
            Stage::ChainId if u64::try_from(number) != Ok(self.account.chain_id) => {
                return Err(PriceError::Chain { found: number, expected: self.account.chain_id });
            }
            Stage::ChainId => Stage::Mined,
            Stage::Mined => {
                self.nonce = narrow()?;
                Stage::Pending
            }
            Stage::Pending => match narrow()?.saturating_sub(self.nonce) {
                0 => Stage::Fees,
                under_way => return Err(PriceError::UnderWay(under_way)),
            },
            Stage::Price => {
                // The node's own price is base fee and tip together; the larger of the two tips is the one that gets in.
                self.priority_fee = self.priority_fee.max(wide()?.saturating_sub(self.base_fee));
                let (price, cap) = (self.base_fee.saturating_add(self.priority_fee), self.account.gas_price_max);
                if price > cap {
                    return Err(PriceError::TooDear { price_gwei: price.div_ceil(GWEI), cap_gwei: cap / GWEI });
                }
                Stage::Estimate
            }
            Stage::Estimate => {
                // A quarter more: the state may have moved when it is mined.
                let estimate = narrow()?;
                self.gas = estimate.saturating_add(estimate.div_ceil(4));
                Stage::Held
            }
            Stage::Held | Stage::Fees => return self.offer(wide()?).map(Some),
        };
        Ok(None)
    }

    fn offer(&self, held: u128) -> Result<Offer, PriceError> {
        // Twice the base fee lasts for six full blocks; never beyond the cap.
        let wanted = self.base_fee.saturating_mul(2).saturating_add(self.priority_fee);
        let max_fee = wanted.min(self.account.gas_price_max);
        let cost_max = max_fee.saturating_mul(u128::from(self.gas));
        if cost_max > held {
            return Err(PriceError::NoGas { cost: cost_max, held });
        }
        let estimate = u128::from(self.gas).saturating_mul(4) / 5;
        Ok(Offer {
            transaction: Transaction {
                chain_id: self.account.chain_id,
                nonce: self.nonce,
                priority_fee: self.priority_fee,
                max_fee,
                gas: self.gas,
                to: self.to,
                data: self.data.clone(),
            },
            base_fee: self.base_fee,
            cost: estimate.saturating_mul(self.base_fee.saturating_add(self.priority_fee)),
            cost_max,
            held,
        })
    }
}
