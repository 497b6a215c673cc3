//! What a client runs with: resolved and checked, no file format and no defaults of an operator in it.

use crate::error::Error;
use signing::SanitizedValue;
use signing::eip712::Address;

/// Everything the client needs to know before it starts.
#[derive(Clone, Debug)]
pub struct SxConfig {
    /// The account's API key; goes to the venue's own hosts only.
    pub api_key: SanitizedValue,
    /// The account's secp256k1 key: signs orders. The API key must belong to its address (spec section 3).
    pub account_key: SanitizedValue,
    /// Seed of an Ed25519 key that signs every request for a gateway of the operator's own; the venue asks for none.
    pub request_seed: Option<SanitizedValue>,
    /// The chain that metadata must name: 4162, or 79479957 on the test network.
    pub chain_id: u64,
    /// The escrow that metadata must name, where the operator pins one.
    pub escrow: Option<Address>,
    /// Sports whose markets are read, by the venue's numbers.
    pub sports: Vec<u32>,
    /// How long the answer to an order may wait for its outcome, ms; at most 15,000 (spec section 7.2).
    pub wait_ms: u32,
    /// When to give up on the answer to an order, ms; must leave room beyond `wait_ms`.
    pub order_timeout_ms: u64,
    /// When to give up on any other answer, ms.
    pub read_timeout_ms: u64,
    /// How often metadata is read again, ms.
    pub metadata_every_ms: u64,
    /// Metadata older than this takes no order, ms.
    pub metadata_age_ms_max: u64,
    /// How often the markets are read again, ms.
    pub markets_every_ms: u64,
    /// The betting delay to reckon with when the venue publishes none, ms.
    pub delay_ms: u64,
    /// How long the venue keeps resting orders without a word from us, s.
    pub heartbeat_s: u32,
    /// When an order whose fate is open is asked about, ms after the last word; the last one repeats.
    pub query_delays_ms: Vec<u64>,
    /// How often a bet that rests or waits for its event to end is asked about, ms.
    pub settle_every_ms: u64,
    /// How often best odds are read for watched markets whose channel the venue refuses, ms.
    pub odds_every_ms: u64,
    /// Reads per second at most (spec section 13: plan for 8).
    pub reads_per_s: u32,
    /// Orders, cancels and heartbeats per second at most (spec section 13: plan for 20).
    pub orders_per_s: u32,
}

impl SxConfig {
    /// The values of the specification for everything but the account and the network.
    pub fn new(api_key: SanitizedValue, account_key: SanitizedValue, chain_id: u64) -> Self {
        Self {
            api_key,
            account_key,
            request_seed: None,
            chain_id,
            escrow: None,
            sports: vec![5],
            wait_ms: 15_000,
            order_timeout_ms: 25_000,
            read_timeout_ms: 5_000,
            metadata_every_ms: 60_000,
            metadata_age_ms_max: 300_000,
            markets_every_ms: 60_000,
            delay_ms: 15_000,
            heartbeat_s: 60,
            query_delays_ms: vec![250, 500, 750, 1_500, 3_000],
            settle_every_ms: 60_000,
            odds_every_ms: 1_000,
            reads_per_s: 8,
            orders_per_s: 20,
        }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let rules = [
            (self.wait_ms <= 15_000, "wait_ms is at most 15000"),
            (self.order_timeout_ms >= u64::from(self.wait_ms) + 5_000, "order_timeout_ms leaves at least 5000 beyond wait_ms"),
            (!self.sports.is_empty(), "sports names at least one"),
            (!self.query_delays_ms.is_empty() && !self.query_delays_ms.contains(&0), "query_delays_ms has entries above 0"),
            ((3..=3_600).contains(&self.heartbeat_s), "heartbeat_s lies between 3 and 3600"),
            ((1..=100).contains(&self.reads_per_s), "reads_per_s lies between 1 and 100"),
            ((1..=100).contains(&self.orders_per_s), "orders_per_s lies between 1 and 100"),
            (self.settle_every_ms >= 100 && self.odds_every_ms >= 100, "settle_every_ms and odds_every_ms are at least 100"),
            (!self.api_key.expose_secret().is_empty(), "api_key is there"),
        ];
        rules.iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, rule)| Err(Error::Config(rule)))
    }
}
