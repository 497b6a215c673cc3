//! From a round to the rows that show it. Pure: equal rounds give equal rows.

use crate::rows::{LegRow, OrderRow, OrderStatus, PositionState, RoundRow};
use domain::record::{ExitReason, GiveUp, Outcome, average_price};
use domain::{Fills, LegId, Price, Rate, Size, Usd, Wall};
use saga::{Fate, Order, Round};

/// A round's own row. What it earned stands there once it is over: before that, sold minus bought is a position and
/// not a result.
pub(crate) fn round_row(round: &Round, ended_at: Option<Wall>) -> RoundRow {
    let plan = &round.plan;
    let over = round.outcome;
    let money = |of: fn(&Outcome) -> Usd| over.as_ref().map_or(Usd::ZERO, of);
    RoundRow {
        round: plan.id,
        pair: plan.pair,
        long: plan.legs[LegId::A.index()].venue,
        short: plan.legs[LegId::B.index()].venue,
        size: plan.size,
        entry_spread: plan.spread,
        threshold: plan.threshold,
        edge: plan.waterfall.edge,
        config: plan.config.clone(),
        opened_at: plan.at,
        // An exit that was dropped again leaves its spread behind in the fold.
        exit_spread: round.exit.and(round.exit_spread),
        exit_reason: round.exit.map(|(reason, _)| exit_word(reason).to_owned()),
        ended_at: over.and(ended_at),
        ending: over.map(|o| o.ending),
        price_result: money(|o| o.price),
        fees: money(|o| o.fees),
        funding: money(|o| o.funding),
        net: money(|o| o.net),
        uncovered_ms: round.uncovered_ms,
    }
}

/// The position of a round at `at`, given the row before; `None` until something filled. A row in which nothing else
/// changed keeps its `updated_at`.
pub(crate) fn position_row(round: &Round, before: Option<&PositionState>, at: Wall) -> Option<PositionState> {
    if round.orders.iter().all(|o| o.fills.size.is_zero()) {
        return None;
    }
    let (long, short) = (leg_row(round, LegId::A), leg_row(round, LegId::B));
    let flat = LegId::BOTH.iter().all(|&leg| round.held(leg) == 0);
    let entry_spread = match (long.price, short.price) {
        (Some(long), Some(short)) => Rate::between(long, short),
        _ => round.plan.spread,
    };
    let row = PositionState {
        round: round.id(),
        pair: round.plan.pair,
        entry_spread,
        opened_at: before.map_or(at, |b| b.opened_at),
        updated_at: before.map_or(at, |b| b.updated_at),
        closed_at: flat.then(|| before.and_then(|b| b.closed_at).unwrap_or(at)),
        long,
        short,
    };
    if before == Some(&row) { Some(row) } else { Some(PositionState { updated_at: at, ..row }) }
}

/// What a leg holds, and what opened it: orders on its entry side that filled.
fn leg_row(round: &Round, leg: LegId) -> LegRow {
    let opening = || {
        let side = Round::entry_side(leg);
        round.orders.iter().filter(move |o| o.spec.id.leg == leg && o.spec.side == side && !o.fills.size.is_zero())
    };
    let bought = opening().fold(Fills::default(), |sum, o| Fills {
        size: sum.size.plus(o.fills.size),
        cost: sum.cost.plus(o.fills.cost),
        ..sum
    });
    LegRow {
        venue: round.plan.legs[leg.index()].venue,
        // A leg closed too far is negative in the fold and has no size here; the round stays open and says so.
        size: Size::from_e8(round.held(leg)).unwrap_or(Size::ZERO),
        price: if bought.size.is_zero() { None } else { average_price(&bought) },
        venue_orders: opening().filter_map(|o| o.venue_order.clone()).collect(),
    }
}

/// An order's row. `said` is why its fate is not known, as long as that is so.
pub(crate) fn order_row(round: &Round, order: &Order, said: Option<&str>) -> OrderRow {
    let Order { spec, key, intended_at, changed_at, fills, venue_order, .. } = order.clone();
    let (status, reason) = match &order.fate {
        Fate::Live if order.is_unknown() => (OrderStatus::Unknown, said.map(str::to_owned)),
        Fate::Live if order.known => (OrderStatus::Live, said.map(str::to_owned)),
        Fate::Live => (OrderStatus::Sent, None),
        Fate::Filled => (OrderStatus::Filled, None),
        Fate::Cancelled(why) => (OrderStatus::Cancelled, Some(why.clone())),
        Fate::Refused(refusal) => (OrderStatus::Refused, Some(format!("{} ({})", refusal.kind.word(), refusal.code))),
        Fate::NotSent(why) => (OrderStatus::NotSent, Some(why.clone())),
        Fate::NeverArrived => (OrderStatus::Absent, None),
    };
    OrderRow {
        id: spec.id,
        pair: round.plan.pair,
        venue: spec.venue,
        side: spec.side,
        size: spec.size,
        limit: spec.limit,
        kind: spec.kind,
        tif: spec.tif,
        reduce_only: spec.reduce_only,
        key,
        venue_order,
        status,
        fills,
        reason: reason.filter(|text| !text.is_empty()),
        sent_at: intended_at,
        updated_at: changed_at,
    }
}

/// What `now` has more than `before`.
pub(crate) fn added(before: Fills, now: Fills) -> Fills {
    Fills {
        size: now.size.minus(before.size),
        cost: now.cost.minus(before.cost),
        fee: now.fee.minus(before.fee),
        funding: now.funding.minus(before.funding),
    }
}

/// Stable word of an exit's reason, as in the journal.
pub(crate) const fn exit_word(reason: ExitReason) -> &'static str {
    match reason {
        ExitReason::Spread => "spread",
        ExitReason::MaxHolding => "max_holding",
        ExitReason::Operator => "operator",
        ExitReason::Forced => "forced",
        ExitReason::Delisted => "delisted",
    }
}

/// Why an entry was given up, for people.
pub(crate) const fn give_up_words(why: GiveUp) -> &'static str {
    match why {
        GiveUp::LegFailed => "a leg failed for good",
        GiveUp::EdgeGone => "the edge is gone on re-check",
        GiveUp::Uncovered => "one leg was uncovered for as long as allowed",
        GiveUp::TooSmall => "the rest is too small for its venue",
        GiveUp::Stopping => "the bot is stopping",
        GiveUp::Uneven => "the legs filled unevenly and are trimmed",
    }
}

/// A price for people, `-` where there is none.
pub(crate) fn show_price(fills: &Fills) -> String {
    average_price(fills).map_or_else(|| "-".to_owned(), |p: Price| p.to_string())
}
