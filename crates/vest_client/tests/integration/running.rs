//! Instruments, leverage, funding and generations while the bot runs, and what a frozen book shows.

use crate::harness::*;
use domain::*;
use venue_api::VenueClient;
use vest_client::{Access, Generation, VestConfig};

fn lifecycles(rig: &Rig) -> Vec<Lifecycle> {
    rig.client.instruments().iter().map(|one| one.lifecycle).collect()
}

/// The next periodic read of the instruments; the streams stay alive meanwhile.
fn refresh(rig: &mut Rig, status: u16, body: &str) {
    for _ in 0..61 {
        if rig.asks("GET /exchangeInfo") {
            break;
        }
        rig.advance(1_000);
        rig.frame(FEED, &depth("BTC-PERP", "91230.00", "91234.50"));
        rig.frame(FEED, &depth("ETH-PERP", "3100.000", "3100.500"));
        rig.frame(PRIVATE, r#"{"data":"PONG"}"#);
    }
    rig.answer("GET /exchangeInfo", status, body);
}

#[test]
fn the_instruments_are_read_again_and_changes_taken_over_at_once() {
    use Lifecycle::{Delisted, Halted, ReduceOnly, Trading};
    let mut rig = Rig::ready();
    let btc = &rig.client.instruments()[0];
    assert_eq!((btc.tick.e8(), btc.lot.e8()), (1_000_000, 10_000));
    assert_eq!(btc.initial_margin, Some(Rate::from_bps(2_000)), "5x is more than the listed 5 %");
    let changed = INFO.replace(
        r#""sizeDecimals":4,"priceDecimals":2,"takerFee":"0.0001""#,
        r#""sizeDecimals":3,"priceDecimals":1,"takerFee":"0.0002""#,
    );
    refresh(&mut rig, 200, &changed);
    let btc = &rig.client.instruments()[0];
    assert_eq!((btc.tick.e8(), btc.lot.e8(), btc.taker_fee.e8()), (10_000_000, 100_000, 20_000));
    refresh(&mut rig, 200, &INFO.replace("TRADING", "HALT"));
    assert_eq!(lifecycles(&rig), [Halted, Trading]);
    refresh(&mut rig, 200, &INFO.replace("BTC-PERP", "XRP-PERP"));
    assert_eq!(lifecycles(&rig), [Halted, Trading], "one list may be cut");
    rig.answer("GET /exchangeInfo", 200, &INFO.replace("BTC-PERP", "XRP-PERP"));
    assert_eq!(lifecycles(&rig), [Delisted, Trading], "asked again at once");
    refresh(&mut rig, 200, &INFO.replace(r#""sizeDecimals":4"#, r#""sizeDecimals":40"#));
    assert_eq!(lifecycles(&rig), [Halted, Trading], "rules that do not read halt their own instrument");
    refresh(&mut rig, 502, "");
    refresh(&mut rig, 200, INFO);
    assert_eq!(lifecycles(&rig), [Trading, Trading]);
    for _ in 0..2 {
        refresh(&mut rig, 404, r#"{"detail":"Not Found"}"#);
        assert_eq!(lifecycles(&rig), [Trading, Trading], "one missing page may be a proxy's");
    }
    refresh(&mut rig, 404, r#"{"detail":"Not Found"}"#);
    assert_eq!(lifecycles(&rig), [ReduceOnly, ReduceOnly], "without rules nothing is opened, and everything may be closed");
    assert!(rig.client.ready());
    refresh(&mut rig, 200, INFO);
    assert_eq!(lifecycles(&rig), [Trading, Trading]);
}

#[test]
fn a_symbol_that_hides_the_others_is_found_by_asking_for_all() {
    let mut rig = Rig::ready();
    refresh(&mut rig, 400, r#"{"detail":{"code":1121,"msg":"Bad symbol"}}"#);
    let asked = rig.answer("GET /exchangeInfo", 200, &INFO.replace("BTC-PERP", "XRP-PERP"));
    assert_eq!(asked.line, "GET /exchangeInfo", "the whole list");
    assert_eq!(lifecycles(&rig), [Lifecycle::Delisted, Lifecycle::Trading]);
    // The same at the start: the rest of the account must not stand still for one symbol.
    let mut rig = Rig::new(config(registered()));
    rig.start();
    rig.answer("GET /exchangeInfo", 200, &fixture("v3_error_unknown_symbol"));
    rig.advance(500);
    assert_eq!(rig.answer("GET /exchangeInfo", 200, &fixture("v2_rest_exchangeInfo")).line, "GET /exchangeInfo");
    assert!(rig.news.iter().any(|n| format!("{n:?}").contains("does not list ETH-PERP")), "{:?}", rig.news);
    assert_eq!(lifecycles(&rig), [Lifecycle::Trading, Lifecycle::Delisted]);
    assert!(rig.asks("GET /account?"));
}

#[test]
fn a_status_in_a_ticker_counts_at_once_and_has_the_rules_read() {
    let mut rig = Rig::ready();
    rig.frame(FEED, r#"{"channel":"tickers","data":[{"symbol":"BTC-PERP","status":"HALT"}]}"#);
    assert_eq!(lifecycles(&rig), [Lifecycle::Halted, Lifecycle::Trading]);
    rig.frame(FEED, r#"{"channel":"tickers","data":[{"symbol":"BTC-PERP","status":"HALT"}]}"#);
    assert_eq!(rig.asked.iter().filter(|a| a.line.starts_with("GET /exchangeInfo")).count(), 1);
}

#[test]
fn a_leverage_that_was_lost_is_set_again_and_nothing_is_opened_meanwhile() {
    use Lifecycle::{ReduceOnly, Trading};
    let read = |rig: &mut Rig, value: i64| {
        rig.client.read_account(rig.now, &mut rig.out);
        rig.pump();
        let account = rig.account("").replace(r#""BTC-PERP","value":5"#, &format!(r#""BTC-PERP","value":{value}"#));
        rig.answer("GET /account?", 200, &account);
        rig.answer("GET /orders?status=NEW", 200, "[]");
        rig.answer("GET /orders?status=PARTIALLY_FILLED", 200, "[]");
        rig.answer("GET /orders?orderType=LIQUIDATION", 200, "[]");
    };
    let mut rig = Rig::ready();
    let (_, key) = rig.acked();
    rig.event(&format!(r#"{{"id":"0xabc","status":"REJECTED","code":3020,"nonce":{}}}"#, key.key));
    assert_eq!(lifecycles(&rig), [ReduceOnly, Trading]);
    let asked = rig.answer("POST /account/leverage", 200, r#"{"symbol":"BTC-PERP","value":5}"#);
    assert!(asked.body.contains(r#""symbol":"BTC-PERP","value":5"#), "{}", asked.body);
    assert_eq!(lifecycles(&rig), [Trading, Trading]);
    read(&mut rig, 20);
    assert_eq!(lifecycles(&rig), [ReduceOnly, Trading]);
    rig.answer("POST /account/leverage", 400, r#"{"code":3021,"msg":""}"#);
    assert_eq!(lifecycles(&rig), [ReduceOnly, Trading], "not while a position stands");
    read(&mut rig, 20);
    rig.answer("POST /account/leverage", 200, r#"{"symbol":"BTC-PERP","value":5}"#);
    assert_eq!(lifecycles(&rig), [Trading, Trading]);
    read(&mut rig, 5);
    assert!(!rig.asks("POST /account/leverage") && rig.client.ready());
}

#[test]
fn the_fee_carries_the_configured_allowance() {
    let mut with = config(registered());
    with.fee_allowance = Rate::from_e8(2_500);
    let rig = Rig::ready_with(with);
    assert_eq!(rig.client.instruments()[0].taker_fee, Rate::from_e8(12_500));
}

#[test]
fn funding_accrues_all_the_time_on_v2_and_falls_due_each_hour_on_v3() {
    let funding = |rig: &mut Rig| {
        let found = rig.market.iter().find_map(|e| match e {
            MarketEvent::Funding { hourly, next, .. } => Some((hourly.e8(), *next)),
            _ => None,
        });
        rig.market.clear();
        found
    };
    let row = |rate: &str| format!(r#"{{"symbol":"BTC-PERP","oneHrFundingRate":"{rate}","markPrice":"91232.00"}}"#);
    let mut rig = Rig::ready();
    for (rate, expect) in
        [("0.001250", Some(125_000)), ("-0.0000000001", Some(0)), ("0.0000057077625570776", Some(571)), ("x", None)]
    {
        rig.frame(FEED, &format!(r#"{{"channel":"tickers","data":[{}]}}"#, row(rate)));
        assert_eq!(funding(&mut rig), expect.map(|e| (e, None)), "{rate}");
    }
    let mut with = config(Access::DataOnly);
    with.feed = Generation::V3;
    let mut rig = Rig::new(with);
    rig.start();
    rig.answer("GET /v3/exchangeInfo", 200, INFO);
    rig.open(FEED);
    rig.market.clear();
    let ms = START + 1_234_567;
    rig.frame(FEED, &format!(r#"{{"channel":"BTC-PERP@ticker","data":{},"tsMs":{ms}}}"#, row("0.0001")));
    let at = Wall::from_ms(START + 3_600_000);
    assert_eq!(funding(&mut rig), Some((10_000, Some(Booking { at, every_ms: 3_600_000 }))));
}

#[test]
fn funding_settled_with_a_fill_is_asked_for_where_a_position_stood_before() {
    let long = r#"{"symbol":"BTC-PERP","isLong":true,"size":"0.3000","entryPrice":"91200.00"}"#;
    let sold = |key: &str, funding: &str| {
        format!(
            r#"{{"id":"0xabc","symbol":"BTC-PERP","isBuy":false,"size":"0.1000","status":"FILLED","avgFilledPrice":"91200.00",
                "lastFilledSize":"0.1000","lastFilledPrice":"91200.00","lastFilledTime":5,"cumFunding":"517.5"{funding},"fees":"0.912","nonce":{key}}}"#
        )
    };
    let held = || {
        let mut rig = Rig::ready();
        rig.client.forget(OrderId { round: RoundId { epoch: 9, seq: 9 }, leg: LegId::B, purpose: Purpose::Exit, attempt: 9 });
        rig.close(PRIVATE, None);
        rig.open(PRIVATE);
        rig.acknowledge(PRIVATE);
        let account = rig.account(long);
        // The first read disagrees with a flat start, the second one settles it.
        for _ in 0..2 {
            rig.answer("GET /account?", 200, &account);
            rig.answer("GET /orders?status=NEW", 200, "[]");
            rig.answer("GET /orders?status=PARTIALLY_FILLED", 200, "[]");
            rig.answer("GET /orders?orderType=LIQUIDATION", 200, "[]");
            rig.advance(500);
        }
        rig.order_news();
        let spec = rig.spec(Side::Sell, "0.1", "91000");
        let (_, key) = rig.send(spec);
        rig.answer("POST /orders", 200, r#"{"id":"0xabc"}"#);
        rig.order_news();
        (rig, key.key)
    };
    let (mut rig, key) = held();
    rig.event(&sold(&key, ""));
    assert_eq!(rig.order_news(), ["filling 0.1 for 9120 fee 0.912 funding 0"], "the fill at once, the end with its funding");
    rig.answer("GET /orders?id=0xabc", 200, &format!("[{}]", sold(&key, r#","settledFunding":"-0.25""#)));
    assert_eq!(rig.order_news(), ["filled 0.1 for 9120 fee 0.912 funding -0.25"]);
    // A stream that says it is believed, and REST that stays silent does not hold the leg open.
    let (mut rig, key) = held();
    rig.event(&sold(&key, r#","settledFunding":"-0.25""#));
    assert_eq!(rig.order_news(), ["filled 0.1 for 9120 fee 0.912 funding -0.25"]);
    let (mut rig, key) = held();
    rig.event(&sold(&key, ""));
    rig.order_news();
    for _ in 0..3 {
        rig.answer("GET /orders?id=0xabc", 502, "");
        rig.advance(1_000);
    }
    assert_eq!(rig.order_news(), ["filled 0.1 for 9120 fee 0.912 funding 0"]);
}

#[test]
fn fills_that_happened_while_the_stream_was_away_are_found_when_it_is_back() {
    let mut rig = Rig::ready();
    let (_, key) = rig.acked();
    rig.close(PRIVATE, Some(1012));
    rig.open(PRIVATE);
    rig.acknowledge(PRIVATE);
    let row = format!(
        r#"[{{"id":"0xabc","nonce":{},"symbol":"BTC-PERP","size":"0.1000","status":"FILLED","avgFilledPrice":"91200.00","fees":"0.912000"}}]"#,
        key.key
    );
    rig.answer("GET /orders?id=0xabc", 200, &row);
    assert_eq!(rig.order_news(), ["filled 0.1 for 9120 fee 0.912 funding 0"]);
}

#[test]
fn a_book_that_stopped_is_lost_by_age_or_by_a_mark_price_that_moves_without_it() {
    let tick = |rig: &mut Rig, mark: &str| {
        rig.market.clear();
        rig.frame(FEED, &format!(r#"{{"channel":"tickers","data":[{{"symbol":"BTC-PERP","markPrice":"{mark}"}}]}}"#));
        rig.market.iter().find_map(|e| match e {
            MarketEvent::BookLost { why, .. } => Some(*why),
            _ => None,
        })
    };
    let book = |rig: &mut Rig| rig.frame(FEED, &depth("BTC-PERP", "91230.00", "91234.50"));
    let mut rig = Rig::ready();
    rig.advance(1_999);
    assert_eq!(tick(&mut rig, "91232.00"), None);
    rig.advance(1);
    assert_eq!(tick(&mut rig, "91232.00"), Some("silent"), "two seconds old");
    assert_eq!(tick(&mut rig, "91232.00"), None, "told once");
    book(&mut rig);
    assert_eq!(tick(&mut rig, "91232.00"), None);
    for _ in 0..4 {
        rig.advance(1_000);
        book(&mut rig);
        assert_eq!(tick(&mut rig, "91400.00"), None, "not for long enough");
    }
    rig.advance(1_000);
    book(&mut rig);
    assert_eq!(tick(&mut rig, "91300.00"), None, "7 bps are not enough");
    assert_eq!(tick(&mut rig, "91400.00"), Some("frozen"));
    assert_eq!(rig.client.feed_counters().frozen, 2);
    rig.frame(FEED, &depth("BTC-PERP", "91398.00", "91402.00"));
    assert_eq!(tick(&mut rig, "91400.00"), None, "it moved");
}

#[test]
fn a_thousand_lot_is_traded_and_seen_per_unit() {
    let mut with: VestConfig = config(registered());
    with.instruments[0].symbol = "kBONK-PERP".to_owned();
    with.instruments[0].pair = "BONK-USD".parse().expect("a pair");
    let mut rig = Rig::new(with);
    rig.start();
    rig.answer(
        "GET /exchangeInfo",
        200,
        &INFO
            .replace("BTC-PERP", "kBONK-PERP")
            .replace(r#""sizeDecimals":4,"priceDecimals":2"#, r#""sizeDecimals":0,"priceDecimals":6"#),
    );
    rig.open(FEED);
    let account = rig.account("").replace("BTC-PERP", "kBONK-PERP");
    rig.answer("GET /account?", 200, &account);
    rig.answer("GET /account/nonce", 200, r#"{"lastNonce":17}"#);
    let bonk = rig.client.instruments()[0].clone();
    assert_eq!((bonk.multiplier, bonk.lot.to_string(), bonk.tick.e8()), (1_000, "1000".to_owned(), 1));
    rig.market.clear();
    rig.frame(FEED, r#"{"channel":"kBONK-PERP@depth","data":{"bids":[["0.017446","5"]],"asks":[["0.017459","7"]]}}"#);
    let shown = |rig: &Rig, at: usize| (rig.levels[at].price, rig.levels[at].size);
    assert_eq!(shown(&rig, 0), (1_744, 500_000_000_000), "bids down");
    assert_eq!(shown(&rig, 1), (1_746, 700_000_000_000), "asks up");
    let spec = rig.spec(Side::Buy, "7000", "0.00001746");
    let (_, key) = rig.send(spec);
    let asked = rig.answer("POST /orders", 200, r#"{"id":"0xabc"}"#);
    assert!(asked.body.contains(r#""size":"7""#) && asked.body.contains(r#""limitPrice":"0.017460""#), "{}", asked.body);
    rig.order_news();
    rig.event(&format!(
        r#"{{"id":"0xabc","symbol":"kBONK-PERP","size":"7","status":"FILLED","avgFilledPrice":"0.017459","settledFunding":"0","fees":"0.01","nonce":{}}}"#,
        key.key
    ));
    assert_eq!(rig.order_news(), ["filled 7000 for 0.122213 fee 0.01 funding 0"]);
    let spec = rig.spec(Side::Buy, "7500", "0.00001746");
    let cleared = rig.cleared(spec);
    assert!(rig.client.prepare(cleared, rig.now).is_err(), "half a lot");
}

#[test]
fn a_generation_that_has_gone_is_said_by_name_after_three_tries() {
    fn check(access: Access, feed: Generation, line: &str, word: Option<&str>) {
        let mut with = config(access);
        with.feed = feed;
        let mut rig = Rig::new(with);
        rig.start();
        for _ in 0..3 {
            assert!(!rig.session_news().iter().any(|n| n.starts_with("fatal")));
            rig.answer(line, 404, r#"{"detail":"Not Found"}"#);
            rig.advance(5_000);
        }
        let fatal = rig.session_news().into_iter().find(|n| n.starts_with("fatal"));
        match word {
            Some(word) => assert!(fatal.as_ref().is_some_and(|f| f.contains(word)), "{fatal:?}"),
            None => assert!(fatal.is_none() && rig.asks(line)),
        }
    }
    check(registered(), Generation::V2, "GET /exchangeInfo", Some("no known login for machines"));
    check(registered(), Generation::V3, "GET /exchangeInfo", Some("no known login for machines"));
    check(Access::DataOnly, Generation::V2, "GET /exchangeInfo", Some("point the feed at v3"));
    check(Access::DataOnly, Generation::V3, "GET /v3/exchangeInfo", None);
}
