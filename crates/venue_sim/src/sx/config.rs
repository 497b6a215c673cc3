//! What a simulated SX Bet is started with, and a switch for each thing its documents leave open (sx.md section 18).

use crate::sports::Sports;
use alloy_primitives::{Address, address};
use serde_json::Value;
use std::collections::BTreeMap;

/// Chain of the mainnet (section 2).
pub const MAINNET_CHAIN: u64 = 4_162;
/// Escrow of the mainnet: the contract that orders are signed for.
pub const MAINNET_ESCROW: Address = address!("890482680C3a0116aBB003B17e7D694D13a6c1eB");
/// USDC of the mainnet.
pub const MAINNET_USDC: Address = address!("6629Ce1Cf35Cc1329ebB4F63202F3f197b3F050B");

/// An account and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSpec {
    /// `x-sx-api-key`.
    pub api_key: String,
    /// Whose orders it places.
    pub owner: Address,
    /// What its proxy wallet holds, base units of 1e-6.
    pub balance_e6: i64,
    /// Whether the proxy wallet is deployed.
    pub deployed: bool,
}

/// One text of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What it is now.
    pub is: &'static str,
    of: &'static [&'static str],
}

impl Choice {
    const fn new(of: &'static [&'static str]) -> Self {
        Self { is: of[0], of }
    }
}

/// What the documents leave open; the defaults are what most clients report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switches {
    /// Name of the event's id in market objects: `sportXeventId`, `sportXEventId`, `eventId`.
    pub event_id: Choice,
    /// Name of the reason of a FAILED entry: `reason`, `error`, `message`.
    pub reason_field: Choice,
    /// How account channels wrap a row: `bare`, `wrapped`, `array`.
    pub rows: Choice,
    /// What posting the same order again answers: `error` (ORDERS_ALREADY_EXIST) or `old` (the old result).
    pub repost: Choice,
    /// Inner shape of the delay maps: `number`, `object` ({live, pregame}), `absent`.
    pub delay_shape: Choice,
    /// Whether account channels remember what a lost connection missed; cannot change while the venue runs.
    pub account_recoverable: bool,
    /// Whether `GET /fills-v3` knows `orderId`; if not, 400.
    pub fills_by_order: bool,
    /// Whether a quarter line shows as two trades of half the stake.
    pub quarter_as_two: bool,
    /// Errors as the official page shows them: `{status, errorCode}`.
    pub failure_form: bool,
    /// Whether 429 carries `Retry-After`.
    pub retry_after: bool,
    /// Whether the realtime token stands below `data`.
    pub token_wrapped: bool,
    /// Whether one order stands below `data.order`.
    pub order_wrapped: bool,
    /// Whether one's own resting orders are matched with.
    pub self_match: bool,
    /// Whether the refusal of a single order is HTTP 400 instead of a FAILED entry.
    pub refusals_http: bool,
    /// Whether the reason of a cancel stands in `outcome.state`.
    pub reason_in_state: bool,
    /// Whether public channels send arrays where objects are documented.
    pub arrays: bool,
    /// Whether `size` of the taker's view is the taker's stake.
    pub taker_size: bool,
    /// Whether a lapsed heartbeat also cancels orders in their delay.
    pub heartbeat_cancels_pending: bool,
    /// Whether the event filter of `/markets/active` is ignored (section 5.1).
    pub event_filter_ignored: bool,
    /// Whether order rows show `expiry`; null if not.
    pub expiry_shown: bool,
    /// Whether fees are rounded up.
    pub fee_up: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            event_id: Choice::new(&["sportXeventId", "sportXEventId", "eventId"]),
            reason_field: Choice::new(&["reason", "error", "message"]),
            rows: Choice::new(&["bare", "wrapped", "array"]),
            repost: Choice::new(&["error", "old"]),
            delay_shape: Choice::new(&["number", "object", "absent"]),
            account_recoverable: true,
            fills_by_order: true,
            quarter_as_two: false,
            failure_form: false,
            retry_after: true,
            token_wrapped: false,
            order_wrapped: true,
            self_match: false,
            refusals_http: false,
            reason_in_state: false,
            arrays: false,
            taker_size: false,
            heartbeat_cancels_pending: false,
            event_filter_ignored: false,
            expiry_shown: true,
            fee_up: true,
        }
    }
}

