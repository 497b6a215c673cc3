//! What the account should hold by our own orders, held against what it does hold, and what the venue took by itself.
//!
//! The venue has neither a position event nor a word for auto-deleveraging (spec sections 9, 10.4): a liquidation shows
//! as an order of its own type, anything else only as a position that our fills do not explain. Owns the expectation and
//! the memory of what has been told; `account` feeds the reads, `trading` the fills. Everything is told exactly once in
//! the life of a client, whatever is read again.

use crate::parse::{Seen, Status};
use crate::state::timers;
use crate::{VestClient, parse};
use domain::record::Taken;
use domain::{AccountSnapshot, InstrumentId, Now, OrderId, Side, Size};
use std::collections::{BTreeMap, VecDeque};
use venue_api::{Action, Out, VenueNews};

/// A position that fits no order is looked at again after this long, ms: the account may lag behind a fill.
const LOOK_AGAIN_MS: u64 = 500;
/// How many liquidations are remembered.
const REMEMBERED: usize = 512;

/// One instrument.
#[derive(Clone, Copy, Debug, Default)]
struct Holding {
    /// Signed, at 1e-8, by the last quiet read and the fills since; `None` until there was one.
    expected: Option<i64>,
    /// The longest and the shortest that it should have been since the last quiet read: what could have been taken away.
    reach: (i64, i64),
    /// Another size was seen once, quietly.
    suspect: Option<i64>,
    /// Counts everything that may move the position.
    moves: u64,
}

/// Expectations of all instruments, by place.
#[derive(Debug)]
pub(crate) struct Holdings {
    places: Vec<Holding>,
    /// Liquidations told, with how much; the oldest is forgotten first.
    told: BTreeMap<String, Size>,
    order_of_told: VecDeque<String>,
    /// Venue time from which liquidations are asked for, ms; `None` before the start.
    pub(crate) since_ms: Option<i64>,
}

/// How the instruments stood when an account read was asked for: moves, and whether an order was under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked(Vec<(u64, bool)>);

impl Holdings {
    pub(crate) fn new(count: usize) -> Self {
        Self { places: vec![Holding::default(); count], told: BTreeMap::new(), order_of_told: VecDeque::new(), since_ms: None }
    }
    /// True if it is known that nothing is held.
    pub(crate) fn is_flat(&self, place: usize) -> bool {
        self.places.get(place).is_some_and(|h| h.expected == Some(0))
    }
    /// A fill of ours, or one of the venue's on our account.
    pub(crate) fn moved(&mut self, place: usize, side: Side, size: Size) {
        if let Some(holding) = self.places.get_mut(place) {
            let signed = size.e8().saturating_mul(side.sign());
            holding.expected = holding.expected.and_then(|e| e.checked_add(signed));
            if let Some(expected) = holding.expected {
                holding.reach = (holding.reach.0.max(expected), holding.reach.1.min(expected));
            }
            holding.moves = holding.moves.wrapping_add(1);
        }
    }
    /// Something may have moved the position and nobody knows by how much: the next quiet read says.
    pub(crate) fn unsettle(&mut self, place: usize) {
        if let Some(holding) = self.places.get_mut(place) {
            *holding = Holding { moves: holding.moves.wrapping_add(1), ..Holding::default() };
        }
    }
    /// An order left.
    pub(crate) fn sent(&mut self, place: usize) {
        if let Some(holding) = self.places.get_mut(place) {
            holding.moves = holding.moves.wrapping_add(1);
        }
    }
    /// How much more than told so far; remembers it.
    fn news_of(&mut self, id: &str, size: Size) -> Option<Size> {
        let before = self.told.get(id).copied();
        if before.is_some_and(|b| b >= size) {
            return None;
        }
        if self.told.insert(id.to_owned(), size).is_none() {
            self.order_of_told.push_back(id.to_owned());
            if self.order_of_told.len() > REMEMBERED
                && let Some(oldest) = self.order_of_told.pop_front()
            {
                self.told.remove(&oldest);
            }
        }
        Some(size.minus(before.unwrap_or_default()))
    }
}

impl VestClient {
    pub(crate) fn place_of_instrument(&self, id: InstrumentId) -> Option<usize> {
        self.instruments.iter().position(|one| one.id == id)
    }

    /// How things stand as an account read is asked for.
    pub(crate) fn holdings_asked(&self) -> Asked {
        let stand = |(place, holding): (usize, &Holding)| {
            let busy = self.instruments.get(place).is_some_and(|one| self.orders.busy(one.id));
            (holding.moves, busy)
        };
        Asked(self.holdings.places.iter().enumerate().map(stand).collect())
    }

