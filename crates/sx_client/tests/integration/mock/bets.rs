//! A bet's way: prepared, sent once, answered or lost, asked about, matched, locked or failed.

use super::venue::{ADDRESS, Venue, fill, fills, row, settled, spec};
use domain::{BetSpec, BetStatus, MarketId, Odds, OrderId, Outcome, RoundId, Stake, TimeInForce};
use venue_api::{BetClient, BetNews, KnownBet, PrepareError, Reply};

#[test]
fn a_bet_that_cannot_be_placed_as_wanted_does_not_leave() {
    let mut venue = Venue::ready();
    let now = venue.now();
    let good = spec(TimeInForce::Fok, now);
    let mut check = |spec: BetSpec, expect: &str| {
        let error = venue.with(|client, now, _| client.prepare(spec, now)).expect_err(expect).to_string();
        assert!(error.contains(expect), "{error}");
    };
    check(BetSpec { stake: Stake::from_e6(999_999), ..good.clone() }, "minimum");
    check(BetSpec { market: MarketId([1; 32]), ..good.clone() }, "is not known");
    check(BetSpec { expires: now.wall.plus_ms(16_000), ..good.clone() }, "too early");
    check(BetSpec { outcome: Outcome(3), ..good.clone() }, "neither one nor two");
    check(BetSpec { odds_min: Odds::from_ratio(5_000, 1).expect("odds"), ..good.clone() }, "no rung");
    check(BetSpec { venue: domain::VenueId::new("azuro"), ..good }, "the bet is for azuro");
}

