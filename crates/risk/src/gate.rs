//! The gate itself.

use crate::{Cleared, ClearedOrder};
use domain::{Mono, OrderSpec, Usd, names::SkipReason};
use std::collections::VecDeque;

/// The caps an operator sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest notional of one leg.
    pub notional_per_leg: Usd,
    /// Largest notional of all open legs together.
    pub notional_total: Usd,
    /// Most rounds open at once.
    pub open_rounds: usize,
    /// Most entry orders in any minute; reducing orders are counted and never refused.
    pub orders_per_minute: usize,
    /// How long a clearance may be used.
    pub clearance_ms: u64,
}

/// Why the gate said no, with the numbers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: asked {asked}, limit {limit}", reason.word())]
pub struct Refused {
    /// The binding limit.
    pub reason: SkipReason,
    /// What was asked for.
    pub asked: String,
    /// What is allowed.
    pub limit: String,
}

/// Holds the caps and what rounds have reserved of them.
#[derive(Debug)]
pub struct Gate {
    limits: Limits,
    reserved: Usd,
    rounds: usize,
    sent: VecDeque<Mono>,
    /// Clears nothing that opens exposure, whatever the caps allow.
    reducing: bool,
}

impl Gate {
    /// A gate with nothing reserved.
    pub fn new(limits: Limits) -> Self {
        Self { limits, reserved: Usd::ZERO, rounds: 0, sent: VecDeque::new(), reducing: false }
    }

    /// A gate for whoever only cleans up: it never clears an order that opens exposure, and there is no way to make it.
    pub fn reducing(limits: Limits) -> Self {
        Self { reducing: true, ..Self::new(limits) }
    }

    fn may_open(&self) -> Result<(), Refused> {
        if !self.reducing {
            return Ok(());
        }
        let (asked, limit) = ("an order that opens exposure".to_owned(), "orders that reduce it".to_owned());
        Err(Refused { reason: SkipReason::Paused, asked, limit })
    }

    /// Clears and reserves both legs of an entry, or refuses both by name.
    ///
    /// # Errors
    /// [`Refused`] with the first binding limit; nothing is reserved then.
    pub fn entry(&mut self, legs: [OrderSpec; 2], now: Mono) -> Result<[ClearedOrder; 2], Refused> {
        self.may_open()?;
        let [a, b] = &legs;
        let (na, nb) = (a.size.cost(a.limit), b.size.cost(b.limit));
        let refuse = |reason, asked: String, limit: String| Err(Refused { reason, asked, limit });
        let largest = na.max(nb);
        if largest > self.limits.notional_per_leg {
            return refuse(SkipReason::NotionalCap, largest.to_string(), self.limits.notional_per_leg.to_string());
        }
        let total = self.reserved.plus(na).plus(nb);
        if total > self.limits.notional_total {
            return refuse(SkipReason::NotionalCap, total.to_string(), self.limits.notional_total.to_string());
        }
        if self.rounds >= self.limits.open_rounds {
            return refuse(SkipReason::RoundsCap, self.rounds.saturating_add(1).to_string(), self.limits.open_rounds.to_string());
        }
        self.forget_old(now);
        if self.sent.len().saturating_add(2) > self.limits.orders_per_minute {
            return refuse(
                SkipReason::OrderRate,
                self.sent.len().saturating_add(2).to_string(),
                self.limits.orders_per_minute.to_string(),
            );
        }
        self.reserved = total;
        self.rounds = self.rounds.saturating_add(1);
        self.sent.push_back(now);
        self.sent.push_back(now);
        Ok(legs.map(|spec| Cleared::new(spec, now.plus_ms(self.limits.clearance_ms))))
    }

    /// Clears one further entry attempt of a round that holds its reservation already.
    ///
    /// # Errors
    /// [`Refused`] when the order rate is used up, or the gate opens nothing at all.
    pub fn again(&mut self, spec: OrderSpec, now: Mono) -> Result<ClearedOrder, Refused> {
        self.may_open()?;
        self.forget_old(now);
        if self.sent.len() >= self.limits.orders_per_minute {
            return Err(Refused {
                reason: SkipReason::OrderRate,
                asked: self.sent.len().saturating_add(1).to_string(),
                limit: self.limits.orders_per_minute.to_string(),
            });
        }
        self.sent.push_back(now);
        Ok(Cleared::new(spec, now.plus_ms(self.limits.clearance_ms)))
    }

    /// Clears an order that reduces exposure. Never refused by a cap: a limit must not keep a leg naked.
    pub fn reduce(&mut self, spec: OrderSpec, now: Mono) -> ClearedOrder {
        self.forget_old(now);
        self.sent.push_back(now);
        Cleared::new(spec, now.plus_ms(self.limits.clearance_ms))
    }

    /// Takes back the reservation of a restored round at start.
    pub fn restore(&mut self, notional: Usd) {
        self.reserved = self.reserved.plus(notional);
        self.rounds = self.rounds.saturating_add(1);
    }

    /// Gives back what a round had reserved, at its end.
    pub fn release(&mut self, notional: Usd) {
        self.reserved = self.reserved.minus(notional).max(Usd::ZERO);
        self.rounds = self.rounds.saturating_sub(1);
    }

    /// Notional reserved now.
    pub fn reserved(&self) -> Usd {
        self.reserved
    }

    fn forget_old(&mut self, now: Mono) {
        while self.sent.front().is_some_and(|&at| now.since(at) >= 60_000_000_000) {
            self.sent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{InstrumentId, LegId, OrderId, OrderType, Price, Purpose, RoundId, SCALE, Side, Size, TimeInForce, VenueId};

    fn order(purpose: Purpose) -> OrderSpec {
        OrderSpec {
            id: OrderId { round: RoundId { epoch: 1, seq: 1 }, leg: LegId::A, purpose, attempt: 1 },
            venue: VenueId::new("vest"),
            instrument: InstrumentId(0),
            side: Side::Buy,
            size: Size::from_e8(SCALE).expect("a size"),
            limit: Price::from_e8(SCALE).expect("a price"),
            kind: OrderType::Limit,
            tif: TimeInForce::Ioc,
            reduce_only: purpose != Purpose::Entry,
        }
    }

    #[test]
    fn a_reducing_gate_clears_what_reduces_and_nothing_that_opens_however_wide_the_caps_are() {
        let most = Usd::from_e8(i64::MAX);
        let limits = Limits {
            notional_per_leg: most,
            notional_total: most,
            open_rounds: usize::MAX,
            orders_per_minute: usize::MAX,
            clearance_ms: 1_000,
        };
        for (mut gate, opens) in [(Gate::new(limits), true), (Gate::reducing(limits), false)] {
            gate.restore(Usd::ZERO);
            let both = [order(Purpose::Entry), order(Purpose::Entry)];
            assert_eq!(gate.entry(both, Mono(1)).is_ok(), opens);
            assert_eq!(gate.again(order(Purpose::Entry), Mono(1)).is_ok(), opens);
            for purpose in [Purpose::Close, Purpose::Exit] {
                assert_eq!(gate.reduce(order(purpose), Mono(1)).take(Mono(2)).map(|o| o.id.purpose), Ok(purpose));
            }
        }
    }
}
