//! The client against a venue that the test plays by hand: every answer and every frame is written here, so every order of arrival
//! can be had.

use domain::{
    BetSpec, BetStatus, LegId, MarketId, Mono, Now, Odds, OrderId, Outcome, Purpose, RoundId, Stake, TimeInForce, Wall,
};
use signing::SanitizedValue;
use sx_client::{KnownBet, News, Out, PreparedBet, QuoteNews, SxClient, SxConfig};
use venue_api::{Action, ConnId, Frame, Payload, Reply, RequestId, SessionNews, TimerId};

const WIRE: ConnId = ConnId(0);
const MARKET: MarketId = MarketId([0x22; 32]);
const START_MS: i64 = 1_790_000_000_000;
/// A made-up key that holds nothing.
const KEY: &str = "0x1cab1e2e1a82a9d37e653441fcde87be88b3ebb6882714c543d71ce96fa46931";
const ADDRESS: &str = "0x2A87391ad35ffD030F6fD2A88fDF850EC1Ab5c79";
const METADATA: &str = include_str!("../testdata/fixtures/v3_metadata_obv3_mainnet.json");

/// The client and what it has asked for.
struct Venue {
    client: SxClient,
    ms: u64,
    asked: Vec<(RequestId, String, String)>,
    sent: Vec<String>,
    connects: usize,
    timers: Vec<(TimerId, Mono)>,
    news: Vec<News>,
    quotes: Vec<QuoteNews>,
}

