//! What the venue does of its own accord: positions taken, markets changed and ended, fees, states; and the faults of a
//! fill's own event.

use serde_json::{Value, json};

use crate::bench::*;

/// A trader who is long 0.5 and short of nothing, with a private connection whose past is forgotten.
fn long() -> (Bench, Trader, u64) {
    let mut b = Bench::new();
    let t = b.trader();
    let conn = b.private(&t);
    let order = b.order(&t, "BUY", "0.5", "3200", "IOC");
    b.rest(&t, "POST", "/v1/orders", &order);
    b.run_ms(100);
    b.log.clear();
    (b, t, conn)
}

fn n(v: &Value, k: &str) -> i64 {
    e8(v[k].as_str().unwrap())
}

fn held(b: &mut Bench, t: &Trader) -> String {
    b.read(t, "/v1/positions")["results"][0]["size"].as_str().unwrap().to_owned()
}

fn last_fill(b: &mut Bench, t: &Trader) -> Value {
    b.read(t, "/v1/fills")["results"][0].clone()
}

/// Cash is the start balance and what the fills say: profit, funding, minus fees.
fn cash_follows_from_the_fills(b: &mut Bench, t: &Trader) {
    let fills = b.read(t, "/v1/fills?page_size=1000")["results"].as_array().unwrap().clone();
    let moved: i64 = fills.iter().map(|f| n(f, "realized_pnl") + n(f, "realized_funding") - n(f, "fee")).sum();
    assert_eq!(n(&b.read(t, "/v1/balance")["results"][0], "size"), e8("100000") + moved);
    let sum: i64 = fills.iter().map(|f| if f["side"] == "BUY" { n(f, "size") } else { -n(f, "size") }).sum();
    assert_eq!(e8(&held(b, t)), sum);
}

#[test]
fn liquidate_takes_the_position_cancels_orders_and_shows_it_everywhere() {
    let (mut b, t, conn) = long();
    b.switch("funding_rate_8h_e8", json!(1_000_000));
    let resting = b.order(&t, "BUY", "0.1", "3000", "GTC");
    b.rest(&t, "POST", "/v1/orders", &resting);
    let trades = b.connect(Some(2));
    b.subscribe(trades, &format!("trades.{ETH}"));
    b.run_ms(10_000);
    b.fault("liquidate", json!({"symbol": ETH, "share_bps": 5_000}));
    b.run_ms(100);
    let fills = b.told(conn, "fills.");
    let [(_, fill)] = &fills[..] else { panic!("{fills:?}") };
    assert_eq!([&fill["fill_type"], &fill["side"], &fill["size"]], [&json!("LIQUIDATION"), &json!("SELL"), &json!("0.25")]);
    assert_eq!((fill["client_id"].as_str(), fill["order_id"].as_str().map(str::len)), (Some(""), Some(28)));
    assert!(n(fill, "fee") > 0 && n(fill, "realized_funding") < 0, "{fill}");
    assert_eq!(b.life(conn).last().unwrap(), "CLOSED 0.1 IN_LIQUIDATION");
    assert_eq!(b.told(conn, "positions").last().unwrap().1["size"], "0.25");
    assert!(b.told(conn, "account").iter().all(|(_, a)| a["status"] == "LIQUIDATION"));
    assert_eq!(&last_fill(&mut b, &t), fill, "REST lists the same");
    let kinds: Vec<u8> = b.frames(trades, 1).iter().map(|f| f[8 + 49]).collect();
    assert!(kinds.contains(&2), "{kinds:?}");
    let order = b.order(&t, "BUY", "0.1", "3200", "IOC");
    b.rest(&t, "POST", "/v1/orders", &order);
    b.run_ms(50);
    assert_eq!(b.life(conn).last().unwrap(), "CLOSED 0.1 IN_LIQUIDATION");
    b.run_ms(6_000);
    assert_eq!(b.told(conn, "account").last().unwrap().1["status"], "ACTIVE");
    cash_follows_from_the_fills(&mut b, &t);
}

#[test]
fn a_liquidated_account_says_so_in_binary_too() {
    let (mut b, t, _) = long();
    let conn = b.connect(Some(2));
    b.rpc(conn, "auth", json!({"bearer": t.token}));
    for channel in ["account", "fills.ALL", "positions"] {
        b.subscribe(conn, channel);
    }
    b.fault("liquidate", json!({}));
    b.run_ms(100);
    assert_eq!(b.frames(conn, 23)[0][8 + 112], 2);
    assert_eq!(b.frames(conn, 21)[0][8 + 16], 2, "fill type LIQUIDATION");
    assert_eq!(b.frames(conn, 22)[0][8 + 153], 2, "position CLOSED");
    b.run_ms(5_100);
    assert_eq!(b.frames(conn, 23).last().unwrap()[8 + 112], 1);
}

