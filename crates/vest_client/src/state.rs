//! What the client knows: where its session stands, the venue's clock, its nonces, its requests and its orders.
//!
//! Owns data and the small rules that keep it consistent; the conversation itself is in `session`, `market_data`,
//! `trading` and `account`.

use domain::{AccountSnapshot, Fills, Now, OrderId, OrderNews, OrderSpec, Size, Usd, VenueKey, Wall};
use std::collections::{BTreeMap, VecDeque};
use venue_api::{RequestId, TimerId};

/// How far the start has come. Each stage is one request, repeated with a pause until it succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Before `start`.
    Idle,
    Info,
    Register,
    Account,
    /// Sets the leverage of this instrument, by place.
    Leverage(usize),
    /// Reads the account again to see the leverages as set.
    Verify,
    Nonce,
    ListenKey,
    /// The start is through; the private stream may still come and go.
    Live,
    /// Cannot go on without a person.
    Fatal,
    Stopped,
}

/// Where the private stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Private {
    Down,
    /// Connected, SUBSCRIBE sent.
    Subscribing,
    /// Subscribed; what was missed is being read over REST.
    Reconciling,
    Up,
}

/// How the WebSocket query names the server (spec section 10.1: the documents use both spellings).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    X,
    Plain,
}
impl Spelling {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::X => "xwebsocketserver",
            Self::Plain => "websocketserver",
        }
    }
}

/// The venue's clock as measured at the midpoint of requests.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct VenueClock {
    offset_ms: i64,
    /// Half the round trip of that measurement: how wrong the offset can be.
    error_ms: i64,
}

impl VenueClock {
    /// Takes a measurement: the venue said `venue_ms` between `sent` and `now`. Returns the offset.
    pub(crate) fn measure(&mut self, venue_ms: i64, sent: Wall, now: Wall) -> i64 {
        let half = now.ms().saturating_sub(sent.ms()).max(0) / 2;
        self.error_ms = half;
        self.offset_ms = venue_ms.saturating_sub(sent.ms().saturating_add(half));
        self.offset_ms
    }
    /// Venue time, ms, best guess.
    pub(crate) fn now_ms(&self, now: Now) -> i64 {
        now.wall.ms().saturating_add(self.offset_ms).max(0)
    }
    /// Venue time that has certainly been reached: what a proof may rest on.
    pub(crate) fn at_least(&self, now: Now) -> Wall {
        now.wall.plus_ms(self.offset_ms.saturating_sub(self.error_ms))
    }
}

/// Nonces of one signing key: strictly rising, at least three apart, near the venue's milliseconds (spec section 18).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nonces {
    last: u64,
}

impl Nonces {
    pub(crate) const fn above(last: u64) -> Self {
        Self { last }
    }
    /// The venue has seen this one already.
    pub(crate) fn raise(&mut self, last: u64) {
        self.last = self.last.max(last);
    }
    /// A new one; `None` when they are used up, which a broken `lastNonce` could cause.
    pub(crate) fn next(&mut self, now_ms: i64) -> Option<u64> {
        // 2^53: beyond it a JSON number is no longer exact everywhere.
        let next = self.last.checked_add(3)?.max(u64::try_from(now_ms).unwrap_or(0));
        if next > 1 << 53 {
            return None;
        }
        self.last = next;
        Some(next)
    }
}

/// What a request was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pending {
    /// The request of this stage, sent at this wall time.
    Stage(Stage, Wall),
    /// `exchangeInfo` read again after the grid was refused.
    Refresh,
    /// A new listen key or the extension of the old one.
    ListenKey { post: bool },
    /// `lastNonce` read again after a nonce was refused.
    NonceAgain,
    /// A part of the account read.
    Account(AccountPart, Wall),
    /// `POST /orders`.
    Order(OrderId),
    /// `POST /orders/cancel`.
    Cancel(OrderId),
    /// `GET /orders` of one order after its acknowledgement.
    Poll(OrderId),
    /// `GET /orders` on behalf of `query`.
    Query(OrderId),
    /// Nothing follows from its answer.
    Farewell,
}

/// Parts of one account read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccountPart {
    Account,
    New,
    Partial,
}

/// Requests under way.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    next: u64,
    open: BTreeMap<RequestId, Pending>,
}

impl Requests {
    pub(crate) fn open(&mut self, what: Pending) -> RequestId {
        self.next = self.next.wrapping_add(1);
        let id = RequestId(self.next);
        self.open.insert(id, what);
        id
    }
    pub(crate) fn close(&mut self, id: RequestId) -> Option<Pending> {
        self.open.remove(&id)
    }
}

