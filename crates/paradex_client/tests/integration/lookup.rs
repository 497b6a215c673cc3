//! Asking what became of an order.

use crate::orders::order_json;
use crate::rig::*;
use domain::{Fills, OrderEnd, OrderId, OrderNews, VenueKey, Wall};
use venue_api::{KnownOrder, Reply, VenueClient};

const EMPTY: &str = r#"{"results":[]}"#;
const FILL: &str = r#"{"id":"f1","order_id":"1763712000000201709220290000","client_id":"b4-3-1-ae1","market":"ETH-USD-PERP","side":"BUY",
    "size":"0.5","price":"3000","fee":"0.6","fill_type":"FILL"}"#;
const OTHERS_FILL: &str =
    r#"{"id":"x","order_id":"9","client_id":"","market":"ETH-USD-PERP","side":"BUY","size":"7","price":"1"}"#;

fn list(items: &[&str]) -> String {
    format!(r#"{{"results":[{}],"next":null,"prev":null}}"#, items.join(","))
}
/// A client with an order of unknown fate, asked about it.
fn asked() -> (Rig, OrderId) {
    let mut rig = Rig::ready();
    let order = rig.place(spec(1, "0.5", "3000"));
    rig.advance(2_000);
    rig.news.clear();
    rig.step(|c, now, out| c.query(order, now, out));
    let time = format!(r#"{{"server_time":"{}"}}"#, rig.venue_ms());
    rig.reply("/system/time", 200, &time);
    (rig, order)
}

#[test]
fn an_order_in_no_list_is_absent_as_of_the_first_question() {
    let (mut rig, _) = asked();
    let as_of = Wall::from_ms(START_MS + 2_000);
    let question = rig.reply("/orders?", 200, EMPTY);
    assert_eq!(question.target, "/orders?market=ETH-USD-PERP");
    assert_eq!(question.headers[0].1, "Bearer token.number.1");
    rig.advance(70);
    let question = rig.reply("/orders-history?", 200, EMPTY);
    assert_eq!(question.target, "/orders-history?market=ETH-USD-PERP&client_id=b4-3-1-ae1");
    assert!(rig.order_news().is_empty(), "not before every list is in");
    let question = rig.reply("/fills?", 200, &list(&[OTHERS_FILL]));
    assert_eq!(question.target, format!("/fills?market=ETH-USD-PERP&start_at={}&page_size=100", START_MS - 60_000));
    assert_eq!(rig.order_news(), [OrderNews::Absent { as_of }]);
}

/// The order is in no list and the venue's clock is asked for together with them.
fn absent_with(status: u16, clock: &str, wall_step_ms: i64) -> Vec<OrderNews> {
    let mut rig = Rig::ready();
    let order = rig.place(spec(1, "0.5", "3000"));
    rig.advance(2_000);
    rig.news.clear();
    rig.now.wall = rig.now.wall.plus_ms(wall_step_ms);
    rig.step(|c, now, out| c.query(order, now, out));
    for list in ["/orders?", "/orders-history?", "/fills?"] {
        rig.reply(list, 200, EMPTY);
    }
    rig.reply("/system/time", status, clock);
    rig.order_news()
}

#[test]
fn an_absence_counts_as_of_the_venues_own_clock_never_later() {
    fn check(clock_ms: i64, wall_step_ms: i64, expect_ms: i64) {
        let clock = format!(r#"{{"server_time":"{clock_ms}"}}"#);
        let as_of = Wall::from_ms(expect_ms);
        assert_eq!(absent_with(200, &clock, wall_step_ms), [OrderNews::Absent { as_of }]);
    }
    let asked_at = START_MS + 2_000;
    check(asked_at, 0, asked_at);
    check(asked_at + 30, 0, asked_at);
    check(asked_at - 4_000, 0, asked_at - 4_000);
    // Our wall clock jumps; the venue's does not.
    check(asked_at, 3_600_000, asked_at);
    assert!(matches!(absent_with(500, "", 0)[..], [OrderNews::QueryFailed { .. }]));
    assert!(matches!(absent_with(200, "{}", 0)[..], [OrderNews::QueryFailed { .. }]));
}

#[test]
fn an_order_found_open_is_filling() {
    let (mut rig, _) = asked();
    rig.reply("/orders?", 200, &list(&[&order_json("OPEN", "0.5", "0.5", "")]));
    assert!(!rig.asks("/orders-history?"), "what is open is not history");
    rig.reply("/fills?", 200, EMPTY);
    let news = rig.order_news();
    assert!(matches!(news[..], [OrderNews::Acked { .. }, OrderNews::Filling { .. }]), "{news:?}");
}

#[test]
fn an_order_found_closed_is_done_with_its_fills() {
    let (mut rig, order) = asked();
    rig.reply("/orders?", 200, EMPTY);
    rig.reply("/orders-history?", 200, &list(&[&order_json("CLOSED", "0.5", "0", "")]));
    rig.reply("/fills?", 200, &list(&[OTHERS_FILL, FILL]));
    let news = rig.order_news();
    let [OrderNews::Done { fills, end: OrderEnd::Filled }] = &news[..] else { panic!("{news:?}") };
    assert_eq!(
        (fills.size.to_string(), fills.cost.to_string(), fills.fee.to_string()),
        ("0.5".into(), "1500".into(), "0.6".into())
    );
    rig.step(|c, now, out| c.query(order, now, out));
    assert_eq!(rig.order_news(), news, "asked again it is said again, without asking the venue");
    assert!(!rig.asks("/orders?"));
}

#[test]
fn a_closed_order_whose_fills_are_not_listed_yet_is_no_answer() {
    let (mut rig, _) = asked();
    rig.reply("/orders?", 200, EMPTY);
    rig.reply("/fills?", 200, EMPTY);
    rig.reply("/orders-history?", 200, &list(&[&order_json("CLOSED", "0.5", "0.1", "REMAINING_IOC_CANCEL")]));
    let news = rig.order_news();
    assert_eq!(news, [OrderNews::QueryFailed { why: "closed with 0.4 filled, fills listed so far: 0".into() }]);
    rig.advance(300);
    assert!(rig.asks("/orders?"), "and is asked again");
}

#[test]
fn an_order_shown_before_is_never_absent() {
    let mut rig = Rig::ready();
    let order = rig.place(spec(1, "0.5", "3000"));
    let answer = format!(r#""result":{{"order":{}}}"#, order_json("NEW", "0.5", "0.5", ""));
    rig.answer("order.create", &answer);
    rig.news.clear();
    rig.step(|c, now, out| c.query(order, now, out));
    rig.reply("/system/time", 200, r#"{"server_time":"1763712000000"}"#);
    for list in ["/orders?", "/orders-history?", "/fills?"] {
        rig.reply(list, 200, EMPTY);
    }
    assert!(matches!(rig.order_news()[..], [OrderNews::QueryFailed { .. }]));
}

#[test]
fn any_list_that_fails_fails_the_question() {
    fn check(which: &str, answer: Result<(u16, &str), Reply<'static>>) {
        let (mut rig, _) = asked();
        for list in ["/orders?", "/orders-history?", "/fills?"] {
            if !rig.asks(list) {
                continue;
            }
            match (&answer, list == which) {
                (Ok((status, body)), true) => drop(rig.reply(list, *status, body)),
                (Err(reply), true) => rig.fail(list, *reply),
                (_, false) => drop(rig.reply(list, 200, EMPTY)),
            }
        }
        let news = rig.order_news();
        assert!(matches!(news[..], [OrderNews::QueryFailed { .. }]), "{which}: {news:?}");
    }
    for list in ["/orders?", "/orders-history?", "/fills?"] {
        check(list, Ok((500, "")));
        check(list, Ok((429, "{}")));
        check(list, Ok((200, "{\"results\":7}")));
        check(list, Err(Reply::Unknown("timeout")));
        check(list, Err(Reply::NotSent("no route")));
    }
}

#[test]
fn a_refused_token_is_renewed() {
    let (mut rig, order) = asked();
    rig.reply("/orders?", 401, r#"{"error":"INVALID_TOKEN"}"#);
    assert!(matches!(rig.order_news()[..], [OrderNews::QueryFailed { .. }]));
    rig.step(|c, now, out| c.query(order, now, out));
    assert!(matches!(rig.order_news()[..], [OrderNews::QueryFailed { .. }]), "no token, no question");
    rig.reply_token();
    rig.step(|c, now, out| c.query(order, now, out));
    assert_eq!(rig.take("/orders?").headers[0].1, "Bearer token.number.2");
}

#[test]
fn lists_are_read_to_their_end_and_endless_ones_fail() {
    let (mut rig, _) = asked();
    rig.reply("/orders?", 200, EMPTY);
    rig.reply("/orders-history?", 200, EMPTY);
    rig.reply("/fills?", 200, &format!(r#"{{"results":[{OTHERS_FILL}],"next":"a+b="}}"#));
    let page = rig.reply("/fills?", 200, &list(&[FILL]));
    assert!(page.target.ends_with("&cursor=a%2Bb%3D"), "{}", page.target);
    let news = rig.order_news();
    assert!(matches!(news[..], [OrderNews::Filling { .. }, OrderNews::QueryFailed { .. }]), "a fill without an order: {news:?}");

    let (mut rig, _) = asked();
    rig.reply("/orders?", 200, EMPTY);
    rig.reply("/orders-history?", 200, EMPTY);
    let mut pages = 0;
    while rig.asks("/fills?") {
        rig.reply("/fills?", 200, r#"{"results":[],"next":"more"}"#);
        pages += 1;
    }
    assert_eq!(pages, 18);
    assert!(matches!(rig.order_news()[..], [OrderNews::QueryFailed { .. }]));
}

#[test]
fn one_question_answers_everybody_who_asked_meanwhile() {
    let (mut rig, order) = asked();
    rig.step(|c, now, out| c.query(order, now, out));
    assert_eq!(rig.asked.iter().filter(|a| a.target.starts_with("/orders?")).count(), 1);
}

#[test]
fn what_never_left_is_not_sent_and_what_nobody_knows_is_no_answer() {
    let mut rig = Rig::ready();
    let cleared = rig.clear(spec(1, "0.5", "3000"));
    let prepared = rig.client.prepare(cleared, rig.now).expect("prepared");
    let id = prepared.spec.id;
    rig.step(|c, now, out| c.query(id, now, out));
    assert!(matches!(rig.order_news()[..], [OrderNews::NotSent { .. }]));
    let unknown = spec(99, "1", "1").id;
    rig.step(|c, now, out| c.query(unknown, now, out));
    assert!(matches!(rig.order_news()[..], [OrderNews::QueryFailed { .. }]));
}

#[test]
fn an_order_of_an_earlier_life_is_found_and_its_stamp_is_not_used_again() {
    let mut rig = Rig::ready();
    let spec_1 = spec(1, "0.5", "3000");
    let dead_after = Wall::from_ms(START_MS + 60_000);
    let key = VenueKey { key: spec_1.id.to_string(), hash: None, dead_after };
    let id = spec_1.id;
    rig.client.adopt(KnownOrder { spec: spec_1, key, fills: domain::Fills::default(), over: false });
    rig.step(|c, now, out| c.query(id, now, out));
    rig.reply("/orders?", 200, EMPTY);
    let closed = order_json("CLOSED", "0.5", "0.5", "USER_CANCELED");
    rig.reply("/orders-history?", 200, &list(&[&closed]));
    let end = OrderEnd::Cancelled("USER_CANCELED".into());
    assert_eq!(rig.order_news(), [OrderNews::Done { fills: Fills::default(), end }]);
    rig.place(spec(2, "0.5", "3000"));
    let (_, frame) = rig.take_frame("order.create");
    assert_eq!(frame["params"]["signature_timestamp"], START_MS + 60_000 - 2_000 + 1);
}
