//! The private stream: the same life of an order in every form, order and number of copies.

use crate::frames::{self, Fill, e8};
use crate::orders::order_json;
use crate::rig::*;
use domain::{Fills, InstrumentId, OrderEnd, OrderNews, RefusalKind, Size, Usd};
use proptest::prelude::*;
use venue_api::{VenueClient, VenueNews};

const IDS: [&str; 2] = ["1763712000000201709220290000", "b4-3-1-ae1"];

fn fill(id: &'static str, size: &'static str, price: &'static str) -> Vec<u8> {
    frames::fill(&Fill { id, kind: 1, size, price, fee: "0.3", funding: -5, ids: IDS })
}
fn fill_json(id: &str, size: &str, price: &str) -> String {
    format!(
        r#"{{"method":"subscription","params":{{"channel":"fills.ALL","data":{{"id":"{id}","order_id":"{}","client_id":"{}",
        "market":"ETH-USD-PERP","side":"BUY","size":"{size}","price":"{price}","fee":"0.3","realized_funding":"-0.00000005",
        "fill_type":"FILL","fee_currency":"USDC","liquidity":"TAKER"}}}}}}"#,
        IDS[0], IDS[1]
    )
}
fn order_event_json(status: &str, remaining: &str, reason: &str, seq: u64) -> String {
    let data = order_json(status, "0.5", remaining, reason).replace("1763712000000000001", &seq.to_string());
    format!(r#"{{"method":"subscription","params":{{"channel":"orders.ALL","data":{data}}}}}"#)
}
fn both_fills() -> Fills {
    Fills {
        size: Size::from_e8(e8("0.5")).expect("a size"),
        cost: Usd::from_e8(e8("1499.8")),
        fee: Usd::from_e8(e8("0.6")),
        funding: Usd::from_e8(-10),
    }
}

/// One thing the venue says about the order, in some form.
#[derive(Clone, Debug)]
enum Said {
    Answer,
    Binary(Vec<u8>),
    Text(String),
}
fn say(rig: &mut Rig, said: &Said) {
    match said {
        Said::Answer => {
            let order = order_json("NEW", "0.5", "0.5", "");
            rig.answer("order.create", &format!(r#""result":{{"order":{order},"created_at":1,"received_at":2}}"#));
        }
        Said::Binary(frame) => rig.binary(ORDERS, frame),
        Said::Text(text) => rig.text(ORDERS, text),
    }
}
fn life(json: [bool; 4]) -> Vec<Said> {
    let pick = |json: bool, text: String, frame: Vec<u8>| if json { Said::Text(text) } else { Said::Binary(frame) };
    vec![
        Said::Answer,
        pick(json[0], order_event_json("OPEN", "0.5", "", 11), frames::order(11, 3, "0.5", "0.5", IDS, "")),
        pick(json[1], fill_json("f1", "0.2", "2999"), fill("f1", "0.2", "2999")),
        pick(json[2], fill_json("f2", "0.3", "3000"), fill("f2", "0.3", "3000")),
        pick(json[3], order_event_json("CLOSED", "0", "", 12), frames::order(12, 4, "0.5", "0", IDS, "")),
    ]
}

proptest! {
    /// Whatever the form, the sequence and the copies: the end is said once, last, and with both fills counted once.
    #[test]
    fn an_order_ends_once_and_with_all_its_fills(
        json: [bool; 4],
        sequence in Just((0..5).collect::<Vec<usize>>()).prop_shuffle(),
        copies in proptest::collection::vec(0usize..5, 0..6),
    ) {
        let mut rig = Rig::ready();
        let order = rig.place(spec(1, "0.5", "3000"));
        let life = life(json);
        let mut news = Vec::new();
        for (i, &step) in sequence.iter().enumerate() {
            say(&mut rig, &life[step]);
            for &copy in copies.iter().filter(|c| **c != 0 && sequence[..=i].contains(c)) {
                say(&mut rig, &life[copy]);
            }
            news.extend(std::mem::take(&mut rig.news));
        }
        prop_assert!(!news.iter().any(|n| matches!(n, VenueNews::Foreign { .. } | VenueNews::Forced { .. })), "{:?}", news);
        let of_order: Vec<&OrderNews> =
            news.iter().filter_map(|n| if let VenueNews::Order(r) = n { Some(&r.news) } else { None }).collect();
        let ends = of_order.iter().filter(|n| matches!(n, OrderNews::Done { .. })).count();
        prop_assert_eq!(ends, 1, "{:?}", of_order);
        prop_assert_eq!(of_order.last(), Some(&&OrderNews::Done { fills: both_fills(), end: OrderEnd::Filled }));
        let sizes: Vec<Size> =
            of_order.iter().filter_map(|n| if let OrderNews::Filling { fills } = n { Some(fills.size) } else { None }).collect();
        prop_assert!(sizes.is_sorted_by(|a, b| a < b));
        rig.step(|c, now, out| c.query(order, now, out));
        prop_assert_eq!(rig.order_news().len(), 1);
    }
}

#[test]
fn a_close_says_how_the_order_ended() {
    fn check(remaining: &str, reason: &str, filled: bool, expect: &OrderEnd) {
        for json in [false, true] {
            let mut rig = Rig::ready();
            rig.place(spec(1, "0.5", "3000"));
            if filled {
                rig.binary(ORDERS, &fill("f1", "0.2", "2999"));
            }
            if json {
                rig.text(ORDERS, &order_event_json("CLOSED", remaining, reason, 12));
            } else {
                rig.binary(ORDERS, &frames::order(12, 4, "0.5", remaining, IDS, reason));
            }
            let news = rig.order_news();
            let Some(OrderNews::Done { end, fills }) = news.last() else { panic!("{news:?}") };
            assert_eq!((end, fills.size.is_zero()), (expect, !filled));
        }
    }
    let refused = |kind, code: &str| OrderEnd::Refused(domain::Refusal { kind, code: code.into() });
    check("0.5", "NOT_ENOUGH_MARGIN", false, &refused(RefusalKind::Margin, "NOT_ENOUGH_MARGIN"));
    check("0.5", "EMPTY_MARKET", false, &refused(RefusalKind::Price, "EMPTY_MARKET"));
    check("0.5", "REMAINING_IOC_CANCEL", false, &OrderEnd::Cancelled("REMAINING_IOC_CANCEL".into()));
    check("0.3", "REMAINING_IOC_CANCEL", true, &OrderEnd::Cancelled("REMAINING_IOC_CANCEL".into()));
    check("0.5", "USER_CANCELED", false, &OrderEnd::Cancelled("USER_CANCELED".into()));
}

#[test]
fn a_close_without_its_fills_waits_and_asks_for_them() {
    let mut rig = Rig::ready();
    rig.place(spec(1, "0.5", "3000"));
    say(&mut rig, &Said::Answer);
    rig.binary(ORDERS, &frames::order(12, 4, "0.5", "0", IDS, ""));
    assert!(!rig.order_news().iter().any(|n| matches!(n, OrderNews::Done { .. })), "nothing is final without its fills");
    rig.advance(299);
    assert!(!rig.asks("/orders?"));
    rig.advance(1);
    rig.reply("/orders?", 200, r#"{"results":[]}"#);
    rig.reply("/orders-history?", 200, &format!(r#"{{"results":[{}]}}"#, order_json("CLOSED", "0.5", "0", "")));
    let data = |text: String| serde_json::from_str::<serde_json::Value>(&text).expect("JSON")["params"]["data"].to_string();
    let fills = [data(fill_json("f1", "0.2", "2999")), data(fill_json("f2", "0.3", "3000"))].join(",");
    rig.reply("/fills?", 200, &format!(r#"{{"results":[{fills}]}}"#));
    assert_eq!(rig.order_news().last(), Some(&OrderNews::Done { fills: both_fills(), end: OrderEnd::Filled }));
    rig.binary(ORDERS, &fill("f1", "0.2", "2999"));
    assert!(rig.news.is_empty(), "the late copy changes nothing");
    rig.advance(10_000);
    assert!(!rig.asks("/orders?"), "it is over");
}

#[test]
fn an_acknowledged_order_that_nobody_speaks_of_is_looked_up() {
    let mut rig = Rig::ready();
    rig.place(spec(1, "0.5", "3000"));
    say(&mut rig, &Said::Answer);
    rig.news.clear();
    rig.advance(400);
    rig.reply("/orders?", 200, r#"{"results":[]}"#);
    let closed = order_json("CLOSED", "0.5", "0.5", "REMAINING_IOC_CANCEL");
    rig.reply("/orders-history?", 200, &format!(r#"{{"results":[{closed}]}}"#));
    let end = OrderEnd::Cancelled("REMAINING_IOC_CANCEL".into());
    assert_eq!(rig.order_news(), [OrderNews::Done { fills: Fills::default(), end }]);
}

#[test]
fn unasked_look_ups_go_on_at_growing_intervals() {
    let mut rig = Rig::ready();
    rig.place(spec(1, "0.5", "3000"));
    say(&mut rig, &Said::Answer);
    let mut waits = Vec::new();
    let mut since = 0;
    while waits.len() < 6 {
        rig.advance(100);
        since += 100;
        if rig.asks("/orders?") {
            waits.push(std::mem::take(&mut since));
            rig.fail("/orders?", venue_api::Reply::Unknown("timeout"));
            rig.fail("/system/time", venue_api::Reply::Unknown("timeout"));
        }
    }
    assert_eq!(waits, [400, 800, 1_600, 3_200, 5_000, 5_000]);
    assert!(!rig.order_news().iter().any(|n| matches!(n, OrderNews::QueryFailed { .. })), "nobody asked");
}

#[test]
fn what_is_not_ours_is_foreign_and_named_once() {
    let mut rig = Rig::ready();
    for _ in 0..2 {
        rig.binary(ORDERS, &frames::order(1, 3, "1", "1", ["55", "by-hand"], ""));
        rig.binary(ORDERS, &frames::order(2, 3, "1", "1", ["56", "b4-1-1-ae1"], ""));
        rig.binary(ORDERS, &frames::fill(&Fill { ids: ["55", ""], ..stranger(1) }));
    }
    let evidence: Vec<String> = std::mem::take(&mut rig.news)
        .into_iter()
        .map(|n| if let VenueNews::Foreign { evidence } = n { evidence } else { panic!("{n:?}") })
        .collect();
    assert_eq!(evidence.len(), 3);
    assert_eq!(evidence[0], "order 55 in ETH-USD-PERP with client id \"by-hand\" is none of ours");
    assert_eq!(evidence[2], "FILL strange: Buy 0.2 ETH-USD-PERP at 2999, no order of ours");
}

fn stranger(kind: u8) -> Fill<'static> {
    Fill { id: "strange", kind, size: "0.2", price: "2999", fee: "0", funding: 0, ids: ["", ""] }
}

#[test]
fn a_position_the_venue_moves_itself_is_forced() {
    fn check(kind: u8, forced: bool) {
        let mut rig = Rig::ready();
        rig.binary(ORDERS, &frames::fill(&stranger(kind)));
        match &rig.news[..] {
            [VenueNews::Forced { instrument: InstrumentId(7), .. }] => assert!(forced),
            [VenueNews::Foreign { .. }] => assert!(!forced),
            other => panic!("{other:?}"),
        }
    }
    check(2, true);
    check(3, true);
    check(4, true);
    check(6, false);
    check(254, false);
}

#[test]
fn a_fill_beyond_the_order_is_foreign() {
    let mut rig = Rig::ready();
    rig.place(spec(1, "0.5", "3000"));
    rig.binary(ORDERS, &fill("f1", "0.2", "2999"));
    rig.binary(ORDERS, &fill("f3", "0.4", "2999"));
    assert!(matches!(rig.news.last(), Some(VenueNews::Foreign { .. })), "{:?}", rig.news);
}

#[test]
fn a_copy_about_a_forgotten_order_is_no_stranger() {
    let mut rig = Rig::ready();
    let order = rig.place(spec(1, "0.5", "3000"));
    for said in life([false; 4]) {
        say(&mut rig, &said);
    }
    rig.client.forget(order);
    rig.news.clear();
    for said in &life([true, false, true, false])[1..] {
        say(&mut rig, said);
    }
    assert_eq!(rig.news, []);
    rig.binary(ORDERS, &fill("f9", "0.1", "2999"));
    assert!(matches!(rig.news[..], [VenueNews::Foreign { .. }]), "a new fill of it is");
}

#[test]
fn a_private_message_that_cannot_be_read_has_every_order_in_flight_looked_up() {
    fn check(say: impl FnOnce(&mut Rig)) {
        let mut rig = Rig::ready();
        rig.place(spec(1, "0.5", "3000"));
        say(&mut rig);
        assert!(matches!(rig.order_news()[..], [OrderNews::Unknown { .. }]));
        assert!(rig.asks("/orders?"));
        assert_eq!(rig.client.counters().unreadable_private, 1);
    }
    check(|r| r.binary(ORDERS, &frames::order(1, 254, "1", "1", IDS, "")));
    check(|r| r.binary(ORDERS, &frames::order(1, 3, "1", "2", IDS, "")));
    check(|r| r.binary(ORDERS, &fill("f1", "0.2", "-1")));
    check(|r| r.binary(ORDERS, &frames::order(1, 3, "1", "1", IDS, "")[..60]));
    check(|r| r.text(ORDERS, &order_event_json("VANISHED", "0", "", 1)));
    check(|r| r.text(ORDERS, "pardon?"));
}

#[test]
fn an_account_in_liquidation_is_told_once_in_either_form() {
    let mut rig = Rig::ready();
    let json = r#"{"params":{"channel":"account","data":{"status":"LIQUIDATION","free_collateral":"0"}}}"#;
    rig.text(ORDERS, json);
    let block = frames::block(121, &[(8, 1)], &[(112, 2)]);
    rig.binary(ORDERS, &frames::message(23, 2, &block, &frames::texts(&["USDC"])));
    assert!(matches!(rig.news[..], [VenueNews::Foreign { .. }]));
}