impl Switches {
    /// Sets one switch by its name.
    ///
    /// # Errors
    /// The name is none, or the value is not of its kind.
    pub(super) fn set(&mut self, name: &str, value: &Value) -> Result<(), String> {
        let choice = match name {
            "event_id" => Some(&mut self.event_id),
            "reason_field" => Some(&mut self.reason_field),
            "rows" => Some(&mut self.rows),
            "repost" => Some(&mut self.repost),
            "delay_shape" => Some(&mut self.delay_shape),
            _ => None,
        };
        if let Some(choice) = choice {
            let word = choice.of.iter().find(|w| value.as_str() == Some(w));
            choice.is = word.ok_or_else(|| format!("{name} is one of {}", choice.of.join(", ")))?;
            return Ok(());
        }
        let flag = match name {
            "account_recoverable" => return Err("account_recoverable is set before the venue starts".to_owned()),
            "fills_by_order" => &mut self.fills_by_order,
            "quarter_as_two" => &mut self.quarter_as_two,
            "failure_form" => &mut self.failure_form,
            "retry_after" => &mut self.retry_after,
            "token_wrapped" => &mut self.token_wrapped,
            "order_wrapped" => &mut self.order_wrapped,
            "self_match" => &mut self.self_match,
            "refusals_http" => &mut self.refusals_http,
            "reason_in_state" => &mut self.reason_in_state,
            "arrays" => &mut self.arrays,
            "taker_size" => &mut self.taker_size,
            "heartbeat_cancels_pending" => &mut self.heartbeat_cancels_pending,
            "event_filter_ignored" => &mut self.event_filter_ignored,
            "expiry_shown" => &mut self.expiry_shown,
            "fee_up" => &mut self.fee_up,
            _ => return Err(format!("no switch is called {name:?}; see sx::Switches")),
        };
        *flag = value.as_bool().ok_or_else(|| format!("{name} is true or false"))?;
        Ok(())
    }
}

/// Betting delays, ms (sections 2.1 and 14).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delays {
    /// Before the match.
    pub pregame_ms: i64,
    /// In play, where nothing else is said.
    pub live_ms: i64,
    /// In play by `leagueId`.
    pub live_by_league: BTreeMap<i64, i64>,
    /// In play by `sportId`.
    pub live_by_sport: BTreeMap<i64, i64>,
}

impl Default for Delays {
    fn default() -> Self {
        Self {
            pregame_ms: 500,
            live_ms: 8_000,
            live_by_league: BTreeMap::from([(29, 6_000), (1_114, 6_000), (1, 4_000)]),
            live_by_sport: BTreeMap::from([(5, 10_000), (1, 8_000), (6, 5_000)]),
        }
    }
}

/// How long the venue takes; pairs are lowest and highest, drawn from the seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latencies {
    /// From a request that places or cancels to its answer, microseconds; what is waited for comes on top.
    pub ack_us: (i64, i64),
    /// From any other request to its answer, microseconds.
    pub read_us: i64,
    /// From a decision to its events on the account's channels, microseconds.
    pub event_us: i64,
    /// From a match to its lock on the chain, ms.
    pub lock_ms: (i64, i64),
    /// From a match to its appearance in `GET /fills-v3`, ms.
    pub index_ms: i64,
    /// From the end of an event to its settlement, ms.
    pub settle_ms: i64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self {
            ack_us: (20_000, 60_000),
            read_us: 12_000,
            event_us: 15_000,
            lock_ms: (1_000, 4_000),
            index_ms: 250,
            settle_ms: 60_000,
        }
    }
}

/// What is charged and what is asked for at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// `takerPayoutFee`, a fraction of profit at 1e-6.
    pub taker_fee_e6: i64,
    /// `refundFee`, a fraction of a refund at 1e-6.
    pub refund_fee_e6: i64,
    /// Smallest order, base units.
    pub stake_min: i64,
    /// Smallest rest on the book, base units.
    pub rest_min: i64,
    /// `oddsLadderStepSize`, 1e-5 of probability.
    pub step: i64,
    /// Requests that place or cancel, per minute and key.
    pub orders_per_minute: u32,
    /// Other requests with a key, per minute and key.
    pub reads_per_minute: u32,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            taker_fee_e6: 0,
            refund_fee_e6: 0,
            stake_min: 1_000_000,
            rest_min: 100_000,
            step: 125,
            orders_per_minute: 5_500,
            reads_per_minute: 500,
        }
    }
}

