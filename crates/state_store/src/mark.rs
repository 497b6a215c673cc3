//! How far a database has come, and in which journal.

use crate::convert::number;
use crate::error::Error;
use journal::Chain;

/// The last journal record that a database contains. Two journals that have the same chain value at the same number are
/// the same up to there, so a journal that was exchanged for another is noticed even if it is as long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Its number, 0 for none.
    pub seq: u64,
    /// Its chain value; `None` where it is not known.
    pub chain: Option<Chain>,
    /// Start of the bot that wrote it; `None` where it is not known.
    pub epoch: Option<u32>,
}

impl From<u64> for Mark {
    /// A record of which no more is known than its number.
    fn from(seq: u64) -> Self {
        Self { seq, chain: None, epoch: None }
    }
}

impl Mark {
    /// Whether a database can hold it.
    pub(crate) fn check(&self) -> Result<(), Error> {
        number(self.seq).map(|_| ())
    }
}
