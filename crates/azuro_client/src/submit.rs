//! Bets on their way out: prepared, sent once, answered.
//!
//! Source: spec sections 7.1 to 7.3, 7.6 and 7.7. There is no cancel: `expiresAt` is written into the signed bytes, and once the chain's
//! time has passed it with the nonce unused, the bet is dead. Owns what one bet is; `follow` asks what became of it.

use crate::amount::{min_odds, stake_units};
use crate::client::{AzuroClient, Pending, failed_about};
use crate::error::RefusalKind;
use crate::inquest::Sought;
use crate::parse::{self, OrderWord};
use crate::sign::{self, BetTerms, ORDER_TARGET, Sponsored};
use crate::state::{Fact, Facts, OrderState};
use crate::walk::Walk;
use domain::{BetSpec, Now, OrderId, VenueKey, Wall};
use venue_api::{BetNews, BetOut, Lane, Method, PrepareError, PreparedBet, Reply};

/// A bet that expires sooner than this is not worth sending, s.
pub(crate) const TTL_S_MIN: u64 = 3;

/// One bet of ours.
pub(crate) struct Bet {
    pub(crate) spec: BetSpec,
    pub(crate) nonce: u64,
    pub(crate) venue_id: String,
    /// Unix seconds: past this on chain, with the nonce unused, it is dead.
    pub(crate) fence_s: u64,
    /// Unix seconds, as signed; nothing for a bet of an earlier life.
    pub(crate) expires_at: u64,
    /// The bytes to post; nothing for a bet of an earlier life.
    pub(crate) body: Option<String>,
    pub(crate) facts: Facts,
    /// The first POST has no answer yet.
    pub(crate) posting: bool,
    pub(crate) repeated: bool,
    pub(crate) polling: bool,
    /// The venue's last word was that it has no such order.
    pub(crate) lost: bool,
    pub(crate) inquest: bool,
    /// Where the search for an event of this bet stands, and for which.
    pub(crate) walk: Option<(Sought, Walk)>,
    /// Whether the bet was called off is known up to this block.
    pub(crate) looked_to: u64,
    /// How often the chain was asked what a bet pays that is over.
    pub(crate) payout_asked: u8,
}

/// The body carries the signature.
impl std::fmt::Debug for Bet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bet").field("id", &self.venue_id).field("facts", &self.facts).finish_non_exhaustive()
    }
}

impl Bet {
    pub(crate) fn new(spec: BetSpec, nonce: u64, venue_id: String, fence_s: u64) -> Self {
        Self {
            spec,
            nonce,
            venue_id,
            fence_s,
            expires_at: 0,
            body: None,
            facts: Facts::default(),
            posting: false,
            repeated: false,
            polling: false,
            lost: false,
            inquest: false,
            walk: None,
            looked_to: 0,
            payout_asked: 0,
        }
    }
}

fn invalid(why: impl Into<String>) -> PrepareError {
    PrepareError::Invalid(why.into())
}

/// Whole unix seconds.
pub(crate) fn seconds(wall: Wall) -> u64 {
    u64::try_from(wall.ms().div_euclid(1_000)).unwrap_or(0)
}

impl AzuroClient {
    pub(crate) fn prepare_bet(&mut self, spec: BetSpec, now: Now) -> Result<PreparedBet, PrepareError> {
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
        let limits = self
            .limits
            .fresh(place, now.mono, self.config.limits_ms)
            .ok_or(PrepareError::NotReady("the limits of this outcome have not been read lately"))?;
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
        let mut bet = Bet::new(spec.clone(), nonce, signed.order_id, fence_s);
        bet.expires_at = expires_at;
        bet.body = Some(signed.body);
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

    /// Sends the bytes that were journaled under this key, once.
    pub(crate) fn send_bet(&mut self, prepared: &PreparedBet, now: Now, out: &mut BetOut) {
        let order = prepared.spec.id;
        let Some(bet) = self.bets.get_mut(&order).filter(|bet| !bet.facts.left() && bet.venue_id == prepared.key.key) else {
            return;
        };
        let Some(body) = bet.body.clone() else { return };
        bet.posting = true;
        self.learn(order, Fact::Left, now, out);
        let what = Pending::Post { order, repeat: false };
        self.ask(what, Lane::Orders, Method::Post, ORDER_TARGET.to_owned(), body, out);
        self.follow(order, now, out);
    }

    pub(crate) fn discard_bet(&mut self, prepared: &PreparedBet) {
        let order = prepared.spec.id;
        if self.bets.get(&order).is_some_and(|bet| !bet.facts.left() && bet.venue_id == prepared.key.key) {
            self.forget_bet(order);
        }
    }

    pub(crate) fn forget_bet(&mut self, order: OrderId) {
        if let Some(bet) = self.bets.remove(&order) {
            self.nonces.release(bet.nonce);
        }
    }

    /// The answer to the POST. What the venue documents as a refusal is one, once; everything else leaves the fate open.
    pub(crate) fn post_reply(&mut self, order: OrderId, repeat: bool, reply: Reply<'_>, now: Now, out: &mut BetOut) {
        let Some(bet) = self.bets.get_mut(&order) else { return };
        bet.posting = false;
        let open = match reply {
            Reply::NotSent(_) if !repeat => {
                self.learn(order, Fact::NotSent, now, out);
                None
            }
            Reply::Answer { status: 200..=299, body, .. } => match self.read_order(order, body) {
                // A refusal of the repeated bytes may only mean that the first ones are there already.
                Ok(word) if repeat && word.state == OrderState::Rejected => Some("the repeated bytes were refused".to_owned()),
                Ok(word) => {
                    self.said(order, word, now, out);
                    None
                }
                Err(why) => Some(why),
            },
            // 408, 425 and 429 are not documented as decided before the bet is read.
            Reply::Answer { status, body, .. }
                if (400..500).contains(&status) && ![408, 425, 429].contains(&status) && !repeat =>
            {
                match parse::refusal(body).filter(|words| RefusalKind::known(words).is_some()) {
                    Some(why) => {
                        self.learn(order, Fact::Refused { why }, now, out);
                        None
                    }
                    None => Some(format!("status {status} without a documented reason")),
                }
            }
            Reply::Answer { status, .. } => Some(format!("status {status}")),
            Reply::NotSent(why) | Reply::Unknown(why) => Some(why.to_owned()),
        };
        match open {
            Some(why) if repeat => failed_about(order, "the answer to the same bytes", why, out),
            Some(why) => out.news.push(BetNews::Unknown { bet: order, why: format!("the answer to the bet: {why}") }),
            None => {}
        }
        self.follow(order, now, out);
    }

    pub(crate) fn read_order(&self, order: OrderId, body: &[u8]) -> Result<OrderWord, String> {
        let word = parse::order(body, self.config.environment).map_err(|cause| cause.to_string())?;
        let ours = self.bets.get(&order).map(|bet| bet.venue_id.as_str());
        if word.id.as_deref() != ours {
            return Err(format!("it is about {:?}", word.id));
        }
        Ok(word)
    }
}
