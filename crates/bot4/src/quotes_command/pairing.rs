//! Whose word makes a pair count: the mapping file's, or in the demo the score's too.

use crate::config::Config;
use crate::mapping_file::MappingLoaded;
use bets::board::Link;
use bets::{Confirming, Mapping};
use domain::Listing;

/// What was said about which events are the same.
pub(super) struct Pairing {
    mapping: Mapping,
    confirming: Confirming,
    by: String,
}

impl Pairing {
    /// From the mapping that the configuration names; a file that is not there confirms nothing.
    ///
    /// # Errors
    /// The file says something that cannot be meant.
    pub(super) fn of(config: &Config, demo: bool) -> anyhow::Result<Self> {
        let path = &config.file.bets.mapping;
        let mapping = MappingLoaded::read_if_present(path)?.mapping;
        let (confirming, by) = if demo {
            (Confirming::Score, "in the demo a sure score confirms".to_owned())
        } else if path.exists() {
            (Confirming::Mapping, format!("by {}", path.display()))
        } else {
            (Confirming::Mapping, format!("{} is not there", path.display()))
        };
        Ok(Self { mapping, confirming, by })
    }

    /// By what, in a few words.
    pub(super) fn by(&self) -> &str {
        &self.by
    }

    /// Every pair of markets that ask the same, and how it stands.
    pub(super) fn links(&self, sx: &[Listing], azuro: &[Listing]) -> Vec<Link> {
        bets::link(sx, azuro, &self.mapping, self.confirming, self.mapping.refuse_risks()).links
    }
}
