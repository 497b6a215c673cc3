//! Public data: negotiation, control messages, sequences, and that deltas add up to the book.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use venue_sim::market::{Market, MarketShape};
use venue_sim::paradex::ParadexSimConfig;

use crate::bench::*;

fn moving(seed: u64) -> Bench {
    Bench::with(ParadexSimConfig::new(seed, Market::new(seed, MarketShape::default()), &[ETH, "BTC-USD-PERP"]))
}

#[test]
fn the_encoding_is_negotiated_in_the_upgrade() {
    fn check(target: &str, refused: Option<u16>) {
        let mut b = Bench::new();
        let conn = b.connect_to(target);
        let status = b.log.iter().find_map(|(_, a)| match a {
            Arrival::Refused(c, status) if *c == conn => Some(*status),
            _ => None,
        });
        assert_eq!(status, refused, "{target}");
    }
    check("/v1", None);
    check("/v1?sbeSchemaId=1&sbeSchemaVersion=0", None);
    check("/v1?sbeSchemaId=1&sbeSchemaVersion=2", None);
    check("/v1?sbeSchemaId=1&sbeSchemaVersion=3", Some(400));
    check("/v1?sbeSchemaId=2&sbeSchemaVersion=1", Some(400));
    check("/v1?sbeSchemaVersion=1", Some(400));
    check("/v3", Some(404));
}

/// A follower of the delta channel, as the sequence rules describe one.
#[derive(Default)]
struct Follower {
    seq: i64,
    bids: BTreeMap<i64, i64>,
    asks: BTreeMap<i64, i64>,
    empty: u32,
}

impl Follower {
    fn apply(&mut self, frame: &[u8], first: bool) {
        let (seq, snapshot, bids, asks) = book(frame);
        assert_eq!(snapshot, first, "the first frame is the snapshot, all others are deltas");
        assert!(first || seq == self.seq + 1, "{} is followed by {seq}", self.seq);
        assert_eq!(number(frame, 0) % 1_000, 0, "book times are whole milliseconds");
        self.seq = seq;
        self.empty += u32::from(bids.is_empty() && asks.is_empty());
        for (side, levels) in [(&mut self.bids, bids), (&mut self.asks, asks)] {
            for (price, size) in levels {
                if size == 0 {
                    assert!(side.remove(&price).is_some(), "a level that was not there is removed");
                } else {
                    side.insert(price, size);
                }
            }
        }
    }
}

#[test]
fn deltas_follow_each_other_without_a_gap_and_add_up_to_the_book_whoever_trades() {
    for seed in 0..6 {
        let mut b = moving(seed);
        let t = b.trader();
        let conn = b.connect(Some((seed % 3) as u8));
        b.subscribe(conn, &format!("order_book.{ETH}.deltas"));
        for i in 0..12 {
            let side = if i % 2 == 0 { "BUY" } else { "SELL" };
            let order = b.order(&t, side, "2", "0", "IOC");
            b.post_order(&t, &order);
            let [bid, ..] = b.top();
            let resting = b.order(&t, "BUY", "0.1", &text(e8(&bid) / 1_000_000 * 1_000_000), "GTC");
            b.post_order(&t, &resting);
            b.run_ms(633);
        }
        let mut f = Follower::default();
        b.run_ms(15);
        let truth = b.get(&format!("/v1/orderbook/{ETH}?depth=100"));
        b.run_ms(12);
        for (i, frame) in b.frames(conn, 3).iter().enumerate() {
            f.apply(frame, i == 0);
            if f.seq == truth["seq_no"].as_i64().unwrap() {
                break;
            }
        }
        assert_eq!(f.seq, truth["seq_no"].as_i64().unwrap());
        let side = |levels: Vec<(&i64, &i64)>| -> Value { levels.iter().map(|(p, s)| json!([text(**p), text(**s)])).collect() };
        assert_eq!(side(f.bids.iter().rev().collect()), truth["bids"], "seed {seed}");
        assert_eq!(side(f.asks.iter().collect()), truth["asks"], "seed {seed}");
        assert!(f.empty > 3, "empty frames are part of the feed");
        assert!(f.bids.last_key_value().unwrap().0 < f.asks.first_key_value().unwrap().0);
    }
}

#[test]
fn best_prices_rise_in_sequence_and_skip_numbers() {
    let mut b = moving(2);
    let conn = b.connect(Some(2));
    b.subscribe(conn, &format!("bbo.{ETH}"));
    b.run_ms(10_000);
    let seqs: Vec<i64> = b.frames(conn, 2).iter().map(|f| number(f, 8)).collect();
    assert!(seqs.len() > 20);
    assert!(seqs.windows(2).all(|w| w[0] < w[1]));
    assert!(seqs.windows(2).any(|w| w[1] > w[0] + 1));
    for f in b.frames(conn, 2) {
        let spread = number(&f, 32) - number(&f, 16);
        assert!(spread > 0 && spread * 5_000 < number(&f, 16), "about a basis point: {spread}");
    }
}

