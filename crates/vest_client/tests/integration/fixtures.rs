//! Every message of `testdata/vest`, with its kind, through the production decoders to values.
//!
//! The kind stands beside each file so that nobody takes a made-up value for evidence; it must be the one that
//! `testdata/SOURCES.md` gives.

use crate::harness::*;
use domain::*;
use std::collections::BTreeMap;
use venue_api::{Reply, VenueClient, VenueNews};

/// What stands in the market events, in words.
fn feed(text: &str) -> String {
    let mut with = config(registered());
    let symbols = ["NDX-USD-PERP", "DOGE-PERP", "kBONK-PERP", "BTC-PERP"];
    with.instruments = symbols
        .iter()
        .enumerate()
        .map(|(n, symbol)| vest_client::VestInstrument {
            id: InstrumentId(n as u16),
            pair: Pair::new("X"),
            symbol: (*symbol).to_owned(),
            leverage: 1,
        })
        .collect();
    let mut rig = Rig::new(with);
    rig.frame(FEED, text);
    let side = |range: &std::ops::Range<u32>| {
        let levels = &rig.levels[range.start as usize..range.end as usize];
        let sum: i64 = levels.iter().map(|l| l.size).sum();
        let top = levels.first().map(|l| format!(" from {}", decimal(l.price))).unwrap_or_default();
        format!("{} levels{top} of {}", levels.len(), decimal(sum))
    };
    let say = |event: &MarketEvent| match event {
        MarketEvent::Book { instrument, venue_time, bids, asks, .. } => {
            let time = venue_time.map(|t| format!(" at {}", t.ms())).unwrap_or_default();
            format!("{}: {} / {}{time}", symbols[usize::from(instrument.0)], side(bids), side(asks))
        }
        MarketEvent::Funding { instrument, hourly, .. } => format!("{}: funding {hourly}%", symbols[usize::from(instrument.0)]),
        MarketEvent::QuoteRate { instrument, usd } => format!("{}: quote {usd}", symbols[usize::from(instrument.0)]),
        MarketEvent::Mark { instrument, mark } => format!("{}: mark {mark}", symbols[usize::from(instrument.0)]),
        MarketEvent::Trade { instrument, price, size } => format!("{}: {size} at {price}", symbols[usize::from(instrument.0)]),
        other => format!("{other:?}"),
    };
    let counters = rig.client.feed_counters();
    assert_eq!(counters.fallbacks, 0, "{text}");
    if counters.malformed > 0 {
        return "malformed".to_owned();
    }
    rig.market.iter().map(say).collect::<Vec<_>>().join(", ")
}

fn decimal(e8: i64) -> String {
    let mut text = String::new();
    write_e8(e8, 0, &mut text);
    text
}

