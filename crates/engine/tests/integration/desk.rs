//! A desk that does what its script says and writes down every call in order.

use domain::record::{LegPlan, Policy, Quoted, Record, Waterfall};
use domain::{
    AccountSnapshot, Fills, Instrument, InstrumentId, LegId, Lifecycle, Mono, Now, OrderEnd, OrderId, OrderNews, OrderReport,
    Pair, Position, Price, Purpose, Rate, RoundId, Side, Size, TimeInForce, Usd, VenueId, VenueKey, Wall,
};
use engine::{Desk, Engine, EngineConfig, Intent, Notice, Touch};
use risk::{ClearedOrder, Limits};
use venue_api::{Capabilities, KnownOrder, PrepareError, Prepared};

pub(crate) const PAIR: Pair = Pair::new("ETH-USD");
pub(crate) const ALFA: VenueId = VenueId::new("alfa");
pub(crate) const BRAVO: VenueId = VenueId::new("bravo");
const E8: i64 = 100_000_000;

pub(crate) fn now(ms: i64) -> Now {
    Now { mono: Mono::default().plus_ms(ms as u64 + 1_000), wall: Wall::from_ms(ms) }
}
pub(crate) fn size(v: i64) -> Size {
    Size::from_e8(v).expect("not negative")
}
pub(crate) fn price(v: i64) -> Price {
    Price::from_e8(v * E8).expect("above zero")
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) instruments: [Instrument; 2],
    pub(crate) capabilities: Capabilities,
    pub(crate) ready: [bool; 2],
    pub(crate) touch: [Option<Touch>; 2],
    pub(crate) executable: Option<Price>,
    /// Venues whose orders cannot be prepared.
    pub(crate) unprepared: Vec<VenueId>,
    pub(crate) log: Vec<String>,
    pub(crate) records: Vec<Record>,
    pub(crate) notices: Vec<Notice>,
    keys: u32,
}

impl Script {
    pub(crate) fn new() -> Self {
        let instrument = |n: u16, venue| Instrument {
            id: InstrumentId(n),
            venue,
            pair: PAIR,
            symbol: format!("{venue}-ETH"),
            tick: Price::from_e8(1_000_000).expect("above zero"),
            lot: size(100_000),
            min_size: size(100_000),
            min_notional: Usd::from_e8(10 * E8),
            max_size: None,
            taker_fee: Rate::from_bps(2),
            quote: "USD".to_owned(),
            lifecycle: Lifecycle::Trading,
            multiplier: 1,
            initial_margin: None,
            price_band: None,
        };
        let touch = Some(Touch { bid: price(2_999), ask: price(3_001) });
        Self {
            instruments: [instrument(0, ALFA), instrument(1, BRAVO)],
            capabilities: Capabilities {
                immediate: TimeInForce::Ioc,
                reduce_only: true,
                market_needs_limit: true,
                cancel: true,
                fence_ms: 5_000,
                price_band: None,
            },
            ready: [true; 2],
            touch: [touch; 2],
            executable: Some(price(3_000)),
            unprepared: Vec::new(),
            log: Vec::new(),
            records: Vec::new(),
            notices: Vec::new(),
            keys: 0,
        }
    }
    /// The calls since the last look.
    pub(crate) fn calls(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }
}

