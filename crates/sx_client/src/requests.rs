//! Requests on their way: which number means what, how fast they may leave, and the headers they carry.

use crate::SxClient;
use crate::call::{Call, KEY_HEADER};
use domain::{MarketId, Mono, Now, OrderId};
use signing::SanitizedValue;
use std::collections::{BTreeMap, VecDeque};
use venue_api::{Action, BetOut, Header, Lane, Payload, RequestId, TimerId};

/// What an answer is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pending {
    Metadata,
    Fees,
    Token,
    /// A page of the active markets, after so many.
    Markets {
        pages: u16,
    },
    /// The fixtures of a league.
    Fixtures(u32),
    /// `since`: the subscription of its channel that it completes.
    Snapshot {
        market: MarketId,
        since: u32,
    },
    BestOdds(Vec<MarketId>),
    Balance,
    Positions,
    /// A page of the orders that are active, after so many.
    ActiveOrders {
        pages: u16,
    },
    Place(OrderId),
    /// `past_end`: asked after the time at which the order could last have executed.
    Order {
        bet: OrderId,
        past_end: bool,
    },
    Fills(FillsAsked),
    Cancel(OrderId),
    /// Every order of the event, or of the account; so often tried, or so many rounds gone.
    CancelMany {
        event: Option<String>,
        round: u16,
    },
    Heartbeat {
        timeout_s: u32,
    },
}

impl Pending {
    /// Of the reads that wait for their budget the lower go first: without the token there is no realtime connection, and the fate
    /// of a bet is worth more than a hundred books.
    const fn rank(&self) -> u8 {
        match self {
            Self::Token => 0,
            Self::Order { .. } | Self::Fills(_) => 1,
            _ => 2,
        }
    }
}

/// A listing of the fills of one order, page by page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FillsAsked {
    pub(crate) bet: OrderId,
    /// Asked long enough after the engine was through, so that a complete listing is all there is.
    pub(crate) after_end: bool,
    /// The venue did not know the order, asked after its end.
    pub(crate) absent: bool,
    /// Fills on the pages before.
    pub(crate) seen: u32,
    /// Pages before.
    pub(crate) pages: u16,
}

/// Timers, by number.
pub(crate) mod timers {
    use venue_api::TimerId;
    pub(crate) const PACE: TimerId = TimerId(1);
    pub(crate) const METADATA: TimerId = TimerId(2);
    pub(crate) const FEES: TimerId = TimerId(3);
    pub(crate) const TOKEN: TimerId = TimerId(4);
    pub(crate) const MARKETS: TimerId = TimerId(5);
    pub(crate) const LINK: TimerId = TimerId(6);
    pub(crate) const RESUBSCRIBE: TimerId = TimerId(7);
    pub(crate) const HEARTBEAT: TimerId = TimerId(8);
    pub(crate) const BETS: TimerId = TimerId(9);
    pub(crate) const BOOKS: TimerId = TimerId(10);
    pub(crate) const ODDS: TimerId = TimerId(11);
    pub(crate) const CANCELS: TimerId = TimerId(12);
}

/// How many requests of one budget may leave at once before they are spread out.
const BURST: u64 = 8;

/// One budget of requests per second.
#[derive(Clone, Copy, Debug, Default)]
struct Budget {
    /// When it is whole again.
    whole_at: Mono,
    /// The venue asked to be left alone until then.
    quiet_until: Mono,
}

impl Budget {
    /// From when on one more may leave.
    fn from(&self, per_s: u32) -> Mono {
        let each_ns = 1_000_000_000 / u64::from(per_s.max(1));
        Mono(self.whole_at.0.saturating_sub(each_ns * (BURST - 1))).max(self.quiet_until)
    }
    fn take(&mut self, per_s: u32, now: Mono) {
        let each_ns = 1_000_000_000 / u64::from(per_s.max(1));
        self.whole_at = Mono(self.whole_at.max(now).0.saturating_add(each_ns));
    }
}

