//! The whole venue over sockets: the simulated Azuro behind TLS as API and feed, the node behind TLS as chain, and the client on a real
//! link between them. The simulated relayer's submissions are sent to the node, and the house's acts with them.

use super::node::Node;
use super::world::{KEY, MEANS, World};
use azuro_client::contracts::ChainEvent;
use azuro_client::environment::POLYGON;
use azuro_client::sign::parse_condition;
use azuro_client::{AzuroClient, AzuroConfig, chain};
use domain::{
    BetSpec, BetStatus, LegId, Listing, MarketId, Now, Odds, OrderId, Outcome, Purpose, Quote, RoundId, Stake, TimeInForce,
};
use serde_json::{Value, json};
use signing::SanitizedValue;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::time::{MissedTickBehavior, interval};
use transport::{BetLink, Clock, LinkConfig};
use venue_api::{Action, BetClient, BetFunds, BetNews, BetOut, BetReport, Lane, PreparedBet, QuoteNews};
use venue_sim::azuro::{AzuroSim, AzuroSimConfig, ChainSide, HouseAct, Latencies, Mined, Submission};
use venue_sim::server::{RunningServer, ServerOptions, TlsProxy, TlsServer};
use venue_sim::sports::{Sports, SportsShape};
use venue_sim::{HttpRequest, Message, SimAction, SimNow, VenueSim};

/// How long anything here may take.
const SOON: Duration = Duration::from_secs(40);

/// The simulator, for the server and for the test that plays its relayer.
#[derive(Clone)]
struct Shared(Arc<Mutex<AzuroSim>>);

impl Shared {
    fn sim(&self) -> MutexGuard<'_, AzuroSim> {
        self.0.lock().unwrap()
    }
}

impl VenueSim for Shared {
    fn name(&self) -> &'static str {
        self.sim().name()
    }
    fn on_connect(&mut self, conn: u64, target: &str, headers: &[(String, String)], now: SimNow, out: &mut Vec<SimAction>) {
        self.sim().on_connect(conn, target, headers, now, out);
    }
    fn on_message(&mut self, conn: u64, message: &Message, now: SimNow, out: &mut Vec<SimAction>) {
        self.sim().on_message(conn, message, now, out);
    }
    fn on_disconnect(&mut self, conn: u64, now: SimNow, out: &mut Vec<SimAction>) {
        self.sim().on_disconnect(conn, now, out);
    }
    fn on_request(&mut self, request: u64, http: HttpRequest<'_>, now: SimNow, out: &mut Vec<SimAction>) {
        self.sim().on_request(request, http, now, out);
    }
    fn next_wake(&self) -> Option<SimNow> {
        self.sim().next_wake()
    }
    fn on_wake(&mut self, now: SimNow, out: &mut Vec<SimAction>) {
        self.sim().on_wake(now, out);
    }
    fn set_fault(&mut self, name: &str, parameters: &Value) -> Result<(), String> {
        self.sim().set_fault(name, parameters)
    }
    fn clear_fault(&mut self, name: &str) {
        self.sim().clear_fault(name);
    }
}

/// What the client told.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) listings: Vec<Listing>,
    pub(crate) quotes: BTreeMap<(MarketId, Outcome), Quote>,
    pub(crate) reports: Vec<BetReport>,
    pub(crate) funds: Option<BetFunds>,
    pub(crate) failures: Vec<String>,
    /// How often the client has begun to ask the chain about the bet.
    pub(crate) heads_asked: usize,
}

impl Heard {
    fn take(&mut self, out: &BetOut) {
        self.listings.extend(out.listings.iter().cloned());
        for news in &out.quotes {
            match news {
                QuoteNews::Best(quote) => {
                    self.quotes.insert((quote.market, quote.outcome), *quote);
                }
                QuoteNews::Empty { market, outcome, .. } => {
                    self.quotes.remove(&(*market, *outcome));
                }
                QuoteNews::Lost { market, .. } => self.quotes.retain(|(of, _), _| of != market),
            }
        }
        let head = |action: &&Action| match action {
            Action::Request { lane: Lane::Chain, body, .. } => contains(body.as_bytes(), b"eth_getBlockByNumber"),
            _ => false,
        };
        self.heads_asked += out.actions.iter().filter(head).count();
        for news in &out.news {
            match news {
                BetNews::Bet(report) => self.reports.push(report.clone()),
                BetNews::Funds(funds) => self.funds = *funds,
                BetNews::QueryFailed { why, .. } => self.failures.push(why.clone()),
                _ => {}
            }
        }
    }
}

