//! What a wished order may cost: bounded at every step, on the venue's grid.

use crate::Desk;
use domain::{InstrumentId, LegId, Lifecycle, OrderType, Price, Rate, Side, TimeInForce};
use saga::{OrderWish, Round, Urgency};

/// Never asked beyond this distance from the touch: under the band of every venue we know (5 %).
const FURTHEST: Rate = Rate::from_bps(400);

/// A band wider than the price itself is none.
const MOST: Rate = Rate::from_bps(9_900);

/// A priced wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Priced {
    pub(crate) limit: Price,
    pub(crate) kind: OrderType,
    pub(crate) tif: TimeInForce,
}

/// Why a wish could not be priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPrice {
    /// The edge is gone.
    EdgeGone,
    /// No book and no reference: nothing to go by yet.
    NoReference,
}

/// Prices a wish of a round.
pub(crate) fn price(round: &Round, wish: &OrderWish, desk: &impl Desk) -> Result<Priced, NoPrice> {
    let leg = &round.plan.legs[wish.leg.index()];
    let instrument = desk.instrument(leg.instrument);
    let tick = instrument.tick;
    let immediate = desk.capabilities(leg.venue).map_or(TimeInForce::Ioc, |c| c.immediate);
    // Beyond the venue's band around its mark price nothing is taken at all: a close must stay within.
    let edge_of_band = instrument.price_band.and_then(|band| desk.mark(leg.instrument)?.worse(wish.side, band.min(MOST)));
    let limit_of = |from: Price, by: Rate| {
        let far = from.worse(wish.side, by.min(FURTHEST)).ok_or(NoPrice::NoReference)?;
        let far = match (wish.side, edge_of_band) {
            (Side::Buy, Some(edge)) => far.min(edge),
            (Side::Sell, Some(edge)) => far.max(edge),
            (_, None) => far,
        };
        far.onto(tick, wish.side).ok_or(NoPrice::NoReference)
    };
    match wish.urgency {
        // What takes reducing orders only has no second attempt at an entry.
        Urgency::Edge if instrument.lifecycle != Lifecycle::Trading => Err(NoPrice::EdgeGone),
        Urgency::Edge => {
            let bound = break_even(round, wish.leg, wish.side).ok_or(NoPrice::EdgeGone)?;
            let now = desk.executable(leg.instrument, wish.side, wish.size).ok_or(NoPrice::EdgeGone)?;
            let good = match wish.side {
                Side::Buy => now <= bound,
                Side::Sell => now >= bound,
            };
            if !good {
                return Err(NoPrice::EdgeGone);
            }
            let limit = bound.onto(tick, wish.side).ok_or(NoPrice::EdgeGone)?;
            // The break-even bound may be far away; the venue's band is not ours to test.
            let furthest = limit_of(now, Rate::from_bps(50))?;
            let limit = match wish.side {
                Side::Buy => limit.min(furthest),
                Side::Sell => limit.max(furthest),
            };
            Ok(Priced { limit, kind: OrderType::Limit, tif: immediate })
        }
        Urgency::Step(step) => {
            let from = reference(round, wish.leg, wish.side, leg.instrument, desk).ok_or(NoPrice::NoReference)?;
            let doubled = round.plan.policy.close_step.e8().saturating_mul(1i64 << u32::from(step.saturating_sub(1)).min(10));
            Ok(Priced { limit: limit_of(from, Rate::from_e8(doubled))?, kind: OrderType::Limit, tif: immediate })
        }
        Urgency::Market => {
            let from = reference(round, wish.leg, wish.side, leg.instrument, desk).ok_or(NoPrice::NoReference)?;
            Ok(Priced { limit: limit_of(from, FURTHEST)?, kind: OrderType::Market, tif: TimeInForce::Ioc })
        }
    }
}

/// Where to count from: what the size would cost now, else the touch, else any price ever seen, else our own fills.
fn reference(round: &Round, leg: LegId, side: Side, instrument: InstrumentId, desk: &impl Desk) -> Option<Price> {
    let own = || {
        round
            .orders
            .iter()
            .filter(|o| o.spec.id.leg == leg && !o.fills.size.is_zero())
            .find_map(|o| domain::record::average_price(&o.fills))
    };
    desk.touch(instrument).map(|t| t.taken_by(side)).or_else(|| desk.reference(instrument)).or_else(own)
}

/// The worst price at which completing the missing leg still earns its costs, against what the other leg filled at. Currencies
/// are taken as they were when the round was decided.
fn break_even(round: &Round, leg: LegId, side: Side) -> Option<Price> {
    let other = round
        .orders
        .iter()
        .filter(|o| o.spec.id.leg == leg.other() && o.spec.side == Round::entry_side(leg.other()))
        .find_map(|o| domain::record::average_price(&o.fills))?;
    let w = &round.plan.waterfall;
    // What a round must have in spread to pay for itself: fees and buffers, less expected funding.
    let costs = w.fees.plus(w.buffers).plus(w.funding);
    let costs = Rate::from_e8(costs.e8().saturating_neg().max(0));
    // Both prices are in their own venue's currency: what bringing them to dollars takes from the spread is needed on top,
    // and what it adds need not stand between the prices.
    let need = costs.plus(w.conversion.negated());
    // A buyer may pay up to `other` less the need, a seller must get `other` plus the need.
    other.worse(side.opposite(), need)
}