#[test]
fn a_bet_goes_from_pending_over_matched_to_accepted() {
    let mut venue = Venue::ready();
    let prepared = venue.prepared(TimeInForce::Fok);
    let (id, order) = (prepared.spec.id, prepared.key.key.clone());
    assert_eq!(order.len(), 66);
    venue.with(|client, now, out| client.send(prepared, now, out));
    assert_eq!(venue.status(id), Some(BetStatus::Pending));
    let entry = format!(
        r#"{{"data":{{"orders":[{{"orderId":"{order}","status":"SUBMITTED","outcome":{{"state":"FULLY_FILLED","fillAmount":"5000000"}}}}]}}}}"#
    );
    let body = venue.answer("POST /orders-v3", 200, &entry);
    assert!(
        body.contains(r#""percentageOdds":"47500000000000000000""#) && body.contains(r#""clientOrderId":"b4-1-1-ae1""#),
        "{body}"
    );
    assert!(body.contains(&format!(r#""maker":"{ADDRESS}""#)), "{body}");
    assert_eq!(venue.status(id), Some(BetStatus::Matched));
    let channel = format!("account:fills_v3_#{ADDRESS}");
    venue.publish(&channel, &fill(&order, "f1", 5_000_000, "MATCHED"), 11);
    assert_eq!(venue.status(id), Some(BetStatus::Matched));
    venue.publish(&channel, &format!("[{}]", fill(&order, "f1", 5_000_000, "LOCKED")), 12);
    assert_eq!(venue.status(id), Some(BetStatus::Accepted));
    let told: Vec<BetStatus> =
        venue.news.iter().filter_map(|n| if let BetNews::Bet(report) = n { Some(report.status) } else { None }).collect();
    assert_eq!(told, [BetStatus::Pending, BetStatus::Matched, BetStatus::Matched, BetStatus::Accepted]);
}

#[test]
fn an_answer_that_is_lost_is_asked_for_by_the_id_and_the_order_is_never_sent_again() {
    for lost in ["timeout", "5xx", "429", "garbage", "another order"] {
        let mut venue = Venue::ready();
        let prepared = venue.prepared(TimeInForce::Fok);
        let (id, order) = (prepared.spec.id, prepared.key.key.clone());
        venue.with(|client, now, out| client.send(prepared, now, out));
        match lost {
            "timeout" => venue.lose("POST /orders-v3"),
            "5xx" => drop(venue.answer("POST /orders-v3", 502, "")),
            "429" => drop(venue.answer("POST /orders-v3", 429, "")),
            "garbage" => drop(venue.answer("POST /orders-v3", 200, "<html>")),
            _ => drop(venue.answer(
                "POST /orders-v3",
                200,
                r#"{"data":{"orders":[{"orderId":"0xother","status":"FAILED","reason":"X"}]}}"#,
            )),
        }
        assert!(matches!(venue.news.last(), Some(BetNews::Unknown { .. })), "{lost}: {:?}", venue.news);
        assert_eq!(venue.status(id), Some(BetStatus::Pending), "{lost}");
        venue.wait(if lost == "429" { 31_000 } else { 300 });
        venue.answer("GET /orders-v3/0x", 404, r#"{"message":"Order not found","statusCode":404}"#);
        venue.answer("GET /fills-v3", 200, r#"{"data":{"fills":[]}}"#);
        assert_eq!(venue.status(id), Some(BetStatus::Pending), "{lost}: not found before the expiry proves nothing");
        venue.wait(1_000);
        venue.answer("GET /orders-v3/0x", 200, &row(&order, "INACTIVE", "\"FILLED\"", 0));
        venue.answer("GET /fills-v3", 200, &format!(r#"{{"data":{{"fills":[{}]}}}}"#, fill(&order, "f1", 5_000_000, "LOCKED")));
        assert_eq!(venue.status(id), Some(BetStatus::Accepted), "{lost}");
        assert!(!venue.is_asked("POST /orders-v3"), "{lost}");
    }
}

#[test]
fn an_order_that_the_venue_does_not_know_is_dead_only_after_its_expiry() {
    let mut venue = Venue::ready();
    let prepared = venue.prepared(TimeInForce::Ioc);
    let id = prepared.spec.id;
    venue.with(|client, now, out| client.send(prepared, now, out));
    venue.lose("POST /orders-v3");
    let mut rounds = 0;
    while venue.status(id) == Some(BetStatus::Pending) {
        venue.wait(1_000);
        assert!(venue.ms < 120_000, "it ends");
        if venue.is_asked("GET /orders-v3/0x") {
            venue.answer("GET /orders-v3/0x", 404, r#"{"message":"Order not found"}"#);
            venue.answer("GET /fills-v3", 200, r#"{"data":{"fills":[]}}"#);
            rounds += 1;
        }
    }
    assert_eq!(venue.status(id), Some(BetStatus::Refused));
    assert!(venue.ms > 65_000 && rounds > 5, "{} ms, {rounds} questions", venue.ms);
}

#[test]
fn an_order_that_ended_with_nothing_is_refused_only_by_fills_read_well_after_its_end() {
    let mut venue = Venue::ready();
    let prepared = venue.prepared(TimeInForce::Ioc);
    let (id, order) = (prepared.spec.id, prepared.key.key.clone());
    venue.with(|client, now, out| client.send(prepared, now, out));
    venue.lose("POST /orders-v3");
    let end = row(&order, "INACTIVE", "\"NO_LIQUIDITY\"", 5_000_000);
    venue.wait(300);
    venue.answer("GET /orders-v3/0x", 200, &end);
    venue.answer("GET /fills-v3", 200, r#"{"data":{"fills":[]}}"#);
    assert_eq!(venue.status(id), Some(BetStatus::Pending), "the fills may not be indexed yet");
    let mut rounds = 0;
    while venue.status(id) == Some(BetStatus::Pending) {
        venue.wait(500);
        rounds += 1;
        assert!(rounds < 40, "it ends");
        if venue.is_asked("GET /orders-v3/0x") {
            venue.answer("GET /orders-v3/0x", 200, &end);
            venue.answer("GET /fills-v3", 200, r#"{"data":{"fills":[]}}"#);
        }
    }
    assert_eq!(venue.status(id), Some(BetStatus::Refused));
}

#[test]
fn a_refusal_in_the_venues_own_words_is_final_and_what_never_left_too() {
    let mut venue = Venue::ready();
    let prepared = venue.prepared(TimeInForce::Fok);
    let id = prepared.spec.id;
    venue.with(|client, now, out| client.send(prepared, now, out));
    venue.answer("POST /orders-v3", 400, r#"{"message":"MATCH_STATE_INVALID","statusCode":400}"#);
    assert_eq!(
        (venue.status(id), venue.client.bet(id).map(|b| b.reason().to_owned())),
        (Some(BetStatus::Refused), Some("MATCH_STATE_INVALID".to_owned()))
    );
    let mut venue = Venue::ready();
    let prepared = venue.prepared(TimeInForce::Fok);
    venue.with(|client, now, out| client.send(prepared, now, out));
    let (request, ..) = venue.asked.pop().expect("the order");
    venue.with(|client, now, out| client.on_reply(request, Reply::NotSent("no connection"), now, out));
    assert_eq!(venue.status(id), Some(BetStatus::Refused));
}

#[test]
fn a_bet_of_an_earlier_life_is_asked_about_and_what_is_nobodys_is_told() {
    let mut venue = Venue::ready();
    let prepared = venue.prepared(TimeInForce::Fok);
    let order = prepared.key.key.clone();
    let known = KnownBet { spec: prepared.spec.clone(), key: prepared.key.clone(), facts: vec![r#""sent""#.to_owned()] };
    let id = prepared.spec.id;
    let mut venue = Venue::ready();
    venue.with(|client, now, out| client.adopt(known, now, out)).expect("taken over");
    venue.wait(300);
    venue.answer("GET /orders-v3/0x", 200, &row(&order, "INACTIVE", "\"EXPIRED\"", 3_000_000));
    venue.answer("GET /fills-v3", 200, &format!(r#"{{"data":{{"fills":[{}]}}}}"#, fill(&order, "f1", 2_000_000, "LOCKED")));
    assert_eq!(venue.status(id), Some(BetStatus::Partial));
    venue.publish(&format!("account:fills_v3_#{ADDRESS}"), &fill("0xabcdef", "f9", 1, "LOCKED"), 11);
    assert!(matches!(venue.news.last(), Some(BetNews::Foreign { .. })));
}

#[test]
fn the_heartbeat_is_armed_before_an_order_may_rest_renewed_and_disarmed() {
    let mut venue = Venue::ready();
    let prepared = venue.prepared(TimeInForce::Gtc);
    let order = prepared.key.key.clone();
    venue.with(|client, now, out| client.send(prepared, now, out));
    let lines: Vec<&str> = venue.asked.iter().map(|(_, line, _)| line.as_str()).filter(|line| line.starts_with("POST")).collect();
    assert_eq!(lines, ["POST /heartbeat/v3", "POST /orders-v3"]);
    assert_eq!(
        venue.answer("POST /heartbeat", 200, r#"{"data":{"expiresAt":"2026-11-21T00:00:00Z"}}"#),
        r#"{"timeoutSeconds":60}"#
    );
    venue.answer("POST /orders-v3", 200, &format!(r#"{{"data":{{"orders":[{{"orderId":"{order}","status":"SUBMITTED"}}]}}}}"#));
    venue.wait(20_000);
    venue.news.clear();
    venue.answer("POST /heartbeat", 500, "");
    assert!(matches!(venue.news.last(), Some(BetNews::HeartbeatMissed { .. })), "{:?}", venue.news);
    let gone = row(&order, "INACTIVE", "\"HEARTBEAT_TIMEOUT\"", 5_000_000);
    let gone = gone.strip_prefix(r#"{"data":"#).and_then(|g| g.strip_suffix('}')).expect("the row").to_owned();
    venue.publish(&format!("account:orders_v3_#{ADDRESS}"), &gone, 11);
    venue.wait(20_000);
    let bodies: Vec<&str> =
        venue.asked.iter().filter(|(_, line, _)| line.starts_with("POST /heartbeat")).map(|(.., body)| body.as_str()).collect();
    assert_eq!(bodies, [r#"{"timeoutSeconds":0}"#]);
}

#[test]
fn an_accepted_bet_is_asked_about_until_it_is_paid_or_called_off() {
    for (outcome, returned, expect) in
        [(1, 10_526_315, BetStatus::Settled), (2, 0, BetStatus::Settled), (0, 5_000_000, BetStatus::Void)]
    {
        let mut venue = Venue::ready();
        let (id, order) = venue.placed(TimeInForce::Fok, r#"{"state":"FULLY_FILLED","fillAmount":"5000000"}"#);
        venue.answer("GET /orders-v3/0x", 200, &row(&order, "INACTIVE", "\"FILLED\"", 0));
        venue.answer("GET /fills-v3", 200, &fills(&[fill(&order, "f1", 5_000_000, "LOCKED")]));
        assert_eq!(venue.status(id), Some(BetStatus::Accepted));
        let accepted = venue.reports().pop().expect("a report");
        assert_eq!(
            (accepted.taken, accepted.returns, accepted.paid),
            (Stake::from_e6(5_000_000), Stake::from_e6(10_526_315), None)
        );
        venue.asked.clear();
        venue.wait(50_000);
        assert!(!venue.is_asked("GET /fills-v3"), "slowly");
        venue.wait(11_000);
        venue.answer("GET /fills-v3", 200, &fills(&[fill(&order, "f1", 5_000_000, "LOCKED")]));
        venue.wait(61_000);
        venue.answer("GET /fills-v3", 200, &fills(&[settled(&order, "f1", 5_000_000, outcome, returned)]));
        let last = venue.reports().pop().expect("a report");
        assert_eq!((last.status, last.paid), (expect, Some(Stake::from_e6(returned))));
        venue.asked.clear();
        venue.wait(600_000);
        assert!(!venue.is_asked("GET /fills-v3") && !venue.is_asked("GET /orders-v3"), "{:?}", venue.asked);
    }
}

#[test]
fn what_was_matched_can_fail_on_chain_in_whole_or_in_part() {
    let mut venue = Venue::ready();
    let (id, order) = venue.placed(TimeInForce::Fok, r#"{"state":"FULLY_FILLED","fillAmount":"5000000"}"#);
    let channel = format!("account:fills_v3_#{ADDRESS}");
    let before = venue.reports().pop().expect("a report");
    // No fill is known yet: what it returns is reckoned at the limit.
    assert_eq!((before.status, before.returns), (BetStatus::Matched, Stake::from_e6(10_526_315)));
    venue.publish(&channel, &fill(&order, "f1", 2_000_000, "LOCKED"), 11);
    venue.publish(&channel, &fill(&order, "f2", 3_000_000, "MATCHED"), 12);
    assert_eq!(venue.status(id), Some(BetStatus::Matched));
    venue.publish(&channel, &fill(&order, "f2", 3_000_000, "FAILED"), 13);
    let after = venue.reports().pop().expect("a report");
    assert_eq!(
        (after.status, after.taken, after.returns),
        (BetStatus::Partial, Stake::from_e6(2_000_000), Stake::from_e6(4_210_526))
    );
    let mut venue = Venue::ready();
    let (id, order) = venue.placed(TimeInForce::Fok, r#"{"state":"FULLY_FILLED","fillAmount":"5000000"}"#);
    venue.publish(&channel, &fill(&order, "f1", 5_000_000, "FAILED"), 11);
    assert_eq!((venue.status(id), venue.reports().pop().map(|r| r.taken)), (Some(BetStatus::Refused), Some(Stake::default())));
}

#[test]
fn fills_are_asked_for_by_date_where_the_venue_refuses_the_question_by_order() {
    let mut venue = Venue::ready();
    let (id, order) = venue.placed(TimeInForce::Fok, r#"{"state":"FULLY_FILLED","fillAmount":"5000000"}"#);
    venue.answer("GET /orders-v3/0x", 200, &row(&order, "INACTIVE", "\"FILLED\"", 0));
    venue.answer("GET /fills-v3?orderId", 400, r#"{"message":["property orderId should not exist"],"statusCode":400}"#);
    let page = fills(&[fill("0xfeed", "g", 7, "SETTLED"), fill(&order, "f1", 2_000_000, "LOCKED")]);
    venue.answer("GET /fills-v3?startDate=2026-09-20T", 200, &page.replace("]}}", r#"],"nextKey":"k"}}"#));
    assert_eq!(venue.status(id), Some(BetStatus::Matched));
    venue.answer("GET /fills-v3?startDate=", 200, &fills(&[fill(&order, "f2", 3_000_000, "LOCKED")]));
    assert_eq!(venue.status(id), Some(BetStatus::Accepted));
    // A listing without an end is no listing.
    let mut venue = Venue::ready();
    let (_, order) = venue.placed(TimeInForce::Fok, r#"{"state":"TIMEOUT"}"#);
    venue.answer("GET /orders-v3/0x", 200, &row(&order, "PENDING", "null", 5_000_000));
    let endless = fills(&[]).replace("]}}", r#"],"nextKey":"k"}}"#);
    for _ in 0..51 {
        venue.answer("GET /fills-v3", 200, &endless);
    }
    assert!(matches!(venue.news.last(), Some(BetNews::QueryFailed { bet: Some(_), .. })), "{:?}", venue.news.last());
}

#[test]
fn orders_beyond_their_budget_are_refused_before_they_are_signed() {
    let mut venue = Venue::ready();
    let mut refused = None;
    for n in 1..=20 {
        let round = RoundId { epoch: 3, seq: n };
        let id = OrderId { round, ..spec(TimeInForce::Fok, venue.now()).id };
        let spec = BetSpec { id, ..spec(TimeInForce::Fok, venue.now()) };
        match venue.with(|client, now, _| client.prepare(spec, now)) {
            Ok(prepared) => venue.with(|client, now, out| client.send(prepared, now, out)),
            Err(error) => {
                refused = Some((n, error));
                break;
            }
        }
    }
    assert_eq!(refused, Some((9, PrepareError::Budget(50))), "eight at once, then twenty a second");
    venue.wait(50);
    let _ = venue.prepared(TimeInForce::Fok);
    // Asked to be left alone about orders, it is: for as long as it says.
    let (request, ..) =
        venue.asked.iter().position(|(_, line, _)| line.starts_with("POST")).map(|at| venue.asked.remove(at)).expect("sent");
    let reply = Reply::Answer { status: 429, retry_after_ms: Some(4_000), body: b"" };
    venue.with(|client, now, out| client.on_reply(request, reply, now, out));
    let id = OrderId { round: RoundId { epoch: 4, seq: 1 }, ..spec(TimeInForce::Fok, venue.now()).id };
    let spec = BetSpec { id, ..spec(TimeInForce::Fok, venue.now()) };
    let error = venue.with(|client, now, _| client.prepare(spec, now)).expect_err("quiet");
    assert_eq!(error, PrepareError::Budget(4_000));
}

#[test]
fn the_facts_of_one_life_are_the_state_of_the_next() {
    let mut venue = Venue::ready();
    let prepared = venue.prepared(TimeInForce::Ioc);
    let (spec, key, id) = (prepared.spec.clone(), prepared.key.clone(), prepared.spec.id);
    venue.with(|client, _, _| client.discard(prepared));
    let (_, order) = venue.placed(TimeInForce::Ioc, r#"{"state":"PARTIAL_FILL_DONE","fillAmount":"2000000"}"#);
    assert_eq!(order, key.key, "the same bet is the same order");
    venue.publish(&format!("account:fills_v3_#{ADDRESS}"), &fill(&order, "f1", 2_000_000, "LOCKED"), 11);
    let facts: Vec<String> = venue.reports().into_iter().map(|report| report.fact).collect();
    assert_eq!(facts.len(), 3, "{facts:?}");
    let mut next = Venue::ready();
    let known = KnownBet { spec, key, facts };
    let again = known.clone();
    next.with(|client, now, out| client.adopt(known, now, out)).expect("taken over");
    next.with(|client, now, out| client.adopt(again.clone(), now, out)).expect("the same again is nothing new");
    assert_eq!(next.client.bet(id), venue.client.bet(id));
    assert_eq!(next.status(id), Some(BetStatus::Partial));
    let mut check = |change: &dyn Fn(&mut KnownBet), expect: &str| {
        let mut known = again.clone();
        known.spec.id.round.seq += 1;
        change(&mut known);
        let error = next.with(|client, now, out| client.adopt(known, now, out)).expect_err(expect);
        assert!(error.contains(expect), "{error}");
    };
    check(&|known| known.facts.push("{}".to_owned()), r#"the fact "{}" does not read"#);
    check(&|known| known.key.key = "0x12".to_owned(), "0x12 at sx is no order of this venue");
    check(&|known| known.spec.venue = domain::VenueId::new("azuro"), "at azuro is no order of this venue");
    check(&|known| (known.spec.id = id, known.key.key = format!("0x{}", "1".repeat(64))).1, "known already");
}
