//! Events of Core, LP and token (spec section 8).

use super::WORD;
use super::answer::address_word;
use domain::{MarketId, Outcome};
use signing::eip712::{Address, U256};

/// First topics, by event.
pub mod topics {
    /// `NewLiveBet` of the Core: a bet is on chain.
    pub const NEW_LIVE_BET: &str = "0xf9a74a182f01361c747de3eaf11c1d78de0a89ce8b395bcdab60563aaff299e3";
    /// `BetRejected` of the Core: an accepted bet was called off afterwards.
    pub const BET_REJECTED: &str = "0x219d5cafae1a6a0d1db5ffa1fbcf30d76d3502435a609b908dc93fa65c927041";
    /// `BettorWin` of the LP: a payout was claimed.
    pub const BETTOR_WIN: &str = "0x53df85a6d27721f38c9c99d095a4c565f68a5e74f22f17c711578461253cbef2";
    /// `Transfer` of a token.
    pub const TRANSFER: &str = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
}

/// One leg of a bet on chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BetPart {
    /// The game.
    pub game: U256,
    /// The condition.
    pub condition: MarketId,
    /// 0: prematch, 1: live.
    pub kind: u8,
    /// The outcome bet on.
    pub outcome: Outcome,
    /// The odds it was taken at, at 1e-12.
    pub odds_e12: u64,
}

/// An event of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainEvent {
    /// A bet is on chain: the fill.
    NewLiveBet {
        /// Token id.
        bet: U256,
        /// Whose.
        bettor: Address,
        /// Credited to.
        affiliate: Address,
        /// 0: single, 1: combo.
        kind: u8,
        /// Links it to the order.
        nonce: U256,
        /// Stake, raw units.
        amount: u128,
        /// The legs; one for a single bet.
        parts: Vec<BetPart>,
        /// Loss limit that the oracle signed, raw units.
        potential_loss_limit: u128,
    },
    /// The house called an accepted bet off: the stake is redeemable.
    BetRejected {
        /// Token id.
        bet: U256,
    },
    /// A payout was claimed.
    BettorWin {
        /// The bet's core.
        core: Address,
        /// Who was paid.
        bettor: Address,
        /// Token id.
        bet: U256,
        /// Raw units.
        amount: U256,
    },
    /// The token moved.
    Transfer {
        /// From.
        from: Address,
        /// To.
        to: Address,
        /// Raw units.
        value: U256,
    },
}

/// A log that is none of ours or is not what its first topic says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Another event.
    #[error("an event that this client does not know")]
    Foreign,
    /// Not as the ABI has it.
    #[error("the log does not hold what its first topic promises")]
    Malformed,
}

/// Words of a log's data, read front to back.
struct Words<'a>(&'a [u8]);

impl Words<'_> {
    fn at(&self, place: usize) -> Option<U256> {
        let begin = place.checked_mul(WORD)?;
        self.0.get(begin..begin.checked_add(WORD)?).map(U256::from_be_slice)
    }
    fn narrow<T: TryFrom<U256>>(&self, place: usize) -> Option<T> {
        T::try_from(self.at(place)?).ok()
    }
}

impl ChainEvent {
    /// Reads a log: its topics as 32 bytes each, and its data.
    ///
    /// # Errors
    /// [`EventError`].
    pub fn read(log_topics: &[[u8; 32]], data: &[u8]) -> Result<Self, EventError> {
        let first = log_topics.first().ok_or(EventError::Foreign)?;
        let first = format!("0x{}", hex::encode(first));
        let read = match first.as_str() {
            topics::NEW_LIVE_BET => new_live_bet(log_topics, data),
            topics::BET_REJECTED => match (log_topics, data) {
                ([_, bet], []) => Some(Self::BetRejected { bet: U256::from_be_bytes(*bet) }),
                _ => None,
            },
            topics::BETTOR_WIN => bettor_win(log_topics, data),
            topics::TRANSFER => transfer(log_topics, data),
            _ => return Err(EventError::Foreign),
        };
        read.ok_or(EventError::Malformed)
    }

    /// The event's name in the ABI.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NewLiveBet { .. } => "NewLiveBet",
            Self::BetRejected { .. } => "BetRejected",
            Self::BettorWin { .. } => "BettorWin",
            Self::Transfer { .. } => "Transfer",
        }
    }
}

