//! Golden vectors and documented requests, field by field; anything altered is refused with the documents' code.

use super::harness::*;
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolValue;
use proptest::prelude::*;
use serde_json::{Value, json};
use venue_sim::vest::{DEVELOPMENT_CONTRACT, SymbolSpec, VestSimConfig};

/// Every symbol the vectors and fixtures name, with the decimals they use.
fn all_symbols(cfg: &mut VestSimConfig) {
    let long = |letters: usize| "A".repeat(letters);
    cfg.symbols.push(SymbolSpec::crypto("kBONK", 0, 6));
    cfg.symbols.push(SymbolSpec { symbol: "AAPL-USD-PERP".to_owned(), ..SymbolSpec::crypto("AAPL", 4, 2) });
    for letters in [26, 27, 28] {
        cfg.symbols.push(SymbolSpec::crypto(&long(letters), 2, 2));
    }
}

/// A venue at the time of a request, where this key signs for the usual primary.
fn desk_for(signing_key: &str, time_ms: i64) -> Desk {
    let mut desk = Desk::bare(time_ms, CALM, all_symbols);
    desk.signing = key(signing_key);
    desk.register();
    desk
}

fn cases(kind: &str) -> Vec<Value> {
    let all = data("vectors.json");
    let found: Vec<Value> = all["cases"].as_array().expect("a list").iter().filter(|c| c["kind"] == kind).cloned().collect();
    assert!(!found.is_empty(), "no {kind} in the vectors");
    found
}

fn time_of(case: &Value) -> i64 {
    case["inputs"]["time"].as_i64().expect("ms")
}

#[test]
fn every_registration_vector_registers_and_none_does_after_its_expiry() {
    for case in cases("register") {
        let expiry = case["inputs"]["message"]["signerExpiry"].as_i64().expect("ms");
        let development = case["id"] == "register-dev";
        let change = |cfg: &mut VestSimConfig| {
            if development {
                cfg.verifying_contract = DEVELOPMENT_CONTRACT;
            }
        };
        let body = &case["request_body"];
        let (status, answer) = Desk::bare(expiry, CALM, change).call("POST", "/v2/register", body);
        assert_eq!(status, 200, "{}: {answer}", case["id"]);
        same_shape(&data("v2_rest_register_response.json"), &answer, &[], "register");
        let (status, answer) = Desk::bare(expiry + 1, CALM, change).call("POST", "/v2/register", body);
        assert_eq!((status, code(&answer)), (400, 1022), "{}", case["id"]);
        let other = |cfg: &mut VestSimConfig| {
            if !development {
                cfg.verifying_contract = DEVELOPMENT_CONTRACT;
            }
        };
        let (_, answer) = Desk::bare(expiry, CALM, other).call("POST", "/v2/register", body);
        assert_eq!(code(&answer), 1022, "{} on the other contract", case["id"]);
    }
}

#[test]
fn every_order_vector_is_taken_and_shown_as_it_was_asked() {
    for case in cases("order_create") {
        let mut desk = desk_for(case["signing_private_key"].as_str().expect("hex"), time_of(&case));
        let (status, answer) = desk.call("POST", "/v2/orders", &case["request_body"]);
        assert_eq!(status, 200, "{}: {answer}", case["id"]);
        let asked = &case["request_body"]["order"];
        let shown = desk.by_nonce(asked)[0].clone();
        for field in ["nonce", "symbol", "isBuy", "orderType", "reduceOnly"] {
            assert_eq!(shown[field], asked[field], "{}: {field}", case["id"]);
        }
        assert_eq!(shown["id"], answer["id"]);
        assert_eq!(shown["status"], "NEW");
    }
}

