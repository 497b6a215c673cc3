//! The paper account by its seam: a client whose market is scripted, and orders as the engine sends them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, reason = "a test stops where something is wrong")]

mod rig;

use domain::{
    AccountSnapshot, Fills, LegId, Lifecycle, OrderEnd, OrderNews, OrderType, Purpose, Rate, Side, TimeInForce, Usd, VenueKey,
    Wall,
};
use rig::{Rig, order, px, size, usd};
use venue_api::{KnownOrder, PrepareError, VenueClient};

/// The end of an order as one word, with what it filled.
fn ended(news: &[OrderNews]) -> String {
    match news.last() {
        Some(OrderNews::Done { fills, end: OrderEnd::Filled }) => format!("filled {} for {}", fills.size, fills.cost),
        Some(OrderNews::Done { fills, end: OrderEnd::Cancelled(why) }) => format!("{why} {}", fills.size),
        Some(OrderNews::Done { end: OrderEnd::Refused(r), .. }) => format!("{} {}", r.kind.word(), r.code),
        other => format!("{other:?}"),
    }
}

#[test]
fn an_order_is_acknowledged_and_matched_after_the_delays_against_the_book_as_it_is_then() {
    let mut rig = Rig::new();
    rig.book(&[("99", "5")], &[("100", "5")]);
    let spec = order(1, Side::Buy, "2", "101");
    let id = spec.id;
    rig.send(spec).unwrap();
    assert!(rig.news(id).is_empty(), "nothing is known before the delay");
    rig.pass(50);
    assert!(matches!(rig.news(id)[..], [OrderNews::Acked { .. }]));
    // The market moves between acknowledgement and match.
    rig.book(&[("99", "5")], &[("100.5", "1"), ("101", "5")]);
    rig.pass(100);
    assert_eq!(ended(&rig.news(id)), "filled 2 for 201.5");
}

#[test]
fn time_in_force_limit_and_the_venues_rules_decide_what_fills() {
    #[track_caller]
    fn check(change: impl Fn(&mut Rig, &mut domain::OrderSpec), expect: &str) {
        let mut rig = Rig::new();
        rig.book(&[("99", "5")], &[("100", "1"), ("101", "5")]);
        rig.mark("100");
        let mut spec = order(1, Side::Buy, "3", "101");
        change(&mut rig, &mut spec);
        let id = spec.id;
        rig.send(spec).unwrap();
        rig.pass(1_000);
        assert_eq!(ended(&rig.news(id)), expect);
    }
    check(|_, _| {}, "filled 3 for 302");
    check(|_, o| o.limit = px("100"), "REMAINING_IOC_CANCEL 1");
    check(|_, o| (o.limit, o.tif) = (px("100"), TimeInForce::Fok), "price NOTHING_WITHIN_LIMIT");
    check(|_, o| o.limit = px("99"), "price NOTHING_WITHIN_LIMIT");
    check(|_, o| (o.limit, o.kind) = (px("90"), OrderType::Market), "filled 3 for 302");
    let bounded_market = |r: &mut Rig, o: &mut domain::OrderSpec| {
        r.rules(|c| c.market_needs_limit = true);
        (o.limit, o.kind) = (px("90"), OrderType::Market);
    };
    check(bounded_market, "price NOTHING_WITHIN_LIMIT");
    check(|_, o| o.reduce_only = true, "reduce_only WOULD_NOT_REDUCE");
    check(|r, _| r.instrument(|i| i.lifecycle = Lifecycle::Halted), "closed MARKET_HALTED");
    check(|r, _| r.instrument(|i| i.lifecycle = Lifecycle::ReduceOnly), "closed MARKET_REDUCE_ONLY");
    check(|r, _| r.instrument(|i| i.min_notional = usd("301")), "filter BELOW_MIN_NOTIONAL");
    let beyond_the_band = |r: &mut Rig, o: &mut domain::OrderSpec| {
        r.instrument(|i| i.price_band = Some(Rate::from_bps(100)));
        o.limit = px("102");
    };
    check(beyond_the_band, "filter OUTSIDE_PRICE_BAND");
    check(|r, _| r.instrument(|i| i.price_band = Some(Rate::from_bps(100))), "filled 3 for 302");
    check(|r, _| r.instrument(|i| i.initial_margin = Some(Rate::from_e8(4 * domain::SCALE))), "margin NOT_ENOUGH_MARGIN");
    check(|r, _| r.lose_book(), "closed NO_LIVE_BOOK");
}

