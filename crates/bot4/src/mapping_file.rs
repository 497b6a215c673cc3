//! Reads `config/mapping.yml`, so that what is wrong in it is named with its line. Called by `bot4 map`, `bot4 quotes` and whoever bets;
//! nobody writes it.

use crate::bets_wiring::{AZURO, SX};
use bets::{Mapping, MappingFile};
use config_manager::{Layers, Loaded};
use std::path::Path;

/// The file and what it comes to.
pub(crate) struct MappingLoaded {
    pub(crate) mapping: Mapping,
    loaded: Loaded<MappingFile>,
}

impl MappingLoaded {
    /// Reads and checks it.
    ///
    /// # Errors
    /// [`config_manager::ConfigError`] with file, line and what would be right.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        Self::of(Layers::new().file(path, "")?)
    }

    /// The same; a file that is not there confirms nothing.
    ///
    /// # Errors
    /// See [`Self::read`].
    pub(crate) fn read_if_present(path: &Path) -> anyhow::Result<Self> {
        Self::of(Layers::new().file_if_present(path, "")?)
    }

    fn of(layers: Layers) -> anyhow::Result<Self> {
        let loaded = layers.load::<MappingFile>()?;
        let mapping = Mapping::check(&loaded.config, SX, AZURO).map_err(|wrong| loaded.complain(&wrong.path, wrong.why))?;
        Ok(Self { mapping, loaded })
    }

    /// As it is written.
    pub(crate) fn file(&self) -> &MappingFile {
        &self.loaded.config
    }

    /// Where something stands in it: `config/mapping.yml:12:5`.
    pub(crate) fn place(&self, path: &str) -> String {
        self.loaded.origin(path).to_string()
    }
}
