//! What a simulated Paradex is made of: markets, fees, delays, and a switch for every point the venue's documents
//! leave open (`paradex.md` section 14).

use crate::exchange::decimal::ONE;
use crate::market::Market;

/// One market's rules, section 5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketSpec {
    /// `ETH-USD-PERP`.
    pub symbol: String,
    /// `ETH`.
    pub base: String,
    /// Price step at 1e-8.
    pub tick: i64,
    /// Size step at 1e-8.
    pub step: i64,
    /// Smallest size x mark, USD at 1e-8.
    pub min_notional: i64,
    /// Largest size of one order at 1e-8.
    pub max_order_size: i64,
    /// Most open orders of one account.
    pub max_open_orders: usize,
    /// Largest position at 1e-8.
    pub position_limit: i64,
    /// How far beyond the mark a limit may reach, basis points.
    pub band_bps: i64,
    /// Initial margin, basis points of the notional; maintenance is half of it.
    pub imf_bps: i64,
}

impl MarketSpec {
    /// The published figures of `BTC`, `ETH`, `SOL`; round ones for any other symbol of the form `X-USD-PERP`.
    pub fn of(symbol: &str) -> Self {
        let base = symbol.split('-').next().unwrap_or(symbol);
        let (tick, step, max_order, limit, imf_bps) = match base {
            "BTC" => (10_000_000, 1_000, 100, 300, 200),
            "ETH" => (1_000_000, 10_000, 1_000, 9_000, 200),
            "SOL" => (100_000, 1_000_000, 20_000, 200_000, 300),
            _ => (10_000, 1_000_000, 1_000_000, 10_000_000, 1_000),
        };
        Self {
            symbol: symbol.to_owned(),
            base: base.to_owned(),
            tick,
            step,
            min_notional: 10 * ONE,
            max_order_size: max_order * ONE,
            max_open_orders: 150,
            position_limit: limit * ONE,
            band_bps: 500,
            imf_bps,
        }
    }
}

/// An account that exists before anybody onboards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownAccount {
    /// Address; `None` derives it from the public key.
    pub address: Option<String>,
    /// Public key in hexadecimal.
    pub public_key: String,
    /// Public keys of registered subkeys.
    pub subkeys: Vec<String>,
}

/// Everything a simulated Paradex starts from.
#[derive(Clone, Debug)]
pub struct ParadexSimConfig {
    /// Draws sizes, jitter and tokens.
    pub seed: u64,
    /// The world its prices come from.
    pub market: Market,
    /// Markets.
    pub markets: Vec<MarketSpec>,
    /// Chain id text.
    pub chain_id: String,
    /// L1 chain id.
    pub l1_chain_id: u64,
    /// Class hash of the account proxy.
    pub proxy_hash: String,
    /// Class hash of the account.
    pub account_hash: String,
    /// Accounts that exist from the start.
    pub accounts: Vec<KnownAccount>,
    /// What a new account owns, USDC at 1e-8.
    pub start_balance: i64,
    /// Maker fee, 1e-8 of the notional.
    pub maker_fee_e8: i64,
    /// Taker fee, 1e-8 of the notional.
    pub taker_fee_e8: i64,
    /// Funding rate of 8 hours at 1e-8.
    pub funding_rate_8h_e8: i64,
    /// From a request to its answer, microseconds.
    pub answer_us: u64,
    /// From what happens to its event, microseconds.
    pub event_us: u64,
    /// How often the makers requote, microseconds.
    pub refresh_us: i64,
    /// Whether requests are counted and refused beyond the limits of section 10.
    pub rate_limits: bool,
    /// Open points of the documents.
    pub switches: ParadexSwitches,
}

impl ParadexSimConfig {
    /// A venue on the test network with the published figures, `symbols` listed, 100,000 USDC for everybody.
    pub fn new(seed: u64, market: Market, symbols: &[&str]) -> Self {
        Self {
            seed,
            market,
            markets: symbols.iter().map(|s| MarketSpec::of(s)).collect(),
            chain_id: "PRIVATE_SN_POTC_SEPOLIA".to_owned(),
            l1_chain_id: 11_155_111,
            proxy_hash: "0x3530cc4759d78042f1b543bf797f5f3d647cde0388c33734cf91b7f7b9314a9".to_owned(),
            account_hash: "0x41cb0280ebadaa75f996d8d92c6f265f6d040bb3ba442e5f86a554f1765244e".to_owned(),
            accounts: Vec::new(),
            start_balance: 100_000 * ONE,
            maker_fee_e8: 3_000,
            taker_fee_e8: 45_000,
            funding_rate_8h_e8: 0,
            answer_us: 8_000,
            event_us: 10_000,
            refresh_us: 100_000,
            rate_limits: true,
            switches: ParadexSwitches::default(),
        }
    }
}

