//! The layers, laid over one another, and what came out.

use crate::de;
use crate::environment::Environment;
use crate::error::{ConfigError, ErrorKind};
use crate::tree::{Node, Origin, Value};
use crate::yaml;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;

/// Larger files are no configuration.
const FILE_MAX: u64 = 1 << 20;

/// Collects what files, environment and command line set. The order of the calls does not matter between kinds;
/// of two files the later one wins.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    files: Vec<Node>,
    environment: Vec<(Vec<String>, Node)>,
    command_line: Vec<(Vec<String>, Node)>,
    aliases: Vec<(String, String)>,
    refused: Vec<Refused>,
}

/// A name that somebody may well write, and must not.
#[derive(Clone, Debug)]
struct Refused {
    path: Vec<String>,
    /// As a section it is fine.
    only_as_text: bool,
    why: String,
}

impl Layers {
    /// Nothing is set yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another, older name of a setting, valid at every depth.
    pub fn alias(mut self, old: &str, new: &str) -> Self {
        self.aliases.push((old.to_owned(), new.to_owned()));
        self
    }

    /// A name that is no setting and that somebody may well write: says why not, and never shows what was written.
    pub fn refuse(mut self, path: &str, why: &str) -> Self {
        self.refused.push(Refused { path: path_of(path), only_as_text: false, why: why.to_owned() });
        self
    }

    /// A section that somebody may well write as one text: says why not, and never shows what was written.
    pub fn refuse_text(mut self, path: &str, why: &str) -> Self {
        self.refused.push(Refused { path: path_of(path), only_as_text: true, why: why.to_owned() });
        self
    }

    /// A file that must be there. `section` is where its content belongs: `risk` for `config/risk.yml`, empty for
    /// the whole.
    ///
    /// # Errors
    /// It cannot be read or is not YAML.
    pub fn file(mut self, path: &Path, section: &str) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        let unreadable = |why: String| {
            let place = Origin::File { name: Arc::from(name.as_str()), line: 0, column: 0 };
            ConfigError::new(ErrorKind::Unreadable { why }).at(&place)
        };
        let size = std::fs::metadata(path).map_err(|e| unreadable(e.to_string()))?.len();
        if size > FILE_MAX {
            return Err(unreadable(format!("{size} bytes are more than a configuration has")));
        }
        let text = std::fs::read_to_string(path).map_err(|e| unreadable(e.to_string()))?;
        self.files.push(Node::at_path(&path_of(section), yaml::parse(&name, &text)?));
        Ok(self)
    }

    /// A file that is read if it is there.
    ///
    /// # Errors
    /// It is there and cannot be read, or is not YAML.
    pub fn file_if_present(self, path: &Path, section: &str) -> Result<Self, ConfigError> {
        match std::fs::metadata(path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(self),
            _ => self.file(path, section),
        }
    }

    /// All variables that begin with `prefix` (`BOT4_`), `__` between sections: `BOT4_RISK__STAKE_PCT_CAP` sets
    /// `risk.stake_pct_cap`. Those in `except` are for somebody else. Lists of texts are written with commas, all
    /// lists as `[a, b]`. An empty variable sets nothing.
    ///
    /// # Errors
    /// A value that begins like a list or map and is none.
    pub fn environment(mut self, environment: &Environment, prefix: &str, except: &[&str]) -> Result<Self, ConfigError> {
        for (name, value, file) in environment.with_prefix(prefix) {
            if except.contains(&name) || value.trim().is_empty() {
                continue;
            }
            let origin = Origin::Environment { name: Arc::from(name), file: file.map(Arc::from) };
            let path: Vec<String> = name.get(prefix.len()..).unwrap_or_default().split("__").map(str::to_lowercase).collect();
            let leaf = yaml::parse_value(value, &origin)?;
            self.environment.push((path, leaf));
        }
        Ok(self)
    }

    /// What an option of the command line sets: `set("mode", "live", "--mode")`.
    ///
    /// # Errors
    /// A value that begins like a list or map and is none.
    pub fn set(mut self, path: &str, value: &str, option: &str) -> Result<Self, ConfigError> {
        let origin = Origin::CommandLine { option: Arc::from(option) };
        let leaf = yaml::parse_value(value, &origin)?;
        self.command_line.push((path_of(path), leaf));
        Ok(self)
    }

    /// Lays everything over one another and reads it as a `T`, whose own defaults are the lowest layer. `T` must hold
    /// no secret: its values end in the provenance and the hash.
    ///
    /// # Errors
    /// The first thing that is wrong: where it stands, which setting it is, what would be valid.
    pub fn load<T: for<'de> Deserialize<'de> + Serialize>(self) -> Result<Loaded<T>, ConfigError> {
        let mut tree = Node::nothing();
        for mut file in self.files {
            file.rename(&self.aliases)?;
            tree.overlay(file);
        }
        for (path, leaf) in self.environment.into_iter().chain(self.command_line) {
            // A variable cannot be written like every name: `eth_usd` means an `ETH-USD` that is there.
            let path = spelled(&tree, path);
            let mut layer = Node::at_path(&path, leaf);
            layer.rename(&self.aliases)?;
            tree.overlay(layer);
        }
        for Refused { path, only_as_text, why } in &self.refused {
            let found = tree.find(path).filter(|node| !only_as_text || (node.is_scalar() && !node.is_null()));
            if let Some(node) = found {
                let error = path.iter().rev().fold(ConfigError::invalid(why), |e, key| e.with_path(key));
                return Err(error.at(&node.origin));
            }
        }
        let config: T = de::read(&tree)?;
        let effective =
            serde_json::to_value(&config).map_err(|e| ConfigError::invalid(format!("cannot be written down: {e}")))?;
        let mut provenance = Vec::new();
        list(&effective, &mut Vec::new(), &tree, &mut provenance);
        let mut hash = Sha256::new();
        digest(&effective, &mut hash);
        Ok(Loaded { config, hash: hex::encode(hash.finalize()), provenance, tree })
    }
}

