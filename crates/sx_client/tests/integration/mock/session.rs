//! The session: ready, drops, recovery, refusals, budgets, and that nothing secret prints.

use super::venue::{KEY, MARKET, METADATA, Venue, spec};
use domain::{BetSpec, OrderId, RoundId, TimeInForce, VenueKey};
use signing::SanitizedValue;
use sx_client::{SxClient, SxConfig};
use venue_api::{BetClient, BetNews, KnownBet, QuoteNews, Reply, SessionNews};

#[test]
fn it_is_ready_when_everything_is_known_and_quotes_both_sides_of_the_book() {
    let venue = Venue::ready();
    let quotes: Vec<String> = venue
        .quotes
        .iter()
        .map(|news| match news {
            QuoteNews::Best(quote) => format!("{} at {} for {}", quote.outcome.0, quote.odds, quote.size),
            other => format!("{other:?}").replace(&MARKET.to_string(), "M"),
        })
        .collect();
    // The level of outcome two at 0.525 with 10: outcome one at 0.475 for floor(10 * 0.475 / 0.525).
    assert_eq!(
        quotes,
        ["1 at 2.1052 for 9.047619", "Empty { market: M, outcome: Outcome(2), why: \"nobody offers the other side\" }"]
    );
    assert_eq!(venue.connects, 1);
}

