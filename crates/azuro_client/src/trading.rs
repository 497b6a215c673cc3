//! Bets: prepared, sent once, followed until their fate is decided.
//!
//! Source: spec sections 7.1, 7.5 and 7.6. There is no cancel: `expiresAt` is written into the signed bytes, and once the chain's time
//! has passed it with the nonce unused, the bet is dead. A lost answer is asked by the order's id, which is known before sending; the
//! identical bytes may be posted once more, never other ones.

use crate::amount::{min_odds, stake_units};
use crate::client::{AzuroClient, BET_TIMER, Pending, failed};
use crate::error::RefusalKind;
use crate::out::{News, Output};
use crate::parse::{self, OrderWord};
use crate::sign::{self, BetTerms, ORDER_TARGET, Sponsored};
use crate::state::{Fact, Facts, OrderState, Taken};
use domain::{BetSpec, BetStatus, Now, OrderId, VenueKey, Wall};
use venue_api::{Action, Lane, Method, PrepareError, Reply, TimerId};

/// A bet that expires sooner than this is not worth sending, s.
const TTL_S_MIN: u64 = 3;
/// One bet of ours.
pub(crate) struct Bet {
    pub(crate) spec: BetSpec,
    pub(crate) nonce: u64,
    venue_id: String,
    /// Unix seconds: past this on chain, with the nonce unused, it is dead.
    pub(crate) fence_s: u64,
    /// Unix seconds, as signed; nothing for a bet of an earlier life.
    expires_at: u64,
    /// The bytes to post; nothing for a bet of an earlier life.
    body: Option<String>,
    pub(crate) facts: Facts,
    /// The first POST has no answer yet.
    posting: bool,
    repeated: bool,
    polling: bool,
    pub(crate) inquest: bool,
}
/// The body carries the signature.
impl std::fmt::Debug for Bet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bet").field("id", &self.venue_id).field("facts", &self.facts).finish_non_exhaustive()
    }
}

/// A bet in the venue's words, signed, not yet sent: the shell journals `key` and hands the order back to `send`.
#[derive(Debug, PartialEq, Eq)]
pub struct PreparedBet {
    /// As asked for.
    pub spec: BetSpec,
    /// The venue's id, the digest, and when these bytes are dead.
    pub key: VenueKey,
}

/// A bet of an earlier life, by the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownBet {
    /// As asked for.
    pub spec: BetSpec,
    /// As journaled.
    pub key: VenueKey,
    /// All that was learned.
    pub facts: Facts,
}

fn invalid(why: impl Into<String>) -> PrepareError {
    PrepareError::Invalid(why.into())
}

fn seconds(wall: Wall) -> u64 {
    u64::try_from(wall.ms().div_euclid(1_000)).unwrap_or(0)
}

