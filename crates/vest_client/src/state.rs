//! What the client knows: where its session stands, the venue's clock, its nonces, its requests and its orders.
//!
//! Owns data and the small rules that keep it consistent; the conversation itself is in `session`, `market_data`,
//! `trading` and `account`.

mod orders;

pub(crate) use orders::{CancelWish, Order, Orders, Question};

use domain::{AccountSnapshot, Mono, Now, OrderId, Wall};
use std::collections::BTreeMap;
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

/// The venue's clock, measured at the midpoint of requests and carried on by our monotonic clock: a wall clock that is
/// stepped meanwhile must not move the fence of an order.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct VenueClock {
    measured: Option<Measured>,
}

#[derive(Clone, Copy, Debug)]
struct Measured {
    venue_ms: i64,
    at: Mono,
    /// Half the round trip: how wrong the measurement can be.
    error_ms: i64,
}

impl VenueClock {
    /// Takes a measurement: the venue said `venue_ms` between `sent` and `now`. Returns how far it is ahead of our
    /// wall clock, ms.
    pub(crate) fn measure(&mut self, venue_ms: i64, sent: Now, now: Now) -> i64 {
        let half = (now.mono.since(sent.mono) / 2_000_000) as i64;
        let at = Mono(sent.mono.0.saturating_add(now.mono.since(sent.mono) / 2));
        self.measured = Some(Measured { venue_ms, at, error_ms: half });
        venue_ms.saturating_sub(now.wall.ms().saturating_sub(half))
    }
    /// Venue time, ms, best guess; our own wall clock's until it is measured.
    pub(crate) fn now_ms(&self, now: Now) -> i64 {
        let guess = match self.measured {
            Some(m) => m.venue_ms.saturating_add((now.mono.since(m.at) / 1_000_000) as i64),
            None => now.wall.ms(),
        };
        guess.max(0)
    }
    /// Venue time that has certainly been reached: what a proof may rest on.
    pub(crate) fn at_least(&self, now: Now) -> Wall {
        Wall::from_ms(self.now_ms(now).saturating_sub(self.measured.map_or(0, |m| m.error_ms)))
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
    /// The request of this stage, sent then.
    Stage(Stage, Now),
    /// `exchangeInfo` read again after the grid was refused.
    Refresh,
    /// A new listen key or the extension of the old one.
    ListenKey { post: bool },
    /// Leverage of this place set again while running.
    Leverage(usize),
    /// `lastNonce` read again after a nonce was refused.
    NonceAgain,
    /// A part of the account read, sent then.
    Account(AccountPart, Now),
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
    /// Liquidation orders of the venue's own, since the start.
    Liquidations,
}

/// Requests under way.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    next: u64,
    open: BTreeMap<RequestId, Pending>,
}

impl Requests {
    /// The last one that was made.
    pub(crate) const fn last(&self) -> u64 {
        self.next
    }
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
    /// How the instruments stood when it began.
    pub(crate) asked: crate::holdings::Asked,
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
    pub(crate) const INFO: TimerId = TimerId(13 << 56);
    pub(crate) const ACCOUNT_AGAIN: TimerId = TimerId(14 << 56);
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
        let at = |ms: u64, wall| Now { mono: Mono(ms * 1_000_000), wall: Wall::from_ms(wall) };
        assert_eq!(clock.now_ms(at(5, 9_000)), 9_000);
        assert_eq!(clock.measure(10_600, at(0, 10_000), at(200, 10_200)), 500);
        assert_eq!(clock.now_ms(at(10_000, 20_000)), 20_500);
        assert_eq!(clock.at_least(at(10_000, 20_000)), Wall::from_ms(20_400));
    }

    #[test]
    fn a_stepped_wall_clock_does_not_move_the_venue_s() {
        let mut clock = VenueClock::default();
        let at = |ms: u64, wall| Now { mono: Mono(ms * 1_000_000), wall: Wall::from_ms(wall) };
        clock.measure(10_000, at(0, 10_000), at(0, 10_000));
        assert_eq!(clock.at_least(at(1_000, 99_000)), Wall::from_ms(11_000));
        assert_eq!(clock.at_least(at(1_000, 0)), Wall::from_ms(11_000));
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