    /// Holds a successful read against the expectation. Only where no order was under way from the question to the answer;
    /// a difference counts when a second read shows it again.
    pub(crate) fn compare_holdings(&mut self, asked: &Asked, snapshot: &AccountSnapshot, now: Now, out: &mut Out) {
        let mut look_again = false;
        for place in 0..self.holdings.places.len() {
            let Some(one) = self.instruments.get(place) else { continue };
            let (Some(&(moves, busy)), Some(holding)) = (asked.0.get(place), self.holdings.places.get_mut(place)) else {
                continue;
            };
            if busy || moves != holding.moves || self.orders.busy(one.id) {
                holding.suspect = None;
                continue;
            }
            let held = snapshot.positions.iter().find(|p| p.instrument == one.id).map_or(0, |p| p.size_e8);
            match (holding.expected, holding.suspect) {
                (Some(expected), suspect) if expected != held => {
                    if suspect != Some(held) {
                        holding.suspect = Some(held);
                        look_again = true;
                        continue;
                    }
                    let (longest, shortest) = holding.reach;
                    *holding = Holding { expected: Some(held), reach: (held, held), suspect: None, moves };
                    let (instrument, was, is) = (one.id, parse::plain(expected), parse::plain(held));
                    let evidence = format!("the position in {} is {is} where our orders left {was}", one.symbol);
                    // What a venue does by itself is against the position and not more than it ever was, whatever we traded
                    // before anybody saw it: an exit of what was no longer there ends on the other side. Anything else is
                    // somebody else's trade, for whoever compares accounts with rounds.
                    let change = held.saturating_sub(expected);
                    let against = if change < 0 { longest.max(0) } else { shortest.min(0).saturating_neg() };
                    if change.unsigned_abs() <= against.unsigned_abs() {
                        out.news.push(VenueNews::Forced { instrument, taken: None, evidence });
                    }
                }
                _ => *holding = Holding { expected: Some(held), reach: (held, held), suspect: None, moves },
            }
        }
        if look_again {
            out.actions.push(Action::Timer { id: timers::ACCOUNT_AGAIN, at: now.mono.plus_ms(LOOK_AGAIN_MS) });
        }
    }

    /// A view of a liquidation order of the venue's own. With what it took, once per amount; without, the account and the
    /// list of liquidations are read.
    pub(crate) fn liquidation(&mut self, seen: &Seen, from_rest: bool, now: Now, out: &mut Out) {
        let Some(place) = seen.symbol.as_deref().and_then(|s| self.place_of(s)) else {
            if !from_rest {
                self.begin_account_read(now, out);
            }
            return;
        };
        let units = self.units.get(place).copied().unwrap_or_default();
        let Some(one) = self.instruments.get(place) else { return };
        let (instrument, fee) = (one.id, one.taker_fee);
        let evidence = format!("liquidation: order {} on {} is {:?}", seen.id, one.symbol, seen.status);
        let fills = match (seen.status, seen.side, seen.size) {
            (Status::Filled, Some(side), Some(size)) => seen.whole(size, side, fee).map(|f| (side, f)),
            (Status::PartiallyFilled | Status::Cancelled, Some(side), _) => seen.part().map(|f| (side, f)),
            _ => None,
        };
        let fills = fills.and_then(|(side, fills)| Some((side, units.fills_in(fills)?))).filter(|(_, f)| !f.size.is_zero());
        match fills {
            Some((side, fills)) => {
                if let Some(more) = self.holdings.news_of(&seen.id, fills.size) {
                    self.holdings.moved(place, side, more);
                    let taken = Some(Taken { id: seen.id.clone(), side, fills });
                    out.news.push(VenueNews::Forced { instrument, taken, evidence });
                }
            }
            // It has ended without taking anything.
            None if matches!(seen.status, Status::Cancelled | Status::Rejected) => {}
            None if from_rest && seen.status == Status::New => {}
            // Not even the venue's list says how much: the position will.
            None if from_rest => {
                if self.holdings.news_of(&seen.id, Size::from_e8(1).unwrap_or_default()).is_some() {
                    self.holdings.unsettle(place);
                    out.news.push(VenueNews::Forced { instrument, taken: None, evidence });
                }
            }
            None => {
                self.holdings.sent(place);
                self.begin_account_read(now, out);
            }
        }
    }

    /// An order of ours was deleted by a liquidation (3008): what was taken is asked for.
    pub(crate) fn deleted_by_liquidation(&mut self, id: OrderId, now: Now, out: &mut Out) {
        let Some(order) = self.orders.get(id).filter(|order| order.done.is_none()) else { return };
        let instrument = order.spec.instrument;
        let evidence = format!("order {id} was deleted by a liquidation");
        out.news.push(VenueNews::Forced { instrument, taken: None, evidence });
        self.begin_account_read(now, out);
    }
}
