//! Reverts by name (spec section 8).

use signing::eip712::U256;

macro_rules! reverts {
    ($($(#[doc = $doc:literal])+ $name:ident = $signature:literal, $selector:literal;)+) => {
        /// Why a contract refused, as far as the ABI names it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Revert { $($(#[doc = $doc])+ $name),+ }
        impl Revert {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
            /// The Solidity signature.
            pub const fn signature(self) -> &'static str { match self { $(Self::$name => $signature),+ } }
            /// Its first four bytes.
            pub const fn selector(self) -> [u8; 4] { u32::to_be_bytes(match self { $(Self::$name => $selector),+ }) }
        }
    };
}

reverts! {
    /// The payout was claimed before.
    AlreadyPaid = "AlreadyPaid()", 0xd70a_0e30;
    /// No such bet.
    BetNotExists = "BetNotExists()", 0xf673_21e5;
    /// The condition is still open.
    ConditionNotFinished = "ConditionNotFinished()", 0xacb8_8053;
    /// The condition was stopped, resolved or removed.
    ConditionNotRunning = "ConditionNotRunning()", 0x95c1_a60f;
    /// The price fell below `minOdds`.
    OddsTooSmall = "OddsTooSmall()", 0xc08e_e4d5;
    /// Past `expiresAt`.
    SignatureExpired = "SignatureExpired()", 0x0819_bdcd;
    /// The nonce was used before.
    InvalidNonce = "InvalidNonce()", 0x7566_88fe;
    /// Not signed by the bettor.
    InvalidBettorSignature = "InvalidBettorSignature()", 0xf09f_2ba1;
    /// Not signed by the oracle.
    InvalidOracleSignature = "InvalidOracleSignature()", 0x2f58_c7cd;
    /// Signed for another chain.
    InvalidChainId = "InvalidChainId()", 0x7a47_c9a2;
    /// The affiliate is not accepted.
    IncorrectAffiliate = "IncorrectAffiliate()", 0xa5b4_2649;
    /// The loss limit is reached.
    PotentialLossLimit = "PotentialLossLimit()", 0xfaac_76d0;
    /// Below the smallest stake.
    SmallBet = "SmallBet()", 0x2fb3_e827;
    /// The same leg twice.
    SubBetDuplicated = "SubBetDuplicated()", 0x86ef_1788;
    /// The pool has bound all it may.
    LockedLiquidityLimitReached = "LockedLiquidityLimitReached()", 0x955b_812c;
    /// The same for combos.
    LockedLiquidityComboLimitReached = "LockedLiquidityComboLimitReached()", 0x46b9_cd39;
    /// The bet's NFT is locked.
    LockedBetToken = "LockedBetToken(uint256)", 0x780b_79cc;
}

impl Revert {
    /// The name without its arguments.
    pub fn name(self) -> &'static str {
        self.signature().split('(').next().unwrap_or_default()
    }
    /// By the data of a revert: the selector and as many words as the signature has arguments.
    pub fn read(data: &[u8]) -> Option<Self> {
        let (selector, rest) = data.split_at_checked(4)?;
        let revert = Self::ALL.iter().copied().find(|r| r.selector() == *selector)?;
        let expected = if revert == Self::LockedBetToken { super::WORD } else { 0 };
        (rest.len() == expected).then_some(revert)
    }
    /// Its data, with the argument where it has one.
    pub fn data(self, argument: Option<U256>) -> Vec<u8> {
        let mut data = self.selector().to_vec();
        if let Some(argument) = argument {
            data.extend_from_slice(&argument.to_be_bytes::<{ super::WORD }>());
        }
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signing::eip712::keccak256;

    #[test]
    fn every_revert_has_the_selector_of_its_signature_and_reads_back() {
        for revert in Revert::ALL.iter().copied() {
            assert_eq!(keccak256(revert.signature().as_bytes())[..4], revert.selector(), "{}", revert.signature());
            let argument = (revert == Revert::LockedBetToken).then_some(U256::from(7));
            assert_eq!(Revert::read(&revert.data(argument)), Some(revert));
        }
        assert_eq!(Revert::read(&[]), None);
        assert_eq!(Revert::read(&[0xd7, 0x0a, 0x0e]), None);
        assert_eq!(Revert::read(&[0xd7, 0x0a, 0x0e, 0x30, 0]), None);
        assert_eq!(Revert::read(&[0; 4]), None);
    }
}