pub(crate) struct Venue {
    pub(crate) chain: World,
    pub(crate) node_line: TlsProxy,
    pub(crate) heard: Rc<RefCell<Heard>>,
    pub(crate) link: BetLink<AzuroClient>,
    server: RunningServer,
    sim: Shared,
    /// The relayer keeps what it is given.
    idle_relayer: bool,
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

/// The nonce inside a prepared bet's key.
pub(crate) fn nonce_of(prepared: &PreparedBet) -> u64 {
    prepared.key.key.rsplit_once('_').unwrap().1.parse().unwrap()
}

/// A client of the bettor's on a link of its own.
fn connect(server: &RunningServer, node_line: &TlsProxy, heard: &Rc<RefCell<Heard>>) -> BetLink<AzuroClient> {
    let mut line = LinkConfig::new("Azuro", server.rest_url(), server.ws_url());
    line.rest_base_of.insert(Lane::Chain, node_line.url());
    line.extra_roots = vec![server.ca_pem().to_owned(), node_line.ca_pem().to_owned()];
    let mut config = AzuroConfig::new(&POLYGON);
    config.key = Some(SanitizedValue::from(KEY));
    (config.sports, config.poll_ms, config.watch_ms, config.fee_ms) = (vec![45], 250, 1_000, 1_000);
    let told = Rc::clone(heard);
    let client = AzuroClient::new(config).unwrap();
    BetLink::start(client, line, Clock::start(), move |out, _| told.borrow_mut().take(out)).unwrap()
}

pub(crate) fn order() -> OrderId {
    OrderId { round: RoundId { epoch: 1, seq: 1 }, leg: LegId::B, purpose: Purpose::Entry, attempt: 1 }
}

impl Venue {
    /// Everything up, the bettor's means approved, the client started. Must be called inside a `LocalSet`.
    pub(crate) fn start() -> Self {
        let mut config = AzuroSimConfig::new(11, Sports::new(11, SportsShape::default()));
        config.chain = ChainSide::Outside;
        config.stopped_permille = 0;
        config.latencies = Latencies {
            read_us: (0, 0),
            post_us: (0, 0),
            placed_us: 10_000,
            sent_us: 20_000,
            told_us: (10_000, 10_000),
            bet_id_us: (0, 0),
            ..config.latencies
        };
        let sim = Shared(Arc::new(Mutex::new(AzuroSim::new(config))));
        let chain = World::of_house(Node::start(), sim.sim().oracle_address());
        chain.approve(MEANS);
        let server = TlsServer::start(Box::new(sim.clone()), ServerOptions::azuro()).unwrap();
        let node_line = TlsProxy::start(chain.node.address().parse().unwrap()).unwrap();
        let heard = Rc::new(RefCell::new(Heard::default()));
        let link = connect(&server, &node_line, &heard);
        Self { chain, node_line, heard, link, server, sim, idle_relayer: false }
    }

    /// The client dies without a word, and another one starts that has heard of nothing.
    pub(crate) fn restart(&mut self) {
        *self.heard.borrow_mut() = Heard::default();
        self.link = connect(&self.server, &self.node_line, &self.heard);
    }

    /// Waits until something is so, and is the relayer and the house meanwhile.
    pub(crate) async fn until<T>(&self, what: &str, look: impl Fn() -> Option<T>) -> T {
        let began = Instant::now();
        let mut tick = interval(Duration::from_millis(3));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.relay();
            if let Some(seen) = look() {
                return seen;
            }
            let heard = self.heard.borrow();
            assert!(began.elapsed() < SOON, "{what} did not come; failures {:?}, reports {:#?}", heard.failures, heard.reports);
            drop(heard);
            tick.tick().await;
        }
    }
    /// Waits for something that the client told.
    pub(crate) async fn told<T>(&self, what: &str, look: impl Fn(&Heard) -> Option<T>) -> T {
        self.until(what, || look(&self.heard.borrow())).await
    }
    /// Asks what became of the bet, again and again, until it stands so.
    pub(crate) async fn asked(&self, status: BetStatus) -> BetReport {
        let look = || {
            self.query();
            self.last().filter(|report| report.status == status)
        };
        self.until(status.word(), look).await
    }
    /// The client's last word on the bet.
    pub(crate) fn last(&self) -> Option<BetReport> {
        self.heard.borrow().reports.last().cloned()
    }
    /// Waits for the client's word on the bet.
    pub(crate) async fn report(&self, what: &str, wanted: impl Fn(&BetReport) -> bool) -> BetReport {
        self.until(what, || self.last().filter(|report| wanted(report))).await
    }

    /// A quote of a match between two, far from its start, watched and known in full.
    pub(crate) async fn quote(&self) -> Quote {
        let later = self.link.look(|_, now: Now| now.wall.plus_ms(900_000));
        let winner = |listing: &Listing| listing.question == domain::Question::Winner && listing.starts > later;
        let market = self.told("a listing", |heard| heard.listings.iter().find(|l| winner(l)).map(|l| l.market)).await;
        self.link.with(|client, now, out| client.watch(market, now, out));
        let quote = self.told("a quote", |heard| heard.quotes.iter().find(|((of, _), _)| *of == market).map(|(_, q)| *q)).await;
        self.until("readiness", || {
            let ready = self.link.look(|client, now| client.ready(now) && client.terms(market, quote.outcome).is_some());
            ready.then_some(())
        })
        .await;
        quote
    }

