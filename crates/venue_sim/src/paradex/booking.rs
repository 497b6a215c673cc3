//! Booking an execution on an account: position, cash, the list of fills, and the events that tell it.
//!
//! Called for clients' orders by `matching` and for what the venue takes itself by `forced`: the same way for both, so
//! that cash is always the start balance plus profit and funding minus fees of the fills.

use super::publish::Private;
use super::state::*;
use super::{Later, ParadexSim};
use crate::SimAction;
use crate::exchange::Side;

/// An execution on an account, before it is booked.
pub(super) struct Booking {
    /// Whose, or [`NO_ORDER`].
    pub(super) order: u32,
    /// The venue's own order, 0 for none.
    pub(super) venue_order: u128,
    pub(super) kind: FillType,
    pub(super) market: usize,
    pub(super) side: Side,
    pub(super) taker: bool,
    pub(super) price: i64,
    pub(super) size: i64,
    pub(super) fee: i64,
    /// What is left of the order.
    pub(super) remaining: i64,
    pub(super) trade_id: u128,
}

impl ParadexSim {
    /// Moves position and cash of an account and tells it: funding first, then the fill, then the balance.
    pub(super) fn book(&mut self, account: usize, b: &Booking, out: &mut Vec<SimAction>) {
        let (id, now, m) = (self.next_id(), self.clock(), b.market);
        let (index, seq, underlying) = (self.markets[m].funding_index, self.markets[m].seq, self.index_price(m));
        // A transfer touches no book (section 4.3).
        let book_seq = if matches!(b.kind, FillType::Fill | FillType::Liquidation) { seq } else { 0 };
        let late = self.faults.hit("late_fill_event", Some(b.side));
        let again = self.faults.hit("duplicate_fill", Some(b.side));
        let unlisted_us = late.as_ref().filter(|f| f.late).map_or(0, |f| f.ms.saturating_mul(1_000));
        let a = &mut self.accounts[account];
        let holding = &mut a.holdings[m];
        let was_flat = holding.position.size == 0;
        let change = holding.position.apply(b.side.sign() * b.size, b.price, index);
        holding.last_fill = id;
        holding.updated = now;
        if was_flat {
            (holding.created, holding.closed) = (now, 0);
        } else if holding.position.size == 0 {
            holding.closed = now;
        }
        let before = a.cash;
        a.cash = a.cash.saturating_add(change.pnl).saturating_add(change.funding).saturating_sub(b.fee);
        a.cash_updated = now;
        a.fills.push(Fill {
            id,
            trade_id: b.trade_id,
            order: b.order,
            venue_order: b.venue_order,
            kind: b.kind,
            market: m,
            listed: now.saturating_add(unlisted_us),
            side: b.side,
            taker: b.taker,
            price: b.price,
            size: b.size,
            fee: b.fee,
            pnl: change.pnl,
            funding: change.funding,
            underlying,
            remaining: b.remaining,
            book_seq,
            created: now,
        });
        let at = a.fills.len() - 1;
        let after = a.cash;
        if change.funding != 0 {
            let payment =
                FundingPayment { id: self.next_id(), market: m, payment: change.funding, index, fill_id: id, created: now };
            self.accounts[account].payments.push(payment);
            self.emit(account, Private::Payment(self.accounts[account].payments.len() - 1), b.order, out);
        }
        match late {
            Some(f) => self.schedule(f.ms.saturating_mul(1_000), Later::Tell(account, Private::Fill(at), b.order)),
            None => self.emit(account, Private::Fill(at), b.order, out),
        }
        if let Some(f) = again {
            self.schedule(f.ms.saturating_mul(1_000), Later::Tell(account, Private::Fill(at), b.order));
        }
        self.emit(account, Private::Balance { fill: at, before, after }, b.order, out);
    }
}
