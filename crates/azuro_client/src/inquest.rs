//! The chain's own word on a bet: is its nonce used, which bet used it, was that called off, what does it pay.
//!
//! Source: spec section 7.6. One question after the other, each about one block or what follows it. A node that says nothing useful
//! decides nothing; the bet's timer asks again. `chain` has the words, `state` the meaning.

use crate::chain::{self, ChainError, Head};
use crate::client::{AzuroClient, Pending, failed_about};
use crate::contracts::{Call, ChainEvent, Revert};
use crate::state::{Fact, Taken};
use domain::{Now, OrderId};
use signing::eip712::U256;
use venue_api::BetOut;

/// How far back events are looked for, blocks: more than an hour of Polygon, and less than nodes refuse (spec 14.3).
const LOOK_BACK: u64 = 2_500;

/// Stages of asking the chain about a bet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Inquest {
    /// The newest block, for its time.
    Head,
    /// The nonce, in that block.
    Nonce(Head),
    /// The event with the nonce.
    Event,
    /// Whether it was called off.
    CalledOff,
    /// What it pays.
    Payout,
}

impl AzuroClient {
    pub(crate) fn begin_inquest(&mut self, order: OrderId, out: &mut BetOut) {
        let Some(bet) = self.bets.get_mut(&order).filter(|bet| bet.facts.left() && !bet.inquest) else { return };
        bet.inquest = true;
        self.ask_chain(Pending::Inquest(order, Inquest::Head), chain::head_request, out);
    }

    /// One answer of the chain about a bet, and the next question.
    pub(crate) fn inquest_reply(
        &mut self,
        order: OrderId,
        stage: Inquest,
        request: u64,
        body: Result<&[u8], String>,
        now: Now,
        out: &mut BetOut,
    ) {
        let goes_on =
            body.and_then(|body| self.inquest_step(order, stage, request, body, now, out).map_err(|cause| cause.to_string()));
        match goes_on {
            Ok(true) => return,
            Ok(false) => {}
            Err(why) => failed_about(order, "the chain's word on a bet", why, out),
        }
        if let Some(bet) = self.bets.get_mut(&order) {
            bet.inquest = false;
        }
        self.follow(order, now, out);
    }

    /// True if another question was asked.
    fn inquest_step(
        &mut self,
        order: OrderId,
        stage: Inquest,
        request: u64,
        body: &[u8],
        now: Now,
        out: &mut BetOut,
    ) -> Result<bool, ChainError> {
        let core = self.config.environment.core;
        let Some((bet, key)) = self.bets.get(&order).zip(self.key.as_ref()) else { return Ok(false) };
        let (bettor, nonce, fence_s) = (key.address(), bet.nonce, bet.fence_s);
        match stage {
            Inquest::Head => {
                let head = chain::read_head(request, body)?;
                if let Some(taken) = bet.facts.taken() {
                    let from = head.number.saturating_sub(LOOK_BACK);
                    let what = Pending::Inquest(order, Inquest::CalledOff);
                    self.ask_chain(what, |id| chain::called_off_request(id, core, taken.bet, from), out);
                } else {
                    let call = Call::NonceUsed { bettor, nonce: U256::from(nonce) };
                    let what = Pending::Inquest(order, Inquest::Nonce(head));
                    self.ask_chain(what, |id| chain::call_request(id, core, &call, Some(head.number)), out);
                }
                Ok(true)
            }
            Inquest::Nonce(head) => {
                if !chain::read_flag(request, body)? {
                    // Only a block whose own time is past the fence proves that these bytes are dead.
                    if head.time_s > fence_s {
                        self.learn(order, Fact::Expired, now, out);
                    }
                    return Ok(false);
                }
                self.learn(order, Fact::NonceUsed, now, out);
                let from = head.number.saturating_sub(LOOK_BACK);
                let what = Pending::Inquest(order, Inquest::Event);
                self.ask_chain(what, |id| chain::bets_request(id, core, bettor, from), out);
                Ok(true)
            }
            Inquest::Event => {
                let (market, outcome) = (bet.spec.market, bet.spec.outcome);
                for event in chain::read_events(request, core, body)? {
                    let ChainEvent::NewLiveBet { bet, bettor: whose, nonce: used, amount, parts, .. } = event else { continue };
                    let ([part], Ok(token)) = (parts.as_slice(), u128::try_from(bet)) else { continue };
                    if whose == bettor && used == U256::from(nonce) && part.condition == market && part.outcome == outcome {
                        let taken = Taken { on_chain: true, bet: token, odds_e12: part.odds_e12, amount };
                        self.learn(order, Fact::OnChain(taken), now, out);
                    }
                }
                Ok(false)
            }
            Inquest::CalledOff => {
                let Some(taken) = bet.facts.taken() else { return Ok(false) };
                let off = ChainEvent::BetRejected { bet: U256::from(taken.bet) };
                if chain::read_events(request, core, body)?.contains(&off) {
                    self.learn(order, Fact::CalledOff, now, out);
                }
                let (lp, call) = (self.config.environment.lp, Call::ViewPayout { core, bet: U256::from(taken.bet) });
                self.ask_chain(Pending::Inquest(order, Inquest::Payout), |id| chain::call_request(id, lp, &call, None), out);
                Ok(true)
            }
            Inquest::Payout => {
                match chain::read_units(request, body) {
                    Ok(units) => self.learn(order, Fact::Pays(units), now, out),
                    Err(ChainError::Reverted(Revert::AlreadyPaid)) => self.learn(order, Fact::Claimed, now, out),
                    // Nothing is decided yet: the bet stands.
                    Err(ChainError::Reverted(Revert::ConditionNotFinished)) => {}
                    Err(cause) => return Err(cause),
                }
                Ok(false)
            }
        }
    }
}
