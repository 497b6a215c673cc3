//! What a bet's token pays now, and the call that claims it.
//!
//! Source: spec section 10. The money goes to the owner of the bet's token whoever sends the call.

use crate::chain::{self, ChainError};
use crate::contracts::{Call, Revert};
use crate::environment::Environment;
use signing::eip712::U256;

/// What a bet's token pays now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// So much, raw units: won, or the stake of a bet that was called off.
    Pays(u128),
    /// Nothing: it is lost.
    Lost,
    /// Its condition is still open.
    Open,
    /// It was claimed before.
    Claimed,
    /// There is no such bet.
    Missing,
}

/// The question for one bet.
pub fn claim_request(id: u64, environment: &Environment, bet: u128) -> String {
    let call = Call::ViewPayout { core: environment.core, bet: U256::from(bet) };
    chain::call_request(id, environment.lp, &call, None)
}

/// Its answer.
///
/// # Errors
/// [`ChainError`] for what says nothing to rely on.
pub fn read_claim(id: u64, body: &[u8]) -> Result<Claim, ChainError> {
    match chain::read_units(id, body) {
        Ok(0) => Ok(Claim::Lost),
        Ok(units) => Ok(Claim::Pays(units)),
        Err(ChainError::Reverted(Revert::ConditionNotFinished)) => Ok(Claim::Open),
        Err(ChainError::Reverted(Revert::AlreadyPaid)) => Ok(Claim::Claimed),
        Err(ChainError::Reverted(Revert::BetNotExists)) => Ok(Claim::Missing),
        Err(cause) => Err(cause),
    }
}

/// The call that claims these bets: one call for one, one for many. `None` for no bet.
pub fn claim_call(environment: &Environment, bets: &[u128]) -> Option<Call> {
    let core = environment.core;
    match bets {
        [] => None,
        [bet] => Some(Call::WithdrawPayout { core, bet: U256::from(*bet) }),
        bets => Some(Call::WithdrawPayouts { core, bets: bets.iter().map(|bet| U256::from(*bet)).collect() }),
    }
}
