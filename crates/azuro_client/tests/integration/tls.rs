//! The client on real sockets: TLS, HTTP and WebSocket against the simulated venue's server, on the clock of this machine.

use super::harness::config;
use azuro_client::{AzuroClient, AzuroConfig};
use domain::{BetSpec, BetStatus, LegId, Listing, Now, OrderId, Purpose, Question, Quote, RoundId, Stake, TimeInForce, VenueKey};
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::LocalSet;
use transport::{BetLink, Clock, LinkConfig};
use venue_api::{BetClient, BetNews, BetOut, BetReport, KnownBet, Lane, QuoteNews};
use venue_sim::azuro::{AzuroSim, AzuroSimConfig, Latencies};
use venue_sim::server::{RunningServer, ServerOptions, TlsServer};
use venue_sim::sports::{Sports, SportsShape};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Default)]
struct Heard {
    listings: Vec<Listing>,
    quotes: BTreeMap<u64, Quote>,
    losses: usize,
    listed: bool,
    reports: Vec<BetReport>,
    unknown: bool,
}

struct Desk {
    link: BetLink<AzuroClient>,
    heard: Rc<RefCell<Heard>>,
    wake: Rc<Notify>,
}

fn server() -> RunningServer {
    let shape = SportsShape { pulse_every_ms: 0, noise_permille: 0, trouble_permille: 0, ..SportsShape::default() };
    let mut venue = AzuroSimConfig::new(3, Sports::new(3, shape));
    venue.stopped_permille = 0;
    venue.approved = true;
    venue.latencies = Latencies {
        read_us: (1_000, 3_000),
        post_us: (5_000, 9_000),
        placed_us: 50_000,
        sent_us: 100_000,
        mined_us: (150_000, 300_000),
        slow_permille: 0,
        told_us: (50_000, 100_000),
        bet_id_us: (0, 100_000),
        ..Latencies::default()
    };
    TlsServer::start(Box::new(AzuroSim::new(venue)), ServerOptions::azuro()).expect("a server")
}

impl Desk {
    fn start(server: &RunningServer, config: AzuroConfig) -> Self {
        let (heard, wake) = (Rc::new(RefCell::new(Heard::default())), Rc::new(Notify::new()));
        let (listener, bell) = (Rc::clone(&heard), Rc::clone(&wake));
        let tell = move |out: &BetOut, _: Now| {
            listener.borrow_mut().take(out);
            bell.notify_one();
        };
        let mut link = LinkConfig::new("Azuro", server.rest_url(), server.ws_url());
        link.extra_roots = vec![server.ca_pem().to_owned()];
        link.rest_base_of = BTreeMap::from([(Lane::Chain, server.rest_url_at("/rpc"))]);
        let client = AzuroClient::new(config).expect("a client");
        Self { link: BetLink::start(client, link, Clock::start(), tell).expect("a link"), heard, wake }
    }

    async fn until(&self, what: &str, holds: impl Fn(&Heard, &AzuroClient, Now) -> bool) {
        let wait = async {
            while !self.link.look(|client, now| holds(&self.heard.borrow(), client, now)) {
                self.wake.notified().await;
            }
        };
        let reports = || format!("{:?}", self.heard.borrow().reports);
        tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{what} never came: {}", reports()));
    }

    /// Watches an open winner of a game that begins late enough, and waits until it can be bet on.
    async fn watching(&self) -> Listing {
        self.until("the list", |heard, _, _| heard.listed).await;
        let soon = self.link.look(|_, now| now.wall.plus_ms(1_800_000));
        let open = |l: &&Listing| l.open && l.question == Question::Winner && l.starts > soon;
        let listing = self.heard.borrow().listings.iter().find(open).cloned().expect("an open winner");
        let (market, (outcome, _)) = (listing.market, listing.picks[0]);
        self.link.with(|client, now, out| client.watch(market, now, out));
        self.until("a quote with limits", |heard, client, now| {
            client.ready(now) && client.terms(market, outcome).is_some() && heard.quotes.contains_key(&outcome.0)
        })
        .await;
        listing
    }