impl AzuroClient {
    /// Puts a bet into signed bytes and says by which key the venue will know it. Sends nothing.
    ///
    /// # Errors
    /// [`PrepareError`]: no session, a rule that it breaks, odds or limits that have moved, means that do not suffice, or an earlier
    /// bet of the same leg that can still be accepted. Nothing left.
    pub fn prepare(&mut self, spec: BetSpec, now: Now) -> Result<PreparedBet, PrepareError> {
        if let Some(why) = self.not_ready(now) {
            return Err(PrepareError::NotReady(why));
        }
        let (Some(key), Some((fee, _))) = (self.key.clone(), self.fee) else { return Err(PrepareError::NotReady("no key")) };
        let environment = self.config.environment;
        let place = (spec.market, spec.outcome);
        let amount =
            stake_units(spec.stake).ok_or_else(|| invalid(format!("a stake of {} is no whole cent above zero", spec.stake)))?;
        let (odds, starts) =
            self.feed.odds(spec.market, spec.outcome, now, self.age_ms_max()).map_err(|why| invalid(why.to_owned()))?;
        if odds < spec.odds_min {
            return Err(invalid(format!("the odds are {odds}, wanted are {}", spec.odds_min)));
        }
        let limits = self.limits.get(&place).ok_or(PrepareError::NotReady("the limits of this outcome have not been read"))?;
        if amount < limits.min || amount > limits.max {
            return Err(invalid(format!("the stake is {amount} units, taken are {} to {}", limits.min, limits.max)));
        }
        let funds = self.funds().ok_or(PrepareError::NotReady("balance and allowance have not been read"))?;
        let cost = amount.checked_add(fee).ok_or_else(|| invalid("stake and fee are beyond 128 bits"))?;
        if cost > funds.balance || cost > funds.allowance {
            let (balance, allowance) = (funds.balance, funds.allowance);
            return Err(invalid(format!("it costs {cost} units, held are {balance} and the relayer may take {allowance}")));
        }
        let least = min_odds(spec.odds_min).ok_or_else(|| invalid("odds beyond 18 million"))?;
        let expires_at = self.expiry(&spec, starts, now)?;
        let nonce = self.nonces.next(spec.id, now.wall).map_err(|held| invalid(held.to_string()))?;
        let terms = BetTerms {
            attention: self.config.attention.clone(),
            affiliate: self.config.affiliate.unwrap_or(key.address()),
            expires_at,
            relayer_fee: fee,
            sponsored: Sponsored::default(),
            condition: spec.market,
            outcome: spec.outcome,
            min_odds: least,
            amount,
            nonce,
        };
        let signed = sign::sign(&key, environment, &terms);
        let fence_s = expires_at.saturating_add(self.config.fence_margin_s);
        let dead_after = Wall::from_ms(i64::try_from(fence_s.saturating_mul(1_000)).unwrap_or(i64::MAX));
        let hash = Some(format!("0x{}", hex::encode(signed.digest)));
        let venue_key = VenueKey { key: signed.order_id.clone(), hash, dead_after };
        let bet = Bet {
            spec: spec.clone(),
            nonce,
            venue_id: signed.order_id,
            fence_s,
            expires_at,
            body: Some(signed.body),
            facts: Facts::default(),
            posting: false,
            repeated: false,
            polling: false,
            inquest: false,
        };
        self.bets.insert(spec.id, bet);
        Ok(PreparedBet { spec, key: venue_key })
    }

    /// The earliest of what was asked for, the longest life, and the time before kick-off by which it must be dead.
    fn expiry(&self, spec: &BetSpec, starts: Wall, now: Now) -> Result<u64, PrepareError> {
        let now_s = seconds(now.wall);
        let longest = now_s.saturating_add(self.config.ttl_s_max);
        let kickoff = seconds(starts).saturating_sub(self.config.kickoff_margin_s);
        let expires_at = seconds(spec.expires).min(longest).min(kickoff);
        if expires_at < now_s.saturating_add(TTL_S_MIN) {
            return Err(invalid(format!("it would expire within {TTL_S_MIN} s: too late for this game or for this order")));
        }
        Ok(expires_at)
    }

    /// Sends what was prepared, once. What becomes of it comes as [`News::Bet`].
    pub fn send(&mut self, order: OrderId, now: Now, out: &mut Output) {
        let Some(bet) = self.bets.get(&order).filter(|bet| !bet.facts.left()) else { return };
        let Some(body) = bet.body.clone() else { return };
        self.learn(order, Fact::Left, out);
        if let Some(bet) = self.bets.get_mut(&order) {
            bet.posting = true;
        }
        let what = Pending::Post { order, repeat: false };
        self.ask(what, Lane::Orders, Method::Post, ORDER_TARGET.to_owned(), body, out);
        self.follow(order, now, out);
    }

    /// Forgets a prepared bet that will not be sent.
    pub fn discard(&mut self, order: OrderId) {
        if self.bets.get(&order).is_some_and(|bet| !bet.facts.left()) {
            self.forget(order);
        }
    }

