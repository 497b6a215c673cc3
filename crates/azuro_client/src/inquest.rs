//! The chain's own word on a bet: is its nonce used, which bet used it, was that called off, what does it pay.
//!
//! Source: spec section 7.6. One question after the other, each about one block or what follows it. A node that says nothing useful
//! decides nothing; the bet's timer asks again, and a search goes on where it was. `chain` has the words, `walk` the blocks to look
//! through, `state` the meaning.

use crate::chain::{self, ChainError, Head};
use crate::client::{AzuroClient, Pending, failed_about};
use crate::contracts::{Call, ChainEvent, Revert};
use crate::state::{Fact, Taken};
use crate::submit::Bet;
use crate::walk::{Step, Walk};
use domain::{Now, OrderId};
use signing::eip712::U256;
use venue_api::BetOut;

/// How long before its fence a bet can have been mined at most, s: it lives for two minutes, the fence is ten behind that (the limits
/// of the configuration), the rest is for clocks that disagree.
const LIFE_S_MAX: u64 = 3_600;
/// Questions of a search until the bet's timer comes again: a node is shared with all other bets.
const QUESTIONS_MAX: u8 = 12;
/// Blocks that are looked through a second time, because a reorganisation may have put other ones there. The deepest one of Polygon
/// went back 157.
const REORG_BLOCKS: u64 = 256;

/// An event of a bet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sought {
    /// That it was taken.
    Taking,
    /// That it was called off.
    CallingOff,
}

impl Sought {
    const fn of(bet: &Bet) -> Self {
        if bet.facts.taken().is_some() { Self::CallingOff } else { Self::Taking }
    }
}

/// Stages of asking the chain about a bet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Inquest {
    /// The newest block, for its time.
    Head,
    /// The nonce, in that block.
    Nonce(Head),
    /// A question of the search for an event, and how many more may follow it.
    Search(Sought, Step, u8),
    /// What it pays.
    Payout,
}