#[derive(Debug, Default)]
pub(crate) struct Requests {
    last: u64,
    open: BTreeMap<u64, (Pending, Lane)>,
    waiting: VecDeque<(Pending, Call)>,
    reads: Budget,
    orders: Budget,
}

impl Requests {
    pub(crate) fn close(&mut self, id: RequestId) -> Option<(Pending, Lane)> {
        self.open.remove(&id.0)
    }
    /// Leaves the venue alone until then: in the budget that it said so about.
    pub(crate) fn quiet(&mut self, lane: Lane, until: Mono) {
        let budget = if lane == Lane::Orders { &mut self.orders } else { &mut self.reads };
        budget.quiet_until = budget.quiet_until.max(until);
    }
    pub(crate) fn is_asked(&self, what: &Pending) -> bool {
        self.open.values().any(|(one, _)| one == what) || self.waiting.iter().any(|(one, _)| one == what)
    }
    /// Drops reads that wait for their budget and that nobody needs any more.
    pub(crate) fn drop_waiting(&mut self, needless: impl Fn(&Pending) -> bool) {
        self.waiting.retain(|(what, _)| !needless(what));
    }
    /// How long until an order may leave, ms; 0: now.
    pub(crate) fn order_wait_ms(&self, per_s: u32, now: Mono) -> u64 {
        self.orders.from(per_s).since(now).div_ceil(1_000_000)
    }
}

impl SxClient {
    /// Orders, cancels and heartbeats leave at once, and `prepare` refuses a bet beyond their budget; reads wait for theirs.
    pub(crate) fn ask(&mut self, what: Pending, call: Call, now: Now, out: &mut BetOut) {
        if call.lane == Lane::Orders {
            self.requests.orders.take(self.config.orders_per_s, now.mono);
            return self.leave(what, call, now, out);
        }
        let place = self.requests.waiting.partition_point(|(one, _)| one.rank() <= what.rank());
        self.requests.waiting.insert(place, (what, call));
        self.pace(now, out);
    }

    /// Lets out as many reads as the budget allows, and comes back for the rest.
    pub(crate) fn pace(&mut self, now: Now, out: &mut BetOut) {
        while !self.requests.waiting.is_empty() {
            let from = self.requests.reads.from(self.config.reads_per_s);
            if from > now.mono {
                return out.actions.push(Action::Timer { id: timers::PACE, at: from });
            }
            let Some((what, call)) = self.requests.waiting.pop_front() else { return };
            self.requests.reads.take(self.config.reads_per_s, now.mono);
            self.leave(what, call, now, out);
        }
    }

    fn leave(&mut self, what: Pending, call: Call, now: Now, out: &mut BetOut) {
        let timeout_ms =
            if matches!(what, Pending::Place(_)) { self.config.order_timeout_ms } else { self.config.read_timeout_ms };
        let mut headers = Vec::with_capacity(4);
        if call.keyed {
            headers.push(Header { name: KEY_HEADER, value: self.config.api_key.clone() });
        }
        if let Some(signer) = &self.signer {
            // Our own names: the layer is a gateway's of the operator, not the venue's.
            let timestamp = now.wall.ms().to_string();
            let signature = signer.sign(&timestamp, call.method.as_str(), &call.target, call.body.as_bytes());
            headers.push(Header { name: "x-request-key", value: SanitizedValue::new(hex::encode(signer.public_key())) });
            headers.push(Header { name: "x-request-signature", value: SanitizedValue::new(hex::encode(signature)) });
            headers.push(Header { name: "x-request-timestamp", value: SanitizedValue::new(timestamp) });
        }
        self.requests.last += 1;
        let id = RequestId(self.requests.last);
        let Call { lane, method, target, body, .. } = call;
        self.requests.open.insert(id.0, (what, lane));
        out.actions.push(Action::Request { id, lane, method, target, headers, body: Payload::Text(body), timeout_ms });
    }

    pub(crate) fn timer(id: TimerId, after_ms: u64, now: Now, out: &mut BetOut) {
        out.actions.push(Action::Timer { id, at: now.mono.plus_ms(after_ms) });
    }
}
