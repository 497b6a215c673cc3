//! The account by the venue's word, and what none of our bets explains.

use super::venue::{MARKET, Venue, fill, row};
use domain::{Stake, TimeInForce};
use venue_api::{BetClient, BetFunds, BetNews};

const BALANCE: &str = r#"{"data":{"balances":[{"tokenAddress":"0x6629Ce1Cf35Cc1329ebB4F63202F3f197b3F050B","escrowAddress":"0x890482680C3a0116aBB003B17e7D694D13a6c1eB","availableAmount":"70000000","pendingAvailableAmount":"-5000000","escrowedAmount":"5000000"}]}}"#;

fn positions(stake: u64) -> String {
    format!(
        r#"{{"data":{{"positions":[{{"marketHash":"{MARKET}","totalStake":"{stake}","maxWin":"1","maxLoss":"-1","isOutcomeOneMaxWin":true}}]}}}}"#
    )
}

#[test]
fn the_money_is_what_can_be_staked_and_what_no_bet_explains_is_told() {
    let mut venue = Venue::ready();
    let (_, order) = venue.placed(TimeInForce::Fok, r#"{"state":"FULLY_FILLED","fillAmount":"5000000"}"#);
    let read = |venue: &mut Venue, stake: u64, active: &str| {
        venue.news.clear();
        venue.with(|client, now, out| client.read_account(now, out));
        venue.answer("GET /user/balance-v3", 200, BALANCE);
        venue.answer("GET /positions-v3", 200, &positions(stake));
        venue.answer("GET /orders-v3?perPage", 200, active);
        let foreign: Vec<String> = venue
            .news
            .iter()
            .filter_map(|n| if let BetNews::Foreign { evidence } = n { Some(evidence.clone()) } else { None })
            .collect();
        foreign
    };
    let none = r#"{"data":{"orders":[]}}"#;
    assert_eq!(read(&mut venue, 5_000_000, none), Vec::<String>::new());
    let funds = BetFunds { free: Stake::from_e6(65_000_000), in_bets: Some(Stake::from_e6(5_000_000)) };
    assert!(venue.news.contains(&BetNews::Funds(Some(funds))), "{:?}", venue.news);
    let expect = format!("5.000001 are staked in market {MARKET}, our own bets explain 5.000000");
    assert_eq!(read(&mut venue, 5_000_001, none), [expect]);
    let bare = |id: &str| row(id, "ACTIVE", "null", 1).replacen(r#"{"data":{"order":"#, "", 1).replacen("}}}", "}", 1);
    let page = format!(r#"{{"data":{{"orders":[{},{}],"nextKey":null}}}}"#, bare(&order), bare("0xfeed"));
    assert_eq!(read(&mut venue, 0, &page), ["order 0xfeed (ACTIVE) is none of ours"]);
    venue.news.clear();
    venue.with(|client, now, out| client.read_account(now, out));
    for what in ["GET /user/balance-v3", "GET /positions-v3", "GET /orders-v3?perPage"] {
        venue.answer(what, 500, "");
    }
    let failed = venue.news.iter().filter(|n| matches!(n, BetNews::QueryFailed { bet: None, .. })).count();
    assert!(venue.news.contains(&BetNews::Funds(None)) && failed == 2, "{:?}", venue.news);
}

#[test]
fn a_gap_in_the_accounts_channel_asks_about_every_bet_that_can_still_change() {
    let mut venue = Venue::ready();
    let (_, order) = venue.placed(TimeInForce::Fok, r#"{"state":"FULLY_FILLED","fillAmount":"5000000"}"#);
    let channel = format!("account:fills_v3_#{}", super::venue::ADDRESS);
    venue.publish(&channel, &fill(&order, "f1", 5_000_000, "LOCKED"), 11);
    venue.asked.clear();
    venue.publish(&channel, &fill(&order, "f1", 5_000_000, "LOCKED"), 12);
    assert!(!venue.is_asked("GET /fills-v3"));
    venue.publish(&channel, &fill(&order, "f1", 5_000_000, "LOCKED"), 15);
    venue.wait(200);
    assert!(venue.is_asked(&format!("GET /fills-v3?orderId={order}")), "{:?}", venue.asked);
}