    /// Forgets a bet that is over for good.
    pub fn forget(&mut self, order: OrderId) {
        if let Some(bet) = self.bets.remove(&order) {
            self.nonces.release(bet.nonce);
        }
    }

    /// Asks the API and the chain what became of a bet.
    pub fn query(&mut self, order: OrderId, out: &mut Output) {
        self.poll(order, out);
        self.begin_inquest(order, out);
    }

    /// Takes over a bet of an earlier life and asks about it at once. False when its key is none of this bettor's.
    pub fn adopt(&mut self, mut known: KnownBet, now: Now, out: &mut Output) -> bool {
        let nonce = known.key.key.rsplit_once('_').and_then(|(_, nonce)| nonce.parse::<u64>().ok());
        let (Some(nonce), Some(key)) = (nonce, &self.key) else { return false };
        if sign::order_id(key.address(), nonce) != known.key.key {
            return false;
        }
        let order = known.spec.id;
        // Its key was journaled before it left, so it may have left.
        known.facts.add(&Fact::Left);
        self.nonces.adopt(nonce, order);
        if !known.facts.open() {
            self.nonces.release(nonce);
        }
        // The fence was rounded to whole seconds when it was written; a second more costs nothing.
        let fence_s = seconds(known.key.dead_after).saturating_add(1);
        let bet = Bet {
            spec: known.spec,
            nonce,
            venue_id: known.key.key,
            fence_s,
            expires_at: 0,
            body: None,
            facts: known.facts,
            posting: false,
            repeated: false,
            polling: false,
            inquest: false,
        };
        self.bets.insert(order, bet);
        self.query(order, out);
        self.follow(order, now, out);
        true
    }

    /// How a bet stands.
    pub fn status(&self, order: OrderId) -> Option<(BetStatus, &'static str)> {
        self.bets.get(&order).map(|bet| bet.facts.status())
    }

    /// The fill of a bet, once there is one.
    pub fn taken(&self, order: OrderId) -> Option<Taken> {
        self.bets.get(&order).and_then(|bet| bet.facts.taken())
    }

    pub(crate) fn learn(&mut self, order: OrderId, fact: Fact, out: &mut Output) {
        let Some(bet) = self.bets.get_mut(&order) else { return };
        if !bet.facts.add(&fact) {
            return;
        }
        let (status, why) = bet.facts.status();
        if bet.facts.left() && !bet.facts.open() {
            self.nonces.release(bet.nonce);
        }
        out.news.push(News::Bet { order, fact, status, why });
    }

    /// Arms the next look at a bet: often while its fate is open, seldom while it could be called off, never when it is over.
    pub(crate) fn follow(&self, order: OrderId, now: Now, out: &mut Output) {
        let Some(bet) = self.bets.get(&order) else { return };
        let id = TimerId(BET_TIMER | bet.nonce);
        let wait = match bet.facts.status().0 {
            BetStatus::Pending | BetStatus::Matched => self.config.poll_ms,
            BetStatus::Accepted | BetStatus::Partial => self.config.watch_ms,
            BetStatus::Refused | BetStatus::Settled | BetStatus::Void => return out.actions.push(Action::CancelTimer { id }),
        };
        self.arm(id, wait, now, out);
    }

    /// A bet's timer.
    pub(crate) fn bet_due(&mut self, nonce: u64, now: Now, out: &mut Output) {
        let Some((order, bet)) = self.bets.iter().find(|(_, bet)| bet.nonce == nonce) else { return };
        let order = *order;
        // Our clock only decides when to ask the chain; the chain's own time decides the fate.
        let due = bet.facts.open() && seconds(now.wall) >= bet.fence_s;
        self.poll(order, out);
        if due {
            self.begin_inquest(order, out);
        }
        self.follow(order, now, out);
    }

    fn poll(&mut self, order: OrderId, out: &mut Output) {
        let Some(bet) = self.bets.get_mut(&order).filter(|bet| bet.facts.left() && !bet.polling) else { return };
        bet.polling = true;
        let target = format!("/bet/orders/{}", bet.venue_id);
        self.ask(Pending::Poll(order), Lane::Account, Method::Get, target, String::new(), out);
    }

