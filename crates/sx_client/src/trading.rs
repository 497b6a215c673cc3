//! Bets on their way: prepared, sent once, answered, asked about until their fate is known, cancelled.
//!
//! The id is the digest and known before anything leaves; an answer that is lost is asked for by it and never sent again (spec section
//! 7.4). What is learned becomes a [`BetEvent`], from whichever side it came.

use crate::SxClient;
use crate::call::{self, Posting, Wait};
use crate::error::Fault;
use crate::out::{News, Out};
use crate::parse;
use crate::requests::{Pending, timers};
use crate::sign::{OrderArgs, order_id, sign};
use crate::state::{Bet, BetEvent, of_entry, of_fill, of_order};
use domain::{BetSpec, BetStatus, Mono, Now, OrderId, Outcome, TimeInForce, VenueKey, Wall};
use signing::eip712::keccak256;
use venue_api::{Action, PrepareError, Reply};

/// Fills may be indexed a moment after the order is through: a listing counts only when asked for so long afterwards, ms.
const INDEX_MS: u64 = 2_000;
/// Added to the signed expiry before an order that the venue does not know counts as dead, ms: room for its clock.
const DEAD_MARGIN_MS: i64 = 5_000;

/// A bet in signed bytes, not yet sent. The shell journals `key` before it hands this back.
#[derive(Debug)]
pub struct PreparedBet {
    /// As wanted.
    pub spec: BetSpec,
    /// The venue's id of the order, and when it is dead unless the venue knows it.
    pub key: VenueKey,
}

/// A bet of an earlier life, from the journal.
#[derive(Clone, Debug)]
pub struct KnownBet {
    /// As wanted.
    pub spec: BetSpec,
    /// As journaled.
    pub key: VenueKey,
    /// The fold of its events.
    pub bet: Bet,
}

#[derive(Debug)]
pub(crate) struct Tracked {
    pub(crate) spec: BetSpec,
    key: VenueKey,
    pub(crate) bet: Bet,
    /// Signed and waiting to leave.
    call: Option<call::Call>,
    over_since: Option<Mono>,
    asked: usize,
    ask_at: Option<Mono>,
}

impl Tracked {
    /// Whether the venue still has something to say that matters.
    fn is_open(&self) -> bool {
        self.call.is_none() && matches!(self.bet.status(), BetStatus::Pending | BetStatus::Matched)
    }
}

