//! The first record of every segment: whose journal this is.
//!
//! A journal of another mode or account must never be continued: its open rounds would be looked for in the wrong
//! place. So identity is compared at every open, before anything is replayed.

use crate::codec::Chain;
use domain::Wall;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Layout of frames and header that this build writes and reads.
pub const FORMAT: u16 = 1;

/// What kind of money the records speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Simulated venues, throw-away keys.
    Demo,
    /// Real market, simulated fills.
    Paper,
    /// Real orders.
    Live,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Demo => "demo",
            Self::Paper => "paper",
            Self::Live => "live",
        })
    }
}

/// Whose journal it is. Public names only: addresses and account ids, never a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// What kind of money.
    pub mode: Mode,
    /// Account by venue name, as the venue names it publicly.
    pub accounts: BTreeMap<String, String>,
    /// Chain or signing domain by venue name.
    pub chains: BTreeMap<String, String>,
}

/// The journal belongs to somebody else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the journal was written for {what} {journal}, but the bot was started for {what} {bot}")]
pub struct Mismatch {
    /// What differs: `mode`, `vest account`, `paradex chain`.
    pub what: String,
    /// As the journal has it.
    pub journal: String,
    /// As the bot was started.
    pub bot: String,
}

impl Identity {
    /// Whether a bot with this identity may continue a journal written under `journal`. A venue may be added; one that
    /// the journal knows must be there with the same account and chain, as rounds may still be open on it.
    ///
    /// # Errors
    /// [`Mismatch`] names the first difference and both sides of it.
    pub fn may_continue(&self, journal: &Self) -> Result<(), Mismatch> {
        if self.mode != journal.mode {
            return Err(Mismatch { what: "mode".into(), journal: journal.mode.to_string(), bot: self.mode.to_string() });
        }
        same("account", &journal.accounts, &self.accounts)?;
        same("chain", &journal.chains, &self.chains)
    }
}

fn same(what: &str, journal: &BTreeMap<String, String>, bot: &BTreeMap<String, String>) -> Result<(), Mismatch> {
    for (venue, theirs) in journal {
        let ours = bot.get(venue).map_or("(none)", String::as_str);
        if ours != theirs {
            return Err(Mismatch { what: format!("{venue} {what}"), journal: theirs.clone(), bot: ours.to_owned() });
        }
    }
    Ok(())
}

/// Body of the header record, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Layout of frames and header, see [`FORMAT`].
    pub format: u16,
    /// Whose journal it is.
    #[serde(flatten)]
    pub identity: Identity,
    /// Version and commit of the program that wrote the segment.
    pub build: String,
    /// Start of the bot that wrote the segment; rises at every start.
    pub epoch: u32,
    /// When the segment was begun.
    pub created_at: Wall,
    /// Chain value of the record before this segment, so that a segment can be checked when older ones are gone.
    pub previous: Chain,
}

impl Header {
    /// As the body of the header record.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a header holds only strings and numbers")
    }

    /// From the body of a header record.
    ///
    /// # Errors
    /// If the format is one this build does not read, or the body is not a header.
    pub fn parse(body: &[u8]) -> Result<Self, HeaderError> {
        #[derive(Deserialize)]
        struct Format {
            format: u16,
        }
        let Format { format } = serde_json::from_slice(body).map_err(HeaderError::Unreadable)?;
        if format != FORMAT {
            return Err(HeaderError::Format { found: format });
        }
        serde_json::from_slice(body).map_err(HeaderError::Unreadable)
    }
}

/// Why a header record cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// Written by a program whose layout this one does not know.
    #[error("the journal has format {found}, this build reads format {FORMAT}")]
    Format {
        /// As written.
        found: u16,
    },
    /// Not the JSON of a header.
    #[error("the header record cannot be read")]
    Unreadable(#[source] serde_json::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(mode: Mode, accounts: &[(&str, &str)]) -> Identity {
        let map: BTreeMap<String, String> = accounts.iter().map(|(v, a)| ((*v).to_owned(), (*a).to_owned())).collect();
        Identity { mode, accounts: map, chains: BTreeMap::from([("vest".to_owned(), "421614".to_owned())]) }
    }

    #[test]
    fn a_journal_of_another_mode_or_account_is_refused_with_both_names() {
        fn check(journal: Identity, bot: Identity, expect: Result<(), &str>) {
            assert_eq!(bot.may_continue(&journal).map_err(|e| e.to_string()), expect.map_err(str::to_owned));
        }
        let ours = identity(Mode::Live, &[("vest", "0xaa"), ("paradex", "0x1")]);
        check(ours.clone(), ours.clone(), Ok(()));
        check(identity(Mode::Live, &[("vest", "0xaa")]), ours.clone(), Ok(()));
        check(
            identity(Mode::Demo, &[("vest", "0xaa")]),
            ours.clone(),
            Err("the journal was written for mode demo, but the bot was started for mode live"),
        );
        check(
            identity(Mode::Live, &[("vest", "0xbb")]),
            ours.clone(),
            Err("the journal was written for vest account 0xbb, but the bot was started for vest account 0xaa"),
        );
        check(
            ours.clone(),
            identity(Mode::Live, &[("vest", "0xaa")]),
            Err("the journal was written for paradex account 0x1, but the bot was started for paradex account (none)"),
        );
        let mut other_chain = ours.clone();
        other_chain.chains.insert("vest".into(), "42161".into());
        check(
            ours,
            other_chain,
            Err("the journal was written for vest chain 421614, but the bot was started for vest chain 42161"),
        );
    }

    #[test]
    fn a_header_of_another_format_is_refused_by_number() {
        let header = Header {
            format: FORMAT,
            identity: identity(Mode::Demo, &[]),
            build: "0.1.0".into(),
            epoch: 7,
            created_at: Wall(1),
            previous: Chain::ORIGIN,
        };
        assert_eq!(Header::parse(&header.to_json()).expect("reads back"), header);
        let newer = Header { format: 2, ..header };
        let text = Header::parse(&newer.to_json()).expect_err("another format").to_string();
        assert_eq!(text, "the journal has format 2, this build reads format 1");
        assert!(matches!(Header::parse(b"{"), Err(HeaderError::Unreadable(_))));
    }
}
