//! What the venue remembers: accounts, orders, fills, markets, connections. Data only.

use std::collections::HashMap;

use starknet_types_core::felt::Felt;

use super::channel::Channel;
use super::config::MarketSpec;
use super::crypto::PublicKey;
use crate::Message;
use crate::exchange::Side;
use crate::exchange::ladder::{Ladder, Level, Source};
use crate::exchange::ledger::Position;

/// `type` of an order, section 4.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Limit,
    Market,
    StopLimit,
    StopMarket,
    TakeProfitLimit,
    TakeProfitMarket,
    StopLossLimit,
    StopLossMarket,
}

impl Kind {
    /// In the order of the SBE codes, which start at 1.
    pub(super) const ALL: [(&'static str, Self); 8] = [
        ("LIMIT", Self::Limit),
        ("MARKET", Self::Market),
        ("STOP_LIMIT", Self::StopLimit),
        ("STOP_MARKET", Self::StopMarket),
        ("TAKE_PROFIT_LIMIT", Self::TakeProfitLimit),
        ("TAKE_PROFIT_MARKET", Self::TakeProfitMarket),
        ("STOP_LOSS_LIMIT", Self::StopLossLimit),
        ("STOP_LOSS_MARKET", Self::StopLossMarket),
    ];
    pub(super) fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, k)| *k == self).map_or("LIMIT", |(w, _)| w)
    }
    /// Whether it is sent without a limit price.
    pub(super) const fn is_market(self) -> bool {
        matches!(self, Self::Market | Self::StopMarket | Self::TakeProfitMarket | Self::StopLossMarket)
    }
    /// Whether it waits for a trigger price.
    pub(super) const fn is_triggered(self) -> bool {
        !matches!(self, Self::Limit | Self::Market)
    }
    pub(super) const fn is_take_profit(self) -> bool {
        matches!(self, Self::TakeProfitLimit | Self::TakeProfitMarket)
    }
}

/// `instruction` of an order; the SBE codes start at 1.
pub(super) const INSTRUCTIONS: [&str; 4] = ["GTC", "IOC", "POST_ONLY", "RPI"];
pub(super) const GTC: u8 = 1;
pub(super) const IOC: u8 = 2;
pub(super) const POST_ONLY: u8 = 3;
pub(super) const RPI: u8 = 4;

/// Order flags with their bits.
pub(super) const FLAGS: [(&str, u8); 6] = [
    ("REDUCE_ONLY", 1),
    ("STOP_CONDITION_BELOW_TRIGGER", 2),
    ("STOP_CONDITION_ABOVE_TRIGGER", 4),
    ("INTERACTIVE", 8),
    ("TARGET_STRATEGY_VWAP", 16),
    ("MMP", 32),
];
pub(super) const REDUCE_ONLY: u8 = 1;
pub(super) const BELOW: u8 = 2;
pub(super) const ABOVE: u8 = 4;

/// Self-trade prevention; the SBE codes start at 1.
pub(super) const STPS: [&str; 3] = ["EXPIRE_MAKER", "EXPIRE_TAKER", "EXPIRE_BOTH"];
pub(super) const EXPIRE_MAKER: u8 = 1;
pub(super) const EXPIRE_TAKER: u8 = 2;

/// `status` of an order; the SBE codes start at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    New,
    Untriggered,
    Open,
    Closed,
}

impl Status {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Untriggered => "UNTRIGGERED",
            Self::Open => "OPEN",
            Self::Closed => "CLOSED",
        }
    }
    pub(super) const fn code(self) -> u8 {
        self as u8 + 1
    }
}

/// `request_info` of an order after a modification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RequestInfo {
    pub(super) id: String,
    pub(super) accepted: bool,
    pub(super) message: String,
}