impl SxClient {
    /// Puts a bet into signed bytes and says by which id the venue will know it. Sends nothing.
    ///
    /// # Errors
    /// [`PrepareError`]; the bet did not and will not leave.
    pub fn prepare(&mut self, spec: BetSpec, now: Now) -> Result<PreparedBet, PrepareError> {
        let invalid = |why: String| Err(PrepareError::Invalid(why));
        let Some((metadata, read_at)) = &self.metadata else { return Err(PrepareError::NotReady("metadata is not known")) };
        if now.mono.since(*read_at) > self.config.metadata_age_ms_max.saturating_mul(1_000_000) {
            return Err(PrepareError::NotReady("metadata is too old"));
        }
        if !self.ready() {
            return Err(PrepareError::NotReady("the account's channels are not live"));
        }
        if spec.venue != crate::VENUE {
            return invalid(format!("the bet is for {}", spec.venue));
        }
        if self.bets.contains_key(&spec.id) {
            return invalid(format!("{} is known already", spec.id));
        }
        let Some(market) = self.markets.get(&spec.market) else { return invalid(format!("market {} is not known", spec.market)) };
        if !market.active || (!market.live && market.game_time <= now.wall.ms() / 1_000) {
            return invalid(format!("market {} takes no bets now", spec.market));
        }
        if spec.stake.e6() < metadata.stake_min {
            return invalid(format!("stake {} is below the venue's minimum", spec.stake));
        }
        if spec.outcome != Outcome::ONE && spec.outcome != Outcome::TWO {
            return invalid(format!("outcome {} is neither one nor two", spec.outcome.0));
        }
        let Some(percentage_odds) = metadata.ladder.worst(spec.odds_min) else {
            return invalid(format!("no rung of the ladder has odds of {} or better", spec.odds_min));
        };
        let earliest = metadata.delays.expiry_min(market.league, market.sport, now.wall);
        let expiry = u64::try_from(spec.expires.ms() / 1_000).unwrap_or(0);
        if spec.expires < earliest {
            return invalid(format!(
                "it expires {} ms too early for the betting delay",
                earliest.ms().saturating_sub(spec.expires.ms())
            ));
        }
        // From the content: the same bet found twice is one order.
        let salt = keccak256(format!("{} {}", spec.id, spec.expires.0).as_bytes());
        let order = OrderArgs {
            market: spec.market,
            base_token: metadata.base_token,
            stake: spec.stake.e6(),
            percentage_odds,
            salt,
            expiry,
            maker: self.key.address(),
            outcome_one: spec.outcome == Outcome::ONE,
        };
        let id = order_id(&order, &metadata.separator);
        let venue_id = format!("0x{}", hex::encode(id));
        let wait = if spec.tif == TimeInForce::Gtc { Wait::No } else { Wait::OutcomeMs(self.config.wait_ms) };
        let client_id = spec.id.to_string();
        let posting = Posting { tif: spec.tif, client_id: Some(&client_id), wait };
        let call = call::place(&order, &sign(&id, &self.key), posting);
        let dead_after = Wall::from_ms((expiry as i64).saturating_mul(1_000)).plus_ms(DEAD_MARGIN_MS);
        let key = VenueKey { key: venue_id.clone(), hash: Some(venue_id.clone()), dead_after };
        let bet = Bet::new(spec.stake.e6());
        let tracked =
            Tracked { spec: spec.clone(), key: key.clone(), bet, call: Some(call), over_since: None, asked: 0, ask_at: None };
        self.by_venue.insert(venue_id, spec.id);
        self.bets.insert(spec.id, tracked);
        Ok(PreparedBet { spec, key })
    }

    /// Sends what was prepared, once. The outcome comes as news.
    pub fn send(&mut self, prepared: PreparedBet, now: Now, out: &mut Out) {
        let id = prepared.spec.id;
        let call = match self.bets.get_mut(&id) {
            Some(tracked) if tracked.key == prepared.key => tracked.call.take(),
            _ => None,
        };
        let Some(call) = call else { return };
        if prepared.spec.tif == TimeInForce::Gtc {
            self.arm(now, out);
        }
        // Asked first: while its answer is due, nothing else needs to be asked about it.
        self.ask(Pending::Place(id), call, now, out);
        self.learn(id, BetEvent::Sent, now, out);
    }

    /// Forgets a prepared bet that will not be sent.
    pub fn discard(&mut self, prepared: &PreparedBet) {
        if self.bets.get(&prepared.spec.id).is_some_and(|tracked| tracked.call.is_some()) {
            self.forget(prepared.spec.id);
        }
    }

    /// A bet of an earlier life: recognised from now on, and asked about if its fate is open.
    pub fn adopt(&mut self, known: KnownBet, now: Now, out: &mut Out) {
        let id = known.spec.id;
        if self.bets.contains_key(&id) {
            return;
        }
        self.by_venue.insert(known.key.key.clone(), id);
        let KnownBet { spec, key, bet } = known;
        let over_since = bet.is_over().then_some(now.mono);
        self.bets.insert(id, Tracked { spec, key, bet, call: None, over_since, asked: 0, ask_at: None });
        self.ask_later(id, now, out);
    }

    /// Forgets a bet that is over for good.
    pub fn forget(&mut self, id: OrderId) {
        if let Some(tracked) = self.bets.remove(&id) {
            self.by_venue.remove(&tracked.key.key);
        }
    }

    /// How a bet stands, by all that was learned.
    pub fn bet(&self, id: OrderId) -> Option<&Bet> {
        self.bets.get(&id).map(|tracked| &tracked.bet)
    }

