//! Past bets by the venue's indexer: a question in GraphQL, and its rows.
//!
//! Source: spec section 12. The indexer lags the chain, so it tells history and settles arguments afterwards; no bet's fate is decided by
//! it. An answer of status 200 that holds `errors` is an error.

use crate::amount::{parse_odds_e12, parse_units};
use crate::environment::Environment;
use crate::error::Unreadable;
use crate::sign::{lower_hex, parse_condition};
use crate::state::Settlement;
use crate::wire::{Digits, Text};
use domain::{MarketId, Outcome};
use serde::Deserialize;
use serde_json::json;
use signing::eip712::Address;

/// Rows in one answer at most (spec section 12).
pub const ROWS_MAX: u32 = 1_000;

const QUERY: &str = "query Bets($first: Int, $skip: Int, $where: V3_Bet_filter!) { v3Bets(first: $first, skip: $skip, where: $where, \
                     orderBy: createdBlockNumber, orderDirection: desc, subgraphError: allow) { betId nonce amount status result odds \
                     isRedeemed isRedeemable selections { outcome { outcomeId condition { conditionId } } } } }";

/// How the indexer has a bet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PastStatus {
    /// On chain, its condition open.
    Accepted,
    /// Its condition is decided.
    Resolved,
    /// Called off.
    Canceled,
}

/// One bet of the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastBet {
    /// Token id.
    pub bet: u128,
    /// Links it to the order.
    pub nonce: u64,
    /// Stake, raw token units.
    pub amount: u128,
    /// Odds it was taken at, at 1e-12.
    pub odds_e12: u64,
    /// How it stands.
    pub status: PastStatus,
    /// How it was settled.
    pub result: Option<Settlement>,
    /// Won or called off, and not claimed.
    pub redeemable: bool,
    /// Claimed.
    pub redeemed: bool,
    /// What was bet on; one for a single bet.
    pub parts: Vec<(MarketId, Outcome)>,
}

/// The body of the question: the newest bets of a bettor first.
pub fn request(bettor: Address, first: u32, skip: u32) -> String {
    // Addresses are lower case in filters.
    let filter = json!({ "actor": lower_hex(bettor) });
    json!({ "query": QUERY, "variables": { "first": first.min(ROWS_MAX), "skip": skip, "where": filter } }).to_string()
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    data: Option<Data<'a>>,
    #[serde(borrow)]
    errors: Option<Vec<Complaint<'a>>>,
}
#[derive(Deserialize)]
struct Complaint<'a> {
    #[serde(borrow)]
    message: Text<'a>,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    #[serde(borrow)]
    v3_bets: Vec<Row<'a>>,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    #[serde(borrow)]
    bet_id: Digits<'a>,
    #[serde(borrow)]
    nonce: Digits<'a>,
    #[serde(borrow)]
    amount: Digits<'a>,
    #[serde(borrow)]
    odds: Digits<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    result: Option<Text<'a>>,
    is_redeemed: bool,
    is_redeemable: bool,
    #[serde(borrow)]
    selections: Vec<Selection<'a>>,
}
#[derive(Deserialize)]
struct Selection<'a> {
    #[serde(borrow)]
    outcome: OutcomeOf<'a>,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutcomeOf<'a> {
    #[serde(borrow)]
    outcome_id: Digits<'a>,
    #[serde(borrow)]
    condition: ConditionOf<'a>,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConditionOf<'a> {
    #[serde(borrow)]
    condition_id: Text<'a>,
}

fn bad(why: impl Into<String>) -> Unreadable {
    Unreadable { what: "the history of bets", why: why.into() }
}

/// The rows of an answer.
///
/// # Errors
/// [`Unreadable`], also for the indexer's own errors.
pub fn read(body: &[u8], environment: &Environment) -> Result<Vec<PastBet>, Unreadable> {
    let reply: Reply<'_> = serde_json::from_slice(body).map_err(|cause| bad(cause.to_string()))?;
    if let Some(complaint) = reply.errors.as_ref().and_then(|errors| errors.first()) {
        return Err(bad(format!("the indexer says {:?}", &*complaint.message)));
    }
    let data = reply.data.ok_or_else(|| bad("it has neither data nor errors"))?;
    data.v3_bets.iter().map(|row| past_bet(row, environment)).collect()
}

fn past_bet(row: &Row<'_>, environment: &Environment) -> Result<PastBet, Unreadable> {
    let part = |selection: &Selection<'_>| {
        let id = &selection.outcome.condition.condition_id;
        let condition = parse_condition(id).ok_or_else(|| bad(format!("a condition is {:?}", &**id)))?;
        let outcome = selection.outcome.outcome_id.parse().map_err(|_| bad("an outcome is no number"))?;
        Ok((condition, Outcome(outcome)))
    };
    Ok(PastBet {
        bet: row.bet_id.parse().map_err(|_| bad(format!("a bet is {:?}", &*row.bet_id)))?,
        nonce: row.nonce.parse().map_err(|_| bad(format!("a nonce is {:?}", &*row.nonce)))?,
        amount: parse_units(&row.amount, environment.decimals).map_err(|cause| bad(cause.to_string()))?,
        odds_e12: parse_odds_e12(&row.odds).map_err(|cause| bad(cause.to_string()))?,
        status: match &*row.status {
            "Accepted" => PastStatus::Accepted,
            "Resolved" => PastStatus::Resolved,
            "Canceled" => PastStatus::Canceled,
            other => return Err(bad(format!("a status is {other:?}"))),
        },
        result: match row.result.as_deref() {
            None => None,
            Some(word) => Some(Settlement::parse(word).ok_or_else(|| bad(format!("a result is {word:?}")))?),
        },
        redeemable: row.is_redeemable,
        redeemed: row.is_redeemed,
        parts: row.selections.iter().map(part).collect::<Result<_, _>>()?,
    })
}
