//! The client itself, its questions to the chain answered by the node: what it makes of a bet whose order was lost.
//!
//! Time of the client is the test's, time of the chain is the chain's, and the API answers by hand or not at all.

use super::harness;
use super::node::Node;
use super::world::{MEANS, World, hex_signature};
use azuro_client::environment::POLYGON;
use azuro_client::sign::{BetTerms, Sponsored, parse_condition};
use azuro_client::state::{Fact, Taken};
use domain::{BetStatus, Outcome, Stake};
use harness::{START_S, order, winner};
use serde_json::{Value, json};
use signing::eip712::Address;
use venue_api::{BetClient, BetNews, KnownBet, Reply};

const POST: &str = "/bet/orders/ordinar";
const GET: &str = "/bet/orders/0x";
/// Ten minutes before the client begins.
pub(crate) const BEFORE_S: u64 = START_S as u64 - 600;
/// Past the fence of every bet here: 20 s of life and 12 s of margin.
pub(crate) const PAST_FENCE_S: u64 = 33;

/// A chain and a client, both at the same second, and one bet that has left and got no answer.
pub(crate) struct Life {
    pub(crate) chain: World,
    pub(crate) client: harness::World,
    posted: Value,
    pub(crate) known: KnownBet,
}

impl Life {
    fn new() -> Self {
        Self::on(Node::start_at(BEFORE_S))
    }
    /// On a node whose first block lies [`BEFORE_S`]: the chain's set-up takes some blocks, each with a second of its own.
    pub(crate) fn on(node: Node) -> Self {
        let chain = World::approved_on(node);
        chain.node.ask("evm_mine", json!([START_S]));
        let mut client = harness::World::ready();
        let prepared = client.prepare(client.spec());
        let known = KnownBet { spec: prepared.spec.clone(), key: prepared.key.clone(), facts: Vec::new() };
        client.step(|client, now, out| client.send(prepared, now, out));
        let posted = client.take(POST);
        client.step(|client, now, out| client.on_reply(posted.id, Reply::Unknown("timeout"), now, out));
        Self { chain, client, posted: posted.body, known }
    }

    /// The relayer brings what was posted on chain, at these odds of the first outcome; its token.
    pub(crate) fn relay(&self, odds_e12: u64) -> u128 {
        let data =
            self.chain.order_with(&terms(&self.posted), &self.offer(odds_e12), &hex_signature(&self.posted["bettorSignature"]));
        self.chain.send(self.chain.relayer, POLYGON.relayer, &data).unwrap();
        super::world::LAST_TOKEN as u128 + 1
    }
    fn offer(&self, odds_e12: u64) -> super::world::Offer {
        super::world::Offer { odds: [odds_e12, 1_450_000_000_000], ..self.chain.offer() }
    }
    /// A block at so many seconds behind the start.
    fn mine(&self, seconds: u64) {
        self.chain.node.ask("evm_mine", json!([START_S as u64 + seconds]));
    }
    /// The client's time goes on, every question to the chain is answered by the node, every one to the API not at all.
    pub(crate) fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.client.pass(1_000);
            self.chain_answers();
            while let Some(request) = self.client.requests.pop() {
                self.client.step(|client, now, out| client.on_reply(request.id, Reply::Unknown("timeout"), now, out));
            }
        }
    }
    fn chain_answers(&mut self) {
        while !self.client.chain.is_empty() {
            let request = self.client.chain.remove(0);
            let answer = String::from_utf8(self.chain.node.post(&request.raw)).unwrap();
            self.client.reply(request.id, 200, &answer);
        }
    }
    fn query(&mut self) {
        self.client.step(|client, now, out| client.query(order(1), now, out));
        self.chain_answers();
    }
    pub(crate) fn facts(&self) -> Vec<Fact> {
        self.client.reports.iter().map(|report| serde_json::from_str(&report.fact).unwrap()).collect()
    }
    pub(crate) fn status(&self) -> BetStatus {
        self.client.status()
    }
    pub(crate) fn reported(&self) -> (BetStatus, u64, u64, Option<u64>) {
        let report = self.client.reports.last().unwrap();
        (report.status, report.taken.e6(), report.returns.e6(), report.paid.map(Stake::e6))
    }
}

