//! What a harness may look at and do that no client can.

use super::AzuroSim;
use alloy_primitives::{Address, U256};

/// An order as the venue itself knows it, for the invariants of a harness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenBet {
    /// Lower-case bettor, underscore, nonce.
    pub id: String,
    /// Whose.
    pub bettor: Address,
    /// Which market line.
    pub condition_id: String,
    /// Which outcome.
    pub outcome_id: u128,
    /// Raw token units.
    pub stake_raw: u128,
    /// The API's word for its state.
    pub state: &'static str,
    /// Its bet token, once it is on chain; the API may not have said so yet.
    pub token_id: Option<u64>,
    /// It can still reach the chain.
    pub may_fill: bool,
    /// Odds it was filled at (or would be), times 10^12.
    pub odds_e12: u64,
    /// `Won`, `Lost`, `Canceled`.
    pub result: Option<&'static str>,
    /// What it returns, raw, once it has ended; 0 for a lost one.
    pub returns_raw: Option<u128>,
    /// That has been withdrawn.
    pub paid: bool,
}

impl AzuroSim {
    /// Every order that was ever taken or refused with an id, oldest first, from number `from` on.
    pub fn bets_seen(&self, from: usize) -> impl Iterator<Item = SeenBet> {
        self.orders.iter().skip(from).map(|o| SeenBet {
            id: o.id.clone(),
            bettor: o.bettor,
            condition_id: o.bet.condition_id.to_string(),
            outcome_id: o.bet.outcome_id,
            stake_raw: o.bet.amount,
            state: o.state.word(),
            token_id: o.mined.map(|m| m.token_id),
            may_fill: o.mined.is_none() && matches!(o.state.word(), "Created" | "Placed" | "Sent"),
            odds_e12: o.odds_e12,
            result: o.result.map(super::life::Ended::word),
            returns_raw: Self::returns(o),
            paid: self.redeemed_s(o).is_some(),
        })
    }

    /// Bet token of a wallet on the chain in memory, raw.
    pub fn token_balance(&self, who: Address) -> u128 {
        self.chain.token_balance(who)
    }

    /// Relayer fees a wallet has paid on the chain in memory, raw.
    pub fn fees_paid(&self, who: Address) -> u128 {
        self.orders.iter().filter(|o| o.bettor == who && o.mined.is_some()).map(|o| o.data.relayer_fee_amount).sum()
    }

    /// Whether transfers neither made nor lost bet tokens, and every bet is worth what its order says.
    ///
    /// # Errors
    /// A sentence that names what does not agree.
    pub fn money_agrees(&self) -> Result<(), String> {
        if !self.chain.conserved() {
            return Err("bet tokens were made or lost".to_owned());
        }
        for order in &self.orders {
            let Some(bet) = order.mined.and_then(|m| self.chain.bet(m.token_id)) else { continue };
            let settled = Self::returns(order);
            if settled.is_some() && settled != self.chain.worth(bet) {
                return Err(format!("{} returns {settled:?} by the API, {:?} by the chain", order.id, self.chain.worth(bet)));
            }
            if settled.is_some() && self.chain.is_void(bet) != (order.result.map(super::life::Ended::word) == Some("Canceled")) {
                return Err(format!("{} is void on one side alone", order.id));
            }
        }
        Ok(())
    }

    /// Gives a wallet bet tokens (or takes them), raw.
    pub fn grant(&mut self, who: Address, raw: i128) {
        self.chain.grant(who, raw);
    }

    /// A wallet approves the relayer before the story begins.
    pub fn preapprove(&mut self, owner: Address, raw: U256) {
        self.chain.preapprove(owner, raw);
    }
}
