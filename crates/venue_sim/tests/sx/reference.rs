//! What everybody may read (sx.md sections 2.1, 3, 5, 6, 12).

use crate::bench::{Bench, CALM, RUNG, data};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn metadata_agrees_with_itself_and_with_the_fixture() {
    let mut bench = Bench::open();
    let meta = bench.get("/metadata/obv3");
    let fixture = &data("v3_metadata_obv3_toronto.json")["data"];
    for part in ["domain", "activeAsset", "limits", "bettingDelay"] {
        Bench::assert_names(&meta[part], &fixture[part], part);
    }
    assert_eq!(meta["domain"]["chainId"], meta["chainId"]);
    assert_eq!(meta["domain"]["verifyingContract"], meta["activeAsset"]["escrowAddress"]);
    assert_eq!(meta["bettingDelay"]["leagueIdToMs"]["29"], 6_000);
    bench.switch("delay_shape", json!("object"));
    assert_eq!(bench.get("/metadata/obv3")["bettingDelay"]["leagueIdToMs"]["29"]["live"], 6_000);
    bench.switch("delay_shape", json!("absent"));
    assert!(bench.get("/metadata/obv3")["bettingDelay"].get("leagueIdToMs").is_none());
}

#[test]
fn a_result_is_three_yes_no_markets_and_every_line_its_own() {
    let mut bench = Bench::open();
    let all = bench.markets(|m| m["sportId"] == 5);
    let mut by_event: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for market in all {
        by_event.entry(market["sportXeventId"].as_str().unwrap().to_owned()).or_default().push(market);
    }
    assert!(by_event.len() >= 6, "{}", by_event.len());
    for (event, markets) in by_event {
        let yes: BTreeSet<&str> =
            markets.iter().filter(|m| m["type"] == 1).map(|m| m["outcomeOneName"].as_str().unwrap()).collect();
        let [one, two] = ["teamOneName", "teamTwoName"].map(|n| markets[0][n].as_str().unwrap());
        assert_eq!(yes, BTreeSet::from([one, "Tie", two]), "{event}");
        for kind in [3, 2] {
            let main = markets.iter().filter(|m| m["type"] == kind && m["mainLine"] == true).count();
            assert_eq!(main, 1, "{event} type {kind}");
        }
        assert!(markets.iter().any(|m| m["isQuarterLineMarket"] == true), "{event}");
        for market in &markets {
            Bench::assert_names(
                market,
                &data("v2_markets_find_settled.json")["data"][0]
                    .as_object()
                    .map(|o| {
                        let unsettled = |n: &str| {
                            !["outcome", "reportedDate", "teamOneScore", "teamTwoScore", "line", "sportXEventId"].contains(&n)
                        };
                        o.iter()
                            .filter(|(n, _)| unsettled(n))
                            .map(|(n, v)| (n.clone(), v.clone()))
                            .collect::<serde_json::Map<_, _>>()
                    })
                    .map(Value::Object)
                    .unwrap(),
                &event,
            );
        }
    }
}

#[test]
fn pages_come_to_an_end_and_hold_every_market_once() {
    let mut bench = Bench::open();
    let all = bench.markets(|_| true);
    let hashes: BTreeSet<String> = all.iter().map(|m| m["marketHash"].to_string()).collect();
    assert_eq!(hashes.len(), all.len());
    assert!(all.len() > 100, "{}", all.len());
    let (status, _) = bench.call("GET", "/markets/active?paginationKey=zz", &Value::Null);
    assert_eq!(status, 400);
}