#[test]
fn what_a_client_would_not_sign_is_not_prepared() {
    #[track_caller]
    fn check(change: impl Fn(&mut Rig, &mut domain::OrderSpec), expect: &str) {
        let mut rig = Rig::new();
        let mut spec = order(1, Side::Buy, "3", "101");
        change(&mut rig, &mut spec);
        assert_eq!(rig.send(spec).unwrap_err().to_string(), expect);
    }
    check(|_, o| o.size = size("0.0001"), "the venue would refuse it: size 0.0001 is not on the step of 0.01");
    check(|_, o| o.limit = px("100.001"), "the venue would refuse it: price 100.001 is not on the step of 0.01");
    check(|_, o| o.tif = TimeInForce::Gtc, "the venue would refuse it: an order that rests is not matched on paper");
    check(|r, _| r.instrument(|i| i.max_size = Some(size("2"))), "the venue would refuse it: size 3 is outside what ETH takes");
    check(|r, _| r.down(), "the order session is not up: the market data of the venue is not up");
    let mut rig = Rig::new();
    rig.send(order(1, Side::Buy, "1", "101")).unwrap();
    assert!(matches!(rig.send(order(1, Side::Buy, "1", "101")), Err(PrepareError::Invalid(_))), "an id is used once");
}

#[test]
fn positions_cash_and_fees_are_what_the_fills_say_and_a_close_brings_them_home() {
    let mut rig = Rig::new();
    rig.book(&[("99", "5")], &[("100", "5")]);
    rig.mark("100");
    rig.trade(order(1, Side::Buy, "2", "100"));
    let open = rig.account();
    assert_eq!((open.positions[0].size_e8, open.positions[0].entry), (2 * domain::SCALE, Some(px("100"))));
    // A fee of 10 bp on 200.
    assert_eq!(open.balance, usd("999.8"));
    // A fifth of the notional is locked up.
    assert_eq!(open.free, usd("959.8"));
    rig.book(&[("103", "5")], &[("104", "5")]);
    rig.mark("103.5");
    let mut close = order(2, Side::Sell, "2", "103");
    close.reduce_only = true;
    rig.trade(close);
    let flat = rig.account();
    assert_eq!((flat.positions.len(), flat.balance, flat.free), (0, usd("1005.594"), usd("1005.594")));
}

#[test]
fn no_order_ever_reaches_the_client_inside_and_everything_it_says_passes_through() {
    let mut rig = Rig::new();
    rig.book(&[("99", "5")], &[("100", "5")]);
    rig.trade(order(1, Side::Buy, "2", "100"));
    let late = order(2, Side::Buy, "1", "100");
    let id = late.id;
    rig.send(late).unwrap();
    rig.pass(50);
    rig.cancel(id);
    assert_eq!(ended(&rig.news(id)), "USER_CANCELED 0");
    rig.query(id);
    rig.account();
    assert_eq!(rig.seen_inside(), ["start", "frame", "timer"], "market data alone");
    assert_eq!(rig.market_events, 1);
}

#[test]
fn a_restarted_paper_venue_holds_what_the_journal_says_and_answers_for_every_order_of_it() {
    let mut rig = Rig::new();
    let filled = order(1, Side::Sell, "2", "100");
    let cut = order(2, Side::Buy, "1", "100");
    let (first, second) = (filled.id, cut.id);
    let key = |o: &domain::OrderSpec| VenueKey { key: o.id.to_string(), hash: None, dead_after: Wall(0) };
    let fills = Fills { size: size("2"), cost: usd("200"), fee: usd("0.2"), funding: Usd::ZERO };
    rig.client.adopt(KnownOrder { key: key(&filled), spec: filled, fills, over: true });
    rig.client.adopt(KnownOrder { key: key(&cut), spec: cut, fills: Fills::default(), over: false });
    let account = rig.account();
    assert_eq!((account.positions[0].size_e8, account.balance), (-2 * domain::SCALE, usd("999.8")));
    assert!(account.open_orders.is_empty());
    for (id, expect) in [(first, "filled 2 for 200"), (second, "PAPER_VENUE_RESTARTED 0")] {
        rig.query(id);
        assert_eq!(ended(&rig.news(id)), expect);
    }
    // An order that the journal never held is one that the venue never had.
    let stranger = domain::OrderId { leg: LegId::B, purpose: Purpose::Close, ..first };
    rig.query(stranger);
    assert!(matches!(rig.news(stranger)[..], [OrderNews::Absent { .. }]));
}

#[test]
fn the_account_of_a_fresh_start_is_flat_and_holds_the_configured_cash() {
    let account: AccountSnapshot = Rig::new().account();
    assert_eq!((account.positions.len(), account.open_orders.len(), account.balance), (0, 0, usd("1000")));
}
