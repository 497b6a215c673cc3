//! A whole shard with its real clients between the two simulated venues, in one thread on virtual time.
//!
//! The world is as simple as it can be: nothing takes time on the way, nothing goes wrong that the caller did not ask
//! for. Frames of the public feeds are handed to the caller, who delivers them and may count or time just that. The
//! benches use this module too.

use books::Rules;
use domain::record::{Policy, Record, Sighting};
use domain::{Instrument, InstrumentId, Mono, Now, Pair, Rate, Size, Usd, VenueId, Wall};
use engine::EngineConfig;
use paradex_client::{InstrumentConfig, ParadexClient};
use perps::{Funding, PairConfig, Sizing};
use risk::Limits;
use shard::{Output, Shard, ShardConfig, Venue};
use signing::{Felt, SanitizedValue, StarkKey, stark_account};
use std::collections::BTreeMap;
use venue_api::{Action, ConnId, Frame, Header, Payload, Reply, RequestId, TimerId};
use venue_sim::market::{Market, MarketShape};
use venue_sim::paradex::{KnownAccount, ParadexSim, ParadexSimConfig};
use venue_sim::vest::{VestSim, VestSimConfig};
use venue_sim::{HttpRequest, Message, SimAction, SimNow, VenueSim};
use vest_client::{Access, Registration, VestClient, VestConfig, VestInstrument};

/// Index of the venue in the shard.
pub(crate) const VEST: usize = 0;
/// Index of the venue in the shard.
pub(crate) const PARADEX: usize = 1;
/// The public feed of either client.
pub(crate) const FEED: ConnId = ConnId(0);
/// The one pair.
pub(crate) const PAIR: Pair = Pair::new("ETH-USD");
/// 2025-11-21T08:00:00Z, microseconds.
const BEGINNING: i64 = 1_763_712_000_000_000;
/// What the monotonic clock showed then, microseconds.
const MONO_THEN: i64 = 1_000_000_000;

enum Event {
    Venue { venue: usize, action: SimAction },
    Timer { venue: usize, timer: TimerId, generation: u64 },
    Wake { venue: usize },
}

/// The world.
pub(crate) struct Pipe {
    /// The shard under test.
    pub(crate) shard: Shard,
    /// What was summed up as seen and not taken, and when.
    pub(crate) watched: Vec<(Wall, Vec<Sighting>)>,
    /// Whether the shard is told that time has passed.
    pub(crate) ticks: bool,
    now: i64,
    serial: u64,
    queue: BTreeMap<(i64, u64), Event>,
    venues: [Box<dyn VenueSim>; 2],
    waking: [Option<i64>; 2],
    conns: BTreeMap<u64, (usize, ConnId)>,
    requests: BTreeMap<u64, (usize, RequestId)>,
    timers: BTreeMap<(usize, TimerId), u64>,
}

/// Throw-away keys: they hold nothing anywhere.
fn clients(stark: &SanitizedValue, account: String) -> (VestClient, ParadexClient) {
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
    let vest = VestClient::new(VestConfig::new(access, vec![one])).expect("a constant configuration");
    let one = InstrumentConfig { id: InstrumentId(1), pair: PAIR, symbol: "ETH-USD-PERP".to_owned(), multiplier: None };
    let config = paradex_client::Config::new(account, stark.clone(), vec![one]);
    // Frames are thrown away here; no second opinion is to notice that.
    let config = paradex_client::Config { audit_every_ms: 0, ..config };
    (vest, ParadexClient::new(config).expect("a constant configuration"))
}

