//! What is published (sx.md section 11.1); the protocol itself has its tests beside the hub.

use crate::bench::{Ask, Bench, CALM, RUNG, data};
use serde_json::{Value, json};

#[test]
fn a_watched_book_is_told_whole_with_rising_versions_and_agrees_with_rest() {
    let mut bench = Bench::with(CALM, |cfg| cfg.makers.pulled_permille = 150);
    let market = bench.market();
    bench.connect(1);
    let channel = format!("orderbook_v3:{market}");
    bench.subscribe(1, &channel);
    bench.run_ms(30_000);
    let told = bench.published(1, &channel);
    assert!(told.len() >= 5, "{}", told.len());
    Bench::assert_names(&told[0].1, &data("rt_v3_orderbook.json")["push"]["pub"]["data"], "book");
    let versions: Vec<&str> = told.iter().map(|(_, b)| b["version"].as_str().unwrap()).collect();
    assert!(versions.windows(2).all(|w| w[0] < w[1]), "{versions:?}");
    let rest = bench.get(&format!("/orderbook-v3/snapshot?marketHash={market}"));
    let last = bench.published(1, &channel).pop().unwrap().1;
    assert_eq!(last, rest);
    let event = rest["eventId"].as_str().unwrap().to_owned();
    bench.subscribe(1, &format!("orderbook_v3_event:{event}"));
    bench.run_ms(10_000);
    let of_event = bench.published(1, &format!("orderbook_v3_event:{event}"));
    let hashes: std::collections::BTreeSet<String> = of_event.iter().map(|(_, b)| b["marketHash"].to_string()).collect();
    assert!(hashes.len() > 5, "{hashes:?}");
}