impl AzuroClient {
    pub(crate) fn begin_inquest(&mut self, order: OrderId, out: &mut BetOut) {
        let Some(bet) = self.bets.get_mut(&order).filter(|bet| bet.facts.left() && !bet.inquest) else { return };
        bet.inquest = true;
        let sought = Sought::of(bet);
        bet.walk = bet.walk.filter(|(of, _)| *of == sought);
        let questions = questions(bet);
        if bet.walk.is_none() || !self.search(order, sought, questions, out) {
            self.ask_chain(Pending::Inquest(order, Inquest::Head), chain::head_request, out);
        }
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
        let goes_on = goes_on.unwrap_or_else(|why| {
            failed_about(order, "the chain's word on a bet", why, out);
            // A node that keeps no old events may still know what the bet pays.
            matches!(stage, Inquest::Search(Sought::CallingOff, ..)) && self.ask_what_it_pays(order, out)
        });
        if goes_on {
            return;
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
        let Some((bet, key)) = self.bets.get_mut(&order).zip(self.key.as_ref()) else { return Ok(false) };
        let (bettor, nonce, fence_s) = (key.address(), bet.nonce, bet.fence_s);
        let since_s = fence_s.saturating_sub(LIFE_S_MAX);
        match stage {
            Inquest::Head => {
                let head = chain::read_head(request, body)?;
                if bet.facts.taken().is_some() {
                    let floor = bet.looked_to.saturating_sub(REORG_BLOCKS);
                    bet.walk = Some((Sought::CallingOff, Walk::back(head, since_s, u64::MAX, floor)));
                    let questions = questions(bet);
                    return Ok(self.search(order, Sought::CallingOff, questions, out));
                }
                let call = Call::NonceUsed { bettor, nonce: U256::from(nonce) };
                let what = Pending::Inquest(order, Inquest::Nonce(head));
                self.ask_chain(what, |id| chain::call_request(id, core, &call, Some(head.number)), out);
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
                bet.walk = Some((Sought::Taking, Walk::back(head, since_s, fence_s, 0)));
                self.learn(order, Fact::NonceUsed, now, out);
                Ok(self.search(order, Sought::Taking, QUESTIONS_MAX, out))
            }
            Inquest::Search(sought, step, left) => {
                self.searched(order, (sought, step), request, body, now, out)?;
                Ok(self.search(order, sought, left, out))
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

    /// Asks the next question of a search, or what comes after it. True if anything was asked.
    fn search(&mut self, order: OrderId, sought: Sought, left: u8, out: &mut BetOut) -> bool {
        let (core, bettor) = (self.config.environment.core, self.key.as_ref().map(signing::EvmKey::address));
        let Some((bet, bettor)) = self.bets.get_mut(&order).zip(bettor) else { return false };
        let token = bet.facts.taken().map_or(0, |taken| taken.bet);
        let walk = bet.walk.filter(|(of, _)| *of == sought).map(|(_, walk)| walk);
        match (walk, walk.and_then(|walk| walk.step())) {
            (_, Some(step)) if left > 0 => {
                let what = Pending::Inquest(order, Inquest::Search(sought, step, left - 1));
                match (step, sought) {
                    (Step::Time(block), _) => self.ask_chain(what, |id| chain::block_request(id, block), out),
                    (Step::Events(from, to), Sought::Taking) => {
                        self.ask_chain(what, |id| chain::bets_request(id, core, bettor, from, Some(to)), out);
                    }
                    (Step::Events(from, to), Sought::CallingOff) => {
                        self.ask_chain(what, |id| chain::called_off_request(id, core, token, from, Some(to)), out);
                    }
                }
                return true;
            }
            (Some(walk), None) => {
                bet.walk = None;
                match sought {
                    Sought::CallingOff => bet.looked_to = walk.top(),
                    Sought::Taking => {
                        let why = "its nonce is used, and the node has no event of that; looked for again from the start";
                        failed_about(order, "the chain's word on a bet", why, out);
                    }
                }
            }
            _ => {}
        }
        sought == Sought::CallingOff && self.ask_what_it_pays(order, out)
    }

    /// The answer to one question of a search. One that the search does not wait for any more changes nothing.
    fn searched(
        &mut self,
        order: OrderId,
        (sought, step): (Sought, Step),
        request: u64,
        body: &[u8],
        now: Now,
        out: &mut BetOut,
    ) -> Result<(), ChainError> {
        let Some(bet) = self.bets.get_mut(&order) else { return Ok(()) };
        let Some((_, walk)) = bet.walk.as_mut().filter(|(of, walk)| *of == sought && walk.step() == Some(step)) else {
            return Ok(());
        };
        if let Step::Time(block) = step {
            walk.timed(chain::read_block(request, block, body)?);
            return Ok(());
        }
        let events = chain::read_events(request, self.config.environment.core, body)?;
        let found = match (sought, bet.facts.taken()) {
            (Sought::Taking, _) => {
                let bettor = self.key.as_ref().map(signing::EvmKey::address);
                events.iter().find_map(|event| taking(bet, bettor, event)).map(Fact::OnChain)
            }
            (Sought::CallingOff, Some(taken)) => {
                events.contains(&ChainEvent::BetRejected { bet: U256::from(taken.bet) }).then_some(Fact::CalledOff)
            }
            (Sought::CallingOff, None) => None,
        };
        match (found, &mut bet.walk) {
            (Some(fact), walk) => {
                *walk = None;
                self.learn(order, fact, now, out);
            }
            (None, Some((_, walk))) => walk.not_there(),
            (None, None) => {}
        }
        Ok(())
    }

    fn ask_what_it_pays(&mut self, order: OrderId, out: &mut BetOut) -> bool {
        let Some(taken) = self.bets.get(&order).and_then(|bet| bet.facts.taken()) else { return false };
        let (core, lp) = (self.config.environment.core, self.config.environment.lp);
        let call = Call::ViewPayout { core, bet: U256::from(taken.bet) };
        self.ask_chain(Pending::Inquest(order, Inquest::Payout), |id| chain::call_request(id, lp, &call, None), out);
        true
    }
}

/// How far a search may go at once. For a bet that is said to be over its money matters most, and that tells a bet that was called off
/// as well.
fn questions(bet: &Bet) -> u8 {
    if bet.facts.status().0.is_final() { 1 } else { QUESTIONS_MAX }
}

/// The fill, if the event is that of this bet.
fn taking(ours: &Bet, bettor: Option<signing::eip712::Address>, event: &ChainEvent) -> Option<Taken> {
    let ChainEvent::NewLiveBet { bet, bettor: whose, nonce, amount, parts, .. } = event else { return None };
    let ([part], Ok(token)) = (parts.as_slice(), u128::try_from(*bet)) else { return None };
    let same = Some(*whose) == bettor && *nonce == U256::from(ours.nonce);
    let same = same && part.condition == ours.spec.market && part.outcome == ours.spec.outcome;
    same.then_some(Taken { on_chain: true, bet: token, odds_e12: part.odds_e12, amount: *amount })
}
