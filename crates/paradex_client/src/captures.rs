//! Every message in `testdata` through the production decoders, with the values it must come out with. The kind of
//! each file (captured, documented, encoder, synthetic) stands in `testdata/SOURCES.md`.

use crate::error::{Verdict, verdict_of_rpc};
use crate::market_data::Feed;
use crate::parse::{self, FillKind, Grid, Status};
use crate::units::Units;
use crate::wire::rest::*;
use crate::wire::sbe::{self, Message};
use crate::wire::ws::{self, CreateResult, parse_envelope};
use domain::{BookKind, InstrumentId, Level, MarketEvent, Mono, Price, Rate, RefusalKind, Side, Size, Usd};
use serde_json::Value;
use venue_api::Out;

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("a JSON file")
}
fn bytes(v: &Value) -> Vec<u8> {
    serde_json::to_vec(v).expect("JSON")
}
fn px(t: &str) -> Price {
    Price::parse(t.as_bytes()).expect("a price")
}
fn sz(t: &str) -> Size {
    Size::parse(t.as_bytes()).expect("a size")
}
fn level(price: &str, size: &str) -> Level {
    Level { price: px(price).e8(), size: sz(size).e8() }
}
fn feed(symbols: &[&str]) -> Feed {
    Feed::new(symbols.iter().zip(0u16..).map(|(s, i)| (InstrumentId(i), (*s).to_owned(), Units::ONE)))
}
/// A payload as the socket delivers it, through the feed.
fn public(feed: &mut Feed, message: &Value) -> Out {
    let text = message.to_string();
    let mut out = Out::default();
    let envelope = parse_envelope(&text).expect("an envelope");
    let resync = feed.on_json(&envelope.params.expect("a notification"), Mono(1), &mut out).expect("readable");
    assert_eq!(resync, None);
    out
}

#[test]
fn captured_json_books_come_out_best_first() {
    let file = json(include_str!("../testdata/ws_json_order_book_snapshots.json"));
    let mut feed = feed(&["BTC-USD-PERP", "ONDO-USD-PERP"]);
    let out = public(&mut feed, &file["messages"][0]);
    let [MarketEvent::Book { instrument: InstrumentId(0), kind: BookKind::Snapshot, seq: 14_127_815, venue_time, bids, asks }] =
        &out.market[..]
    else {
        panic!("{:?}", out.market)
    };
    assert_eq!(venue_time.map(|t| t.ms()), Some(1_718_267_837_265));
    assert_eq!((bids.clone(), asks.clone()), (0..1, 1..2));
    assert_eq!(out.levels, [level("67629.7", "0.992"), level("69378.6", "3.137")]);

    let out = public(&mut feed, &file["messages"][1]);
    let [MarketEvent::Book { instrument: InstrumentId(1), bids, asks, .. }] = &out.market[..] else { panic!("{:?}", out.market) };
    assert_eq!((bids.clone(), asks.clone()), (0..15, 15..30));
    assert_eq!(out.levels[0], level("0.4159", "4120.8"));
    assert!(out.levels[..15].is_sorted_by(|a, b| a.price > b.price));
    assert!(out.levels[15..].is_sorted_by(|a, b| a.price < b.price));
    assert!(out.levels[15].price > out.levels[0].price);
}

#[test]
fn captured_json_trades_and_summaries_are_read() {
    let file = json(include_str!("../testdata/ws_json_public_events.json"));
    let mut feed = feed(&["kBONK-USD-PERP", "ORDI-USD-PERP", "TRUMP-USD-PERP"]);
    let out = public(&mut feed, &file["trades"]);
    let trade = MarketEvent::Trade { instrument: InstrumentId(0), price: px("0.028776"), size: sz("34028") };
    assert_eq!(out.market, [trade]);
    let out = public(&mut feed, &file["markets_summary"]);
    assert_eq!(out.market, [MarketEvent::Mark { instrument: InstrumentId(1), mark: px("49.80885481") }]);
    // -0.00014969570582 for eight hours: beyond eight decimals towards what a long pays least, then an eighth.
    let funding = MarketEvent::Funding { instrument: InstrumentId(2), hourly: Rate::from_e8(-1_871), next: None };
    assert_eq!(public(&mut feed, &file["funding_data"]).market, [funding]);
    assert_eq!(feed.unreadable, 0);
}

#[test]
fn captured_rest_summaries_and_trades_have_the_shape_of_the_channels() {
    let file = json(include_str!("../testdata/rest_markets_summary_btc.json"));
    let marks: Vec<String> = (0..2)
        .map(|i| {
            let body = bytes(&file["responses"][i]);
            let page: Page<ws::SummaryData<'_>> = parse_body(&body).expect("a page");
            page.results[0].mark_price.to_string()
        })
        .collect();
    assert_eq!(marks, ["67307.7225876", "67301.22184172"]);
    let body = bytes(&json(include_str!("../testdata/rest_trades_btc.json"))["response"]);
    let page: Page<ws::TradeData<'_>> = parse_body(&body).expect("a page");
    assert!(page.cursor().is_some_and(|c| c.starts_with("eyJ")));
    assert_eq!((&*page.results[0].price, &*page.results[0].size), ("67643.2", "0.026"));
}

