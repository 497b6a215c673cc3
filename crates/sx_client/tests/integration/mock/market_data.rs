//! What can be bet on and at what odds: listings, watching, books, and best odds where a channel is refused.

use super::venue::{MARKET, Venue, market, markets};
use domain::{MarketId, Outcome, Rate, Stake};
use sx_client::CHANNELS_MAX;
use venue_api::{BetClient, BetNews, QuoteNews, StakeTerms};

fn lost(quotes: &[QuoteNews]) -> Vec<(MarketId, &'static str)> {
    quotes.iter().filter_map(|q| if let QuoteNews::Lost { market, why } = q { Some((*market, *why)) } else { None }).collect()
}

fn odds(quotes: &[QuoteNews]) -> Vec<String> {
    let one = |q: &QuoteNews| if let QuoteNews::Best(q) = q { Some(format!("{} {}", q.odds, q.size)) } else { None };
    quotes.iter().filter_map(one).collect()
}

#[test]
fn a_market_that_is_not_listed_and_one_beyond_512_channels_are_told_as_lost() {
    let mut venue = Venue::ready();
    venue.with(|client, now, out| client.watch(MarketId([9; 32]), now, out));
    assert_eq!(lost(&venue.quotes), [(MarketId([9; 32]), "the venue does not list it")]);
    let rows: Vec<(MarketId, String)> = (1..=600).map(Venue::numbered).collect();
    let all: Vec<String> = rows.iter().map(|(_, row)| row.clone()).collect();
    venue.publish("markets:global", &format!("[{}]", all.join(",")), 11);
    venue.quotes.clear();
    for (id, _) in &rows {
        venue.with(|client, now, out| client.watch(*id, now, out));
    }
    let refused = lost(&venue.quotes);
    // Four channels are always there, one market was watched before.
    assert_eq!(refused.len(), 600 - (CHANNELS_MAX - 5));
    assert!(refused.iter().all(|(_, why)| why.contains("512 channels")), "{refused:?}");
    let (first, last) = (rows[0].0, rows[599].0);
    venue.quotes.clear();
    venue.with(|client, now, out| client.unwatch(first, now, out));
    assert!(venue.sent.last().expect("a frame").contains(&format!(r#""unsubscribe":{{"channel":"orderbook_v3:{first}"}}"#)));
    venue.with(|client, now, out| client.watch(last, now, out));
    assert_eq!(lost(&venue.quotes), []);
}

#[test]
fn a_market_whose_channel_is_refused_is_quoted_from_its_best_odds_until_they_fail() {
    let mut venue = Venue::ready();
    venue.frame(&format!(r#"{{"push":{{"channel":"orderbook_v3:{MARKET}","unsubscribe":{{"code":2000}}}}}}"#));
    assert_eq!(lost(&venue.quotes), [(MARKET, "its channel is down")]);
    venue.quotes.clear();
    let best = |p: &str| {
        format!(
            r#"{{"data":{{"bestOdds":[{{"marketHash":"{MARKET}","outcomeOne":null,"outcomeTwo":{{"percentageOdds":"{p}","size":"10000000"}}}}]}}}}"#
        )
    };
    venue.answer("GET /orders-v3/odds/best", 200, &best("52500000000000000000"));
    assert_eq!(odds(&venue.quotes), ["2.1052 9.047619"]);
    assert!(matches!(venue.quotes[1], QuoteNews::Empty { outcome: Outcome::TWO, .. }), "{:?}", venue.quotes);
    venue.wait(1_000);
    venue.answer("GET /orders-v3/odds/best", 200, &best("50000000000000000000"));
    assert_eq!(odds(&venue.quotes).last().map(String::as_str), Some("2.0000 10.000000"));
    // Off the ladder nothing can be asked for.
    venue.quotes.clear();
    venue.wait(1_000);
    venue.answer("GET /orders-v3/odds/best", 200, &best("50000000000000000001"));
    assert_eq!(odds(&venue.quotes), Vec::<String>::new());
    venue.quotes.clear();
    for _ in 0..2 {
        venue.wait(1_000);
        venue.answer("GET /orders-v3/odds/best", 500, "");
    }
    assert_eq!(lost(&venue.quotes), [(MARKET, "its best odds could not be read")], "told once");
}

#[test]
fn an_unwatched_market_is_left_and_its_book_moves_nothing_more() {
    let mut venue = Venue::ready();
    venue.with(|client, now, out| client.unwatch(MARKET, now, out));
    venue.quotes.clear();
    venue.publish(&format!("orderbook_v3:{MARKET}"), &Venue::book(9, "60000000000000000000"), 11);
    assert_eq!(venue.quotes, []);
}

#[test]
fn a_book_asked_for_before_a_drop_is_not_believed_after_it() {
    let mut venue = Venue::ready();
    venue.closed(1006);
    venue.open();
    venue.subscribed(r#"{"epoch":"F","offset":1}"#);
    venue.wait(2_000);
    let first = venue.asked.iter().position(|(_, line, _)| line.starts_with("GET /orderbook-v3")).expect("asked");
    let (request, ..) = venue.asked.remove(first);
    venue.closed(1006);
    venue.open();
    venue.subscribed(r#"{"epoch":"G","offset":1}"#);
    venue.quotes.clear();
    let body = format!(r#"{{"data":{}}}"#, Venue::book(6, "60000000000000000000"));
    let reply = venue_api::Reply::Answer { status: 200, retry_after_ms: None, body: body.as_bytes() };
    venue.with(|client, now, out| client.on_reply(request, reply, now, out));
    assert_eq!(venue.quotes, [], "what changed between the question and the subscription is in neither");
    venue.answer("GET /orderbook-v3", 200, &format!(r#"{{"data":{}}}"#, Venue::book(7, "60000000000000000000")));
    assert_eq!(odds(&venue.quotes).len(), 1);
}

#[test]
fn a_drop_before_the_book_was_read_reads_it_although_the_gap_was_closed() {
    let mut venue = Venue::ready();
    venue.closed(1006);
    venue.open();
    venue.subscribed(r#"{"epoch":"F","offset":1}"#);
    venue.closed(1006);
    venue.open();
    venue.asked.retain(|(_, line, _)| !line.starts_with("GET /orderbook-v3"));
    venue.quotes.clear();
    venue.subscribed(r#"{"epoch":"F","offset":1,"was_recovering":true,"recovered":true}"#);
    assert_eq!(venue.quotes, []);
    venue.answer("GET /orderbook-v3", 200, &format!(r#"{{"data":{}}}"#, Venue::book(7, "60000000000000000000")));
    assert_eq!(odds(&venue.quotes).len(), 1);
}

#[test]
fn a_message_that_does_not_read_loses_the_book_until_it_is_read_again() {
    let mut venue = Venue::ready();
    venue.quotes.clear();
    venue.publish(&format!("orderbook_v3:{MARKET}"), r#"{"version":"7"}"#, 11);
    assert_eq!(lost(&venue.quotes), [(MARKET, "a message of its book does not read")]);
    venue.answer("GET /orderbook-v3", 502, "");
    venue.answer("GET /orderbook-v3", 200, &format!(r#"{{"data":{}}}"#, Venue::book(7, "60000000000000000000")));
    assert_eq!(odds(&venue.quotes).len(), 1);
}

#[test]
fn what_changes_in_a_market_is_listed_and_what_is_gone_is_listed_as_closed() {
    let mut venue = Venue::ready();
    assert_eq!(venue.listings.len(), 1, "{:?}", venue.listings);
    assert!(venue.listings[0].open);
    venue.listings.clear();
    venue.publish("markets:global", &market("ACTIVE"), 11);
    assert_eq!(venue.listings, [], "nothing has changed");
    venue.publish("markets:global", &format!("[{}]", market("INACTIVE")), 12);
    assert!(matches!(&venue.listings[..], [one] if !one.open), "{:?}", venue.listings);
    venue.publish("markets:global", &market("ACTIVE"), 13);
    venue.listings.clear();
    // Abandoned, by the channel; live again, by the question after a message that does not read.
    let fixture = |status: u8| {
        format!(
            r#"{{"participantOneName":"A","participantTwoName":"B","startDate":"2029-11-20T00:00:00Z","status":{status},"leagueId":29,"sportId":5,"eventId":"L1"}}"#
        )
    };
    venue.publish("fixtures:global", &fixture(7), 11);
    assert!(matches!(&venue.listings[..], [one] if !one.open), "{:?}", venue.listings);
    let spec = super::venue::spec(domain::TimeInForce::Fok, venue.now());
    let refused = venue.with(|client, now, _| client.prepare(spec, now)).expect_err("no bet").to_string();
    assert!(refused.contains("takes no bets now"), "{refused}");
    venue.publish("fixtures:global", "7", 12);
    venue.answer("GET /fixture/active?leagueId=29", 200, &format!(r#"{{"data":[{}]}}"#, fixture(2)));
    assert!(venue.listings.last().is_some_and(|one| one.open), "{:?}", venue.listings);
    venue.listings.clear();
    venue.wait(61_000);
    venue.answer("GET /markets/active", 200, &markets(&[]));
    assert!(matches!(&venue.listings[..], [one] if !one.open), "{:?}", venue.listings);
    assert!(venue.news.iter().any(|news| matches!(news, BetNews::Listed(1))), "kept while it is watched: {:?}", venue.news);
}

#[test]
fn pages_are_read_to_the_last_and_again_from_the_first_after_a_failure() {
    let mut venue = Venue::ready();
    venue.wait(61_000);
    let page = format!(r#"{{"data":{{"markets":[{}],"nextKey":"k1"}}}}"#, market("ACTIVE"));
    venue.answer("GET /markets/active", 200, &page);
    assert!(venue.asked.iter().any(|(_, line, _)| line.ends_with("paginationKey=k1")), "{:?}", venue.asked);
    venue.answer("GET /markets/active", 503, "");
    venue.news.clear();
    venue.answer("GET /markets/active?sportIds=5&pageSize=50", 200, &markets(&[market("ACTIVE"), Venue::numbered(7).1]));
    assert!(matches!(venue.news.last(), Some(BetNews::Listed(2))), "{:?}", venue.news);
}

#[test]
fn terms_are_the_venues_minimum_in_base_units_and_its_fee_on_profit() {
    let venue = Venue::ready();
    let (min, step) = (Stake::from_e6(1_000_000), Stake::from_e6(1));
    let expect = StakeTerms { min, max: None, step, profit_fee: Rate::ZERO, cost: Stake::default() };
    assert_eq!(venue.client.terms(MARKET, Outcome::TWO), Some(expect));
    assert_eq!(venue.client.terms(MARKET, Outcome(3)), None);
    assert_eq!(venue.client.terms(MarketId([9; 32]), Outcome::ONE), None);
}
