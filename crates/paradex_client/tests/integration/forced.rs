//! What the venue takes by itself, and what happened while nobody listened: told once, whatever shows it and how often.

use crate::frames::{self, Fill, e8};
use crate::rig::*;
use domain::record::Taken;
use domain::{Fills, InstrumentId, OrderEnd, OrderNews, Side, Size, Usd, VenueKey, Wall};
use venue_api::{KnownOrder, VenueClient, VenueNews};

const LIQUIDATION: Fill<'static> =
    Fill { id: "9001", kind: 2, size: "0.2", price: "2999", fee: "0.27", funding: -5, ids: ["1763712000000201709220290777", ""] };

fn json(id: &str, client: &str, kind: &str, size: &str) -> String {
    format!(
        r#"{{"id":"{id}","order_id":"1763712000000201709220290777","client_id":"{client}","market":"ETH-USD-PERP","side":"BUY",
        "size":"{size}","price":"2999","fee":"0.27","realized_funding":"-0.00000005","fill_type":"{kind}"}}"#
    )
}
fn page(fills: &[String]) -> String {
    format!(r#"{{"results":[{}]}}"#, fills.join(","))
}
fn taken(rig: &mut Rig) -> Vec<Taken> {
    std::mem::take(&mut rig.news)
        .into_iter()
        .filter_map(|n| match n {
            VenueNews::Forced { instrument: InstrumentId(7), taken, evidence } => {
                assert!(evidence.contains("no order of ours"), "{evidence}");
                Some(taken.expect("the fill says what was taken"))
            }
            VenueNews::Foreign { evidence } => panic!("{evidence}"),
            _ => None,
        })
        .collect()
}
/// The order socket is lost and made again, this is what filled meanwhile.
fn reconnect(rig: &mut Rig, fills: &str) {
    rig.close(ORDERS, None);
    rig.reply_token();
    rig.open(ORDERS);
    rig.answer("auth", r#""result":{}"#);
    rig.answer_all("subscribe");
    rig.reply_account_with(fills);
    assert!(rig.client.ready());
}

#[test]
fn what_the_venue_took_is_told_once_with_its_numbers() {
    let mut rig = Rig::ready();
    rig.binary(ORDERS, &frames::fill(&LIQUIDATION));
    let fills = Fills {
        size: Size::from_e8(e8("0.2")).expect("a size"),
        cost: Usd::from_e8(e8("599.8")),
        fee: Usd::from_e8(e8("0.27")),
        funding: Usd::from_e8(-5),
    };
    assert_eq!(taken(&mut rig), [Taken { id: "9001".into(), side: Side::Buy, fills }]);
    let again = json("9001", "", "LIQUIDATION", "0.2");
    rig.binary(ORDERS, &frames::fill(&LIQUIDATION));
    rig.text(ORDERS, &format!(r#"{{"params":{{"channel":"fills.ALL","data":{again}}}}}"#));
    reconnect(&mut rig, &page(std::slice::from_ref(&again)));
    for _ in 0..3 {
        rig.step(|c, now, out| c.read_account(now, out));
        rig.reply_account_with(&page(std::slice::from_ref(&again)));
    }
    assert_eq!(taken(&mut rig), []);
    rig.binary(ORDERS, &frames::fill(&Fill { id: "9002", ..LIQUIDATION }));
    assert_eq!(taken(&mut rig).len(), 1, "a second one is a second one");
}

#[test]
fn what_the_venue_took_while_away_is_found_after_a_reconnect_or_by_any_reading() {
    for kind in ["LIQUIDATION", "UNWIND_TRANSFER", "TRANSFER", "SETTLE_MARKET"] {
        let mut rig = Rig::ready();
        reconnect(&mut rig, &page(&[json("1", "", kind, "0.2")]));
        assert_eq!(taken(&mut rig).len(), 1, "{kind}");
        rig.step(|c, now, out| c.read_account(now, out));
        rig.reply_account_with(&page(&[json("2", "", kind, "0.1"), json("1", "", kind, "0.2")]));
        assert_eq!(taken(&mut rig).iter().map(|t| t.id.as_str()).collect::<Vec<_>>(), ["2"], "{kind}");
    }
}

#[test]
fn fills_that_happened_while_away_are_found_after_a_reconnect() {
    let mut rig = Rig::ready();
    let order = rig.place(spec(1, "0.5", "3000"));
    let ours = |id: &str, size: &str| json(id, &order.to_string(), "FILL", size);
    reconnect(&mut rig, &page(&[ours("1", "0.2"), ours("2", "0.3")]));
    let news = rig.order_news();
    let Some(OrderNews::Filling { fills }) = news.last() else { panic!("{news:?}") };
    assert_eq!(fills.size.to_string(), "0.5");
    rig.binary(ORDERS, &frames::order(12, 4, "0.5", "0", ["1763712000000201709220290777", &order.to_string()], ""));
    assert!(
        matches!(rig.order_news().last(), Some(OrderNews::Done { end: OrderEnd::Filled, fills }) if fills.size.to_string() == "0.5")
    );
}

#[test]
fn a_fill_under_a_foreign_name_is_foreign_once() {
    let mut rig = Rig::ready();
    let theirs = page(&[json("1", "by-hand", "FILL", "0.2")]);
    reconnect(&mut rig, &theirs);
    rig.step(|c, now, out| c.read_account(now, out));
    rig.reply_account_with(&theirs);
    let foreign: Vec<_> = rig.news.iter().filter(|n| matches!(n, VenueNews::Foreign { .. })).collect();
    assert_eq!(foreign.len(), 1);
}

#[test]
fn readings_of_fills_begin_with_this_life_and_overlap() {
    let mut rig = Rig::new(config());
    rig.boot();
    rig.connect_feed();
    rig.open(ORDERS);
    rig.answer("auth", r#""result":{}"#);
    rig.answer_all("subscribe");
    let since = |rig: &mut Rig, fills: &str| {
        let asked = rig.reply("/fills?start_at=", 200, fills);
        let text = asked.target.split(['=', '&']).nth(1).expect("a number").to_owned();
        text.parse::<i64>().expect("a number") - START_MS
    };
    let rest = |rig: &mut Rig| {
        rig.reply("/positions", 200, r#"{"results":[]}"#);
        rig.reply("/orders", 200, r#"{"results":[]}"#);
        rig.reply("/balance", 200, r#"{"results":[]}"#);
        rig.reply("/account", 200, r#"{"free_collateral":"1"}"#);
    };
    assert_eq!(since(&mut rig, r#"{"results":[]}"#), 1, "nothing from before");
    rest(&mut rig);
    let read = |rig: &mut Rig, fills: &str| {
        rig.step(|c, now, out| c.read_account(now, out));
        let since = since(rig, fills);
        if fills.contains("next") {
            let asked = rig.reply("/fills?start_at=1763712000001&page_size=100&cursor=a%3D", 200, r#"{"results":[]}"#);
            assert!(asked.headers.iter().any(|(n, _)| n == "Authorization"));
        }
        rest(rig);
        since
    };
    rig.advance(4_000);
    assert_eq!(read(&mut rig, r#"{"results":[]}"#), 1);
    rig.advance(16_000);
    assert_eq!(read(&mut rig, "nonsense"), 1, "4 s minus the overlap is before this life");
    assert_eq!(read(&mut rig, r#"{"next":"a=","results":[]}"#), 1, "what could not be read is asked for again");
    assert_eq!(read(&mut rig, r#"{"results":[]}"#), 10_000);
}

#[test]
fn a_liquidation_is_told_once_each_and_its_orders_are_not_strangers() {
    let mut rig = Rig::ready();
    let status =
        |word: &str| format!(r#"{{"params":{{"channel":"account","data":{{"status":"{word}","free_collateral":"0"}}}}}}"#);
    let foreign = |rig: &mut Rig| std::mem::take(&mut rig.news).iter().filter(|n| matches!(n, VenueNews::Foreign { .. })).count();
    for _ in 0..2 {
        rig.text(ORDERS, &status("LIQUIDATION"));
    }
    rig.binary(ORDERS, &frames::order(1, 3, "1", "1", ["55", ""], ""));
    assert_eq!(foreign(&mut rig), 1);
    rig.binary(ORDERS, &frames::order(1, 3, "1", "1", ["56", "by-hand"], ""));
    assert_eq!(foreign(&mut rig), 1, "with a name it is somebody's");
    rig.text(ORDERS, &status("ACTIVE"));
    rig.binary(ORDERS, &frames::order(1, 3, "1", "1", ["57", ""], ""));
    assert_eq!(foreign(&mut rig), 1);
    rig.text(ORDERS, &status("LIQUIDATION"));
    assert_eq!(foreign(&mut rig), 1, "the next one");
}

#[test]
fn a_fill_that_cannot_be_read_has_orders_looked_up_once_and_stops_nothing() {
    let mut rig = Rig::ready();
    rig.place(spec(1, "0.5", "3000"));
    let bad = page(&[json("1", "", "FILL", "lots"), json("2", "", "LIQUIDATION", "0.2")]);
    for _ in 0..2 {
        reconnect(&mut rig, &bad);
    }
    assert_eq!(rig.client.counters().unreadable_private, 1);
    assert!(rig.asks("/orders?"));
    assert_eq!(taken(&mut rig).len(), 1, "the one beside it is read");
    reconnect(&mut rig, "<html>");
    assert_eq!(rig.client.counters().unreadable_private, 2);
}

/// A venue's clock that is set back makes a reading reach behind this life: what it shows again is no stranger's.
#[test]
fn what_an_earlier_life_counted_of_an_order_is_no_stranger_when_it_is_read_again_and_more_of_it_is() {
    let mut rig = Rig::ready();
    let spec = spec(1, "0.5", "3000");
    let order = spec.id;
    let key = VenueKey { key: order.to_string(), hash: None, dead_after: Wall::from_ms(START_MS) };
    let fills = Fills { size: spec.size, ..Fills::default() };
    rig.client.adopt(KnownOrder { spec, key, fills, over: true });
    let ours = |id: &str, size: &str| json(id, &order.to_string(), "FILL", size);
    let foreign = |rig: &Rig| rig.news.iter().filter(|n| matches!(n, VenueNews::Foreign { .. })).count();
    let seen = page(&[ours("1", "0.2"), ours("2", "0.3")]);
    reconnect(&mut rig, &seen);
    rig.step(|c, now, out| c.read_account(now, out));
    rig.reply_account_with(&seen);
    assert_eq!(foreign(&rig), 0, "counted by the life that had it");
    rig.step(|c, now, out| c.read_account(now, out));
    rig.reply_account_with(&page(&[ours("3", "0.1")]));
    assert_eq!(foreign(&rig), 1, "more than that life counted");
}