#[test]
fn captured_and_documented_control_messages_are_read() {
    let file = json(include_str!("../testdata/ws_control_messages.json"));
    fn check(message: &Value, id: Option<u64>, error: Option<&str>) {
        let text = message.to_string();
        let envelope = parse_envelope(&text).expect("an envelope");
        assert_eq!(envelope.id(), id);
        assert_eq!(envelope.result.is_some(), error.is_none());
        assert_eq!(envelope.error.map(|e| e.text()).as_deref(), error);
    }
    check(&file["auth_reply"], Some(1), None);
    check(&file["auth_reply_doc"], Some(0), None);
    check(&file["subscribe_reply_2026"], Some(1), None);
    let invalid = "-32600: invalid subscribe request: invalid channel";
    check(&file["subscribe_error_invalid_channel"], Some(0), Some(invalid));
    check(&file["method_not_found_doc"], Some(4), Some("-32601: method does not exist"));
    check(&file["auth_error_doc"], Some(0), Some("40111: Invalid Bearer Token"));
    let wrapped = serde_json::json!({ "id": 7, "error": file["subscribe_error_deltas_with_params_2026_fields_only"] });
    check(&wrapped, Some(7), Some("-32600: invalid subscribe request: no parameters expected for deltas topic."));
}

#[test]
fn documented_order_entry_replies_are_read() {
    let file = json(include_str!("../testdata/ws_order_entry_messages.json"));
    let replies: Vec<String> = file["replies"].as_array().expect("replies").iter().map(Value::to_string).collect();
    let envelope = |i: usize| parse_envelope(&replies[i]).expect("an envelope");
    let created = envelope(0);
    assert_eq!(created.id(), Some(11));
    let result: CreateResult<'_> = serde_json::from_str(created.result.expect("a result").get()).expect("a create result");
    let view = parse::order(&result.order).expect("an order");
    assert_eq!((view.order_id, view.client_id), ("1759500000000000001", "01000700-199b-81ab-8200-00054d0aa3f5"));
    assert_eq!((view.status, view.size, view.remaining, view.seq), (Status::New, sz("0.15"), sz("0.15"), Some(1)));
    assert!((1..5).all(|i| envelope(i).error.is_none() && envelope(i).result.is_some()));
    let Verdict::Refused(refusal) = verdict_of_rpc(&envelope(5).error.expect("an error")) else { panic!("42901 is a refusal") };
    assert_eq!(refusal.kind, RefusalKind::RateLimited);
    let unclear = verdict_of_rpc(&envelope(6).error.expect("an error"));
    assert_eq!(unclear, Verdict::Unknown("100: method error: detail text".into()));
}

#[test]
fn our_own_requests_have_the_documented_members() {
    let file = json(include_str!("../testdata/ws_order_entry_messages.json"));
    let requests = file["requests"].as_array().expect("requests");
    fn check(written: &str, documented: &Value) {
        assert_eq!(&json(written), documented);
    }
    check(&ws::cancel(16, Some("1759500000000000001"), "", ""), &requests[2]);
    check(&ws::cancel(16, None, "my-order-001", "BTC-USD-PERP"), &requests[3]);
    check(&ws::cancel_on_disconnect(19), &requests[6]);
}

#[test]
fn documented_private_json_is_read() {
    let file = json(include_str!("../testdata/ws_json_private_events.json"));
    let data = |name: &str| bytes(&file[name]["params"]["data"]);
    let body = data("orders");
    let order: OrderData<'_> = parse_body(&body).expect("an order");
    let view = parse::order(&order).expect("an order");
    assert_eq!((view.order_id, view.client_id, view.market), ("123456", "x1234", "BTC-USD-PERP"));
    assert_eq!((view.status, view.size, view.remaining, view.seq), (Status::New, sz("0.05"), Size::ZERO, None));

    let body = data("fills");
    let fill: FillData<'_> = parse_body(&body).expect("a fill");
    let view = parse::fill(&fill).expect("a fill");
    assert_eq!((view.id, view.order_id), ("8615262148007718462", "1681462103821101699438490000"));
    assert_eq!((view.side, view.size, view.price, view.kind), (Side::Buy, sz("0.5"), px("30000.12"), FillKind::Trade));
    assert_eq!((view.fee, view.funding), (Usd::from_e8(756_000_000), Usd::from_e8(756_000_000)));

    let body = data("positions");
    let position: PositionData<'_> = parse_body(&body).expect("a position");
    assert_eq!(parse::position(&position), Ok(-34_500_000));

    let body = data("account");
    let account: AccountData<'_> = parse_body(&body).expect("an account");
    assert_eq!((&*account.status, &*account.free_collateral), ("ACTIVE", "73276.47229774"));
}

