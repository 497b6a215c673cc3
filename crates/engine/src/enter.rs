//! From an intent to two orders on the wire: checked, cleared, prepared, recorded, sent, in this order.

use crate::engine::Engine;
use crate::{Desk, Notice};
use domain::names::SkipReason;
use domain::record::{Intended, LegPlan, Record, RoundPlan, Waterfall};
use domain::{LegId, Lifecycle, Now, OrderId, OrderSpec, OrderType, Pair, Price, Purpose, Rate, RoundId, Size, TimeInForce, Usd};
use saga::Round;

/// What a strategy wants: both legs of a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Pair.
    pub pair: Pair,
    /// Leg A (long) and leg B (short).
    pub legs: [LegPlan; 2],
    /// Base on each leg, on the common step of both venues.
    pub size: Size,
    /// Worst price of each leg.
    pub limits: [Price; 2],
    /// Executable spread.
    pub spread: Rate,
    /// Threshold it reached.
    pub threshold: Rate,
    /// The decision line by line.
    pub waterfall: Waterfall,
}

impl Engine {
    /// Opens a round, or says by name why not. Both orders are recorded in one record and then sent, neither answer
    /// awaited.
    ///
    /// # Errors
    /// The binding reason; nothing left and nothing is reserved.
    pub fn enter(&mut self, intent: &Intent, now: Now, desk: &mut impl Desk) -> Result<RoundId, SkipReason> {
        let result = self.try_enter(intent, now, desk);
        match &result {
            Ok(_) => {
                self.last_skip.remove(&intent.pair);
            }
            Err((reason, detail)) => {
                if self.last_skip.insert(intent.pair, *reason) != Some(*reason) {
                    desk.notice(Notice::Skipped { pair: intent.pair, reason: *reason, detail: detail.clone() });
                }
            }
        }
        result.map_err(|(reason, _)| reason)
    }

    fn try_enter(&mut self, intent: &Intent, now: Now, desk: &mut impl Desk) -> Result<RoundId, (SkipReason, String)> {
        let no = |reason: SkipReason, detail: &str| Err((reason, detail.to_owned()));
        if self.paused || self.stopping.is_some() {
            return no(SkipReason::Paused, "entries are paused");
        }
        if !self.journal_ok {
            return no(SkipReason::JournalDown, "the journal takes no records");
        }
        if let Some(why) = self.halted.get(&intent.pair) {
            return Err((SkipReason::PairStuck, why.clone()));
        }
        if self.round_on(intent.pair).is_some() {
            return no(SkipReason::RoundOpen, "one round per pair");
        }
        if self.cooldown.get(&intent.pair).is_some_and(|&until| now.wall < until) {
            return no(SkipReason::Cooldown, "the last round did not complete");
        }
        for (leg, plan) in LegId::BOTH.iter().zip(&intent.legs) {
            let reconciled = self.venues.get(&plan.venue).is_some_and(|v| v.reconciled);
            if !desk.ready(plan.venue) || !reconciled {
                return Err((SkipReason::VenueDown, format!("{} is not connected and reconciled", plan.venue)));
            }
            let instrument = desk.instrument(plan.instrument);
            if instrument.lifecycle != Lifecycle::Trading {
                return Err((SkipReason::NotTrading, format!("{} on {}", instrument.symbol, plan.venue)));
            }
            // What to take is there, but a side that is gone says that the book is not what the market is.
            if desk.touch(plan.instrument).is_none() {
                return Err((SkipReason::BookStale, format!("{} on {} may not be traded on", instrument.symbol, plan.venue)));
            }
            let limit = intent.limits[leg.index()];
            if !instrument.takes(intent.size, limit) {
                return Err((
                    SkipReason::Filter,
                    format!(
                        "{} of {} at {limit}: step {}, minimum {} and {} USD",
                        intent.size, instrument.symbol, instrument.lot, instrument.min_size, instrument.min_notional
                    ),
                ));
            }
        }
        let worst_loss = self.worst_loss(intent, desk);
        if worst_loss > self.config.worst_loss_max {
            return Err((SkipReason::NotionalCap, format!("worst loss {worst_loss}, limit {}", self.config.worst_loss_max)));
        }
        let id = RoundId { epoch: self.epoch, seq: self.next_seq };
        let spec = |leg: LegId| OrderSpec {
            id: OrderId { round: id, leg, purpose: Purpose::Entry, attempt: 1 },
            venue: intent.legs[leg.index()].venue,
            instrument: intent.legs[leg.index()].instrument,
            side: Round::entry_side(leg),
            size: intent.size,
            limit: intent.limits[leg.index()],
            kind: OrderType::Limit,
            tif: desk.capabilities(intent.legs[leg.index()].venue).map_or(TimeInForce::Ioc, |c| c.immediate),
            reduce_only: false,
        };
        let specs = LegId::BOTH.map(spec);
        let reserved = intent.size.cost(intent.limits[0]).plus(intent.size.cost(intent.limits[1]));
        let cleared = self.gate.entry(specs, now.mono).map_err(|r| (r.reason, r.to_string()))?;
        let mut prepared = Vec::with_capacity(2);
        for order in cleared {
            match desk.prepare(order, now) {
                Ok(p) => prepared.push(p),
                Err(e) => {
                    for p in prepared {
                        desk.discard(p);
                    }
                    self.gate.release(reserved);
                    return Err((SkipReason::Prepare, e.to_string()));
                }
            }
        }
        let plan = RoundPlan {
            id,
            pair: intent.pair,
            legs: intent.legs,
            size: intent.size,
            spread: intent.spread,
            threshold: intent.threshold,
            waterfall: intent.waterfall,
            reserved,
            worst_loss,
            worst_fills: [Size::ZERO; 2],
            quoted: None,
            decided_ns: 0,
            at: now.wall,
            policy: self.config.policy.clone(),
            config: self.config.config_hash.clone(),
        };
        let orders: Vec<Intended> = prepared.iter().map(|p| Intended { spec: p.spec.clone(), key: p.key.clone() }).collect();
        if !self.record(Record::Opened { at: now.wall, plan: Box::new(plan), orders }, desk) {
            for p in prepared {
                desk.discard(p);
            }
            self.gate.release(reserved);
            return no(SkipReason::Prepare, "the round could not be opened");
        }
        let mut notices = Vec::with_capacity(2);
        for p in prepared {
            notices.push(Notice::OrderPlaced {
                order: p.spec.id,
                pair: intent.pair,
                venue: p.spec.venue,
                side: p.spec.side,
                size: p.spec.size,
                limit: p.spec.limit,
            });
            desk.send(p, now);
        }
        for n in notices {
            desk.notice(n);
        }
        self.drive(id, now, desk);
        Ok(id)
    }

    /// Most that a round can lose while being entered: one whole leg uncovered through the adverse move, closed again,
    /// with every fee that this takes.
    fn worst_loss(&self, intent: &Intent, desk: &impl Desk) -> Usd {
        LegId::BOTH
            .iter()
            .map(|leg| {
                let notional = intent.size.cost(intent.limits[leg.index()]);
                let fee = desk.instrument(intent.legs[leg.index()].instrument).taker_fee;
                notional.share_up(self.config.adverse_move).plus(notional.share_up(fee)).plus(notional.share_up(fee))
            })
            .max()
            .unwrap_or(Usd::ZERO)
    }
}
