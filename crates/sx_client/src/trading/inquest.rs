//! Asking what became of a bet: the order by its id, then its fills, until nothing more can happen to it.
//!
//! Quick while the fate is open, slow while it rests or waits for its event to end. Nothing is concluded from an answer that does not
//! read, nor from what is not there before it could no longer come.

use super::Asking;
use crate::SxClient;
use crate::call;
use crate::error::Fault;
use crate::parse;
use crate::requests::{FillsAsked, Pending, timers};
use crate::state::{BetEvent, of_fill, of_order};
use domain::{Now, OrderId};
use venue_api::{Action, BetOut, Reply};

/// Fills may be indexed a moment after the order is through: a listing counts only when asked for so long afterwards, ms.
const INDEX_MS: u64 = 2_000;
/// Pages of fills read at most for one bet, 100 to a page.
const PAGES_MAX: u16 = 50;
/// When fills cannot be asked for by order they are asked for from so long before the expiry on, ms: no bet lives as long.
const FILLS_BEFORE_MS: i64 = 24 * 3_600_000;

impl SxClient {
    /// Asks the venue what became of a bet: of one that is over only the fills can say more.
    pub(crate) fn ask_bet(&mut self, id: OrderId, now: Now, out: &mut BetOut) {
        let Some(tracked) = self.bets.get(&id).filter(|tracked| tracked.call.is_none()) else { return };
        if tracked.bet.is_over() && tracked.asking() != Asking::Soon {
            return self.ask_fills(FillsAsked { bet: id, after_end: false, absent: false, seen: 0, pages: 0 }, None, now, out);
        }
        let asked = [true, false].iter().any(|past_end| self.requests.is_asked(&Pending::Order { bet: id, past_end: *past_end }));
        if !asked {
            // Judged when asked, not when answered: what may have been said before the end proves nothing.
            let what = Pending::Order { bet: id, past_end: now.wall > tracked.key.dead_after };
            let call = call::order(&tracked.key.key);
            self.ask(what, call, now, out);
        }
    }

    fn ask_fills(&mut self, asked: FillsAsked, page: Option<&str>, now: Now, out: &mut BetOut) {
        let Some(tracked) = self.bets.get(&asked.bet) else { return };
        let call = if self.fills_by_date {
            call::fills_since(tracked.spec.expires.plus_ms(-FILLS_BEFORE_MS), page)
        } else {
            call::fills(&tracked.key.key, page)
        };
        if !self.requests.is_asked(&Pending::Fills(asked)) {
            self.ask(Pending::Fills(asked), call, now, out);
        }
    }

    /// Arms the next question about a bet to which something can still happen.
    pub(crate) fn ask_later(&mut self, id: OrderId, now: Now, out: &mut BetOut) {
        let Some(tracked) = self.bets.get_mut(&id) else { return };
        let delays = &self.config.query_delays_ms;
        let delay = match tracked.asking() {
            Asking::Soon => delays.get(tracked.asked).or(delays.last()).copied(),
            Asking::Slowly => Some(self.config.settle_every_ms),
            Asking::Never => None,
        };
        tracked.asked = tracked.asked.saturating_add(1);
        tracked.ask_at = delay.map(|delay| now.mono.plus_ms(delay));
        self.arm_questions(out);
    }

    fn arm_questions(&self, out: &mut BetOut) {
        if let Some(at) = self.bets.values().filter_map(|tracked| tracked.ask_at).min() {
            out.actions.push(Action::Timer { id: timers::BETS, at });
        }
    }

    /// Asks about every bet whose time has come.
    pub(crate) fn questions_due(&mut self, now: Now, out: &mut BetOut) {
        let mut due = Vec::new();
        for (id, tracked) in &mut self.bets {
            if tracked.ask_at.is_some_and(|at| at <= now.mono) {
                tracked.ask_at = None;
                due.push(*id);
            }
        }
        due.into_iter().for_each(|id| self.ask_bet(id, now, out));
        self.arm_questions(out);
    }

