//! Whose word makes a pair count: the mapping file's, or in the demo the score's too.

use crate::config::Config;
use bets::board::Link;
use bets::{Confirming, Hints, NoHints};
use domain::Listing;

/// What was said about which events are the same.
pub(super) struct Pairing {
    hints: Box<dyn Hints>,
    confirming: Confirming,
    by: String,
}

impl Pairing {
    /// From the mapping that the configuration names; in the demo no file is needed.
    ///
    /// # Errors
    /// The file is there and says something that cannot be meant.
    pub(super) fn of(_config: &Config, demo: bool) -> anyhow::Result<Self> {
        if demo {
            let by = "in the demo by a sure score".to_owned();
            return Ok(Self { hints: Box::new(NoHints), confirming: Confirming::Score, by });
        }
        Ok(Self { hints: Box::new(NoHints), confirming: Confirming::Mapping, by: "by the mapping".to_owned() })
    }

    /// By what, in a few words.
    pub(super) fn by(&self) -> &str {
        &self.by
    }

    /// Every pair of markets that ask the same, and how it stands.
    pub(super) fn links(&self, sx: &[Listing], azuro: &[Listing]) -> Vec<Link> {
        bets::link(sx, azuro, self.hints.as_ref(), self.confirming, &[]).links
    }
}
