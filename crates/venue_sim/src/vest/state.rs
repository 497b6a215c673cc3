//! Accounts and orders as the venue keeps them, and how they are shown (vest.md sections 5, 9, 10.4).

use super::config::SymbolSpec;
use super::ledger::Ledger;
use super::num;
use alloy_primitives::{Address, B256};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// `orderType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Market,
    Limit,
    StopLoss,
    TakeProfit,
    /// The venue's own; nobody can ask for one.
    Liquidation,
}

impl Kind {
    pub(super) fn read(word: &str) -> Option<Self> {
        [Self::Market, Self::Limit, Self::StopLoss, Self::TakeProfit].into_iter().find(|k| k.word() == word)
    }
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Market => "MARKET",
            Self::Limit => "LIMIT",
            Self::StopLoss => "STOP_LOSS",
            Self::TakeProfit => "TAKE_PROFIT",
            Self::Liquidation => "LIQUIDATION",
        }
    }
    /// Waits for the index whatever the book says, and may only reduce.
    pub(super) const fn is_trigger(self) -> bool {
        matches!(self, Self::StopLoss | Self::TakeProfit)
    }
}

/// `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    New,
    PartiallyFilled,
    Filled,
    Cancelled,
    Rejected,
}

impl Status {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::PartiallyFilled => "PARTIALLY_FILLED",
            Self::Filled => "FILLED",
            Self::Cancelled => "CANCELLED",
            Self::Rejected => "REJECTED",
        }
    }
}

/// The fill of an order; there is at most one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filled {
    pub size_e8: i64,
    pub price_e8: i64,
    pub time_ms: i64,
    pub fee_e6: i128,
    pub funding_e6: i128,
    pub realized_e6: i128,
    pub cum_funding_e12: i128,
}

/// An order from its acceptance to ever after.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub id: String,
    pub account: usize,
    pub symbol: usize,
    pub nonce: u64,
    pub kind: Kind,
    pub is_buy: bool,
    pub size_e8: i64,
    pub limit_e8: i64,
    pub reduce_only: bool,
    /// GTC: stays armed when it cannot be filled at once.
    pub rests: bool,
    /// Leverage of the symbol when it was accepted.
    pub leverage: u32,
    pub status: Status,
    pub code: Option<u32>,
    pub fill: Option<Filled>,
    pub post_ms: i64,
    /// Mark price when it was accepted, at 1e-8.
    pub mark_e8: i64,
    pub tp_e8: Option<i64>,
    pub sl_e8: Option<i64>,
    /// Fault: its events are withheld.
    pub held: bool,
    /// Fault: what it will be rejected with.
    pub forced: Option<u32>,
    /// Fault: the price it fills at later, fixed when it was accepted.
    pub promised_e8: Option<i64>,
    /// Fault: only this share is filled, basis points.
    pub share_bps: Option<i64>,
    /// Fault: its fill is told again after so many ms.
    pub again_ms: Option<i64>,
}

impl Order {
    /// Base at 1e-8, sells negative.
    pub(super) const fn signed_e8(&self) -> i64 {
        if self.is_buy { self.size_e8 } else { -self.size_e8 }
    }

    /// `args` of its ORDER event in this status. Final ones without a fill are sparse (section 10.4).
    pub(super) fn event(&self, status: Status, spec: &SymbolSpec) -> Value {
        let mut args = json!({ "id": self.id, "status": status.word(), "postTime": self.post_ms, "nonce": self.nonce });
        match status {
            Status::Cancelled => return args,
            Status::Rejected => {
                args["code"] = json!(self.code);
                return args;
            }
            Status::New | Status::PartiallyFilled | Status::Filled => {}
        }
        args["symbol"] = json!(spec.symbol);
        args["isBuy"] = json!(self.is_buy);
        args["orderType"] = json!(self.kind.word());
        args["limitPrice"] = json!(num::e8(self.limit_e8, spec.price_decimals));
        args["size"] = json!(num::e8(self.size_e8, spec.size_decimals));
        args["reduceOnly"] = json!(self.reduce_only);
        args["initMarginRatio"] = json!(ratio_text(self.leverage));
        if status != Status::New
            && let Some(fill) = self.fill
        {
            args["lastFilledSize"] = json!(num::e8(fill.size_e8, spec.size_decimals));
            args["lastFilledPrice"] = json!(num::e8(fill.price_e8, spec.price_decimals));
            args["lastFilledTime"] = json!(fill.time_ms);
            args["avgFilledPrice"] = json!(num::e8(fill.price_e8, spec.price_decimals));
            args["cumFunding"] = json!(num::text(fill.cum_funding_e12, 12, 12));
            args["fees"] = json!(num::usdc(fill.fee_e6));
        }
        args
    }

