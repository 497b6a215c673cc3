//! The life of an order: Created, Placed, Sent, Accepted or Rejected, what the house takes back, and how it is settled (sections
//! 7.4 and 10).

use super::board::{Line, ODDS_E2_TO_E12};
use super::chain::{BLOCK_S, Chain, Resolution};
use super::faults::CancelEnds;
use super::orders::{Refused, refused};
use super::sign::{ClientData, SubBet};
use super::submission::{ConditionData, Mined, Submission, oracle_digest};
use super::{AzuroSim, ChainSide, HouseAct, Job, sign};
use crate::SimNow;
use alloy_primitives::{Address, B256, U256};

/// How long after `expiresAt` the relayer still tries before it gives an order up, seconds.
const GIVE_UP_S: i64 = 20;
/// How soon and how late an open bet is looked at again, microseconds: it may end before its time, by a game that is cancelled.
const LOOK_AGAIN_US: (u64, u64) = (10_000_000, 300_000_000);

/// States of section 7.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Created,
    Placed,
    Sent,
    Accepted,
    Rejected,
    PendingCancel,
    CancelFailed,
    Canceled,
    Settled,
}

impl State {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Created => "Created",
            Self::Placed => "Placed",
            Self::Sent => "Sent",
            Self::Accepted => "Accepted",
            Self::Rejected => "Rejected",
            Self::PendingCancel => "PendingCancel",
            Self::CancelFailed => "CancelFailed",
            Self::Canceled => "Canceled",
            Self::Settled => "Settled",
        }
    }
}

/// How a bet ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Won,
    Lost,
    Canceled,
}

impl Ended {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Won => "Won",
            Self::Lost => "Lost",
            Self::Canceled => "Canceled",
        }
    }
}

/// One order.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub id: String,
    pub bettor: Address,
    pub data: ClientData,
    pub bet: SubBet,
    pub signature: [u8; 65],
    pub digest: B256,
    /// Placed while its game was played.
    pub live: bool,
    pub state: State,
    /// The house's odds when it was created, then those it was filled at.
    pub odds_e12: u64,
    pub tx_hash: Option<B256>,
    pub mined: Option<Mined>,
    /// When `betId` begins to show.
    pub bet_id_from: SimNow,
    pub refusal: Option<Refused>,
    pub result: Option<Ended>,
    pub created: SimNow,
    pub updated: SimNow,
    pub settled: Option<SimNow>,
    /// A GET answers 404 until then.
    pub hidden_until: SimNow,
}

impl Order {
    pub(super) fn reject(&mut self, why: Refused, now: SimNow) {
        (self.state, self.updated, self.refusal) = (State::Rejected, now, Some(why));
    }
}

impl AzuroSim {
    /// Counted in the house's exposure.
    pub(super) fn run_place(&mut self, i: usize, now: SimNow) {
        if self.orders[i].state == State::Created {
            let now = self.venue_now(now);
            (self.orders[i].state, self.orders[i].updated) = (State::Placed, now);
        }
    }

    /// The oracle looks at it once more and signs; the relayer sends it.
    pub(super) fn run_send(&mut self, i: usize, now: SimNow) {
        if !matches!(self.orders[i].state, State::Created | State::Placed) {
            return;
        }
        let venue_now = self.venue_now(now);
        let bet = self.orders[i].bet;
        let condition_id = bet.condition_id.to_string();
        let Some(line) = self.line(&condition_id, now) else { return };
        let Some(at) = line.place_of(bet.outcome_id) else { return };
        if let Err(why) = self.check_price(&line, at, bet.min_odds, now) {
            return self.orders[i].reject(why, venue_now);
        }
        let mut odds_e2 = self.odds_e2(&line, now).get(at).copied().unwrap_or(100);
        if let Some(fault) = self.faults.take("better_odds") {
            odds_e2 += odds_e2 * fault.bps as u64 / 10_000 + 1;
        }
        if let Some(fault) = self.faults.take("worse_odds") {
            odds_e2 = odds_e2.saturating_sub(odds_e2 * fault.bps as u64 / 10_000 + 1);
        }
        let odds_e12 = odds_e2.saturating_mul(ODDS_E2_TO_E12);
        if odds_e12 < bet.min_odds {
            return self.orders[i].reject(refused("TooHighMinPrice", "Real odds less than min odds"), venue_now);
        }
        let order = &mut self.orders[i];
        (order.state, order.updated, order.odds_e12) = (State::Sent, venue_now, odds_e12);
        let left_s = i64::try_from(order.data.expires_at).unwrap_or(i64::MAX / 2) - now.ms() / 1_000;
        if self.faults.take("stay_sent").is_some() {
            // Never reaches a block: the relayer gives it up some time after it has expired.
            let after_s = left_s.max(0).saturating_add(GIVE_UP_S);
            return self.at(now, after_s as u64 * 1_000_000, Job::GiveUp(i));
        }
        if let Some(fault) = self.faults.take("reject_after_sent") {
            let why = refused(
                fault.error.as_deref().unwrap_or("TransactionFailed"),
                fault.message.as_deref().unwrap_or("OddsTooSmall"),
            );
            self.failing.insert(i, why);
        }
        let submission = self.submission(i, &line, at);
        if self.cfg.chain == ChainSide::Outside {
            self.submissions.push(submission);
            return;
        }
        self.underway.insert(i, submission);
        let lat = self.cfg.latencies;
        let sent_us = lat.sent_us.max(0) as u64;
        let mined_us = match self.faults.take("accept_after") {
            Some(fault) => fault.us(),
            None if self.draw("slow") % 1_000 < lat.slow_permille => self.draw_us((lat.mined_us.1, lat.slow_us)),
            None => self.draw_us(lat.mined_us),
        };
        // Into the first block from then on.
        let then = now.0.saturating_add(mined_us.saturating_sub(sent_us) as i64);
        let block_us = BLOCK_S * 1_000_000;
        let block = then.div_euclid(block_us).saturating_add(1).saturating_mul(block_us);
        self.at(now, block.saturating_sub(now.0).max(0) as u64, Job::Mine(i));
    }

