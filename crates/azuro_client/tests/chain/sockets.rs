//! The whole way over sockets: API and feed of the simulated venue, a real chain behind it, and the client in between.

use super::transactions::perform;
use super::venue::{Venue, nonce_of};
use super::world::{MEANS, POOL};
use azuro_client::environment::POLYGON;
use azuro_client::state::{Fact, Taken};
use azuro_client::transaction::{Outcome, claim_call};
use domain::BetStatus;
use serde_json::json;
use tokio::task::LocalSet;
use venue_api::{BetClient, BetReport, KnownBet};

/// Stake and nothing else: the simulated relayer asks for no fee.
const STAKE: u128 = 10_000_000;

fn fact(report: &BetReport) -> Fact {
    serde_json::from_str(&report.fact).unwrap()
}
/// The fill that a report's fact names.
fn taken(report: &BetReport) -> Option<Taken> {
    match fact(report) {
        Fact::Said { taken, .. } => taken,
        Fact::OnChain(taken) => Some(taken),
        _ => None,
    }
}

async fn inside<F: Future>(test: F) -> F::Output {
    LocalSet::new().run_until(test).await
}

#[tokio::test]
async fn a_bet_is_accepted_on_chain_won_paid_and_claimed() {
    inside(async {
        let venue = Venue::start();
        let bettor = venue.chain.bettor.address();
        let (quote, nonce) = venue.bet(30).await;
        let accepted = venue.report("acceptance", |report| report.status == BetStatus::Accepted).await;
        let fill = taken(&accepted).unwrap();
        assert_eq!((fill.amount, accepted.taken.e6()), (STAKE, 10_000_000));
        assert!(venue.chain.nonce_used(nonce));
        assert_eq!((venue.chain.balance(bettor), venue.chain.balance(POLYGON.lp)), (MEANS - STAKE, POOL + STAKE));
        // The game ends, by the chain's word first: it pays stake times odds, whatever the API says meanwhile.
        let settled_at = venue.chain.head().time_s + 1;
        venue.chain.node.pass(10);
        venue.chain.resolve(quote.market, u128::from(quote.outcome.0), settled_at);
        let over = venue.asked(BetStatus::Settled).await;
        let pays = venue.chain.payout(fill.bet).unwrap();
        assert!(pays > STAKE && fact(&over) == Fact::Pays(pays), "{over:?}");
        assert_eq!((over.paid, over.returns), (Some(accepted.returns), accepted.returns));
        // Claimed by the client's own words; a second time there is nothing.
        let call = claim_call(&POLYGON, &[fill.bet]).unwrap();
        assert!(matches!(perform(&venue.chain, POLYGON.lp, &call), Outcome::Done { .. }));
        assert_eq!(venue.chain.balance(bettor), MEANS - STAKE + pays);
        assert!(venue.chain.payout(fill.bet).is_err());
        // And the client sees the money by itself.
        let held = venue.chain.balance(bettor).min(venue.chain.allowance());
        venue.link.with(|client, now, out| client.read_account(now, out));
        venue.told("the funds", |heard| heard.funds.filter(|funds| u128::from(funds.free.e6()) == held)).await;
        venue.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_game_without_a_winner_gives_the_stake_back_by_the_word_of_both_sides() {
    inside(async {
        let venue = Venue::start();
        venue.bet(30).await;
        let accepted = venue.report("acceptance", |report| report.status == BetStatus::Accepted).await;
        let fill = taken(&accepted).unwrap();
        // The simulated house ends the game, its relayer says so on chain, the client reads both.
        venue.fault("resolve_now", json!({ "cancel": true }));
        let over = venue.report("the chain's word", |report| matches!(fact(report), Fact::Pays(_))).await;
        assert_eq!((over.status, over.paid.map(|paid| u128::from(paid.e6()))), (BetStatus::Void, Some(STAKE)));
        assert_eq!((venue.chain.payout(fill.bet), venue.state()), (Ok(STAKE), Some("Settled")));
        venue.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_bet_that_the_contract_refuses_is_refused_and_moves_nothing() {
    inside(async {
        let venue = Venue::start();
        let quote = venue.quote().await;
        let prepared = venue.prepare(&quote, 30);
        // The approval goes away between the look and the relayer's transaction.
        venue.chain.approve(0);
        venue.link.with(|client, now, out| client.send(prepared, now, out));
        let refused = venue.report("the refusal", |report| report.status == BetStatus::Refused).await;
        assert_eq!((venue.state(), refused.taken.e6()), (Some("Rejected"), 0));
        assert_eq!(venue.chain.balance(venue.chain.bettor.address()), MEANS);
        assert_eq!(venue.chain.bets(), []);
        venue.stop().await;
    })
    .await;
}

#[tokio::test]
async fn an_order_that_the_api_lost_is_found_on_chain_by_its_nonce() {
    inside(async {
        let venue = Venue::start();
        venue.fault("hide_order", json!({ "ms": 600_000 }));
        venue.fault("lose_order_answer", json!({ "count": 1 }));
        venue.fault("repeat_post", json!({ "answer": "error" }));
        let (_, nonce) = venue.bet(30).await;
        venue.until("the nonce on chain", || venue.chain.nonce_used(nonce).then_some(())).await;
        venue.query();
        let found = venue.report("the bet", |report| report.status == BetStatus::Accepted).await;
        assert!(taken(&found).unwrap().on_chain, "{found:?}");
        // The identical bytes were posted again, and that made no second bet.
        assert_eq!(venue.chain.bets().len(), 1);
        assert_eq!(venue.chain.balance(venue.chain.bettor.address()), MEANS - STAKE);
        venue.stop().await;
    })
    .await;
}

#[tokio::test]
async fn an_order_that_stays_sent_is_dead_by_the_chains_time_and_not_before() {
    inside(async {
        let venue = Venue::start();
        venue.fault("stay_sent", json!({}));
        let quote = venue.quote().await;
        let prepared = venue.prepare(&quote, 30);
        let (nonce, fence_s) = (nonce_of(&prepared), prepared.key.dead_after.ms() / 1_000);
        venue.link.with(|client, now, out| client.send(prepared, now, out));
        venue.until("the order sent", || (venue.state() == Some("Sent")).then_some(())).await;
        // The chain's time is past the expiry, and not past the margin behind it: nothing is decided, however often it is asked.
        venue.chain.node.ask("evm_mine", json!([fence_s]));
        let asked = venue.heard.borrow().heads_asked;
        let look = || {
            venue.query();
            (venue.heard.borrow().heads_asked > asked + 5).then_some(())
        };
        venue.until("five looks", look).await;
        assert_eq!(venue.last().map(|report| report.status), Some(BetStatus::Pending));
        venue.chain.node.ask("evm_mine", json!([fence_s + 1]));
        let dead = venue.asked(BetStatus::Refused).await;
        assert_eq!(fact(&dead), Fact::Expired);
        assert!(!venue.chain.nonce_used(nonce));
        venue.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_bet_that_the_house_takes_back_is_void_and_its_stake_is_claimed() {
    inside(async {
        let venue = Venue::start();
        let bettor = venue.chain.bettor.address();
        venue.fault("house_cancels", json!({ "ms": 300, "ends": "canceled", "count": 1 }));
        venue.bet(30).await;
        let accepted = venue.report("acceptance", |report| report.status == BetStatus::Accepted).await;
        let fill = taken(&accepted).unwrap();
        let void = venue.report("the stake", |report| report.status == BetStatus::Void && report.paid.is_some()).await;
        assert_eq!(void.paid.map(|paid| u128::from(paid.e6())), Some(STAKE));
        venue.until("the rejection on chain", || (venue.chain.payout(fill.bet) == Ok(STAKE)).then_some(())).await;
        let call = claim_call(&POLYGON, &[fill.bet]).unwrap();
        assert!(matches!(perform(&venue.chain, POLYGON.lp, &call), Outcome::Done { .. }));
        assert_eq!(venue.chain.balance(bettor), MEANS);
        venue.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_life_that_ends_at_any_word_about_a_bet_is_continued_to_the_same_end() {
    inside(async {
        let mut venue = Venue::start();
        let quote = venue.quote().await;
        let prepared = venue.prepare(&quote, 30);
        let (spec, key) = (prepared.spec.clone(), prepared.key.clone());
        venue.link.with(|client, now, out| client.send(prepared, now, out));
        let accepted = venue.report("acceptance", |report| report.status == BetStatus::Accepted).await;
        let facts: Vec<String> = venue.heard.borrow().reports.iter().map(|report| report.fact.clone()).collect();
        assert!(facts.len() > 2, "{facts:?}");
        // Killed behind each record, and before the first: the journal then has the intention and the facts so far.
        for written in 0..facts.len() {
            let known = KnownBet { spec: spec.clone(), key: key.clone(), facts: facts[..written].to_vec() };
            venue.restart();
            venue.link.with(|client, now, out| client.adopt(known, now, out)).unwrap();
            let again = venue.report("the same end", |report| report.status == BetStatus::Accepted).await;
            assert_eq!((again.taken, again.returns), (accepted.taken, accepted.returns), "after {written} facts");
        }
        assert_eq!(venue.chain.bets().len(), 1, "however often it was asked about");
        assert_eq!(venue.chain.balance(venue.chain.bettor.address()), MEANS - STAKE);
        venue.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_node_that_is_away_leaves_the_fate_open_until_it_is_back() {
    inside(async {
        let mut venue = Venue::start();
        venue.fault("hide_order", json!({ "ms": 600_000 }));
        venue.fault("lose_order_answer", json!({ "count": 1 }));
        venue.fault("repeat_post", json!({ "answer": "error" }));
        venue.keep_relayer_idle(true);
        let (_, nonce) = venue.bet(30).await;
        venue.node_line.set_up(false);
        venue.keep_relayer_idle(false);
        venue.until("the nonce on chain", || venue.chain.nonce_used(nonce).then_some(())).await;
        let failures = venue.heard.borrow().failures.len();
        venue.query();
        venue.told("a failed question", |heard| (heard.failures.len() > failures).then_some(())).await;
        assert_eq!(venue.last().map(|report| report.status), Some(BetStatus::Pending));
        venue.node_line.set_up(true);
        let found = venue.asked(BetStatus::Accepted).await;
        assert!(taken(&found).unwrap().on_chain, "{found:?}");
        venue.stop().await;
    })
    .await;
}