/// An account read under way: it ends when all its parts have.
#[derive(Debug, Default)]
pub(crate) struct AccountRead {
    pub(crate) waiting: u8,
    pub(crate) snapshot: AccountSnapshot,
    pub(crate) failed: Option<String>,
    /// Begun after the private stream was subscribed: its success ends the reconciliation.
    pub(crate) reconciles: bool,
}

/// Fills of one order. Single reports are kept by their time, so that the same one twice counts once.
#[derive(Clone, Debug, Default)]
pub(crate) struct FillBook {
    parts: BTreeMap<i64, (Size, Usd)>,
    fee: Usd,
    funding: Usd,
}

impl FillBook {
    /// Adds a partial fill by `lastFilledTime`. Fees and funding are taken as running totals: the larger one counts.
    pub(crate) fn add(&mut self, time: i64, size: Size, cost: Usd, fee: Option<Usd>, funding: Option<Usd>) {
        self.parts.insert(time, (size, cost));
        self.fee = fee.map_or(self.fee, |f| f.max(self.fee));
        self.funding = funding.unwrap_or(self.funding);
    }
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
    pub(crate) fn total(&self) -> Fills {
        let zero = Fills { fee: self.fee, funding: self.funding, ..Fills::default() };
        self.parts.values().fold(zero, |sum, (size, cost)| Fills {
            size: sum.size.plus(*size),
            cost: sum.cost.plus(*cost),
            ..sum
        })
    }
}

/// A wish to cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CancelWish {
    None,
    /// Wanted, but the venue's id is not known yet.
    Wanted,
    Sent,
}

/// A question under way on behalf of `query`.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) waiting: u8,
    pub(crate) as_of: Wall,
    pub(crate) failed: Option<String>,
}

/// One order of ours.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) spec: OrderSpec,
    pub(crate) nonce: u64,
    /// Venue time it was signed at, ms.
    pub(crate) time_ms: i64,
    pub(crate) key: VenueKey,
    pub(crate) venue_id: Option<String>,
    /// The signed body, until it is sent.
    pub(crate) body: Option<String>,
    /// When it was handed to the shell; `None` for one that has not left or is of an earlier life.
    pub(crate) sent: Option<Now>,
    pub(crate) acked: bool,
    pub(crate) fills: FillBook,
    pub(crate) reported: Fills,
    /// The final news, once known.
    pub(crate) done: Option<OrderNews>,
    pub(crate) cancel: CancelWish,
    /// The stream said CANCELLED and REST has to confirm the fills.
    pub(crate) cancelled: bool,
    pub(crate) polls: usize,
    pub(crate) poll_open: bool,
    /// When the polls were first armed.
    pub(crate) poll_from: Option<Now>,
    pub(crate) question: Option<Question>,
}

impl Order {
    pub(crate) fn new(spec: OrderSpec, key: VenueKey, nonce: u64, time_ms: i64, body: Option<String>) -> Self {
        Self {
            spec,
            nonce,
            time_ms,
            key,
            venue_id: None,
            body,
            sent: None,
            acked: false,
            fills: FillBook::default(),
            reported: Fills::default(),
            done: None,
            cancel: CancelWish::None,
            cancelled: false,
            polls: 0,
            poll_open: false,
            poll_from: None,
            question: None,
        }
    }
}

/// How many finished nonces are remembered, so that a late echo of one does not look foreign.
const REMEMBERED: usize = 512;

/// Orders by our id, by nonce and by the venue's id.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    by_id: BTreeMap<OrderId, Order>,
    by_nonce: BTreeMap<u64, OrderId>,
    by_venue: BTreeMap<String, OrderId>,
    past: VecDeque<(u64, Option<String>)>,
}

impl Orders {
    pub(crate) fn get(&self, id: OrderId) -> Option<&Order> {
        self.by_id.get(&id)
    }
    pub(crate) fn get_mut(&mut self, id: OrderId) -> Option<&mut Order> {
        self.by_id.get_mut(&id)
    }
    pub(crate) fn by_nonce(&self, nonce: u64) -> Option<OrderId> {
        self.by_nonce.get(&nonce).copied()
    }
    /// Whose view this is: by nonce first, because an event may come before the answer that tells the id.
    pub(crate) fn find(&self, nonce: Option<u64>, venue_id: &str) -> Option<OrderId> {
        nonce.and_then(|n| self.by_nonce.get(&n)).or_else(|| self.by_venue.get(venue_id)).copied()
    }
    pub(crate) fn insert(&mut self, order: Order) {
        let id = order.spec.id;
        if let Some(old) = self.by_id.get(&id) {
            self.by_nonce.remove(&old.nonce);
        }
        self.by_nonce.insert(order.nonce, id);
        self.by_id.insert(id, order);
    }
    pub(crate) fn learn_venue_id(&mut self, id: OrderId, venue_id: &str) {
        if let Some(order) = self.by_id.get_mut(&id)
            && order.venue_id.is_none()
        {
            order.venue_id = Some(venue_id.to_owned());
            self.by_venue.insert(venue_id.to_owned(), id);
        }
    }
    pub(crate) fn remove(&mut self, id: OrderId) -> Option<Order> {
        let order = self.by_id.remove(&id)?;
        self.by_nonce.remove(&order.nonce);
        if let Some(venue_id) = &order.venue_id {
            self.by_venue.remove(venue_id);
        }
        if self.past.len() >= REMEMBERED {
            self.past.pop_front();
        }
        self.past.push_back((order.nonce, order.venue_id.clone()));
        Some(order)
    }
    /// Those that have left, or are of an earlier life, and have not ended.
    pub(crate) fn living(&self) -> Vec<OrderId> {
        let lives = |o: &&Order| o.done.is_none() && o.body.is_none() && o.venue_id.is_some();
        self.by_id.values().filter(lives).map(|o| o.spec.id).collect()
    }
    /// Ours once, and forgotten since.
    pub(crate) fn was_ours(&self, nonce: Option<u64>, venue_id: &str) -> bool {
        self.past.iter().any(|(n, id)| nonce == Some(*n) || id.as_deref() == Some(venue_id))
    }
}

