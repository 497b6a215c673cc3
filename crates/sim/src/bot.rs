//! One life of the bot: the shard and what its shell knows.

use crate::network::{self, Told};
use crate::sabotage::{Bug, Sabotaged};
use books::Rules;
use domain::record::{Evening, Policy};
use domain::{Instrument, InstrumentId, Now, Pair, Rate, Size, Usd, VenueId};
use engine::EngineConfig;
use paradex_client::ParadexClient;
use perps::{Funding, PairConfig, Sizing};
use risk::Limits;
use shard::{Shard, ShardConfig, Venue};
use signing::SanitizedValue;
use venue_api::{Reply, VenueClient};
use vest_client::{Access, Registration, VestClient, VestConfig, VestInstrument};

pub(crate) const VEST: usize = 0;
pub(crate) const PARADEX: usize = 1;
pub(crate) const PAIR: Pair = Pair::new("ETH-USD");

/// Throw-away keys: they hold nothing anywhere.
pub(crate) struct Keys {
    pub(crate) stark_private: String,
    pub(crate) stark_public: String,
    pub(crate) stark_account: String,
    vest_primary: String,
    vest_signing: String,
}

impl Keys {
    pub(crate) fn throw_away() -> Self {
        let hex = |n: u8| format!("0x{}", format!("{n:02x}").repeat(31));
        let private = hex(0x21);
        let key = signing::StarkKey::from_hex(&SanitizedValue::new(private.clone())).expect("a constant below the order");
        let felt = |t| signing::Felt::from_hex(t).expect("a constant felt");
        let account = signing::stark_account::account_address(
            &key.public_key(),
            &felt("0x3530cc4759d78042f1b543bf797f5f3d647cde0388c33734cf91b7f7b9314a9"),
            &felt("0x41cb0280ebadaa75f996d8d92c6f265f6d040bb3ba442e5f86a554f1765244e"),
        );
        Self {
            stark_private: private,
            stark_public: key.public_key().to_hex_string(),
            stark_account: account.to_hex_string(),
            vest_primary: format!("0x{}", "31".repeat(32)),
            vest_signing: format!("0x{}", "32".repeat(32)),
        }
    }
}

/// A shard with its shell's memory.
pub(crate) struct Bot {
    pub(crate) shard: Shard,
    /// When the next tick is armed for.
    pub(crate) tick_at: Option<i64>,
}

pub(crate) fn policy(even: [Evening; 2]) -> Policy {
    let [entry_even, exit_even] = even;
    Policy { stuck_after_ms: 15_000, entry_even, exit_even, ..Policy::default() }
}

/// The engine's part of the configuration.
pub(crate) fn engine_config(max_holding_ms: i64, even: [Evening; 2]) -> EngineConfig {
    EngineConfig {
        policy: policy(even),
        limits: Limits {
            notional_per_leg: Usd::from_e8(500_000_000_000),
            notional_total: Usd::from_e8(2_000_000_000_000),
            open_rounds: 4,
            orders_per_minute: 600,
            clearance_ms: 1_000,
        },
        cooldown_ms: 1_000,
        max_holding_ms: Some(max_holding_ms),
        adverse_move: Rate::from_bps(200),
        worst_loss_max: Usd::from_e8(100_000_000_000),
        reconcile_every_ms: 10_000,
        rules: engine::EntryRules::default(),
        config_hash: "sim".to_owned(),
    }
}

impl Bot {
    /// Takes in what reached it from a venue.
    pub(crate) fn hear(&mut self, venue: usize, told: Told, now: Now) {
        match told {
            Told::Opened(conn) => self.shard.on_open(venue, conn, now),
            Told::Closed { conn, code, why } => self.shard.on_closed(venue, conn, code, why, now),
            Told::Frame { conn, message } => self.shard.on_frame(venue, conn, network::frame(&message), now),
            Told::Answer { request, status, retry_after_ms, body } => {
                self.shard.on_reply(venue, request, Reply::Answer { status, retry_after_ms, body: &body }, now);
            }
            Told::NoAnswer { request, why } => self.shard.on_reply(venue, request, Reply::Unknown(why), now),
            Told::Timer(timer) => self.shard.on_timer(venue, timer, now),
        }
    }

    /// A bot that knows nothing but its configuration.
    pub(crate) fn new(keys: &Keys, last_nonce: u64, bug: Option<Bug>, max_holding_ms: i64, even: [Evening; 2]) -> Self {
        let vest = VestConfig {
            last_nonce,
            ..VestConfig::new(
                Access::Account {
                    signing_key: SanitizedValue::new(keys.vest_signing.clone()),
                    registered: None,
                    register: Some(Registration {
                        primary_key: SanitizedValue::new(keys.vest_primary.clone()),
                        verifying_contract: "0x919386306C47b2Fe1036e3B4F7C40D22D2461a23".to_owned(),
                        valid_for_ms: 7 * 86_400_000,
                        network_type: 0,
                    }),
                },
                vec![VestInstrument { id: InstrumentId(0), pair: PAIR, symbol: "ETH-PERP".to_owned(), leverage: 5 }],
            )
        };
        let paradex = paradex_client::Config::new(
            keys.stark_account.clone(),
            SanitizedValue::new(keys.stark_private.clone()),
            vec![paradex_client::InstrumentConfig {
                id: InstrumentId(1),
                pair: PAIR,
                symbol: "ETH-USD-PERP".to_owned(),
                multiplier: None,
            }],
        );
        let vest = VestClient::new(vest).expect("a constant configuration");
        let paradex = ParadexClient::new(paradex).expect("a constant configuration");
        let size = Size::from_e8(20_000_000).expect("not negative");
        let wrap = |client: Box<dyn VenueClient>| -> Box<dyn VenueClient> {
            match bug {
                Some(bug) if bug.is_in_a_client() => Box::new(Sabotaged::new(client, bug, size)),
                _ => client,
            }
        };
        let venues = vec![
            Venue { id: VenueId::new("vest"), client: wrap(Box::new(vest)), way: "REST" },
            Venue { id: VenueId::new("paradex"), client: wrap(Box::new(paradex)), way: "WS" },
        ];
        let config = ShardConfig {
            engine: engine_config(max_holding_ms, even),
            pairs: vec![PairConfig {
                pair: PAIR,
                venues: [VenueId::new("vest"), VenueId::new("paradex")],
                instruments: [InstrumentId(0), InstrumentId(1)],
                rules: [Rules::snapshots(), Rules::sequenced()],
                sizing: Sizing::Base(size),
                spread_entry: Rate::from_bps(25),
                spread_exit: Rate::from_bps(10),
                edge_min: Rate::ZERO,
                confirm_ticks: 1,
                funding: Funding::Fixed(Rate::ZERO),
                buffers: Rate::ZERO,
                price_bound: Rate::from_bps(5),
                quote_usd: [None; 2],
            }],
            instruments: vec![
                Instrument::unknown(InstrumentId(0), VenueId::new("vest"), PAIR, "ETH-PERP"),
                Instrument::unknown(InstrumentId(1), VenueId::new("paradex"), PAIR, "ETH-USD-PERP"),
            ],
            tell_books: false,
            tell_spreads: false,
            watch_every_ms: None,
            stopwatch: domain::Mono::default,
        };
        Self { shard: Shard::new(config, venues), tick_at: None }
    }
}
