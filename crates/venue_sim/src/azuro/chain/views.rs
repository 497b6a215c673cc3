//! What contracts answer to a call and do in a transaction, by selector (section 8 and 14.4).

use super::super::abi::{Abi, Args, encode, word_of};
use super::past::At;
use super::{Chain, Revert, topic};
use alloy_primitives::{Address, B256, U256};

/// Gas that a call of this kind takes, about as on the real network.
pub(super) fn gas_of(data: &[u8]) -> u64 {
    match selector(data) {
        Some(APPROVE) => 46_500,
        Some(WITHDRAW) => 118_000,
        Some(WITHDRAW_MANY) => 60_000 + 60_000 * Args(data.get(4..).unwrap_or(&[])).list(1).map_or(0, |ids| ids.len() as u64),
        _ => 60_000,
    }
}

const APPROVE: u32 = 0x095e_a7b3;
const TRANSFER: u32 = 0xa905_9cbb;
const WITHDRAW: u32 = 0x161d_0770;
const WITHDRAW_MANY: u32 = 0xe8e3_e87b;

fn selector(data: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(data.get(..4)?.try_into().ok()?))
}

fn word(value: impl TryInto<U256>) -> Vec<u8> {
    encode(&[Abi::uint(value)])
}

impl At<'_> {
    /// What a call returns; empty for an address without code, as a node says it.
    pub(super) fn call(self, from: Address, to: Address, data: &[u8]) -> Result<Vec<u8>, Revert> {
        let c = &self.chain.contracts;
        if ![c.token, c.lp, c.core, c.azuro_bet, c.relayer, c.uptime_feed].contains(&to) {
            return Ok(Vec::new());
        }
        let selector = selector(data).ok_or_else(Revert::bare)?;
        let args = Args(data.get(4..).unwrap_or(&[]));
        let answer = match to {
            a if a == c.token => self.token_call(selector, args, from),
            a if a == c.lp => return self.lp_call(selector, args),
            a if a == c.core => self.core_call(selector, args),
            a if a == c.azuro_bet => return self.bet_token_call(selector, args),
            a if a == c.uptime_feed => self.chain.feed_call(selector),
            _ => None,
        };
        answer.ok_or_else(Revert::bare).and_then(|a| a)
    }

    fn token_call(self, selector: u32, args: Args<'_>, from: Address) -> Option<Result<Vec<u8>, Revert>> {
        Some(Ok(match selector {
            0x70a0_8231 => word(self.token_balance(args.address(0)?)),
            0xdd62_ed3e => word(self.allowance(args.address(0)?, args.address(1)?)),
            0x313c_e567 => word(6u8),
            APPROVE => {
                args.address(0).zip(args.uint(1))?;
                word(1u8)
            }
            TRANSFER => {
                args.address(0)?;
                if args.uint(1)? > U256::from(self.token_balance(from)) {
                    return Some(Err(Revert::text("ERC20: transfer amount exceeds balance")));
                }
                word(1u8)
            }
            _ => return None,
        }))
    }

    fn lp_call(self, selector: u32, args: Args<'_>) -> Result<Vec<u8>, Revert> {
        match selector {
            0x25aa_820b | WITHDRAW => self.core_of(args).and_then(|()| self.payable(args.uint(1))).map(|(_, pays)| word(pays)),
            WITHDRAW_MANY => {
                self.core_of(args)?;
                let ids = args.list(1).ok_or_else(Revert::bare)?;
                for (i, id) in ids.iter().enumerate() {
                    self.payable(Some(*id))?;
                    if ids[..i].contains(id) {
                        return Err(Revert::named("AlreadyPaid")); // the second of two withdrawals in one transaction
                    }
                }
                Ok(Vec::new())
            }
            0x85ad_32c4 => {
                args.address(0).ok_or_else(Revert::bare)?;
                let settings = [1, 200_000_000_000, 100_000_000_000, self.chain.min_bet_raw, 0, 0];
                Ok(encode(&settings.map(Abi::uint)))
            }
            _ => Err(Revert::bare()),
        }
    }

    fn core_of(self, args: Args<'_>) -> Result<(), Revert> {
        (args.address(0) == Some(self.chain.contracts.core)).then_some(()).ok_or_else(Revert::bare)
    }

    /// The bet and what it pays now, or why it pays nothing yet or any more.
    fn payable(self, token_id: Option<U256>) -> Result<(u64, u128), Revert> {
        let token_id = token_id.ok_or_else(Revert::bare)?;
        let bet = u64::try_from(token_id).ok().and_then(|id| self.bet(id));
        let bet = bet.ok_or_else(|| Revert::named("BetNotExists"))?;
        if self.is_paid(bet) {
            return Err(Revert::named("AlreadyPaid"));
        }
        let pays = self.worth(bet).ok_or_else(|| Revert::named("ConditionNotFinished"))?;
        Ok((bet.token_id, pays))
    }

    fn core_call(self, selector: u32, args: Args<'_>) -> Option<Result<Vec<u8>, Revert>> {
        Some(Ok(match selector {
            0x502e_1a16 => {
                let used = self.nonce_used(args.address(0)?, args.uint(1)?);
                word(u8::from(used))
            }
            0x22af_00fa => {
                let bet = u64::try_from(args.uint(0)?).ok().and_then(|id| self.bet(id));
                bet.map_or_else(
                    || vec![0; 7 * 32], // a mapping of structs answers zeros
                    |b| {
                        encode(&[
                            Abi::uint(b.condition_id),
                            Abi::uint(b.amount),
                            Abi::uint(b.payout),
                            Abi::uint(b.outcome_id),
                            Abi::uint(Chain::time_of(b.block)),
                            Abi::flag(self.is_paid(b)),
                            Abi::uint(0u8),
                        ])
                    },
                )
            }
            0xd8da_4bab => word(u8::from(self.end(args.uint(0)?).is_some_and(|e| e.won.is_none()))),
            0x5d31_1bdd => {
                let outcome = u128::try_from(args.uint(1)?).ok()?;
                let won = self.end(args.uint(0)?).and_then(|e| e.won.as_ref()).is_some_and(|w| w.contains(&outcome));
                word(u8::from(won))
            }
            _ => return None,
        }))
    }

    fn bet_token_call(self, selector: u32, args: Args<'_>) -> Result<Vec<u8>, Revert> {
        let held = |who: Address| self.bets().filter(move |b| b.owner == who);
        match selector {
            0x6352_211e => {
                let id = args.uint(0).ok_or_else(Revert::bare)?;
                let bet = u64::try_from(id).ok().and_then(|id| self.bet(id));
                bet.map(|b| encode(&[Abi::address(b.owner)])).ok_or_else(|| Revert::text("ERC721: invalid token ID"))
            }
            0x4039_8d67 => {
                let who = args.address(0).ok_or_else(Revert::bare)?;
                Ok(encode(&[Abi::List(held(who).map(|b| Abi::uint(b.token_id)).collect())]))
            }
            0x70a0_8231 => Ok(word(held(args.address(0).ok_or_else(Revert::bare)?).count() as u64)),
            _ => Err(Revert::bare()),
        }
    }
}

