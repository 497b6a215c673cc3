//! What a simulated Vest is started with, and the switches for what its documents leave open.

use crate::market::Market;
use alloy_primitives::{Address, address};

/// `verifyingContract` of the production router (vest.md section 3).
pub const PRODUCTION_CONTRACT: Address = address!("919386306C47b2Fe1036e3B4F7C40D22D2461a23");
/// `verifyingContract` of the development router (vest.md section 3).
pub const DEVELOPMENT_CONTRACT: Address = address!("8E4D87AEf4AC4D5415C35A12319013e34223825B");

/// One listed instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolSpec {
    /// Wire symbol, such as `BTC-PERP`; case matters.
    pub symbol: String,
    /// Base currency as the simulated market knows it, such as `BTC`.
    pub base: String,
    /// Decimals of a size; the smallest size is one unit of the last. At most 8.
    pub size_decimals: u32,
    /// Decimals of a price. At most 8.
    pub price_decimals: u32,
    /// Initial margin ratio at the highest leverage, basis points; the highest leverage is its inverse.
    pub init_margin_bps: i64,
    /// Cap on the open interest of either side, base at 1e-8.
    pub oi_cap_e8: i64,
    /// `crypto`, `stock` or `forex` (section 8, seen live).
    pub asset: &'static str,
}

impl SymbolSpec {
    /// A crypto instrument `{base}-PERP` with 20x leverage and a cap nobody reaches by accident.
    pub fn crypto(base: &str, size_decimals: u32, price_decimals: u32) -> Self {
        Self {
            symbol: format!("{base}-PERP"),
            base: base.to_owned(),
            size_decimals: size_decimals.min(8),
            price_decimals: price_decimals.min(8),
            init_margin_bps: 500,
            oi_cap_e8: 1_000_000_000_000_000_000,
            asset: "crypto",
        }
    }
}

/// How server messages are framed (section 10.1: all three have been seen).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frames {
    /// Binary frames holding UTF-8 JSON.
    Binary,
    /// Text frames.
    Text,
    /// Binary frames holding Brotli.
    Brotli,
}

/// What the documents leave open or contradict each other on; each is `set_fault("switch", {"name", "value"})`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switches {
    /// `flat_errors`: errors as `{code,msg}` instead of `{"detail":{code,msg}}` (section 11).
    pub flat_errors: bool,
    /// `frames`: `"binary"`, `"text"` or `"brotli"` (section 10.1).
    pub frames: Frames,
    /// `bad_channel_silences`: one unknown channel silences the whole SUBSCRIBE list (section 10.2).
    pub bad_channel_silences: bool,
    /// `klines_wrapped`: `{"data":[..]}` instead of a bare array (section 8).
    pub klines_wrapped: bool,
    /// `klines_capped`: only the latest 501 bars, times ignored (section 2).
    pub klines_capped: bool,
    /// `websocketserver`: the private stream wants its group as `websocketserver` (section 10.1).
    pub websocketserver: bool,
    /// `ws_group_required`: public connections need the group too (section 10.1).
    pub ws_group_required: bool,
    /// `exact_decimals`: fewer decimals than listed are refused with 1111, not only more (section 4).
    pub exact_decimals: bool,
    /// `nonce_increases`: a nonce at or under the last one is refused with 1023 (section 7).
    pub nonce_increases: bool,
    /// `register_revokes`: a new registration ends earlier API keys and signers (section 6).
    pub register_revokes: bool,
    /// `leverage_required`: an order in a symbol whose leverage was never set is rejected with 3020 (section 12).
    pub leverage_required: bool,
    /// `primary_may_sign`: requests signed by the primary key are taken (section 7).
    pub primary_may_sign: bool,
    /// `unauthorized_status`: HTTP status of 1002; 403 was seen, 401 is possible (section 11).
    pub unauthorized_status: u16,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            flat_errors: false,
            frames: Frames::Binary,
            bad_channel_silences: true,
            klines_wrapped: false,
            klines_capped: false,
            websocketserver: false,
            ws_group_required: false,
            exact_decimals: false,
            nonce_increases: false,
            register_revokes: false,
            leverage_required: false,
            primary_may_sign: true,
            unauthorized_status: 403,
        }
    }
}