#[test]
fn every_size_at_the_top_is_what_a_small_order_can_trade_with() {
    let (mut thin, mut all) = (0, 0);
    for seed in 0..20 {
        let mut b = moving(seed);
        for _ in 0..10 {
            let [_, _, ask, size] = b.top();
            let usd = e8(&ask) as i128 * e8(&size) as i128 / 10_000_000_000_000_000;
            assert!((150..16_000).contains(&usd), "{usd}");
            thin += u32::from(usd < 2_000);
            all += 1;
            b.run_ms(1_900);
        }
    }
    assert!(thin > 5 && thin < all / 3, "{thin} of {all} are thin");
}

#[test]
fn trades_share_the_counter_with_the_book_and_name_the_takers_side() {
    let mut b = Bench::new();
    let t = b.trader();
    let conn = b.connect(Some(2));
    b.subscribe(conn, &format!("trades.{ETH}"));
    let order = b.order(&t, "SELL", "0.02", "3000", "IOC");
    b.post_order(&t, &order);
    b.run_ms(15);
    let frames = b.frames(conn, 1);
    let f = frames.last().unwrap();
    assert_eq!((f[8 + 24], number(f, 33)), (2, e8("0.02")));
    let fill = b.read(&t, "/v1/fills")["results"][0].clone();
    assert_eq!(fill["orderbook_seq_no"], number(f, 8), "the fill names the book after the execution");
    let public = b.get(&format!("/v1/trades?market={ETH}"))["results"].clone();
    assert!(public.as_array().unwrap().iter().any(|p| p["size"] == "0.02" && p["side"] == "SELL"));
}

#[test]
fn the_same_seed_and_the_same_requests_give_the_same_venue() {
    let run = |seed| {
        let mut b = moving(seed);
        let t = b.trader();
        let conn = b.connect(Some(1));
        b.subscribe(conn, &format!("order_book.{ETH}.deltas"));
        let order = b.order(&t, "BUY", "1", "0", "IOC");
        b.post_order(&t, &order);
        b.run_ms(3_000);
        format!("{:?}", b.log)
    };
    assert_eq!(run(4), run(4));
    assert_ne!(run(4), run(5));
}

#[test]
fn control_messages_have_the_documented_errors() {
    fn check(sbe: Option<u8>, method: &str, params: Value, code: i64, data: &str) {
        let mut b = Bench::new();
        let conn = b.connect(sbe);
        b.subscribe_quietly(conn);
        let answer = b.rpc(conn, method, params.clone());
        let error = &answer["error"];
        assert_eq!(
            (error["code"].as_i64(), error["data"].as_str().unwrap_or("")),
            (Some(code), data),
            "{method} {params}: {answer}"
        );
        let n = |k: &str| answer[k].as_i64().unwrap();
        assert_eq!(n("usOut") - n("usIn"), n("usDiff"));
    }
    let channel = |c: &str| json!({ "channel": c });
    check(Some(2), "auth", json!({}), 40110, "");
    check(Some(2), "auth", json!({"bearer": "x.y.z"}), 40111, "");
    check(Some(2), "subscribe", channel("weather"), -32600, "invalid channel");
    check(Some(2), "subscribe", json!({}), -32602, "channel is required");
    check(Some(2), "subscribe", channel("orders.ALL"), 40300, "not authenticated");
    let suffix = format!("order_book.{ETH}.deltas@15@50ms");
    check(Some(2), "subscribe", channel(&suffix), -32600, "no parameters expected for deltas topic.");
    check(Some(2), "subscribe", channel("bbo.BTC-USD-PERP"), -32600, "already subscribed");
    let second = "order_book.BTC-USD-PERP.snapshot@15@100ms";
    let message = "order book channels of one market cannot share an SBE session";
    check(Some(2), "subscribe", channel(second), -32600, message);
    check(Some(2), "unsubscribe", channel(&format!("bbo.{ETH}")), -32600, "not subscribed");
    check(None, "subscribe", channel(&format!("bbo.{ETH}")), -32600, "public channels require SBE encoding");
    check(Some(2), "order.create", json!({}), 40300, "not authenticated");
    check(Some(2), "withdraw", json!({}), -32601, "");
}

#[test]
fn what_is_no_request_is_answered_and_survived() {
    let mut b = Bench::new();
    let conn = b.connect(Some(2));
    for (text, code) in [("{", -32700), ("[1,2]", -32600), ("null", -32600), ("{\"id\":3}", -32600), (&"[".repeat(5_000), -32700)]
    {
        b.say(conn, text);
        b.run_ms(5);
        let Some((_, Arrival::Message(_, venue_sim::Message::Text(answer)))) = b.log.last() else {
            panic!("no answer to {text}")
        };
        assert_eq!(serde_json::from_str::<Value>(answer).unwrap()["error"]["code"], code, "{text}");
    }
}

