//! The configuration as a file says it, section by section. The words above each setting are what the operator reads: in
//! the example file, in the reference and in his editor, all of which are made from them.

use super::bets::{AzuroSection, BetsSection, SxSection};
use super::pairs::{self, PairEntry};
use super::values::{Dollars, Even, Funding, Generation, Mode, PerUnit, Percent, QuietWindow, Stop, Survives};
use domain::record::Policy;
use domain::{Rate, Usd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where Vest is and how it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct VestSection {
    /// Base of the REST API.
    pub(crate) rest: String,
    /// The WebSocket.
    pub(crate) ws: String,
    /// Where market data comes from: v2, the documented interface that orders use as well, or v3, that of the venue's present
    /// web application. Orders go to v2 in both cases.
    pub(crate) data: Generation,
    /// Base of the third generation's REST API, read where `data` is v3.
    pub(crate) v3_rest: String,
    /// The third generation's WebSocket, read where `data` is v3.
    pub(crate) v3_ws: String,
    /// File with a certificate to trust beside the public ones (PEM): a simulator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = "vest.pem")]
    pub(crate) ca: Option<PathBuf>,
    /// Router contract that a registration names.
    pub(crate) verifying_contract: String,
    /// Leverage that is set for every symbol.
    pub(crate) leverage: u32,
    /// ms. How long a signed order stays acceptable to the venue; from 1 to 60000.
    pub(crate) recv_window_ms: i64,
    /// %. Added to the fee the venue publishes, since what it really takes includes a premium that it does not publish.
    pub(crate) fee_allowance_percent: Percent,
    /// ms. A book without a word from the venue for this long does not trade.
    pub(crate) max_book_age_ms: u64,
    /// Windows of the week, UTC, without new rounds: `"04:25-04:50 mon-fri"`; without a day it is every day. Open rounds are
    /// closed in them as always.
    pub(crate) quiet: Vec<QuietWindow>,
    /// USD. What one unit of the venue's quote currency is worth; left out, what the venues say, else 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = "1.0000")]
    pub(crate) quote_usd: Option<PerUnit>,
}

impl Default for VestSection {
    fn default() -> Self {
        Self {
            rest: "https://server-prod.hz.vestmarkets.com/v2".to_owned(),
            ws: "wss://ws-prod.hz.vestmarkets.com/ws-api".to_owned(),
            data: Generation::default(),
            // venues/vest.md section 15.
            v3_rest: "https://api-gateway.hz.vestmarkets.com".to_owned(),
            v3_ws: "wss://ws.hz.vestmarkets.com/ws?version=1.0".to_owned(),
            ca: None,
            verifying_contract: "0x919386306C47b2Fe1036e3B4F7C40D22D2461a23".to_owned(),
            leverage: 5,
            recv_window_ms: 5_000,
            fee_allowance_percent: Percent(Rate::ZERO),
            max_book_age_ms: 2_000,
            quiet: Vec::new(),
            quote_usd: None,
        }
    }
}

/// Where Paradex is and how it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ParadexSection {
    /// Base of the REST API.
    pub(crate) rest: String,
    /// The WebSocket.
    pub(crate) ws: String,
    /// File with a certificate to trust beside the public ones (PEM): a simulator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = "paradex.pem")]
    pub(crate) ca: Option<PathBuf>,
    /// Onboard the account at start; needs its main key and PARADEX_L1_ADDRESS.
    pub(crate) onboard: bool,
    /// ms. How long a signed order stays acceptable to the venue; from 10 to 60000.
    pub(crate) recv_window_ms: u64,
    /// ms. A book without a word from the venue for this long does not trade.
    pub(crate) max_book_age_ms: u64,
    /// Windows of the week, UTC, without new rounds; the venue releases new versions on working days at 04:30. Open rounds
    /// are closed in them as always.
    pub(crate) quiet: Vec<QuietWindow>,
    /// USD. What one unit of the venue's quote currency is worth; left out, what the venues say, else 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = "1.0000")]
    pub(crate) quote_usd: Option<PerUnit>,
}