    fn submission(&self, i: usize, line: &Line, at: usize) -> Submission {
        let order = &self.orders[i];
        let mut odds: Vec<u64> = self.odds_e2(line, self.last_now).iter().map(|o| o.saturating_mul(ODDS_E2_TO_E12)).collect();
        if let Some(own) = odds.get_mut(at) {
            *own = order.odds_e12;
        }
        let condition = ConditionData {
            game_id: U256::from_str_radix(&super::board::game_id(&line.event), 10).unwrap_or_default(),
            condition_id: order.bet.condition_id,
            kind: u8::from(order.live),
            odds,
            outcomes: line.market.outcomes.iter().map(|o| u128::from(o.id)).collect(),
            potential_loss_limit: self.cfg.max_loss_raw,
            winning_outcomes_count: 1,
        };
        let client_bet_data = sign::encode_bet(&order.data, &order.bet);
        let c = self.cfg.contracts;
        let digest = oracle_digest(c.chain_id, c.core, &client_bet_data, &condition);
        Submission {
            order_id: order.id.clone(),
            bet_owner: order.bettor,
            condition,
            oracle: self.oracle_address,
            client_bet_data,
            bettor_signature: order.signature.to_vec(),
            oracle_signature: sign::sign(&self.oracle, digest).to_vec(),
        }
    }

    /// Its block has come.
    pub(super) fn run_mine(&mut self, i: usize, now: SimNow) {
        if self.chain.stalled {
            return self.at(now, BLOCK_S as u64 * 1_000_000, Job::Mine(i));
        }
        let Some(submission) = self.underway.remove(&i) else { return };
        if self.orders[i].state != State::Sent {
            return; // cancelled by the house before it left
        }
        if let Some(why) = self.failing.remove(&i) {
            let now = self.venue_now(now);
            return self.orders[i].reject(why, now);
        }
        let (data, bet) = (self.orders[i].data.clone(), self.orders[i].bet);
        let said = self.chain.place(&submission, &data, &bet).map_err(|revert| revert.name);
        self.heard(i, said, now);
    }

    /// What the chain made of it.
    pub(super) fn heard(&mut self, i: usize, said: Result<Mined, String>, now: SimNow) {
        if self.orders[i].state != State::Sent || self.orders[i].mined.is_some() {
            return;
        }
        match said {
            Err(name) => {
                let now = self.venue_now(now);
                self.orders[i].reject(refused("TransactionFailed", &name), now);
            }
            Ok(mined) => {
                self.orders[i].mined = Some(mined);
                let bet = self.orders[i].bet;
                let loss = super::chain::payout(bet.amount, self.orders[i].odds_e12).saturating_sub(bet.amount);
                let outcome = u64::try_from(bet.outcome_id).unwrap_or(u64::MAX);
                let taken = self.exposures.entry(bet.condition_id.to_string()).or_default().entry(outcome).or_default();
                *taken = (taken.0.saturating_add(bet.amount), taken.1.saturating_add(loss));
                let mut us = self.draw_us(self.cfg.latencies.told_us);
                if let Some(fault) = self.faults.take("api_stuck") {
                    us = fault.us(); // the API goes on saying Sent, whatever the chain did
                }
                self.at(now, us, Job::Accept(i));
            }
        }
    }

    /// The API says what the chain did.
    pub(super) fn run_accept(&mut self, i: usize, now: SimNow) {
        let Some(mined) = self.orders[i].mined.filter(|_| self.orders[i].state == State::Sent) else { return };
        let bet_id_us = match self.faults.take("late_bet_id") {
            Some(fault) => fault.us(),
            None => self.draw_us(self.cfg.latencies.bet_id_us),
        };
        let venue_now = self.venue_now(now);
        let order = &mut self.orders[i];
        (order.state, order.updated, order.tx_hash) = (State::Accepted, venue_now, Some(mined.tx_hash));
        order.bet_id_from = SimNow(venue_now.0.saturating_add(bet_id_us as i64));
        self.look_for_its_end(i, now);
        if let Some(fault) = self.faults.take("house_cancels") {
            let fails = fault.ends == Some(CancelEnds::Failed);
            self.at(now, fault.us().max(1), Job::HouseCancel(i, !fails));
        }
    }

