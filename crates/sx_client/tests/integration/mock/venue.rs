//! The venue that a test plays by hand: what the client asked, and what is answered.

use domain::{
    BetSpec, BetStatus, LegId, Listing, MarketId, Mono, Now, Odds, OrderId, Outcome, Purpose, RoundId, Stake, TimeInForce, Wall,
};
use sx_client::{SxClient, SxConfig};
use venue_api::{
    Action, BetClient, BetNews, BetOut, BetReport, ConnId, Frame, Payload, PreparedBet, QuoteNews, Reply, RequestId, TimerId,
};

pub(super) const WIRE: ConnId = ConnId(0);
pub(super) const MARKET: MarketId = MarketId([0x22; 32]);
pub(super) const START_MS: i64 = 1_790_000_000_000;
/// A made-up key that holds nothing.
pub(super) const KEY: &str = "0x1cab1e2e1a82a9d37e653441fcde87be88b3ebb6882714c543d71ce96fa46931";
pub(super) const ADDRESS: &str = "0x2A87391ad35ffD030F6fD2A88fDF850EC1Ab5c79";
pub(super) const METADATA: &str = include_str!("../../../testdata/fixtures/v3_metadata_obv3_mainnet.json");

/// The client and what it has asked for.
pub(super) struct Venue {
    pub(super) client: SxClient,
    pub(super) ms: u64,
    pub(super) asked: Vec<(RequestId, String, String)>,
    pub(super) sent: Vec<String>,
    pub(super) connects: usize,
    pub(super) timers: Vec<(TimerId, Mono)>,
    pub(super) news: Vec<BetNews>,
    pub(super) quotes: Vec<QuoteNews>,
    pub(super) listings: Vec<Listing>,
}

