//! Invariants under anything a client may send and any fault an operator may set:
//! nothing panics; every request gets one answer or one hang-up; cash is the start balance plus what the fills say;
//! positions are the sum of the fills; a closed order never reopens.

use std::collections::HashMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::bench::*;

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[-0-9.eE]{0,30}".prop_map(Value::from),
        ".{0,80}".prop_map(Value::from),
        Just(json!(ETH)),
        Just(json!("ALL")),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let names = prop_oneof![Just("channel"), Just("id"), Just("orders"), Just("order_ids"), Just("size"), Just("market")];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(names.prop_map(str::to_owned), inner, 0..5)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

const PATHS: &[&str] = &[
    "/v1/orders",
    "/v1/orders/batch",
    "/v1/orders/1",
    "/v1/orders/by_client_id/x",
    "/v1/orders-history",
    "/v1/fills",
    "/v1/account/keys/subkeys",
    "/v1/auth",
    "/v1/auth/0x1",
    "/v1/onboarding",
    "/v1/positions",
    "/v1/orderbook/ETH-USD-PERP",
    "/v1/trades",
    "/v1/markets/summary",
    "/v1/funding/payments",
    "/v1",
    "",
    "/",
    "//",
    "/v1/orders/",
    "/v1/bbo/",
];
const METHODS: &[&str] = &[
    "auth",
    "subscribe",
    "unsubscribe",
    "modify_subscription",
    "order.create",
    "order.create_batch",
    "order.modify",
    "order.cancel",
    "order.cancel_batch",
    "order.cancel_all",
    "order.cancel_on_disconnect",
    "order.",
    "",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_arrives_is_answered_once(
        requests in proptest::collection::vec((0..4usize, 0..PATHS.len(), "[a-z_]{0,9}=[-0-9a-zA-Z]{0,20}", any_json(), any::<bool>()), 1..12),
        messages in proptest::collection::vec((0..METHODS.len(), any_json(), any::<bool>()), 1..12),
        member in prop_oneof![Just("size"), Just("price"), Just("signature"), Just("signature_timestamp"), Just("recv_window"),
            Just("flags"), Just("stp"), Just("client_id"), Just("trigger_price"), Just("type"), Just("market")],
        value in any_json(),
        noise in ".{0,60}",
    ) {
        let mut b = Bench::new();
        let t = b.trader();
        let conn = b.private(&t);
        let auth = [
            ("authorization", format!("Bearer {}", t.token)),
            ("paradex-starknet-account", t.account.clone()),
            ("paradex-starknet-signature", noise.clone()),
            ("paradex-timestamp", noise.clone()),
            ("paradex-ethereum-account", noise.clone()),
        ];
        let mut sent = Vec::new();
        for (method, path, query, body, login) in &requests {
            let target = format!("{}?{query}", PATHS[*path]);
            let headers = if *login { &auth[..] } else { &auth[1..] };
            sent.push(b.post(["GET", "POST", "PUT", "DELETE"][*method], &target, headers, &body.to_string()));
        }
        let mut order = b.order(&t, "BUY", "0.1", "3000", "GTC");
        order[member] = value;
        sent.push(b.post_order(&t, &order));
        let mut ids = vec![b.call(conn, "order.create", order)];
        b.say(conn, &noise);
        for (method, params, _) in &messages {
            ids.push(b.call(conn, METHODS[*method], params.clone()));
        }
        b.run_ms(31_000);
        for request in sent {
            prop_assert!(b.reply_of(request).is_some() != b.hung(request));
        }
        for id in ids {
            prop_assert!(b.answer_of(id).is_some());
        }
    }

    #[test]
    fn money_and_positions_follow_from_the_fills_whatever_goes_wrong(
        steps in proptest::collection::vec((0..17u8, 1..40i64, -3..4i64, any::<bool>(), 0..300i64), 1..25),
    ) {
        let mut b = Bench::new();
        let t = b.trader();
        let conn = b.private(&t);
        b.switch("funding_rate_8h_e8", json!(500_000));
        let faults = ["partial_fill", "late_fill", "delay_fill", "lose_order_answer", "error_after", "drop_order",
            "duplicate_events", "late_fill_event", "duplicate_fill"];
        for (what, size, away, buy, wait) in steps {
            match what {
                0..=8 => {
                    let name = faults[usize::from(what)];
                    b.fault(name, json!({"count": 1, "ms": wait, "share_bps": size * 200, "status": 503}));
                }
                9 => b.fault("liquidate", json!({"share_bps": size * 250})),
                10 => b.fault("deleverage", json!({"ms": wait})),
                11 => b.fault("fee_tier", json!({"taker_rate": text(size * 1_000), "maker_rate": text(-size * 100)})),
                12 => {
                    b.post("DELETE", "/v1/orders", &[("authorization", format!("Bearer {}", t.token))], "");
                }
                _ => {
                    let [bid, _, ask, _] = b.top();
                    let (side, front) = if buy { ("BUY", e8(&ask)) } else { ("SELL", e8(&bid)) };
                    let price = text(front / 1_000_000 * 1_000_000 + away * 10_000_000);
                    let word = ["IOC", "GTC", "POST_ONLY", "IOC"][usize::from(what) % 4];
                    let order = b.order(&t, side, &text(size * 10_000_000), &price, word);
                    b.post_order(&t, &order);
                }
            }
            b.run_ms(wait);
        }
        b.run_ms(2_000); // what a fault put off has happened; what still rests must not fill between two reads
        prop_assert_eq!(b.rest(&t, "DELETE", "/v1/orders", &Value::Null).0, 200);
        b.run_ms(100);
        let fills = b.read(&t, "/v1/fills?page_size=1000")["results"].as_array().unwrap().clone();
        let n = |v: &Value, k: &str| e8(v[k].as_str().unwrap());
        let cash: i64 = fills.iter().map(|f| n(f, "realized_pnl") + n(f, "realized_funding") - n(f, "fee")).sum();
        prop_assert_eq!(n(&b.read(&t, "/v1/balance")["results"][0], "size"), e8("100000") + cash);
        let held: i64 = fills.iter().map(|f| if f["side"] == "BUY" { n(f, "size") } else { -n(f, "size") }).sum();
        let position = b.read(&t, "/v1/positions")["results"].as_array().unwrap().first().map_or(0, |p| n(p, "size"));
        prop_assert_eq!(position, held);
        let orders = b.read(&t, "/v1/orders-history?page_size=1000")["results"].as_array().unwrap().clone();
        for o in &orders {
            let mine = fills.iter().filter(|f| f["order_id"] == o["id"]);
            prop_assert_eq!(n(o, "size") - n(o, "remaining_size"), mine.map(|f| n(f, "size")).sum::<i64>());
        }
        let mut closed: HashMap<String, bool> = HashMap::new();
        for (_, o) in b.told(conn, "orders.") {
            let is_closed = o["status"] == "CLOSED";
            let was = closed.insert(o["id"].as_str().unwrap().to_owned(), is_closed);
            prop_assert!(was != Some(true) || is_closed, "{} reopened", o["id"]);
        }
    }
}