#[test]
fn filters_choose_and_the_event_filter_can_be_ignored() {
    let mut bench = Bench::open();
    let event = bench.markets(|_| true)[0]["sportXeventId"].as_str().unwrap().to_owned();
    let target = format!("/markets/active?eventId={event}&pageSize=100");
    let ids = |data: &Value, name: &str| -> BTreeSet<String> {
        data["markets"].as_array().unwrap().iter().map(|m| m[name].as_str().unwrap_or("none").to_owned()).collect()
    };
    assert_eq!(ids(&bench.get(&target), "sportXeventId"), BTreeSet::from([event]));
    bench.switch("event_filter_ignored", json!(true));
    assert!(ids(&bench.get(&target), "sportXeventId").len() > 1);
    for spelling in ["sportXEventId", "eventId"] {
        bench.switch("event_id", json!(spelling));
        assert!(!ids(&bench.get(&target), spelling).contains("none"));
    }
    for (filter, name, expect) in [("sportIds=6", "sportId", 6), ("leagueId=29", "leagueId", 29), ("type=52", "type", 52)] {
        let data = bench.get(&format!("/markets/active?{filter}"));
        let rows = data["markets"].as_array().unwrap();
        assert!(!rows.is_empty() && rows.iter().all(|m| m[name] == expect), "{filter}");
    }
    let both = bench.call("GET", "/markets/active?type=1&betGroup=1X2", &Value::Null);
    assert_eq!(both.0, 400);
}

#[test]
fn the_rest_of_the_reference_data_has_the_fixtures_names() {
    let mut bench = Bench::open();
    bench.run_ms(3 * 3_600_000);
    let league = bench.markets(|_| true)[0]["leagueId"].clone();
    let fixtures = bench.get(&format!("/fixture/active?leagueId={league}"));
    Bench::assert_names(&fixtures[0], &data("v2_fixture_active.json")["data"][0], "fixture");
    Bench::assert_names(&bench.get("/leagues/active")[0], &data("v2_leagues_active.json")["data"][0], "league");
    assert_eq!(bench.get("/sports").as_array().unwrap().len(), 20);
    assert_eq!(bench.get("/markets/popular").as_array().unwrap().len(), 10);
    let id = fixtures[0]["eventId"].as_str().unwrap().to_owned();
    assert_eq!(bench.get(&format!("/fixture/status?sportXEventIds={id}"))[&id], fixtures[0]["status"]);
    let live = bench.get("/markets/active?liveOnly=true&pageSize=100")["markets"].clone();
    let id = live[0]["sportXeventId"].as_str().expect("something is being played").to_owned();
    let scores = bench.get(&format!("/live-scores?sportXEventIds={id}"));
    let mut names = data("v2_live_scores.json")["data"][0].clone();
    names.as_object_mut().unwrap().remove("sportXEventId");
    Bench::assert_names(&scores[0], &names, "score");
    let name = live[0]["teamOneName"].as_str().unwrap().replace(' ', "%20");
    assert!(!bench.get(&format!("/search?query={name}")).as_object().unwrap().is_empty());
}

#[test]
fn books_stand_on_the_ladder_best_first_and_never_cross() {
    let mut bench = Bench::open();
    let market = bench.market();
    let book = bench.get(&format!("/orderbook-v3/snapshot?marketHash={market}"));
    Bench::assert_names(&book, &data("v3_orderbook_snapshot.json")["data"], "book");
    let side = |name: &str| -> Vec<i128> {
        book[name].as_array().unwrap().iter().map(|l| l["percentageOdds"].as_str().unwrap().parse().unwrap()).collect()
    };
    let (one, two) = (side("outcomeOne"), side("outcomeTwo"));
    assert!(one.len() >= 2 && two.len() >= 2, "{book}");
    for levels in [&one, &two] {
        assert!(levels.iter().all(|p| p % RUNG == 0), "{book}");
        assert!(levels.windows(2).all(|w| w[0] > w[1]), "{book}");
    }
    assert!(one[0] + two[0] < crate::bench::ONE, "{book}");
    let turned = bench.get(&format!("/orderbook-v3/snapshot?marketHash={market}&showTakerPerspective=true"));
    let best: i128 = turned["outcomeOne"][0]["percentageOdds"].as_str().unwrap().parse().unwrap();
    assert_eq!(best, crate::bench::ONE - two[0]);
    let best = bench.get(&format!("/orders-v3/odds/best?marketHashes={market}"))["bestOdds"][0].clone();
    Bench::assert_names(&best, &data("rt_v3_best_odds.json")["push"]["pub"]["data"], "best");
    assert_eq!(best["outcomeOne"]["percentageOdds"], one[0].to_string());
}