impl Venue {
    pub(super) fn new() -> Self {
        let mut config = SxConfig::new("an-api-key".into(), KEY.into(), 4_162);
        config.delay_ms = 10_000;
        let client = SxClient::new(config).expect("a client");
        let (asked, sent, timers, news, quotes) = Default::default();
        Self { client, ms: 0, asked, sent, connects: 0, timers, news, quotes, listings: Vec::new() }
    }
    pub(super) fn now(&self) -> Now {
        Now { mono: Mono(self.ms * 1_000_000), wall: Wall::from_ms(START_MS + self.ms as i64) }
    }
    pub(super) fn with<T>(&mut self, act: impl FnOnce(&mut SxClient, Now, &mut BetOut) -> T) -> T {
        let (now, mut out) = (self.now(), BetOut::default());
        let result = act(&mut self.client, now, &mut out);
        for action in out.actions {
            let shown = format!("{action:?}");
            assert!(!shown.contains("an-api-key") && !shown.contains(&KEY[2..]), "{shown}");
            match action {
                Action::Connect { .. } => self.connects += 1,
                Action::Send { payload: Payload::Text(text), .. } => self.sent.push(text),
                Action::Request { id, method, target, body, .. } => {
                    let body = String::from_utf8(body.as_bytes().to_vec()).expect("text");
                    self.asked.push((id, format!("{} {target}", method.as_str()), body));
                }
                Action::Timer { id, at } => {
                    self.timers.retain(|(one, _)| *one != id);
                    self.timers.push((id, at));
                }
                _ => {}
            }
        }
        self.news.extend(out.news);
        self.quotes.extend(out.quotes);
        self.listings.extend(out.listings);
        result
    }
    /// Answers the oldest request whose method and path begin like this; returns its body.
    pub(super) fn answer(&mut self, what: &str, status: u16, body: &str) -> String {
        // Reads keep to a budget and questions to their delays: some leave a little later.
        let end = self.ms + 5_000;
        while !self.is_asked(what) && self.ms < end {
            self.wait(125);
        }
        let place = self.asked.iter().position(|(_, line, _)| line.starts_with(what));
        let place = place.unwrap_or_else(|| panic!("{what} was not asked: {:?}", self.asked));
        let (id, _, sent) = self.asked.remove(place);
        let reply = Reply::Answer { status, retry_after_ms: None, body: body.as_bytes() };
        self.with(|client, now, out| client.on_reply(id, reply, now, out));
        sent
    }
    pub(super) fn lose(&mut self, what: &str) {
        let place = self.asked.iter().position(|(_, line, _)| line.starts_with(what)).expect(what);
        let (id, ..) = self.asked.remove(place);
        self.with(|client, now, out| client.on_reply(id, Reply::Unknown("no answer in time"), now, out));
    }
    pub(super) fn frame(&mut self, text: &str) {
        self.with(|client, now, out| client.on_frame(WIRE, Frame::Text(text), now, out));
    }
    pub(super) fn closed(&mut self, code: u16) {
        self.with(|client, now, out| client.on_closed(WIRE, Some(code), "closed", now, out));
    }
    pub(super) fn wait(&mut self, ms: u64) {
        let end = self.ms + ms;
        while let Some(place) =
            (0..self.timers.len()).filter(|at| self.timers[*at].1 <= Mono(end * 1_000_000)).min_by_key(|at| self.timers[*at].1)
        {
            let (id, at) = self.timers.remove(place);
            self.ms = self.ms.max(at.0.div_ceil(1_000_000));
            self.with(|client, now, out| client.on_timer(id, now, out));
        }
        self.ms = end;
    }
    /// A page of markets, and one market's id, by number.
    pub(super) fn numbered(n: u32) -> (MarketId, String) {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&n.to_be_bytes());
        (MarketId(id), market("ACTIVE").replace(&MARKET.to_string(), &MarketId(id).to_string()))
    }
    /// Sends a bet and answers it with this outcome.
    pub(super) fn placed(&mut self, tif: TimeInForce, outcome: &str) -> (OrderId, String) {
        let prepared = self.prepared(tif);
        let (id, order) = (prepared.spec.id, prepared.key.key.clone());
        self.with(|client, now, out| client.send(prepared, now, out));
        let entry = format!(r#"{{"orderId":"{order}","status":"SUBMITTED","outcome":{outcome}}}"#);
        self.answer("POST /orders-v3", 200, &format!(r#"{{"data":{{"orders":[{entry}]}}}}"#));
        (id, order)
    }
    /// What was told about bets, as a journal holds it.
    pub(super) fn reports(&self) -> Vec<BetReport> {
        self.news.iter().filter_map(|n| if let BetNews::Bet(report) = n { Some(report.clone()) } else { None }).collect()
    }
    pub(super) fn is_asked(&self, what: &str) -> bool {
        self.asked.iter().any(|(_, line, _)| line.starts_with(what))
    }
    /// Opens the connection and answers `connect`; the subscriptions are in `sent` afterwards.
    pub(super) fn open(&mut self) {
        self.sent.clear();
        self.with(|client, now, out| client.on_open(WIRE, now, out));
        assert!(self.sent[0].contains("\"token\":\"jwt\""), "{:?}", self.sent);
        let id = Self::command(&self.sent[0].clone());
        self.sent.clear();
        self.frame(&format!(r#"{{"id":{id},"connect":{{"ping":30,"pong":true}}}}"#));
    }
    pub(super) fn command(line: &str) -> u64 {
        serde_json::from_str::<serde_json::Value>(line).expect("a command")["id"].as_u64().expect("an id")
    }
    /// Answers every subscription that was sent; `reply` is what stands in the reply beside the id.
    pub(super) fn subscribed(&mut self, reply: &str) -> Vec<String> {
        let lines: Vec<String> =
            self.sent.drain(..).flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        for line in &lines {
            let id = Self::command(line);
            self.frame(&format!(r#"{{"id":{id},"subscribe":{reply}}}"#));
        }
        lines
    }
    pub(super) fn book(version: u32, p: &str) -> String {
        format!(
            r#"{{"marketHash":"{MARKET}","version":"{version:023}","outcomeOne":[],"outcomeTwo":[{{"percentageOdds":"{p}","size":"10000000"}}]}}"#
        )
    }
    pub(super) fn publish(&mut self, channel: &str, data: &str, offset: u64) {
        self.frame(&format!(r#"{{"push":{{"channel":"{channel}","pub":{{"data":{data},"offset":{offset}}}}}}}"#));
    }
    /// Up and watching one market.
    pub(super) fn ready() -> Self {
        let mut venue = Self::new();
        venue.with(|client, now, out| client.start(now, out));
        venue.answer("GET /metadata/obv3", 200, METADATA);
        venue.answer("GET /user/realtime-token-v3", 200, r#"{"data":{"token":"jwt"}}"#);
        venue.answer("GET /user/fees-v3", 200, r#"{"data":{"takerPayoutFee":null,"refundFee":null}}"#);
        venue.answer("GET /markets/active", 200, &markets(&[market("ACTIVE")]));
        venue.with(|client, now, out| client.watch(MARKET, now, out));
        venue.open();
        venue.subscribed(r#"{"recoverable":true,"positioned":true,"epoch":"E","offset":10}"#);
        venue.answer("GET /orderbook-v3/snapshot", 200, &format!(r#"{{"data":{}}}"#, Self::book(5, "52500000000000000000")));
        venue.answer("GET /markets/active", 200, &markets(&[market("ACTIVE")]));
        venue.answer("GET /fixture/active", 200, r#"{"data":[]}"#);
        assert!(venue.is_ready(), "{:?}", venue.news);
        venue.news.clear();
        venue
    }
    pub(super) fn prepared(&mut self, tif: TimeInForce) -> PreparedBet {
        let spec = spec(tif, self.now());
        self.with(|client, now, _| client.prepare(spec, now)).expect("prepared")
    }
    pub(super) fn is_ready(&self) -> bool {
        self.client.ready(self.now())
    }
    pub(super) fn status(&self, bet: OrderId) -> Option<BetStatus> {
        self.client.bet(bet).map(|bet| bet.status())
    }
}

pub(super) fn spec(tif: TimeInForce, now: Now) -> BetSpec {
    let round = RoundId { epoch: 1, seq: 1 };
    BetSpec {
        id: OrderId { round, leg: LegId::A, purpose: Purpose::Entry, attempt: 1 },
        venue: sx_client::VENUE,
        market: MARKET,
        outcome: Outcome::ONE,
        stake: Stake::from_e6(5_000_000),
        odds_min: Odds::from_probability_e20(47_500_000_000_000_000_000).expect("odds"),
        tif,
        expires: now.wall.plus_ms(60_000),
    }
}

pub(super) fn fill(order: &str, id: &str, stake: u64, status: &str) -> String {
    format!(
        r#"{{"id":"{id}","orderId":"{order}","marketHash":"{MARKET}","fillAmount":"{stake}","fillOdds":"47500000000000000000","isBettingOutcomeOne":true,"status":"{status}","settlement":null}}"#
    )
}

pub(super) fn row(order: &str, status: &str, reason: &str, remaining: u64) -> String {
    format!(
        r#"{{"data":{{"order":{{"id":"{order}","marketHash":"{MARKET}","isBettingOutcomeOne":true,"percentageOdds":"47500000000000000000","totalBetSize":"5000000","remainingSize":"{remaining}","status":"{status}","inactiveReason":{reason}}}}}}}"#
    )
}

/// The one market of this venue.
pub(super) fn market(status: &str) -> String {
    format!(
        r#"{{"status":"{status}","marketHash":"{MARKET}","outcomeOneName":"Over 2.5","outcomeTwoName":"Under 2.5","teamOneName":"A","teamTwoName":"B","type":2,"gameTime":1890000000,"line":2.5,"eventId":"L1","liveEnabled":true,"sportId":5,"leagueId":29}}"#
    )
}

/// A page of markets.
pub(super) fn markets(rows: &[String]) -> String {
    format!(r#"{{"data":{{"markets":[{}]}}}}"#, rows.join(","))
}

/// A fill that is settled.
pub(super) fn settled(order: &str, id: &str, stake: u64, outcome: u8, returned: u64) -> String {
    let settlement = format!(r#"{{"outcome":{outcome},"settleReturnAmount":"{returned}","settleFeeAmount":"0"}}"#);
    fill(order, id, stake, "SETTLED").replace(r#""settlement":null"#, &format!(r#""settlement":{settlement}"#))
}

/// A page of fills.
pub(super) fn fills(rows: &[String]) -> String {
    format!(r#"{{"data":{{"fills":[{}]}}}}"#, rows.join(","))
}
