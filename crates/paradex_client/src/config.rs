//! What the client runs with: resolved and checked by the caller, no file format in here.

use domain::{InstrumentId, Pair, Rate};
use signing::SanitizedValue;

/// One market the client trades and listens to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstrumentConfig {
    /// Our index of it.
    pub id: InstrumentId,
    /// Which pair it is one side of.
    pub pair: Pair,
    /// The venue's symbol, `ETH-USD-PERP`.
    pub symbol: String,
    /// Units of the base currency per contract; `None` takes it from the symbol's name beside the pair's: 1, or 1000 for
    /// `kBONK-USD-PERP` in the pair `BONK-USD`.
    pub multiplier: Option<u32>,
}

/// Everything the client needs to know before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Public market data alone: nothing is signed, no login, no order socket; no order can be prepared.
    pub data_only: bool,
    /// Account address, hex with `0x`: the main account, also when a subkey signs (paradex.md 2.5).
    pub account: String,
    /// Private Stark key, hex: a subkey, or the main key of a throw-away account.
    pub signing_key: SanitizedValue,
    /// L1 address of the account, hex; needed only to onboard.
    pub l1_address: Option<String>,
    /// Onboard the account with its main key before the first login (paradex.md 2.3).
    pub onboard: bool,
    /// What to trade.
    pub instruments: Vec<InstrumentConfig>,
    /// How long after its timestamp the venue may accept an order, ms (paradex.md 3.6; the venue's minimum is 10).
    pub recv_window_ms: u64,
    /// Added to `recv_window_ms` before an order counts as dead: what our reading of the venue's clock may be off.
    pub fence_margin_ms: u64,
    /// Without an answer to an order after this many ms its fate is unknown.
    pub ack_timeout_ms: u64,
    /// How long a REST request may take, ms: a venue that hangs must not keep a reconnection waiting for long.
    pub rest_timeout_ms: u64,
    /// SBE schema version to ask for (paradex.md 7.1); one lower is tried when the venue refuses it.
    pub sbe_version: u16,
    /// How long before the five minutes of a token are over it is renewed, ms (paradex.md 2.4 advises every 3 minutes).
    pub jwt_refresh_margin_ms: u64,
    /// Send orders over REST while the order socket is down.
    pub rest_fallback: bool,
    /// How often markets and the account's fees are read again, ms.
    pub rules_every_ms: u64,
    /// How often each book is compared with its snapshot over REST, ms; 0 for never.
    pub audit_every_ms: u64,
    /// How much older than REST's snapshot the last frame of a book may be, ms.
    pub book_age_ms_max: u64,
    /// Taker fee where neither the account nor the market names one.
    pub taker_fee: Rate,
}

impl Config {
    /// The defaults of this client for an account that exists already.
    pub fn new(account: impl Into<String>, signing_key: SanitizedValue, instruments: Vec<InstrumentConfig>) -> Self {
        Self {
            data_only: false,
            account: account.into(),
            signing_key,
            l1_address: None,
            onboard: false,
            instruments,
            recv_window_ms: 1_500,
            fence_margin_ms: 500,
            ack_timeout_ms: 2_000,
            rest_timeout_ms: 2_500,
            sbe_version: 2,
            jwt_refresh_margin_ms: 120_000,
            rest_fallback: true,
            rules_every_ms: 60_000,
            audit_every_ms: 15_000,
            book_age_ms_max: 5_000,
            // The highest of the published schedule (paradex.md 9).
            taker_fee: Rate::from_e8(45_000),
        }
    }

    /// The defaults for a client without an account, which reads the public feed.
    pub fn data_only(instruments: Vec<InstrumentConfig>) -> Self {
        // Any numbers that are an address and a key: nothing is ever signed with them.
        Self { data_only: true, ..Self::new("0x1", SanitizedValue::new("0x1"), instruments) }
    }
}
