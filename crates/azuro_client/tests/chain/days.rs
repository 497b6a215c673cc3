//! The client after it was away for thousands of blocks: what it asks a real node until it knows what became of a bet that the API lost.

use super::harness::{self, order, winner};
use super::lives::{BEFORE_S, Life, PAST_FENCE_S};
use super::node::Node;
use azuro_client::contracts::Call;
use azuro_client::environment::POLYGON;
use azuro_client::state::{Fact, OrderState, Taken};
use domain::BetStatus;
use serde_json::{Value, json};
use signing::eip712::U256;
use venue_api::{BetClient, BetNews, Reply};

const ODDS: u64 = 2_700_000_000_000;
/// A node that refuses more is common (spec section 14.3).
const RANGE_MAX: u64 = 2_500;
const REFUSED: &str = r#"{"jsonrpc":"2.0","id":0,"error":{"code":-32005,"message":"limit exceeded"}}"#;

impl Life {
    /// So many blocks, each so many seconds behind the one before.
    fn blocks(&self, count: u64, seconds: u64) {
        self.chain.node.ask("anvil_mine", json!([count, seconds]));
    }
    /// Ends the life and begins the next one, which knows what the journal holds: the intention and these facts.
    fn restart(&mut self, facts: &[Fact]) {
        self.known.facts = facts.iter().map(|fact| serde_json::to_string(fact).unwrap()).collect();
        self.client = harness::World::listed(harness::config(), 3_600_000);
        let known = self.known.clone();
        self.client.step(|client, now, out| client.adopt(known, now, out)).unwrap();
    }
    /// Answers questions to the node until there are none; every one to the API is lost. What was asked of the node.
    fn answers(&mut self, mut answer: impl FnMut(&Life, &str) -> String) -> Vec<Value> {
        let mut asked = Vec::new();
        while !self.client.chain.is_empty() {
            let of_the_bet = self.client.chain.iter().filter(|request| !funds(&request.body)).count();
            assert!(of_the_bet <= 1, "one question after the other");
            let request = self.client.chain.remove(0);
            let answer = answer(self, &request.raw);
            if !funds(&request.body) {
                within_what_nodes_take(&request.body);
                asked.push(request.body);
            }
            self.client.reply(request.id, 200, &answer);
        }
        while let Some(request) = self.client.requests.pop() {
            self.client.step(|client, now, out| client.on_reply(request.id, Reply::Unknown("timeout"), now, out));
        }
        asked
    }
    fn node(&self, question: &str) -> String {
        String::from_utf8(self.chain.node.post(question)).unwrap()
    }
    /// Seconds pass until the bet stands so; the most questions of one second.
    fn until(&mut self, status: BetStatus) -> usize {
        let mut most = 0;
        for _ in 0..120 {
            if self.status() == status {
                return most;
            }
            self.client.pass(1_000);
            most = most.max(self.answers(Life::node).len());
        }
        panic!("it is {:?} after two minutes", self.status());
    }
}

/// Balance and allowance are read whether there are bets or not.
fn funds(question: &Value) -> bool {
    question["params"][0]["to"].as_str().is_some_and(|to| to.eq_ignore_ascii_case(&POLYGON.bet_token.to_string()))
}

fn within_what_nodes_take(question: &Value) {
    let number = |name: &str| {
        let text = question["params"][0][name].as_str().unwrap();
        u64::from_str_radix(text.strip_prefix("0x").expect("a height"), 16).unwrap()
    };
    if question["method"] == "eth_getLogs" {
        let (from, to) = (number("fromBlock"), number("toBlock"));
        assert!(from <= to && to - from < RANGE_MAX, "{question}");
    }
}

fn taken(bet: u128) -> Taken {
    Taken { on_chain: true, bet, odds_e12: ODDS, amount: 10_000_000 }
}

/// The API's word that it was taken.
fn accepted(bet: u128) -> Fact {
    Fact::Said { state: OrderState::Accepted, taken: Some(Taken { on_chain: false, ..taken(bet) }), result: None }
}

#[test]
fn a_bet_whose_event_lies_ten_thousand_blocks_back_is_found_after_a_restart() {
    let check = |blocks: &[(u64, u64)], questions_max: usize| {
        let mut life = Life::on(Node::pruned_at(BEFORE_S));
        let bet = life.relay(ODDS);
        for (count, seconds) in blocks {
            life.blocks(*count, *seconds);
        }
        life.restart(&[]);
        let asked = life.answers(Life::node);
        assert_eq!(life.facts(), [Fact::NonceUsed, Fact::OnChain(taken(bet))], "{blocks:?}");
        assert_eq!(life.status(), BetStatus::Accepted);
        assert!(asked.len() <= questions_max, "{blocks:?}: {asked:#?}");
    };
    check(&[(10_000, 2)], 4);
    // Blocks that are not as usual: slower, faster, and a chain that stood still for a day.
    check(&[(10_000, 12)], 6);
    check(&[(10_000, 1)], 6);
    check(&[(5_000, 1), (1, 86_400), (5_000, 3)], 12);
}