    /// Asks the venue what became of a bet.
    pub fn query(&mut self, id: OrderId, now: Now, out: &mut Out) {
        let Some(tracked) = self.bets.get(&id).filter(|tracked| tracked.call.is_none()) else { return };
        let asked = [true, false].iter().any(|past_end| self.requests.is_asked(&Pending::Order { bet: id, past_end: *past_end }));
        if !asked {
            // Judged when asked, not when answered: what may have been said before the end proves nothing.
            let what = Pending::Order { bet: id, past_end: now.wall > tracked.key.dead_after };
            let call = call::order(&tracked.key.key);
            self.ask(what, call, now, out);
        }
    }

    /// Asks the venue to cancel a resting order. Its end comes as news: an answer alone is no cancel.
    pub fn cancel(&mut self, id: OrderId, now: Now, out: &mut Out) {
        let Some(tracked) = self.bets.get(&id).filter(|tracked| tracked.call.is_none()) else { return };
        let call = call::cancel(&[&tracked.key.key]);
        self.ask(Pending::Cancel(id), call, now, out);
    }

    /// Asks the venue to cancel every order of the account, in as many rounds as it takes.
    pub fn cancel_all(&mut self, now: Now, out: &mut Out) {
        self.ask(Pending::CancelAll, call::cancel_all(), now, out);
    }

    /// Takes in what was learned, tells it if it was news, and asks on while the fate is open.
    pub(crate) fn learn(&mut self, id: OrderId, event: BetEvent, now: Now, out: &mut Out) {
        let Some(tracked) = self.bets.get_mut(&id) else { return };
        if !tracked.bet.learn(&event) {
            return;
        }
        if tracked.bet.is_over() && tracked.over_since.is_none() {
            tracked.over_since = Some(now.mono);
        }
        tracked.asked = 0;
        let status = tracked.bet.status();
        let rests = tracked.spec.tif == TimeInForce::Gtc && tracked.bet.may_rest();
        out.news.push(News::Bet { bet: id, event, status });
        // The answer of an order in flight comes by itself; until then only its loss starts the questions.
        if !rests && !self.requests.is_asked(&Pending::Place(id)) {
            self.ask_later(id, now, out);
        }
    }

    fn unknown(&mut self, id: OrderId, why: String, now: Now, out: &mut Out) {
        out.news.push(News::Unknown { bet: id, why });
        self.ask_later(id, now, out);
    }

    /// Arms the next question about a bet whose fate is open.
    pub(crate) fn ask_later(&mut self, id: OrderId, now: Now, out: &mut Out) {
        let Some(tracked) = self.bets.get_mut(&id) else { return };
        if !tracked.is_open() {
            tracked.ask_at = None;
            return;
        }
        let delays = &self.config.query_delays_ms;
        let delay = delays.get(tracked.asked).or(delays.last()).copied().unwrap_or(1_000);
        tracked.asked = tracked.asked.saturating_add(1);
        tracked.ask_at = Some(now.mono.plus_ms(delay));
        self.arm_questions(out);
    }

    fn arm_questions(&self, out: &mut Out) {
        if let Some(at) = self.bets.values().filter_map(|tracked| tracked.ask_at).min() {
            out.actions.push(Action::Timer { id: timers::BETS, at });
        }
    }

    /// Asks about every bet whose time has come.
    pub(crate) fn questions_due(&mut self, now: Now, out: &mut Out) {
        let mut due = Vec::new();
        for (id, tracked) in &mut self.bets {
            if tracked.ask_at.is_some_and(|at| at <= now.mono) {
                tracked.ask_at = None;
                due.push(*id);
            }
        }
        due.into_iter().for_each(|id| self.query(id, now, out));
        self.arm_questions(out);
    }

    /// Asks about every open bet at once: the account's channels may have missed something.
    pub(crate) fn ask_all(&mut self, now: Now, out: &mut Out) {
        let open: Vec<OrderId> = self.bets.iter().filter(|(_, tracked)| tracked.is_open()).map(|(id, _)| *id).collect();
        open.into_iter().for_each(|id| self.query(id, now, out));
    }