/// The terms of a posted body.
fn terms(body: &Value) -> BetTerms {
    let (data, bet) = (&body["clientBetData"]["clientData"], &body["clientBetData"]["bet"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    BetTerms {
        attention: text(&data["attention"]),
        affiliate: text(&data["affiliate"]).parse::<Address>().unwrap(),
        expires_at: data["expiresAt"].as_u64().unwrap(),
        relayer_fee: text(&data["relayerFeeAmount"]).parse().unwrap(),
        sponsored: Sponsored::default(),
        condition: parse_condition(&text(&bet["conditionId"])).unwrap(),
        outcome: Outcome(bet["outcomeId"].as_u64().unwrap()),
        min_odds: text(&bet["minOdds"]).parse().unwrap(),
        amount: text(&bet["amount"]).parse().unwrap(),
        nonce: text(&bet["nonce"]).parse().unwrap(),
    }
}

#[test]
fn a_lost_order_whose_nonce_is_used_on_chain_is_found_there() {
    let mut life = Life::new();
    let bet = life.relay(2_700_000_000_000);
    // Before the fence nothing is asked of the chain unless somebody wants to know.
    life.pass(3);
    assert_eq!(life.status(), BetStatus::Pending);
    life.query();
    let taken = Taken { on_chain: true, bet, odds_e12: 2_700_000_000_000, amount: 10_000_000 };
    assert_eq!(life.facts()[1..], [Fact::NonceUsed, Fact::OnChain(taken)]);
    assert_eq!(life.reported(), (BetStatus::Accepted, 10_000_000, 27_000_000, None));
}

#[test]
fn a_lost_order_is_found_by_the_clients_own_timer_past_its_fence() {
    let mut life = Life::new();
    life.relay(2_620_000_000_000);
    life.pass(PAST_FENCE_S + 2);
    assert_eq!(life.reported(), (BetStatus::Accepted, 10_000_000, 26_200_000, None));
}

#[test]
fn an_order_is_dead_when_the_chains_own_time_has_passed_its_fence_and_not_by_any_other_clock() {
    let mut life = Life::new();
    // Our clock is far past the fence, the chain's is not.
    life.mine(32);
    life.pass(PAST_FENCE_S + 60);
    assert_eq!((life.status(), life.facts().len()), (BetStatus::Pending, 1));
    life.mine(PAST_FENCE_S);
    life.pass(20);
    assert_eq!(life.facts()[1..], [Fact::Expired]);
    assert_eq!(life.reported(), (BetStatus::Refused, 0, 0, None));
    // And it is: the contract refuses these bytes from now on.
    let data = life.chain.order_with(
        &terms(&life.posted),
        &life.offer(2_700_000_000_000),
        &hex_signature(&life.posted["bettorSignature"]),
    );
    assert!(life.chain.send(life.chain.relayer, POLYGON.relayer, &data).is_err());
    assert_eq!(life.chain.balance(life.chain.bettor.address()), MEANS);
}

#[test]
fn a_bet_that_is_mined_in_the_last_second_of_its_life_is_not_taken_for_dead() {
    let mut life = Life::new();
    life.mine(19);
    life.pass(PAST_FENCE_S);
    assert_eq!(life.status(), BetStatus::Pending);
    life.chain.node.ask("evm_setNextBlockTimestamp", json!([START_S + 20]));
    life.relay(2_620_000_000_000);
    life.mine(PAST_FENCE_S);
    life.pass(20);
    assert_eq!(life.status(), BetStatus::Accepted);
}

#[test]
fn a_node_that_is_gone_or_knows_nothing_decides_nothing() {
    let mut life = Life::new();
    life.relay(2_620_000_000_000);
    life.mine(PAST_FENCE_S + 100);
    // For two minutes every question is lost, and none of that is a fact.
    for _ in 0..120 {
        life.client.pass(1_000);
        let questions: Vec<_> = life.client.chain.drain(..).chain(life.client.requests.drain(..)).collect();
        for request in questions {
            life.client.step(|client, now, out| client.on_reply(request.id, Reply::Unknown("the node is gone"), now, out));
        }
    }
    assert_eq!((life.status(), life.facts().len()), (BetStatus::Pending, 1));
    assert!(life.client.news.iter().any(|news| matches!(news, BetNews::QueryFailed { .. })));
    life.pass(20);
    assert_eq!(life.status(), BetStatus::Accepted);
}

#[test]
fn a_bet_that_the_house_calls_off_is_void_by_the_chains_word() {
    let mut life = Life::new();
    let bet = life.relay(2_620_000_000_000);
    life.query();
    assert_eq!(life.status(), BetStatus::Accepted);
    life.chain.reject(winner().id, bet);
    life.query();
    assert_eq!(life.facts()[3..], [Fact::CalledOff, Fact::Pays(10_000_000)]);
    assert_eq!(life.reported(), (BetStatus::Void, 10_000_000, 26_200_000, Some(10_000_000)));
}

#[test]
fn what_a_bet_paid_is_the_chains_word() {
    let check = |end: fn(&World, u64), expect: (BetStatus, Option<u64>)| {
        let mut life = Life::new();
        life.relay(2_620_000_000_000);
        life.query();
        let later = life.chain.head().time_s + 1;
        life.mine(600);
        end(&life.chain, later);
        life.query();
        let (status, _, _, paid) = life.reported();
        assert_eq!((status, paid), expect);
    };
    check(|chain, later| chain.resolve(winner().id, 7047, later), (BetStatus::Settled, Some(26_200_000)));
    check(|chain, later| chain.resolve(winner().id, 7048, later), (BetStatus::Settled, Some(0)));
    check(|chain, _| chain.cancel(winner().id), (BetStatus::Void, Some(10_000_000)));
    // Taken at or after the moment from which the outcome was known: void, though it would have won.
    check(|chain, later| chain.resolve(winner().id, 7047, later - 1), (BetStatus::Void, Some(10_000_000)));
}

#[test]
fn a_life_after_a_crash_finds_the_bet_of_the_life_before() {
    let mut life = Life::new();
    life.relay(2_700_000_000_000);
    let mut known = life.known.clone();
    // Nothing was written but the intention.
    life.client = harness::World::listed(harness::config(), 3_600_000);
    life.client.step(|client, now, out| client.adopt(known.clone(), now, out)).unwrap();
    life.chain_answers();
    let first = life.reported();
    assert_eq!(first, (BetStatus::Accepted, 10_000_000, 27_000_000, None));
    // Again, with what that life had written: the same, and nothing new to write.
    known.facts = life.client.reports.iter().map(|report| report.fact.clone()).collect();
    life.client = harness::World::listed(harness::config(), 3_600_000);
    life.client.step(|client, now, out| client.adopt(known.clone(), now, out)).unwrap();
    life.chain_answers();
    assert_eq!(life.client.reports, []);
    assert!(life.client.requests.iter().all(|request| !request.target.starts_with(POST)), "nothing is posted again");
    assert!(life.client.requests.iter().any(|request| request.target.starts_with(GET)));
}