fn shard(spread_entry: Rate, tell_spreads: bool, stopwatch: fn() -> Mono, vest: VestClient, paradex: ParadexClient) -> Shard {
    let engine = EngineConfig {
        // One attempt and no pause: a refused round is over at once and the next may begin.
        policy: Policy { max_attempts: 1, ..Policy::default() },
        limits: Limits {
            notional_per_leg: Usd::from_e8(10_000_000_000_000),
            notional_total: Usd::from_e8(100_000_000_000_000),
            open_rounds: 4,
            orders_per_minute: 100_000,
            clearance_ms: 1_000,
        },
        cooldown_ms: 0,
        max_holding_ms: None,
        adverse_move: Rate::from_bps(200),
        worst_loss_max: Usd::from_e8(1_000_000_000_000),
        reconcile_every_ms: 10_000,
        rules: engine::EntryRules::default(),
        config_hash: "test".to_owned(),
    };
    let names = [VenueId::new("vest"), VenueId::new("paradex")];
    let pair = PairConfig {
        pair: PAIR,
        venues: names,
        instruments: [InstrumentId(0), InstrumentId(1)],
        rules: [Rules::snapshots(), Rules::sequenced()],
        sizing: Sizing::Base(Size::from_e8(200_000_000).expect("not negative")),
        spread_entry,
        spread_exit: Rate::from_bps(-1_000),
        edge_min: Rate::ZERO,
        confirm_ticks: 1,
        funding: Funding::Venues { horizon_ms: 3_600_000, age_ms_max: 300_000, fallback: Some(Rate::ZERO) },
        buffers: Rate::ZERO,
        price_bound: Rate::from_bps(5),
        quote_usd: [None; 2],
    };
    let unknown = |id, venue, symbol| Instrument::unknown(InstrumentId(id), VenueId::new(venue), PAIR, symbol);
    let instruments = vec![unknown(0, "vest", "ETH-PERP"), unknown(1, "paradex", "ETH-USD-PERP")];
    let venues = vec![
        Venue { id: names[VEST], client: Box::new(vest), way: "REST" },
        Venue { id: names[PARADEX], client: Box::new(paradex), way: "WS" },
    ];
    // As it is shipped: what is not taken is counted.
    let (tell_books, watch_every_ms) = (false, Some(60_000));
    let config = ShardConfig { engine, pairs: vec![pair], instruments, tell_books, tell_spreads, watch_every_ms, stopwatch };
    Shard::new(config, venues)
}

impl Pipe {
    /// A shard that enters at `spread_entry`, started, and two venues that never drift apart by themselves.
    pub(crate) fn new(spread_entry: Rate, stopwatch: fn() -> Mono) -> Self {
        Self::with(spread_entry, false, stopwatch)
    }

    /// The same; `tell_spreads` has every update's spreads told.
    pub(crate) fn with(spread_entry: Rate, tell_spreads: bool, stopwatch: fn() -> Mono) -> Self {
        Self::between(MarketShape { pulse_bps: 0, ..MarketShape::default() }, spread_entry, tell_spreads, stopwatch)
    }

    /// The same between venues whose market has this shape: where they drift apart by themselves, what is sent fills.
    pub(crate) fn between(shape: MarketShape, spread_entry: Rate, tell_spreads: bool, stopwatch: fn() -> Mono) -> Self {
        let stark = SanitizedValue::new(format!("0x{}", "21".repeat(31)));
        let public = StarkKey::from_hex(&stark).expect("a constant below the order").public_key();
        let market = Market::new(7, shape);
        let config = ParadexSimConfig {
            accounts: vec![KnownAccount { address: None, public_key: public.to_hex_string(), subkeys: vec![] }],
            rate_limits: false,
            ..ParadexSimConfig::new(7, market, &["ETH-USD-PERP"])
        };
        let class = |hash: &str| Felt::from_hex(hash).expect("a constant");
        let account = stark_account::account_address(&public, &class(&config.proxy_hash), &class(&config.account_hash));
        let (vest, paradex) = clients(&stark, account.to_hex_string());
        let mut pipe = Self {
            shard: shard(spread_entry, tell_spreads, stopwatch, vest, paradex),
            watched: Vec::new(),
            ticks: true,
            now: BEGINNING,
            serial: 0,
            queue: BTreeMap::new(),
            venues: [Box::new(VestSim::new(VestSimConfig::new(7, market))), Box::new(ParadexSim::new(config))],
            waking: [None; 2],
            conns: BTreeMap::new(),
            requests: BTreeMap::new(),
            timers: BTreeMap::new(),
        };
        let now = pipe.stamp();
        pipe.shard.start(1, now);
        pipe.perform();
        pipe
    }

    /// The time as the shard sees it.
    pub(crate) fn stamp(&self) -> Now {
        Now { mono: Mono((self.now - BEGINNING + MONO_THEN) as u64 * 1_000), wall: Wall(self.now) }
    }

    /// Switches a fault of a venue on; `null` switches it off again.
    pub(crate) fn fault(&mut self, venue: usize, name: &str, parameters: &serde_json::Value) {
        if parameters.is_null() {
            self.venues[venue].clear_fault(name);
        } else {
            self.venues[venue].set_fault(name, parameters).expect("a known fault");
        }
    }

