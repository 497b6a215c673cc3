//! Calls: what is asked of a contract, and the two transactions that a person may order.

use super::WORD;
use signing::eip712::{Address, U256};

/// One call. Views unless the doc says that it is a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Transaction on the token: lets the relayer take stakes and fees. Only on an operator's explicit command.
    Approve {
        /// The relayer.
        spender: Address,
        /// Raw units.
        amount: U256,
    },
    /// Token: how much `spender` may still take.
    Allowance {
        /// The bettor.
        owner: Address,
        /// The relayer.
        spender: Address,
    },
    /// Token: raw units held.
    BalanceOf(Address),
    /// Token: digits after the point.
    Decimals,
    /// Core: whether a nonce has been used. True for good once it is.
    NonceUsed {
        /// Whose.
        bettor: Address,
        /// Which.
        nonce: U256,
    },
    /// LP: what a bet pays now; see [`super::Revert`] for the cases in which it says nothing.
    ViewPayout {
        /// The bet's core.
        core: Address,
        /// Token id of the bet.
        bet: U256,
    },
    /// Transaction on the LP: claims one payout for the owner of the bet.
    WithdrawPayout {
        /// The bet's core.
        core: Address,
        /// Token id of the bet.
        bet: U256,
    },
    /// Transaction on the LP: claims many payouts of one core.
    WithdrawPayouts {
        /// The bets' core.
        core: Address,
        /// Token ids.
        bets: Vec<U256>,
    },
    /// Bet NFT: who holds it, and is paid.
    OwnerOf(U256),
    /// LP: limits of a core.
    CoreSettings(Address),
    /// Uptime feed of a rollup's sequencer.
    SequencerRound,
    /// Gas precompile of Arbitrum: lowest gas price, wei.
    MinimumGasPrice,
    /// Gas precompile of Arbitrum: base fee of the layer below, wei.
    L1BaseFee,
}

impl Call {
    /// The Solidity signature, and the selector made of it.
    pub const fn signature(&self) -> (&'static str, [u8; 4]) {
        match self {
            Self::Approve { .. } => ("approve(address,uint256)", [0x09, 0x5e, 0xa7, 0xb3]),
            Self::Allowance { .. } => ("allowance(address,address)", [0xdd, 0x62, 0xed, 0x3e]),
            Self::BalanceOf(_) => ("balanceOf(address)", [0x70, 0xa0, 0x82, 0x31]),
            Self::Decimals => ("decimals()", [0x31, 0x3c, 0xe5, 0x67]),
            Self::NonceUsed { .. } => ("nonces(address,uint256)", [0x50, 0x2e, 0x1a, 0x16]),
            Self::ViewPayout { .. } => ("viewPayout(address,uint256)", [0x25, 0xaa, 0x82, 0x0b]),
            Self::WithdrawPayout { .. } => ("withdrawPayout(address,uint256)", [0x16, 0x1d, 0x07, 0x70]),
            Self::WithdrawPayouts { .. } => ("withdrawPayouts(address,uint256[])", [0xe8, 0xe3, 0xe8, 0x7b]),
            Self::OwnerOf(_) => ("ownerOf(uint256)", [0x63, 0x52, 0x21, 0x1e]),
            Self::CoreSettings(_) => ("cores(address)", [0x85, 0xad, 0x32, 0xc4]),
            Self::SequencerRound => ("latestRoundData()", [0xfe, 0xaf, 0x96, 0x8c]),
            Self::MinimumGasPrice => ("getMinimumGasPrice()", [0xf9, 0x18, 0x37, 0x9a]),
            Self::L1BaseFee => ("getL1BaseFeeEstimate()", [0xf5, 0xd6, 0xde, 0xd7]),
        }
    }

    /// Selector and arguments.
    pub fn calldata(&self) -> Vec<u8> {
        let mut out = self.signature().1.to_vec();
        match self {
            Self::Approve { spender: who, amount: number }
            | Self::NonceUsed { bettor: who, nonce: number }
            | Self::ViewPayout { core: who, bet: number }
            | Self::WithdrawPayout { core: who, bet: number } => {
                push_address(&mut out, *who);
                push_uint(&mut out, *number);
            }
            Self::Allowance { owner, spender } => {
                push_address(&mut out, *owner);
                push_address(&mut out, *spender);
            }
            Self::BalanceOf(who) | Self::CoreSettings(who) => push_address(&mut out, *who),
            Self::OwnerOf(bet) => push_uint(&mut out, *bet),
            Self::WithdrawPayouts { core, bets } => {
                push_address(&mut out, *core);
                // The list begins behind the two words of the head, with its length.
                push_uint(&mut out, U256::from(2 * WORD));
                push_uint(&mut out, U256::from(bets.len()));
                bets.iter().for_each(|bet| push_uint(&mut out, *bet));
            }
            Self::Decimals | Self::SequencerRound | Self::MinimumGasPrice | Self::L1BaseFee => {}
        }
        out
    }
}

fn push_address(out: &mut Vec<u8>, address: Address) {
    out.extend_from_slice(&[0; 12]);
    out.extend_from_slice(address.as_slice());
}

fn push_uint(out: &mut Vec<u8>, number: U256) {
    out.extend_from_slice(&number.to_be_bytes::<WORD>());
}

#[cfg(test)]
mod tests {
    use super::*;
    use signing::eip712::keccak256;

    #[test]
    fn every_selector_is_the_hash_of_its_signature() {
        let (a, n) = (Address::ZERO, U256::ZERO);
        for call in [
            Call::Approve { spender: a, amount: n },
            Call::Allowance { owner: a, spender: a },
            Call::BalanceOf(a),
            Call::Decimals,
            Call::NonceUsed { bettor: a, nonce: n },
            Call::ViewPayout { core: a, bet: n },
            Call::WithdrawPayout { core: a, bet: n },
            Call::WithdrawPayouts { core: a, bets: vec![n] },
            Call::OwnerOf(n),
            Call::CoreSettings(a),
            Call::SequencerRound,
            Call::MinimumGasPrice,
            Call::L1BaseFee,
        ] {
            let (signature, selector) = call.signature();
            assert_eq!(keccak256(signature.as_bytes())[..4], selector, "{signature}");
        }
    }
}