impl Chain {
    fn feed_call(&self, selector: u32) -> Option<Result<Vec<u8>, Revert>> {
        let (up, since_s) = self.sequencer;
        let round = (U256::ONE << 64) + U256::from(37);
        let parts = [round, U256::from(u8::from(!up)), U256::from(since_s), U256::from(since_s), round];
        (selector == 0xfeaf_968c).then(|| Ok(encode(&parts.map(Abi::uint))))
    }

    /// Does what a call says, or nothing of it.
    pub(super) fn transact(&mut self, from: Address, to: Address, data: &[u8], block: u64, tx: B256) -> Result<Vec<u8>, Revert> {
        let result = self.now().call(from, to, data)?;
        let args = Args(data.get(4..).unwrap_or(&[]));
        match (selector(data), to == self.contracts.token, to == self.contracts.lp) {
            (Some(APPROVE), true, _) => {
                if let (Some(spender), Some(amount)) = (args.address(0), args.uint(1)) {
                    self.set_allowance(from, spender, amount, block);
                    let topics = vec![topic::APPROVAL, from.into_word(), spender.into_word()];
                    self.log(to, topics, amount.to_be_bytes::<32>().to_vec(), block, tx);
                }
            }
            (Some(TRANSFER), true, _) => {
                if let (Some(who), Some(amount)) = (args.address(0), args.uint(1).and_then(|a| u128::try_from(a).ok())) {
                    self.transfer(from, who, amount, block, tx)?;
                }
            }
            (Some(WITHDRAW), _, true) => self.withdraw(args.uint(1), block, tx)?,
            (Some(WITHDRAW_MANY), _, true) => {
                for id in args.list(1).unwrap_or_default() {
                    self.withdraw(Some(id), block, tx)?;
                }
            }
            _ => {}
        }
        Ok(result)
    }

    /// Pays a bet to its owner, whoever asked for it (section 10).
    fn withdraw(&mut self, token_id: Option<U256>, block: u64, tx: B256) -> Result<(), Revert> {
        let Some(bet) = token_id.and_then(|id| u64::try_from(id).ok()).and_then(|id| self.bets.get(&id)) else {
            return Err(Revert::named("BetNotExists"));
        };
        let (id, owner) = (bet.token_id, bet.owner);
        let pays = self.worth(bet).ok_or_else(|| Revert::named("ConditionNotFinished"))?;
        if let Some(bet) = self.bets.get_mut(&id) {
            bet.paid_block = Some(block);
        }
        if pays > 0 {
            let lp = self.contracts.lp;
            self.transfer(lp, owner, pays, block, tx)?;
            let mut data = word_of(id).to_vec();
            data.extend_from_slice(&U256::from(pays).to_be_bytes::<32>());
            let topics = vec![topic::BETTOR_WIN, self.contracts.core.into_word(), owner.into_word()];
            self.log(lp, topics, data, block, tx);
        }
        Ok(())
    }
}
