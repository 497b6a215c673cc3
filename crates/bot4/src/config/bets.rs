//! The betting venues and what is bet on them: the sections `bets`, `venues.sx` and `venues.azuro`.

use super::values::{Dollars, Percent};
use domain::{Rate, Sport, Usd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A sport that can be bet on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum SportWord {
    /// Association football.
    Soccer,
    /// Basketball.
    Basketball,
    /// Tennis.
    Tennis,
    /// Ice hockey.
    Hockey,
    /// Baseball.
    Baseball,
    /// American football.
    Football,
    /// Mixed martial arts.
    Mma,
}

impl From<SportWord> for Sport {
    fn from(word: SportWord) -> Self {
        match word {
            SportWord::Soccer => Self::Soccer,
            SportWord::Basketball => Self::Basketball,
            SportWord::Tennis => Self::Tennis,
            SportWord::Hockey => Self::Hockey,
            SportWord::Baseball => Self::Baseball,
            SportWord::Football => Self::Football,
            SportWord::Mma => Self::Mma,
        }
    }
}

/// What is bet between SX Bet and Azuro, and for how much; `bot4 quotes` shows it, no bet is placed by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BetsSection {
    /// Sports whose markets are read at both venues: soccer, basketball, tennis, hockey, baseball, football, mma.
    pub(crate) sports: Vec<SportWord>,
    /// Hours. Events that begin later are not looked at; from 1 to 720.
    pub(crate) horizon_h: u32,
    /// File that says which leagues, teams and events of the two venues are the same; only what it confirms is traded.
    pub(crate) mapping: PathBuf,
    /// USD. The most that one round may cost, both stakes and all costs together.
    pub(crate) budget_usd: Dollars,
    /// %. The margin that a round must leave in its worse outcome, after fees, costs and the rounding of the stakes. From 0 to
    /// below 100.
    pub(crate) margin_min_percent: Percent,
    /// USD. What each bet on Azuro is reckoned to cost in gas beside the relayer's fee: its share of approving and of taking
    /// out what was won.
    pub(crate) gas_usd: Dollars,
}

impl Default for BetsSection {
    fn default() -> Self {
        use SportWord::{Baseball, Basketball, Football, Hockey, Soccer, Tennis};
        Self {
            sports: vec![Soccer, Basketball, Tennis, Hockey, Baseball, Football],
            horizon_h: 48,
            mapping: PathBuf::from("config/mapping.yml"),
            budget_usd: Dollars(Usd::from_e8(100 * domain::SCALE)),
            margin_min_percent: Percent(Rate::from_bps(50)),
            gas_usd: Dollars(Usd::from_e8(domain::SCALE / 100)),
        }
    }
}

/// Where SX Bet is and how it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SxSection {
    /// Base of the REST API.
    pub(crate) rest: String,
    /// The realtime WebSocket; needs SX_API_KEY and SX_ACCOUNT_KEY, without which books are read over REST.
    pub(crate) ws: String,
    /// File with a certificate to trust beside the public ones (PEM): a simulator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = "sx.pem")]
    pub(crate) ca: Option<PathBuf>,
    /// Chain that the venue must name as its own: 4162, or 79479957 for its test network.
    pub(crate) chain_id: u64,
    /// Sign every request with the Ed25519 key SX_REQUEST_SEED, for a gateway of your own in front of the venue; the venue
    /// itself asks for none.
    pub(crate) sign_requests: bool,
    /// Seconds. Odds that the venue has not told anew for so long are not traded; its books are told when they change and after
    /// every reconnection.
    pub(crate) max_quote_age_s: u64,
}

impl Default for SxSection {
    fn default() -> Self {
        // venues/sx.md section 2.
        Self {
            rest: "https://api.sx.bet".to_owned(),
            ws: "wss://realtime.sx.bet/connection/websocket".to_owned(),
            ca: None,
            chain_id: 4162,
            sign_requests: false,
            max_quote_age_s: 900,
        }
    }
}

/// Where Azuro is and how it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AzuroSection {
    /// Chain and bet token, by the venue's word: PolygonUSDT, or PolygonAmoyUSDT for its test network.
    pub(crate) environment: String,
    /// Base of the REST API.
    pub(crate) rest: String,
    /// The feed's WebSocket.
    pub(crate) ws: String,
    /// Node of the chain (JSON-RPC), for bets and for `bot4 azuro`; quotes need none. Where its URL holds a key it belongs into
    /// AZURO_RPC_URL, which also names several, separated by commas: the first that answers and serves the chain is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = "https://polygon.example.com")]
    pub(crate) rpc: Option<String>,
    /// File with a certificate to trust beside the public ones (PEM): a simulator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = "azuro.pem")]
    pub(crate) ca: Option<PathBuf>,
    /// Seconds. Odds that were not read anew for so long are not traded; they are read every 15 seconds beside the feed.
    pub(crate) max_quote_age_s: u64,
}

impl Default for AzuroSection {
    fn default() -> Self {
        // venues/azuro.md section 1.
        Self {
            environment: "PolygonUSDT".to_owned(),
            rest: "https://api.onchainfeed.org/api/v1/public".to_owned(),
            ws: "wss://streams.onchainfeed.org/v1/streams/feed".to_owned(),
            // The specification names no node.
            rpc: None,
            ca: None,
            max_quote_age_s: 60,
        }
    }
}
