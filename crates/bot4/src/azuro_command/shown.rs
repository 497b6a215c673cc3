//! What `bot4 azuro` shows: texts for people, or one JSON object.

use super::nodes::{Bets, Held};
use crate::out;
use azuro_client::amount::units_text;
use azuro_client::environment::Environment;
use azuro_client::transaction::{Claim, Offer, Outcome, Sent};
use serde_json::{Value, json};
use signing::eip712::Address;
use std::time::Duration;

/// Native coins have 18 digits; people are shown six, rounded up.
const COIN_DIGITS: u32 = 18;
const COIN_STEP: u128 = 1_000_000_000_000;

fn coin(wei: u128) -> String {
    units_text(wei.div_ceil(COIN_STEP), 6)
}
/// What is held is never shown as more than it is.
fn coin_held(wei: u128) -> String {
    units_text(wei / COIN_STEP, 6)
}
fn gwei(wei: u128) -> String {
    units_text(wei, 9)
}
fn token(environment: &Environment, units: u128) -> String {
    format!("{} USDT", units_text(units, environment.decimals))
}

/// The wallet as it stands.
pub(super) fn status(
    wallet: Address,
    environment: &Environment,
    held: &Held,
    bets: &anyhow::Result<Bets>,
    under_way: Option<&Sent>,
    json: bool,
) -> String {
    if json {
        let bets = match bets {
            Ok(bets) => {
                let open: Vec<Value> = bets.open().map(|order| json!({ "order": order.id, "state": order.state })).collect();
                json!({ "open": open, "payable": bets.payable_by_word(), "unread": bets.unread })
            }
            Err(cause) => json!({ "error": format!("{cause:#}") }),
        };
        return json!({
            "wallet": wallet.to_string(), "environment": environment.name,
            "balance": units_text(held.balance, environment.decimals),
            "approved": units_text(held.allowance, environment.decimals),
            "coin": units_text(held.coin, COIN_DIGITS), "gas_price_gwei": gwei(held.gas_price),
            "bets": bets, "under_way": under_way.map(|sent| json!({ "hash": sent.hash, "what": sent.what })),
        })
        .to_string();
    }
    let row = |name: &str, value: String| [name.to_owned(), value];
    let mut rows = vec![
        row("wallet", format!("{wallet} ({})", environment.name)),
        row("holds", token(environment, held.balance)),
        row("approved", format!("{} may be taken by the relayer for stakes and fees", token(environment, held.allowance))),
        row("for gas", format!("{} POL, gas costs {} gwei now", coin_held(held.coin), gwei(held.gas_price))),
    ];
    match bets {
        Ok(bets) => {
            let (open, payable) = (bets.open().count(), bets.payable_by_word());
            rows.push(row("open bets", open.to_string()));
            let numbers: Vec<String> = payable.iter().map(u128::to_string).collect();
            rows.push(row(
                "to claim",
                if numbers.is_empty() {
                    "nothing".to_owned()
                } else {
                    format!("{}; `bot4 azuro redeem` claims them", numbers.join(", "))
                },
            ));
            if bets.unread > 0 {
                rows.push(row("not read", format!("{} bets in words that this build does not know", bets.unread)));
            }
        }
        Err(cause) => rows.push(row("bets", format!("not known: {cause:#}"))),
    }
    if let Some(sent) = under_way {
        rows.push(row("under way", format!("{}: {}", sent.what, sent.hash)));
    }
    out::columns(&rows)
}

/// What an approval changes.
pub(super) fn approval(environment: &Environment, before: u128, after: u128) -> String {
    let (before, after) = (token(environment, before), token(environment, after));
    format!("let the relayer {} take up to {after} from the wallet (now {before})", environment.relayer)
}

/// What a claim brings.
pub(super) fn claims(environment: &Environment, claims: &[(u128, Claim)]) -> String {
    let mut sum = 0u128;
    let mut texts = Vec::new();
    for (bet, claim) in claims {
        if let Claim::Pays(units) = claim {
            sum = sum.saturating_add(*units);
            texts.push(format!("{} of bet {bet}", token(environment, *units)));
        }
    }
    format!("claim {}: {}", token(environment, sum), texts.join(", "))
}

/// Why there is nothing to claim.
pub(super) fn no_claims(claims: &[(u128, Claim)]) -> String {
    if claims.is_empty() {
        return "No bet of this wallet pays anything now.".to_owned();
    }
    let one = |(bet, claim): &(u128, Claim)| {
        let why = match claim {
            Claim::Pays(_) => "pays",
            Claim::Lost => "is lost",
            Claim::Open => "is not decided yet",
            Claim::Claimed => "was claimed before",
            Claim::Missing => "does not exist",
        };
        format!("bet {bet} {why}")
    };
    format!("Nothing to claim: {}.", claims.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// Nothing has to be done.
pub(super) fn nothing(why: &str, json: bool) -> String {
    if json { json!({ "sent": false, "why": why }).to_string() } else { why.to_owned() }
}

/// What would be sent and what it costs.
pub(super) fn offer(what: &str, offer: &Offer, going_on: bool, json: bool) -> String {
    let transaction = &offer.transaction;
    if json {
        return json!({
            "what": what, "to": transaction.to.to_string(), "nonce": transaction.nonce, "gas": transaction.gas,
            "max_fee_gwei": gwei(transaction.max_fee), "cost": units_text(offer.cost, COIN_DIGITS),
            "cost_max": units_text(offer.cost_max, COIN_DIGITS), "sending": going_on,
        })
        .to_string();
    }
    let next = if going_on { "" } else { "\nNothing was sent: `--yes` sends it." };
    format!(
        "To do: {what}.\nGas: about {} POL, at most {} POL ({} gas at no more than {} gwei); the wallet holds {} POL.{next}",
        coin(offer.cost),
        coin(offer.cost_max),
        transaction.gas,
        gwei(transaction.max_fee),
        coin_held(offer.held),
    )
}

/// How it ended, or that it is not known.
pub(super) fn end(sent: &Sent, outcome: Option<&Outcome>, patience: Duration, json: bool) -> String {
    let (word, text) = match outcome {
        Some(Outcome::Done { block, cost, .. }) => ("done", format!("Done in block {block}, for {} POL.", coin(*cost))),
        Some(Outcome::Reverted { block, cost }) => {
            ("reverted", format!("The contract refused it in block {block}; the gas is gone: {} POL.", coin(*cost)))
        }
        Some(Outcome::Replaced) => {
            ("replaced", "Another transaction of this wallet took its number: it will never be mined.".to_owned())
        }
        Some(Outcome::NotSent(why)) => ("not_sent", format!("The node could not read it, it was not sent: {why}.")),
        None => {
            let seconds = patience.as_secs();
            (
                "unknown",
                format!("Sent, and not in a block after {seconds} s. It can still be mined: `bot4 azuro status` asks again."),
            )
        }
    };
    if json {
        return json!({ "what": sent.what, "hash": sent.hash, "outcome": word, "text": text }).to_string();
    }
    format!("{text}\nTransaction {}.", sent.hash)
}

/// An earlier one is not over.
pub(super) fn under_way(sent: &Sent, json: bool) -> String {
    if json {
        return json!({ "sent": false, "under_way": { "hash": sent.hash, "what": sent.what } }).to_string();
    }
    format!(
        "An earlier transaction is still under way: {} ({}). Nothing else is signed until its end is known; ask again later.",
        sent.what, sent.hash
    )
}