/// Timers: the kind in the top byte, whose it is below.
pub(crate) mod timers {
    use super::TimerId;

    pub(crate) const RETRY: TimerId = TimerId(1 << 56);
    pub(crate) const LISTEN_KEY: TimerId = TimerId(2 << 56);
    pub(crate) const FEED_PING: TimerId = TimerId(3 << 56);
    pub(crate) const PRIVATE_PING: TimerId = TimerId(4 << 56);
    pub(crate) const FEED_SILENCE: TimerId = TimerId(5 << 56);
    pub(crate) const PRIVATE_SILENCE: TimerId = TimerId(6 << 56);
    pub(crate) const PRIVATE_SUBSCRIBE: TimerId = TimerId(7 << 56);
    pub(crate) const RENEW: TimerId = TimerId(8 << 56);
    pub(crate) const ACCOUNT_RETRY: TimerId = TimerId(9 << 56);
    pub(crate) const KEY_RETRY: TimerId = TimerId(10 << 56);
    const CHANNEL: u64 = 11 << 56;
    const POLL: u64 = 12 << 56;
    const KIND: u64 = 0xff << 56;

    /// Of one subscription, by its place.
    pub(crate) const fn channel(place: usize) -> TimerId {
        TimerId(CHANNEL | place as u64)
    }
    /// Of one order's polls, by its nonce (at most 2^53).
    pub(crate) const fn poll(nonce: u64) -> TimerId {
        TimerId(POLL | (nonce & !KIND))
    }
    /// Place of the subscription this timer belongs to.
    pub(crate) const fn as_channel(id: TimerId) -> Option<usize> {
        if id.0 & KIND == CHANNEL { Some((id.0 & !KIND) as usize) } else { None }
    }
    /// Nonce of the order this timer belongs to.
    pub(crate) const fn as_poll(id: TimerId) -> Option<u64> {
        if id.0 & KIND == POLL { Some(id.0 & !KIND) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_clock_is_measured_at_the_midpoint_and_a_proof_rests_on_less() {
        let mut clock = VenueClock::default();
        let at = |ms| Now { wall: Wall::from_ms(ms), ..Now::default() };
        assert_eq!(clock.measure(10_600, Wall::from_ms(10_000), Wall::from_ms(10_200)), 500);
        assert_eq!(clock.now_ms(at(20_000)), 20_500);
        assert_eq!(clock.at_least(at(20_000)), Wall::from_ms(20_400));
    }

    #[test]
    fn the_same_partial_fill_twice_counts_once() {
        let mut book = FillBook::default();
        let (size, cost) = (Size::from_e8(5).expect("positive"), Usd::from_e8(7));
        book.add(1, size, cost, Some(Usd::from_e8(2)), None);
        book.add(1, size, cost, Some(Usd::from_e8(2)), None);
        book.add(2, size, cost, Some(Usd::from_e8(3)), None);
        let total = book.total();
        assert_eq!((total.size.e8(), total.cost.e8(), total.fee.e8()), (10, 14, 3));
    }

    proptest! {
        #[test]
        fn nonces_rise_by_at_least_three_whatever_the_clock_does(
            floor in 0u64..2_000_000_000_000,
            steps in proptest::collection::vec((0i64..2_000_000_000_000, 0u64..2_000_000_000_000), 1..40),
        ) {
            let mut nonces = Nonces::above(floor);
            let mut last = floor;
            for (now, seen) in steps {
                nonces.raise(seen);
                let next = nonces.next(now).expect("far from the end");
                prop_assert!(next >= last + 3 && next >= seen + 3);
                last = next;
            }
        }
    }
}