#[test]
fn the_version_of_a_book_only_rises_and_compares_as_text() {
    let mut bench = Bench::with(crate::bench::CALM, |cfg| cfg.makers.pulled_permille = 200);
    let market = bench.market();
    let mut last = String::new();
    for _ in 0..20 {
        let book = bench.get(&format!("/orderbook-v3/snapshot?marketHash={market}"));
        let version = book["version"].as_str().unwrap().to_owned();
        assert_eq!(version.len(), 23);
        assert!(version >= last, "{version} after {last}");
        last = version;
        bench.run_ms(2_000);
    }
}

#[test]
fn who_has_no_key_reads_what_is_public_and_nothing_else() {
    let mut bench = Bench::open();
    let market = bench.market();
    let mut check = |key: Option<&str>, method: &str, target: &str, expect: (u16, &str)| {
        let (status, body) = bench.call_as(key, method, target, &Value::Null);
        let message = body["message"].as_str().unwrap_or_default().to_owned();
        assert_eq!((status, message.as_str()), expect, "{method} {target}");
    };
    check(None, "GET", "/metadata/obv3", (200, ""));
    check(None, "GET", &format!("/orderbook-v3/snapshot?marketHash={market}"), (200, ""));
    check(None, "GET", &format!("/trades-v3/public?marketHash={market}"), (200, ""));
    for target in
        ["/orders-v3", "/fills-v3", "/trades-v3", "/positions-v3", "/user/balance-v3", "/user/realtime-token-v3/api-key"]
    {
        check(None, "GET", target, (401, "BAD_AUTH"));
        check(Some(""), "GET", target, (401, "BAD_AUTH"));
        check(Some("key-9"), "GET", target, (401, "INVALID_USER"));
        check(Some("key-1"), "GET", target, (200, ""));
    }
    check(None, "GET", &format!("/orders-v3/odds/best?marketHashes={market}"), (401, "BAD_AUTH"));
    check(Some("key-1"), "GET", "/metadata", (400, "OrderBook V2 is no longer supported"));
    check(Some("key-1"), "POST", "/orders/fill/v2", (400, "OrderBook V2 is no longer supported"));
    check(Some("key-1"), "GET", "/nothing", (404, "Cannot GET /nothing"));
}

#[test]
fn a_gateway_lets_through_only_what_it_signed() {
    use ed25519_dalek::{Signer, SigningKey};
    let key = SigningKey::from_bytes(&[9; 32]);
    let public = key.verifying_key().to_bytes();
    let mut bench = Bench::with(CALM, |cfg| cfg.gateway_key = Some(public));
    let named = hex::encode(public);
    let mut check = |stamp: i64, signed: &str, target: &str, key_named: &str, expect: u16| {
        let text = format!("{stamp}GET{signed}");
        let signature = hex::encode(key.sign(text.as_bytes()).to_bytes());
        let stamp = stamp.to_string();
        let headers =
            [("x-request-key", key_named), ("x-request-signature", signature.as_str()), ("x-request-timestamp", stamp.as_str())];
        let request = bench.send("GET", target, &headers, b"");
        let reply = bench.wait(request).unwrap();
        assert_eq!(reply.1, expect, "{signed} for {target}");
        bench.now / 1_000
    };
    let now = crate::bench::START_MS;
    check(now, "/sports?a=1", "/sports?a=1", &named, 200);
    check(now, "/sports", "/sports?a=1", &named, 401);
    check(now, "/sports", "/sports", "00", 401);
    check(now - 120_000, "/sports", "/sports", &named, 401);
    let bare = bench.send("GET", "/sports", &[], b"");
    assert_eq!(bench.wait(bare).unwrap().1, 401);
}

#[test]
fn a_minute_has_so_many_requests_and_429_says_when_to_come_back() {
    let mut bench = Bench::with(CALM, |cfg| cfg.terms.reads_per_minute = 3);
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(bench.call("GET", "/user/fees-v3", &Value::Null).0);
    }
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    assert_eq!(bench.replies.values().last().unwrap().2, [("retry-after".to_owned(), "30".to_owned())]);
    bench.switch("retry_after", json!(false));
    bench.call("GET", "/user/fees-v3", &Value::Null);
    assert!(bench.replies.values().last().unwrap().2.is_empty());
    bench.run_ms(60_000);
    assert_eq!(bench.call("GET", "/user/fees-v3", &Value::Null).0, 200);
}
