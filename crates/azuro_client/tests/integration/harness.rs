//! A client, its outputs, and answers by hand.

use azuro_client::environment::POLYGON;
use azuro_client::parse::{Condition, ConditionState, conditions};
use azuro_client::state::{Fact, Taken};
use azuro_client::{AzuroClient, AzuroConfig};
use domain::{BetSpec, BetStatus, LegId, Listing, Mono, Now, Odds, OrderId, Outcome, Purpose, RoundId, Stake, TimeInForce, Wall};
use serde_json::{Value, json};
use signing::SanitizedValue;
use venue_api::{
    Action, BetClient, BetNews, BetOut, BetReport, ConnId, Frame, Lane, Payload, PreparedBet, QuoteNews, Reply, RequestId,
    TimerId,
};

/// 2026-11-21T09:54:20Z.
pub(crate) const START_S: i64 = 1_795_254_860;
pub(crate) const BETTOR: &str = "0x3ec987f6b7e624848eaace2dda3bb4252d98698e";
const KEY: &str = "0x3a51dbab6a3b1bdac88b2cb564eab05962b5ed6a5843c270b3b76b838dd42068";

pub(crate) fn fixture(name: &str) -> Value {
    let path = format!("{}/testdata/azuro/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).expect("a fixture")).expect("JSON")
}

/// The captured active `Match Winner`: outcomes 7047 at 2.62 and 7048 at 1.45.
pub(crate) fn winner() -> Condition {
    let body = fixture("conditions_by_game_ids").to_string();
    let all = conditions(body.as_bytes()).expect("a fixture");
    all.into_iter().find(|c| c.title == "Match Winner" && c.state == ConditionState::Active).expect("one")
}

pub(crate) struct Request {
    pub(crate) id: RequestId,
    pub(crate) target: String,
    pub(crate) body: Value,
    pub(crate) raw: String,
}

pub(crate) struct World {
    pub(crate) client: AzuroClient,
    pub(crate) now: Now,
    pub(crate) requests: Vec<Request>,
    pub(crate) chain: Vec<Request>,
    pub(crate) sent: Vec<Value>,
    pub(crate) connects: usize,
    pub(crate) timers: Vec<(TimerId, Mono)>,
    pub(crate) news: Vec<BetNews>,
    pub(crate) quotes: Vec<QuoteNews>,
    pub(crate) listings: Vec<Listing>,
    /// Everything that was learned about bets, in order.
    pub(crate) reports: Vec<BetReport>,
    /// Kick-off of every game, behind the time at which the world began.
    pub(crate) kickoff_ms: i64,
}

pub(crate) fn config() -> AzuroConfig {
    let mut config = AzuroConfig::new(&POLYGON);
    config.key = Some(SanitizedValue::from(KEY));
    config
}

impl World {
    pub(crate) fn new(config: AzuroConfig) -> Self {
        let mut world = Self {
            client: AzuroClient::new(config).expect("a client"),
            now: Now { mono: Mono(1_000_000_000), wall: Wall::from_ms(START_S * 1_000) },
            requests: Vec::new(),
            chain: Vec::new(),
            sent: Vec::new(),
            connects: 0,
            timers: Vec::new(),
            news: Vec::new(),
            quotes: Vec::new(),
            listings: Vec::new(),
            reports: Vec::new(),
            kickoff_ms: 3_600_000,
        };
        world.step(|client, now, out| client.start(now, out));
        world
    }

    /// Started, right chain, fee, funds, lists read.
    pub(crate) fn listed(config: AzuroConfig, kickoff_ms: i64) -> Self {
        let mut world = Self::new(config);
        world.kickoff_ms = kickoff_ms;
        world.answer_everything();
        world
    }
    /// As `listed`, with the feed open, the winner watched and read, its limits known.
    pub(crate) fn ready_with(config: AzuroConfig, kickoff_ms: i64) -> Self {
        let mut world = Self::listed(config, kickoff_ms);
        world.step(|client, now, out| client.watch(winner().id, now, out));
        world.step(|client, now, out| client.on_open(ConnId(0), now, out));
        world.ack();
        world.answer_everything();
        assert!(world.client.ready(world.now));
        world.news.clear();
        world.quotes.clear();
        world
    }
    pub(crate) fn ready() -> Self {
        Self::ready_with(config(), 3_600_000)
    }

    pub(crate) fn step<T>(&mut self, act: impl FnOnce(&mut AzuroClient, Now, &mut BetOut) -> T) -> T {
        let mut out = BetOut::default();
        let result = act(&mut self.client, self.now, &mut out);
        for action in out.actions {
            match action {
                Action::Request { id, target, body, lane, .. } => {
                    let raw = String::from_utf8(body.as_bytes().to_vec()).expect("text");
                    let body = serde_json::from_str(&raw).unwrap_or(Value::Null);
                    let place = if lane == Lane::Chain { &mut self.chain } else { &mut self.requests };
                    place.push(Request { id, target, body, raw });
                }
                Action::Send { payload: Payload::Text(text), .. } => self.sent.push(serde_json::from_str(&text).expect("JSON")),
                Action::Connect { .. } => self.connects += 1,
                Action::Timer { id, at } => {
                    self.timers.retain(|(timer, _)| *timer != id);
                    self.timers.push((id, at));
                }
                Action::CancelTimer { id } => self.timers.retain(|(timer, _)| *timer != id),
                _ => {}
            }
        }
        self.reports.extend(out.news.iter().filter_map(|news| match news {
            BetNews::Bet(report) => Some(report.clone()),
            _ => None,
        }));
        self.news.extend(out.news);
        self.quotes.extend(out.quotes);
        self.listings.extend(out.listings);
        result
    }

    /// Moves time and fires what is due, timer by timer.
    pub(crate) fn pass(&mut self, ms: u64) {
        let end = self.now.mono.plus_ms(ms);
        while let Some((id, at)) = self.timers.iter().copied().filter(|(_, at)| *at <= end).min_by_key(|(_, at)| *at) {
            self.timers.retain(|(timer, _)| *timer != id);
            self.move_to(at);
            self.step(|client, now, out| client.on_timer(id, now, out));
        }
        self.move_to(end);
    }
    fn move_to(&mut self, mono: Mono) {
        let ms = mono.since(self.now.mono) / 1_000_000;
        self.now = Now { mono, wall: self.now.wall.plus_ms(ms as i64) };
    }

    pub(crate) fn frame(&mut self, value: &Value) {
        let text = value.to_string();
        self.step(|client, now, out| client.on_frame(ConnId(0), Frame::Text(&text), now, out));
    }
    /// Acknowledges the last subscription.
    pub(crate) fn ack(&mut self) {
        let data = self.sent.last().expect("a subscription")["data"].clone();
        self.frame(&json!({ "id": "1", "event": "SubscribedToConditions", "data": { "conditionIds": data["conditionIds"] } }));
    }
    pub(crate) fn reply(&mut self, id: RequestId, status: u16, body: &str) {
        let answer = Reply::Answer { status, retry_after_ms: None, body: body.as_bytes() };
        self.step(|client, now, out| client.on_reply(id, answer, now, out));
    }
    /// Takes the only open request whose target begins so.
    pub(crate) fn take(&mut self, target: &str) -> Request {
        let place = self.requests.iter().position(|r| r.target.starts_with(target));
        self.requests.remove(place.unwrap_or_else(|| panic!("no request of {target}")))
    }
    pub(crate) fn answer(&mut self, target: &str, status: u16, body: &Value) {
        let id = self.take(target).id;
        self.reply(id, status, &body.to_string());
    }
    pub(crate) fn no_answer(&mut self, target: &str) {
        let id = self.take(target).id;
        self.step(|client, now, out| client.on_reply(id, Reply::Unknown("timeout"), now, out));
    }
    /// Answers the only open question to the chain of a method; returns the question.
    pub(crate) fn chain_says(&mut self, method: &str, result: &Value) -> Value {
        let place = self.chain.iter().position(|r| r.raw.contains(method)).unwrap_or_else(|| panic!("no {method}"));
        let request = self.chain.remove(place);
        self.reply(request.id, 200, &json!({ "jsonrpc": "2.0", "id": request.id.0, "result": result }).to_string());
        request.body
    }

    /// What a healthy venue and node say.
    pub(crate) fn answer_everything(&mut self) {
        self.answer_but("nothing");
    }
    /// The same, but what begins so gets no answer.
    pub(crate) fn answer_but(&mut self, silent: &str) {
        while !self.chain.is_empty() {
            let body = self.chain[0].raw.clone();
            if body.contains("eth_chainId") {
                self.chain_says("eth_chainId", &json!("0x89"));
            } else {
                self.chain_says("eth_call", &json!(format!("0x{:064x}", 500_000_000)));
            }
        }
        while let Some(request) = self.requests.first() {
            let target = request.target.clone();
            if target.starts_with(silent) {
                self.no_answer(silent);
                continue;
            }
            let body = if target.starts_with("/market-manager/games-by-filters") {
                self.games(&target)
            } else if target.starts_with("/market-manager/conditions-by-game-ids") {
                Self::conditions(&request.body["gameIds"])
            } else if target.starts_with("/bet/gas-info") {
                fixture("gas_info")["response_captured"].clone()
            } else if target.starts_with("/bet/calculation") {
                fixture("bet_calculation")["response_captured"].clone()
            } else if target.starts_with("/market-manager/condition-batch") {
                fixture("conditions_by_game_ids")
            } else {
                panic!("nothing healthy is known to say to {target}")
            };
            self.answer(&target, 200, &body);
        }
    }

    /// The captured games of one sport, with a kick-off that is to come.
    pub(crate) fn games(&self, target: &str) -> Value {
        let mut page = fixture("games_by_filters");
        page["totalPages"] = json!(1);
        let games = page["games"].as_array_mut().expect("games");
        games.retain(|game| target.ends_with(&format!("sportId={}", game["sport"]["sportId"].as_str().expect("a sport"))));
        for game in games {
            game["startsAt"] = json!((START_S + self.kickoff_ms / 1_000).to_string());
        }
        page
    }
    /// The captured conditions of some games.
    pub(crate) fn conditions(games: &Value) -> Value {
        let mut all = fixture("conditions_by_game_ids");
        let games = games.as_array().expect("ids");
        all["conditions"].as_array_mut().expect("conditions").retain(|c| games.contains(&c["game"]["gameId"]));
        all
    }

    pub(crate) fn spec(&self) -> BetSpec {
        BetSpec {
            id: order(1),
            venue: AzuroClient::VENUE,
            market: winner().id,
            outcome: Outcome(7047),
            stake: Stake::from_e6(10_000_000),
            odds_min: Odds::from_decimal_e12(2_600_000_000_000).expect("odds"),
            tif: TimeInForce::Fok,
            expires: self.now.wall.plus_ms(20_000),
        }
    }
    pub(crate) fn prepare(&mut self, spec: BetSpec) -> PreparedBet {
        self.step(|client, now, _| client.prepare(spec, now)).expect("prepared")
    }
    /// Prepared and sent.
    pub(crate) fn placed() -> Self {
        let mut world = Self::ready();
        let prepared = world.prepare(world.spec());
        world.step(|client, now, out| client.send(prepared, now, out));
        world
    }
    /// How the bet stands, by the last report.
    pub(crate) fn status(&self) -> BetStatus {
        self.reports.last().map_or(BetStatus::Pending, |report| report.status)
    }
    /// The last fill that was learned of.
    pub(crate) fn taken(&self) -> Option<Taken> {
        self.reports.iter().rev().find_map(|report| match serde_json::from_str(&report.fact).expect("a fact") {
            Fact::Said { taken, .. } => taken,
            Fact::OnChain(taken) => Some(taken),
            _ => None,
        })
    }
}

pub(crate) fn order(attempt: u16) -> OrderId {
    OrderId { round: RoundId { epoch: 3, seq: 9 }, leg: LegId::B, purpose: Purpose::Entry, attempt }
}
