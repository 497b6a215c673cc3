//! Accounts, orders, matches and fills as the venue keeps them (sx.md sections 7 to 9).

use super::ladder;
use alloy_primitives::{Address, B256};
use std::collections::BTreeMap;

/// `timeInForce`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Force {
    Gtc,
    Ioc,
    Fok,
}

/// `status` of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OrderStatus {
    Pending,
    Active,
    Inactive,
}

impl OrderStatus {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
        }
    }
}

/// What the engine said of an order, for whoever waits (section 7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decided {
    pub state: &'static str,
    pub cancel_reason: Option<&'static str>,
    /// Matched when it was decided; later matches of a resting order do not change it.
    pub matched: i64,
    pub matches: usize,
}

/// An order, for ever.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// The digest that was signed.
    pub id: B256,
    pub account: usize,
    pub market: usize,
    /// Bets outcome one.
    pub one: bool,
    pub p: i128,
    pub stake: i64,
    pub remaining: i64,
    pub expiry_s: i64,
    pub force: Force,
    pub client_id: Option<String>,
    pub status: OrderStatus,
    pub reason: Option<&'static str>,
    pub created_ms: i64,
    pub updated_ms: i64,
    /// Indices of its fills.
    pub fills: Vec<usize>,
    pub decided: Option<Decided>,
    /// Its place in the queue of its price.
    pub queued: u64,
    /// Fault: its events are withheld.
    pub silent: bool,
    /// What the fault said when it was taken: cancel with this instead of matching.
    pub forced: Option<&'static str>,
    /// Fault: at most this share matches, basis points.
    pub share_bps: Option<i64>,
}

impl Order {
    pub(super) const fn matched(&self) -> i64 {
        self.stake - self.remaining
    }
    /// What it keeps reserved: nothing once it is inactive.
    pub(super) const fn reserved(&self) -> i64 {
        if matches!(self.status, OrderStatus::Inactive) { 0 } else { self.remaining }
    }
}

/// `status` of a fill, and of the match both its sides belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MatchStatus {
    Matched,
    Locked,
    Failed,
    Settled,
}

impl MatchStatus {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Matched => "MATCHED",
            Self::Locked => "LOCKED",
            Self::Failed => "FAILED",
            Self::Settled => "SETTLED",
        }
    }
}

/// Two sides that met.
#[derive(Clone, Copy, Debug)]
pub(super) struct Match {
    pub market: usize,
    pub status: MatchStatus,
    /// Indices of the taker's and the maker's fill.
    pub fills: [usize; 2],
    pub created_ms: i64,
    pub updated_ms: i64,
}

/// How a fill ended (section 8), base units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settled {
    /// 0 void, 1, 2.
    pub outcome: u8,
    pub paid: i64,
    pub fee: i64,
    pub refund_deducted: i64,
    pub at_ms: i64,
}

/// One side of a match.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fill {
    pub of: usize,
    /// `None`: the makers'.
    pub order: Option<usize>,
    pub account: usize,
    pub market: usize,
    pub one: bool,
    pub stake: i64,
    pub p: i128,
    pub is_maker: bool,
    pub refund: i64,
    pub refund_fee: i64,
    pub settled: Option<Settled>,
}

impl Fill {
    pub(super) fn returns(&self) -> i64 {
        ladder::returns(self.stake, self.p)
    }
}

/// What an account holds locked in one market.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    /// Stakes, both outcomes together.
    pub stakes: i64,
    /// What comes if outcome one wins, and if outcome two does.
    pub returns: [i64; 2],
    /// What was refunded because both outcomes are held.
    pub refunded: i64,
}

/// Money of an account, base units.
#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    pub api_key: String,
    pub owner: Address,
    pub wallet: Address,
    pub deployed: bool,
    pub available: i64,
    pub escrowed: i64,
    /// Stakes of matches that are not on the chain yet.
    pub pending: i64,
    /// What live orders keep back.
    pub reserved: i64,
    pub held: BTreeMap<usize, Held>,
    pub orders: Vec<usize>,
    pub fills: Vec<usize>,
    /// When the heartbeat lapses, ms.
    pub heartbeat_ms: Option<i64>,
    /// The running minute and what was asked in it: orders, other requests.
    pub minute: (i64, u32, u32),
}

impl Account {
    /// What can still be staked.
    pub(super) const fn spendable(&self) -> i64 {
        self.available - self.pending - self.reserved
    }
}