#[test]
fn deleverage_transfers_the_position_at_the_mark_without_fee_or_book() {
    let (mut b, t, conn) = long();
    b.fault("deleverage", json!({"ms": 200}));
    b.run_ms(150);
    assert_eq!(held(&mut b, &t), "0.5", "not yet");
    b.run_ms(100);
    let fill = last_fill(&mut b, &t);
    assert_eq!([&fill["fill_type"], &fill["size"], &fill["fee"]], [&json!("UNWIND_TRANSFER"), &json!("0.5"), &json!("0")]);
    assert_eq!((&fill["order_id"], &fill["orderbook_seq_no"]), (&json!(""), &json!(0)));
    assert_eq!(b.told(conn, "positions").last().unwrap().1["status"], "CLOSED");
    b.run_ms(5_000);
    assert_eq!(b.told(conn, "fills.").len(), 1, "once");
    cash_follows_from_the_fills(&mut b, &t);
}

#[test]
fn delist_announces_the_end_settles_and_then_knows_the_market_no_more() {
    let (mut b, t, conn) = long();
    let public = b.connect(Some(2));
    b.subscribe(public, &format!("markets.{ETH}"));
    b.fault("delist", json!({"symbol": ETH, "ms": 3_000}));
    b.run_ms(0);
    let expiry = b.now / 1_000 + 3_000;
    b.run_ms(100);
    assert_eq!(b.get("/v1/markets")["results"][0]["expiry_at"], expiry);
    let order = b.order(&t, "SELL", "0.1", "3000", "IOC");
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &order).0, 201, "open to the end");
    b.run_ms(3_100);
    let events: Vec<Value> = b.told(public, "markets.").iter().map(|(_, v)| v["event_type"].clone()).collect();
    assert_eq!(events, ["UPDATED", "SETTLED", "DELETED"]);
    let listed = b.get("/v1/markets")["results"].as_array().unwrap().len();
    assert_eq!(listed, 1, "the other one");
    let fill = last_fill(&mut b, &t);
    assert_eq!([&fill["fill_type"], &fill["size"]], [&json!("SETTLE_MARKET"), &json!("0.4")]);
    assert_eq!(b.told(conn, "fills.").len(), 2);
    let order = b.order(&t, "BUY", "0.1", "3200", "IOC");
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &order).1["error"], "MARKET_NOT_FOUND");
    cash_follows_from_the_fills(&mut b, &t);
    b.clear("delist");
    let order = b.order(&t, "BUY", "0.1", "3200", "IOC");
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &order).0, 201);
    assert_eq!(b.get("/v1/markets")["results"][0]["expiry_at"], 0);
}

#[test]
fn change_spec_refuses_the_old_grid_at_once() {
    let (mut b, t, conn) = long();
    let public = b.connect(Some(2));
    b.subscribe(public, "markets");
    b.fault("change_spec", json!({"symbol": ETH, "tick": "0.5", "step": "0.1", "min_notional": "1000"}));
    let refused = |b: &mut Bench, size: &str, price: &str| {
        let order = b.order(&t, "BUY", size, price, "IOC");
        b.rest(&t, "POST", "/v1/orders", &order).1["error"].clone()
    };
    assert_eq!(refused(&mut b, "0.05", "3200"), "INVALID_ORDER_SIZE");
    assert_eq!(refused(&mut b, "0.1", "3200.01"), "VALIDATION_ERROR");
    assert_eq!(refused(&mut b, "0.1", "3200.5"), Value::Null);
    b.run_ms(100);
    assert_eq!(b.life(conn).last().unwrap(), "CLOSED 0.1 ORDER_SIZE_BELOW_MIN");
    let [bid, _, ask, _] = b.top();
    assert!(e8(&bid) % e8("0.5") == 0 && e8(&ask) % e8("0.5") == 0, "the makers follow: {bid} {ask}");
    let market = b.get("/v1/markets")["results"][0].clone();
    assert_eq!([&market["price_tick_size"], &market["order_size_increment"]], [&json!("0.5"), &json!("0.1")]);
    assert_eq!(b.told(public, "markets").last().unwrap().1["changed_fields"]["price_tick_size"], "0.5");
    b.clear("change_spec");
    assert_eq!(refused(&mut b, "0.05", "3200.01"), Value::Null);
}

#[test]
fn maintenance_has_the_documented_phases() {
    fn check(parameters: Value, status: &str, error: &str) {
        let (mut b, t, _) = long();
        b.fault("maintenance", parameters);
        assert_eq!(b.get("/v1/system/state")["status"], status);
        let order = b.order(&t, "BUY", "0.1", "3200", "IOC");
        assert_eq!(b.rest(&t, "POST", "/v1/orders", &order).1["error"], error);
        b.clear("maintenance");
        assert_eq!(b.get("/v1/system/state")["status"], "ok");
    }
    check(json!({}), "maintenance", "MARKET_NOT_OPEN");
    check(json!({"code": "cancel_only"}), "cancel_only", "SYSTEM_STATUS_CANCEL_ONLY");
    check(json!({"code": "post_only"}), "post_only", "SYSTEM_STATUS_POST_ONLY");
}

