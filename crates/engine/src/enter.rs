//! From an intent to two orders on the wire: checked, cleared, prepared, recorded, sent, in this order.

use crate::check::{Refusal, margin};
use crate::engine::Engine;
use crate::{Desk, Notice};
use domain::names::SkipReason;
use domain::record::{Intended, LegPlan, Quoted, Record, RoundPlan, Waterfall};
use domain::{LegId, Now, OrderId, OrderSpec, OrderType, Pair, Price, Purpose, Rate, RoundId, Size, TimeInForce};
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
    /// What the books showed.
    pub quoted: Quoted,
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
                    desk.notice(Notice::Skipped {
                        pair: intent.pair,
                        legs: intent.legs.map(|leg| leg.venue),
                        spread: intent.spread,
                        reason: *reason,
                        detail: detail.clone(),
                    });
                }
            }
        }
        result.map_err(|(reason, _)| reason)
    }

    fn try_enter(&mut self, intent: &Intent, now: Now, desk: &mut impl Desk) -> Result<RoundId, Refusal> {
        self.may_open(intent, now)?;
        for leg in LegId::BOTH {
            self.may_send(intent, leg, now, desk)?;
        }
        let worst = self.certify(intent, desk)?;
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
            worst_loss: worst.loss,
            worst_fills: worst.fills,
            quoted: Some(intent.quoted),
            decided_ns: desk.since(now),
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
            return Err((SkipReason::Prepare, "the round could not be opened".to_owned()));
        }
        for leg in LegId::BOTH {
            if let Some(need) = margin(intent, leg, desk.instrument(intent.legs[leg.index()].instrument)) {
                self.venues.entry(intent.legs[leg.index()].venue).or_default().margin.push((now.wall, need));
            }
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
                spread: intent.spread,
            });
            desk.send(p, now);
        }
        for n in notices {
            desk.notice(n);
        }
        self.drive(id, now, desk);
        Ok(id)
    }
}