/// venues/paradex.md section 12: releases on weekdays at 04:30 UTC, for about 15 minutes.
const PARADEX_RELEASES: QuietWindow = QuietWindow { from_min: 4 * 60 + 25, to_min: 4 * 60 + 50, days: 0b001_1111 };

impl Default for ParadexSection {
    fn default() -> Self {
        Self {
            rest: "https://api.prod.paradex.trade/v1".to_owned(),
            ws: "wss://ws.api.prod.paradex.trade/v1".to_owned(),
            ca: None,
            onboard: false,
            recv_window_ms: 1_500,
            max_book_age_ms: 2_000,
            quiet: vec![PARADEX_RELEASES],
            quote_usd: None,
        }
    }
}

/// Where the venues are. TLS only: wss:// and https://.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct VenuesSection {
    pub(crate) vest: VestSection,
    pub(crate) paradex: ParadexSection,
    pub(crate) sx: SxSection,
    pub(crate) azuro: AzuroSection,
}

/// How orders and rounds are driven. A round keeps what it was opened with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ExecutionSection {
    /// Most attempts per leg at entry, the first one included.
    pub(crate) max_attempts: u16,
    /// ms. Fixed pause before the next attempt.
    pub(crate) retry_delay_ms: i64,
    /// What is done about legs that filled unevenly at entry: complete (the leg behind is tried again while the edge and
    /// attempts last, then the other one is trimmed) or trim (the leg ahead is cut back at once).
    pub(crate) entry_even: Even,
    /// The same at exit: complete (what is left of both is closed) or trim (the leg ahead is brought down to the other one,
    /// and the smaller position is held on).
    pub(crate) exit_even: Even,
    /// ms. An order without a final word for this long counts as unknown, and the venue is asked.
    pub(crate) answer_ms: i64,
    /// ms. How long one leg may hold what the other does not before it is closed.
    pub(crate) max_uncovered_ms: i64,
    /// ms. Pause between two questions about one order.
    pub(crate) query_every_ms: i64,
    /// %. How far beyond the best price the first close may go; doubles with every attempt.
    pub(crate) close_step_percent: Percent,
    /// Attempt from which on a close goes at the market.
    pub(crate) close_market_from: u16,
    /// ms. Pause before the next attempt to close.
    pub(crate) close_retry_ms: i64,
    /// ms. From how long uncovered on a person is called; trying goes on.
    pub(crate) stuck_after_ms: i64,
    /// ms. Pause of a pair after an entry that failed.
    pub(crate) cooldown_ms: i64,
    /// ms. No round is opened for this long after a venue came up.
    pub(crate) warm_up_ms: i64,
    /// %. How far beyond the price that was seen an order may fill.
    pub(crate) price_bound_percent: Percent,
    /// ms. How often both venues' positions are compared with the journal.
    pub(crate) reconcile_every_ms: i64,
    /// Seconds. Longest time stopping may take before what is left is named and the bot ends all the same.
    pub(crate) stop_limit_s: u64,
}

impl Default for ExecutionSection {
    fn default() -> Self {
        let p = Policy::default();
        Self {
            max_attempts: p.max_attempts,
            retry_delay_ms: p.retry_delay_ms,
            entry_even: Even::Complete,
            exit_even: Even::Complete,
            answer_ms: p.answer_ms,
            max_uncovered_ms: p.max_uncovered_ms,
            query_every_ms: p.query_every_ms,
            close_step_percent: Percent(p.close_step),
            close_market_from: p.close_market_from,
            close_retry_ms: p.close_retry_ms,
            stuck_after_ms: p.stuck_after_ms,
            cooldown_ms: 2_000,
            warm_up_ms: 500,
            price_bound_percent: Percent(Rate::from_bps(5)),
            reconcile_every_ms: 30_000,
            stop_limit_s: 30,
        }
    }
}