/// Puts a REST body where the stream would carry the same shape.
fn as_channel(channel: &str, body: &str) -> String {
    feed(&format!(r#"{{"channel":"{channel}","data":{body}}}"#))
}

/// The documented examples use id 0x0 and nonce 0; ours gets the nonce of a real order.
fn event(name: &str) -> Vec<String> {
    let mut rig = Rig::ready();
    let spec = rig.spec(Side::Buy, "0.1", "30000");
    let (_, key) = rig.send(spec);
    let text = fixture(name).replace(r#""nonce": 0"#, &format!(r#""nonce": {}"#, key.key));
    rig.frame(PRIVATE, &text);
    rig.order_news()
}

/// What a query makes of a list of orders.
fn listed(body: &str) -> Vec<String> {
    let mut rig = Rig::ready();
    let spec = rig.spec(Side::Buy, "0.1", "30000");
    let (id, key) = rig.send(spec);
    rig.reply("POST /orders", Reply::Unknown("timeout"));
    rig.order_news();
    rig.client.query(id, rig.now, &mut rig.out);
    rig.pump();
    let body = body.replace(r#""nonce": 0"#, &format!(r#""nonce": {}"#, key.key));
    rig.answer("GET /orders?nonce", 200, &body);
    rig.answer("GET /orders?symbol", 200, "[]");
    rig.order_news()
}

/// What an answer to an order means.
fn answered(status: u16, body: &str) -> String {
    let mut rig = Rig::ready();
    let spec = rig.spec(Side::Buy, "0.1", "30000");
    rig.send(spec);
    rig.answer("POST /orders", status, body);
    rig.order_news().join(", ")
}

fn account(body: &str) -> String {
    let mut rig = Rig::ready();
    rig.client.read_account(rig.now, &mut rig.out);
    rig.pump();
    rig.answer("GET /account?", 200, body);
    rig.answer("GET /orders?status=NEW", 200, "[]");
    rig.answer("GET /orders?status=PARTIALLY_FILLED", 200, "[]");
    rig.answer("GET /orders?orderType=LIQUIDATION", 200, "[]");
    let read = rig.news.iter().find_map(|n| match n {
        VenueNews::Account(a) => Some(a.clone()),
        _ => None,
    });
    let a = read.expect("a snapshot");
    let positions: Vec<String> =
        a.positions.iter().map(|p| format!("{} {} from {:?}", p.instrument.0, decimal(p.size_e8), p.entry)).collect();
    format!("cash {} free {} positions {positions:?}", a.balance, a.free)
}

/// Stages of the start, each with the fixture that answers it.
fn started(line: &str, body: &str) -> String {
    let mut with = config(registered());
    with.instruments.truncate(1);
    with.instruments[0].leverage = 20;
    let mut rig = Rig::new(with);
    rig.start();
    let at_twenty = rig.account("").replace(r#""value":5"#, r#""value":20"#);
    for (step, good) in [("GET /exchangeInfo", INFO), ("GET /account?", &at_twenty), ("GET /account/nonce", r#"{"lastNonce":3}"#)]
    {
        if step == line {
            break;
        }
        rig.answer(step, 200, good);
    }
    rig.answer(line, 200, body);
    rig.asked.first().map(|a| a.line.split(['?']).next().unwrap_or("").to_owned()).unwrap_or_default()
}

#[test]
fn every_message_is_decoded_to_its_values_and_carries_its_kind() {
    let mut checked: BTreeMap<String, &str> = BTreeMap::new();
    let mut check = |name: &str, kind: &'static str, got: &dyn Fn(&str) -> String, expect: &str| {
        assert_eq!(got(&fixture(name)), expect, "{name} ({kind})");
        checked.insert(format!("{name}.json"), kind);
    };
    let orders = |body: &str| listed(body).join(", ");
    let nothing = |body: &str| feed(body);

    // The feed.
    check("v2_ws_depth", "documented", &|b| feed(b), "DOGE-PERP: 1 levels from 0.102 of 1234 / 1 levels from 0.103 of 1234");
    check("v2_ws_tickers", "documented", &|b| feed(b), "kBONK-PERP: funding 0.125%, kBONK-PERP: mark 0.017446");
    check("v2_ws_trades", "documented", &|b| feed(b), "DOGE-PERP: 1234 at 0.102");
    check("v2_ws_kline", "documented", &nothing, "");
    check("v1_ws_kline_2024", "documented", &nothing, "");
    check("v2_ws_pong", "documented", &nothing, "");
    check("v2_ws_subscribe_ack", "documented", &nothing, "");
    check(
        "v3_ws_depth_nq_2026_10_07",
        "captured",
        &|b| feed(b),
        "NDX-USD-PERP: 20 levels from 31478.75 of 125.1523 / 20 levels from 31480 of 128.3849 at 1791415136507",
    );
    check("v3_ws_ticker_nq_2026_10_07", "captured", &|b| feed(b), "NDX-USD-PERP: funding 0.000571%, NDX-USD-PERP: mark 31479.37");
    check("v3_ws_trade_nq_2026_10_07", "captured", &|b| feed(b), "NDX-USD-PERP: 0.0008 at 31477.75");
    check("v3_ws_subscription_outcomes", "derived", &nothing, "");

    // Public REST bodies that the client does not ask for but whose shapes the feed shares.
    check(
        "v2_rest_depth",
        "documented",
        &|b| as_channel("BTC-PERP@depth", b),
        "BTC-PERP: 1 levels from 4 of 431 / 1 levels from 4.02 of 12",
    );
    check(
        "v2_rest_depth_btc_2025_12",
        "captured",
        &|b| as_channel("BTC-PERP@depth", b),
        "BTC-PERP: 1 levels from 88720.56 of 0.0014 / 1 levels from 88782.6 of 0.0024",
    );
    check("v2_rest_trades", "documented", &|b| as_channel("BTC-PERP@trades", b), "BTC-PERP: 12 at 4");
    let tickers = |b: &str| {
        let body: serde_json::Value = serde_json::from_str(b).expect("JSON");
        as_channel("tickers", &body["tickers"].to_string())
    };
    check("v2_rest_ticker_latest", "documented", &tickers, "BTC-PERP: funding 0.01%, BTC-PERP: mark 34000.1");
    check("v2_rest_ticker_24hr", "documented", &tickers, "");

    // The private stream.
    let private = |name: &'static str| move |_: &str| event(name).join(", ");
    check("v2_ws_private_order_new", "documented", &private("v2_ws_private_order_new"), "acked 0x0");
    check(
        "v2_ws_private_order_filled",
        "documented",
        &private("v2_ws_private_order_filled"),
        "filled 0.1 for 3000 fee 0.01 funding 0",
    );
    check(
        "v2_ws_private_order_cancelled",
        "documented",
        &private("v2_ws_private_order_cancelled"),
        "cancelled (cancelled by the venue) 0 for 0 fee 0 funding 0",
    );
    check(
        "v2_ws_private_order_rejected",
        "documented",
        &private("v2_ws_private_order_rejected"),
        "refused margin [3010 OI_CAP_EXCEEDED] 0",
    );
    check("v2_ws_private_lp", "documented", &private("v2_ws_private_lp"), "");
    check("v2_ws_private_transfer", "documented", &private("v2_ws_private_transfer"), "");
    check("v3_ws_private_account_state", "derived", &private("v3_ws_private_account_state"), "");

    // Lists of orders. What is not one must never read as an empty one.
    check("v2_rest_orders_get", "documented", &orders, "filled 0.1 for 3000 fee 0.01 funding 0.1");
    check("v3_rest_opened_orders", "derived", &orders, "query failed");
    check("v3_rest_positions_opened", "derived", &orders, "query failed");
    check("v2_rest_klines", "documented", &orders, "query failed");
    check("v2_rest_klines_wrapped", "derived", &orders, "query failed");
    check("v2_rest_funding_history", "documented", &orders, "query failed");
    check("v2_rest_oi", "derived", &orders, "query failed");
    check("v2_rest_lp_get", "documented", &orders, "query failed");
    check("v2_rest_transfer_get", "documented", &orders, "query failed");

    // Answers to an order.
    check("v2_rest_orders_post_response", "documented", &|b| answered(200, b), "acked 0x0");
    check("v2_rest_orders_cancel_response", "documented", &|b| answered(200, b), "acked 0x0");
    check("v2_error_detail_wrapped", "derived", &|b| answered(400, b), "refused auth [1022 INVALID_SIGNATURE] 0");
    check("v2_error_rate_limited", "documented", &|b| answered(429, b), "unknown");
    check("v2_error_listen_key_expired", "documented", &|b| answered(400, b), "refused auth [1125 INVALID_LISTEN_KEY] 0");
    check("v3_error_unknown_symbol", "observed", &|b| answered(200, b), "refused filter [1121 BAD_SYMBOL] 0");
    check("v3_rest_open_response", "derived", &|b| answered(200, b), "unknown");

    // The start: what is asked next when this was the answer.
    check("v2_rest_exchangeInfo", "documented", &|b| started("GET /exchangeInfo", b), "GET /account");
    check("v2_rest_account_nonce", "documented", &|b| started("GET /account/nonce", b), "POST /account/listenKey");
    check("v2_rest_listenKey", "documented", &|b| started("POST /account/listenKey", b), "");
    check(
        "v2_rest_account",
        "documented",
        &|b| format!("{}; {}", started("GET /account?", b), account(b)),
        "GET /account/nonce; cash 4723846.892089 free 111222.12 positions [\"4 0.1 from Some(30)\"]",
    );

    // What the client writes is held against these in `session`, `orders` and `market_data`; transfers, liquidity, child
    // orders and v3's own orders are not spoken. As messages to us they mean nothing.
    for (name, kind) in [
        ("v2_rest_register_request", "documented"),
        ("v2_rest_register_response", "documented"),
        ("v2_rest_leverage_request", "documented"),
        ("v2_rest_leverage_response", "documented"),
        ("v2_rest_orders_post_market_request", "documented"),
        ("v2_rest_orders_post_limit_tpsl_request", "documented"),
        ("v2_rest_orders_cancel_request", "documented"),
        ("v2_rest_lp_post_request", "documented"),
        ("v2_rest_transfer_withdraw_request", "documented"),
        ("v2_ws_ping", "documented"),
        ("v2_ws_subscribe", "documented"),
        ("v2_ws_unsubscribe", "documented"),
        ("v3_rest_open_limit_request", "observed"),
        ("v3_rest_open_market_request", "observed"),
        ("v2_error_codes", "documented"),
        ("v2_observed_facts", "observed"),
    ] {
        check(name, kind, &nothing, "");
    }

    let sources = std::fs::read_to_string(format!("{}/testdata/SOURCES.md", env!("CARGO_MANIFEST_DIR"))).expect("SOURCES.md");
    let listed: BTreeMap<String, &str> = sources
        .lines()
        .filter_map(|line| line.strip_prefix("| vest/"))
        .filter_map(|row| {
            let mut cells = row.split('|').map(str::trim);
            Some((cells.next()?.to_owned(), cells.next()?.split([' ', ',']).next()?))
        })
        .collect();
    assert_eq!(checked, listed, "every source is checked under its own kind");
    let dir = format!("{}/testdata/vest", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(dir).expect("testdata").count();
    assert_eq!(files, checked.len(), "every file is checked");
}

#[test]
fn the_precision_seen_live_gives_the_texts_that_were_accepted_live() {
    let facts: serde_json::Value = serde_json::from_str(&fixture("v2_observed_facts")).expect("JSON");
    let rows: Vec<String> = facts["precision_2026_02_08"]
        .as_object()
        .expect("an object")
        .iter()
        .map(|(symbol, d)| {
            let (size, price) = (&d["sizeDecimals"], &d["priceDecimals"]);
            format!(r#"{{"symbol":"{symbol}","sizeDecimals":{size},"priceDecimals":{price},"takerFee":"0.0001","asset":"crypto","tradingStatus":"TRADING"}}"#)
        })
        .collect();
    let mut rig = Rig::new(config(registered()));
    rig.start();
    rig.answer("GET /exchangeInfo", 200, &format!("[{}]", rows.join(",")));
    let grid: Vec<String> = rig.client.instruments().iter().map(|i| format!("{} {} {}", i.symbol, i.lot, i.tick)).collect();
    assert_eq!(grid, ["BTC-PERP 0.0001 0.01", "ETH-PERP 0.001 0.001"]);
}
