//! Preparing a bet, sending it once, and reading the answer.

use super::Tracked;
use crate::SxClient;
use crate::call::{self, Posting, Wait};
use crate::error::Fault;
use crate::parse;
use crate::requests::Pending;
use crate::sign::{OrderArgs, order_id, sign};
use crate::state::{BetEvent, of_entry};
use domain::{BetSpec, Now, OrderId, Outcome, TimeInForce, VenueKey, Wall};
use signing::eip712::keccak256;
use venue_api::{BetOut, PrepareError, PreparedBet, Reply};

/// Added to the signed expiry before an order that the venue does not know counts as dead, ms: room for its clock.
const DEAD_MARGIN_MS: i64 = 5_000;

impl SxClient {
    /// Puts a bet into signed bytes and says by which id the venue will know it.
    pub(crate) fn sign_bet(&mut self, spec: BetSpec, now: Now) -> Result<PreparedBet, PrepareError> {
        let order = self.order_of(&spec, now)?;
        let wait_ms = self.requests.order_wait_ms(self.config.orders_per_s, now.mono);
        if wait_ms > 0 {
            return Err(PrepareError::Budget(wait_ms));
        }
        let Some((metadata, _)) = &self.metadata else { return Err(PrepareError::NotReady("metadata is not known")) };
        let id = order_id(&order, &metadata.separator);
        let venue_id = format!("0x{}", hex::encode(id));
        let wait = if spec.tif == TimeInForce::Gtc { Wait::No } else { Wait::OutcomeMs(self.config.wait_ms) };
        let client_id = spec.id.to_string();
        let posting = Posting { tif: spec.tif, client_id: Some(&client_id), wait };
        let call = call::place(&order, &sign(&id, &self.key), posting);
        let dead_after = Wall::from_ms((order.expiry as i64).saturating_mul(1_000)).plus_ms(DEAD_MARGIN_MS);
        let key = VenueKey { key: venue_id.clone(), hash: Some(venue_id.clone()), dead_after };
        self.by_venue.insert(venue_id, spec.id);
        self.bets.insert(spec.id, Tracked::new(spec.clone(), key.clone(), Some(call)));
        Ok(PreparedBet { spec, key })
    }

    /// The bet in the venue's numbers, if it would be taken as wanted.
    fn order_of(&self, spec: &BetSpec, now: Now) -> Result<OrderArgs, PrepareError> {
        let invalid = |why: String| Err(PrepareError::Invalid(why));
        let Some((metadata, _)) = &self.metadata else { return Err(PrepareError::NotReady("metadata is not known")) };
        if !self.metadata_fresh(now) {
            return Err(PrepareError::NotReady("metadata is too old"));
        }
        if !self.session.announced {
            return Err(PrepareError::NotReady("the account's channels are not live"));
        }
        if spec.venue != crate::VENUE {
            return invalid(format!("the bet is for {}", spec.venue));
        }
        if self.bets.contains_key(&spec.id) {
            return invalid(format!("{} is known already", spec.id));
        }
        let Some(market) = self.markets.get(&spec.market) else { return invalid(format!("market {} is not known", spec.market)) };
        if !self.takes_bets(market, now) {
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
        if spec.expires < earliest {
            let early = earliest.ms().saturating_sub(spec.expires.ms());
            return invalid(format!("it expires {early} ms too early for the betting delay"));
        }
        Ok(OrderArgs {
            market: spec.market,
            base_token: metadata.base_token,
            stake: spec.stake.e6(),
            percentage_odds,
            // From the content: the same bet found twice is one order.
            salt: keccak256(format!("{} {}", spec.id, spec.expires.0).as_bytes()),
            expiry: u64::try_from(spec.expires.ms() / 1_000).unwrap_or(0),
            maker: self.key.address(),
            outcome_one: spec.outcome == Outcome::ONE,
        })
    }

    pub(crate) fn send_bet(&mut self, prepared: &PreparedBet, now: Now, out: &mut BetOut) {
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
        self.learn(id, &BetEvent::Sent, now, out);
    }

    pub(crate) fn discard_bet(&mut self, prepared: &PreparedBet) {
        if self.bets.get(&prepared.spec.id).is_some_and(|tracked| tracked.call.is_some() && tracked.key == prepared.key) {
            self.drop_bet(prepared.spec.id);
        }
    }

    pub(crate) fn place_reply(&mut self, id: OrderId, reply: Reply<'_>, now: Now, out: &mut BetOut) {
        let (status, body) = match reply {
            Reply::NotSent(_) => return self.learn(id, &BetEvent::NotSent, now, out),
            Reply::Unknown(why) => return self.unknown(id, why.to_owned(), now, out),
            Reply::Answer { status, body, .. } => (status, body),
        };
        let Some(tracked) = self.bets.get(&id) else { return };
        if status != 200 && status != 201 {
            let fault = Fault::read(status, body);
            return match fault.refusal() {
                Some(_) => self.learn(id, &BetEvent::Refused { code: fault.text }, now, out),
                None => self.unknown(id, fault.sentence(), now, out),
            };
        }
        let entries = parse::created(body).unwrap_or_default();
        let stake = tracked.spec.stake.e6();
        let event = match entries.as_slice() {
            // One order was sent, so one element answers it. A refusal need not name the id; anything else must.
            [one] if one.order.as_deref().is_some_and(|named| named == tracked.key.key) => of_entry(one, stake),
            [one] if one.order.is_none() && one.status == "FAILED" => of_entry(one, stake),
            _ => None,
        };
        match event {
            Some(event) => {
                self.learn(id, &event, now, out);
                self.ask_later(id, now, out);
            }
            None => self.unknown(id, "the answer does not read, or names another order".to_owned(), now, out),
        }
    }
}