const fn usd(whole: i64) -> Dollars {
    Dollars(Usd::from_e8(whole * domain::SCALE))
}

/// Caps; what would pass one is not opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RiskSection {
    /// USD. Largest leg.
    pub(crate) notional_per_leg_usd: Dollars,
    /// USD. All legs together.
    pub(crate) notional_total_usd: Dollars,
    /// Rounds open at the same time.
    pub(crate) open_rounds: usize,
    /// Orders sent within a minute, over all venues.
    pub(crate) orders_per_minute: usize,
    /// %. Move against us that is assumed while one leg is uncovered, to bound the worst loss of a round.
    pub(crate) adverse_move_percent: Percent,
    /// USD. Largest worst loss of a round.
    pub(crate) worst_loss_usd: Dollars,
}

impl Default for RiskSection {
    fn default() -> Self {
        Self {
            notional_per_leg_usd: usd(5_000),
            notional_total_usd: usd(50_000),
            open_rounds: 10,
            orders_per_minute: 120,
            adverse_move_percent: Percent(Rate::from_bps(200)),
            worst_loss_usd: usd(200),
        }
    }
}

/// HTTP connections to the venues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct HttpSection {
    /// Seconds. How long an unused connection is kept.
    pub(crate) pool_idle_timeout_s: u64,
    /// Unused connections kept per venue.
    pub(crate) pool_max_idle_per_host: usize,
}

impl Default for HttpSection {
    fn default() -> Self {
        Self { pool_idle_timeout_s: 90, pool_max_idle_per_host: 4 }
    }
}

/// The journal: what every start begins from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct JournalSection {
    /// What a record survives before its order leaves: process (the end of the process; the disk follows within milliseconds)
    /// or power (a power cut; every order waits for the disk).
    pub(crate) durability: Survives,
    /// MiB that all its files together may take; reached, no round is opened. At least 40.
    pub(crate) cap_mb: u64,
}

impl Default for JournalSection {
    fn default() -> Self {
        Self { durability: Survives::Process, cap_mb: 1_024 }
    }
}

/// The copy of the journal in Postgres, for a machine that is lost. Which one is a credential: DATABASE_URL in `.env`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DatabaseSection {
    /// DATABASE_URL leads to a pooler in transaction mode (Supabase: port 6543).
    pub(crate) txn_pool: bool,
    /// File with the certificate that the server's must lead to (PEM), where it is not a public one; Supabase offers it for
    /// download in the project's database settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = "supabase.crt")]
    pub(crate) root_cert: Option<PathBuf>,
    /// Accept a server whose certificate is not checked; whoever stands between can read and change everything.
    pub(crate) allow_unverified_tls: bool,
    /// Seconds. How far the copy may be behind before that is warned about.
    pub(crate) lag_warn_s: u64,
    /// Records that may wait for the database; reached, no round is opened until it has caught up.
    pub(crate) cap_records: u64,
    /// Do not start while the database cannot be reached.
    pub(crate) required: bool,
}

impl Default for DatabaseSection {
    fn default() -> Self {
        Self {
            txn_pool: false,
            root_cert: None,
            allow_unverified_tls: false,
            lag_warn_s: 30,
            cap_records: 1_000_000,
            required: false,
        }
    }
}

/// `mode: paper`: the market is real, orders are matched inside the bot against the live book, and the money is imagined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PaperSection {
    /// USD. Cash that each venue's imagined account begins with at every start.
    pub(crate) balance_usd: Dollars,
    /// ms. From an order's leaving to the venue's acknowledgement.
    pub(crate) ack_ms: u64,
    /// ms. From the acknowledgement to the match, against the book as it is then.
    pub(crate) fill_ms: u64,
}

impl Default for PaperSection {
    fn default() -> Self {
        Self { balance_usd: usd(100_000), ack_ms: 100, fill_ms: 100 }
    }
}

