//! Requests on their way: which number means what, how fast reads may leave, and the headers they carry.

use crate::SxClient;
use crate::call::{Call, KEY_HEADER};
use crate::out::Out;
use domain::{MarketId, Mono, Now, OrderId};
use signing::SanitizedValue;
use std::collections::{BTreeMap, VecDeque};
use venue_api::{Action, Header, Lane, Payload, RequestId, TimerId};

/// What an answer is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pending {
    Metadata,
    Fees,
    Token,
    Markets {
        seen: usize,
    },
    Snapshot(MarketId),
    Balance,
    Place(OrderId),
    /// `past_end`: asked after the time at which the order could last have executed.
    Order {
        bet: OrderId,
        past_end: bool,
    },
    /// `after_end`: asked long enough after the engine was through, so that a complete listing is all there is. `absent`: the venue
    /// did not know the order, asked after its end.
    Fills {
        bet: OrderId,
        after_end: bool,
        absent: bool,
        seen: u32,
    },
    Cancel(OrderId),
    CancelAll,
    Heartbeat {
        timeout_s: u32,
    },
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
}

/// How many reads may leave at once before they are spread out.
const BURST: u64 = 8;

#[derive(Debug, Default)]
pub(crate) struct Requests {
    last: u64,
    open: BTreeMap<u64, Pending>,
    waiting: VecDeque<(Pending, Call)>,
    /// When the budget of reads is whole again.
    whole_at: Mono,
    /// The venue asked to be left alone until then.
    quiet_until: Mono,
}

impl Requests {
    pub(crate) fn close(&mut self, id: RequestId) -> Option<Pending> {
        self.open.remove(&id.0)
    }
    pub(crate) fn quiet(&mut self, until: Mono) {
        self.quiet_until = self.quiet_until.max(until);
    }
    pub(crate) fn is_asked(&self, what: &Pending) -> bool {
        self.open.values().any(|one| one == what) || self.waiting.iter().any(|(one, _)| one == what)
    }
}

impl SxClient {
    /// Orders leave at once; reads wait for their budget.
    pub(crate) fn ask(&mut self, what: Pending, call: Call, now: Now, out: &mut Out) {
        if call.lane == Lane::Orders {
            return self.leave(what, call, now, out);
        }
        self.requests.waiting.push_back((what, call));
        self.pace(now, out);
    }

    /// Lets out as many reads as the budget allows, and comes back for the rest.
    pub(crate) fn pace(&mut self, now: Now, out: &mut Out) {
        let each_ns = 1_000_000_000 / u64::from(self.config.reads_per_s);
        while !self.requests.waiting.is_empty() {
            let from = Mono(self.requests.whole_at.0.saturating_sub(each_ns * (BURST - 1))).max(self.requests.quiet_until);
            if from > now.mono {
                return out.actions.push(Action::Timer { id: timers::PACE, at: from });
            }
            let Some((what, call)) = self.requests.waiting.pop_front() else { return };
            self.requests.whole_at = Mono(self.requests.whole_at.max(now.mono).0.saturating_add(each_ns));
            self.leave(what, call, now, out);
        }
    }

    fn leave(&mut self, what: Pending, call: Call, now: Now, out: &mut Out) {
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
        self.requests.open.insert(id.0, what);
        let Call { lane, method, target, body, .. } = call;
        out.actions.push(Action::Request { id, lane, method, target, headers, body: Payload::Text(body), timeout_ms });
    }

    pub(crate) fn timer(id: TimerId, after_ms: u64, now: Now, out: &mut Out) {
        out.actions.push(Action::Timer { id, at: now.mono.plus_ms(after_ms) });
    }
}