    /// Asks at once about every bet to which something can still happen: the account's channels may have missed it.
    pub(crate) fn ask_all(&mut self, now: Now, out: &mut BetOut) {
        let open = self.bets.iter().filter(|(_, tracked)| tracked.asking() != Asking::Never).map(|(id, _)| *id);
        let open: Vec<OrderId> = open.collect();
        open.into_iter().for_each(|id| self.ask_bet(id, now, out));
    }

    pub(crate) fn order_reply(&mut self, id: OrderId, past_end: bool, reply: Reply<'_>, now: Now, out: &mut BetOut) {
        let Some(tracked) = self.bets.get(&id) else { return };
        let mut absent = false;
        match reply {
            Reply::Answer { status: 200, body, .. } => {
                let Some(seen) = parse::order_answer(body).filter(|seen| seen.order == tracked.key.key) else {
                    return self.query_failed(id, "the order does not read".to_owned(), now, out);
                };
                match of_order(&seen) {
                    Some(event) => self.learn(id, &event, now, out),
                    None => return self.query_failed(id, format!("the order's status {:?} is not known", seen.status), now, out),
                }
            }
            Reply::Answer { status: 404, body, .. } if Fault::read(404, body).text == "Order not found" => {
                absent = past_end;
            }
            Reply::Answer { status, body, .. } => return self.query_failed(id, Fault::read(status, body).sentence(), now, out),
            Reply::NotSent(why) | Reply::Unknown(why) => return self.query_failed(id, why.to_owned(), now, out),
        }
        let Some(tracked) = self.bets.get(&id) else { return };
        let after_end = tracked.over_since.is_some_and(|since| now.mono >= since.plus_ms(INDEX_MS));
        self.ask_fills(FillsAsked { bet: id, after_end, absent, seen: 0, pages: 0 }, None, now, out);
    }

    pub(crate) fn fills_reply(&mut self, asked: FillsAsked, reply: Reply<'_>, now: Now, out: &mut BetOut) {
        let id = asked.bet;
        let (body, status) = match reply {
            Reply::Answer { status, body, .. } => (body, status),
            Reply::NotSent(why) | Reply::Unknown(why) => return self.query_failed(id, why.to_owned(), now, out),
        };
        if status == 400 && !self.fills_by_date {
            // One reference of the venue leaves the question by order out (spec section 8).
            self.fills_by_date = true;
            return self.ask_fills(FillsAsked { seen: 0, pages: 0, ..asked }, None, now, out);
        }
        let page = if status == 200 { parse::fills_page(body) } else { None };
        let Some((fills, next)) = page else {
            return self.query_failed(id, format!("the fills do not read (HTTP {status})"), now, out);
        };
        let Some(key) = self.bets.get(&id).map(|tracked| tracked.key.key.clone()) else { return };
        let events: Option<Vec<BetEvent>> = fills.iter().filter(|fill| fill.order == key).map(of_fill).collect();
        let Some(events) = events else { return self.query_failed(id, "a fill's status is not known".to_owned(), now, out) };
        let seen = asked.seen.saturating_add(events.len() as u32);
        events.iter().for_each(|event| self.learn(id, event, now, out));
        if let Some(next) = next {
            if asked.pages >= PAGES_MAX {
                return self.query_failed(id, "the listing of its fills does not end".to_owned(), now, out);
            }
            return self.ask_fills(FillsAsked { seen, pages: asked.pages + 1, ..asked }, Some(&next), now, out);
        }
        if asked.after_end {
            self.learn(id, &BetEvent::Listed { fills: seen }, now, out);
        }
        let nothing = |tracked: &super::Tracked| tracked.bet.fill_count() == 0 && tracked.bet.taken() == 0;
        if asked.absent && seen == 0 && self.bets.get(&id).is_some_and(nothing) {
            self.learn(id, &BetEvent::Dead, now, out);
        }
        self.ask_later(id, now, out);
    }
}
