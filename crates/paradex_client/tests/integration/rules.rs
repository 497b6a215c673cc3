//! Markets, fees, margin and funding: taken over whenever the venue says them anew.

use crate::frames::{self, Fill, book, e8};
use crate::orders::order_json;
use crate::rig::*;
use domain::{BookKind, Fills, InstrumentId, Level, Lifecycle, MarketEvent, OrderEnd, OrderNews, Pair, Price, Rate, Size, Usd};
use venue_api::{KnownOrder, SessionNews, VenueClient, VenueNews};

const NO_FEE: &str = r#"{"results":[]}"#;

fn info(account: &str, fees: &str) -> String {
    format!(r#"{{"results":[{{"account":"0x77","fees":{{"taker_rate":"0.9"}}}},{{"account":"{account}","fees":{fees}}}]}}"#)
}
fn taker_fee(rig: &Rig) -> i64 {
    rig.client.instruments()[0].taker_fee.e8()
}
fn lifecycle(rig: &Rig) -> Lifecycle {
    rig.client.instruments()[0].lifecycle
}
/// Lets the timer of the rules come and answers its questions.
fn reread(rig: &mut Rig, markets: &str, fees: &str) {
    rig.advance_alive(60_000);
    while rig.asks("/markets") {
        rig.reply("/markets", 200, markets);
    }
    while rig.asks("/account/info") {
        rig.reply("/account/info", 200, fees);
    }
}

#[test]
fn the_accounts_own_fee_comes_before_the_markets_and_that_before_the_documented_one() {
    fn check(markets: &str, fees: &str, expect: i64) {
        let mut rig = Rig::ready();
        reread(&mut rig, markets, fees);
        assert_eq!(taker_fee(&rig), expect, "{fees}");
    }
    let without = MARKETS.replace(r#""fee_config":{"api_fee":{"taker_fee":{"fee":"0.0004"}}}"#, r#""fee_config":null"#);
    check(MARKETS, &info(ACCOUNT, r#"{"taker_rate":"0.00035"}"#), 35_000);
    check(&without, &info(ACCOUNT, r#"{"taker_rate":"0.00035"}"#), 35_000);
    check(
        MARKETS,
        &info(&ACCOUNT.replace("0x", "0x000").to_uppercase().replace('X', "x"), r#"{"taker_rate":"0.00035"}"#),
        35_000,
    );
    check(MARKETS, &info(ACCOUNT, r#"{"taker_rate":"0.000350000001"}"#), 35_001);
    check(MARKETS, &info(ACCOUNT, r#"{"taker_rate":"-0.0001"}"#), 0);
    check(MARKETS, &info(ACCOUNT, r#"{"taker_rate":""}"#), 40_000);
    check(MARKETS, &info(ACCOUNT, "null"), 40_000);
    check(MARKETS, &info("0x5", r#"{"taker_rate":"0.00035"}"#), 40_000);
    check(MARKETS, NO_FEE, 40_000);
    check(&without, NO_FEE, 45_000);
    check(&without, "nonsense", 45_000);
}

#[test]
fn a_fee_that_cannot_be_read_leaves_the_one_before() {
    let mut rig = Rig::ready();
    reread(&mut rig, MARKETS, &info(ACCOUNT, r#"{"taker_rate":"0.00035"}"#));
    reread(&mut rig, MARKETS, &info(ACCOUNT, r#"{"taker_rate":"cheap"}"#));
    rig.advance_alive(60_000);
    rig.reply("/account/info", 500, "");
    assert_eq!(taker_fee(&rig), 35_000);
}

#[test]
fn a_grid_that_changes_is_taken_over_at_once() {
    let mut rig = Rig::ready();
    let i = |rig: &Rig| rig.client.instruments()[0].clone();
    assert_eq!((i(&rig).price_band, i(&rig).initial_margin), (Some(Rate::from_bps(300)), None));
    let eth = MARKETS.find("ETH-USD-PERP").expect("it is there");
    let (before, after) = MARKETS.split_at(eth);
    let after =
        after.replace(r#""0.01""#, r#""0.05""#).replace(r#""0.0001""#, r#""0.001""#).replace(r#""10""#, r#""50""#).replace(
            r#""price_bands_width":"0.03""#,
            r#""price_bands_width":"0.04","delta1_cross_margin_params":{"imf_base":"0.02","imf_factor":"0","imf_shift":"0"}"#,
        );
    reread(&mut rig, &format!("{before}{after}"), NO_FEE);
    let now = i(&rig);
    assert_eq!(
        (now.tick.to_string(), now.lot.to_string(), now.min_size.to_string()),
        ("0.05".into(), "0.001".into(), "0.001".into())
    );
    assert_eq!((now.min_notional, now.price_band), (Usd::from_e8(5_000_000_000), Some(Rate::from_bps(400))));
    assert_eq!(now.initial_margin, Some(Rate::from_bps(200)));
    let old = rig.clear(spec(1, "0.5001", "3000"));
    assert!(rig.client.prepare(old, rig.now).is_err(), "the old step is not sent any more");
}

#[test]
fn a_market_is_delisted_only_when_the_venue_says_so_plainly() {
    let without = MARKETS.replace("ETH-USD-PERP", "SOL-USD-PERP");
    let with = |more: &str| MARKETS.replace(r#""price_bands_width":"0.03","#, &format!(r#""price_bands_width":"0.03",{more},"#));
    let at = |ms: i64| format!(r#""expiry_at":{}"#, START_MS + ms);
    let check = |markets: &[&str], expect: Lifecycle| {
        let mut rig = Rig::ready();
        for m in markets {
            reread(&mut rig, m, NO_FEE);
        }
        assert_eq!(lifecycle(&rig), expect, "{markets:?}");
    };
    check(&[MARKETS], Lifecycle::Trading);
    check(&[&without], Lifecycle::Halted);
    check(&[&without, &without], Lifecycle::Delisted);
    check(&[&without, MARKETS], Lifecycle::Trading);
    check(&[&without, &without, MARKETS], Lifecycle::Trading);
    check(&[r#"{"results":[]}"#, r#"{"results":[]}"#], Lifecycle::Trading);
    let page = without.replacen('{', r#"{"next":"abc","#, 1);
    check(&[&page, &page], Lifecycle::Trading);
    check(&[&with(&at(60 * 86_400_000))], Lifecycle::Trading);
    check(&[&with(&at(3_600_000))], Lifecycle::Delisted);
    check(&[&with(&at(-1))], Lifecycle::Delisted);
    check(&[&with(r#""expiry_at":0"#)], Lifecycle::Trading);
    check(&[&with(&format!(r#""open_at":{}"#, START_MS + 86_400_000))], Lifecycle::Halted);
    check(&[&MARKETS.replace("STANDARD", "RFQ_ONLY")], Lifecycle::Halted);
}

#[test]
fn a_market_that_is_missing_once_is_asked_for_again_soon() {
    let mut rig = Rig::ready();
    let without = MARKETS.replace("ETH-USD-PERP", "SOL-USD-PERP");
    rig.text(
        FEED,
        r#"{"method":"subscription","params":{"channel":"markets","data":{"symbol":"ETH-USD-PERP","event_type":"DELETED"}}}"#,
    );
    rig.reply("/markets", 200, &without);
    assert_eq!(lifecycle(&rig), Lifecycle::Halted);
    rig.advance(2_000);
    rig.reply("/markets", 200, &without);
    assert_eq!(lifecycle(&rig), Lifecycle::Delisted);
    rig.advance(15_000);
    rig.reply("/system/state", 200, r#"{"status":"ok"}"#);
    assert_eq!(lifecycle(&rig), Lifecycle::Delisted, "the venue's state does not bring it back");
}

#[test]
fn what_the_venue_says_while_the_list_is_read_has_it_read_once_more() {
    let mut rig = Rig::ready();
    let changed =
        r#"{"method":"subscription","params":{"channel":"markets","data":{"symbol":"ETH-USD-PERP","event_type":"UPDATED"}}}"#;
    for _ in 0..3 {
        rig.text(FEED, changed);
    }
    rig.reply("/markets", 200, MARKETS);
    rig.reply("/markets", 200, MARKETS);
    assert!(!rig.asks("/markets"));
}

#[test]
fn a_refusal_that_shows_our_rules_to_be_wrong_has_them_read() {
    fn check(refuse: impl FnOnce(&mut Rig), markets: bool, state: bool) {
        let mut rig = Rig::ready();
        rig.place(spec(1, "0.5", "3000"));
        refuse(&mut rig);
        assert_eq!((rig.asks("/markets"), rig.asks("/system/state")), (markets, state));
    }
    let at_once = |code: &'static str| {
        move |rig: &mut Rig| {
            rig.answer("order.create", &format!(r#""error":{{"code":100,"message":"method error","data":"{code}"}}"#));
        }
    };
    let late = |code: &'static str| {
        move |rig: &mut Rig| {
            let order = order_json("CLOSED", "0.5", "0.5", code);
            rig.text(ORDERS, &format!(r#"{{"method":"subscription","params":{{"channel":"orders.ALL","data":{order}}}}}"#));
        }
    };
    check(at_once("INVALID_ORDER_SIZE"), true, false);
    check(at_once("VALIDATION_ERROR: price must be a multiple"), true, false);
    check(at_once("MARKET_NOT_FOUND"), true, false);
    check(at_once("MARKET_NOT_OPEN"), true, true);
    check(at_once("SYSTEM_STATUS_CANCEL_ONLY"), false, true);
    check(at_once("NOT_ENOUGH_MARGIN"), false, false);
    check(late("ORDER_SIZE_BELOW_MIN"), true, false);
    check(late("ASSET_EXPIRED"), true, false);
    check(late("EMPTY_MARKET"), false, false);
}

#[test]
fn a_market_gone_at_the_start_is_fatal_only_if_no_order_of_ours_was_ever_in_it() {
    let mut rig = Rig::new(config());
    let spec = spec(1, "0.5", "3000");
    let key = domain::VenueKey { key: spec.id.to_string(), hash: None, dead_after: domain::Wall::from_ms(START_MS) };
    rig.client.adopt(KnownOrder { spec, key, fills: Fills::default(), over: false });
    rig.reply("/system/config", 200, r#"{"starknet_chain_id":"PRIVATE_SN_POTC_SEPOLIA"}"#);
    let time = format!(r#"{{"server_time":"{START_MS}"}}"#);
    rig.reply("/system/time", 200, &time);
    rig.reply("/system/state", 200, r#"{"status":"ok"}"#);
    rig.reply("/markets", 200, &MARKETS.replace("ETH-USD-PERP", "SOL-USD-PERP"));
    assert!(!rig.session_news().iter().any(|n| matches!(n, SessionNews::Fatal { .. })));
    assert_eq!(lifecycle(&rig), Lifecycle::Delisted);
    assert!(rig.asks("/auth/"), "it comes up: there may be something left to close elsewhere");
}

/// Whether the venue's state is asked for within so many ms.
fn asks_state_after(rig: &mut Rig, ms: u64) -> bool {
    rig.advance_alive(ms);
    let asked = rig.asks("/system/state");
    while rig.asks("/system/state") {
        rig.reply("/system/state", 200, r#"{"status":"ok"}"#);
    }
    asked
}

#[test]
fn the_state_is_asked_for_more_often_in_the_release_window() {
    let mut rig = Rig::ready();
    assert!(
        !asks_state_after(&mut rig, 14_000)
            && asks_state_after(&mut rig, 1_000)
            && !asks_state_after(&mut rig, 14_000)
            && asks_state_after(&mut rig, 1_000)
            && asks_state_after(&mut rig, 30_000)
    );
    // From Friday 08:01 to the Monday after it, 04:30, by the venue's clock.
    let monday = START_MS + ((3 * 24 - 4) * 60 + 30) * 60_000;
    rig.reply("/system/time", 200, &format!(r#"{{"server_time":"{monday}"}}"#));
    assert!(asks_state_after(&mut rig, 15_000), "the timer that was set before");
    assert!(
        asks_state_after(&mut rig, 3_000)
            && asks_state_after(&mut rig, 3_000)
            && !asks_state_after(&mut rig, 2_000)
            && asks_state_after(&mut rig, 1_000)
    );
}

#[test]
fn funding_comes_per_hour_in_either_form() {
    let mut rig = Rig::ready();
    let numbers = [(8, 4), (16, -14_969), (24, 0), (32, 0), (40, 0), (48, 7)];
    let mut block = frames::block(66, &numbers, &[]);
    block[56..58].copy_from_slice(&8i16.to_le_bytes());
    rig.binary(FEED, &frames::message(5, 2, &block, &frames::texts(&["ETH-USD-PERP"])));
    rig.binary(FEED, &frames::message(5, 2, &block, &frames::texts(&["DOGE-USD-PERP"])));
    let data = r#"{"market":"ETH-USD-PERP","funding_rate":"0.0004","funding_rate_8h":"0.0008","funding_period_hours":4}"#;
    let text =
        |data: &str| format!(r#"{{"method":"subscription","params":{{"channel":"funding_data.ETH-USD-PERP","data":{data}}}}}"#);
    rig.text(FEED, &text(data));
    rig.text(FEED, &text(&data.replace("0.0004", "much")));
    let hourly: Vec<i64> = std::mem::take(&mut rig.market)
        .into_iter()
        .map(|(event, _)| match event {
            MarketEvent::Funding { instrument: InstrumentId(7), hourly, next: None } => hourly.e8(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(hourly, [-1_871, 10_000]);
    assert_eq!(rig.client.counters().unreadable_public, 1);
}

#[test]
fn a_book_that_rest_shows_to_be_stale_or_of_another_world_is_subscribed_anew() {
    fn check(seq: u64, ms_later: i64, bid: &str, lost: Option<&str>) {
        let mut rig = Rig::ready();
        rig.binary(FEED, &book("ETH-USD-PERP", 100, true, &[("3000", "1")], &[("3001", "1")], 16));
        rig.binary(FEED, &frames::bbo("ETH-USD-PERP", 100, [e8("3000"), 1, e8("3001"), 1]));
        rig.advance(15_000);
        rig.market.clear();
        // The frames of the rig carry the time of its start.
        let body = format!(
            r#"{{"market":"ETH-USD-PERP","seq_no":{seq},"last_updated_at":{},"bids":[["{bid}","1"]],"asks":[["3001","2"]]}}"#,
            START_MS + ms_later
        );
        rig.reply("/orderbook/ETH-USD-PERP", 200, &body);
        let why: Vec<&str> = rig
            .market
            .iter()
            .filter_map(|(e, _)| if let MarketEvent::BookLost { why, .. } = e { Some(*why) } else { None })
            .collect();
        assert_eq!(why, lost.into_iter().collect::<Vec<_>>(), "{seq} {ms_later} {bid}");
        let asked = rig.sent.iter().filter(|(c, v)| *c == FEED && v["method"] == "subscribe").count();
        assert_eq!(asked, usize::from(lost.is_some()));
    }
    check(100, 0, "3000", None);
    check(100, 60_000, "3000", None);
    check(100, 0, "2990", None);
    check(100, 0, "2900", Some("rest differs"));
    check(105, 4_999, "2900", None);
    check(105, 5_001, "3000", Some("behind rest"));
    check(7, 5_001, "3000", Some("behind rest"));
    check(105, -60_000, "3000", None);
}

#[test]
fn a_second_opinion_that_cannot_be_had_says_nothing() {
    fn check(answer: Result<(u16, &str), &'static str>) {
        let mut rig = Rig::ready();
        rig.binary(FEED, &book("ETH-USD-PERP", 100, true, &[("3000", "1")], &[("3001", "1")], 16));
        rig.advance(15_000);
        rig.market.clear();
        match answer {
            Ok((status, body)) => drop(rig.reply("/orderbook/ETH-USD-PERP", status, body)),
            Err(why) => rig.fail("/orderbook/ETH-USD-PERP", venue_api::Reply::Unknown(why)),
        }
        assert_eq!(rig.market, []);
    }
    check(Ok((500, "")));
    check(Ok((200, "<html>")));
    check(Ok((200, r#"{"market":"BTC-USD-PERP","seq_no":1,"last_updated_at":9999999999999}"#)));
    check(Err("timeout"));
    let mut config = config();
    config.audit_every_ms = 0;
    let mut rig = Rig::new(config);
    rig.boot();
    rig.connect_feed();
    rig.advance_alive(60_000);
    assert!(!rig.asks("/orderbook"), "never, if so configured");
}

/// A client of `kBONK-USD-PERP` for the pair `BONK-USD`, with this price step.
fn thousand(tick: &str) -> (Rig, String) {
    let mut config = config();
    config.instruments[0].pair = Pair::new("BONK-USD");
    config.instruments[0].symbol = "kBONK-USD-PERP".into();
    let markets = MARKETS.replace("ETH-USD-PERP", "kBONK-USD-PERP").replace(r#""0.01""#, &format!(r#""{tick}""#));
    (
        Rig::new(config),
        markets.replace(r#""0.0001""#, r#""10""#).replace(r#""max_order_size":"1000""#, r#""max_order_size":"500000""#),
    )
}

fn boot_with(rig: &mut Rig, markets: &str) {
    rig.reply("/system/config", 200, r#"{"starknet_chain_id":"PRIVATE_SN_POTC_SEPOLIA"}"#);
    let time = format!(r#"{{"server_time":"{}"}}"#, rig.venue_ms());
    rig.reply("/system/time", 200, &time);
    rig.reply("/system/state", 200, r#"{"status":"ok"}"#);
    rig.reply("/markets", 200, markets);
}

#[test]
fn a_contract_on_a_thousand_is_per_unit_everywhere_but_on_the_wire() {
    let (mut rig, markets) = thousand("0.00001");
    boot_with(&mut rig, &markets);
    rig.reply_token();
    rig.reply("/account/info", 200, NO_FEE);
    rig.connect_feed();
    rig.connect_orders();
    rig.forget();
    let i = rig.client.instruments()[0].clone();
    assert_eq!((i.multiplier, i.tick.e8(), i.lot.to_string()), (1_000, 1, "10000".into()));
    assert_eq!(i.max_size, Size::from_e8(e8("500000000")));

    rig.binary(FEED, &book("kBONK-USD-PERP", 1, true, &[("0.02876", "50")], &[("0.02877", "70")], 16));
    let (event, levels) = rig.market.remove(0);
    assert!(matches!(event, MarketEvent::Book { kind: BookKind::Snapshot, .. }));
    assert_eq!(levels, [Level { price: 2_876, size: e8("50000") }, Level { price: 2_877, size: e8("70000") }]);
    rig.binary(FEED, &frames::bbo("kBONK-USD-PERP", 1, [e8("0.02876"), e8("50"), 0, 0]));
    let top = MarketEvent::Top { instrument: InstrumentId(7), seq: 1, bid: Some(levels[0]), ask: None };
    assert_eq!(rig.market.remove(0).0, top);

    let order = rig.place(spec(1, "1000000", "0.00002877"));
    let frame = rig.take_frame("order.create").1;
    assert_eq!((&frame["params"]["size"], &frame["params"]["price"]), (&"1000".into(), &"0.02877".into()));
    let ids = ["17", &order.to_string()].map(|s| -> &'static str { Box::leak(s.to_owned().into_boxed_str()) });
    let block = |numbers: &[(usize, i64)], bytes: &[(usize, u8)], len| frames::block(len, numbers, bytes);
    let fill = block(&[(8, 1), (19, e8("0.02876")), (27, e8("1000")), (35, e8("0.0129"))], &[(16, 1), (17, 1), (18, 2)], 116);
    rig.binary(ORDERS, &frames::message(21, 2, &fill, &frames::texts(&["f1", ids[0], ids[1], "t", "kBONK-USD-PERP", "USDC"])));
    let numbers = [(8, 2), (20, e8("0.02877")), (36, e8("1000")), (44, 0)];
    let closed = block(&numbers, &[(16, 4), (17, 1), (18, 1), (19, 2)], 128);
    rig.binary(ORDERS, &frames::message(20, 2, &closed, &frames::texts(&[ids[0], ids[1], "kBONK-USD-PERP", "", "", ""])));
    let fills = Fills {
        size: Size::from_e8(e8("1000000")).expect("a size"),
        cost: Usd::from_e8(e8("28.76")),
        fee: Usd::from_e8(e8("0.0129")),
        funding: Usd::ZERO,
    };
    assert_eq!(rig.order_news().last(), Some(&OrderNews::Done { fills, end: OrderEnd::Filled }));

    rig.step(|c, now, out| c.read_account(now, out));
    rig.reply("/fills?start_at=", 200, NO_FEE);
    rig.reply("/positions", 200, r#"{"results":[{"market":"kBONK-USD-PERP","side":"LONG","size":"1000","status":"OPEN","average_entry_price":"0.02876"}]}"#);
    rig.reply("/orders", 200, NO_FEE);
    rig.reply("/balance", 200, NO_FEE);
    rig.reply("/account", 200, r#"{"free_collateral":"1"}"#);
    let Some(VenueNews::Account(account)) = rig.news.last() else { panic!("{:?}", rig.news) };
    assert_eq!((account.positions[0].size_e8, account.positions[0].entry), (e8("1000000"), Price::from_e8(2_876)));
    rig.news.clear();

    // Taken by the venue: told per unit as well.
    let fill = Fill { id: "x1", kind: 2, size: "400", price: "0.02", fee: "0.01", funding: 3, ids: ["", ""] };
    let mut frame = frames::fill(&fill);
    let at = frame.windows(12).position(|w| w == b"ETH-USD-PERP").expect("the market");
    frame.splice(at - 1..at + 12, std::iter::once(14u8).chain(*b"kBONK-USD-PERP"));
    rig.binary(ORDERS, &frame);
    let [VenueNews::Forced { taken: Some(taken), .. }] = &rig.news[..] else { panic!("{:?}", rig.news) };
    assert_eq!((taken.fills.size.to_string(), taken.fills.cost.to_string()), ("400000".into(), "8".into()));
}

#[test]
fn a_contract_whose_price_cannot_be_said_per_unit_is_refused_at_the_start_and_halts_later() {
    let (mut rig, markets) = thousand("0.000001");
    boot_with(&mut rig, &markets);
    let Some(SessionNews::Fatal { why }) = rig.session_news().pop() else { panic!("not fatal") };
    assert!(why.contains("with multiplier 1 on both venues"), "{why}");

    let (mut rig, good) = thousand("0.00001");
    boot_with(&mut rig, &good);
    assert_eq!(lifecycle(&rig), Lifecycle::Trading);
    rig.reply_token();
    rig.text(FEED, r#"{"params":{"channel":"markets","data":{}}}"#);
    rig.reply("/markets", 200, &markets);
    assert_eq!(lifecycle(&rig), Lifecycle::Halted);
}