#[test]
fn the_signature_published_by_a_third_party_is_taken() {
    let case = data("vectors.json")["external_cases"][0].clone();
    let signer = case["recovers_to"].as_str().expect("an address").to_lowercase();
    // The key is not ours to register with, so its owner's address is the one account that may sign: itself.
    let mut desk = Desk::bare(time_of(&case), CALM, |_| {});
    desk.register();
    let body = json!({ "order": case["inputs"], "recvWindow": 60_000, "signature": case["signature"] });
    let (_, answer) = desk.call("POST", "/v2/orders", &body);
    assert_eq!(code(&answer), 1022, "not approved by this account");
    let mut approving = desk.registration(time_of(&case) as u64 + 1_000);
    approving["signingAddr"] = json!(signer);
    let (_, answer) = desk.call("POST", "/v2/register", &approving);
    assert_eq!(code(&answer), 1022, "the proof is for another signer");
    let proof = desk.proof_for(signer.parse().expect("an address"), time_of(&case) as u64 + 1_000);
    assert_eq!(desk.call("POST", "/v2/register", &proof).0, 200);
    assert_eq!(desk.call("POST", "/v2/orders", &body).0, 200);
}

#[test]
fn cancel_pool_and_withdraw_vectors_pass_the_signature_check() {
    for case in cases("order_cancel") {
        let mut desk = desk_for(case["signing_private_key"].as_str().expect("hex"), time_of(&case));
        let (status, answer) = desk.call("POST", "/v2/orders/cancel", &case["request_body"]);
        assert_eq!((status, code(&answer)), (400, 3017), "{}: well signed, but there is no such order", case["id"]);
    }
    for case in cases("lp_order") {
        let mut desk = desk_for(case["signing_private_key"].as_str().expect("hex"), time_of(&case));
        let (status, answer) = desk.call("POST", "/v2/lp", &case["request_body"]);
        assert_eq!(status, 200, "{answer}");
    }
    for case in cases("transfer_withdraw") {
        let mut desk = desk_for(case["signing_private_key"].as_str().expect("hex"), time_of(&case));
        let inputs = &case["inputs"];
        let mut order = json!({ "time": inputs["time"], "nonce": inputs["nonce"], "recipient": inputs["recipient"],
            "token": "USDC", "size": 100_000_000, "chainId": inputs["chainId"] });
        let body = json!({ "order": order, "execute": true, "recvWindow": 60_000, "signature": case["signature"]["hex"] });
        let (status, answer) = desk.call("POST", "/v2/transfer/withdraw", &body);
        assert_eq!(status, 200, "{answer}");
        order["size"] = json!(100_000_001);
        order["nonce"] = json!(1);
        let body = json!({ "order": order, "execute": true, "recvWindow": 60_000, "signature": case["signature"]["hex"] });
        assert_eq!(code(&desk.call("POST", "/v2/transfer/withdraw", &body).1), 1022);
    }
}

#[test]
fn every_negative_vector_is_refused_with_1022() {
    let all = data("vectors.json");
    for case in all["negative_cases"].as_array().expect("a list") {
        let original = all["cases"].as_array().expect("a list").iter().find(|c| c["id"] == case["signature_of"]);
        let signature = original.map_or(&case["signature"], |o| &o["signature"]["hex"]);
        let mut desk = desk_for("0x7a6305da1f4e2fc10998696bc93520a6e34ee468c8e44f956fae2ccd125dc72d", time_of(case));
        let body = json!({ "order": case["inputs"], "recvWindow": 60_000, "signature": signature });
        let (status, answer) = desk.call("POST", "/v2/orders", &body);
        assert_eq!((status, code(&answer)), (400, 1022), "{}", case["id"]);
        assert_eq!(desk.by_nonce(&case["inputs"]), json!([]), "{} left an order", case["id"]);
    }
}