/// How the makers quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Makers {
    /// How far both sides stand from the fair chance, 1e-6 of probability.
    pub margin_e6: i64,
    /// How many levels a side has.
    pub levels: u32,
    /// Stake of the best level, base units: lowest and highest.
    pub size_e6: (i64, i64),
    /// How often they think again, ms.
    pub every_ms: i64,
    /// How many of a thousand levels are pulled at a time.
    pub pulled_permille: u64,
}

impl Default for Makers {
    fn default() -> Self {
        Self { margin_e6: 4_000, levels: 4, size_e6: (60_000_000, 600_000_000), every_ms: 1_500, pulled_permille: 40 }
    }
}

/// What a simulated SX Bet is started with.
#[derive(Clone, Debug)]
pub struct SxSimConfig {
    /// Drawn from: market hashes, ids, latencies, sizes.
    pub seed: u64,
    /// The world it takes bets on.
    pub sports: Sports,
    /// Chain named in the signing domain.
    pub chain_id: u64,
    /// Contract named in the signing domain.
    pub escrow: Address,
    /// Token that is staked.
    pub usdc: Address,
    /// Who may do what.
    pub accounts: Vec<AccountSpec>,
    /// Fees, minima, limits.
    pub terms: Terms,
    /// Betting delays.
    pub delays: Delays,
    /// How the makers quote.
    pub makers: Makers,
    /// What the documents leave open.
    pub switches: Switches,
    /// How long things take.
    pub latencies: Latencies,
    /// How long a realtime token is good, seconds.
    pub token_s: i64,
    /// A gateway stands in front and takes only requests signed with this Ed25519 key (section 3).
    pub gateway_key: Option<[u8; 32]>,
}

impl SxSimConfig {
    /// The mainnet's numbers, no accounts, no fees.
    pub fn new(seed: u64, sports: Sports) -> Self {
        Self {
            seed,
            sports,
            chain_id: MAINNET_CHAIN,
            escrow: MAINNET_ESCROW,
            usdc: MAINNET_USDC,
            accounts: Vec::new(),
            terms: Terms::default(),
            delays: Delays::default(),
            makers: Makers::default(),
            switches: Switches::default(),
            latencies: Latencies::default(),
            token_s: 3_600,
            gateway_key: None,
        }
    }

    /// With one more account, funded and deployed.
    #[must_use]
    pub fn with_account(mut self, api_key: &str, owner: Address, balance_e6: i64) -> Self {
        self.accounts.push(AccountSpec { api_key: api_key.to_owned(), owner, balance_e6, deployed: true });
        self
    }

    /// With one more account, written as `KEY=0xADDRESS`: its API key and the checksummed address that signs its orders.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn with_account_text(self, text: &str, balance_e6: i64) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not KEY=0xADDRESS, an API key and the checksummed address of its owner");
        let (key, owner) = text.split_once('=').filter(|(key, _)| !key.trim().is_empty()).ok_or_else(wrong)?;
        let owner = Address::parse_checksummed(owner, None).map_err(|_| wrong())?;
        Ok(self.with_account(key, owner, balance_e6))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sports::SportsShape;

    #[test]
    fn an_account_is_a_key_and_a_checksummed_address() {
        let check = |text: &str, good: bool| {
            let cfg = SxSimConfig::new(1, Sports::new(1, SportsShape::default())).with_account_text(text, 1);
            assert_eq!(
                cfg.map(|c| c.accounts.len()).map_err(|e| e.contains("is not KEY=0xADDRESS")),
                if good { Ok(1) } else { Err(true) },
                "{text}"
            );
        };
        check("a-key=0x890482680C3a0116aBB003B17e7D694D13a6c1eB", true);
        check("a-key=0x890482680c3a0116abb003b17e7d694d13a6c1eb", false);
        check("=0x890482680C3a0116aBB003B17e7D694D13a6c1eB", false);
        check("0x890482680C3a0116aBB003B17e7D694D13a6c1eB", false);
        check("", false);
    }
}
