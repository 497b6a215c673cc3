//! Answers of views. An empty answer comes from an address without code and is a failure, never a zero (spec 14.4).

use super::WORD;
use signing::eip712::{Address, U256};

/// An answer that is not what the view returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// `0x`: nothing lives at the address.
    #[error("an empty answer: there is no contract at this address on this chain")]
    NoCode,
    /// Too short or too long.
    #[error("{bytes} bytes of answer where {expected} were due")]
    Length {
        /// Received.
        bytes: usize,
        /// Due.
        expected: usize,
    },
    /// A word holds what its type cannot.
    #[error("word {0} of the answer is out of range for its type")]
    Range(usize),
}

/// State of an uptime feed (spec 14.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// Round number, 80 bits.
    pub id: u128,
    /// 0: up, 1: down. Anything else is as bad as down.
    pub answer: U256,
    /// Unix seconds of the last change of status; 0: there is no valid round.
    pub started_at: u64,
    /// Unix seconds of the last write; old is normal.
    pub updated_at: u64,
    /// The round of the answer.
    pub answered_in: u128,
}

impl Round {
    /// Whether the sequencer may be trusted: up, a valid round, and up for `grace_s` already.
    pub fn healthy(&self, now_s: u64, grace_s: u64) -> bool {
        self.answer.is_zero() && self.started_at > 0 && now_s.checked_sub(self.started_at).is_some_and(|up| up >= grace_s)
    }
}

/// Limits of a core in the LP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoreSettings {
    /// 1: active.
    pub state: u8,
    /// Share of the pool that singles may bind, at 1e-12.
    pub reinforcement: u64,
    /// Share of the pool that combos may bind, at 1e-12.
    pub reinforcement_combo: u64,
    /// Smallest stake, raw units.
    pub min_bet: u128,
    /// Bound by singles, raw units.
    pub locked: u128,
    /// Bound by combos, raw units.
    pub locked_combo: u128,
}

fn words<const N: usize>(bytes: &[u8]) -> Result<[U256; N], AnswerError> {
    if bytes.is_empty() {
        return Err(AnswerError::NoCode);
    }
    if bytes.len() != N * WORD {
        return Err(AnswerError::Length { bytes: bytes.len(), expected: N * WORD });
    }
    let mut words = [U256::ZERO; N];
    for (word, chunk) in words.iter_mut().zip(bytes.chunks_exact(WORD)) {
        *word = U256::from_be_slice(chunk);
    }
    Ok(words)
}

fn narrow<T: TryFrom<U256>>(word: U256, place: usize) -> Result<T, AnswerError> {
    T::try_from(word).map_err(|_| AnswerError::Range(place))
}

/// One number.
///
/// # Errors
/// [`AnswerError`].
pub fn uint(bytes: &[u8]) -> Result<U256, AnswerError> {
    words::<1>(bytes).map(|[word]| word)
}

/// One truth value.
///
/// # Errors
/// [`AnswerError`]; neither 0 nor 1 is out of range.
pub fn flag(bytes: &[u8]) -> Result<bool, AnswerError> {
    match narrow::<u8>(uint(bytes)?, 0)? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(AnswerError::Range(0)),
    }
}

/// One address.
///
/// # Errors
/// [`AnswerError`].
pub fn address(bytes: &[u8]) -> Result<Address, AnswerError> {
    address_word(uint(bytes)?).ok_or(AnswerError::Range(0))
}

pub(super) fn address_word(word: U256) -> Option<Address> {
    let bytes = word.to_be_bytes::<WORD>();
    let (zeros, address) = bytes.split_at(12);
    zeros.iter().all(|byte| *byte == 0).then(|| Address::from_slice(address))
}

/// An uptime feed's round.
///
/// # Errors
/// [`AnswerError`].
pub fn round(bytes: &[u8]) -> Result<Round, AnswerError> {
    let [id, answer, started_at, updated_at, answered_in] = words::<5>(bytes)?;
    Ok(Round {
        id: narrow(id, 0)?,
        answer,
        started_at: narrow(started_at, 2)?,
        updated_at: narrow(updated_at, 3)?,
        answered_in: narrow(answered_in, 4)?,
    })
}

/// The LP's word on a core.
///
/// # Errors
/// [`AnswerError`].
pub fn core_settings(bytes: &[u8]) -> Result<CoreSettings, AnswerError> {
    let [state, reinforcement, reinforcement_combo, min_bet, locked, locked_combo] = words::<6>(bytes)?;
    Ok(CoreSettings {
        state: narrow(state, 0)?,
        reinforcement: narrow(reinforcement, 1)?,
        reinforcement_combo: narrow(reinforcement_combo, 2)?,
        min_bet: narrow(min_bet, 3)?,
        locked: narrow(locked, 4)?,
        locked_combo: narrow(locked_combo, 5)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_code_is_never_an_empty_wallet() {
        assert_eq!(uint(&[]), Err(AnswerError::NoCode));
        assert_eq!(flag(&[]), Err(AnswerError::NoCode));
        assert_eq!(uint(&[0; 31]), Err(AnswerError::Length { bytes: 31, expected: 32 }));
        assert_eq!(uint(&[0; 64]), Err(AnswerError::Length { bytes: 64, expected: 32 }));
        assert_eq!(uint(&[0; 32]), Ok(U256::ZERO));
        assert_eq!(flag(&[1; 32]), Err(AnswerError::Range(0)));
        assert_eq!(address(&[1; 32]), Err(AnswerError::Range(0)));
    }

    #[test]
    fn a_sequencer_is_trusted_only_after_its_grace_period() {
        let round =
            |answer: u64, started_at: u64| Round { id: 1, answer: U256::from(answer), started_at, updated_at: 0, answered_in: 1 };
        let check = |round: Round, now: u64, expect: bool| assert_eq!(round.healthy(now, 3600), expect, "{round:?} {now}");
        check(round(0, 1_000), 4_600, true);
        check(round(0, 1_000), 4_599, false);
        check(round(1, 1_000), 9_000, false);
        check(round(2, 1_000), 9_000, false);
        check(round(0, 0), 9_000, false);
        check(round(0, 9_000), 1_000, false);
    }
}