    /// The answer to the POST. What the venue documents as a refusal is one, once; everything else leaves the fate open.
    pub(crate) fn post_reply(&mut self, order: OrderId, repeat: bool, reply: Reply<'_>, now: Now, out: &mut Output) {
        if let Some(bet) = self.bets.get_mut(&order) {
            bet.posting = false;
        }
        match reply {
            Reply::NotSent(_) if !repeat => self.learn(order, Fact::NotSent, out),
            Reply::Answer { status: 200..=299, body, .. } => match self.read_order(order, body) {
                // A refusal of the repeated bytes may only mean that the first ones are there already.
                Ok(word) if repeat && word.state == OrderState::Rejected => {}
                Ok(word) => self.said(order, word, out),
                Err(why) => failed("the answer to a bet", Some(order), why, out),
            },
            // 408, 425 and 429 are not documented as decided before the bet is read.
            Reply::Answer { status, body, .. }
                if (400..500).contains(&status) && ![408, 425, 429].contains(&status) && !repeat =>
            {
                match parse::refusal(body).filter(|words| RefusalKind::known(words).is_some()) {
                    Some(why) => self.learn(order, Fact::Refused { why }, out),
                    None => {
                        failed("the answer to a bet", Some(order), format!("status {status} without a documented reason"), out);
                    }
                }
            }
            Reply::Answer { status, .. } => failed("the answer to a bet", Some(order), format!("status {status}"), out),
            Reply::NotSent(why) | Reply::Unknown(why) => failed("the answer to a bet", Some(order), why.to_owned(), out),
        }
        self.follow(order, now, out);
    }

    /// The answer to a GET. Not found right after the POST is normal; when the POST's own fate is unknown the same bytes go once more.
    pub(crate) fn poll_reply(&mut self, order: OrderId, reply: Reply<'_>, now: Now, out: &mut Output) {
        let Some(bet) = self.bets.get_mut(&order) else { return };
        bet.polling = false;
        match reply {
            Reply::Answer { status: 200..=299, body, .. } => match self.read_order(order, body) {
                Ok(word) => self.said(order, word, out),
                Err(why) => failed("the order", Some(order), why, out),
            },
            Reply::Answer { status: 404, .. } => {
                let alive = seconds(now.wall).saturating_add(TTL_S_MIN) <= bet.expires_at;
                let unheard = bet.facts.open() && !bet.facts.known_to_the_venue() && !bet.posting && !bet.repeated;
                if alive
                    && unheard
                    && let Some(body) = bet.body.clone()
                {
                    bet.repeated = true;
                    let what = Pending::Post { order, repeat: true };
                    self.ask(what, Lane::Orders, Method::Post, ORDER_TARGET.to_owned(), body, out);
                }
            }
            Reply::Answer { status, .. } => failed("the order", Some(order), format!("status {status}"), out),
            Reply::NotSent(why) | Reply::Unknown(why) => failed("the order", Some(order), why.to_owned(), out),
        }
        self.follow(order, now, out);
    }

    fn read_order(&self, order: OrderId, body: &[u8]) -> Result<OrderWord, String> {
        let word = parse::order(body, self.config.environment).map_err(|cause| cause.to_string())?;
        let ours = self.bets.get(&order).map(|bet| bet.venue_id.as_str());
        if word.id.as_deref() != ours {
            return Err(format!("it is about {:?}", word.id));
        }
        Ok(word)
    }

    fn said(&mut self, order: OrderId, word: OrderWord, out: &mut Output) {
        self.learn(order, Fact::Said { state: word.state, taken: word.taken, result: word.result }, out);
        if word.state == OrderState::Rejected
            && let Some(why) = word.error
        {
            self.learn(order, Fact::Refused { why }, out);
        }
    }
}