#[test]
fn positions_of_the_venues_encoder_equal_its_json() {
    let file = json(include_str!("../testdata/sbe_golden_server_encoder_frames.json"));
    let cases = file["PositionEvent_schema_1_2"].as_array().expect("cases");
    assert_eq!(cases.len(), 3);
    for case in cases {
        let frame = hex::decode(case["hex"].as_str().expect("hex")).expect("hex");
        let Ok(Message::Position(got)) = sbe::decode(&frame) else { panic!("{case}") };
        let body = bytes(&case["json"]);
        let expect: PositionData<'_> = parse_body(&body).expect("a position");
        assert_eq!(Ok(got.signed_size()), parse::position(&expect), "{}", case["case"]);
        assert_eq!(got.market, expect.market);
        assert_eq!(got.seq, case["json"]["seq_no"].as_u64().expect("seq"));
        assert_eq!(got.last_fill_id, case["json"]["last_fill_id"]);
        assert_eq!(got.status == 2, expect.status == "CLOSED");
        assert_eq!(got.entry, Some(px(expect.average_entry_price.as_deref().expect("given")).e8()));
        assert_eq!(got.account[28..], [0xde, 0xad, 0xbe, 0xef]);
        for cut in 0..frame.len() {
            // A cut tail text is an absent one only at its very start.
            match sbe::decode(&frame[..cut]) {
                Ok(Message::Position(p)) => assert!(p.market.is_empty() || p.last_fill_id.is_empty(), "cut at {cut}"),
                other => assert!(other.is_err(), "cut at {cut}: {other:?}"),
            }
        }
    }
    let frame = hex::decode(file["FundingRateComparisonEvent_schema_1_1"][0]["hex"].as_str().expect("hex")).expect("hex");
    assert_eq!(sbe::decode(&frame), Ok(Message::Other(6)));
}

#[test]
fn captured_system_answers_are_read() {
    let body = bytes(&json(include_str!("../testdata/rest_system_config_testnet.json"))["response"]);
    let config: SystemConfig<'_> = parse_body(&body).expect("a configuration");
    assert_eq!(config.starknet_chain_id, "PRIVATE_SN_POTC_SEPOLIA");
    let file = json(include_str!("../testdata/rest_system_time_state.json"));
    let body = bytes(&file["GET /v1/system/time"]);
    assert_eq!(parse_body::<SystemTime>(&body).expect("a time").server_time, 1_721_281_853_309);
    let body = bytes(&file["GET /v1/system/state"]);
    assert_eq!(parse_body::<SystemState<'_>>(&body).expect("a state").status, "ok");
    let body = bytes(&json(include_str!("../testdata/rest_auth_example_jwt.json"))["response"]);
    assert!(parse_body::<AuthResult<'_>>(&body).expect("a token").jwt_token.starts_with("<three base64url parts"));
}

#[test]
fn markets_of_any_year_give_a_grid() {
    fn check(file: &str, index: usize, expect: Grid) {
        let body = bytes(&json(file)["response"]);
        let page: Page<MarketData<'_>> = parse_body(&body).expect("markets");
        assert_eq!(parse::grid(&page.results[index]), Ok(expect));
    }
    let old = Grid {
        tick: px("0.1"),
        lot: sz("0.001"),
        min_notional: Usd::from_e8(50_000_000_000),
        max_size: Some(sz("100")),
        taker_fee: None,
        band: Some(Rate::from_bps(500)),
        initial_margin: Some(Rate::from_bps(200)),
    };
    check(include_str!("../testdata/rest_markets_btc.json"), 0, old);
    let now = include_str!("../testdata/rest_markets_current_shape_synthetic.json");
    let btc =
        Grid { lot: sz("0.00001"), min_notional: Usd::from_e8(1_000_000_000), taker_fee: Some(Rate::from_e8(45_000)), ..old };
    check(now, 0, btc);
    check(now, 1, Grid { tick: px("0.01"), lot: sz("0.0001"), max_size: Some(sz("1000")), taker_fee: None, ..btc });
}

#[test]
fn captured_account_answers_are_read() {
    let body = bytes(&json(include_str!("../testdata/rest_orders_history_sol_rejected.json"))["response"]);
    let page: Page<OrderData<'_>> = parse_body(&body).expect("orders");
    assert_eq!(page.cursor(), None);
    let view = parse::order(&page.results[0]).expect("an order");
    assert_eq!((view.order_id, view.client_id, view.status), ("1721903808500201709220290000", "", Status::Closed));
    assert_eq!((view.reason, view.size, view.remaining), ("ORDER_SIZE_BELOW_MIN", sz("0.3"), sz("0.3")));

    let body = bytes(&json(include_str!("../testdata/rest_balance.json"))["response"]);
    let page: Page<BalanceData<'_>> = parse_body(&body).expect("balances");
    assert_eq!((&*page.results[0].token, parse::usd(&page.results[0].size, false)), ("USDC", Ok(Usd::from_e8(7_854_400_000))));

    let file = json(include_str!("../testdata/rest_positions_sol.json"));
    for i in 0..2 {
        let body = bytes(&file["responses"][i]);
        let page: Page<PositionData<'_>> = parse_body(&body).expect("positions");
        assert_eq!(parse::position(&page.results[0]), Ok(300_000_000));
    }
}