    pub(crate) fn place_reply(&mut self, id: OrderId, reply: Reply<'_>, now: Now, out: &mut Out) {
        let (status, body) = match reply {
            Reply::NotSent(_) => return self.learn(id, BetEvent::NotSent, now, out),
            Reply::Unknown(why) => return self.unknown(id, why.to_owned(), now, out),
            Reply::Answer { status, body, .. } => (status, body),
        };
        let Some(tracked) = self.bets.get(&id) else { return };
        if status != 200 && status != 201 {
            let fault = Fault::read(status, body);
            return match fault.refusal() {
                Some(_) => self.learn(id, BetEvent::Refused { code: fault.text }, now, out),
                None => self.unknown(id, fault.sentence(), now, out),
            };
        }
        let entries = parse::created(body).unwrap_or_default();
        let event = match entries.as_slice() {
            // One order was sent, so one element answers it. A refusal need not name the id; anything else must.
            [one] if one.order.as_deref().is_some_and(|named| named == tracked.key.key) => of_entry(one, tracked.spec.stake.e6()),
            [one] if one.order.is_none() && one.status == "FAILED" => of_entry(one, tracked.spec.stake.e6()),
            _ => None,
        };
        match event {
            Some(event) => {
                self.learn(id, event, now, out);
                self.ask_later(id, now, out);
            }
            None => self.unknown(id, "the answer does not read, or names another order".to_owned(), now, out),
        }
    }

    pub(crate) fn order_reply(&mut self, id: OrderId, past_end: bool, reply: Reply<'_>, now: Now, out: &mut Out) {
        let Some(tracked) = self.bets.get(&id) else { return };
        let mut absent = false;
        match reply {
            Reply::Answer { status: 200, body, .. } => match parse::order_answer(body)
                .filter(|seen| seen.order == tracked.key.key)
            {
                Some(seen) => match of_order(&seen) {
                    Some(event) => self.learn(id, event, now, out),
                    None => return self.query_failed(id, format!("the order's status {:?} is not known", seen.status), now, out),
                },
                None => return self.query_failed(id, "the order does not read".to_owned(), now, out),
            },
            Reply::Answer { status: 404, body, .. } if Fault::read(404, body).text == "Order not found" => {
                absent = past_end;
            }
            Reply::Answer { status, body, .. } => return self.query_failed(id, Fault::read(status, body).sentence(), now, out),
            Reply::NotSent(why) | Reply::Unknown(why) => return self.query_failed(id, why.to_owned(), now, out),
        }
        let Some(tracked) = self.bets.get(&id) else { return };
        let indexed = tracked.over_since.is_some_and(|since| now.mono >= since.plus_ms(INDEX_MS));
        let call = call::fills(&tracked.key.key, None);
        self.ask(Pending::Fills { bet: id, after_end: indexed, absent, seen: 0 }, call, now, out);
    }

    pub(crate) fn fills_reply(&mut self, what: (OrderId, bool, bool, u32), reply: Reply<'_>, now: Now, out: &mut Out) {
        let (id, after_end, absent, before) = what;
        let (body, status) = match reply {
            Reply::Answer { status, body, .. } => (body, status),
            Reply::NotSent(why) | Reply::Unknown(why) => return self.query_failed(id, why.to_owned(), now, out),
        };
        let page = if status == 200 { parse::fills_page(body) } else { None };
        let Some((fills, next)) = page else {
            return self.query_failed(id, format!("the fills do not read (HTTP {status})"), now, out);
        };
        let Some(key) = self.bets.get(&id).map(|tracked| tracked.key.key.clone()) else { return };
        let events: Option<Vec<BetEvent>> = fills.iter().filter(|fill| fill.order == key).map(of_fill).collect();
        let Some(events) = events else { return self.query_failed(id, "a fill's status is not known".to_owned(), now, out) };
        let seen = before.saturating_add(events.len() as u32);
        events.into_iter().for_each(|event| self.learn(id, event, now, out));
        if let Some(next) = next {
            let call = call::fills(&key, Some(&next));
            return self.ask(Pending::Fills { bet: id, after_end, absent, seen }, call, now, out);
        }
        if after_end {
            self.learn(id, BetEvent::Listed { fills: seen }, now, out);
        }
        if absent
            && seen == 0
            && self.bets.get(&id).is_some_and(|tracked| tracked.bet.fill_count() == 0 && tracked.bet.taken() == 0)
        {
            self.learn(id, BetEvent::Dead, now, out);
        }
        self.ask_later(id, now, out);
    }

