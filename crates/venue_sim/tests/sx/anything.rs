//! Nothing a client sends makes the venue panic, answer twice or lose money.

use crate::bench::Bench;
use proptest::prelude::*;
use serde_json::{Value, json};
use venue_sim::{Message, SimNow, VenueSim};

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("/orders-v3".to_owned()),
        Just("/orders-v3/all".to_owned()),
        Just("/orders-v3/event".to_owned()),
        Just("/orders-v3/odds/best".to_owned()),
        Just("/fills-v3".to_owned()),
        Just("/trades-v3".to_owned()),
        Just("/positions-v3".to_owned()),
        Just("/heartbeat/v3".to_owned()),
        Just("/markets/active".to_owned()),
        Just("/markets/find".to_owned()),
        Just("/orderbook-v3/snapshot".to_owned()),
        Just("/orderbook-v3/snapshot/event".to_owned()),
        Just("/live-scores".to_owned()),
        "/[a-z0-9/-]{0,12}",
        "\\PC{0,10}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "0x[0-9a-f]{0,66}".prop_map(Value::from),
        "[0-9]{1,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-zA-Z]{1,10}", inner, 0..4).prop_map(|m| json!(m)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_request_is_answered_once(
        requests in proptest::collection::vec((
            prop_oneof![Just("GET"), Just("POST"), Just("DELETE"), Just("PUT")],
            word(),
            "[a-zA-Z]{1,14}=[^#]{0,30}",
            prop_oneof![proptest::collection::vec(any::<u8>(), 0..60), value().prop_map(|v| v.to_string().into_bytes()), value().prop_map(|v| json!({"orders": [v]}).to_string().into_bytes())],
        ), 1..12),
    ) {
        let mut bench = Bench::open();
        let total = bench.sim.money_total();
        for (method, path, query, body) in requests {
            let target = format!("{path}?{query}");
            let request = bench.send(method, &target, &[("x-sx-api-key", "key-1")], &body);
            prop_assert!(bench.wait(request).is_some());
        }
        prop_assert_eq!(bench.sim.money_total(), total);
        prop_assert_eq!(bench.sim.check(), Ok(()));
    }

    #[test]
    fn a_spoiled_order_is_refused_or_taken_but_never_more(field in 0..13usize, spoiled in value()) {
        let mut bench = Bench::open();
        let market = bench.market();
        let ask = bench.take_best(&market, true, 2_000_000, "IOC");
        let me = bench.me.clone();
        let mut item = bench.signed(&me, &ask);
        let name = item.as_object().unwrap().keys().nth(field % item.as_object().unwrap().len()).unwrap().clone();
        item[&name] = spoiled;
        let (status, _) = bench.call("POST", "/orders-v3", &json!({ "orders": [item], "waitForOutcome": true }));
        prop_assert!(status == 200 || status == 400);
        prop_assert!(bench.sim.bets_seen(0).count() <= 1);
        prop_assert_eq!(bench.sim.check(), Ok(()));
    }

    #[test]
    fn any_message_and_any_fault_leave_the_venue_standing(
        texts in proptest::collection::vec(prop_oneof!["\\PC{0,60}".boxed(), value().prop_map(|v| v.to_string()).boxed()], 0..8),
        fault in "[a-z_]{1,14}",
        parameters in value(),
    ) {
        let mut bench = Bench::open();
        bench.connect(1);
        for text in texts {
            let mut out = Vec::new();
            bench.sim.on_message(1, &Message::Text(text), SimNow(bench.now), &mut out);
        }
        let mut out = Vec::new();
        bench.sim.on_message(1, &Message::Binary(vec![0xff, 0xfe]), SimNow(bench.now), &mut out);
        bench.sim.on_message(9, &Message::Text("{}".to_owned()), SimNow(bench.now), &mut out);
        let _ = bench.sim.set_fault(&fault, &parameters);
        for name in ["switch", "end_event", "halt", "balance", "latency", "late_lock", "rate_limit", "main_line", "thin_book"] {
            let _ = bench.sim.set_fault(name, &parameters);
        }
        bench.run_ms(2_000);
        prop_assert_eq!(bench.sim.check(), Ok(()));
    }
}