impl Venue {
    fn new() -> Self {
        let mut config = SxConfig::new("an-api-key".into(), KEY.into(), 4_162);
        config.delay_ms = 10_000;
        let client = SxClient::new(config).expect("a client");
        let (asked, sent, timers, news, quotes) = Default::default();
        Self { client, ms: 0, asked, sent, connects: 0, timers, news, quotes }
    }
    fn now(&self) -> Now {
        Now { mono: Mono(self.ms * 1_000_000), wall: Wall::from_ms(START_MS + self.ms as i64) }
    }
    fn with<T>(&mut self, act: impl FnOnce(&mut SxClient, Now, &mut Out) -> T) -> T {
        let (now, mut out) = (self.now(), Out::default());
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
        result
    }
    /// Answers the oldest request whose method and path begin like this; returns its body.
    fn answer(&mut self, what: &str, status: u16, body: &str) -> String {
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
    fn lose(&mut self, what: &str) {
        let place = self.asked.iter().position(|(_, line, _)| line.starts_with(what)).expect(what);
        let (id, ..) = self.asked.remove(place);
        self.with(|client, now, out| client.on_reply(id, Reply::Unknown("no answer in time"), now, out));
    }
    fn frame(&mut self, text: &str) {
        self.with(|client, now, out| client.on_frame(WIRE, Frame::Text(text), now, out));
    }
    fn closed(&mut self, code: u16) {
        self.with(|client, now, out| client.on_closed(WIRE, Some(code), "closed", now, out));
    }
    fn wait(&mut self, ms: u64) {
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
    fn is_asked(&self, what: &str) -> bool {
        self.asked.iter().any(|(_, line, _)| line.starts_with(what))
    }
    /// Opens the connection and answers `connect`; the subscriptions are in `sent` afterwards.
    fn open(&mut self) {
        self.sent.clear();
        self.with(|client, now, out| client.on_open(WIRE, now, out));
        assert!(self.sent[0].contains("\"token\":\"jwt\""), "{:?}", self.sent);
        let id = Self::command(&self.sent[0].clone());
        self.sent.clear();
        self.frame(&format!(r#"{{"id":{id},"connect":{{"ping":30,"pong":true}}}}"#));
    }
    fn command(line: &str) -> u64 {
        serde_json::from_str::<serde_json::Value>(line).expect("a command")["id"].as_u64().expect("an id")
    }
    /// Answers every subscription that was sent; `reply` is what stands in the reply beside the id.
    fn subscribed(&mut self, reply: &str) -> Vec<String> {
        let lines: Vec<String> =
            self.sent.drain(..).flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        for line in &lines {
            let id = Self::command(line);
            self.frame(&format!(r#"{{"id":{id},"subscribe":{reply}}}"#));
        }
        lines
    }
    fn book(version: u32, p: &str) -> String {
        format!(
            r#"{{"marketHash":"{MARKET}","version":"{version:023}","outcomeOne":[],"outcomeTwo":[{{"percentageOdds":"{p}","size":"10000000"}}]}}"#
        )
    }
    fn publish(&mut self, channel: &str, data: &str, offset: u64) {
        self.frame(&format!(r#"{{"push":{{"channel":"{channel}","pub":{{"data":{data},"offset":{offset}}}}}}}"#));
    }
    /// Up and watching one market.
    fn ready() -> Self {
        let mut venue = Self::new();
        venue.with(|client, now, out| client.start(now, out));
        venue.answer("GET /metadata/obv3", 200, METADATA);
        venue.answer("GET /user/realtime-token-v3", 200, r#"{"data":{"token":"jwt"}}"#);
        venue.answer("GET /user/fees-v3", 200, r#"{"data":{"takerPayoutFee":null,"refundFee":null}}"#);
        let market = format!(
            r#"{{"status":"ACTIVE","marketHash":"{MARKET}","outcomeOneName":"Over 2.5","outcomeTwoName":"Under 2.5","teamOneName":"A","teamTwoName":"B","type":2,"gameTime":1890000000,"line":2.5,"eventId":"L1","liveEnabled":true,"sportId":5,"leagueId":29}}"#
        );
        venue.answer("GET /markets/active", 200, &format!(r#"{{"data":{{"markets":[{market}]}}}}"#));
        venue.with(|client, _, out| client.watch(MARKET, out));
        venue.open();
        venue.subscribed(r#"{"recoverable":true,"positioned":true,"epoch":"E","offset":10}"#);
        venue.answer("GET /orderbook-v3/snapshot", 200, &format!(r#"{{"data":{}}}"#, Self::book(5, "52500000000000000000")));
        venue.answer("GET /markets/active", 200, r#"{"data":{"markets":[]}}"#);
        assert!(venue.client.ready(), "{:?}", venue.news);
        venue.news.clear();
        venue
    }
    fn prepared(&mut self, tif: TimeInForce) -> PreparedBet {
        let spec = spec(tif, self.now());
        self.with(|client, now, _| client.prepare(spec, now)).expect("prepared")
    }
    fn status(&self, bet: OrderId) -> Option<BetStatus> {
        self.client.bet(bet).map(|bet| bet.status())
    }
}

fn spec(tif: TimeInForce, now: Now) -> BetSpec {
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

fn fill(order: &str, id: &str, stake: u64, status: &str) -> String {
    format!(
        r#"{{"id":"{id}","orderId":"{order}","marketHash":"{MARKET}","fillAmount":"{stake}","fillOdds":"47500000000000000000","isBettingOutcomeOne":true,"status":"{status}","settlement":null}}"#
    )
}

fn row(order: &str, status: &str, reason: &str, remaining: u64) -> String {
    format!(
        r#"{{"data":{{"order":{{"id":"{order}","marketHash":"{MARKET}","isBettingOutcomeOne":true,"percentageOdds":"47500000000000000000","totalBetSize":"5000000","remainingSize":"{remaining}","status":"{status}","inactiveReason":{reason}}}}}}}"#
    )
}

#[test]
fn it_is_ready_when_everything_is_known_and_quotes_both_sides_of_the_book() {
    let venue = Venue::ready();
    let quotes: Vec<String> = venue
        .quotes
        .iter()
        .map(|news| match news {
            QuoteNews::Best(quote) => format!("{} at {} for {}", quote.outcome.0, quote.odds, quote.size),
            other => format!("{other:?}").replace(&MARKET.to_string(), "M"),
        })
        .collect();
    // The level of outcome two at 0.525 with 10: outcome one at 0.475 for floor(10 * 0.475 / 0.525).
    assert_eq!(quotes, ["1 at 2.1052 for 9.047619", "Empty(M, Outcome(2))"]);
    assert_eq!(venue.connects, 1);
}

#[test]
fn after_a_drop_every_channel_recovers_from_where_it_was_and_no_update_is_applied_twice() {
    let mut venue = Venue::ready();
    let channel = format!("orderbook_v3:{MARKET}");
    venue.publish(&channel, &Venue::book(6, "60000000000000000000"), 11);
    venue.quotes.clear();
    venue.publish(&channel, &Venue::book(7, "70000000000000000000"), 11);
    assert_eq!(venue.quotes, [], "the same offset again is nothing new");
    venue.closed(1006);
    assert_eq!(venue.quotes, [QuoteNews::Lost(MARKET)]);
    assert_eq!(venue.connects, 2, "at once, with the token that is there");
    assert!(!venue.client.ready() && !venue.is_asked("GET /user/realtime-token-v3"));
    venue.quotes.clear();
    venue.open();
    let recovered = format!(
        r#"{{"recoverable":true,"positioned":true,"epoch":"E","offset":12,"was_recovering":true,"recovered":true,"publications":[{{"data":{},"offset":11}},{{"data":{},"offset":12}}]}}"#,
        Venue::book(7, "70000000000000000000"),
        Venue::book(8, "40000000000000000000"),
    );
    let lines = std::mem::take(&mut venue.sent);
    let lines: Vec<String> = lines.iter().flat_map(|text| text.lines().map(str::to_owned)).collect();
    assert_eq!(lines.len(), 4);
    for line in &lines {
        let offset = if line.contains("orderbook_v3") { 11 } else { 10 };
        assert!(line.ends_with(&format!(r#""recover":true,"epoch":"E","offset":{offset}}}}}"#)), "{line}");
        let reply = if line.contains("orderbook_v3") {
            recovered.as_str()
        } else {
            r#"{"epoch":"E","offset":10,"was_recovering":true,"recovered":true}"#
        };
        let id = Venue::command(line);
        venue.frame(&format!(r#"{{"id":{id},"subscribe":{reply}}}"#));
    }
    let odds: Vec<String> =
        venue.quotes.iter().filter_map(|q| if let QuoteNews::Best(q) = q { Some(q.odds.to_string()) } else { None }).collect();
    assert_eq!(odds, ["2.5000", "1.6666"], "what was there, then the one that was missed");
    assert!(venue.client.ready());
    assert!(!venue.is_asked("GET /orderbook-v3/snapshot"));
}

#[test]
fn what_is_not_recovered_is_read_again_and_nothing_is_quoted_until_then() {
    let mut venue = Venue::ready();
    venue.closed(1006);
    venue.quotes.clear();
    venue.open();
    venue.subscribed(r#"{"epoch":"OTHER","offset":3,"was_recovering":true}"#);
    assert_eq!(venue.quotes, []);
    venue.answer("GET /orderbook-v3/snapshot", 503, "");
    venue.answer("GET /orderbook-v3/snapshot", 200, &format!(r#"{{"data":{}}}"#, Venue::book(5, "52500000000000000000")));
    assert_eq!(venue.quotes.len(), 2);
}

#[test]
fn a_refused_connection_is_tried_with_a_fresh_token_and_then_given_to_a_person() {
    let mut venue = Venue::ready();
    for round in 0..3 {
        venue.closed(3500);
        venue.answer("GET /user/realtime-token-v3", 200, r#"{"token":"jwt"}"#);
        assert_eq!(venue.connects, round + 2);
    }
    venue.closed(3500);
    assert!(matches!(venue.news.last(), Some(News::Session(SessionNews::Fatal { .. }))), "{:?}", venue.news);
}

#[test]
fn a_ping_is_answered_and_silence_opens_another_connection() {
    let mut venue = Venue::ready();
    venue.frame("{}");
    assert_eq!(venue.sent, ["{}"]);
    venue.wait(39_000);
    assert_eq!(venue.connects, 1);
    venue.wait(1_500);
    assert_eq!(venue.connects, 2);
}

#[test]
fn metadata_that_changes_its_mind_stops_every_bet() {
    let mut venue = Venue::ready();
    venue.wait(60_000);
    venue.answer("GET /metadata/obv3", 200, &METADATA.replace("\"version\": \"1\"", "\"version\": \"2\""));
    assert!(!venue.client.ready());
    let spec = spec(TimeInForce::Fok, venue.now());
    assert!(venue.with(|client, now, _| client.prepare(spec, now)).is_err());
}

#[test]
fn a_bet_that_cannot_be_placed_as_wanted_does_not_leave() {
    let mut venue = Venue::ready();
    let now = venue.now();
    let good = spec(TimeInForce::Fok, now);
    let mut check = |spec: BetSpec, expect: &str| {
        let error = venue.with(|client, now, _| client.prepare(spec, now)).expect_err(expect).to_string();
        assert!(error.contains(expect), "{error}");
    };
    check(BetSpec { stake: Stake::from_e6(999_999), ..good.clone() }, "minimum");
    check(BetSpec { market: MarketId([1; 32]), ..good.clone() }, "is not known");
    check(BetSpec { expires: now.wall.plus_ms(16_000), ..good.clone() }, "too early");
    check(BetSpec { outcome: Outcome(3), ..good.clone() }, "neither one nor two");
    check(BetSpec { odds_min: Odds::from_ratio(5_000, 1).expect("odds"), ..good.clone() }, "no rung");
    check(BetSpec { venue: domain::VenueId::new("azuro"), ..good }, "the bet is for azuro");
}

#[test]
fn a_bet_goes_from_pending_over_matched_to_accepted() {
    let mut venue = Venue::ready();
    let prepared = venue.prepared(TimeInForce::Fok);
    let (id, order) = (prepared.spec.id, prepared.key.key.clone());
    assert_eq!(order.len(), 66);
    venue.with(|client, now, out| client.send(prepared, now, out));
    assert_eq!(venue.status(id), Some(BetStatus::Pending));
    let entry = format!(
        r#"{{"data":{{"orders":[{{"orderId":"{order}","status":"SUBMITTED","outcome":{{"state":"FULLY_FILLED","fillAmount":"5000000"}}}}]}}}}"#
    );
    let body = venue.answer("POST /orders-v3", 200, &entry);
    assert!(
        body.contains(r#""percentageOdds":"47500000000000000000""#) && body.contains(r#""clientOrderId":"b4-1-1-ae1""#),
        "{body}"
    );
    assert!(body.contains(&format!(r#""maker":"{ADDRESS}""#)), "{body}");
    assert_eq!(venue.status(id), Some(BetStatus::Matched));
    let channel = format!("account:fills_v3_#{ADDRESS}");
    venue.publish(&channel, &fill(&order, "f1", 5_000_000, "MATCHED"), 11);
    assert_eq!(venue.status(id), Some(BetStatus::Matched));
    venue.publish(&channel, &format!("[{}]", fill(&order, "f1", 5_000_000, "LOCKED")), 12);
    assert_eq!(venue.status(id), Some(BetStatus::Accepted));
    let told: Vec<BetStatus> =
        venue.news.iter().filter_map(|n| if let News::Bet { status, .. } = n { Some(*status) } else { None }).collect();
    assert_eq!(told, [BetStatus::Pending, BetStatus::Matched, BetStatus::Matched, BetStatus::Accepted]);
}

#[test]
fn an_answer_that_is_lost_is_asked_for_by_the_id_and_the_order_is_never_sent_again() {
    for lost in ["timeout", "5xx", "429", "garbage", "another order"] {
        let mut venue = Venue::ready();
        let prepared = venue.prepared(TimeInForce::Fok);
        let (id, order) = (prepared.spec.id, prepared.key.key.clone());
        venue.with(|client, now, out| client.send(prepared, now, out));
        match lost {
            "timeout" => venue.lose("POST /orders-v3"),
            "5xx" => drop(venue.answer("POST /orders-v3", 502, "")),
            "429" => drop(venue.answer("POST /orders-v3", 429, "")),
            "garbage" => drop(venue.answer("POST /orders-v3", 200, "<html>")),
            _ => drop(venue.answer(
                "POST /orders-v3",
                200,
                r#"{"data":{"orders":[{"orderId":"0xother","status":"FAILED","reason":"X"}]}}"#,
            )),
        }
        assert!(matches!(venue.news.last(), Some(News::Unknown { .. })), "{lost}: {:?}", venue.news);
        assert_eq!(venue.status(id), Some(BetStatus::Pending), "{lost}");
        venue.wait(if lost == "429" { 31_000 } else { 300 });
        venue.answer("GET /orders-v3/0x", 404, r#"{"message":"Order not found","statusCode":404}"#);
        venue.answer("GET /fills-v3", 200, r#"{"data":{"fills":[]}}"#);
        assert_eq!(venue.status(id), Some(BetStatus::Pending), "{lost}: not found before the expiry proves nothing");
        venue.wait(1_000);
        venue.answer("GET /orders-v3/0x", 200, &row(&order, "INACTIVE", "\"FILLED\"", 0));
        venue.answer("GET /fills-v3", 200, &format!(r#"{{"data":{{"fills":[{}]}}}}"#, fill(&order, "f1", 5_000_000, "LOCKED")));
        assert_eq!(venue.status(id), Some(BetStatus::Accepted), "{lost}");
        assert!(!venue.is_asked("POST /orders-v3"), "{lost}");
    }
}

#[test]
fn an_order_that_the_venue_does_not_know_is_dead_only_after_its_expiry() {
    let mut venue = Venue::ready();
    let prepared = venue.prepared(TimeInForce::Ioc);
    let id = prepared.spec.id;
    venue.with(|client, now, out| client.send(prepared, now, out));
    venue.lose("POST /orders-v3");
    let mut rounds = 0;
    while venue.status(id) == Some(BetStatus::Pending) {
        venue.wait(1_000);
        assert!(venue.ms < 120_000, "it ends");
        if venue.is_asked("GET /orders-v3/0x") {
            venue.answer("GET /orders-v3/0x", 404, r#"{"message":"Order not found"}"#);
            venue.answer("GET /fills-v3", 200, r#"{"data":{"fills":[]}}"#);
            rounds += 1;
        }
    }
    assert_eq!(venue.status(id), Some(BetStatus::Refused));
    assert!(venue.ms > 65_000 && rounds > 5, "{} ms, {rounds} questions", venue.ms);
}

#[test]
fn an_order_that_ended_with_nothing_is_refused_only_by_fills_read_well_after_its_end() {
    let mut venue = Venue::ready();
    let prepared = venue.prepared(TimeInForce::Ioc);
    let (id, order) = (prepared.spec.id, prepared.key.key.clone());
    venue.with(|client, now, out| client.send(prepared, now, out));
    venue.lose("POST /orders-v3");
    let end = row(&order, "INACTIVE", "\"NO_LIQUIDITY\"", 5_000_000);
    venue.wait(300);
    venue.answer("GET /orders-v3/0x", 200, &end);
    venue.answer("GET /fills-v3", 200, r#"{"data":{"fills":[]}}"#);
    assert_eq!(venue.status(id), Some(BetStatus::Pending), "the fills may not be indexed yet");
    let mut rounds = 0;
    while venue.status(id) == Some(BetStatus::Pending) {
        venue.wait(500);
        rounds += 1;
        assert!(rounds < 40, "it ends");
        if venue.is_asked("GET /orders-v3/0x") {
            venue.answer("GET /orders-v3/0x", 200, &end);
            venue.answer("GET /fills-v3", 200, r#"{"data":{"fills":[]}}"#);
        }
    }
    assert_eq!(venue.status(id), Some(BetStatus::Refused));
}

#[test]
fn a_refusal_in_the_venues_own_words_is_final_and_what_never_left_too() {
    let mut venue = Venue::ready();
    let prepared = venue.prepared(TimeInForce::Fok);
    let id = prepared.spec.id;
    venue.with(|client, now, out| client.send(prepared, now, out));
    venue.answer("POST /orders-v3", 400, r#"{"message":"MATCH_STATE_INVALID","statusCode":400}"#);
    assert_eq!(
        (venue.status(id), venue.client.bet(id).map(|b| b.reason().to_owned())),
        (Some(BetStatus::Refused), Some("MATCH_STATE_INVALID".to_owned()))
    );
    let mut venue = Venue::ready();
    let prepared = venue.prepared(TimeInForce::Fok);
    venue.with(|client, now, out| client.send(prepared, now, out));
    let (request, ..) = venue.asked.pop().expect("the order");
    venue.with(|client, now, out| client.on_reply(request, Reply::NotSent("no connection"), now, out));
    assert_eq!(venue.status(id), Some(BetStatus::Refused));
}

#[test]
fn a_bet_of_an_earlier_life_is_asked_about_and_what_is_nobodys_is_told() {
    let mut venue = Venue::ready();
    let prepared = venue.prepared(TimeInForce::Fok);
    let order = prepared.key.key.clone();
    let known = KnownBet { spec: prepared.spec.clone(), key: prepared.key.clone(), bet: sx_client::state::Bet::new(5_000_000) };
    let id = prepared.spec.id;
    let mut venue = Venue::ready();
    venue.with(|client, now, out| client.adopt(known, now, out));
    venue.wait(300);
    venue.answer("GET /orders-v3/0x", 200, &row(&order, "INACTIVE", "\"EXPIRED\"", 3_000_000));
    venue.answer("GET /fills-v3", 200, &format!(r#"{{"data":{{"fills":[{}]}}}}"#, fill(&order, "f1", 2_000_000, "LOCKED")));
    assert_eq!(venue.status(id), Some(BetStatus::Partial));
    venue.publish(&format!("account:fills_v3_#{ADDRESS}"), &fill("0xabcdef", "f9", 1, "LOCKED"), 11);
    assert!(matches!(venue.news.last(), Some(News::Foreign { .. })));
}

#[test]
fn the_heartbeat_is_armed_before_an_order_may_rest_renewed_and_disarmed() {
    let mut venue = Venue::ready();
    let prepared = venue.prepared(TimeInForce::Gtc);
    let order = prepared.key.key.clone();
    venue.with(|client, now, out| client.send(prepared, now, out));
    let lines: Vec<&str> = venue.asked.iter().map(|(_, line, _)| line.as_str()).filter(|line| line.starts_with("POST")).collect();
    assert_eq!(lines, ["POST /heartbeat/v3", "POST /orders-v3"]);
    assert_eq!(
        venue.answer("POST /heartbeat", 200, r#"{"data":{"expiresAt":"2026-11-21T00:00:00Z"}}"#),
        r#"{"timeoutSeconds":60}"#
    );
    venue.answer("POST /orders-v3", 200, &format!(r#"{{"data":{{"orders":[{{"orderId":"{order}","status":"SUBMITTED"}}]}}}}"#));
    venue.wait(20_000);
    venue.news.clear();
    venue.answer("POST /heartbeat", 500, "");
    assert!(matches!(venue.news.last(), Some(News::HeartbeatMissed { .. })), "{:?}", venue.news);
    let gone = row(&order, "INACTIVE", "\"HEARTBEAT_TIMEOUT\"", 5_000_000);
    let gone = gone.strip_prefix(r#"{"data":"#).and_then(|g| g.strip_suffix('}')).expect("the row").to_owned();
    venue.publish(&format!("account:orders_v3_#{ADDRESS}"), &gone, 11);
    venue.wait(20_000);
    let bodies: Vec<&str> =
        venue.asked.iter().filter(|(_, line, _)| line.starts_with("POST /heartbeat")).map(|(.., body)| body.as_str()).collect();
    assert_eq!(bodies, [r#"{"timeoutSeconds":0}"#]);
}

#[test]
fn reads_keep_to_their_budget_and_leave_the_venue_alone_when_it_asks() {
    let mut venue = Venue::ready();
    venue.wait(10_000);
    venue.asked.clear();
    for _ in 0..20 {
        venue.with(|client, now, out| client.read_account(now, out));
    }
    assert_eq!(venue.asked.len(), 8);
    venue.wait(1_000);
    assert_eq!(venue.asked.len(), 16);
    let (request, ..) = venue.asked.remove(0);
    let reply = Reply::Answer { status: 429, retry_after_ms: Some(5_000), body: b"" };
    venue.with(|client, now, out| client.on_reply(request, reply, now, out));
    let left = venue.asked.len();
    venue.wait(4_900);
    assert_eq!(venue.asked.len(), left);
    venue.wait(600);
    assert!(venue.asked.len() > left);
}

#[test]
fn neither_key_nor_token_is_printed() {
    let venue = Venue::ready();
    let shown = format!("{:?}", venue.client);
    assert!(!shown.contains("an-api-key") && !shown.contains("jwt") && !shown.contains(&KEY[2..]), "{shown}");
    let error = SxClient::new(SxConfig::new("k".into(), SanitizedValue::from("zz"), 1)).expect_err("no key");
    assert_eq!(error.to_string(), "sx: the account key does not read");
}