impl Switches {
    /// Sets one switch by its name.
    pub(super) fn set(&mut self, name: &str, value: &serde_json::Value) -> Result<(), String> {
        if name == "frames" {
            self.frames = match value.as_str() {
                Some("binary") => Frames::Binary,
                Some("text") => Frames::Text,
                Some("brotli") => Frames::Brotli,
                _ => return Err("frames is \"binary\", \"text\" or \"brotli\"".to_owned()),
            };
            return Ok(());
        }
        if name == "unauthorized_status" {
            let status = value.as_u64().filter(|s| (400..500).contains(s));
            self.unauthorized_status = status.ok_or("unauthorized_status is a number from 400 to 499")? as u16;
            return Ok(());
        }
        let switch = match name {
            "flat_errors" => &mut self.flat_errors,
            "bad_channel_silences" => &mut self.bad_channel_silences,
            "klines_wrapped" => &mut self.klines_wrapped,
            "klines_capped" => &mut self.klines_capped,
            "websocketserver" => &mut self.websocketserver,
            "ws_group_required" => &mut self.ws_group_required,
            "exact_decimals" => &mut self.exact_decimals,
            "nonce_increases" => &mut self.nonce_increases,
            "register_revokes" => &mut self.register_revokes,
            "leverage_required" => &mut self.leverage_required,
            "primary_may_sign" => &mut self.primary_may_sign,
            _ => return Err(format!("no switch is called {name:?}; see vest::Switches")),
        };
        *switch = value.as_bool().ok_or_else(|| format!("{name} is true or false"))?;
        Ok(())
    }
}

/// How long the venue takes; pairs are lowest and highest, drawn per order from the seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latencies {
    /// From a request that places or cancels to its answer, microseconds.
    pub ack_us: (i64, i64),
    /// From the answer of an order to its fill or rejection, microseconds.
    pub fill_us: (i64, i64),
    /// From any other request to its answer, microseconds.
    pub read_us: i64,
    /// From the answer of an order to its NEW event, microseconds.
    pub new_us: i64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { ack_us: (16_000, 24_000), fill_us: (50_000, 120_000), read_us: 8_000, new_us: 3_000 }
    }
}

/// What a simulated Vest is started with.
#[derive(Clone, Debug)]
pub struct VestSimConfig {
    /// Drawn from: API keys, order ids, latencies, jitter of the books.
    pub seed: u64,
    /// The world it quotes.
    pub market: Market,
    /// What is listed.
    pub symbols: Vec<SymbolSpec>,
    /// Contract named in the registration proof.
    pub verifying_contract: Address,
    /// Address of the USDC token, part of a signed withdrawal (section 7).
    pub usdc_token: Address,
    /// Account group that `/register` hands out (section 3).
    pub acc_group: u32,
    /// Cash of a new account, USDC at 1e-6.
    pub start_balance_e6: i64,
    /// Taker fee as a fraction of notional at 1e-8.
    pub taker_fee_e8: i64,
    /// Funding rate per hour as a fraction at 1e-8; longs pay when positive.
    pub funding_rate_e8: i64,
    /// Leverage of a symbol nobody has set one for.
    pub default_leverage: u32,
    /// Largest `recvWindow` taken, ms (the venue's bound is not known; clients use up to 60000).
    pub recv_window_max_ms: u64,
    /// How far a request's `time` may lie ahead of the venue's clock, ms (not known either).
    pub clock_ahead_max_ms: i64,
    /// What the documents leave open.
    pub switches: Switches,
    /// How long things take.
    pub latencies: Latencies,
}

impl VestSimConfig {
    /// BTC, ETH and SOL with the precisions seen live (section 4), 100,000 USDC, a fee of 0.01 % and no funding.
    pub fn new(seed: u64, market: Market) -> Self {
        Self {
            seed,
            market,
            symbols: vec![SymbolSpec::crypto("BTC", 4, 2), SymbolSpec::crypto("ETH", 3, 3), SymbolSpec::crypto("SOL", 2, 4)],
            verifying_contract: PRODUCTION_CONTRACT,
            usdc_token: address!("c2f7646fBC08c2b7FEAd5cebb740cc7D0ba4a18E"),
            acc_group: 0,
            start_balance_e6: 100_000_000_000,
            taker_fee_e8: 10_000,
            funding_rate_e8: 0,
            default_leverage: 10,
            recv_window_max_ms: 60_000,
            clock_ahead_max_ms: 1_000,
            switches: Switches::default(),
            latencies: Latencies::default(),
        }
    }
}
