//! Whatever a client sends, the venue answers or stays silent; it never falls over.

use crate::bench::{CONN, Desk};
use proptest::prelude::*;
use serde_json::{Value, json};
use venue_sim::{HttpRequest, Message, SimNow, VenueSim};

const PATHS: &[&str] = &[
    "/market-manager/games-by-filters",
    "/market-manager/games-by-ids",
    "/market-manager/conditions-by-game-ids",
    "/market-manager/condition-batch",
    "/market-manager/navigation",
    "/market-manager/search",
    "/bet/calculation",
    "/bet/gas-info",
    "/bet/orders/ordinar",
    "/bet/orders/combo",
    "/bet/orders/bettor/0x3ec987f6b7e624848eaace2dda3bb4252d98698e",
    "/bet/orders/x",
];
const METHODS: &[&str] = &[
    "eth_chainId",
    "eth_getBlockByNumber",
    "eth_call",
    "eth_estimateGas",
    "eth_getLogs",
    "eth_getBalance",
    "eth_feeHistory",
    "eth_getTransactionCount",
    "eth_sendRawTransaction",
    "eth_getTransactionReceipt",
    "eth_getCode",
];
const ADDRESSES: &[&str] = &[
    "0xc2132d05d31c914a87c6611c10748aeb04b58e8f",
    "0x0fa7fb5407ea971694652e6e16c12a52625de1b8",
    "0xf9548be470a4e130c90cea8b179fcd66d2972ac7",
    "0x7a1c3fef712753374c4dce34254b96faf2b7265b",
];
const SELECTORS: &[&str] = &[
    "70a08231", "dd62ed3e", "095ea7b3", "a9059cbb", "25aa820b", "161d0770", "e8e3e87b", "502e1a16", "22af00fa", "5d311bdd",
    "6352211e", "40398d67",
];

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "[0-9]{1,60}".prop_map(Value::from),
        "0x[0-9a-f]{0,80}".prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(json!("PolygonUSDT")),
        Just(json!("latest")),
        Just(json!("300610060000000000306992750000000000009053000000")),
        Just(json!("1006000000000000000000")),
        Just(json!("1006999999999999999999")),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(names(), inner, 0..8)
                .prop_map(|m| m.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("environment"),
        Just("gameIds"),
        Just("conditionIds"),
        Just("bets"),
        Just("conditionId"),
        Just("outcomeId"),
        Just("bettor"),
        Just("betOwner"),
        Just("clientBetData"),
        Just("clientData"),
        Just("bet"),
        Just("to"),
        Just("data"),
        Just("topics"),
        Just("fromBlock"),
        Just("event"),
    ]
    .prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_request_brings_it_down(path in 0..PATHS.len(), post in any::<bool>(), query in "[a-zA-Z=&%+0-9.-]{0,60}", body in value()) {
        let mut desk = Desk::calm();
        let target = format!("/api/v1/public{}?environment=PolygonUSDT&{query}", PATHS[path]);
        let (status, _) = desk.ask(if post { "POST" } else { "GET" }, &target, body.to_string().as_bytes()).expect("an answer");
        prop_assert!((200..500).contains(&status));
    }

    /// A real order with any one field replaced by anything.
    #[test]
    fn no_order_brings_it_down(at in 0usize..17, with in value()) {
        let mut desk = Desk::calm();
        let line = desk.main_line();
        let wanted = desk.wanted(&line);
        let mut request = desk.request(&wanted);
        let places = [
            "/environment", "/bettor", "/betOwner", "/bettorSignature", "/clientBetData", "/clientBetData/clientData",
            "/clientBetData/bet", "/clientBetData/clientData/attention", "/clientBetData/clientData/affiliate",
            "/clientBetData/clientData/core", "/clientBetData/clientData/expiresAt", "/clientBetData/clientData/relayerFeeAmount",
            "/clientBetData/bet/conditionId", "/clientBetData/bet/outcomeId", "/clientBetData/bet/minOdds", "/clientBetData/bet/amount",
            "/clientBetData/bet/nonce",
        ];
        *request.pointer_mut(places[at]).expect("a place") = with;
        let (status, _) = desk.post(&request).expect("an answer");
        prop_assert!(status < 500);
        desk.advance(20_000);
        prop_assert_eq!(desk.sim.money_agrees(), Ok(()));
    }

    #[test]
    fn no_question_brings_the_node_down(method in 0..METHODS.len(), params in value()) {
        let mut desk = Desk::calm();
        let answer = desk.rpc(METHODS[method], json!([params]));
        prop_assert_eq!(answer["result"].is_null() && answer["error"].is_null(), METHODS[method].ends_with("Receipt") && answer["error"].is_null());
        desk.rpc(METHODS[method], params);
    }

    #[test]
    fn no_call_brings_a_contract_down(to in 0..ADDRESSES.len(), selector in 0..SELECTORS.len(), words in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut desk = Desk::calm();
        let data = format!("0x{}{}", SELECTORS[selector], alloy_primitives::hex::encode(&words));
        let message = json!([{"to": ADDRESSES[to], "data": data}, "latest"]);
        let called = desk.rpc("eth_call", message.clone());
        let gas = desk.rpc("eth_estimateGas", message);
        prop_assert_eq!(called["error"].is_null(), gas["error"].is_null());
        // The same in a transaction: mined either way.
        let to = ADDRESSES[to].parse().expect("an address");
        let raw = desk.transaction(to, &alloy_primitives::hex::decode(&data).expect("hex"), 100);
        let hash = desk.rpc("eth_sendRawTransaction", json!([raw]))["result"].clone();
        desk.advance(4_000);
        let receipt = desk.rpc("eth_getTransactionReceipt", json!([hash]));
        prop_assert_eq!(&receipt["result"]["status"], if called["error"].is_null() { "0x1" } else { "0x0" });
        prop_assert_eq!(desk.sim.money_agrees(), Ok(()));
    }

    #[test]
    fn no_message_brings_the_stream_down(text in ".{0,80}", event in 0usize..5, data in value()) {
        let mut desk = Desk::calm();
        desk.connect();
        let event = ["SubscribeConditions", "UnsubscribeConditions", "SubscribeGames", "UnsubscribeGames", "Nothing"][event];
        desk.say(&json!({"event": event, "data": data}));
        let mut out = Vec::new();
        desk.sim.on_message(CONN, &Message::Text(text), SimNow(desk.now), &mut out);
        desk.sim.on_message(CONN, &Message::Binary(vec![1, 2]), SimNow(desk.now), &mut out);
        prop_assert!(out.is_empty(), "what it does not understand it does not answer");
        desk.advance(5_000);
    }

    #[test]
    fn no_bytes_bring_it_down(path in ".{0,40}", body in proptest::collection::vec(any::<u8>(), 0..100)) {
        let mut desk = Desk::calm();
        for target in [path.as_str(), "/rpc", "/api/v1/public/bet/orders/ordinar"] {
            let mut out = Vec::new();
            desk.sim.on_request(1, HttpRequest { method: "POST", target, headers: &[], body: &body }, SimNow(desk.now), &mut out);
            prop_assert_eq!(out.len(), 1);
        }
    }
}