    fn query_failed(&mut self, id: OrderId, why: String, now: Now, out: &mut Out) {
        out.news.push(News::QueryFailed { bet: id, why });
        self.ask_later(id, now, out);
    }

    pub(crate) fn cancel_reply(&mut self, id: OrderId, reply: Reply<'_>, now: Now, out: &mut Out) {
        let read = match reply {
            Reply::Answer { status: 200, body, .. } => parse::cancelled(body).is_some(),
            _ => false,
        };
        if !read {
            out.news.push(News::QueryFailed { bet: id, why: "the cancel was not confirmed".to_owned() });
        }
        // Cancelled, not cancelled or unconfirmed: what the order and its fills say is what counts (spec section 9).
        self.query(id, now, out);
    }

    pub(crate) fn cancel_all_reply(&mut self, reply: Reply<'_>, now: Now, out: &mut Out) {
        if let Reply::Answer { status: 200, body, .. } = reply
            && parse::cancelled(body).is_some_and(|cancelled| cancelled.has_more)
        {
            self.cancel_all(now, out);
        }
        self.ask_all(now, out);
    }

    /// A message of the channel of the account's orders.
    pub(crate) fn orders_pushed(&mut self, text: &str, now: Now, out: &mut Out) {
        let Some(seen) = parse::orders(text) else { return self.ask_all(now, out) };
        for order in seen {
            match self.by_venue.get(&order.order).copied() {
                Some(id) => match of_order(&order) {
                    Some(event) => self.learn(id, event, now, out),
                    None => self.query(id, now, out),
                },
                None => {
                    out.news
                        .push(News::Foreign { evidence: format!("order {} ({}) is none of ours", order.order, order.status) });
                }
            }
        }
    }

    /// A message of the channel of the account's fills.
    pub(crate) fn fills_pushed(&mut self, text: &str, now: Now, out: &mut Out) {
        let Some(seen) = parse::fills(text) else { return self.ask_all(now, out) };
        for fill in seen {
            match self.by_venue.get(&fill.order).copied() {
                Some(id) => match of_fill(&fill) {
                    Some(event) => self.learn(id, event, now, out),
                    None => self.query(id, now, out),
                },
                None => {
                    out.news
                        .push(News::Foreign { evidence: format!("fill {} of order {} is none of ours", fill.id, fill.order) });
                }
            }
        }
    }

    fn rests(&self) -> bool {
        self.bets.values().any(|t| t.spec.tif == TimeInForce::Gtc && t.bet.may_rest())
    }

    /// Arms the heartbeat before an order may rest.
    fn arm(&mut self, now: Now, out: &mut Out) {
        if !self.armed {
            self.armed = true;
            self.beat(self.config.heartbeat_s, now, out);
        }
    }

    fn beat(&mut self, timeout_s: u32, now: Now, out: &mut Out) {
        self.ask(Pending::Heartbeat { timeout_s }, call::heartbeat(timeout_s), now, out);
        if timeout_s > 0 {
            Self::timer(timers::HEARTBEAT, u64::from(self.config.heartbeat_s) * 1_000 / 3, now, out);
        }
    }

    /// Renews the heartbeat while anything rests, and disarms it when nothing does.
    pub(crate) fn heartbeat_due(&mut self, now: Now, out: &mut Out) {
        if self.armed {
            self.armed = self.rests();
            self.beat(if self.armed { self.config.heartbeat_s } else { 0 }, now, out);
        }
    }

    pub(crate) fn heartbeat_reply(timeout_s: u32, reply: Reply<'_>, now: Now, out: &mut Out) {
        let armed = match reply {
            Reply::Answer { status: 200 | 201, body, .. } => {
                parse::heartbeat(body).is_some_and(|until| until.is_some() == (timeout_s > 0))
            }
            _ => false,
        };
        if !armed && timeout_s > 0 {
            out.news.push(News::HeartbeatMissed { why: "the venue did not confirm it".to_owned() });
            Self::timer(timers::HEARTBEAT, 1_000, now, out);
        }
    }
}
