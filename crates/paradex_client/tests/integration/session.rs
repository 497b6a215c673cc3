//! Coming up and staying up.

use crate::rig::*;
use domain::{Lifecycle, OrderNews, Rate, Size};
use paradex_client::{Error, ParadexClient};
use venue_api::{Method, Reply, SessionNews, VenueClient};

fn fatal(rig: &mut Rig) -> String {
    match rig.session_news().pop() {
        Some(SessionNews::Fatal { why }) => why,
        other => panic!("no fatal news but {other:?}"),
    }
}

#[test]
fn a_session_asks_in_the_documented_order_and_ends_ready() {
    let mut rig = Rig::new(config());
    rig.reply("/system/config", 200, r#"{"starknet_chain_id":"PRIVATE_SN_POTC_SEPOLIA"}"#);
    assert_eq!(rig.asked.len(), 1);
    // The request takes 40 ms; the venue stamps in the middle and is 3 s ahead.
    rig.advance(40);
    rig.reply("/system/time", 200, &format!(r#"{{"server_time":"{}"}}"#, START_MS + 3_020));
    assert_eq!(rig.session_news(), [SessionNews::ClockOffset { offset_ms: 3_000 }]);
    rig.reply("/system/state", 200, r#"{"status":"ok"}"#);
    assert_eq!(rig.client.instruments()[0].lifecycle, Lifecycle::Halted, "no grid, no trade");
    rig.reply("/markets", 200, MARKETS);
    let eth = &rig.client.instruments()[0];
    assert_eq!((eth.tick.to_string(), eth.lot.to_string(), eth.quote.as_str()), ("0.01".into(), "0.0001".into(), "USD"));
    assert_eq!((eth.taker_fee, eth.max_size), (Rate::from_e8(40_000), Size::from_e8(100_000_000_000)));
    assert_eq!(eth.lifecycle, Lifecycle::Trading);
    assert_eq!(rig.client.capabilities().price_band, Some(Rate::from_bps(300)));

    let login = rig.reply_token();
    assert_eq!((login.method, login.target), (Method::Post, format!("/auth/{PUBLIC}")));
    let header = |name: &str| login.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    assert_eq!(header("PARADEX-STARKNET-ACCOUNT"), Some(ACCOUNT));
    assert_eq!(header("PARADEX-TIMESTAMP"), Some("1763712003"), "seconds, by the venue's clock");
    assert_eq!(header("PARADEX-SIGNATURE-EXPIRATION"), Some("1763713803"));
    assert!(header("PARADEX-STARKNET-SIGNATURE").is_some_and(|s| s.starts_with("[\"") && s.ends_with("\"]")));

    let target = "?sbeSchemaId=1&sbeSchemaVersion=2".to_owned();
    assert_eq!(rig.connects, [(FEED, target.clone()), (ORDERS, target)]);
    rig.open(FEED);
    let channels: Vec<_> = rig.sent.iter().map(|(_, v)| v["params"]["channel"].as_str().unwrap_or("").to_owned()).collect();
    let of_market = ["order_book.ETH-USD-PERP.deltas", "bbo.ETH-USD-PERP", "funding_data.ETH-USD-PERP"];
    assert_eq!(channels[..3], of_market);
    assert_eq!(channels[3..], ["markets_summary.ETH-USD-PERP", "markets"]);
    rig.answer_all("subscribe");
    assert_eq!(rig.session_news(), [SessionNews::Connected { what: "feed" }]);

    rig.open(ORDERS);
    let (_, auth) = rig.sent[0].clone();
    assert_eq!(auth["params"]["bearer"], "token.number.1");
    rig.answer("auth", r#""result":{}"#);
    let channels: Vec<_> = rig.sent.iter().map(|(_, v)| v["params"]["channel"].as_str().unwrap_or("-").to_owned()).collect();
    assert_eq!(channels, ["orders.ALL", "fills.ALL", "positions", "account", "balance_events", "-"]);
    assert_eq!(rig.sent[5].1["params"]["enabled"], true);
    assert!(!rig.asks("/positions"), "subscribed before the account is read");
    rig.answer_all("subscribe");
    assert_eq!(rig.session_news(), [SessionNews::Connected { what: "orders" }]);
    assert!(!rig.client.ready());
    rig.reply_account();
    assert_eq!(rig.session_news(), [SessionNews::Ready]);
    assert!(rig.client.ready());
}

#[test]
fn a_step_of_the_start_that_fails_is_tried_again() {
    let mut rig = Rig::new(config());
    rig.fail("/system/config", Reply::NotSent("no route"));
    assert!(rig.asked.is_empty());
    rig.advance(1_000);
    rig.reply("/system/config", 500, "<html>");
    rig.advance(2_000);
    rig.reply("/system/config", 200, r#"{"starknet_chain_id":"PRIVATE_SN_POTC_SEPOLIA"}"#);
    assert!(rig.asks("/system/time"));
}

#[test]
fn what_only_a_person_can_mend_is_fatal_and_names_it() {
    fn check(markets: &str, auth: (u16, &str), expect: &str) {
        let mut rig = Rig::new(config());
        rig.reply("/system/config", 200, r#"{"starknet_chain_id":"PRIVATE_SN_POTC_SEPOLIA"}"#);
        rig.reply("/system/time", 200, r#"{"server_time":"1763712000000"}"#);
        rig.reply("/system/state", 200, r#"{"status":"ok"}"#);
        rig.reply("/markets", 200, markets);
        if rig.asks("/auth/") {
            rig.reply("/auth/", auth.0, auth.1);
        }
        let why = fatal(&mut rig);
        assert!(why.contains(expect), "{why}");
        rig.advance(60_000);
        assert!(rig.asked.is_empty() && rig.connects.is_empty(), "nothing goes on");
    }
    let ok = (200, r#"{"jwt_token":"a.b.c"}"#);
    check(&MARKETS.replace("ETH-USD-PERP", "SOL-USD-PERP"), ok, "no market ETH-USD-PERP");
    check(&MARKETS.replace("STANDARD", "RFQ_ONLY"), ok, "no perpetual with an order book");
    check(&MARKETS.replace("\"PERP\"", "\"PERP_OPTION\""), ok, "no perpetual with an order book");
    check(MARKETS, (400, r#"{"error":"INVALID_SUBKEY","message":"unknown subkey"}"#), "INVALID_SUBKEY (unknown subkey)");
    check(MARKETS, (403, r#"{"error":"IP_NOT_ALLOWED","message":""}"#), "IP_NOT_ALLOWED");
    check(MARKETS, (200, r#"{"jwt_token":"a\"},{"}"#), "login token");
}

#[test]
fn a_login_stamped_too_early_or_late_measures_the_clock_again() {
    let mut rig = Rig::new(config());
    rig.reply("/system/config", 200, r#"{"starknet_chain_id":"PRIVATE_SN_POTC_SEPOLIA"}"#);
    rig.reply("/system/time", 200, r#"{"server_time":"1763711000000"}"#);
    rig.reply("/system/state", 200, r#"{"status":"ok"}"#);
    rig.reply("/markets", 200, MARKETS);
    rig.reply("/auth/", 400, r#"{"error":"INVALID_TIMESTAMP"}"#);
    rig.advance(1_000);
    assert!(rig.asks("/system/time"));
}

#[test]
fn an_account_is_onboarded_once_and_saying_it_again_is_no_error() {
    fn check(status: u16, body: &str, goes_on: bool) {
        let mut config = config();
        config.onboard = true;
        config.l1_address = Some("0xCAE3ECf73E440dFc8a941b9032136fC0b8349D34".into());
        let mut rig = Rig::new(config);
        rig.reply("/system/config", 200, r#"{"starknet_chain_id":"PRIVATE_SN_POTC_SEPOLIA"}"#);
        rig.reply("/system/time", 200, r#"{"server_time":"1763712000000"}"#);
        rig.reply("/system/state", 200, r#"{"status":"ok"}"#);
        rig.reply("/markets", 200, MARKETS);
        let asked = rig.reply("/onboarding", status, body);
        assert_eq!(asked.body, format!(r#"{{"public_key":"{PUBLIC}"}}"#));
        // Vector pdx-s-06.
        let signature = &asked.headers[2].1;
        assert!(signature.starts_with("[\"1566652346628070619243787469398488810821709289190226219464355658891314643281\""));
        assert_eq!(rig.asks("/auth/"), goes_on, "{body}");
    }
    check(200, "{}", true);
    check(400, r#"{"error":"ETHEREUM_ADDRESS_ALREADY_ONBOARDED"}"#, true);
    check(400, r#"{"error":"INSUFFICIENT_MIN_CHAIN_BALANCE"}"#, false);
    check(503, "", false);
}

#[test]
fn a_configuration_that_cannot_work_is_refused() {
    fn check(change: impl FnOnce(&mut paradex_client::Config), expect: Error) {
        let mut config = config();
        change(&mut config);
        assert_eq!(ParadexClient::new(config).expect_err("refused"), expect);
    }
    check(|c| c.account = "main".into(), Error::Account);
    check(|c| c.signing_key = "nonsense".into(), Error::Key);
    check(|c| c.onboard = true, Error::NoL1Address);
    check(|c| c.recv_window_ms = 9, Error::RecvWindow(9));
    check(|c| c.instruments[0].symbol = "ETH\"".into(), Error::Symbol("ETH\"".into()));
}

#[test]
fn a_token_is_renewed_before_its_five_minutes_are_over() {
    let mut rig = Rig::ready();
    rig.advance_alive(179_000);
    assert!(!rig.asks("/auth/"));
    rig.advance_alive(2_000);
    assert!(rig.asks("/auth/"));
    rig.reply("/auth/", 503, "");
    rig.advance(1_500);
    rig.reply_token();
    assert!(!rig.sent.iter().any(|(_, v)| v["method"] == "auth"), "an open socket needs no new token");
}

#[test]
fn a_lost_order_socket_gets_a_new_token_before_it_subscribes_again() {
    let mut rig = Rig::ready();
    rig.close(ORDERS, Some(4031));
    assert_eq!(rig.session_news(), [SessionNews::Down { why: "orders: closed by the test (4031)".into() }]);
    assert!(!rig.client.ready());
    assert_eq!(rig.connects.len(), 1);
    rig.open(ORDERS);
    assert!(rig.sent.is_empty(), "the old token is not used again");
    rig.reply_token();
    assert_eq!(rig.sent[0].1["params"]["bearer"], "token.number.2");
    rig.log_in();
    assert_eq!(rig.session_news(), [SessionNews::Connected { what: "orders" }, SessionNews::Ready]);
}

#[test]
fn a_bearer_the_socket_refuses_is_renewed_once_then_the_socket_is() {
    let mut rig = Rig::new(config());
    rig.boot();
    rig.open(ORDERS);
    rig.connects.clear();
    let refusal = r#""error":{"code":40111,"message":"Invalid Bearer Token"}"#;
    rig.answer("auth", refusal);
    assert!(rig.sent.is_empty() && rig.connects.is_empty());
    rig.reply_token();
    assert_eq!(rig.sent[0].1["params"]["bearer"], "token.number.2");
    rig.answer("auth", refusal);
    assert_eq!(rig.connects.len(), 1);
    rig.open(ORDERS);
    rig.reply_token();
    rig.log_in();
    assert!(rig.client.ready());
}

#[test]
fn a_socket_that_refuses_an_order_for_its_token_is_made_anew_and_shown_every_later_token() {
    let mut rig = Rig::ready();
    rig.place(spec(1, "0.5", "3000"));
    rig.answer("order.create", r#""error":{"code":40111,"message":"Invalid Bearer Token"}"#);
    assert!(matches!(rig.order_news()[..], [OrderNews::Done { .. }]), "refused, and so not unknown when the socket goes");
    assert_eq!(rig.connects.len(), 1);
    rig.reply_token();
    rig.connect_orders();
    rig.forget();
    rig.advance_alive(181_000);
    rig.reply_token();
    assert_eq!(rig.take_frame("auth").1["params"]["bearer"], "token.number.3");
}

#[test]
fn a_reading_of_a_lost_connection_does_not_complete_the_next_one() {
    let mut rig = Rig::new(config());
    rig.boot();
    rig.connect_feed();
    for _ in 0..2 {
        rig.open(ORDERS);
        rig.answer("auth", r#""result":{}"#);
        rig.answer_all("subscribe");
        if rig.asked.iter().filter(|a| a.target == "/positions").count() == 1 {
            rig.close(ORDERS, None);
            rig.reply_token();
        }
    }
    rig.reply_account();
    assert!(!rig.client.ready(), "the first four answers belong to the lost connection");
    rig.reply_account();
    assert!(rig.client.ready());
}

#[test]
fn a_schema_the_venue_refuses_is_asked_for_one_lower_then_it_is_fatal() {
    let mut rig = Rig::new(config());
    rig.boot();
    rig.connects.clear();
    rig.close(FEED, Some(400));
    assert_eq!(rig.connects, [(FEED, "?sbeSchemaId=1&sbeSchemaVersion=1".to_owned())]);
    rig.close(FEED, Some(400));
    assert!(fatal(&mut rig).contains("SBE"));
}

#[test]
fn the_state_of_the_venue_is_the_lifecycle_of_its_instruments() {
    let mut rig = Rig::ready();
    for (status, expect) in [
        ("cancel_only", Lifecycle::ReduceOnly),
        ("post_only", Lifecycle::ReduceOnly),
        ("maintenance", Lifecycle::Halted),
        ("ok", Lifecycle::Trading),
    ] {
        rig.advance(15_000);
        rig.reply("/system/state", 200, &format!(r#"{{"status":"{status}"}}"#));
        assert_eq!(rig.client.instruments()[0].lifecycle, expect, "{status}");
    }
}

#[test]
fn a_silent_order_socket_is_asked_for_a_sign_of_life_then_replaced() {
    let mut rig = Rig::ready();
    rig.advance(25_500);
    assert!(rig.sent.iter().any(|(c, v)| *c == ORDERS && v["method"] == "order.cancel_on_disconnect"));
    rig.answer("order.cancel_on_disconnect", r#""result":{"enabled":true}"#);
    rig.advance(20_000);
    assert!(rig.connects.iter().all(|(c, _)| *c != ORDERS), "it answered");
    rig.advance(20_000);
    assert!(rig.connects.iter().any(|(c, _)| *c == ORDERS));
}

#[test]
fn a_connection_that_does_not_get_through_its_setup_starts_over() {
    let mut rig = Rig::new(config());
    rig.boot();
    rig.connects.clear();
    rig.open(ORDERS);
    rig.open(FEED);
    rig.advance(16_000);
    let mut conns: Vec<_> = rig.connects.iter().map(|(c, _)| *c).collect();
    conns.sort();
    assert_eq!(conns, [FEED, ORDERS]);
}

#[test]
fn the_start_of_the_private_stream_waits_until_the_account_was_read() {
    let mut rig = Rig::new(config());
    rig.boot();
    rig.connect_feed();
    rig.open(ORDERS);
    rig.answer("auth", r#""result":{}"#);
    rig.answer_all("subscribe");
    rig.reply("/positions", 200, "nonsense");
    rig.reply("/orders", 500, "");
    rig.fail("/balance", Reply::Unknown("timeout"));
    rig.reply("/fills?start_at=", 200, r#"{"results":[]}"#);
    rig.reply("/account", 200, r#"{"free_collateral":"1"}"#);
    assert!(!rig.client.ready());
    rig.advance(600);
    rig.reply_account();
    assert!(rig.client.ready());
}

#[test]
fn a_stopped_client_closes_both_connections_and_does_not_come_back() {
    let mut rig = Rig::ready();
    rig.step(|c, now, out| c.stop(now, out));
    assert_eq!(rig.closes, [ORDERS, FEED]);
    rig.close(ORDERS, Some(1000));
    rig.close(FEED, Some(1000));
    assert!(rig.connects.is_empty() && rig.session_news().is_empty());
    assert!(!rig.client.ready());
}

#[test]
fn nothing_secret_is_printed() {
    let rig = Rig::ready();
    let shown = format!("{:?} {:?}", rig.client, config());
    assert!(!shown.contains("token.number") && !shown.contains(&KEY[2..]), "{shown}");
}

#[test]
fn without_an_account_the_feed_alone_makes_it_ready_and_nothing_is_ever_signed() {
    let mut rig = Rig::new(paradex_client::Config::data_only(config().instruments));
    rig.reply("/system/config", 200, r#"{"starknet_chain_id":"PRIVATE_SN_POTC_SEPOLIA"}"#);
    rig.reply("/system/time", 200, &format!(r#"{{"server_time":"{START_MS}"}}"#));
    rig.reply("/system/state", 200, r#"{"status":"ok"}"#);
    rig.reply("/markets", 200, MARKETS);
    assert_eq!(rig.connects.iter().map(|(c, _)| *c).collect::<Vec<_>>(), [FEED]);
    rig.session_news();
    rig.open(FEED);
    rig.answer_all("subscribe");
    assert_eq!(rig.session_news(), [SessionNews::Connected { what: "feed" }, SessionNews::Ready]);
    assert!(rig.client.ready());
    rig.advance(600_000);
    assert!(rig.asked.iter().all(|a| a.method == Method::Get && a.headers.is_empty()), "{:?}", rig.asked);
    assert!(rig.connects.iter().all(|(c, _)| *c == FEED), "no order socket");
}