fn topic_address(topic: &[u8; 32]) -> Option<Address> {
    address_word(U256::from_be_bytes(*topic))
}

/// Head: kind, nonce, amount, offset of the legs, loss limit. Tail: their number, then five words each.
fn new_live_bet(log_topics: &[[u8; 32]], data: &[u8]) -> Option<ChainEvent> {
    let [_, bet, bettor, affiliate] = log_topics else { return None };
    let words = Words(data);
    let offset: usize = words.narrow(3)?;
    if !offset.is_multiple_of(WORD) {
        return None;
    }
    let list = offset.checked_div(WORD)?;
    let count: usize = words.narrow(list)?;
    // A count that the data cannot hold must not reserve memory.
    if count.checked_mul(5 * WORD)? > data.len() {
        return None;
    }
    let mut parts = Vec::with_capacity(count);
    for index in 0..count {
        let at = list.checked_add(1)?.checked_add(index.checked_mul(5)?)?;
        parts.push(BetPart {
            game: words.at(at)?,
            condition: MarketId(words.at(at.checked_add(1)?)?.to_be_bytes()),
            kind: words.narrow(at.checked_add(2)?)?,
            outcome: Outcome(words.narrow(at.checked_add(3)?)?),
            odds_e12: words.narrow(at.checked_add(4)?)?,
        });
    }
    Some(ChainEvent::NewLiveBet {
        bet: U256::from_be_bytes(*bet),
        bettor: topic_address(bettor)?,
        affiliate: topic_address(affiliate)?,
        kind: words.narrow(0)?,
        nonce: words.at(1)?,
        amount: words.narrow(2)?,
        parts,
        potential_loss_limit: words.narrow(4)?,
    })
}

fn bettor_win(log_topics: &[[u8; 32]], data: &[u8]) -> Option<ChainEvent> {
    let [_, core, bettor] = log_topics else { return None };
    let words = Words(data);
    let (core, bettor) = (topic_address(core)?, topic_address(bettor)?);
    (data.len() == 2 * WORD).then_some(())?;
    Some(ChainEvent::BettorWin { core, bettor, bet: words.at(0)?, amount: words.at(1)? })
}

fn transfer(log_topics: &[[u8; 32]], data: &[u8]) -> Option<ChainEvent> {
    let [_, from, to] = log_topics else { return None };
    (data.len() == WORD).then_some(())?;
    Some(ChainEvent::Transfer { from: topic_address(from)?, to: topic_address(to)?, value: Words(data).at(0)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn topic(text: &str) -> [u8; 32] {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.trim_start_matches("0x"), &mut bytes).expect("hex");
        bytes
    }

    #[test]
    fn a_count_of_legs_beyond_the_data_is_malformed_and_reserves_nothing() {
        let mut data = vec![0u8; 6 * WORD];
        data[3 * WORD + 31] = 0xa0;
        data[5 * WORD..].fill(0xff);
        let topics = [topic(topics::NEW_LIVE_BET), [0; 32], [0; 32], [0; 32]];
        assert_eq!(ChainEvent::read(&topics, &data), Err(EventError::Malformed));
        assert_eq!(ChainEvent::read(&[], &data), Err(EventError::Foreign));
        assert_eq!(ChainEvent::read(&[[9; 32]], &data), Err(EventError::Foreign));
        assert_eq!(ChainEvent::read(&topics[..2], &data), Err(EventError::Malformed));
    }

    proptest! {
        #[test]
        fn no_log_panics(
            first in prop::sample::select(vec![topics::NEW_LIVE_BET, topics::BET_REJECTED, topics::BETTOR_WIN, topics::TRANSFER]),
            rest in prop::collection::vec(any::<[u8; 32]>(), 0..5),
            small in prop::collection::vec(0u8..=255, 0..12),
            data in prop::collection::vec(any::<u8>(), 0..600),
        ) {
            let mut log_topics = vec![topic(first)];
            log_topics.extend(rest);
            let _ = ChainEvent::read(&log_topics, &data);
            // Words that are small enough to be offsets and counts.
            let words: Vec<u8> = small.iter().flat_map(|byte| { let mut w = [0u8; 32]; w[31] = *byte; w }).collect();
            let _ = ChainEvent::read(&log_topics, &words);
        }
    }
}