#[test]
fn fee_tier_changes_the_accounts_rate_and_what_its_fills_pay() {
    let (mut b, t, _) = long();
    b.fault("fee_tier", json!({"taker_rate": "0.00035"}));
    let fees = b.read(&t, "/v1/account/info")["results"][0]["fees"].clone();
    assert_eq!([&fees["taker_rate"], &fees["maker_rate"]], [&json!("0.00035"), &json!("0.00003")]);
    let order = b.order(&t, "SELL", "0.01", "3000", "IOC");
    b.rest(&t, "POST", "/v1/orders", &order);
    let fill = last_fill(&mut b, &t);
    let exact = i128::from(n(&fill, "size")) * i128::from(n(&fill, "price")) * 35_000;
    assert_eq!(i128::from(n(&fill, "fee")), (exact + 9_999_999_999_999_999) / 10_000_000_000_000_000);
    let listed = b.get("/v1/markets")["results"][0]["fee_config"]["api_fee"]["taker_fee"]["fee"].clone();
    assert_eq!(listed, "0.00045", "the schedule stays");
    cash_follows_from_the_fills(&mut b, &t);
}

#[test]
fn late_fill_event_comes_after_the_close_and_duplicate_fill_comes_twice() {
    let (mut b, t, conn) = long();
    b.fault("late_fill_event", json!({"ms": 500, "count": 1, "late": true}));
    b.fault("duplicate_fill", json!({"ms": 900, "count": 1}));
    let order = b.order(&t, "SELL", "0.1", "3000", "IOC");
    b.rest(&t, "POST", "/v1/orders", &order);
    b.run_ms(100);
    assert_eq!(b.life(conn).last().unwrap(), "CLOSED 0");
    assert!(b.told(conn, "fills.").is_empty());
    assert_eq!(last_fill(&mut b, &t)["side"], "BUY", "REST does not list it either");
    b.run_ms(500);
    assert_eq!((b.told(conn, "fills.").len(), last_fill(&mut b, &t)["side"].as_str()), (1, Some("SELL")));
    b.run_ms(500);
    let fills = b.told(conn, "fills.");
    assert_eq!((fills.len(), &fills[0].1["id"]), (2, &fills[1].1["id"]));
    cash_follows_from_the_fills(&mut b, &t);
}

#[test]
fn refuse_all_spares_no_order_and_silence_says_nothing_while_sockets_stay_open() {
    let (mut b, t, conn) = long();
    b.fault("refuse_all", json!({"code": "MARKET_NOT_OPEN"}));
    for (side, flags) in [("BUY", json!([])), ("SELL", json!(["REDUCE_ONLY"]))] {
        let order = b.order_with(&t, side, "0.1", "3100", "IOC", json!({"flags": flags}));
        assert_eq!(b.rest(&t, "POST", "/v1/orders", &order).1["error"], "MARKET_NOT_OPEN");
    }
    b.clear("refuse_all");
    b.log.clear();
    b.fault("silence", json!({}));
    let order = b.order(&t, "SELL", "0.1", "3000", "IOC");
    b.call(conn, "order.create", order.clone());
    let request = b.post("GET", "/v1/system/time", &[], "");
    b.run_ms(31_000);
    assert!(b.told(conn, "").is_empty() && b.hung(request) && b.closed(conn).is_none());
    b.clear("silence");
    assert_eq!(held(&mut b, &t), "0.4", "it was taken all the same");
}

#[test]
fn margin_is_refused_by_the_initial_margin_of_the_market() {
    let mut c = config();
    c.start_balance = e8("62.5");
    let mut b = Bench::with(c);
    let t = b.trader();
    let conn = b.private(&t);
    // 2 % of 1 x about 3100 is 62: one fits, and not a tenth more.
    for (size, expect) in [("1.1", "CLOSED 1.1 NOT_ENOUGH_MARGIN"), ("1", "OPEN 1")] {
        let order = b.order(&t, "BUY", size, "3000", "GTC");
        b.rest(&t, "POST", "/v1/orders", &order);
        b.run_ms(50);
        assert_eq!(b.life(conn).last().unwrap(), expect);
    }
}

#[test]
fn a_wrong_parameter_is_named() {
    use venue_sim::VenueSim;
    let mut b = Bench::new();
    let mut refused = |name: &str, p: Value| b.sim.set_fault(name, &p).unwrap_err();
    assert_eq!(refused("liquidate", json!({"symbol": "XYZ"})), "fault liquidate: there is no market XYZ");
    assert!(refused("change_spec", json!({"tick": "0"})).contains("tick cannot be"));
    assert!(refused("fee_tier", json!({"taker_rate": "1e-4"})).contains("taker_rate cannot be"));
    assert!(refused("late_fill_event", json!({})).contains("needs ms"));
}