    /// Its item of `GET /orders` (section 9).
    pub(super) fn item(&self, spec: &SymbolSpec) -> Value {
        let price = |p: i64| num::e8(p, spec.price_decimals);
        let fill = self.fill;
        json!({
            "id": self.id,
            "nonce": self.nonce,
            "symbol": spec.symbol,
            "isBuy": self.is_buy,
            "orderType": self.kind.word(),
            "limitPrice": price(self.limit_e8),
            "markPrice": price(self.mark_e8),
            "size": num::e8(self.size_e8, spec.size_decimals),
            "status": self.status.word(),
            "reduceOnly": self.reduce_only,
            "initMarginRatio": ratio_text(self.leverage),
            "code": self.code,
            "lastFilledSize": fill.map(|f| num::e8(f.size_e8, spec.size_decimals)),
            "lastFilledPrice": fill.map(|f| price(f.price_e8)),
            "lastFilledTime": fill.map(|f| f.time_ms),
            "avgFilledPrice": fill.map(|f| price(f.price_e8)),
            "settledFunding": fill.map(|f| num::usdc(f.funding_e6)),
            "fees": fill.map(|f| num::usdc(f.fee_e6)),
            "realizedPnl": fill.map(|f| num::usdc(f.realized_e6)),
            "postTime": self.post_ms,
            "tpPrice": self.tp_e8.map(price),
            "slPrice": self.sl_e8.map(price),
        })
    }
}

/// `initMarginRatio`, the inverse of a leverage, with four decimals.
pub(super) fn ratio_text(leverage: u32) -> String {
    num::text(i128::from(10_000 / leverage.max(1)), 4, 4)
}

/// What kind of request a nonce belongs to; each kind counts its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    Order,
    Cancel,
    Pool,
    Withdraw,
}

/// A pool order or a withdrawal: kept to be shown, decided shortly after its acceptance.
#[derive(Clone, Debug)]
pub(super) struct Movement {
    pub id: String,
    pub account: usize,
    pub purpose: Purpose,
    pub nonce: u64,
    /// `DEPOSIT`, `IMMEDIATE_WITHDRAW`, `SCHEDULE_WITHDRAW`, `WITHDRAW`.
    pub kind: String,
    pub size_text: String,
    pub size_e6: i128,
    pub chain_id: u64,
    pub signer: Address,
    pub signature: String,
    pub args_hash: B256,
    pub status: Status,
    pub code: Option<u32>,
    pub post_ms: i64,
}

impl Movement {
    /// `args` of its LP or TRANSFER event.
    pub(super) fn event(&self) -> Value {
        let mut args = json!({
            "id": self.id, "size": self.size_text, "orderType": self.kind, "status": self.status.word(),
            "code": self.code, "postTime": self.post_ms, "nonce": self.nonce,
        });
        if self.purpose == Purpose::Withdraw {
            args["chainId"] = json!(self.chain_id);
        }
        args
    }
    /// Its item of `GET /lp` or `GET /transfer`.
    pub(super) fn item(&self) -> Value {
        let mut item = self.event();
        if self.purpose == Purpose::Withdraw {
            item["requestArgs"] = json!(self.args_hash.to_string());
            item["signer"] = json!(self.signer.to_string().to_lowercase());
            item["signature"] = json!(self.signature);
            item["signatureProof"] = json!("0x00");
            item["validatorSignature"] = json!("0x00");
        } else {
            item["fees"] = json!("0");
        }
        item
    }
}

/// A listen key and until when it is good, ms of the venue's clock.
#[derive(Clone, Debug)]
pub(super) struct ListenKey {
    pub key: String,
    pub until_ms: i64,
}

/// One account.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub address: Address,
    /// Approved signers and until when, ms of the venue's clock.
    pub signers: HashMap<Address, u64>,
    pub ledger: Ledger,
    /// By symbol index, where one was set.
    pub leverages: BTreeMap<usize, u32>,
    /// What each nonce was used for: the hash of the signed arguments.
    pub nonces: HashMap<(Purpose, u64), B256>,
    pub last_nonce: u64,
    /// Indices of its orders, oldest first.
    pub orders: Vec<usize>,
    pub listen_key: Option<ListenKey>,
}
