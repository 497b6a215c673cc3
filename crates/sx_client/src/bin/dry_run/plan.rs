//! What a dry run bets: one bet for each way that a bet can go, and what is made to happen to it.

use super::shell::{Seen, Shell};
use domain::{BetSpec, BetStatus, LegId, Odds, OrderId, Outcome, Purpose, Question, Quote, RoundId, Stake, TimeInForce};
use serde_json::{Value, json};
use std::time::Duration;
use sx_client::SxClient;
use venue_api::BetClient;
use venue_sim::server::RunningServer;

/// A fault of the simulated venue: its name, and its parameters.
pub(crate) type Fault = (&'static str, fn() -> Value);

/// One bet of the run.
pub(crate) struct Row {
    /// What it shows.
    pub(crate) shows: &'static str,
    pub(crate) tif: TimeInForce,
    /// A fault of the simulated venue, switched on before.
    pub(crate) fault: Option<Fault>,
    /// Odds that nobody gives.
    pub(crate) greedy: bool,
    /// The states that it has to pass, in order.
    pub(crate) passes: &'static [BetStatus],
    /// Then its event ends, with this score or called off, and it has to come to this.
    pub(crate) ends: Option<(Option<[i64; 2]>, BetStatus)>,
}

use BetStatus::{Accepted, Matched, Partial, Pending, Refused, Settled, Void};
use TimeInForce::{Fok, Ioc};

/// Every way that a bet can go.
pub(crate) const ROWS: &[Row] = &[
    Row {
        shows: "accepted and settled",
        tif: Fok,
        fault: None,
        greedy: false,
        passes: &[Pending, Matched, Accepted],
        ends: Some((Some([2, 1]), Settled)),
    },
    Row { shows: "refused: nobody gives the odds", tif: Fok, fault: None, greedy: true, passes: &[Pending, Refused], ends: None },
    Row {
        shows: "refused by the venue's word",
        tif: Fok,
        fault: Some(("refuse_order", || json!({"count": 1, "reason": "MATCH_STATE_INVALID"}))),
        greedy: false,
        passes: &[Pending, Refused],
        ends: None,
    },
    Row {
        shows: "taken in part",
        tif: Ioc,
        fault: Some(("partial_fill", || json!({"count": 1, "share_bps": 4_000}))),
        greedy: false,
        passes: &[Pending, Matched, Partial],
        ends: None,
    },
    Row {
        shows: "called off",
        tif: Fok,
        fault: None,
        greedy: false,
        passes: &[Pending, Matched, Accepted],
        ends: Some((None, Void)),
    },
    Row {
        shows: "matched, then failed on chain",
        tif: Fok,
        fault: Some(("fail_fills", || json!({"count": 1}))),
        greedy: false,
        passes: &[Pending, Matched, Refused],
        ends: None,
    },
    Row {
        shows: "its answer lost, found by its id",
        tif: Fok,
        fault: Some(("lose_order_answer", || json!({"count": 1}))),
        greedy: false,
        passes: &[Pending, Accepted],
        ends: None,
    },
];

/// How long anything may take.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// An outcome that can be had now, of an event that none of these is about.
pub(crate) fn choose(seen: &Seen, used: &[String]) -> Option<(Quote, String)> {
    let (quotes, listings) = (seen.quotes.borrow(), seen.listings.borrow());
    let good = |quote: &&Quote| {
        listings.get(&quote.market).is_some_and(|listing| {
            listing.open
                && !used.contains(&listing.event)
                && quote.outcome == Outcome::ONE
                && quote.size > Stake::from_e6(20_000_000)
        })
    };
    let quote = quotes.values().find(good)?;
    Some((*quote, listings.get(&quote.market)?.event.clone()))
}

/// Watches markets of as many events as the run needs.
pub(crate) fn watch_some(shell: &Shell<SxClient>, most: usize) {
    let mut wanted = Vec::new();
    {
        let listings = shell.seen.listings.borrow();
        let now = shell.link.look(|_, now| now.wall);
        let mut by_start: Vec<_> = listings.values().filter(|l| l.open && l.starts > now.plus_ms(600_000)).collect();
        by_start.sort_by_key(|listing| listing.starts);
        let mut events: Vec<&str> = Vec::new();
        for listing in by_start {
            let known = matches!(listing.question, Question::Winner | Question::Total | Question::Result);
            if known && !events.contains(&listing.event.as_str()) && events.len() < most {
                events.push(&listing.event);
                wanted.push(listing.market);
            }
        }
    }
    wanted.into_iter().for_each(|market| shell.link.with(|client, now, out| client.watch(market, now, out)));
}

/// A twentieth of the profit less than is offered: room for the book to move while the bet waits for its match.
pub(crate) fn worse(odds: Odds) -> Odds {
    let (gets, stake) = odds.ratio();
    let (gets, stake) = (u128::from(gets), u128::from(stake));
    Odds::from_ratio(stake * 20 + (gets - stake) * 19, stake * 20).unwrap_or(odds)
}

/// The bet of a row.
pub(crate) fn spec(shell: &Shell<SxClient>, number: u32, row: &Row, quote: &Quote, stake: Stake) -> BetSpec {
    let now = shell.link.look(|_, now| now.wall);
    let fair = worse(quote.odds);
    BetSpec {
        id: OrderId { round: RoundId { epoch: shell.epoch, seq: number }, leg: LegId::A, purpose: Purpose::Entry, attempt: 1 },
        venue: sx_client::VENUE,
        market: quote.market,
        outcome: quote.outcome,
        stake,
        odds_min: if row.greedy { Odds::from_ratio(100, 1).unwrap_or(fair) } else { fair },
        tif: row.tif,
        expires: now.plus_ms(30_000),
    }
}

/// Ends an event of the simulated venue.
///
/// # Errors
/// The venue's own sentence.
pub(crate) fn end_event(server: &RunningServer, event: &str, score: Option<[i64; 2]>) -> Result<(), String> {
    let parameters = match score {
        Some([one, two]) => json!({"event": event, "one": one, "two": two}),
        None => json!({"event": event}),
    };
    server.fault("end_event", &parameters)
}
