//! What rounds look like in the tables.

use crate::trader::*;
use domain::names::Ending;
use domain::record::{Decision, ExitReason, Record};
use domain::{LegId, OrderNews, Purpose};
use expect_test::{Expect, expect};
use state_store::{Projector, Rounds};

/// The rows that a bot's life leaves behind.
async fn check(life: impl FnOnce(&mut Trader), expect: Expect) {
    let place = Place::new();
    let mut trader = Trader::open(&place.journal(), options());
    trader.start();
    life(&mut trader);
    let mut projector = Projector::open(&place.journal(), &place.sqlite(), trader.last_seq).await.expect("opens");
    projector.catch_up(trader.synced()).await.expect("caught up");
    expect.assert_eq(&rows(&projector.store()).await);
}

#[tokio::test]
async fn a_round_through_entry_unknown_partial_safety_close_and_end_gives_exactly_these_rows() {
    check(|t| t.adventure(1), expect![[r#"
        round 1-1 ETH-USD vest/paradex 0.1 spread=0.41 threshold=0.30 edge=0.07 config=c0ffee opened=1000 exit=spread@-0.05 ended=62271 completed price=0.51 fees=0.0294267 funding=-0.00000035 net=0.48057295 uncovered=1085ms
          position ETH-USD spread=0.385659 opened=1080 updated=62270 closed=62270
            vest 0 @3500.5 ["v-1"]
            paradex 0 @3514 ["p-1"]
          order b4-1-1-ae1 vest Buy 0.1 @3500 Limit Ioc reduce=false key=None v-1 Filled None filled=0.1 cost=350.05 fee=0.0105015 funding=-0.00000007 sent=1000 updated=1120
          order b4-1-1-be1 paradex Sell 0.1 @3500 Limit Ioc reduce=false key=Some("0x5ea1") p-1 Cancelled Some("IOC") filled=0.04 cost=140.56 fee=0.0042168 funding=-0.00000007 sent=1000 updated=2110
          order b4-1-1-ac1 vest Sell 0.06 @3500 Limit Ioc reduce=true key=None - Filled None filled=0.06 cost=209.94 fee=0.0062982 funding=-0.00000007 sent=2125 updated=2165
          order b4-1-1-ax1 vest Sell 0.04 @3500 Limit Ioc reduce=true key=None - Filled None filled=0.04 cost=140.2 fee=0.004206 funding=-0.00000007 sent=62190 updated=62270
          order b4-1-1-bx1 paradex Buy 0.04 @3500 Limit Ioc reduce=true key=Some("0x5ea1") - Filled None filled=0.04 cost=140.14 fee=0.0042042 funding=-0.00000007 sent=62190 updated=62230
          fill #5 b4-1-1-ae1 vest Buy +0.03 cost=105 fee=0.00315 funding=-0.00000007 at=1080
          fill #6 b4-1-1-ae1 vest Buy +0.07 cost=245.05 fee=0.0073515 funding=0 at=1120
          fill #9 b4-1-1-be1 paradex Sell +0.04 cost=140.56 fee=0.0042168 funding=-0.00000007 at=2110
          fill #12 b4-1-1-ac1 vest Sell +0.06 cost=209.94 fee=0.0062982 funding=-0.00000007 at=2165
          fill #16 b4-1-1-bx1 paradex Buy +0.04 cost=140.14 fee=0.0042042 funding=-0.00000007 at=62230
          fill #17 b4-1-1-ax1 vest Sell +0.04 cost=140.2 fee=0.004206 funding=-0.00000007 at=62270
        incident #7 ORDER_UNKNOWN 1-1 ETH-USD at=2030: b4-1-1-be1: no final word within 1000 ms
        incident #10 SAFETY_CLOSE 1-1 ETH-USD at=2120: entry given up: one leg was uncovered for as long as allowed
        incident #11 SAFETY_CLOSE 1-1 ETH-USD at=2125: closing 0.06 on vest, attempt 1
    "#]]).await;
}

#[tokio::test]
async fn an_open_position_holds_what_is_asked_of_it() {
    check(|t| t.enters(1), expect![[r#"
        round 1-1 ETH-USD vest/paradex 0.1 spread=0.41 threshold=0.30 edge=0.07 config=c0ffee opened=1000 exit=-@- ended=- - price=0 fees=0 funding=0 net=0 uncovered=80ms
          position ETH-USD spread=0.40 opened=1080 updated=1160 closed=-
            vest 0.1 @3500 ["v-1"]
            paradex 0.1 @3514 ["p-1"]
          order b4-1-1-ae1 vest Buy 0.1 @3500 Limit Ioc reduce=false key=None v-1 Filled None filled=0.1 cost=350 fee=0.0105 funding=-0.00000007 sent=1000 updated=1080
          order b4-1-1-be1 paradex Sell 0.1 @3500 Limit Ioc reduce=false key=Some("0x5ea1") p-1 Filled None filled=0.1 cost=351.4 fee=0.010542 funding=-0.00000007 sent=1000 updated=1160
          fill #5 b4-1-1-ae1 vest Buy +0.1 cost=350 fee=0.0105 funding=-0.00000007 at=1080
          fill #7 b4-1-1-be1 paradex Sell +0.1 cost=351.4 fee=0.010542 funding=-0.00000007 at=1160
    "#]]).await;
}

#[tokio::test]
async fn a_round_in_which_nothing_filled_has_no_position() {
    check(|t| t.nothing(1), expect![[r#"
        round 1-1 ETH-USD vest/paradex 0.1 spread=0.41 threshold=0.30 edge=0.07 config=c0ffee opened=1000 exit=-@- ended=4131 nothing_filled price=0 fees=0 funding=0 net=0 uncovered=0ms
          order b4-1-1-ae1 vest Buy 0.1 @3500 Limit Ioc reduce=false key=None - Refused Some("margin (4001)") filled=0 cost=0 fee=0 funding=0 sent=1000 updated=1040
          order b4-1-1-be1 paradex Sell 0.1 @3500 Limit Ioc reduce=false key=Some("0x5ea1") - Absent None filled=0 cost=0 fee=0 funding=0 sent=1000 updated=4120
        incident #5 ORDER_UNKNOWN 1-1 ETH-USD at=1080: b4-1-1-be1: the socket closed
        incident #7 SAFETY_CLOSE 1-1 ETH-USD at=4130: entry given up: a leg failed for good
    "#]]).await;
}

#[tokio::test]
async fn a_fill_after_the_end_opens_the_round_again_until_it_is_closed() {
    check(
        |t| {
            t.late_fill(1);
        },
        expect![[r#"
            round 1-1 ETH-USD vest/paradex 0.1 spread=0.41 threshold=0.30 edge=0.07 config=c0ffee opened=1000 exit=-@- ended=- - price=0 fees=0 funding=0 net=0 uncovered=0ms
              position ETH-USD spread=0.41 opened=9171 updated=9171 closed=-
                vest 0 @- []
                paradex 0.1 @3514 []
              order b4-1-1-ae1 vest Buy 0.1 @3500 Limit Ioc reduce=false key=None - Refused Some("margin (4001)") filled=0 cost=0 fee=0 funding=0 sent=1000 updated=1040
              order b4-1-1-be1 paradex Sell 0.1 @3500 Limit Ioc reduce=false key=Some("0x5ea1") - Absent None filled=0.1 cost=351.4 fee=0.010542 funding=-0.00000007 sent=1000 updated=9171
              fill #9 b4-1-1-be1 paradex Sell +0.1 cost=351.4 fee=0.010542 funding=-0.00000007 at=9171
            incident #5 ORDER_UNKNOWN 1-1 ETH-USD at=1080: b4-1-1-be1: the socket closed
            incident #7 SAFETY_CLOSE 1-1 ETH-USD at=4130: entry given up: a leg failed for good
            incident #9 ORDER_FILLED 1-1 ETH-USD at=9171: b4-1-1-be1 filled after the end of its round: 0.1 at 3514 in all
        "#]],
    )
    .await;
    let close = |t: &mut Trader| {
        t.late_fill(1);
        t.places(1, &[(LegId::B, Purpose::Close, 1, "0.1")]);
        t.filled(order_id(1, LegId::B, Purpose::Close, 1), "0.1", "3516");
        t.ends(1);
    };
    check(close, expect![[r#"
        round 1-1 ETH-USD vest/paradex 0.1 spread=0.41 threshold=0.30 edge=0.07 config=c0ffee opened=1000 exit=-@- ended=9217 auto_closed price=-0.2 fees=0.02109 funding=-0.00000014 net=-0.22109014 uncovered=45ms
          position ETH-USD spread=0.41 opened=9171 updated=9216 closed=9216
            vest 0 @- []
            paradex 0 @3514 []
          order b4-1-1-ae1 vest Buy 0.1 @3500 Limit Ioc reduce=false key=None - Refused Some("margin (4001)") filled=0 cost=0 fee=0 funding=0 sent=1000 updated=1040
          order b4-1-1-be1 paradex Sell 0.1 @3500 Limit Ioc reduce=false key=Some("0x5ea1") - Absent None filled=0.1 cost=351.4 fee=0.010542 funding=-0.00000007 sent=1000 updated=9171
          order b4-1-1-bc1 paradex Buy 0.1 @3500 Limit Ioc reduce=true key=Some("0x5ea1") - Filled None filled=0.1 cost=351.6 fee=0.010548 funding=-0.00000007 sent=9176 updated=9216
          fill #9 b4-1-1-be1 paradex Sell +0.1 cost=351.4 fee=0.010542 funding=-0.00000007 at=9171
          fill #11 b4-1-1-bc1 paradex Buy +0.1 cost=351.6 fee=0.010548 funding=-0.00000007 at=9216
        incident #5 ORDER_UNKNOWN 1-1 ETH-USD at=1080: b4-1-1-be1: the socket closed
        incident #7 SAFETY_CLOSE 1-1 ETH-USD at=4130: entry given up: a leg failed for good
        incident #9 ORDER_FILLED 1-1 ETH-USD at=9171: b4-1-1-be1 filled after the end of its round: 0.1 at 3514 in all
        incident #10 SAFETY_CLOSE 1-1 ETH-USD at=9176: closing 0.1 on paradex, attempt 1
    "#]]).await;
}

#[tokio::test]
async fn an_exit_that_was_dropped_again_leaves_no_reason_behind() {
    let life = |t: &mut Trader| {
        t.enters(1);
        t.decides(1, Decision::ExitBegun { reason: ExitReason::Spread, spread: Some(domain::Rate::from_bps(-5)) });
        t.places(1, &[(LegId::A, Purpose::Exit, 1, "0.1"), (LegId::B, Purpose::Exit, 1, "0.1")]);
        for leg in LegId::BOTH {
            let end = domain::OrderEnd::Cancelled(String::new());
            t.hears(order_id(1, leg, Purpose::Exit, 1), OrderNews::Done { fills: domain::Fills::default(), end });
        }
        t.decides(1, Decision::ExitDropped);
    };
    check(life, expect![[r#"
        round 1-1 ETH-USD vest/paradex 0.1 spread=0.41 threshold=0.30 edge=0.07 config=c0ffee opened=1000 exit=-@- ended=- - price=0 fees=0 funding=0 net=0 uncovered=80ms
          position ETH-USD spread=0.40 opened=1080 updated=1160 closed=-
            vest 0.1 @3500 ["v-1"]
            paradex 0.1 @3514 ["p-1"]
          order b4-1-1-ae1 vest Buy 0.1 @3500 Limit Ioc reduce=false key=None v-1 Filled None filled=0.1 cost=350 fee=0.0105 funding=-0.00000007 sent=1000 updated=1080
          order b4-1-1-be1 paradex Sell 0.1 @3500 Limit Ioc reduce=false key=Some("0x5ea1") p-1 Filled None filled=0.1 cost=351.4 fee=0.010542 funding=-0.00000007 sent=1000 updated=1160
          order b4-1-1-ax1 vest Sell 0.1 @3500 Limit Ioc reduce=true key=None - Cancelled None filled=0 cost=0 fee=0 funding=0 sent=1185 updated=1225
          order b4-1-1-bx1 paradex Buy 0.1 @3500 Limit Ioc reduce=true key=Some("0x5ea1") - Cancelled None filled=0 cost=0 fee=0 funding=0 sent=1185 updated=1265
          fill #5 b4-1-1-ae1 vest Buy +0.1 cost=350 fee=0.0105 funding=-0.00000007 at=1080
          fill #7 b4-1-1-be1 paradex Sell +0.1 cost=351.4 fee=0.010542 funding=-0.00000007 at=1160
    "#]]).await;
}

#[tokio::test]
async fn what_needs_a_person_is_an_incident() {
    let life = |t: &mut Trader| {
        t.opens(1);
        t.filled(order_id(1, LegId::A, Purpose::Entry, 1), "0.1", "3500");
        t.hears(order_id(1, LegId::B, Purpose::Entry, 1), OrderNews::NotSent { why: "no socket".into() });
        t.decides(1, Decision::Stuck { exposure: "vest 0.1, paradex 0 (ETH-USD)".into() });
        t.places(1, &[(LegId::A, Purpose::Close, 1, "0.1")]);
        t.filled(order_id(1, LegId::A, Purpose::Close, 1), "0.1", "3490");
        t.decides(1, Decision::Unstuck);
        let (at, pair) = (at(t.now), Some(crate::support::PAIR));
        t.record(Record::Mismatch { at, venue: crate::support::VEST, pair, evidence: "journal 0, venue 0.1".into() });
        t.enters(2);
        t.exits(2, "0.1", ExitReason::Forced, 1);
    };
    check(life, expect![[r#"
        round 1-1 ETH-USD vest/paradex 0.1 spread=0.41 threshold=0.30 edge=0.07 config=c0ffee opened=1000 exit=-@- ended=- - price=0 fees=0 funding=0 net=0 uncovered=95ms
          position ETH-USD spread=0.41 opened=1040 updated=1135 closed=1135
            vest 0 @3500 []
            paradex 0 @- []
          order b4-1-1-ae1 vest Buy 0.1 @3500 Limit Ioc reduce=false key=None - Filled None filled=0.1 cost=350 fee=0.0105 funding=-0.00000007 sent=1000 updated=1040
          order b4-1-1-be1 paradex Sell 0.1 @3500 Limit Ioc reduce=false key=Some("0x5ea1") - NotSent Some("no socket") filled=0 cost=0 fee=0 funding=0 sent=1000 updated=1080
          order b4-1-1-ac1 vest Sell 0.1 @3500 Limit Ioc reduce=true key=None - Filled None filled=0.1 cost=349 fee=0.01047 funding=-0.00000007 sent=1095 updated=1135
          fill #4 b4-1-1-ae1 vest Buy +0.1 cost=350 fee=0.0105 funding=-0.00000007 at=1040
          fill #8 b4-1-1-ac1 vest Sell +0.1 cost=349 fee=0.01047 funding=-0.00000007 at=1135
        round 1-2 ETH-USD vest/paradex 0.1 spread=0.41 threshold=0.30 edge=0.07 config=c0ffee opened=2145 exit=forced@- ended=2411 completed price=1.55 fees=0.0420675 funding=-0.00000028 net=1.50793222 uncovered=80ms
          position ETH-USD spread=0.40 opened=2225 updated=2410 closed=2410
            vest 0 @3500 ["v-2"]
            paradex 0 @3514 ["p-2"]
          order b4-1-2-ae1 vest Buy 0.1 @3500 Limit Ioc reduce=false key=None v-2 Filled None filled=0.1 cost=350 fee=0.0105 funding=-0.00000007 sent=2145 updated=2225
          order b4-1-2-be1 paradex Sell 0.1 @3500 Limit Ioc reduce=false key=Some("0x5ea1") p-2 Filled None filled=0.1 cost=351.4 fee=0.010542 funding=-0.00000007 sent=2145 updated=2305
          order b4-1-2-ax1 vest Sell 0.1 @3500 Limit Ioc reduce=true key=None - Filled None filled=0.1 cost=350.5 fee=0.010515 funding=-0.00000007 sent=2330 updated=2410
          order b4-1-2-bx1 paradex Buy 0.1 @3500 Limit Ioc reduce=true key=Some("0x5ea1") - Filled None filled=0.1 cost=350.35 fee=0.0105105 funding=-0.00000007 sent=2330 updated=2370
          fill #13 b4-1-2-ae1 vest Buy +0.1 cost=350 fee=0.0105 funding=-0.00000007 at=2225
          fill #15 b4-1-2-be1 paradex Sell +0.1 cost=351.4 fee=0.010542 funding=-0.00000007 at=2305
          fill #19 b4-1-2-bx1 paradex Buy +0.1 cost=350.35 fee=0.0105105 funding=-0.00000007 at=2370
          fill #20 b4-1-2-ax1 vest Sell +0.1 cost=350.5 fee=0.010515 funding=-0.00000007 at=2410
        incident #6 NEEDS_OPERATOR 1-1 ETH-USD at=1090: uncovered: vest 0.1, paradex 0 (ETH-USD)
        incident #7 SAFETY_CLOSE 1-1 ETH-USD at=1095: closing 0.1 on vest, attempt 1
        incident #9 NEEDS_OPERATOR 1-1 ETH-USD at=1145: even again
        incident #10 RECONCILE_MISMATCH - ETH-USD at=1145: vest: journal 0, venue 0.1
        incident #17 AUTO_CLOSED 1-2 ETH-USD at=2325: a venue changed one leg by itself, both are closed
    "#]]).await;
}

#[tokio::test]
async fn records_that_do_not_fit_are_incidents_and_change_nothing_else() {
    let life = |t: &mut Trader| {
        t.enters(1);
        let at = at(t.now);
        let stray = Record::Decided { at, round: id(9), decision: Decision::Entered };
        t.write(stray.kind(), 1, &stray);
        let illegal = Record::Decided { at, round: id(1), decision: Decision::Flatten };
        t.write(illegal.kind(), 1, &illegal);
        let order = order_id(1, LegId::A, Purpose::Close, 7);
        let unknown = Record::News { at, order, news: OrderNews::Unknown { why: "?".into() } };
        t.write(unknown.kind(), 1, &unknown);
    };
    check(life, expect![[r#"
        round 1-1 ETH-USD vest/paradex 0.1 spread=0.41 threshold=0.30 edge=0.07 config=c0ffee opened=1000 exit=-@- ended=- - price=0 fees=0 funding=0 net=0 uncovered=80ms
          position ETH-USD spread=0.40 opened=1080 updated=1160 closed=-
            vest 0.1 @3500 ["v-1"]
            paradex 0.1 @3514 ["p-1"]
          order b4-1-1-ae1 vest Buy 0.1 @3500 Limit Ioc reduce=false key=None v-1 Filled None filled=0.1 cost=350 fee=0.0105 funding=-0.00000007 sent=1000 updated=1080
          order b4-1-1-be1 paradex Sell 0.1 @3500 Limit Ioc reduce=false key=Some("0x5ea1") p-1 Filled None filled=0.1 cost=351.4 fee=0.010542 funding=-0.00000007 sent=1000 updated=1160
          fill #5 b4-1-1-ae1 vest Buy +0.1 cost=350 fee=0.0105 funding=-0.00000007 at=1080
          fill #7 b4-1-1-be1 paradex Sell +0.1 cost=351.4 fee=0.010542 funding=-0.00000007 at=1160
        incident #9 RECONCILE_MISMATCH 1-9 - at=1170: the decided record does not fit those before it: its round was never opened or is long over
        incident #10 RECONCILE_MISMATCH 1-1 ETH-USD at=1170: the decided record does not fit those before it: Flatten is not possible while the goal is Hold
        incident #11 RECONCILE_MISMATCH 1-1 ETH-USD at=1170: the news record does not fit those before it: order b4-1-1-ac7 was never intended
    "#]]).await;
}

#[tokio::test]
async fn a_fill_finds_its_round_until_64_more_have_ended() {
    async fn reopened(rounds_after: u32) -> Option<Ending> {
        let place = Place::new();
        let mut trader = Trader::open(&place.journal(), options());
        trader.start();
        for seq in 1..=rounds_after + 1 {
            trader.nothing(seq);
        }
        let order = order_id(1, LegId::B, Purpose::Entry, 1);
        let (at, news) = (at(trader.now), OrderNews::Filling { fills: fills("0.1", "3514") });
        let late = Record::News { at, order, news };
        trader.write(late.kind(), 1, &late);
        let mut projector = Projector::open(&place.journal(), &place.sqlite(), 0).await.expect("opens");
        projector.catch_up(trader.synced()).await.expect("caught up");
        let store = projector.store();
        assert_eq!(store.rounds(Rounds::All, 1_000).await.expect("read").len(), rounds_after as usize + 1);
        store.round(id(1)).await.expect("read").expect("there").ending
    }
    assert_eq!(reopened(0).await, None);
    assert_eq!(reopened(63).await, None);
    assert_eq!(reopened(64).await, Some(Ending::NothingFilled));
}

#[tokio::test]
async fn a_round_that_is_open_again_is_followed_however_many_end_meanwhile() {
    let place = Place::new();
    let mut trader = Trader::open(&place.journal(), options());
    trader.start();
    trader.late_fill(1);
    for seq in 2..=80 {
        trader.nothing(seq);
    }
    trader.places(1, &[(LegId::B, Purpose::Close, 1, "0.1")]);
    trader.filled(order_id(1, LegId::B, Purpose::Close, 1), "0.1", "3516");
    trader.ends(1);
    let mut projector = Projector::open(&place.journal(), &place.sqlite(), 0).await.expect("opens");
    projector.catch_up(trader.synced()).await.expect("caught up");
    let round = projector.store().round(id(1)).await.expect("read").expect("there");
    assert_eq!(round.ending, Some(Ending::AutoClosed));
    assert_eq!(projector.store().open_positions().await.expect("read"), []);
}
