//! What can go wrong, for people and for code.

/// An answer that says nothing we may rely on. It decides nothing: the question is asked again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} could not be read: {why}")]
pub struct Unreadable {
    /// Which answer.
    pub what: &'static str,
    /// Why, in a sentence without secrets.
    pub why: String,
}

/// A configuration that this client cannot run with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A value, what is wrong with it, and what would be valid.
    #[error("{0}")]
    Config(String),
    /// The bettor's key does not read.
    #[error("the bettor's private key: {0}")]
    Key(#[from] signing::evm_key::EvmKeyError),
}

/// Why the venue refused, as far as it matters for what is done next (spec 7.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// The condition or outcome takes no bets now: only a new update can change that.
    NotActive,
    /// The price moved below `minOdds`: quote anew.
    Price,
    /// Above the largest stake or the liquidity: less, after a new calculation.
    Stake,
    /// The risk engine: after a pause.
    Risk,
    /// Approval below stake and fee: a person approves.
    Allowance,
    /// The relayer's fee was too small: read gas-info, sign again.
    Fee,
    /// A defect of ours: wrong signature, wrong expiry, unknown condition. Never again as it is.
    Defect,
    /// The transaction or a check inside the venue failed: once more, after a look at the condition.
    Internal,
}

/// Codes and beginnings of messages; the first row that fits counts. Messages come before codes, because one code stands for several.
const KINDS: &[(&str, RefusalKind)] = &[
    ("Condition is not active", RefusalKind::NotActive),
    ("Outcome not active", RefusalKind::NotActive),
    ("Live not available", RefusalKind::NotActive),
    ("ConditionNotRunning", RefusalKind::NotActive),
    ("Real odds less than min odds", RefusalKind::Price),
    ("TooHighMinPrice", RefusalKind::Price),
    ("OddsTooSmall", RefusalKind::Price),
    ("TooHighStake", RefusalKind::Stake),
    ("PayoutNotGuaranteed", RefusalKind::Stake),
    ("PotentialLossLimit", RefusalKind::Stake),
    ("SmallBet", RefusalKind::Stake),
    ("RiskExceeded", RefusalKind::Risk),
    ("TokenAllowance", RefusalKind::Allowance),
    ("TooSmallFee", RefusalKind::Fee),
    ("TooLowRelayerFeeAmount", RefusalKind::Fee),
    ("ExpiresAtTooLarge", RefusalKind::Defect),
    ("MessageNotVerified", RefusalKind::Defect),
    ("BadData", RefusalKind::Defect),
    ("Different games in one order", RefusalKind::Defect),
    ("TransactionFailed", RefusalKind::Internal),
    ("ChecksFailed", RefusalKind::Internal),
    ("ProviderError", RefusalKind::Internal),
    ("RejectedByProvider", RefusalKind::Internal),
    ("Other", RefusalKind::Internal),
];

impl RefusalKind {
    /// By the venue's code and message; `None` for words that it does not document.
    pub fn known(words: &str) -> Option<Self> {
        KINDS.iter().find(|(known, _)| words.contains(known)).map(|(_, kind)| *kind)
    }
    /// As [`known`](Self::known); other words are [`Internal`](Self::Internal): tried once more at most.
    pub fn of(words: &str) -> Self {
        Self::known(words).unwrap_or(Self::Internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_code_and_observed_message_has_a_kind() {
        let file: serde_json::Value = serde_json::from_str(include_str!("../testdata/azuro/errors.json")).expect("a fixture");
        let known = |words: &str| KINDS.iter().any(|(known, _)| words.contains(known));
        let codes = file["documented_order_errors"].as_array().expect("codes");
        let messages = file["observed_messages"].as_array().expect("messages");
        let texts = codes.iter().filter_map(|c| c.as_str());
        let observed = messages.iter().filter_map(|m| m["errorMessage"].as_str().or(m["errorMessage_starts"].as_str()));
        let all: Vec<&str> = texts.chain(observed).collect();
        assert_eq!(all.len(), 20);
        for words in all {
            assert!(known(words), "{words}");
        }
        assert_eq!(RefusalKind::of("TooHighMinPrice: Real odds less than min odds"), RefusalKind::Price);
        assert_eq!(RefusalKind::of("TransactionFailed: ConditionNotRunning"), RefusalKind::NotActive);
        assert_eq!(RefusalKind::of("something new"), RefusalKind::Internal);
    }

    #[test]
    fn the_runbook_explains_every_code() {
        let runbook = include_str!("../../../runbooks/azuro_troubleshooting.md");
        for (words, _) in KINDS {
            assert!(runbook.contains(&format!("`{words}`")), "{words}");
        }
    }
}
