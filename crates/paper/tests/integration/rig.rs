//! A client whose market is what the test says, and the paper account around it.

use books::Rules;
use domain::{
    AccountSnapshot, BookKind, Instrument, InstrumentId, LegId, Level, Lifecycle, MarketEvent, Mono, Now, OrderId, OrderNews,
    OrderSpec, OrderType, Pair, Price, Purpose, Rate, RoundId, Side, Size, TimeInForce, Usd, VenueId, Wall,
};
use paper::{PaperClient, PaperConfig};
use risk::{ClearedOrder, Gate, Limits};
use std::cell::RefCell;
use std::rc::Rc;
use venue_api::{
    Action, Capabilities, ConnId, Frame, KnownOrder, Out, PrepareError, Prepared, Reply, RequestId, TimerId, VenueClient,
    VenueNews,
};

const VENUE: VenueId = VenueId::new("real");
/// The gate lets everything pass: it is not under test.
const LIMITS: Limits = Limits {
    notional_per_leg: Usd::from_e8(i64::MAX),
    notional_total: Usd::from_e8(i64::MAX),
    open_rounds: 10,
    orders_per_minute: 1_000,
    clearance_ms: 1_000,
};
const ETH: InstrumentId = InstrumentId(0);

pub(crate) fn px(t: &str) -> Price {
    Price::parse(t.as_bytes()).unwrap()
}
pub(crate) fn size(t: &str) -> Size {
    Size::parse(t.as_bytes()).unwrap()
}
pub(crate) fn usd(t: &str) -> Usd {
    Usd::parse(t.as_bytes()).unwrap()
}

pub(crate) fn order(n: u16, side: Side, sz: &str, limit: &str) -> OrderSpec {
    let id = OrderId { round: RoundId { epoch: 1, seq: 1 }, leg: LegId::A, purpose: Purpose::Entry, attempt: n };
    OrderSpec {
        id,
        venue: VENUE,
        instrument: ETH,
        side,
        size: size(sz),
        limit: px(limit),
        kind: OrderType::Limit,
        tif: TimeInForce::Ioc,
        reduce_only: false,
    }
}

/// What the test can reach of the client inside.
struct Inside {
    instruments: Vec<Instrument>,
    capabilities: Capabilities,
    ready: bool,
    next: Option<(Vec<MarketEvent>, Vec<Level>)>,
    seen: Vec<&'static str>,
}

/// The client inside: says what it is told to say, and must never meet an order.
struct Scripted(Rc<RefCell<Inside>>, Vec<Instrument>, Capabilities);

impl Scripted {
    fn saw(&self, what: &'static str) {
        let seen = &mut self.0.borrow_mut().seen;
        if seen.last() != Some(&what) {
            seen.push(what);
        }
    }
}

impl VenueClient for Scripted {
    fn venue(&self) -> VenueId {
        VENUE
    }
    fn capabilities(&self) -> &Capabilities {
        &self.2
    }
    fn instruments(&self) -> &[Instrument] {
        &self.1
    }
    fn ready(&self) -> bool {
        self.0.borrow().ready
    }
    fn start(&mut self, _: Now, _: &mut Out) {
        self.saw("start");
    }
    fn on_open(&mut self, _: ConnId, _: Now, _: &mut Out) {
        self.saw("open");
    }
    fn on_closed(&mut self, _: ConnId, _: Option<u16>, _: &str, _: Now, _: &mut Out) {
        self.saw("closed");
    }
    fn on_frame(&mut self, _: ConnId, _: Frame<'_>, _: Now, out: &mut Out) {
        self.saw("frame");
        let mut inside = self.0.borrow_mut();
        self.1.clone_from(&inside.instruments);
        self.2.clone_from(&inside.capabilities);
        if let Some((events, levels)) = inside.next.take() {
            (out.market, out.levels) = (events, levels);
        }
    }
    fn on_reply(&mut self, _: RequestId, _: Reply<'_>, _: Now, _: &mut Out) {
        self.saw("reply");
    }
    fn on_timer(&mut self, _: TimerId, _: Now, _: &mut Out) {
        self.saw("timer");
    }
    fn prepare(&mut self, _: ClearedOrder, _: Now) -> Result<Prepared, PrepareError> {
        panic!("an order reached the real client")
    }
    fn send(&mut self, _: Prepared, _: Now, _: &mut Out) {
        panic!("an order reached the real client")
    }
    fn discard(&mut self, _: Prepared) {
        panic!("an order reached the real client")
    }
    fn cancel(&mut self, _: OrderId, _: Now, _: &mut Out) {
        panic!("a cancel reached the real client")
    }
    fn query(&mut self, _: OrderId, _: Now, _: &mut Out) {
        panic!("a question about an order reached the real client")
    }
    fn read_account(&mut self, _: Now, _: &mut Out) {
        panic!("the real account was asked for")
    }
    fn adopt(&mut self, _: KnownOrder) {
        panic!("an order reached the real client")
    }
    fn forget(&mut self, _: OrderId) {
        panic!("an order reached the real client")
    }
    fn stop(&mut self, _: Now, _: &mut Out) {
        self.saw("stop");
    }
}

/// The paper account under test, its clock and its timers.
pub(crate) struct Rig {
    pub(crate) client: PaperClient,
    pub(crate) market_events: usize,
    inside: Rc<RefCell<Inside>>,
    gate: Gate,
    now: Now,
    timers: Vec<(Mono, TimerId)>,
    news: Vec<VenueNews>,
}