#[test]
fn after_unsubscribing_nothing_comes_and_subscribing_again_begins_with_a_snapshot() {
    let mut b = moving(1);
    let conn = b.connect(Some(1));
    let name = format!("order_book.{ETH}.deltas");
    b.subscribe(conn, &name);
    b.run_ms(1_000);
    assert_eq!(b.rpc(conn, "unsubscribe", json!({"channel": name}))["result"]["channel"], name);
    b.run_ms(30);
    let before = b.frames(conn, 3).len();
    b.run_ms(1_000);
    assert_eq!(b.frames(conn, 3).len(), before);
    b.subscribe(conn, &name);
    b.run_ms(300);
    assert!(book(&b.frames(conn, 3)[before]).1);
}

#[test]
fn a_silent_binary_session_hears_a_heartbeat_and_an_idle_one_is_closed() {
    let mut b = Bench::new();
    let t = b.trader();
    let conn = b.connect(Some(2));
    b.rpc(conn, "auth", json!({"bearer": t.token}));
    b.subscribe(conn, "orders.ALL");
    b.run_ms(65_000);
    assert_eq!(b.frames(conn, 40).len(), 3);
    assert_eq!(b.closed(conn), None);
    let idle = b.connect(Some(2));
    b.run_ms(9_900);
    assert_eq!(b.closed(idle), None);
    b.run_ms(200);
    assert_eq!(b.closed(idle), Some(4031));
}

#[test]
fn summaries_funding_and_snapshots_come_periodically() {
    let mut b = moving(1);
    let conn = b.connect(Some(2));
    for channel in ["markets_summary.BTC-USD-PERP", "funding_data.ALL", "funding_rate_comparison.ALL@500ms"] {
        b.subscribe(conn, channel);
    }
    b.subscribe(conn, &format!("order_book.{ETH}.snapshot@15@100ms"));
    b.run_ms(11_000);
    assert!(b.frames(conn, 4).len() >= 10 && b.frames(conn, 5).len() >= 2 && b.frames(conn, 6).len() >= 10);
    let snapshots = b.frames(conn, 3);
    assert!(snapshots.len() > 90);
    for f in snapshots {
        let (_, whole, bids, asks) = book(&f);
        assert!(whole && bids.len() == 15 && asks.len() == 15);
        assert_eq!((number(&f, 17), number(&f, 33)), (bids[0].0, asks[0].0));
    }
}

#[test]
fn private_events_in_binary_say_what_rest_says() {
    for version in 0..3 {
        let mut b = Bench::new();
        let t = b.trader();
        let conn = b.connect(Some(version));
        b.rpc(conn, "auth", json!({"bearer": t.token}));
        for channel in ["orders.ALL", "fills.ALL", "positions", "account", "balance_events"] {
            b.subscribe(conn, channel);
        }
        let order = b.order_with(&t, "SELL", "0.02", "3000", "IOC", json!({"client_id": "bin"}));
        b.post_order(&t, &order);
        b.run_ms(20);
        let block = |f: &[u8]| u16::from_le_bytes([f[0], f[1]]);
        let (fill, order) =
            (b.read(&t, "/v1/fills")["results"][0].clone(), b.read(&t, "/v1/orders-history")["results"][0].clone());
        let f = b.frames(conn, 21).pop().unwrap();
        assert_eq!(block(&f), if version == 2 { 116 } else { 107 });
        for (offset, member) in [(19, "price"), (27, "size"), (35, "fee"), (43, "realized_pnl"), (91, "underlying_price")] {
            assert_eq!(text(number(&f, offset)), fill[member].as_str().unwrap(), "{member}");
        }
        let f = b.frames(conn, 20).pop().unwrap();
        assert_eq!(block(&f), if version == 2 { 128 } else { 126 });
        assert_eq!(f[8 + 16..8 + 20], [4, 2, 1, 2], "closed, sell, limit, IOC");
        for (offset, member) in [(20, "price"), (36, "size"), (44, "remaining_size"), (52, "avg_fill_price")] {
            assert_eq!(text(number(&f, offset)), order[member].as_str().unwrap(), "{member}");
        }
        let tail = String::from_utf8_lossy(&f[8 + usize::from(block(&f))..]).into_owned();
        assert!(tail.contains(order["id"].as_str().unwrap()) && tail.contains("bin") && tail.contains(ETH));
        let p = b.frames(conn, 22).pop().unwrap();
        assert_eq!((p[8 + 16], number(&p, 17)), (2, e8("0.02")), "short, and the size without a sign");
        let a = b.frames(conn, 23).pop().unwrap();
        assert_eq!(text(number(&a, 16)), b.read(&t, "/v1/account")["total_collateral"].as_str().unwrap());
        assert_eq!(b.told(conn, "balance_events").len(), 1, "always JSON");
    }
}