    /// Prepares and sends ten dollars on the first outcome; gives what a journal would hold.
    fn place(&self, listing: &Listing, attempt: u16) -> (BetSpec, VenueKey) {
        let (outcome, _) = listing.picks[0];
        let odds_min = self.heard.borrow().quotes[&outcome.0].odds;
        self.link.with(|client, now, out| {
            let spec = BetSpec {
                id: OrderId { round: RoundId { epoch: 1, seq: 1 }, leg: LegId::B, purpose: Purpose::Entry, attempt },
                venue: AzuroClient::VENUE,
                market: listing.market,
                outcome,
                stake: Stake::from_e6(10_000_000),
                odds_min,
                tif: TimeInForce::Fok,
                expires: now.wall.plus_ms(30_000),
            };
            let prepared = client.prepare(spec, now).expect("prepared");
            let written = (prepared.spec.clone(), prepared.key.clone());
            client.send(prepared, now, out);
            written
        })
    }

    async fn until_bet(&self, status: BetStatus) {
        self.until(&format!("{status:?}"), |heard, _, _| heard.reports.last().is_some_and(|r| r.status == status)).await;
    }
}

impl Heard {
    fn take(&mut self, out: &BetOut) {
        self.listings.extend(out.listings.iter().cloned());
        for quote in &out.quotes {
            match quote {
                QuoteNews::Best(quote) => drop(self.quotes.insert(quote.outcome.0, *quote)),
                QuoteNews::Empty { outcome, .. } => drop(self.quotes.remove(&outcome.0)),
                QuoteNews::Lost { .. } => {
                    self.losses += 1;
                    self.quotes.clear();
                }
            }
        }
        for news in &out.news {
            match news {
                BetNews::Listed(_) => self.listed = true,
                BetNews::Bet(report) => self.reports.push(report.clone()),
                BetNews::Unknown { .. } => self.unknown = true,
                _ => {}
            }
        }
    }
}

fn own() -> AzuroConfig {
    AzuroConfig { sports: vec![45], watch_ms: 1_000, ..config() }
}

fn on_sockets(story: impl AsyncFnOnce(RunningServer)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, async { story(server()).await });
}

#[test]
fn over_tls_a_bet_is_placed_accepted_and_settled() {
    on_sockets(async |server| {
        let desk = Desk::start(&server, own());
        let listing = desk.watching().await;
        desk.place(&listing, 1);
        desk.until_bet(BetStatus::Accepted).await;
        // A game that ends in the second of the bet's own block makes a late bet of it: void.
        let next_block = desk.link.look(|_, now| now.wall.plus_ms(4_000));
        desk.until("a later block", |_, _, now| now.wall > next_block).await;
        server.fault("resolve_now", &json!({})).expect("known");
        desk.until_bet(BetStatus::Settled).await;
        desk.until("the payout by the chain", |heard, _, _| heard.reports.iter().any(|r| r.fact.contains("pays"))).await;
        assert!(desk.heard.borrow().reports.last().expect("reports").paid.is_some());
        desk.link.stop().await;
        server.stop().await;
    });
}

#[test]
fn over_tls_a_dropped_feed_withdraws_its_quotes_and_brings_them_back() {
    on_sockets(async |server| {
        let desk = Desk::start(&server, own());
        desk.watching().await;
        for round in 1..=3 {
            let before = desk.heard.borrow().losses;
            server.fault("drop_sockets", &json!({})).expect("known");
            desk.until("the loss", |heard, _, _| heard.losses > before).await;
            desk.until("the quotes again", |heard, client, now| !heard.quotes.is_empty() && client.ready(now)).await;
            assert!(round > 0);
        }
        desk.link.stop().await;
        server.stop().await;
    });
}

#[test]
fn over_tls_a_lost_answer_is_found_by_the_next_life_of_the_client() {
    on_sockets(async |server| {
        let desk = Desk::start(&server, own());
        let listing = desk.watching().await;
        server.fault("lose_order_answer", &json!({ "count": 1 })).expect("known");
        let (spec, key) = desk.place(&listing, 1);
        desk.until("the loss", |heard, _, _| heard.unknown).await;
        let facts = desk.heard.borrow().reports.iter().map(|report| report.fact.clone()).collect();
        // The process is gone; its sockets with it.
        desk.link.stop().await;
        let next = Desk::start(&server, own());
        let known = KnownBet { spec, key, facts };
        next.link.with(|client, now, out| client.adopt(known, now, out)).expect("ours");
        next.until_bet(BetStatus::Accepted).await;
        next.link.stop().await;
        server.stop().await;
    });
}