impl Rig {
    pub(crate) fn new() -> Self {
        let mut eth = Instrument::unknown(ETH, VENUE, Pair::new("ETH-USD"), "ETH");
        (eth.tick, eth.lot, eth.min_size) = (px("0.01"), size("0.01"), size("0.01"));
        (eth.taker_fee, eth.lifecycle) = (Rate::from_bps(10), Lifecycle::Trading);
        let capabilities = Capabilities {
            immediate: TimeInForce::Ioc,
            reduce_only: true,
            market_needs_limit: false,
            cancel: true,
            fence_ms: 2_000,
            price_band: None,
        };
        let inside = Rc::new(RefCell::new(Inside {
            instruments: vec![eth.clone()],
            capabilities: capabilities.clone(),
            ready: true,
            next: None,
            seen: Vec::new(),
        }));
        let config = PaperConfig {
            ack_ms: 50,
            fill_ms: 100,
            balance: usd("1000"),
            initial_margin: Rate::from_bps(2_000),
            rules: Rules { warm_up_updates: 1, age_ms_max: 60_000, ..Rules::snapshots() },
        };
        let scripted = Scripted(Rc::clone(&inside), vec![eth], capabilities);
        let now = Now { mono: Mono(1), wall: Wall::from_ms(1_700_000_000_000) };
        let mut rig = Self {
            client: PaperClient::new(Box::new(scripted), config),
            market_events: 0,
            inside,
            gate: Gate::new(LIMITS),
            now,
            timers: Vec::new(),
            news: Vec::new(),
        };
        rig.step(|c, now, out| c.start(now, out));
        rig
    }

    fn step(&mut self, act: impl FnOnce(&mut PaperClient, Now, &mut Out)) {
        let mut out = Out::default();
        act(&mut self.client, self.now, &mut out);
        self.market_events += out.market.len();
        self.news.append(&mut out.news);
        for action in out.actions {
            match action {
                Action::Timer { id, at } => self.timers.push((at, id)),
                other => panic!("a paper account asks for {other:?}"),
            }
        }
    }

    fn say(&mut self, events: Vec<MarketEvent>, levels: Vec<Level>) {
        self.inside.borrow_mut().next = Some((events, levels));
        self.step(|c, now, out| c.on_frame(ConnId(0), Frame::Text(""), now, out));
    }
    pub(crate) fn book(&mut self, bids: &[(&str, &str)], asks: &[(&str, &str)]) {
        let level = |(p, s): &(&str, &str)| Level { price: px(p).e8(), size: size(s).e8() };
        let levels: Vec<Level> = bids.iter().chain(asks).map(level).collect();
        let (middle, end) = (u32::try_from(bids.len()).unwrap(), u32::try_from(levels.len()).unwrap());
        let (kind, venue_time) = (BookKind::Snapshot, None);
        let event = MarketEvent::Book { instrument: ETH, kind, seq: 0, venue_time, bids: 0..middle, asks: middle..end };
        self.say(vec![event], levels);
    }
    pub(crate) fn mark(&mut self, price: &str) {
        self.say(vec![MarketEvent::Mark { instrument: ETH, mark: px(price) }], Vec::new());
    }
    pub(crate) fn lose_book(&mut self) {
        self.say(vec![MarketEvent::BookLost { instrument: ETH, why: "gap" }], Vec::new());
    }
    pub(crate) fn instrument(&mut self, change: impl FnOnce(&mut Instrument)) {
        change(&mut self.inside.borrow_mut().instruments[0]);
        self.say(Vec::new(), Vec::new());
    }
    pub(crate) fn rules(&mut self, change: impl FnOnce(&mut Capabilities)) {
        change(&mut self.inside.borrow_mut().capabilities);
        self.say(Vec::new(), Vec::new());
    }
    pub(crate) fn down(&mut self) {
        self.inside.borrow_mut().ready = false;
    }
    pub(crate) fn seen_inside(&mut self) -> Vec<&'static str> {
        self.step(|c, now, out| c.on_timer(TimerId(1 << 56), now, out));
        self.inside.borrow().seen.clone()
    }

    pub(crate) fn send(&mut self, spec: OrderSpec) -> Result<(), PrepareError> {
        let cleared = self.gate.reduce(spec, self.now.mono);
        let prepared = self.client.prepare(cleared, self.now)?;
        self.step(|c, now, out| c.send(prepared, now, out));
        Ok(())
    }
    /// Sends it and waits for its end.
    pub(crate) fn trade(&mut self, spec: OrderSpec) {
        self.send(spec).unwrap();
        self.pass(1_000);
    }
    pub(crate) fn cancel(&mut self, id: OrderId) {
        self.step(|c, now, out| c.cancel(id, now, out));
    }
    pub(crate) fn query(&mut self, id: OrderId) {
        self.step(|c, now, out| c.query(id, now, out));
    }
    pub(crate) fn account(&mut self) -> AccountSnapshot {
        self.step(|c, now, out| c.read_account(now, out));
        match self.news.pop() {
            Some(VenueNews::Account(account)) => account,
            other => panic!("no account but {other:?}"),
        }
    }
    pub(crate) fn pass(&mut self, ms: u64) {
        let until = self.now.mono.plus_ms(ms);
        loop {
            self.timers.sort_unstable();
            if self.timers.first().is_none_or(|(at, _)| *at > until) {
                break;
            }
            let (at, id) = self.timers.remove(0);
            self.now.mono = self.now.mono.max(at);
            self.step(|c, now, out| c.on_timer(id, now, out));
        }
        self.now.mono = until;
    }
    /// What was said about an order so far.
    pub(crate) fn news(&self, id: OrderId) -> Vec<OrderNews> {
        let of = |n: &VenueNews| match n {
            VenueNews::Order(r) if r.order == id => Some(r.news.clone()),
            _ => None,
        };
        self.news.iter().filter_map(of).collect()
    }
}