#[test]
fn best_odds_tape_and_account_channels_tell_a_bet() {
    let mut bench = Bench::open();
    let market = bench.market();
    let me = bench.me.address().to_string();
    let [orders, fills] = ["orders", "fills"].map(|k| format!("account:{k}_v3_#{me}"));
    bench.connect(1);
    for channel in ["best_odds_v3:global", "recent_trades_v3:global", "markets:global", &orders, &fills] {
        bench.subscribe(1, channel);
    }
    let ask = bench.take_best(&market, true, 5_000_000, "FOK");
    let answered = {
        bench.bet(&ask);
        bench.now
    };
    bench.run_ms(5_000);
    let best = bench.published(1, "best_odds_v3:global");
    Bench::assert_names(&best[0].1, &data("rt_v3_best_odds.json")["push"]["pub"]["data"], "best");
    let tape = bench.published(1, "recent_trades_v3:global");
    Bench::assert_names(&tape[0].1["trade"], &data("rt_v3_recent_trade.json")["push"]["pub"]["data"]["trade"], "trade");
    let states: Vec<Value> = bench.published(1, &orders).into_iter().map(|(_, r)| r["status"].clone()).collect();
    assert_eq!(states, [json!("INACTIVE")]);
    let told = bench.published(1, &fills);
    let states: Vec<&str> = told.iter().map(|(_, r)| r["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["MATCHED", "LOCKED"]);
    assert!(told[1].0 - told[0].0 >= 1_000_000, "locked after {} us", told[1].0 - told[0].0);
    assert!(told[0].0 <= answered + 100_000);
}

#[test]
fn rows_come_bare_wrapped_or_in_an_array_doubled_late_or_not_at_all() {
    fn check(prepare: fn(&mut Bench), look: fn(&[(i64, Value)], i64)) {
        let mut bench = Bench::open();
        let market = bench.market();
        let channel = format!("account:orders_v3_#{}", bench.me.address());
        bench.connect(1);
        bench.subscribe(1, &channel);
        prepare(&mut bench);
        let ask = bench.take_best(&market, true, 2_000_000, "FOK");
        bench.bet(&ask);
        let answered = bench.now;
        bench.run_ms(3_000);
        look(&bench.published(1, &channel), answered);
    }
    check(|_| {}, |told, _| assert!(told.len() == 1 && told[0].1["id"].is_string(), "{told:?}"));
    check(|b| b.switch("rows", json!("wrapped")), |told, _| assert!(told[0].1["order"]["id"].is_string(), "{told:?}"));
    check(|b| b.switch("rows", json!("array")), |told, _| assert!(told[0].1[0]["id"].is_string(), "{told:?}"));
    check(|b| b.fault("duplicate_events", json!({})), |told, _| assert_eq!(told.len(), 2));
    check(|b| b.fault("silence_events", json!({})), |told, _| assert!(told.is_empty(), "{told:?}"));
    check(|b| b.fault("late_events", json!({ "ms": 900 })), |told, at| assert!(told[0].0 > at + 800_000, "{told:?}"));
    check(|b| b.fault("event_before_answer", json!({})), |told, at| assert!(told[0].0 < at - 50_000, "{told:?}"));
}

#[test]
fn nobody_reads_anothers_account_or_a_channel_that_is_not() {
    let mut bench = Bench::open();
    bench.connect(1);
    let mut check = |channel: &str, code: i64| {
        bench.frames.clear();
        bench.subscribe(1, channel);
        let text = bench.frames.iter().map(|(.., t)| t.as_str()).collect::<String>();
        let got: Value = serde_json::from_str(text.lines().next().expect("an answer")).unwrap();
        assert_eq!(got["error"]["code"], code, "{channel}: {got}");
    };
    let other = bench_address(2);
    check(&format!("account:orders_v3_#{other}"), 103);
    check(&format!("orderbook_v3:0x{}", "9".repeat(64)), 102);
    check("orderbook_v3_event:L1", 102);
    check("account:something", 102);
    check("active_orders:all", 102);
}

fn bench_address(n: u8) -> String {
    crate::bench::Who::new(n).address().to_string()
}

#[test]
fn fixtures_markets_main_lines_and_scores_are_told_when_they_change() {
    let mut bench = Bench::open();
    bench.connect(1);
    for channel in ["fixtures:global", "markets:global", "main_line:global", "fixtures:live_scores"] {
        bench.subscribe(1, channel);
    }
    let alternate = bench.markets(|m| m["type"] == 2 && m["mainLine"] == false)[0]["marketHash"].clone();
    bench.fault("main_line", json!({ "market": alternate }));
    for _ in 0..1_100 {
        bench.run_ms(7_000);
        bench.say(1, "{}");
    }
    let main = bench.published(1, "main_line:global");
    Bench::assert_names(&main[0].1, &json!({ "marketHash": "", "marketType": 2, "sportXeventId": "" }), "main line");
    assert!(bench.published(1, "fixtures:global").iter().any(|(_, f)| f["status"] == 2));
    assert!(bench.published(1, "markets:global").iter().any(|(_, m)| m[0]["marketHash"].is_string()));
    assert!(!bench.published(1, "fixtures:live_scores").is_empty());
}

#[test]
fn a_lost_connection_recovers_the_account_or_says_that_it_cannot() {
    for recoverable in [true, false] {
        let mut bench = Bench::with(CALM, |cfg| cfg.switches.account_recoverable = recoverable);
        let channel = format!("account:fills_v3_#{}", bench.me.address());
        bench.connect(1);
        bench.subscribe(1, &channel);
        let reply = bench.frames.iter().flat_map(|(.., t)| t.lines()).find(|l| l.contains("\"id\":2")).unwrap().to_owned();
        let reply: Value = serde_json::from_str(&reply).unwrap();
        assert_eq!(reply["subscribe"]["recoverable"].as_bool().unwrap_or(false), recoverable, "{reply}");
        let mut out = Vec::new();
        venue_sim::VenueSim::on_disconnect(&mut bench.sim, 1, venue_sim::SimNow(bench.now), &mut out);
        let market = bench.market();
        let ask: Ask = bench.take_best(&market, true, 2_000_000, "FOK");
        bench.bet(&Ask { p: ask.p + RUNG, ..ask });
        bench.run_ms(5_000);
        bench.connect(2);
        let (epoch, offset) = (reply["subscribe"]["epoch"].clone(), reply["subscribe"]["offset"].as_u64().unwrap_or(0));
        let again = json!({ "id": 7, "subscribe": { "channel": channel, "recover": true, "epoch": epoch, "offset": offset } });
        bench.say(2, &again.to_string());
        let reply = bench.frames.iter().flat_map(|(.., t)| t.lines()).find(|l| l.contains("\"id\":7")).unwrap();
        let reply: Value = serde_json::from_str(reply).unwrap();
        let told = reply["subscribe"]["publications"].as_array().map_or(0, Vec::len);
        assert_eq!((reply["subscribe"]["recovered"] == true, told), if recoverable { (true, 2) } else { (false, 0) }, "{reply}");
    }
}
