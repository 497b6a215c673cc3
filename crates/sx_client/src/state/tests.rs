//! The fold by one-line stories, and its two laws: any order with any repetition ends the same, and no step leaves the table.

use super::*;
use proptest::prelude::*;

const STAKE: u64 = 1_000_000;

fn entry(state: &str, matched: Option<u64>, reason: Option<&str>) -> BetEvent {
    let outcome = Some((state.to_owned(), matched, reason.map(str::to_owned)));
    let entry = Entry { order: None, status: "SUBMITTED".to_owned(), reason: None, outcome };
    of_entry(&entry, STAKE).expect("a known word")
}

fn row(status: &str, remaining: u64, reason: Option<&str>) -> BetEvent {
    let seen = OrderSeen {
        order: "0x1".to_owned(),
        client_id: None,
        market: domain::MarketId([1; 32]),
        outcome_one: true,
        total: STAKE,
        remaining,
        status: status.to_owned(),
        reason: reason.map(str::to_owned),
    };
    of_order(&seen).expect("a known word")
}

fn fill(id: &str, stake: u64, status: &str, outcome: Option<u8>) -> BetEvent {
    let seen = FillSeen {
        id: id.to_owned(),
        order: "0x1".to_owned(),
        market: domain::MarketId([1; 32]),
        outcome_one: true,
        stake,
        p: 40_000_000_000_000_000_000,
        returns: None,
        status: status.to_owned(),
        settlement: outcome.map(|outcome| Settlement { outcome, returned: stake, fee: 0 }),
    };
    of_fill(&seen).expect("a known word")
}

fn told(story: &[BetEvent]) -> Bet {
    let mut bet = Bet::new(STAKE);
    for event in story {
        bet.learn(event);
    }
    bet
}

#[test]
fn a_bet_stands_as_its_story_says() {
    let check = |story: &[BetEvent], expect: BetStatus| assert_eq!(told(story).status(), expect, "{story:?}");
    let half = STAKE / 2;
    check(&[], BetStatus::Pending);
    check(&[BetEvent::Sent], BetStatus::Pending);
    check(&[BetEvent::NotSent], BetStatus::Refused);
    check(&[BetEvent::Sent, BetEvent::Dead], BetStatus::Refused);
    check(&[BetEvent::Refused { code: "PROXY_NOT_DEPLOYED".to_owned() }], BetStatus::Refused);
    check(&[entry("TIMEOUT", None, None)], BetStatus::Pending);
    check(&[entry("RESTED", None, None)], BetStatus::Pending);
    check(&[entry("CANCELLED", Some(0), Some("NO_LIQUIDITY"))], BetStatus::Refused);
    check(&[entry("FULLY_FILLED", Some(STAKE), None)], BetStatus::Matched);
    check(&[entry("FULLY_FILLED", Some(STAKE), None), fill("a", STAKE, "MATCHED", None)], BetStatus::Matched);
    check(&[entry("FULLY_FILLED", Some(STAKE), None), fill("a", STAKE, "LOCKED", None)], BetStatus::Accepted);
    check(&[entry("FULLY_FILLED", Some(STAKE), None), fill("a", STAKE, "FAILED", None)], BetStatus::Refused);
    check(&[entry("FULLY_FILLED", Some(STAKE), None), fill("a", half, "LOCKED", None)], BetStatus::Matched);
    let halves = [entry("FULLY_FILLED", Some(STAKE), None), fill("a", half, "LOCKED", None), fill("b", half, "FAILED", None)];
    check(&halves, BetStatus::Partial);
    check(&[fill("a", STAKE, "LOCKED", None)], BetStatus::Accepted);
    check(&[fill("a", STAKE - 1, "LOCKED", None)], BetStatus::Accepted);
    check(&[fill("a", STAKE, "SETTLED", Some(1))], BetStatus::Settled);
    check(&[fill("a", STAKE, "SETTLED", Some(0))], BetStatus::Void);
    check(&[fill("a", STAKE, "SETTLED", None)], BetStatus::Accepted);
    check(&[fill("a", STAKE, "LOCKED", None), fill("a", STAKE, "FAILED", None)], BetStatus::Accepted);
    check(&[entry("PARTIAL_FILL_DONE", Some(half), None)], BetStatus::Matched);
    check(&[entry("PARTIAL_FILL_DONE", Some(half), None), fill("a", half, "LOCKED", None)], BetStatus::Partial);
    check(&[entry("PARTIAL_FILL_DONE", Some(half), None), fill("a", half, "SETTLED", Some(2))], BetStatus::Settled);
    check(&[row("ACTIVE", half, None), fill("a", half, "LOCKED", None)], BetStatus::Pending);
    // A row that says nothing was matched is believed only with a listing of fills read after it.
    check(&[row("INACTIVE", STAKE, Some("NO_LIQUIDITY"))], BetStatus::Pending);
    check(&[row("INACTIVE", STAKE, Some("NO_LIQUIDITY")), BetEvent::Listed { fills: 0 }], BetStatus::Refused);
    check(&[row("INACTIVE", STAKE, Some("SOMETHING_NEW")), BetEvent::Listed { fills: 0 }], BetStatus::Refused);
    check(&[row("INACTIVE", 0, Some("FILLED")), BetEvent::Listed { fills: 0 }], BetStatus::Matched);
    check(&[BetEvent::Listed { fills: 0 }], BetStatus::Pending);
}

