//! One pair as one line of JSON: everything that its margin is made of, so that a reader can reckon it again.

use super::words;
use crate::when;
use bets::board::{Row, Standing, Why};
use books::betting::Limit;
use domain::{Odds, Stake, Wall};
use serde_json::{Value, json};

/// Which of its parts make a new line; ages pass by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    quotes: [Option<(Odds, Stake)>; 2],
    stakes: Option<[Stake; 2]>,
    m_net: Option<i64>,
    why: Option<&'static str>,
}

impl Mark {
    pub(super) fn of(row: &Row<'_>) -> Self {
        Self {
            quotes: row.quotes,
            stakes: row.round.map(|round| round.stakes),
            m_net: row.m_net.map(domain::Rate::e8),
            why: row.why.map(|why| why.word()),
        }
    }
}

/// The line. Odds are exact fractions and, beside them, decimals rounded down; money is in dollars; rates are in percent.
pub(super) fn json(row: &Row<'_>, now: Wall) -> Value {
    let link = row.link;
    let listing = &link.listings[0];
    let side = |n: usize| {
        let cover = row.cover;
        json!({
            "venue": link.listings[n].venue.to_string(),
            "market": link.listings[n].market.to_string(),
            "outcome": cover.map(|cover| cover.outcomes[n].0),
            "pick": cover.map(|cover| words::pick(cover.picks[n])),
            "odds": row.quotes[n].map(|(odds, _)| odds.to_string()),
            "odds_exact": row.quotes[n].map(|(odds, _)| String::from(odds)),
            "size": row.quotes[n].map(|(_, size)| size.to_string()),
            "age_ms": row.ages_ms[n],
            "fee_percent": row.terms[n].map(|terms| terms.profit_fee().to_string()),
            "cost": row.terms[n].map(|terms| terms.cost().to_string()),
            "step": row.terms[n].map(|terms| terms.step().to_string()),
            "stake": row.round.map(|round| round.stakes[n].to_string()),
            "payout": row.round.map(|round| round.payouts[n].to_string()),
        })
    };
    let (standing, score) = match &link.standing {
        Standing::Confirmed => ("confirmed", None),
        Standing::Proposed(score) => ("proposed", Some(*score)),
        Standing::Refused(_) => ("refused", None),
    };
    json!({
        "at": format!("{}Z", when::full(now).replace(' ', "T")),
        "event": words::event(link),
        "league": listing.league,
        "starts": format!("{}Z", when::second(link.starts()).replace(' ', "T")),
        "question": words::question(listing.question),
        "bet": words::bet(link, row.cover),
        "line": listing.line.map(|line| line.to_string()),
        "standing": standing,
        "score": score,
        "sides": [side(0), side(1)],
        "m_net": row.m_net.map(|m_net| m_net.to_string()),
        "m_net_exact": row.round.map(|round| round.m_net_exact.to_string()),
        "spent": row.round.map(|round| round.spent.to_string()),
        "worst": row.round.map(|round| round.worst.to_string()),
        "limit": row.round.map(|round| limit(round.limit)),
        "tradable": row.why.is_none(),
        "why": row.why.map(|why| why.word()),
        "reason": row.why.as_ref().map(Why::to_string),
    })
}

fn limit(limit: Limit) -> String {
    match limit {
        Limit::Budget => "budget".to_owned(),
        Limit::Size(venue) => format!("size_{venue}"),
        Limit::Max(venue) => format!("maximum_{venue}"),
    }
}