    /// Looks again when the bet's game should have been settled.
    fn look_for_its_end(&mut self, i: usize, now: SimNow) {
        let Some(line) = self.line(&self.orders[i].bet.condition_id.to_string(), now) else { return };
        let forced = self.forced.contains_key(&line.event.number);
        let due_ms = if forced { 0 } else { line.event.ends_ms + self.cfg.resolve_after_ms - self.venue_now(now).ms() };
        let us = u64::try_from(due_ms).unwrap_or(0).saturating_mul(1_000).clamp(LOOK_AGAIN_US.0, LOOK_AGAIN_US.1);
        self.at(now, us, Job::Settle(i));
    }

    pub(super) fn run_give_up(&mut self, i: usize, now: SimNow) {
        if self.orders[i].state == State::Sent && self.orders[i].mined.is_none() {
            let now = self.venue_now(now);
            self.orders[i].reject(refused("TransactionFailed", "SignatureExpired"), now);
        }
    }

    /// The house begins to take an order back.
    pub(super) fn run_house_cancel(&mut self, i: usize, succeeds: bool, now: SimNow) {
        let venue_now = self.venue_now(now);
        let order = &mut self.orders[i];
        if !matches!(order.state, State::Created | State::Placed | State::Accepted) {
            return;
        }
        (order.state, order.updated) = (State::PendingCancel, venue_now);
        self.at(now, 1_500_000, Job::HouseCanceled(i, succeeds));
    }

    pub(super) fn run_house_canceled(&mut self, i: usize, succeeds: bool, now: SimNow) {
        if self.orders[i].state != State::PendingCancel {
            return;
        }
        let token = self.orders[i].mined.map(|m| m.token_id);
        let done = succeeds
            && match (token, self.cfg.chain) {
                (None, _) => true, // it never left
                (Some(token), ChainSide::InMemory) => self.chain.reject(token),
                (Some(token_id), ChainSide::Outside) => {
                    self.house_acts.push(HouseAct::Reject { token_id });
                    true
                }
            };
        let venue_now = self.venue_now(now);
        let order = &mut self.orders[i];
        order.updated = venue_now;
        if done {
            order.state = State::Canceled;
            order.result = token.map(|_| Ended::Canceled);
            order.settled = Some(venue_now);
        } else {
            order.state = State::CancelFailed;
            self.look_for_its_end(i, now);
        }
    }

    /// Settles a bet whose line has ended.
    pub(super) fn run_settle(&mut self, i: usize, now: SimNow) {
        let order = &self.orders[i];
        let Some(mined) = order.mined.filter(|_| matches!(order.state, State::Accepted | State::CancelFailed)) else { return };
        let Some(line) = self.line(&order.bet.condition_id.to_string(), now) else { return };
        let Some((won, settled_at_s)) = self.ended(&line, now) else {
            return self.look_for_its_end(i, now);
        };
        self.pinned.insert(line.id(), (won.clone(), settled_at_s));
        let won: Option<Vec<u128>> = won.map(|w| w.into_iter().map(u128::from).collect());
        let (condition_id, outcome) = (order.bet.condition_id, order.bet.outcome_id);
        let ended = match &won {
            _ if mined.block_time_s >= settled_at_s => Ended::Canceled,
            None => Ended::Canceled,
            Some(won) if won.contains(&outcome) => Ended::Won,
            Some(_) => Ended::Lost,
        };
        match self.cfg.chain {
            ChainSide::InMemory => self.chain.resolve(condition_id, Resolution { won, settled_at_s }),
            ChainSide::Outside => {
                let act = HouseAct::Resolve { condition_id, won, settled_at_s };
                let same = |a: &HouseAct| matches!(a, HouseAct::Resolve { condition_id: c, .. } if *c == condition_id);
                if !self.resolved_outside.contains(&condition_id) && !self.house_acts.iter().any(same) {
                    self.resolved_outside.insert(condition_id);
                    self.house_acts.push(act);
                }
            }
        }
        let venue_now = self.venue_now(now);
        let order = &mut self.orders[i];
        (order.state, order.result, order.updated) = (State::Settled, Some(ended), venue_now);
        order.settled = Some(venue_now);
    }

    /// What a bet returns as far as it is settled, raw.
    pub(super) fn returns(order: &Order) -> Option<u128> {
        order.result.map(|r| match r {
            Ended::Won => super::chain::payout(order.bet.amount, order.odds_e12),
            Ended::Lost => 0,
            Ended::Canceled => order.bet.amount,
        })
    }

    /// Whether its bet token has been paid out, and when, unix seconds.
    pub(super) fn redeemed_s(&self, order: &Order) -> Option<u64> {
        let block = self.chain.bet(order.mined?.token_id)?.paid_block?;
        Some(Chain::time_of(block))
    }
}
