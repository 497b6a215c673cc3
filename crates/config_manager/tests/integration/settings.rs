//! A configuration with one of everything.

use config_manager::{ConfigError, Environment, Layers, Loaded};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) pairs: Vec<Pair>,
    #[serde(default)]
    pub(crate) mode: Mode,
    #[serde(default)]
    pub(crate) perps: Perps,
    #[serde(default)]
    pub(crate) per_pair: BTreeMap<String, Perps>,
    #[serde(default)]
    pub(crate) store: Store,
    #[serde(default)]
    pub(crate) note: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Pair(String);
impl TryFrom<String> for Pair {
    type Error = String;
    fn try_from(s: String) -> Result<Self, String> {
        if s.contains('-') { Ok(Self(s)) } else { Err(format!("{s:?} is no pair, write it like ETH-USD")) }
    }
}
impl From<Pair> for String {
    fn from(p: Pair) -> Self {
        p.0
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    Demo,
    #[default]
    Paper,
    Live,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Perps {
    /// A decimal, read from its text.
    pub(crate) spread_entry: String,
    pub(crate) spread_exit: String,
    pub(crate) max_retries: u8,
    pub(crate) enabled: bool,
    pub(crate) offset: i32,
    pub(crate) ratio: f64,
}
impl Default for Perps {
    fn default() -> Self {
        let (spread_entry, spread_exit) = ("0.40".to_owned(), "0.10".to_owned());
        Self { spread_entry, spread_exit, max_retries: 3, enabled: true, offset: 0, ratio: 0.5 }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Store {
    #[default]
    Memory,
    File {
        path: String,
        size_mb: u32,
    },
}

/// Settings from a `config.yaml` of this text, variables, and options (`path=value`).
pub(crate) fn load(yaml: &str, variables: &[(&str, &str)], options: &[&str]) -> Result<Loaded<Settings>, ConfigError> {
    load_in(TempDir::new().unwrap().path(), yaml, variables, options)
}

fn load_in(folder: &Path, yaml: &str, variables: &[(&str, &str)], options: &[&str]) -> Result<Loaded<Settings>, ConfigError> {
    let file = folder.join("config.yaml");
    std::fs::write(&file, yaml).unwrap();
    let variables = variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    let environment = Environment::of(variables, None).unwrap();
    let layers = Layers::new().alias("entry_threshold", "spread_entry").file(&file, "")?;
    let mut layers = layers.environment(&environment, "BOT4_", &["BOT4_CONFIG"])?;
    for option in options {
        let (path, value) = option.split_once('=').unwrap();
        layers = layers.set(path, value, &format!("--{path}"))?;
    }
    let loaded = layers.load();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), yaml, "files are never written");
    loaded
}

/// The error's text, without the folder of the moment.
pub(crate) fn refusal(yaml: &str, variables: &[(&str, &str)], options: &[&str]) -> String {
    let folder = TempDir::new().unwrap();
    let error = load_in(folder.path(), yaml, variables, options).unwrap_err().to_string();
    error.replace(&format!("{}/", folder.path().display()), "")
}
