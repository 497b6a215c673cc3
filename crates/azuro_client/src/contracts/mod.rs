//! The contracts as bytes: calldata, answers, events, reverts.
//!
//! Source: spec sections 8, 10 and 14. Owns encoding and decoding alone; when to ask what is `chain`'s business. Everything
//! here is one or more words of 32 bytes, so there is no general decoder: a length that is not the expected one is an error.

mod answer;
mod call;
mod event;
mod revert;

pub use answer::{AnswerError, CoreSettings, Round, address, core_settings, flag, round, uint};
pub use call::Call;
pub use event::{BetPart, ChainEvent, EventError, topics};
pub use revert::Revert;

/// Bytes of one word.
pub(crate) const WORD: usize = 32;
