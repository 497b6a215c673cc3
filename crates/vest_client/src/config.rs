//! What a client runs with: resolved and checked, no file format and no defaults of an operator in it.

use crate::error::Error;
use domain::{InstrumentId, Pair, Rate};
use signing::SanitizedValue;

/// Everything the client needs to know before it starts.
#[derive(Clone, Debug)]
pub struct VestConfig {
    /// How the account is reached.
    pub access: Access,
    /// What is traded.
    pub instruments: Vec<VestInstrument>,
    /// Which generation of the venue's public feed the feed's base URL points at. Orders are v2 in either case.
    pub feed: Generation,
    /// How long a signed order stays acceptable after its `time`, ms (venue default 5000, at most 60000).
    pub recv_window_ms: i64,
    /// Added to `recv_window_ms` before an order counts as dead, ms: room for the error of the clock offset.
    pub fence_margin_ms: i64,
    /// Whether to ask the venue to enforce reduce-only. One live bot found such orders refused (spec section 12), so
    /// the default is off; when on, the first refusal that proves it unusable turns it off.
    pub reduce_only: bool,
    /// When an acknowledged order is asked about, ms after the acknowledgement; the last one repeats.
    pub poll_delays_ms: Vec<u64>,
    /// No nonce at or below this is used again: the largest one journaled.
    pub last_nonce: u64,
    /// Added to the listed taker fee: what a fill pays beyond it, as a share of the notional. The venue adds a risk premium
    /// that it publishes nowhere (spec section 13); `fees` of real fills show it.
    pub fee_allowance: Rate,
    /// How often the instruments are read again, ms.
    pub info_every_ms: u64,
    /// How old a book may be when a ticker arrives before it is not believed, ms (spec section 18: 2 s).
    pub depth_age_ms: u64,
    /// How far the mark price may move while the best bid and ask stand still for `frozen_after_ms`.
    pub frozen_band: Rate,
    /// How long the best bid and ask may stand still before a moving mark price makes the book frozen, ms.
    pub frozen_after_ms: u64,
    /// How far the mark price may lie outside the best bid and ask before the book is not believed.
    pub mark_band: Rate,
    /// When to give up on an order or a cancel, ms.
    pub order_timeout_ms: u64,
    /// When to give up on any other request, ms.
    pub read_timeout_ms: u64,
    /// `User-Agent` of every request; the venue's CDN refuses some requests without one (spec section 3).
    pub user_agent: String,
}

impl VestConfig {
    /// The values of the specification for everything but the account and the instruments.
    pub fn new(access: Access, instruments: Vec<VestInstrument>) -> Self {
        Self {
            access,
            instruments,
            feed: Generation::V2,
            recv_window_ms: 5_000,
            fence_margin_ms: 500,
            reduce_only: false,
            poll_delays_ms: vec![200, 500, 1_000, 2_000],
            last_nonce: 0,
            fee_allowance: Rate::ZERO,
            info_every_ms: 60_000,
            depth_age_ms: 2_000,
            frozen_band: Rate::from_bps(10),
            frozen_after_ms: 5_000,
            mark_band: Rate::from_bps(200),
            order_timeout_ms: 3_000,
            read_timeout_ms: 5_000,
            user_agent: "bot4/0.1".to_owned(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.instruments.is_empty() {
            return Err(Error::Config("no instruments".to_owned()));
        }
        for (n, one) in self.instruments.iter().enumerate() {
            if one.symbol.is_empty()
                || one.symbol.len() > 32
                || !one.symbol.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            {
                return Err(Error::Config(format!("{:?} is no symbol of this venue", one.symbol)));
            }
            if self.instruments.iter().take(n).any(|other| other.symbol == one.symbol || other.id == one.id) {
                return Err(Error::Config(format!("{} is configured twice", one.symbol)));
            }
        }
        if !(1..=60_000).contains(&self.recv_window_ms) || self.fence_margin_ms < 0 {
            return Err(Error::Config("recv_window_ms must be 1 to 60000 and its margin not negative".to_owned()));
        }
        if self.info_every_ms == 0 || self.depth_age_ms == 0 || self.frozen_after_ms == 0 {
            return Err(Error::Config("info_every_ms, depth_age_ms and frozen_after_ms must be above zero".to_owned()));
        }
        if self.fee_allowance.e8() < 0 {
            return Err(Error::Config("fee_allowance must not be negative".to_owned()));
        }
        if self.instruments.iter().any(|one| one.leverage == 0) {
            return Err(Error::Config("a leverage must be 1 at least".to_owned()));
        }
        if self.poll_delays_ms.is_empty() || self.poll_delays_ms.contains(&0) {
            return Err(Error::Config("poll_delays_ms needs at least one delay above zero".to_owned()));
        }
        Ok(())
    }
}

/// How the account is reached.
#[derive(Clone, Debug)]
pub enum Access {
    /// Public market data alone; no order can be prepared.
    DataOnly,
    /// A signing key with what its registration gave, or the means to register it, or both.
    Account {
        /// Private key of the signing address, hex: signs every order.
        signing_key: SanitizedValue,
        /// What an earlier registration returned.
        registered: Option<Registered>,
        /// How to register; used at start when `registered` is missing, and once when the venue no longer knows it.
        register: Option<Registration>,
    },
}

/// What `POST /register` returned (spec section 6).
#[derive(Clone, Debug)]
pub struct Registered {
    /// Goes into `X-API-KEY`.
    pub api_key: SanitizedValue,
    /// Account group: backend shard in `xrestservermm` and in the WebSocket query.
    pub acc_group: u32,
}

/// How to register the signing key (spec section 6). The primary key holds the balance and signs this alone.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Private key of the account's wallet, hex.
    pub primary_key: SanitizedValue,
    /// Router contract of the environment, `0x` and 40 hex digits (spec section 3).
    pub verifying_contract: String,
    /// How long the proof is valid, ms; the client renews it after four fifths.
    pub valid_for_ms: i64,
    /// 0 for EVM wallets.
    pub network_type: u32,
}

/// One instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VestInstrument {
    /// Our index.
    pub id: InstrumentId,
    /// Our pair.
    pub pair: Pair,
    /// The venue's symbol, `ETH-PERP`; case matters.
    pub symbol: String,
    /// Leverage to set at start and verify.
    pub leverage: u32,
}

/// Generation of the public feed (spec sections 2 and 15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// The documented API: `tickers` for all symbols, server chosen in the query.
    V2,
    /// The current web application's, login-free: `{symbol}@ticker`, messages carry `tsMs`.
    V3,
}