    /// Whether everything that an entry needs is there: sessions, reconciled accounts, warm books.
    pub(crate) fn trades(&self) -> bool {
        let known = |venue: &Venue| self.shard.engine().balance(venue.id).is_some();
        self.shard.ready() && self.shard.venues().iter().all(known) && self.shard.strategy().fit(PAIR, self.stamp().mono).is_ok()
    }

    /// Delivers what comes until the pair trades; hands out every feed frame on the way.
    pub(crate) fn bring_up(&mut self) -> Vec<(usize, Message)> {
        let mut seen = Vec::new();
        while !self.trades() {
            assert!(self.now < BEGINNING + 60_000_000, "the pair does not trade after a minute");
            let (venue, message) = self.next_frame();
            self.deliver(venue, &message);
            self.perform();
            seen.push((venue, message));
        }
        seen
    }

    /// The next frame of a public feed, not delivered yet; everything else that happens until then has happened.
    pub(crate) fn next_frame(&mut self) -> (usize, Message) {
        self.advance(i64::MAX).expect("the feeds never end")
    }

    /// Lets time pass and throws the feeds' frames away.
    pub(crate) fn pass_ms(&mut self, ms: i64) {
        let until = self.now + ms * 1_000;
        while self.advance(until).is_some() {}
    }

    /// Gives a feed frame to the shard and performs nothing.
    pub(crate) fn deliver(&mut self, venue: usize, message: &Message) {
        let now = self.stamp();
        let frame = match message {
            Message::Text(t) => Frame::Text(t),
            Message::Binary(b) => Frame::Binary(b),
        };
        self.shard.on_frame(venue, FEED, frame, now);
    }

    /// Performs what the shard wants until it wants nothing more; hands the outputs out.
    pub(crate) fn perform(&mut self) -> Vec<Output> {
        let mut done = Vec::new();
        loop {
            let mut outputs = self.shard.take_outputs();
            if outputs.is_empty() {
                self.shard.give_back(outputs);
                return done;
            }
            for output in &outputs {
                match output {
                    Output::Act { venue, action, .. } => self.act(*venue, action),
                    Output::Append { record: Record::Watched { at, sightings }, reducing: false, orders }
                        if orders.is_empty() =>
                    {
                        self.watched.push((*at, sightings.clone()));
                    }
                    _ => {}
                }
            }
            done.append(&mut outputs);
            self.shard.give_back(outputs);
        }
    }

    fn advance(&mut self, until: i64) -> Option<(usize, Message)> {
        loop {
            let event = self.queue.first_key_value().map(|((at, _), _)| *at);
            let tick = self.shard.next_wake().filter(|_| self.ticks).map(|w| w.0.max(self.now));
            let next = [event, tick].into_iter().flatten().min()?;
            if next > until {
                self.now = until;
                return None;
            }
            self.now = next;
            if event == Some(next) {
                let (_, event) = self.queue.pop_first().expect("it was just there");
                if let Some(frame) = self.happen(event) {
                    return Some(frame);
                }
            } else {
                let now = self.stamp();
                self.shard.tick(now);
            }
            self.perform();
        }
    }

    fn happen(&mut self, event: Event) -> Option<(usize, Message)> {
        let now = self.stamp();
        match event {
            Event::Wake { venue } => {
                self.waking[venue] = None;
                let mut out = Vec::new();
                self.venues[venue].on_wake(SimNow(self.now), &mut out);
                self.take(venue, out);
            }
            Event::Timer { venue, timer, generation } => {
                if self.timers.get(&(venue, timer)) == Some(&generation) {
                    self.timers.remove(&(venue, timer));
                    self.shard.on_timer(venue, timer, now);
                }
            }
            Event::Venue { venue, action } => return self.venue_acts(venue, action),
        }
        None
    }