#[test]
fn a_signature_must_have_its_prefix_a_v_of_27_or_28_and_a_low_s() {
    let case = cases("order_create").remove(0);
    let good = case["request_body"]["signature"].as_str().expect("hex").to_owned();
    let (rs, v) = good.split_at(130);
    let s = U256::from_str_radix(&rs[66..], 16).expect("hex");
    let order = U256::from_str_radix("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16).expect("hex");
    let high = format!("{}{:064x}{}", &rs[..66], order - s, if v == "1b" { "1c" } else { "1b" });
    let check = |signature: &str, why: &str| {
        let mut desk = desk_for(case["signing_private_key"].as_str().expect("hex"), time_of(&case));
        let mut body = case["request_body"].clone();
        body["signature"] = json!(signature);
        assert_eq!(code(&desk.call("POST", "/v2/orders", &body).1), 1022, "{why}");
    };
    check(good.trim_start_matches("0x"), "no prefix");
    check(&format!("{rs}00"), "v counts from zero");
    check(&format!("{rs}{}", if v == "1b" { "1c" } else { "1b" }), "the other v");
    check(&high, "high s");
    check(&good[..130], "too short");
    check(&format!("{good}00"), "too long");
    check("0x00", "as in the documents' examples");
    check("0xzz", "not hex");
}

/// A documented order request, signed with the test key, children too.
fn documented(name: &str, desk: &Desk) -> Value {
    sign_all(desk, data(name))
}

/// Signs an order request and the children it has.
fn sign_all(desk: &Desk, mut body: Value) -> Value {
    body["signature"] = json!(sign_args(&desk.signing, &order_args(&body["order"])));
    for (price, signature, kind) in [("tpPrice", "tpSignature", "TAKE_PROFIT"), ("slPrice", "slSignature", "STOP_LOSS")] {
        if body["order"][price].is_null() {
            continue;
        }
        let mut child = body["order"].clone();
        child["orderType"] = json!(kind);
        child["isBuy"] = json!(child["isBuy"] == false);
        child["limitPrice"] = child[price].clone();
        child["reduceOnly"] = json!(true);
        body["order"][signature] = json!(sign_args(&desk.signing, &order_args(&child)));
    }
    body
}

/// The documents' SOL has four decimals of size and two of price.
fn documented_desk() -> Desk {
    let mut desk = Desk::bare(1_683_849_600_076, CALM, |cfg| cfg.symbols[2] = SymbolSpec::crypto("SOL", 4, 2));
    desk.register();
    desk
}

#[test]
fn every_documented_signed_request_is_taken_once_it_is_signed() {
    for name in ["v2_rest_orders_post_market_request.json", "v2_rest_orders_post_limit_tpsl_request.json"] {
        let mut desk = documented_desk();
        let body = documented(name, &desk);
        let (status, answer) = desk.call("POST", "/v2/orders", &body);
        assert_eq!(status, 200, "{name}: {answer}");
        same_shape(&data("v2_rest_orders_post_response.json"), &answer, &[], name);
        let shown = desk.by_nonce(&body["order"])[0].clone();
        for (field, value) in body["order"].as_object().expect("an object") {
            if !matches!(field.as_str(), "time" | "timeInForce" | "tpSignature" | "slSignature") {
                assert_eq!(&shown[field], value, "{name}: {field}");
            }
        }
    }
    let mut desk = documented_desk();
    let mut cancel = data("v2_rest_orders_cancel_request.json");
    let numbers =
        |order: &Value| (U256::from(order["time"].as_u64().expect("ms")), U256::from(order["nonce"].as_u64().expect("n")));
    let (time, nonce) = numbers(&cancel["order"]);
    cancel["signature"] = json!(sign_args(&desk.signing, &(time, nonce, "0x0".to_owned()).abi_encode_params()));
    assert_eq!(code(&desk.call("POST", "/v2/orders/cancel", &cancel).1), 3017);

    let mut pool = data("v2_rest_lp_post_request.json");
    let args = (time, nonce, "DEPOSIT".to_owned(), "100".to_owned()).abi_encode_params();
    pool["signature"] = json!(sign_args(&desk.signing, &args));
    assert_eq!(desk.call("POST", "/v2/lp", &pool).0, 200);

    let mut withdrawal = data("v2_rest_transfer_withdraw_request.json");
    let token: Address = "0xc2f7646fBC08c2b7FEAd5cebb740cc7D0ba4a18E".parse().expect("an address");
    let recipient: Address = withdrawal["order"]["recipient"].as_str().expect("text").parse().expect("an address");
    let account = address_of(&desk.primary);
    let args = (time, nonce, false, account, recipient, token, U256::from(100_000_000), U256::from(324)).abi_encode_params();
    withdrawal["signature"] = json!(sign_args(&desk.signing, &args));
    assert_eq!(desk.call("POST", "/v2/transfer/withdraw", &withdrawal).0, 200);

    let mut registration = data("v2_rest_register_request.json");
    let expiry = registration["expiryTime"].as_u64().expect("ms");
    let mut desk = Desk::bare(expiry as i64 - 1, CALM, |_| {});
    for (field, value) in desk.registration(expiry).as_object().expect("an object") {
        registration[field] = value.clone();
    }
    assert_eq!(desk.call("POST", "/v2/register", &registration).0, 200);

    let (_, answer) = documented_desk().call("POST", "/v2/account/leverage", &data("v2_rest_leverage_request.json"));
    assert_eq!(answer, data("v2_rest_leverage_response.json"));
}

#[test]
fn an_altered_child_signature_or_price_on_the_wrong_side_is_refused() {
    fn check(change: impl FnOnce(&mut Value), expect: u64) {
        let mut desk = documented_desk();
        let mut body = documented("v2_rest_orders_post_limit_tpsl_request.json", &desk);
        change(&mut body["order"]);
        assert_eq!(code(&desk.call("POST", "/v2/orders", &body).1), expect);
    }
    check(|o| o["tpPrice"] = json!("31.04"), 1022);
    check(|o| o["slSignature"] = o["tpSignature"].clone(), 1022);
    check(|o| o["slSignature"] = Value::Null, 1022);
    check(|o| o["tpPrice"] = json!("31.045"), 1111);
    let mut desk = documented_desk();
    let mut body = data("v2_rest_orders_post_limit_tpsl_request.json");
    body["order"]["tpPrice"] = json!("29.00");
    let signed = sign_all(&desk, body);
    assert_eq!(code(&desk.call("POST", "/v2/orders", &signed).1), 1145);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// One byte of what is signed, altered: the request is refused, with the code of the first check it fails.
    #[test]
    fn one_altered_byte_of_the_signed_part_is_refused(field in 0usize..9, at in any::<prop::sample::Index>(), byte in 0x20u8..0x7f) {
        let mut desk = Desk::open();
        let order = desk.order("LIMIT", true, "0.1000", 50);
        let mut body = desk.signed(&order);
        let name = ["symbol", "orderType", "size", "limitPrice", "time", "nonce", "isBuy", "reduceOnly", "signature"][field];
        let place = if name == "signature" { &mut body[name] } else { &mut body["order"][name] };
        let before = place.clone();
        match &before {
            Value::Bool(flag) => *place = json!(!flag),
            Value::Number(number) => {
                let mut digits = number.to_string().into_bytes();
                let at = at.index(digits.len());
                digits[at] = b'0' + byte % 10;
                *place = json!(String::from_utf8(digits).expect("digits").parse::<u64>().expect("a number"));
            }
            Value::String(text) => {
                let mut bytes = text.clone().into_bytes();
                let at = at.index(bytes.len());
                bytes[at] = byte;
                *place = json!(String::from_utf8(bytes).expect("plain"));
            }
            other => panic!("{other}"),
        }
        let after = place.clone();
        let hex_only = |v: &Value| v.as_str().map(str::to_lowercase);
        prop_assume!(after != before && (name != "signature" || hex_only(&after) != hex_only(&before)));
        let (status, answer) = desk.call("POST", "/v2/orders", &body);
        prop_assert_eq!(status, 400);
        let given = code(&answer);
        let allowed: &[u64] = match name {
            "symbol" => &[1121],
            "orderType" => &[1116],
            // Not a decimal any more, too many decimals, or a good decimal that was not signed.
            "size" | "limitPrice" => &[1130, 1111, 1022],
            "time" => &[1132, 1022],
            _ => &[1022],
        };
        prop_assert!(allowed.contains(&given), "{}: {} became {} and was refused with {}", name, before, after, given);
        prop_assert_eq!(desk.get("/v2/orders"), json!([]));
    }

    /// Whatever is sent is answered, never with a success, and nothing panics.
    #[test]
    fn nonsense_is_answered(body in "\\PC{0,200}", path in "(orders|orders/cancel|lp|register|account/leverage|transfer/withdraw)") {
        let mut desk = Desk::open();
        let request = desk.request("POST", &format!("/v2/{path}"), body.as_bytes());
        let (_, status, _, _) = desk.reply(request).expect("answered");
        prop_assert_eq!(status, 400);
    }
}