#[test]
fn a_search_goes_on_where_a_failing_node_stopped_it() {
    let mut life = Life::on(Node::pruned_at(BEFORE_S));
    let bet = life.relay(ODDS);
    life.blocks(5_000, 1);
    life.blocks(5_000, 12);
    life.restart(&[]);
    // Every question gets a node's error first, and its answer only after the bet's timer has come again.
    let (mut questions, mut refused) = (Vec::new(), Vec::new());
    for _ in 0..120 {
        let asked = life.answers(|life, question| {
            let named: Value = serde_json::from_str(question).unwrap();
            let named = json!([named["method"], named["params"]]);
            if funds(&serde_json::from_str(question).unwrap()) || refused.contains(&named) {
                return life.node(question);
            }
            refused.push(named);
            REFUSED.to_owned()
        });
        questions.extend(asked);
        if life.status() == BetStatus::Accepted {
            break;
        }
        life.client.pass(1_000);
    }
    assert_eq!(life.facts(), [Fact::NonceUsed, Fact::OnChain(taken(bet))]);
    // Head and nonce belong together, so they are asked together again; nothing of the search is asked a third time.
    let searching = |question: &&Value| question["method"] == "eth_getLogs" || question["params"][0] != "latest";
    let searched: Vec<&Value> = questions.iter().filter(searching).filter(|q| q["method"] != "eth_call").collect();
    let times = |one: &Value| searched.iter().filter(|q| q["params"] == one["params"]).count();
    assert!(searched.len() >= 4 && searched.iter().all(|question| times(question) == 2), "{questions:#?}");
}

#[test]
fn a_bet_that_was_called_off_long_ago_is_void_after_a_restart() {
    let mut life = Life::on(Node::pruned_at(BEFORE_S));
    let bet = life.relay(ODDS);
    life.chain.reject(winner().id, bet);
    life.blocks(10_000, 2);
    life.restart(&[Fact::NonceUsed, Fact::OnChain(taken(bet))]);
    let asked = life.answers(Life::node);
    assert_eq!(life.facts(), [Fact::CalledOff, Fact::Pays(10_000_000)]);
    assert_eq!(life.reported(), (BetStatus::Void, 10_000_000, 27_000_000, Some(10_000_000)));
    assert!(asked.len() <= 12, "{}", asked.len());
}

#[test]
fn a_long_search_is_paced_by_the_bets_timer_and_ends() {
    let mut life = Life::on(Node::pruned_at(BEFORE_S));
    let bet = life.relay(ODDS);
    life.chain.reject(winner().id, bet);
    // Its stake was claimed by somebody, so that the money tells nothing any more.
    let call = Call::WithdrawPayout { core: POLYGON.core, bet: U256::from(bet) };
    life.chain.send(life.chain.relayer, POLYGON.lp, &call.calldata()).unwrap();
    life.blocks(20_000, 2);
    // The venue has the order and says nothing new of it: the timer asks the chain because the search has begun.
    life.restart(&[accepted(bet)]);
    let first = life.answers(Life::node).len();
    // Twelve of the search, the newest block before them and the money after them.
    assert_eq!((first, life.status()), (14, BetStatus::Accepted));
    life.client.pass((PAST_FENCE_S + 1) * 1_000);
    assert!(life.until(BetStatus::Void) <= 13);
    assert_eq!(life.facts(), [Fact::Claimed, Fact::CalledOff]);
}

#[test]
fn a_bet_that_only_the_chain_knows_is_followed_to_its_end() {
    let mut life = Life::on(Node::pruned_at(BEFORE_S));
    life.relay(ODDS);
    life.pass(PAST_FENCE_S + 2);
    assert_eq!(life.status(), BetStatus::Accepted);
    let later = life.chain.head().time_s + 1;
    life.chain.node.pass(600);
    life.chain.resolve(winner().id, 7047, later);
    let most = life.until(BetStatus::Settled);
    assert!(most <= 4, "{most}");
    assert_eq!(life.reported().3, Some(27_000_000));
    assert!(life.client.reports.iter().all(|report| report.bet == order(1)));
}

#[test]
fn an_order_that_the_api_had_and_lost_is_followed_to_its_end_by_the_chain() {
    let mut life = Life::on(Node::pruned_at(BEFORE_S));
    let bet = life.relay(ODDS);
    let later = life.chain.head().time_s + 1;
    life.chain.node.pass(600);
    life.chain.resolve(winner().id, 7048, later);
    life.restart(&[accepted(bet)]);
    // The questions of the start are lost, so that the timer's decide.
    life.client.chain.drain(..).map(|request| request.id).collect::<Vec<_>>().into_iter().for_each(|id| {
        life.client.step(|client, now, out| client.on_reply(id, Reply::Unknown("timeout"), now, out));
    });
    for _ in 0..PAST_FENCE_S + 30 {
        while let Some(request) = life.client.requests.pop() {
            life.client.reply(request.id, 404, "{}");
        }
        life.answers(Life::node);
        life.client.pass(1_000);
    }
    assert_eq!(life.facts(), [Fact::Pays(0)]);
    assert_eq!(life.reported(), (BetStatus::Settled, 10_000_000, 27_000_000, Some(0)));
}

#[test]
fn an_event_that_the_node_does_not_have_yet_is_looked_for_again_from_the_start() {
    let mut life = Life::on(Node::pruned_at(BEFORE_S));
    let bet = life.relay(ODDS);
    life.blocks(3_000, 2);
    life.restart(&[]);
    // The state is there, the index of its events is not.
    life.answers(|life, question| {
        let asked: Value = serde_json::from_str(question).unwrap();
        let none = json!({ "jsonrpc": "2.0", "id": asked["id"], "result": [] }).to_string();
        if asked["method"] == "eth_getLogs" { none } else { life.node(question) }
    });
    assert_eq!((life.status(), life.facts()), (BetStatus::Matched, vec![Fact::NonceUsed]));
    let told = |news: &BetNews| matches!(news, BetNews::QueryFailed { bet: Some(_), why } if why.contains("no event of that"));
    assert_eq!(life.client.news.iter().filter(|news| told(news)).count(), 1);
    life.client.pass((PAST_FENCE_S + 1) * 1_000);
    life.until(BetStatus::Accepted);
    assert_eq!(life.facts(), [Fact::NonceUsed, Fact::OnChain(taken(bet))]);
}
