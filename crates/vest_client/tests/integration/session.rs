//! The start, the listen key, close codes, silence, and coming back.

use crate::harness::*;
use venue_api::{Reply, SessionNews, VenueClient, VenueNews};
use vest_client::{Access, VestClient};

#[test]
fn the_start_goes_through_its_stages_and_ends_ready_after_a_reconciliation() {
    let mut rig = Rig::new(config(registered()));
    rig.start();
    let info = rig.answer("GET /exchangeInfo?symbols=BTC-PERP,ETH-PERP", 200, INFO);
    for (name, value) in [("xrestservermm", "restserver2"), ("X-API-KEY", "key-1"), ("User-Agent", "bot4/0.1")] {
        assert!(info.headers.iter().any(|(n, v)| n == name && v == value), "{name}");
    }
    assert_eq!(rig.connects, [(FEED, "?version=1.0&xwebsocketserver=restserver2".to_owned())]);
    let btc = &rig.client.instruments()[0];
    assert_eq!(
        (btc.tick.to_string(), btc.lot.to_string(), btc.taker_fee.to_string()),
        ("0.01".into(), "0.0001".into(), "0.01".into())
    );
    rig.open(FEED);
    let account = rig.account("").replace(r#"{"symbol":"ETH-PERP","value":5}"#, r#"{"symbol":"ETH-PERP","value":20}"#);
    rig.answer("GET /account?", 200, &account);
    let leverage = rig.answer("POST /account/leverage", 200, r#"{"symbol":"ETH-PERP","value":5}"#);
    assert_eq!(leverage.body, format!(r#"{{"time":{},"symbol":"ETH-PERP","value":5}}"#, START + AHEAD));
    let account = rig.account("");
    rig.answer("GET /account?", 200, &account);
    rig.answer("GET /account/nonce", 200, &fixture("v2_rest_account_nonce"));
    rig.answer("POST /account/listenKey", 200, &fixture("v2_rest_listenKey"));
    let private = "?version=1.0&xwebsocketserver=restserver2&listenKey=579e1280448d4843b190c50fbd170078";
    assert_eq!(rig.connects[1], (PRIVATE, private.to_owned()));
    rig.open(PRIVATE);
    assert!(!rig.client.ready());
    rig.acknowledge(PRIVATE);
    assert!(!rig.client.ready());
    rig.reconcile();
    assert!(rig.client.ready());
    assert_eq!(rig.session_news(), ["connected feed", "offset 300", "offset 300", "connected private", "offset 300", "ready"]);
}

#[test]
fn a_client_without_a_key_registers_at_start_and_renews_before_the_proof_expires() {
    let access = match registered() {
        Access::Account { signing_key, .. } => Access::Account { signing_key, registered: None, register: Some(registration()) },
        other @ Access::DataOnly => other,
    };
    let mut rig = Rig::new(config(access));
    rig.start();
    rig.answer("GET /exchangeInfo", 200, INFO);
    assert!(rig.connects.is_empty());
    let asked = rig.answer("POST /register", 200, &fixture("v2_rest_register_response"));
    let body: serde_json::Value = serde_json::from_str(&asked.body).expect("JSON");
    let like: serde_json::Value = serde_json::from_str(&fixture("v2_rest_register_request")).expect("JSON");
    let keys =
        |v: &serde_json::Value| v.as_object().expect("an object").keys().cloned().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(keys(&body), keys(&like));
    assert_eq!(body["signingAddr"], "0x11f0669afcd371b8717db689e9fe58e23a01976f");
    assert_eq!(body["primaryAddr"], "0x9de1f3a5dae429bef4677741f6d92c49f473d488");
    assert_eq!(body["expiryTime"], START + 7 * 86_400_000);
    rig.open(FEED);
    let account = rig.account("");
    let asked = rig.answer("GET /account?", 200, &account);
    assert!(asked.headers.iter().any(|(n, v)| n == "X-API-KEY" && v == "abcde"));
    rig.answer("GET /account/nonce", 200, r#"{"lastNonce":0}"#);
    rig.answer("POST /account/listenKey", 200, r#"{"listenKey":"k1"}"#);
    rig.open(PRIVATE);
    rig.acknowledge(PRIVATE);
    rig.reconcile();
    rig.session_news();
    let renewal = rig.timers.values().max().copied().expect("a timer");
    let days = renewal.since(rig.now.mono) / 86_400_000_000_000;
    assert_eq!(days, 5, "four fifths of seven days");
}

#[test]
fn what_the_start_meets_is_retried_or_ends_it_by_name() {
    fn check(line: &str, status: u16, body: &str, fatal: Option<&str>) {
        let mut rig = Rig::new(config(registered()));
        rig.start();
        let steps = ["GET /exchangeInfo", "GET /account?", "GET /account/nonce", "POST /account/listenKey"];
        for step in steps {
            if step == line {
                break;
            }
            let account = rig.account("");
            let good = [INFO, &account, r#"{"lastNonce":1}"#, r#"{"listenKey":"k"}"#];
            let at = steps.iter().position(|s| *s == step).expect("a step");
            rig.answer(step, 200, good[at]);
        }
        rig.session_news();
        rig.answer(line, status, body);
        let news = rig.session_news();
        match fatal {
            Some(word) => {
                assert!(news.iter().any(|n| n.starts_with("fatal") && n.contains(word)), "{news:?}");
                rig.advance(120_000);
                assert!(!rig.asks(""), "asks on after a fatal answer: {line} {body}");
            }
            None => {
                assert_eq!(news, ["down"], "{line} {status} {body}");
                assert!(!rig.asks(line));
                rig.advance(500);
                assert!(rig.asks(line), "{line} is asked again");
            }
        }
    }
    check("GET /exchangeInfo", 502, "<html>", None);
    check("GET /exchangeInfo", 403, "<html>", None);
    check("GET /exchangeInfo", 200, "nonsense", None);
    check("GET /exchangeInfo", 200, &fixture("v3_error_unknown_symbol"), None);
    check("GET /exchangeInfo", 404, r#"{"detail":"Not Found"}"#, None);
    check("GET /exchangeInfo", 200, &INFO.replace(r#""sizeDecimals":4"#, r#""sizeDecimals":40"#), Some("do not read"));
    check("GET /account?", 500, r#"{"code":1002}"#, Some("API key"));
    check("GET /account?", 401, "", Some("API key"));
    check("GET /account?", 403, r#"{"detail":"Forbidden"}"#, Some("API key"));
    check("GET /account?", 403, "<html>", None);
    check("GET /account?", 400, r#"{"code":1146,"msg":""}"#, Some("group 2"));
    check("GET /account?", 400, r#"{"code":1099,"msg":""}"#, Some("does not exist"));
    check("GET /account?", 429, &fixture("v2_error_rate_limited"), None);
    check("GET /account?", 200, r#"{"positions":[],"leverages":[]}"#, None);
    check("GET /account/nonce", 200, "{}", None);
    check("POST /account/listenKey", 200, r#"{"listenKey":"a b\"c"}"#, None);
}

#[test]
fn a_leverage_that_cannot_be_set_or_does_not_stay_set_stops_the_client() {
    fn check(answer: (u16, &str), then: Option<i64>, word: &str) {
        let mut rig = Rig::new(config(registered()));
        rig.start();
        rig.answer("GET /exchangeInfo", 200, INFO);
        let other = |rig: &Rig, v: i64| rig.account("").replace(r#""BTC-PERP","value":5"#, &format!(r#""BTC-PERP","value":{v}"#));
        let account = other(&rig, 20);
        rig.answer("GET /account?", 200, &account);
        rig.answer("POST /account/leverage", answer.0, answer.1);
        if let Some(value) = then {
            let account = other(&rig, value);
            rig.answer("GET /account?", 200, &account);
        }
        let news = rig.session_news();
        assert!(news.last().is_some_and(|n| n.contains(word)), "{news:?}");
    }
    check((400, r#"{"code":3021,"msg":""}"#), None, "leverage of BTC-PERP is 20 at the venue and 5 in the configuration");
    check((200, &fixture("v2_rest_leverage_response")), None, "another value");
    check((200, r#"{"symbol":"BTC-PERP","value":5}"#), Some(20), "stays different");
}

#[test]
fn a_lost_key_is_registered_once_more_and_then_needs_a_person() {
    let access = match registered() {
        Access::Account { signing_key, registered, .. } => {
            Access::Account { signing_key, registered, register: Some(registration()) }
        }
        other @ Access::DataOnly => other,
    };
    let mut rig = Rig::ready_with(config(access));
    rig.client.read_account(rig.now, &mut rig.out);
    rig.pump();
    rig.answer("GET /account?", 401, r#"{"code":1002,"msg":"Unauthorized"}"#);
    assert_eq!(rig.session_news(), ["down"]);
    rig.answer("GET /orders?status=NEW", 401, r#"{"code":1002,"msg":"Unauthorized"}"#);
    rig.answer("GET /orders?status=PARTIALLY_FILLED", 401, r#"{"code":1002,"msg":"Unauthorized"}"#);
    rig.answer("GET /orders?orderType=LIQUIDATION", 401, r#"{"code":1002,"msg":"Unauthorized"}"#);
    rig.answer("POST /register", 200, r#"{"apiKey":"key-2","accGroup":3}"#);
    let asked = rig.answer("GET /account?", 401, r#"{"code":1002,"msg":"Unauthorized"}"#);
    assert!(asked.headers.iter().any(|(_, v)| v == "key-2") && asked.headers.iter().any(|(_, v)| v == "restserver3"));
    let news = rig.session_news();
    assert!(news.iter().any(|n| n.contains("register it anew")), "{news:?}");
    assert!(!rig.asks("POST /register"));
}

#[test]
fn the_listen_key_is_renewed_every_half_hour_and_replaced_when_it_expired() {
    let mut rig = Rig::ready();
    // Life on both streams, so that neither counts as silent.
    for _ in 0..360 {
        rig.advance(5_000);
        rig.frame(FEED, r#"{"data":"PONG"}"#);
        rig.frame(PRIVATE, r#"{"data":"PONG"}"#);
    }
    rig.session_news();
    rig.answer("PUT /account/listenKey", 200, r#"{"listenKey":"579e1280448d4843"}"#);
    assert!(rig.client.ready());
    let connects = rig.connects.len();
    for _ in 0..360 {
        rig.advance(5_000);
        rig.frame(FEED, r#"{"data":"PONG"}"#);
        rig.frame(PRIVATE, r#"{"data":"PONG"}"#);
    }
    rig.answer("PUT /account/listenKey", 400, &fixture("v2_error_listen_key_expired"));
    rig.answer("POST /account/listenKey", 200, r#"{"listenKey":"fresh"}"#);
    assert_eq!(rig.session_news(), ["down"]);
    assert!(
        rig.connects.len() > connects
            && rig.connects.last().is_some_and(|(c, t)| *c == PRIVATE && t.ends_with("listenKey=fresh"))
    );
    rig.open(PRIVATE);
    rig.acknowledge(PRIVATE);
    rig.reconcile();
    assert_eq!(rig.session_news().last().map(String::as_str), Some("ready"));
}

#[test]
fn a_listen_key_that_cannot_be_renewed_at_once_leaves_a_living_stream_alone() {
    let mut rig = Rig::ready();
    let connects = rig.connects.len();
    for _ in 0..360 {
        rig.advance(5_000);
        rig.frame(FEED, r#"{"data":"PONG"}"#);
        rig.frame(PRIVATE, r#"{"data":"PONG"}"#);
    }
    rig.answer("PUT /account/listenKey", 502, "");
    rig.answer("POST /account/listenKey", 502, "");
    assert!(rig.client.ready() && rig.session_news().is_empty());
    rig.advance(500);
    rig.answer("POST /account/listenKey", 200, r#"{"listenKey":"579e1280448d4843"}"#);
    assert!(rig.client.ready() && rig.connects[connects..].iter().all(|(c, _)| *c != PRIVATE));
    // Without a stream the same failure is told, and asked again until it succeeds.
    rig.close(PRIVATE, Some(4005));
    rig.answer("POST /account/listenKey", 502, "");
    assert_eq!(rig.session_news(), ["down", "down"]);
    rig.advance(500);
    rig.answer("POST /account/listenKey", 200, r#"{"listenKey":"other"}"#);
    assert!(rig.connects.last().is_some_and(|(c, t)| *c == PRIVATE && t.ends_with("listenKey=other")));
}

#[test]
fn close_codes_of_the_private_stream_mean_what_the_documents_say() {
    fn check(code: Option<u16>, expect: &str) {
        let mut rig = Rig::ready();
        let connects = rig.connects.len();
        rig.close(PRIVATE, code);
        let fatal = rig.news.iter().any(|n| matches!(n, VenueNews::Session(SessionNews::Fatal { .. })));
        let again = rig.connects.get(connects).map(|(_, t)| t.split('&').nth(1).unwrap_or("").to_owned());
        let got = match (fatal, rig.asks("POST /account/listenKey"), again) {
            (true, ..) => "fatal".to_owned(),
            (_, true, None) => "new key".to_owned(),
            (_, false, Some(query)) => query,
            other => format!("{other:?}"),
        };
        assert_eq!(got, expect, "{code:?}");
        assert!(!rig.client.ready());
    }
    check(Some(1011), "xwebsocketserver=restserver2");
    check(Some(1012), "xwebsocketserver=restserver2");
    check(None, "xwebsocketserver=restserver2");
    check(Some(530), "xwebsocketserver=restserver2");
    check(Some(4001), "websocketserver=restserver2");
    check(Some(4002), "websocketserver=restserver2");
    check(Some(4004), "new key");
    check(Some(4005), "new key");
    check(Some(4000), "fatal");
    check(Some(4003), "fatal");
}

#[test]
fn a_group_refused_under_both_spellings_needs_a_person() {
    let mut rig = Rig::ready();
    rig.close(PRIVATE, Some(4001));
    rig.close(PRIVATE, Some(4001));
    assert!(rig.session_news().iter().any(|n| n.starts_with("fatal") && n.contains("group 2")));
    assert_eq!(rig.closes, [FEED, PRIVATE]);
}

#[test]
fn a_silent_private_stream_is_connected_anew_and_a_pong_keeps_it() {
    let mut rig = Rig::ready();
    let connects = rig.connects.len();
    for _ in 0..10 {
        rig.advance(5_000);
        rig.frame(PRIVATE, r#"{"data":"PONG"}"#);
        rig.frame(FEED, r#"{"data":"PONG"}"#);
    }
    assert_eq!(rig.connects.len(), connects);
    assert!(rig.frames.iter().any(|(c, f)| *c == PRIVATE && f == &fixture("v2_ws_ping").split_whitespace().collect::<String>()));
    for _ in 0..8 {
        rig.advance(5_000);
        rig.frame(FEED, r#"{"data":"PONG"}"#);
    }
    assert!(rig.connects.iter().skip(connects).any(|(c, _)| *c == PRIVATE));
    assert!(!rig.client.ready());
}

#[test]
fn a_reconciliation_that_fails_is_repeated_before_anything_is_ready() {
    let mut rig = Rig::new(config(registered()));
    rig.start();
    rig.come_up();
    rig.answer("GET /account?", 502, "");
    rig.answer("GET /orders?status=NEW", 200, "[]");
    rig.answer("GET /orders?status=PARTIALLY_FILLED", 200, "[]");
    rig.answer("GET /orders?orderType=LIQUIDATION", 200, "[]");
    assert!(!rig.client.ready());
    rig.advance(1_000);
    rig.reconcile();
    assert!(rig.client.ready());
}

#[test]
fn retry_after_delays_our_own_repetitions() {
    let mut rig = Rig::new(config(registered()));
    rig.start();
    rig.reply("GET /exchangeInfo", Reply::Answer { status: 429, retry_after_ms: Some(20_000), body: b"" });
    rig.advance(19_000);
    assert!(!rig.asks("GET /exchangeInfo"));
    rig.advance(1_000);
    assert!(rig.asks("GET /exchangeInfo"));
}

#[test]
fn stopping_gives_the_listen_key_back_and_closes_both_connections() {
    let mut rig = Rig::ready();
    rig.client.stop(rig.now, &mut rig.out);
    rig.pump();
    rig.answer("DELETE /account/listenKey", 200, "{}");
    assert_eq!(rig.closes, [FEED, PRIVATE]);
    rig.close(FEED, Some(1000));
    rig.close(PRIVATE, Some(1000));
    assert!(!rig.asks("") && !rig.client.ready());
}

#[test]
fn a_configuration_that_cannot_work_is_refused_by_name() {
    fn check(change: impl FnOnce(&mut vest_client::VestConfig), word: &str) {
        let mut config = config(registered());
        change(&mut config);
        let error = VestClient::new(config).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains(word), "{error:?}");
    }
    check(|c| c.instruments.clear(), "no instruments");
    check(|c| c.instruments[0].symbol = "BTC\"".into(), "no symbol");
    check(|c| c.instruments[1].symbol = "BTC-PERP".into(), "configured twice");
    check(|c| c.recv_window_ms = 60_001, "recv_window_ms");
    check(|c| c.poll_delays_ms.clear(), "poll_delays_ms");
    check(|c| c.access = Access::Account { signing_key: "12".into(), registered: None, register: None }, "signing key");
    check(|c| c.access = Access::Account { signing_key: SIGNING_KEY.into(), registered: None, register: None }, "neither");
}

#[test]
fn a_client_of_public_data_alone_connects_the_feed_and_prepares_nothing() {
    let mut data = config(Access::DataOnly);
    data.feed = vest_client::Generation::V3;
    let mut rig = Rig::new(data);
    rig.start();
    rig.answer("GET /v3/exchangeInfo", 200, &format!(r#"{{"data":{INFO}}}"#));
    assert_eq!(rig.connects, [(FEED, "?version=1.0".to_owned())]);
    rig.open(FEED);
    assert!(rig.frames.iter().any(|(_, f)| f.contains("BTC-PERP@ticker")));
    assert!(rig.client.ready() && rig.asked.is_empty(), "there is nothing but the feed to wait for");
    let spec = rig.spec(domain::Side::Buy, "0.1", "91234.5");
    let cleared = rig.cleared(spec);
    assert!(rig.client.prepare(cleared, rig.now).is_err());
    rig.client.read_account(rig.now, &mut rig.out);
    rig.pump();
    assert!(rig.news.iter().any(|n| matches!(n, VenueNews::AccountFailed { .. })));
}