impl Desk for Script {
    fn instrument(&self, id: InstrumentId) -> &Instrument {
        &self.instruments[usize::from(id.0)]
    }
    fn capabilities(&self, _: VenueId) -> Option<&Capabilities> {
        Some(&self.capabilities)
    }
    fn ready(&self, venue: VenueId) -> bool {
        self.ready[usize::from(venue == BRAVO)]
    }
    fn touch(&self, id: InstrumentId) -> Option<Touch> {
        self.touch[usize::from(id.0)]
    }
    fn executable(&self, _: InstrumentId, _: Side, _: Size) -> Option<Price> {
        self.executable
    }
    fn reference(&self, _: InstrumentId) -> Option<Price> {
        Some(price(3_000))
    }
    fn prepare(&mut self, order: ClearedOrder, now: Now) -> Result<Prepared, PrepareError> {
        let spec = order.take(now.mono)?;
        if self.unprepared.contains(&spec.venue) {
            return Err(PrepareError::NotReady("the script says so"));
        }
        self.keys += 1;
        self.log.push(format!("prepare {}", short(spec.id)));
        let dead_after = now.wall.plus_ms(self.capabilities.fence_ms);
        Ok(Prepared { spec, key: VenueKey { key: format!("key-{}", self.keys), hash: None, dead_after } })
    }
    fn discard(&mut self, order: Prepared) {
        self.log.push(format!("discard {}", short(order.spec.id)));
    }
    fn record(&mut self, record: Record) {
        self.log.push(format!("record {}", record.word()));
        self.records.push(record);
    }
    fn send(&mut self, order: Prepared, _: Now) {
        self.log.push(format!("send {}", short(order.spec.id)));
    }
    fn query(&mut self, _: VenueId, order: OrderId, _: Now) {
        self.log.push(format!("query {}", short(order)));
    }
    fn cancel(&mut self, _: VenueId, order: OrderId, _: Now) {
        self.log.push(format!("cancel {}", short(order)));
    }
    fn read_account(&mut self, venue: VenueId, _: Now) {
        self.log.push(format!("read {venue}"));
    }
    fn adopt(&mut self, _: VenueId, order: KnownOrder) {
        self.log.push(format!("adopt {}", short(order.spec.id)));
    }
    fn forget(&mut self, _: VenueId, order: OrderId) {
        self.log.push(format!("forget {}", short(order)));
    }
    fn notice(&mut self, notice: Notice) {
        self.notices.push(notice);
    }
}

/// `b4-1-1-ae1` as `ae1`.
fn short(id: OrderId) -> String {
    id.to_string().rsplit('-').next().unwrap_or_default().to_owned()
}

pub(crate) fn config() -> EngineConfig {
    EngineConfig {
        policy: Policy::default(),
        limits: Limits {
            notional_per_leg: Usd::from_e8(5_000 * E8),
            notional_total: Usd::from_e8(20_000 * E8),
            open_rounds: 4,
            orders_per_minute: 600,
            clearance_ms: 1_000,
        },
        cooldown_ms: 1_000,
        max_holding_ms: Some(60_000),
        adverse_move: Rate::from_bps(200),
        worst_loss_max: Usd::from_e8(1_000 * E8),
        reconcile_every_ms: 10_000,
        rules: engine::EntryRules::default(),
        config_hash: "c0ffee".to_owned(),
    }
}

/// One ETH, long on alfa and short on bravo.
pub(crate) fn intent() -> Intent {
    let leg = |venue, n| LegPlan { venue, instrument: InstrumentId(n), lot: size(100_000) };
    Intent {
        pair: PAIR,
        legs: [leg(ALFA, 0), leg(BRAVO, 1)],
        size: size(E8),
        limits: [price(3_001), price(3_010)],
        spread: Rate::from_bps(30),
        threshold: Rate::from_bps(25),
        quoted: Quoted { tops: [price(3_000), price(3_011)], executable: [price(3_001), price(3_010)] },
        waterfall: Waterfall::default(),
    }
}

/// An engine in its first life with both venues up and compared.
pub(crate) fn up(config: EngineConfig) -> (Engine, Script) {
    let (mut engine, mut desk) = (Engine::new(config), Script::new());
    engine.start(1, now(0), &mut desk);
    engine.restored(&mut desk);
    for venue in [ALFA, BRAVO] {
        engine.venue_ready(venue, now(0), &mut desk);
        engine.on_account(venue, &account([]), now(0), &mut desk);
    }
    desk.calls();
    (engine, desk)
}

pub(crate) fn account<const N: usize>(positions: [(u16, i64); N]) -> AccountSnapshot {
    AccountSnapshot {
        positions: positions.iter().map(|&(n, size_e8)| Position { instrument: InstrumentId(n), size_e8, entry: None }).collect(),
        ..AccountSnapshot::default()
    }
}

pub(crate) fn order(leg: LegId, purpose: Purpose, attempt: u16) -> OrderId {
    OrderId { round: RoundId { epoch: 1, seq: 1 }, leg, purpose, attempt }
}

pub(crate) fn fills(v: i64, at: i64) -> Fills {
    let size = size(v);
    Fills { size, cost: size.cost(price(at)), fee: Usd::from_e8(v / 10), funding: Usd::ZERO }
}

pub(crate) fn filled(order: OrderId, v: i64, at: i64) -> OrderReport {
    OrderReport { order, news: OrderNews::Done { fills: fills(v, at), end: OrderEnd::Filled } }
}

pub(crate) const ONE: i64 = E8;