/// Defines the switches with their names, so that no list of names can differ from the fields.
macro_rules! switches {
    ($($(#[$doc:meta])* $field:ident: $kind:ident $allowed:tt = $default:expr),+ $(,)?) => {
        /// One switch per point the documents leave open; set by name through the fault `switch`.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct ParadexSwitches { $($(#[$doc])* pub $field: switches!(@type $kind)),+ }

        impl Default for ParadexSwitches {
            fn default() -> Self { Self { $($field: $default.into()),+ } }
        }

        impl ParadexSwitches {
            /// Every name.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($field)),+];

            /// Sets a switch.
            ///
            /// # Errors
            /// A sentence with the names, or with the values this switch takes.
            pub fn set(&mut self, name: &str, value: &serde_json::Value) -> Result<(), String> {
                match name {
                    $(stringify!($field) => {
                        self.$field = switches!(@read $kind $allowed value)
                            .ok_or_else(|| format!("switch {name} takes {}", stringify!($kind $allowed)))?;
                        Ok(())
                    })+
                    _ => Err(format!("unknown switch {name}; known: {}", Self::NAMES.join(", "))),
                }
            }
        }
    };
    (@type word) => { String };
    (@type yes_no) => { bool };
    (@type number) => { i64 };
    (@read word [$($w:literal)|+] $v:ident) => {
        $v.as_str().filter(|v| [$($w),+].contains(v)).map(str::to_owned)
    };
    (@read yes_no [] $v:ident) => { $v.as_bool() };
    (@read number [] $v:ident) => { $v.as_i64() };
}

switches! {
    /// What a session without SBE gets for public channels (unknown 1).
    public_without_sbe: word ["error" | "silence" | "json"] = "error",
    /// How private payloads come on an SBE session (unknown 2).
    private_payload: word ["sbe" | "json" | "mixed"] = "sbe",
    /// Which `order.create_batch` params are accepted (unknown 3).
    batch_params: word ["both" | "object" | "array"] = "both",
    /// Most orders of a batch (unknown 3).
    batch_max: number [] = 10,
    /// How far in the future a signature timestamp may lie, ms (unknown 4).
    future_skew_ms: number [] = 5_000,
    /// Whether the size of a modification counts the filled part (unknown 6).
    modify_counts_filled: yes_no [] = true,
    /// Whether a modified order keeps its id (unknown 6).
    modify_keeps_id: yes_no [] = true,
    /// Whether later updates of a modified order repeat its request info (section 6.3).
    repeat_request_info: yes_no [] = true,
    /// How long after a drop cancel-on-disconnect acts, ms (unknown 7).
    cancel_on_disconnect_ms: number [] = 100,
    /// Whether cancel-on-disconnect acts when the venue itself closes (unknown 7).
    cancel_on_own_close: yes_no [] = true,
    /// Whether orders placed by REST count as the connection's (unknown 7).
    cancel_rest_orders_too: yes_no [] = false,
    /// Whether order methods work on this socket (unknown 8).
    socket_orders: yes_no [] = true,
    /// Whether order methods stop when the token of the socket expires (unknown 9).
    token_ends_socket_orders: yes_no [] = false,
    /// Grace before a socket without subscription is closed with 4031, ms; 0 never closes (unknown 11).
    idle_close_ms: number [] = 10_000,
    /// Most subscriptions of a connection; 0 for no limit (unknown 11).
    max_subscriptions: number [] = 0,
    /// Where the shared counter of every market starts anew, once per value; -1 never (unknown 14).
    restart_book_seq: number [] = -1,
    /// Whether snapshot channels fill the best prices under SBE (unknown 15).
    snapshot_best: yes_no [] = true,
    /// How an empty side of the best prices is written (section 7.2).
    empty_side_is: word ["null" | "zero"] = "null",
    /// What `GET /orders/{id}` knows (section 4.3, conflict).
    get_order: word ["all" | "open"] = "all",
    /// Whether the orders channel carries NEW before what follows it.
    new_is_published: yes_no [] = true,
    /// Text of a refused order method: code and sentence, or one of them.
    socket_error_text: word ["code_and_text" | "code" | "text"] = "code_and_text",
    /// A reducing order larger than the position: refused, or filled up to the position.
    reduce_only_oversize: word ["refuse" | "clip"] = "refuse",
    /// A second order with the same message hash (section 3.5).
    same_hash: word ["accept" | "refuse"] = "accept",
    /// A repeated onboarding (section 2.3).
    repeated_onboarding: word ["ok" | "error"] = "ok",
    /// The first best prices come at once after subscribing, not with the first change.
    bbo_on_subscribe: yes_no [] = true,
    /// State of the system (section 4.2).
    system_state: word ["ok" | "maintenance" | "cancel_only" | "post_only"] = "ok",
    /// Funding rate of 8 hours at 1e-8, instead of the configured one; -1000000000 keeps that.
    funding_rate_8h_e8: number [] = -1_000_000_000,
}