#[test]
fn after_a_drop_every_channel_recovers_from_where_it_was_and_no_update_is_applied_twice() {
    let mut venue = Venue::ready();
    let channel = format!("orderbook_v3:{MARKET}");
    venue.publish(&channel, &Venue::book(6, "60000000000000000000"), 11);
    venue.quotes.clear();
    venue.publish(&channel, &Venue::book(7, "70000000000000000000"), 11);
    assert_eq!(venue.quotes, [], "the same offset again is nothing new");
    venue.closed(1006);
    assert!(matches!(venue.quotes[..], [QuoteNews::Lost { market: MARKET, .. }]), "{:?}", venue.quotes);
    assert_eq!(venue.connects, 2, "at once, with the token that is there");
    assert!(!venue.is_ready() && !venue.is_asked("GET /user/realtime-token-v3"));
    venue.quotes.clear();
    venue.open();
    let recovered = format!(
        r#"{{"recoverable":true,"positioned":true,"epoch":"E","offset":12,"was_recovering":true,"recovered":true,"publications":[{{"data":{},"offset":11}},{{"data":{},"offset":12}}]}}"#,
        Venue::book(7, "70000000000000000000"),
        Venue::book(8, "40000000000000000000"),
    );
    let lines = std::mem::take(&mut venue.sent);
    let lines: Vec<String> = lines.iter().flat_map(|text| text.lines().map(str::to_owned)).collect();
    assert_eq!(lines.len(), 5);
    for line in &lines {
        let offset = if line.contains("orderbook_v3") { 11 } else { 10 };
        assert!(line.ends_with(&format!(r#""recover":true,"epoch":"E","offset":{offset}}}}}"#)), "{line}");
        let reply = if line.contains("orderbook_v3") {
            recovered.as_str()
        } else {
            r#"{"epoch":"E","offset":10,"was_recovering":true,"recovered":true}"#
        };
        let id = Venue::command(line);
        venue.frame(&format!(r#"{{"id":{id},"subscribe":{reply}}}"#));
    }
    let odds: Vec<String> =
        venue.quotes.iter().filter_map(|q| if let QuoteNews::Best(q) = q { Some(q.odds.to_string()) } else { None }).collect();
    assert_eq!(odds, ["2.5000", "1.6666"], "what was there, then the one that was missed");
    assert!(venue.is_ready());
    assert!(!venue.is_asked("GET /orderbook-v3/snapshot"));
}

#[test]
fn what_is_not_recovered_is_read_again_and_nothing_is_quoted_until_then() {
    let mut venue = Venue::ready();
    venue.closed(1006);
    venue.quotes.clear();
    venue.open();
    venue.subscribed(r#"{"epoch":"OTHER","offset":3,"was_recovering":true}"#);
    assert_eq!(venue.quotes, []);
    venue.answer("GET /orderbook-v3/snapshot", 503, "");
    venue.answer("GET /orderbook-v3/snapshot", 200, &format!(r#"{{"data":{}}}"#, Venue::book(5, "52500000000000000000")));
    assert_eq!(venue.quotes.len(), 2);
}

#[test]
fn a_refused_connection_is_tried_with_a_fresh_token_and_then_given_to_a_person() {
    let mut venue = Venue::ready();
    for round in 0..3 {
        venue.closed(3500);
        venue.answer("GET /user/realtime-token-v3", 200, r#"{"token":"jwt"}"#);
        assert_eq!(venue.connects, round + 2);
    }
    venue.closed(3500);
    assert!(matches!(venue.news.last(), Some(BetNews::Session(SessionNews::Fatal { .. }))), "{:?}", venue.news);
}

#[test]
fn a_ping_is_answered_and_silence_opens_another_connection() {
    let mut venue = Venue::ready();
    venue.frame("{}");
    assert_eq!(venue.sent, ["{}"]);
    venue.wait(39_000);
    assert_eq!(venue.connects, 1);
    venue.wait(1_500);
    assert_eq!(venue.connects, 2);
}

#[test]
fn metadata_that_changes_its_mind_stops_every_bet() {
    let mut venue = Venue::ready();
    venue.wait(60_000);
    venue.answer("GET /metadata/obv3", 200, &METADATA.replace("\"version\": \"1\"", "\"version\": \"2\""));
    assert!(!venue.is_ready());
    let spec = spec(TimeInForce::Fok, venue.now());
    assert!(venue.with(|client, now, _| client.prepare(spec, now)).is_err());
}

#[test]
fn reads_keep_to_their_budget_and_leave_the_venue_alone_when_it_asks() {
    let mut venue = Venue::ready();
    venue.wait(10_000);
    venue.asked.clear();
    for n in 1..=20 {
        let round = RoundId { epoch: 9, seq: n };
        let id = OrderId { round, ..spec(TimeInForce::Fok, venue.now()).id };
        let spec = BetSpec { id, ..spec(TimeInForce::Fok, venue.now()) };
        let key = VenueKey { key: format!("0x{n:064x}"), hash: None, dead_after: spec.expires };
        let known = KnownBet { spec, key, facts: Vec::new() };
        venue.with(|client, now, out| client.adopt(known, now, out)).expect("taken over");
        venue.with(|client, now, out| client.query(id, now, out));
    }
    assert_eq!(venue.asked.len(), 8);
    venue.wait(1_000);
    assert_eq!(venue.asked.len(), 16);
    let (request, ..) = venue.asked.remove(0);
    let reply = Reply::Answer { status: 429, retry_after_ms: Some(5_000), body: b"" };
    venue.with(|client, now, out| client.on_reply(request, reply, now, out));
    let left = venue.asked.len();
    venue.wait(4_900);
    assert_eq!(venue.asked.len(), left);
    venue.wait(600);
    assert!(venue.asked.len() > left);
}

#[test]
fn neither_key_nor_token_is_printed() {
    let venue = Venue::ready();
    let shown = format!("{:?}", venue.client);
    assert!(!shown.contains("an-api-key") && !shown.contains("jwt") && !shown.contains(&KEY[2..]), "{shown}");
    let error = SxClient::new(SxConfig::new("k".into(), SanitizedValue::from("zz"), 1)).expect_err("no key");
    assert_eq!(error.to_string(), "sx: the account key does not read");
}

#[test]
fn the_fate_of_a_bet_is_asked_about_before_the_books_that_wait() {
    let mut venue = Venue::ready();
    let rows: Vec<_> = (1..=40).map(Venue::numbered).collect();
    let all: Vec<String> = rows.iter().map(|(_, row)| row.clone()).collect();
    venue.publish("markets:global", &format!("[{}]", all.join(",")), 11);
    for (id, _) in &rows {
        venue.with(|client, now, out| client.watch(*id, now, out));
    }
    venue.subscribed(r#"{"epoch":"E","offset":1}"#);
    let (_, order) = venue.placed(TimeInForce::Fok, r#"{"state":"FULLY_FILLED","fillAmount":"5000000"}"#);
    let books = |venue: &Venue| venue.asked.iter().filter(|(_, line, _)| line.starts_with("GET /orderbook-v3")).count();
    assert!(books(&venue) < 20, "the rest waits: {}", books(&venue));
    venue.wait(500);
    assert!(venue.is_asked(&format!("GET /orders-v3/{order}")) && books(&venue) < 30, "{}", books(&venue));
}

#[test]
fn a_lost_answer_to_a_bet_that_the_channels_have_settled_is_no_unknown() {
    let mut venue = Venue::ready();
    let prepared = venue.prepared(TimeInForce::Fok);
    let order = prepared.key.key.clone();
    venue.with(|client, now, out| client.send(prepared, now, out));
    let channel = format!("account:fills_v3_#{}", super::venue::ADDRESS);
    venue.publish(&channel, &format!(r#"{{"fill":{}}}"#, super::venue::fill(&order, "f1", 5_000_000, "LOCKED")), 11);
    venue.lose("POST /orders-v3");
    assert!(!venue.news.iter().any(|news| matches!(news, BetNews::Unknown { .. })), "{:?}", venue.news);
}
