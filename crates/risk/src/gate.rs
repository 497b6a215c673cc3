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
}

impl Gate {
    /// A gate with nothing reserved.
    pub fn new(limits: Limits) -> Self {
        Self { limits, reserved: Usd::ZERO, rounds: 0, sent: VecDeque::new() }
    }

    /// Clears and reserves both legs of an entry, or refuses both by name.
    ///
    /// # Errors
    /// [`Refused`] with the first binding limit; nothing is reserved then.
    pub fn entry(&mut self, legs: [OrderSpec; 2], now: Mono) -> Result<[ClearedOrder; 2], Refused> {
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
    /// [`Refused`] when the order rate is used up.
    pub fn again(&mut self, spec: OrderSpec, now: Mono) -> Result<ClearedOrder, Refused> {
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