/// A configuration in effect.
#[derive(Clone, Debug)]
pub struct Loaded<T> {
    /// The configuration.
    pub config: T,
    /// SHA-256 of all values in effect, defaults included, in lower-case hexadecimal: equal exactly if every value is
    /// equal, wherever it came from.
    pub hash: String,
    /// Every value and where it came from, by path.
    pub provenance: Vec<Provenance>,
    tree: Node,
}

/// One value in effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// Which setting: `perps.spread_entry`, `pairs.0`.
    pub path: String,
    /// Its value, as JSON.
    pub value: String,
    /// Where it was set.
    pub origin: Origin,
}

impl<T> Loaded<T> {
    /// Where a setting was set; `Default` if it was not.
    pub fn origin(&self, path: &str) -> &Origin {
        self.tree.origin_of(&path_of(path)).unwrap_or(&Origin::Default)
    }

    /// An error about a value that reads well and makes no sense, such as an exit threshold above the entry: named and
    /// placed like all others.
    pub fn complain(&self, path: &str, why: impl Into<String>) -> ConfigError {
        let error = path_of(path).iter().rev().fold(ConfigError::invalid(why), |e, key| e.with_path(key));
        error.at(self.origin(path))
    }
}

fn path_of(path: &str) -> Vec<String> {
    path.split('.').filter(|p| !p.is_empty()).map(str::to_owned).collect()
}

/// The path with each name spelled as the tree spells it, where it has one that differs in case and dashes only.
fn spelled(tree: &Node, path: Vec<String>) -> Vec<String> {
    let plain = |s: &str| s.to_lowercase().replace('-', "_");
    let mut node = Some(tree);
    let mut found = Vec::with_capacity(path.len());
    for name in path {
        let entry = node.and_then(|n| match &n.value {
            Value::Map(entries) => {
                let exact = entries.iter().find(|e| e.key == name);
                exact.or_else(|| entries.iter().find(|e| plain(&e.key) == plain(&name)))
            }
            _ => None,
        });
        node = entry.map(|e| &e.node);
        found.push(entry.map_or(name, |e| e.key.clone()));
    }
    found
}

/// Every value that is no section or list; empty ones count as values.
fn list(value: &serde_json::Value, path: &mut Vec<String>, tree: &Node, into: &mut Vec<Provenance>) {
    use serde_json::Value as Json;
    match value {
        Json::Object(map) if !map.is_empty() => {
            let mut names: Vec<_> = map.iter().collect();
            names.sort_by_key(|(name, _)| name.as_str());
            for (name, value) in names {
                path.push(name.clone());
                list(value, path, tree, into);
                path.pop();
            }
        }
        Json::Array(values) if !values.is_empty() => {
            for (i, value) in values.iter().enumerate() {
                path.push(i.to_string());
                list(value, path, tree, into);
                path.pop();
            }
        }
        value => {
            let origin = tree.origin_of(path).cloned().unwrap_or(Origin::Default);
            into.push(Provenance { path: path.join("."), value: value.to_string(), origin });
        }
    }
}

/// Feeds the values to the hash in one order, whatever the order of the type's fields: names sorted, lengths first.
fn digest(value: &serde_json::Value, hash: &mut Sha256) {
    use serde_json::Value as Json;
    let mut text = |kind: char, text: &str| hash.update(format!("{kind}{}:{text}", text.len()));
    match value {
        Json::Object(map) => {
            text('m', &map.len().to_string());
            let mut names: Vec<_> = map.iter().collect();
            names.sort_by_key(|(name, _)| name.as_str());
            for (name, value) in names {
                digest(&Json::String(name.clone()), hash);
                digest(value, hash);
            }
        }
        Json::Array(values) => {
            text('l', &values.len().to_string());
            for value in values {
                digest(value, hash);
            }
        }
        Json::String(s) => text('s', s),
        other => text('v', &other.to_string()),
    }
}
