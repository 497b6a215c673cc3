//! What a simulated Azuro is started with.

use super::chain::{Contracts, Purse};
use crate::sports::Sports;

/// Where bets are placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainSide {
    /// The chain of this crate, served at `/rpc`.
    InMemory,
    /// An outside node: `AzuroSim::take_submissions` and `AzuroSim::chain_said` connect the two.
    Outside,
}

/// How long the venue takes; pairs are lowest and highest, drawn per order from the seed (section 15.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latencies {
    /// From any request to its answer, microseconds.
    pub read_us: (i64, i64),
    /// From the POST of an order to its answer, microseconds (section 7.5: 124 ms in the middle).
    pub post_us: (i64, i64),
    /// From Created to Placed, microseconds.
    pub placed_us: i64,
    /// From Created to Sent, microseconds.
    pub sent_us: i64,
    /// From Created to the block, microseconds.
    pub mined_us: (i64, i64),
    /// How many of a thousand orders take up to `slow_us` instead.
    pub slow_permille: u64,
    /// The tail, microseconds.
    pub slow_us: i64,
    /// From the block to `Accepted`, microseconds.
    pub told_us: (i64, i64),
    /// From `Accepted` to its `betId`, microseconds (section 7.5).
    pub bet_id_us: (i64, i64),
}

impl Default for Latencies {
    fn default() -> Self {
        Self {
            read_us: (20_000, 60_000),
            post_us: (90_000, 165_000),
            placed_us: 300_000,
            sent_us: 1_500_000,
            mined_us: (3_000_000, 8_000_000),
            slow_permille: 30,
            slow_us: 60_000_000,
            told_us: (100_000, 600_000),
            bet_id_us: (0, 2_000_000),
        }
    }
}

/// What a simulated Azuro is started with.
#[derive(Clone, Debug)]
pub struct AzuroSimConfig {
    /// Drawn from: latencies, stopped lines.
    pub seed: u64,
    /// The world it quotes.
    pub sports: Sports,
    /// `environment` of every request.
    pub environment: String,
    /// Where everything is on chain.
    pub contracts: Contracts,
    /// Which chain the relayer sends to.
    pub chain: ChainSide,
    /// What wallets hold that nobody has given anything.
    pub purse: Purse,
    /// Every bettor has approved the relayer without limit.
    pub approved: bool,
    /// What the house keeps: how much the chances it quotes sum to beyond one, basis points.
    pub margin_bps: i64,
    /// Smallest stake, raw token units.
    pub min_bet_raw: u128,
    /// Largest stake, raw token units.
    pub max_bet_raw: u128,
    /// What the house may lose on one outcome, raw token units.
    pub max_loss_raw: u128,
    /// Largest `expiresAt` taken, seconds from now (section 7.2: the vendor's own client signs 300).
    pub expires_at_max_s: i64,
    /// How often odds move, ms.
    pub tick_ms: i64,
    /// From the end of a game to its resolution, ms.
    pub resolve_after_ms: i64,
    /// How many of a thousand lines are stopped within any minute before the game.
    pub stopped_permille: u64,
    /// How long things take.
    pub latencies: Latencies,
}

impl AzuroSimConfig {
    /// Polygon with USDT, 10,000 USDT and 5 POL in every wallet, nothing approved, a margin of 4 %.
    pub fn new(seed: u64, sports: Sports) -> Self {
        Self {
            seed,
            sports,
            environment: "PolygonUSDT".to_owned(),
            contracts: Contracts::polygon(),
            chain: ChainSide::InMemory,
            purse: Purse { token_raw: 10_000_000_000, native_wei: 5_000_000_000_000_000_000 },
            approved: false,
            margin_bps: 400,
            min_bet_raw: 1_000_000,
            max_bet_raw: 2_500_000_000,
            max_loss_raw: 5_000_000_000,
            expires_at_max_s: 310,
            tick_ms: 500,
            resolve_after_ms: 60_000,
            stopped_permille: 15,
            latencies: Latencies::default(),
        }
    }
}
