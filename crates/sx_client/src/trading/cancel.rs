//! Taking resting orders off the book, and the heartbeat that takes them off when we are gone.

use crate::SxClient;
use crate::call;
use crate::parse;
use crate::requests::{Pending, timers};
use domain::{Now, OrderId};
use venue_api::{BetNews, BetOut, Reply};

/// Rounds of a cancel of many: what is left then is for a person.
const ROUNDS_MAX: u16 = 100;
/// Before a cancel of many without an answer is asked for again, and a heartbeat without one, ms.
const RETRY_MS: u64 = 1_000;

impl SxClient {
    /// Asks the venue to cancel a resting order. Its end comes as news: an answer alone is no cancel.
    pub(crate) fn cancel_bet(&mut self, id: OrderId, now: Now, out: &mut BetOut) {
        let Some(tracked) = self.bets.get(&id).filter(|tracked| tracked.call.is_none()) else { return };
        let call = call::cancel(&[&tracked.key.key]);
        self.ask(Pending::Cancel(id), call, now, out);
    }

    pub(crate) fn cancel_reply(&mut self, id: OrderId, reply: Reply<'_>, now: Now, out: &mut BetOut) {
        let read = match reply {
            Reply::Answer { status: 200, body, .. } => parse::cancelled(body).is_some(),
            _ => false,
        };
        if !read {
            out.news.push(BetNews::QueryFailed { bet: Some(id), why: "the cancel was not confirmed".to_owned() });
        }
        // Cancelled, not cancelled or unconfirmed: what the order and its fills say is what counts (spec section 9).
        self.ask_bet(id, now, out);
    }

    /// Asks the venue to cancel every order of the account, in as many rounds as it takes.
    pub fn cancel_all(&mut self, now: Now, out: &mut BetOut) {
        self.cancel_many(None, 0, now, out);
    }

    /// Asks the venue to cancel every order of one event, in as many rounds as it takes.
    pub fn cancel_event(&mut self, event: &str, now: Now, out: &mut BetOut) {
        self.cancel_many(Some(event.to_owned()), 0, now, out);
    }

    fn cancel_many(&mut self, event: Option<String>, round: u16, now: Now, out: &mut BetOut) {
        let call = event.as_deref().map_or_else(call::cancel_all, call::cancel_event);
        self.ask(Pending::CancelMany { event, round }, call, now, out);
    }

    pub(crate) fn cancel_many_reply(&mut self, event: Option<String>, round: u16, reply: Reply<'_>, now: Now, out: &mut BetOut) {
        let read = match reply {
            Reply::Answer { status: 200, body, .. } => parse::cancelled(body),
            _ => None,
        };
        let left = read.as_ref().is_none_or(|cancelled| cancelled.has_more);
        if left && round >= ROUNDS_MAX {
            let why = format!("after {round} rounds the venue has not cancelled every order");
            out.news.push(BetNews::QueryFailed { bet: None, why });
        } else if read.is_none() {
            out.news.push(BetNews::QueryFailed { bet: None, why: "the cancel of every order was not confirmed".to_owned() });
            self.cancels.push((event, round + 1));
            Self::timer(timers::CANCELS, RETRY_MS, now, out);
        } else if left {
            return self.cancel_many(event, round + 1, now, out);
        }
        self.ask_all(now, out);
    }

    /// Asks again for what was not confirmed.
    pub(crate) fn cancels_due(&mut self, now: Now, out: &mut BetOut) {
        for (event, round) in std::mem::take(&mut self.cancels) {
            self.cancel_many(event, round, now, out);
        }
    }

    /// Whether an order of ours may lie on the book.
    pub(crate) fn rests(&self) -> bool {
        self.bets.values().any(|tracked| tracked.may_lie())
    }

    /// Arms the heartbeat before an order may rest.
    pub(crate) fn arm(&mut self, now: Now, out: &mut BetOut) {
        if !self.armed {
            self.armed = true;
            self.beat(self.config.heartbeat_s, now, out);
        }
    }

    /// Tells the venue how long to keep resting orders without another word; 0 switches that off and cancels nothing.
    pub(crate) fn beat(&mut self, timeout_s: u32, now: Now, out: &mut BetOut) {
        self.ask(Pending::Heartbeat { timeout_s }, call::heartbeat(timeout_s), now, out);
        if timeout_s > 0 {
            Self::timer(timers::HEARTBEAT, u64::from(self.config.heartbeat_s) * 1_000 / 3, now, out);
        }
    }

    /// Renews the heartbeat while anything rests, and disarms it when nothing does.
    pub(crate) fn heartbeat_due(&mut self, now: Now, out: &mut BetOut) {
        if self.armed {
            self.armed = self.rests();
            self.beat(if self.armed { self.config.heartbeat_s } else { 0 }, now, out);
        }
    }

    pub(crate) fn heartbeat_reply(timeout_s: u32, reply: Reply<'_>, now: Now, out: &mut BetOut) {
        let armed = match reply {
            Reply::Answer { status: 200 | 201, body, .. } => {
                parse::heartbeat(body).is_some_and(|until| until.is_some() == (timeout_s > 0))
            }
            _ => false,
        };
        if !armed && timeout_s > 0 {
            out.news.push(BetNews::HeartbeatMissed { why: "the venue did not confirm it".to_owned() });
            Self::timer(timers::HEARTBEAT, RETRY_MS, now, out);
        }
    }
}