/// An order. Sizes and prices at 1e-8, times in microseconds of the venue's clock.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) id: u128,
    pub(super) account: usize,
    pub(super) market: usize,
    pub(super) client_id: String,
    pub(super) side: Side,
    pub(super) kind: Kind,
    pub(super) instruction: u8,
    pub(super) flags: u8,
    pub(super) stp: u8,
    pub(super) size: i64,
    pub(super) remaining: i64,
    pub(super) price: i64,
    pub(super) trigger: i64,
    /// Sum of price x size of the fills, at 1e-16.
    pub(super) filled_value: i128,
    pub(super) status: Status,
    pub(super) cancel_reason: String,
    /// `signature_timestamp`, ms.
    pub(super) signed_ms: i64,
    pub(super) created: i64,
    pub(super) updated: i64,
    /// The connection it came by, `None` for REST.
    pub(super) conn: Option<u64>,
    /// Its private events are withheld.
    pub(super) held: bool,
    /// Its execution is decided and will be told later.
    pub(super) deferred: bool,
    /// A cancel came while it was deferred.
    pub(super) cancel_wanted: bool,
    pub(super) request: Option<RequestInfo>,
}

impl Order {
    pub(super) fn is_closed(&self) -> bool {
        self.status == Status::Closed
    }
    pub(super) fn reduces(&self) -> bool {
        self.flags & REDUCE_ONLY != 0
    }
    pub(super) fn average_fill(&self) -> i64 {
        let filled = i128::from(self.size - self.remaining);
        if filled <= 0 { 0 } else { ((self.filled_value + filled / 2) / filled) as i64 }
    }
}

/// In place of an order where the venue itself moved a position.
pub(super) const NO_ORDER: u32 = u32::MAX;

/// `fill_type` of a fill as far as it occurs here, with its SBE code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FillType {
    Fill = 1,
    Liquidation = 2,
    UnwindTransfer = 3,
    SettleMarket = 4,
}

impl FillType {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Fill => "FILL",
            Self::Liquidation => "LIQUIDATION",
            Self::UnwindTransfer => "UNWIND_TRANSFER",
            Self::SettleMarket => "SETTLE_MARKET",
        }
    }
}

/// A fill.
#[derive(Clone, Debug)]
pub(super) struct Fill {
    pub(super) id: u128,
    pub(super) trade_id: u128,
    /// Whose, or [`NO_ORDER`].
    pub(super) order: u32,
    /// The venue's id of its own order in a liquidation; 0 for none.
    pub(super) venue_order: u128,
    pub(super) kind: FillType,
    pub(super) market: usize,
    /// REST lists it from then on, microseconds.
    pub(super) listed: i64,
    pub(super) side: Side,
    pub(super) taker: bool,
    pub(super) price: i64,
    pub(super) size: i64,
    pub(super) fee: i64,
    pub(super) pnl: i64,
    pub(super) funding: i64,
    pub(super) underlying: i64,
    pub(super) remaining: i64,
    pub(super) book_seq: i64,
    pub(super) created: i64,
}

/// A funding payment.
#[derive(Clone, Copy, Debug)]
pub(super) struct FundingPayment {
    pub(super) id: u128,
    pub(super) market: usize,
    pub(super) payment: i64,
    pub(super) index: i64,
    pub(super) fill_id: u128,
    pub(super) created: i64,
}

/// A position with what only reports need.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Holding {
    pub(super) position: Position,
    pub(super) last_fill: u128,
    pub(super) created: i64,
    pub(super) closed: i64,
    pub(super) updated: i64,
}

/// An account.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) address: Felt,
    pub(super) hex: String,
    /// Constant part of its message hashes.
    pub(super) prefix: Felt,
    /// Main key first, then subkeys.
    pub(super) keys: Vec<PublicKey>,
    pub(super) cash: i64,
    pub(super) cash_updated: i64,
    pub(super) holdings: Vec<Holding>,
    pub(super) orders: Vec<u32>,
    pub(super) open: Vec<u32>,
    pub(super) by_client_id: HashMap<String, u32>,
    pub(super) fills: Vec<Fill>,
    pub(super) payments: Vec<FundingPayment>,
    pub(super) hashes: Vec<Felt>,
    /// The venue is taking its positions.
    pub(super) in_liquidation: bool,
}