#[test]
fn a_word_nobody_documented_proves_nothing() {
    let unknown = |status: &str, state: &str| {
        let outcome = Some((state.to_owned(), None, None));
        of_entry(&Entry { order: None, status: status.to_owned(), reason: None, outcome }, STAKE)
    };
    assert_eq!(unknown("SUBMITTED", "NO_LIQUIDITY"), None);
    assert_eq!(unknown("QUEUED", "RESTED"), None);
    assert_eq!(meaning(Source::Fill, "SUCCESS"), None);
    assert_eq!(meaning(Source::Order, "FILLED"), None);
    for (index, (source, word, _)) in words::WORDS.iter().enumerate() {
        let again = words::WORDS.iter().skip(index + 1).any(|(other, same, _)| other == source && same == word);
        assert!(!again, "{word} has two rows");
    }
}

#[test]
fn what_is_locked_says_what_to_hedge_and_a_contradiction_is_seen() {
    let bet = told(&[fill("a", 333_334, "LOCKED", None), fill("b", 100_000, "MATCHED", None)]);
    assert_eq!((bet.locked(), bet.locked_returns(), bet.taken()), (333_334, 833_335, 433_334));
    let refused = BetEvent::Refused { code: "X".to_owned() };
    assert!(!told(std::slice::from_ref(&refused)).contradicted());
    let both = told(&[refused, fill("a", STAKE, "LOCKED", None)]);
    assert!(both.contradicted());
    assert_eq!(both.status(), BetStatus::Accepted);
    let journal = serde_json::to_string(&both).expect("JSON");
    assert_eq!(serde_json::from_str::<Bet>(&journal).expect("a bet"), both);
}

/// A story that a venue can tell: an order with up to three fills, its end, and how each fill ends.
fn stories() -> impl Strategy<Value = Vec<BetEvent>> {
    let fills = proptest::collection::vec((1u64..300_000, 0u8..3, proptest::option::of(0u8..3)), 0..4);
    (fills, any::<bool>(), 0u8..4).prop_map(|(fills, whole, how)| {
        let mut story = vec![BetEvent::Sent];
        let mut sum = 0;
        let count = fills.len();
        for (index, (stake, rank, outcome)) in fills.into_iter().enumerate() {
            let stake = if whole && index + 1 == count { STAKE - sum } else { stake };
            let id = format!("fill-{index}");
            sum += stake;
            story.push(row("ACTIVE", STAKE - sum, None));
            story.push(fill(&id, stake, "MATCHED", None));
            match (rank, outcome) {
                (0, _) => {}
                (1, _) => story.push(fill(&id, stake, "FAILED", None)),
                (_, None) => story.push(fill(&id, stake, "LOCKED", None)),
                (_, outcome) => {
                    story.push(fill(&id, stake, "LOCKED", None));
                    story.push(fill(&id, stake, "SETTLED", outcome));
                }
            }
        }
        match (sum, how) {
            (STAKE, _) => story.push(entry("FULLY_FILLED", Some(STAKE), None)),
            (0, 0) => story.push(entry("CANCELLED", Some(0), Some("NO_LIQUIDITY"))),
            (_, 0) => story.push(entry("PARTIAL_FILL_DONE", Some(sum), None)),
            (_, 1) => story.push(entry("TIMEOUT", None, None)),
            (_, _) => {
                story.push(row("INACTIVE", STAKE - sum, Some("EXPIRED")));
                story.push(BetEvent::Listed { fills: count as u32 });
            }
        }
        story
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn any_order_of_arrival_with_any_repetition_ends_the_same_and_every_step_is_in_the_table(
        story in stories(),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 0..40),
        shuffle in any::<u64>(),
    ) {
        let straight = told(&story);
        // Every event once in some order, with repetitions of any in between.
        let mut arrivals: Vec<BetEvent> = order.iter().map(|index| index.get(&story).clone()).collect();
        let mut rest = story.clone();
        rest.rotate_left((shuffle % story.len() as u64) as usize);
        if shuffle.is_multiple_of(2) { rest.reverse(); }
        arrivals.extend(rest);
        let mut bet = Bet::new(STAKE);
        let mut status = bet.status();
        for event in &arrivals {
            bet.learn(event);
            let next = bet.status();
            prop_assert!(
                next == status || MOVES.iter().any(|(from, to, _)| (*from, *to) == (status, next)),
                "{status:?} to {next:?} by {event:?} in {arrivals:?}"
            );
            status = next;
            prop_assert!(!bet.learn(event), "the same again is no news");
        }
        prop_assert_eq!(&bet, &straight);
        // A journal of the events, or the state as it was stored, is the state.
        let stored: Vec<BetEvent> = serde_json::from_str(&serde_json::to_string(&arrivals).expect("JSON")).expect("events");
        prop_assert_eq!(told(&stored), bet);
    }
}
