//! Placing a bet on the chain: what `Relayer.betFor`, `LP.betOrder` and `Core.putOrder` check and do (section 8).

use super::super::abi::{Abi, encode};
use super::super::sign::{ClientData, SubBet, bet_digest, domain_separator, recover};
use super::super::submission::{Mined, Submission, oracle_digest};
use super::{Chain, ChainBet, Revert, topic};
use alloy_primitives::{Address, B256, U256, keccak256};

/// Times 10^12: the scale of odds on chain (section 9).
const ODDS_ONE: u128 = 1_000_000_000_000;

/// floor(amount x odds / 10^12) (section 9).
pub(crate) fn payout(amount: u128, odds: u64) -> u128 {
    amount.saturating_mul(u128::from(odds)) / ODDS_ONE
}

impl Chain {
    /// Puts a bet on chain in the newest block. `data` and `bet` are what `submission.client_bet_data` encodes.
    pub(in super::super) fn place(&mut self, submission: &Submission, data: &ClientData, bet: &SubBet) -> Result<Mined, Revert> {
        let c = self.contracts;
        let (block, owner) = (self.head, submission.bet_owner);
        let time_s = Self::time_of(block);
        if data.expires_at < time_s {
            return Err(Revert::named("SignatureExpired"));
        }
        if data.chain_id != c.chain_id {
            return Err(Revert::named("InvalidChainId"));
        }
        let digest = bet_digest(domain_separator(c.chain_id, c.core), data, bet);
        if signer(digest, &submission.bettor_signature) != Some(owner) {
            return Err(Revert::named("InvalidBettorSignature"));
        }
        let vouched = oracle_digest(c.chain_id, c.core, &submission.client_bet_data, &submission.condition);
        if signer(vouched, &submission.oracle_signature) != Some(self.oracle) {
            return Err(Revert::named("InvalidOracleSignature"));
        }
        if self.nonce_used(owner, bet.nonce) {
            return Err(Revert::named("InvalidNonce"));
        }
        if bet.amount < self.min_bet_raw {
            return Err(Revert::named("SmallBet"));
        }
        let at = submission.condition.outcomes.iter().position(|o| *o == bet.outcome_id);
        let odds = at.and_then(|i| submission.condition.odds.get(i)).copied().ok_or_else(Revert::bare)?;
        if matches!(self.conditions.get(&bet.condition_id), Some(Some(_))) {
            return Err(Revert::named("ConditionNotRunning"));
        }
        if odds < bet.min_odds {
            return Err(Revert::named("OddsTooSmall"));
        }
        let pays = payout(bet.amount, odds);
        if pays.saturating_sub(bet.amount) > submission.condition.potential_loss_limit {
            return Err(Revert::named("PotentialLossLimit"));
        }
        let cost = bet.amount.saturating_add(data.relayer_fee_amount);
        let left = self.allowance(owner, c.relayer).checked_sub(U256::from(cost));
        let left = left.ok_or_else(|| Revert::text("ERC20: transfer amount exceeds allowance"))?;
        if self.token_balance(owner) < cost {
            return Err(Revert::text("ERC20: transfer amount exceeds balance"));
        }
        // From here on nothing fails.
        let first_log = self.logs.len();
        let hash = keccak256(format!("betFor {}", submission.order_id));
        if left.saturating_add(U256::from(cost)) != U256::MAX {
            self.set_allowance(owner, c.relayer, left, block); // an unlimited approval is not used up
        }
        self.transfer(owner, c.lp, bet.amount, block, hash)?;
        if data.relayer_fee_amount > 0 {
            self.transfer(owner, self.executor, data.relayer_fee_amount, block, hash)?;
            let topics = vec![topic::RELAYER_REWARDED, self.executor.into_word()];
            self.log(c.relayer, topics, encode(&[Abi::uint(data.relayer_fee_amount)]), block, hash);
        }
        self.used.insert((owner, bet.nonce), block);
        let token_id = self.next_token;
        self.next_token += 1;
        if self.conditions.insert(bet.condition_id, None).is_none() {
            self.say_created(submission, block, hash);
        }
        let token = B256::from(U256::from(token_id));
        let topics = vec![topic::TRANSFER, B256::ZERO, owner.into_word(), token];
        self.log(c.azuro_bet, topics, Vec::new(), block, hash);
        self.say_new_bet(submission, data, bet, odds, token, block, hash);
        self.bets.insert(
            token_id,
            ChainBet {
                token_id,
                owner,
                condition_id: bet.condition_id,
                outcome_id: bet.outcome_id,
                amount: bet.amount,
                payout: pays,
                block,
                paid_block: None,
                rejected_block: None,
            },
        );
        let logs = self.logs.len() - first_log;
        self.house_receipt(hash, c.relayer, submission.calldata(), logs);
        Ok(Mined { token_id, tx_hash: hash, block_time_s: time_s })
    }

    fn say_created(&mut self, submission: &Submission, block: u64, hash: B256) {
        let condition = &submission.condition;
        let data = encode(&[
            Abi::List(condition.outcomes.iter().map(|o| Abi::uint(*o)).collect()),
            Abi::List(condition.odds.iter().map(|o| Abi::uint(*o)).collect()),
            Abi::uint(condition.winning_outcomes_count),
        ]);
        let topics = vec![topic::CONDITION_CREATED, condition.game_id.into(), condition.condition_id.into()];
        self.log(self.contracts.core, topics, data, block, hash);
    }

    #[allow(clippy::too_many_arguments, reason = "the event has as many parts")]
    fn say_new_bet(
        &mut self,
        submission: &Submission,
        data: &ClientData,
        bet: &SubBet,
        odds: u64,
        token: B256,
        block: u64,
        hash: B256,
    ) {
        let one = Abi::Tuple(vec![
            Abi::uint(submission.condition.game_id),
            Abi::uint(bet.condition_id),
            Abi::uint(submission.condition.kind),
            Abi::uint(bet.outcome_id),
            Abi::uint(odds),
        ]);
        let body = encode(&[
            Abi::uint(0u8),
            Abi::uint(bet.nonce),
            Abi::uint(bet.amount),
            Abi::List(vec![one]),
            Abi::uint(submission.condition.potential_loss_limit),
        ]);
        let owner: Address = submission.bet_owner;
        let topics = vec![topic::NEW_LIVE_BET, token, owner.into_word(), data.affiliate.into_word()];
        self.log(self.contracts.core, topics, body, block, hash);
    }
}

fn signer(digest: B256, signature: &[u8]) -> Option<Address> {
    recover(digest, signature.try_into().ok()?)
}