/// A public trade.
#[derive(Clone, Copy, Debug)]
pub(super) struct PublicTrade {
    pub(super) id: u128,
    pub(super) side: Side,
    pub(super) price: i64,
    pub(super) size: i64,
    pub(super) created: i64,
    /// Of the venue's taking a position, not of two clients.
    pub(super) liquidation: bool,
}

/// A market: its book, what of it was published, and its counters.
#[derive(Clone, Debug)]
pub(super) struct MarketState {
    pub(super) spec: MarketSpec,
    /// Distance of the makers' prices, a multiple of the tick, about half a basis point.
    pub(super) grid: i64,
    pub(super) ladder: Ladder,
    /// Number of the refresh the makers stand at.
    pub(super) slot: i64,
    /// The shared counter of book, trades and best prices.
    pub(super) seq: i64,
    /// The value of `restart_book_seq` that has been obeyed.
    pub(super) restarted_at: i64,
    pub(super) sent_bids: Vec<Level>,
    pub(super) sent_asks: Vec<Level>,
    pub(super) sent_at: i64,
    pub(super) trades: Vec<PublicTrade>,
    /// Funding index at 1e-8 with its remainder, and the time it stands at.
    pub(super) funding_index: i64,
    pub(super) funding_rest: i128,
    pub(super) funding_at: i64,
    /// Orders that wait for a trigger.
    pub(super) waiting: Vec<u32>,
    /// `expiry_at`, ms; 0 for none.
    pub(super) expiry_ms: i64,
    /// Not listed any more.
    pub(super) gone: bool,
}

/// A subscription.
#[derive(Clone, Debug)]
pub(super) struct Subscription {
    pub(super) name: String,
    pub(super) channel: Channel,
    /// Whether it got what its channel begins with.
    pub(super) begun: bool,
}

/// A WebSocket.
#[derive(Clone, Debug)]
pub(super) struct Conn {
    /// Negotiated SBE version.
    pub(super) sbe: Option<u8>,
    pub(super) account: Option<usize>,
    pub(super) token_until_ms: i64,
    pub(super) cancel_on_disconnect: bool,
    pub(super) subscriptions: Vec<Subscription>,
    /// When the last message was or will be sent; nothing overtakes it.
    pub(super) due: i64,
    /// Since when nothing is subscribed.
    pub(super) idle_since: i64,
    pub(super) sent: u64,
}

/// Somebody waits for an answer.
#[derive(Clone, Debug)]
pub(super) enum Via {
    /// An HTTP request.
    Rest(u64),
    /// A request on a connection, with its `id` and arrival.
    Socket { conn: u64, id: serde_json::Value, us_in: i64 },
}

/// What is withheld until a fault is cleared.
#[derive(Clone, Debug)]
pub(super) enum Held {
    Answer(u64, u16, Vec<u8>),
    Send(u64, Message),
}

/// An execution that is decided.
#[derive(Clone, Debug)]
pub(super) struct Execution {
    pub(super) order: u32,
    /// Price, size, whose.
    pub(super) fills: Vec<(i64, i64, Source)>,
    /// What becomes of the rest: rests in the book, or closed with this reason.
    pub(super) rest: Option<&'static str>,
}

/// Something to do at a time.
#[derive(Clone, Debug)]
pub(super) enum Later {
    Execute(Execution),
    Cancel(Vec<u32>),
    /// A fill is told late or again.
    Tell(usize, super::publish::Private, u32),
    /// The venue takes positions: how, in which market (`None`: all), which share of them, and how long from now.
    Take {
        kind: FillType,
        market: Option<usize>,
        share_bps: i64,
        after_ms: i64,
    },
    /// A liquidated account is in order again.
    Recover(usize),
    /// The specification of a market changed: what it was, by the word of section 8.
    Listing(usize, &'static str),
    /// A market ends, so long from now or (`None`) now; its positions are settled if that is asked for.
    Delist {
        m: usize,
        settle: bool,
        after_ms: Option<i64>,
    },
}
