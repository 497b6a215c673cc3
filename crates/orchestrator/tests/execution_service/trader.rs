//! The shard under the service: the real clients, one pair.

use crate::rig::{NAMES, PAIR, PARADEX, VEST};
use books::Rules;
use domain::record::Policy;
use domain::{Instrument, InstrumentId, Mono, Rate, Size, Usd, VenueId};
use engine::EngineConfig;
use paradex_client::{InstrumentConfig, ParadexClient};
use perps::{Funding, PairConfig, Sizing};
use risk::Limits;
use shard::{Shard, ShardConfig, Venue};
use signing::{Felt, SanitizedValue, StarkKey, stark_account};
use vest_client::{Access, Registration, VestClient, VestConfig, VestInstrument};

/// Keys that hold nothing anywhere.
fn clients(last_nonce: u64) -> (VestClient, ParadexClient) {
    let key = |byte: &str| SanitizedValue::new(format!("0x{}", byte.repeat(32)));
    let access = Access::Account {
        signing_key: key("32"),
        registered: None,
        register: Some(Registration {
            primary_key: key("31"),
            verifying_contract: "0x919386306C47b2Fe1036e3B4F7C40D22D2461a23".to_owned(),
            valid_for_ms: 7 * 86_400_000,
            network_type: 0,
        }),
    };
    let one = VestInstrument { id: InstrumentId(0), pair: PAIR, symbol: "ETH-PERP".to_owned(), leverage: 5 };
    let vest = VestClient::new(VestConfig { last_nonce, recv_window_ms: 1_500, ..VestConfig::new(access, vec![one]) }).unwrap();
    let stark = SanitizedValue::new(format!("0x{}", "21".repeat(31)));
    let felt = |text: &str| Felt::from_hex(text).unwrap();
    let account = stark_account::account_address(
        &StarkKey::from_hex(&stark).unwrap().public_key(),
        &felt("0x3530cc4759d78042f1b543bf797f5f3d647cde0388c33734cf91b7f7b9314a9"),
        &felt("0x41cb0280ebadaa75f996d8d92c6f265f6d040bb3ba442e5f86a554f1765244e"),
    );
    let one = InstrumentConfig { id: InstrumentId(1), pair: PAIR, symbol: "ETH-USD-PERP".to_owned(), multiplier: None };
    let config = paradex_client::Config::new(account.to_hex_string(), stark, vec![one]);
    let l1_address = Some("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed".to_owned());
    let config = paradex_client::Config { onboard: true, l1_address, ..config };
    (vest, ParadexClient::new(config).unwrap())
}

/// A shard of one pair; `holds`: its exit spread never comes.
pub(crate) fn shard(last_nonce: u64, holds: bool) -> Shard {
    let engine = EngineConfig {
        policy: Policy::default(),
        limits: Limits {
            notional_per_leg: Usd::from_e8(500_000_000_000),
            notional_total: Usd::from_e8(2_000_000_000_000),
            open_rounds: 4,
            orders_per_minute: 600,
            clearance_ms: 1_000,
        },
        cooldown_ms: 200,
        max_holding_ms: None,
        adverse_move: Rate::from_bps(200),
        worst_loss_max: Usd::from_e8(100_000_000_000),
        reconcile_every_ms: 5_000,
        rules: engine::EntryRules::default(),
        config_hash: "test".to_owned(),
    };
    let pair = PairConfig {
        pair: PAIR,
        venues: NAMES,
        instruments: [InstrumentId(0), InstrumentId(1)],
        rules: [Rules::snapshots(), Rules::sequenced()],
        sizing: Sizing::Base(Size::from_e8(20_000_000).unwrap()),
        spread_entry: Rate::from_bps(25),
        spread_exit: Rate::from_bps(if holds { -10_000 } else { 10 }),
        edge_min: Rate::ZERO,
        confirm_ticks: 1,
        funding: Funding::Fixed(Rate::ZERO),
        buffers: Rate::ZERO,
        price_bound: Rate::from_bps(20),
        quote_usd: [None; 2],
    };
    let unknown = |id, venue: VenueId, symbol| Instrument::unknown(InstrumentId(id), venue, PAIR, symbol);
    let (vest, paradex) = clients(last_nonce);
    let venues = vec![
        Venue { id: NAMES[VEST], client: Box::new(vest), way: "REST" },
        Venue { id: NAMES[PARADEX], client: Box::new(paradex), way: "WS" },
    ];
    let config = ShardConfig {
        engine,
        pairs: vec![pair],
        instruments: vec![unknown(0, NAMES[VEST], "ETH-PERP"), unknown(1, NAMES[PARADEX], "ETH-USD-PERP")],
        tell_books: false,
        tell_spreads: false,
        watch_every_ms: None,
        stopwatch: Mono::default,
    };
    Shard::new(config, venues)
}