/// `bot4 watchdog`: a process of its own that closes what is uncovered when the bot is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WatchdogSection {
    /// ms. How often the bot says that it lives; at least 100.
    pub(crate) heartbeat_ms: u64,
    /// ms. Silence after which the watchdog takes over; at least twice `heartbeat_ms`.
    pub(crate) takeover_ms: u64,
    /// Seconds. How long it tries before it calls a person.
    pub(crate) limit_s: u64,
}

impl Default for WatchdogSection {
    fn default() -> Self {
        Self { heartbeat_ms: 1_000, takeover_ms: 5_000, limit_s: 60 }
    }
}

/// Settings of bot4.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FileConfig {
    /// What kind of money: demo (simulated venues), paper (real market, simulated fills) or live (real orders).
    pub(crate) mode: Mode,
    /// What is traded, at least one pair: a name, or a map with settings of its own, all of them optional but `pair`.
    #[serde(deserialize_with = "pairs::read")]
    #[schemars(with = "Vec<pairs::Written>")]
    pub(crate) pairs: Vec<PairEntry>,
    /// %. Both legs are opened when the executable spread, before costs, is at or over this. Above 0, below 100. The name
    /// entry_threshold is accepted too.
    pub(crate) spread_entry: Percent,
    /// %. Both legs are closed when the exit spread is at or under this. Above 0, below spread_entry. The name exit_threshold
    /// is accepted too.
    pub(crate) spread_exit: Percent,
    /// %. What must be left of an entry's spread after both venues' fees, expected funding and buffer.
    pub(crate) edge_min: Percent,
    /// USD. Size of each leg, for pairs that give none of their own.
    pub(crate) notional_usd: Dollars,
    /// Updates in a row that must show an opportunity before it is taken; 1 takes the first.
    pub(crate) confirm_ticks: u32,
    /// What both legs together are expected to pay in funding: venue (the venues' own rates over the holding horizon), or a
    /// fixed figure in %, negative if they receive it. The name expected_funding is accepted too.
    pub(crate) funding: Funding,
    /// Seconds. For how long a position is expected to be held, to reckon its funding.
    pub(crate) holding_horizon_s: u64,
    /// %. Safety margin that is taken off the edge.
    pub(crate) buffer: Percent,
    /// Seconds. A position is closed after this long whatever the spread; left out, it is held until the spread closes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = 3600)]
    pub(crate) max_holding_s: Option<u64>,
    /// What becomes of open positions when the bot stops: leave (hedged, restored at the next start) or flatten (closed).
    pub(crate) on_stop: Stop,
    /// Folder of journal and database; made if it is missing.
    pub(crate) state: PathBuf,
    /// Seconds. How often what was seen and not taken is summed up for `bot4 explain`; 0 keeps none.
    pub(crate) explain_period_s: u64,
    pub(crate) execution: ExecutionSection,
    pub(crate) risk: RiskSection,
    pub(crate) http: HttpSection,
    pub(crate) journal: JournalSection,
    pub(crate) database: DatabaseSection,
    pub(crate) watchdog: WatchdogSection,
    pub(crate) paper: PaperSection,
    pub(crate) bets: BetsSection,
    pub(crate) venues: VenuesSection,
}

impl Default for FileConfig {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            pairs: Vec::new(),
            spread_entry: Percent(Rate::from_bps(30)),
            spread_exit: Percent(Rate::from_bps(5)),
            edge_min: Percent(Rate::ZERO),
            notional_usd: usd(500),
            confirm_ticks: 1,
            funding: Funding::Venue,
            holding_horizon_s: 3_600,
            buffer: Percent(Rate::ZERO),
            max_holding_s: None,
            on_stop: Stop::default(),
            state: PathBuf::from("state"),
            explain_period_s: 60,
            execution: ExecutionSection::default(),
            risk: RiskSection::default(),
            http: HttpSection::default(),
            journal: JournalSection::default(),
            database: DatabaseSection::default(),
            watchdog: WatchdogSection::default(),
            paper: PaperSection::default(),
            bets: BetsSection::default(),
            venues: VenuesSection::default(),
        }
    }
}