    fn venue_acts(&mut self, venue: usize, action: SimAction) -> Option<(usize, Message)> {
        let now = self.stamp();
        match action {
            SimAction::Accept { conn } => {
                let (_, id) = *self.conns.get(&conn)?;
                self.shard.on_open(venue, id, now);
            }
            SimAction::Send { conn, message, .. } => {
                let (_, id) = *self.conns.get(&conn)?;
                if id == FEED {
                    return Some((venue, message));
                }
                match &message {
                    Message::Text(t) => self.shard.on_frame(venue, id, Frame::Text(t), now),
                    Message::Binary(b) => self.shard.on_frame(venue, id, Frame::Binary(b), now),
                }
            }
            SimAction::Close { conn, code, .. } => {
                let (_, id) = self.conns.remove(&conn)?;
                self.shard.on_closed(venue, id, Some(code), "closed by the venue", now);
            }
            SimAction::Reply { request, status, body, .. } => {
                let (_, id) = self.requests.remove(&request)?;
                self.shard.on_reply(venue, id, Reply::Answer { status, retry_after_ms: None, body: &body }, now);
            }
            SimAction::RefuseUpgrade { .. } | SimAction::Hang { .. } => panic!("no such fault was asked for"),
        }
        None
    }

    fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    fn schedule(&mut self, at: i64, event: Event) {
        let serial = self.next_serial();
        self.queue.insert((at.max(self.now), serial), event);
    }

    /// Takes over what a venue wants done and asks when it wants to be woken.
    fn take(&mut self, venue: usize, actions: Vec<SimAction>) {
        for action in actions {
            let after = match &action {
                SimAction::Accept { .. } | SimAction::RefuseUpgrade { .. } => 0,
                SimAction::Send { after_us, .. }
                | SimAction::Close { after_us, .. }
                | SimAction::Reply { after_us, .. }
                | SimAction::Hang { after_us, .. } => *after_us as i64,
            };
            self.schedule(self.now + after, Event::Venue { venue, action });
        }
        if let Some(at) = self.venues[venue].next_wake().map(|w| w.0.max(self.now))
            && self.waking[venue].is_none_or(|armed| at < armed)
        {
            self.waking[venue] = Some(at);
            self.schedule(at, Event::Wake { venue });
        }
    }

    fn act(&mut self, venue: usize, action: &Action) {
        let (now, mut out) = (SimNow(self.now), Vec::new());
        match action {
            Action::Connect { conn, target, headers } => {
                self.leave(venue, *conn);
                let id = self.next_serial();
                self.conns.insert(id, (venue, *conn));
                let target = format!("{}{}", if venue == VEST { "/ws-api" } else { "/v1" }, target.expose_secret());
                self.venues[venue].on_connect(id, &target, &exposed(headers), now, &mut out);
            }
            Action::Close { conn } => self.leave(venue, *conn),
            Action::Send { conn, payload } => {
                let found = self.conns.iter().find(|(_, c)| **c == (venue, *conn)).map(|(id, _)| *id);
                let message = match payload {
                    Payload::Text(t) => Message::Text(t.clone()),
                    Payload::Binary(b) => Message::Binary(b.clone()),
                };
                self.venues[venue].on_message(found.expect("it was asked for"), &message, now, &mut out);
            }
            Action::Request { id, method, target, headers, body, .. } => {
                let request = self.next_serial();
                self.requests.insert(request, (venue, *id));
                let target = format!("{}{target}", if venue == VEST { "/v2" } else { "/v1" });
                let headers = exposed(headers);
                let http = HttpRequest { method: method.as_str(), target: &target, headers: &headers, body: body.as_bytes() };
                self.venues[venue].on_request(request, http, now, &mut out);
            }
            Action::Timer { id, at } => {
                let generation = self.next_serial();
                self.timers.insert((venue, *id), generation);
                let wall = (at.0 / 1_000) as i64 - MONO_THEN + BEGINNING;
                self.schedule(wall, Event::Timer { venue, timer: *id, generation });
            }
            Action::CancelTimer { id } => {
                self.timers.remove(&(venue, *id));
            }
        }
        self.take(venue, out);
    }

    fn leave(&mut self, venue: usize, conn: ConnId) {
        let Some(id) = self.conns.iter().find(|(_, c)| **c == (venue, conn)).map(|(id, _)| *id) else { return };
        self.conns.remove(&id);
        let mut out = Vec::new();
        self.venues[venue].on_disconnect(id, SimNow(self.now), &mut out);
        self.take(venue, out);
    }
}

fn exposed(headers: &[Header]) -> Vec<(String, String)> {
    headers.iter().map(|h| (h.name.to_ascii_lowercase(), h.value.expose_secret().to_owned())).collect()
}
