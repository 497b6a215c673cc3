//! What happens on the account and is no order of ours: the venue's own doing, or somebody else's.
//!
//! Every one is told exactly once, however often the stream, a reconnection or a reading of the account shows it: fills by
//! their id, which the venue gives once (paradex.md 8.2). The memory is bounded and forgets the oldest first; it holds far
//! more than the seconds that readings overlap by.

use crate::client::ParadexClient;
use crate::parse::{FillKind, FillView, OrderView};
use crate::state::Source;
use domain::record::Taken;
use domain::{Fills, Now};
use std::collections::{BTreeSet, VecDeque};
use venue_api::{Out, VenueNews};

/// So many strangers are remembered.
const REMEMBERED: usize = 4_096;

/// Names that were told already.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    known: BTreeSet<String>,
    oldest: VecDeque<String>,
}

impl Seen {
    /// True the first time.
    pub(crate) fn is_new(&mut self, kind: &str, name: &str) -> bool {
        let name = format!("{kind} {name}");
        if !self.known.insert(name.clone()) {
            return false;
        }
        self.oldest.push_back(name);
        while self.oldest.len() > REMEMBERED {
            if let Some(old) = self.oldest.pop_front() {
                self.known.remove(&old);
            }
        }
        true
    }
}

impl ParadexClient {
    /// An order event of the private stream.
    pub(crate) fn on_stream_order(&mut self, view: &OrderView<'_>, now: Now, out: &mut Out) {
        if let Some(id) = self.orders.find(view.client_id, view.order_id) {
            return self.apply_order(id, view, Source::Stream, now, out);
        }
        // In a liquidation the venue trades on our account; whether that shows as orders is not documented. The fills do.
        if self.liquidating && view.client_id.is_empty() {
            return;
        }
        if self.strangers.is_new("order", view.order_id) {
            let (order, market, client) = (view.order_id, view.market, view.client_id);
            let evidence = format!("order {order} in {market} with client id {client:?} is none of ours");
            out.news.push(VenueNews::Foreign { evidence });
        }
    }

    /// A fill, of the private stream or of a reading: to the order it is of, or told as a stranger's.
    pub(crate) fn on_any_fill(&mut self, view: &FillView<'_>, now: Now, out: &mut Out) {
        if let Some(id) = self.orders.find(view.client_id, view.order_id) {
            return self.apply_fill(id, view, now, out);
        }
        if !self.strangers.is_new("fill", view.id) {
            return;
        }
        let market = self.feed.find(view.market.as_bytes());
        let instrument = market.and_then(|m| self.feed.instrument(m));
        let units = market.map_or(crate::units::Units::ONE, |m| self.feed.units(m));
        // What cannot be said in our units is told as the venue said it; the account's position then shows it.
        let converted = units.fill_in(view);
        let FillView { id, word, side, size, price, market, .. } = converted.as_ref().unwrap_or(view);
        let evidence = format!("{word} {id}: {side:?} {size} {market} at {price}, no order of ours");
        out.news.push(match (view.kind, instrument) {
            (FillKind::Forced, Some(instrument)) => {
                let taken = converted.map(|v| Taken {
                    id: v.id.to_owned(),
                    side: v.side,
                    fills: Fills { size: v.size, cost: v.cost, fee: v.fee, funding: v.funding },
                });
                VenueNews::Forced { instrument, taken, evidence }
            }
            _ => VenueNews::Foreign { evidence },
        });
    }

    /// The account's status by either channel or a reading; every liquidation is told once.
    pub(crate) fn on_account_status(&mut self, liquidation: bool, out: &mut Out) {
        if liquidation && !std::mem::replace(&mut self.liquidating, liquidation) {
            let evidence = "Paradex says that the account is in liquidation".to_owned();
            out.news.push(VenueNews::Foreign { evidence });
        }
        self.liquidating = liquidation;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_new_once_until_thousands_of_others_came() {
        let mut seen = Seen::default();
        assert!(seen.is_new("fill", "1") && !seen.is_new("fill", "1") && seen.is_new("order", "1"));
        for i in 2..REMEMBERED + 2 {
            assert!(seen.is_new("fill", &i.to_string()));
        }
        assert!(seen.is_new("fill", "1"), "the oldest went first");
        assert!(!seen.is_new("fill", &(REMEMBERED + 1).to_string()));
        assert_eq!(seen.known.len(), REMEMBERED);
    }
}