    /// A bet of ten dollars at any odds above 1.01, good for so many seconds, in signed bytes.
    pub(crate) fn prepare(&self, quote: &Quote, seconds: i64) -> PreparedBet {
        self.link.with(|client, now, _| {
            let spec = BetSpec {
                id: order(),
                venue: AzuroClient::VENUE,
                market: quote.market,
                outcome: quote.outcome,
                stake: Stake::from_e6(10_000_000),
                odds_min: Odds::from_decimal_e12(1_010_000_000_000).unwrap(),
                tif: TimeInForce::Fok,
                expires: now.wall.plus_ms(seconds * 1_000),
            };
            client.prepare(spec, now).unwrap()
        })
    }
    /// Prepared and sent; its nonce.
    pub(crate) async fn bet(&self, seconds: i64) -> (Quote, u64) {
        let quote = self.quote().await;
        let prepared = self.prepare(&quote, seconds);
        let nonce = nonce_of(&prepared);
        self.link.with(|client, now, out| client.send(prepared, now, out));
        (quote, nonce)
    }
    pub(crate) fn query(&self) {
        self.link.with(|client, now, out| client.query(order(), now, out));
    }
    pub(crate) fn fault(&self, name: &str, parameters: Value) {
        self.server.fault(name, &parameters).unwrap();
    }
    /// From now on the relayer keeps what it is given, or no longer.
    pub(crate) fn keep_relayer_idle(&mut self, idle: bool) {
        self.idle_relayer = idle;
    }
    /// How the venue itself sees the only bet.
    pub(crate) fn state(&self) -> Option<&'static str> {
        self.sim.sim().bets_seen(0).last().map(|bet| bet.state)
    }

    /// The certificates that its servers are trusted by, PEM.
    pub(crate) fn roots(&self) -> String {
        format!("{}\n{}", self.server.ca_pem(), self.node_line.ca_pem())
    }
    /// Where the scripts of the official toolkit find it.
    pub(crate) fn places(&self) -> [(&'static str, String); 3] {
        [("AZURO_API", self.server.rest_url()), ("AZURO_STREAMS", self.server.ws_url()), ("AZURO_RPC", self.node_line.url())]
    }
    /// Is the relayer and the house until something else has ended.
    pub(crate) async fn during<F: Future>(&self, other: F) -> F::Output {
        let mut tick = interval(Duration::from_millis(3));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tokio::pin!(other);
        loop {
            tokio::select! {
                biased;
                ended = &mut other => return ended,
                _ = tick.tick() => self.relay(),
            }
        }
    }

    // The relayer and the house.

    /// Sends to the node what the simulated venue wants sent, and tells it what became of that.
    fn relay(&self) {
        if self.idle_relayer {
            return;
        }
        let (submissions, acts) = {
            let mut sim = self.sim.sim();
            (sim.take_submissions(), sim.take_house_acts())
        };
        for submission in submissions {
            let said = self.submit(&submission);
            // By way of the server, so that it looks at its clock again.
            self.server.with(|_| self.sim.sim().chain_said(&submission.order_id, said));
        }
        for act in acts {
            self.act(&act);
        }
    }

    fn submit(&self, submission: &Submission) -> Result<Mined, String> {
        let data = submission.calldata();
        let chain = &self.chain;
        let receipt = match chain.send(chain.relayer, POLYGON.relayer, &data) {
            Ok(receipt) => receipt,
            Err(_) => {
                return Err(chain.would(POLYGON.relayer, &data).map_or_else(|why| why.to_string(), |_| "reverted".to_owned()));
            }
        };
        let answer = json!({ "jsonrpc": "2.0", "id": 31, "result": receipt["logs"] }).to_string();
        let events = chain::read_events(31, POLYGON.core, answer.as_bytes()).unwrap();
        let token = events.iter().find_map(|event| match event {
            ChainEvent::NewLiveBet { bet, .. } => u64::try_from(*bet).ok(),
            _ => None,
        });
        Ok(Mined {
            token_id: token.unwrap(),
            tx_hash: receipt["transactionHash"].as_str().unwrap().parse().unwrap(),
            block_time_s: chain.head().time_s,
        })
    }

    fn act(&self, act: &HouseAct) {
        match act {
            HouseAct::Resolve { condition_id, won: Some(won), settled_at_s } => {
                let market = MarketId(condition_id.to_be_bytes());
                self.chain.resolve(market, won[0], *settled_at_s);
            }
            HouseAct::Resolve { condition_id, won: None, .. } => self.chain.cancel(MarketId(condition_id.to_be_bytes())),
            HouseAct::Reject { token_id } => {
                let bet = self.sim.sim().bets_seen(0).find(|bet| bet.token_id == Some(*token_id)).unwrap();
                self.chain.reject(parse_condition(&bet.condition_id).unwrap(), u128::from(*token_id));
            }
        }
    }

    pub(crate) async fn stop(self) {
        self.link.stop().await;
        self.server.stop().await;
    }
}
