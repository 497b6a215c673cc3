//! Settings as they were written, each with its place.

use crate::error::{ConfigError, ErrorKind};
use std::fmt;
use std::sync::Arc;

/// Where a value was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: the type's own default.
    Default,
    /// In a file.
    File {
        /// The file as it was named.
        name: Arc<str>,
        /// Counted from 1; 0 if it is about the file as a whole.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// By an environment variable.
    Environment {
        /// The variable.
        name: Arc<str>,
        /// The `.env` file it stands in, if not in the process's environment.
        file: Option<Arc<str>>,
    },
    /// On the command line.
    CommandLine {
        /// The option.
        option: Arc<str>,
    },
}

impl Origin {
    /// Whether it is one short text that somebody typed, in which a comma separates values.
    pub(crate) fn is_one_text(&self) -> bool {
        matches!(self, Self::Environment { .. } | Self::CommandLine { .. })
    }
}

/// `config.yaml:3:7`, `environment BOT4_MODE`, `environment BOT4_MODE (.env)`, `option --mode`, `default`.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { name, line: 0, .. } => f.write_str(name),
            Self::File { name, line, column } => write!(f, "{name}:{line}:{column}"),
            Self::Environment { name, file: None } => write!(f, "environment {name}"),
            Self::Environment { name, file: Some(file) } => write!(f, "environment {name} ({file})"),
            Self::CommandLine { option } => write!(f, "option {option}"),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) origin: Origin,
    pub(crate) value: Value,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A text; `plain` if it was written without quotes, so that it may be a number, a truth value or nothing.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_origin: Origin,
    pub(crate) node: Node,
}

impl Node {
    /// A tree in which nothing is set.
    pub(crate) fn nothing() -> Self {
        Self { origin: Origin::Default, value: Value::Map(Vec::new()) }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// Lays `over` on top: maps are joined, everything else is replaced. A section that `over` leaves empty (`risk:`
    /// with nothing below it) changes nothing.
    pub(crate) fn overlay(&mut self, over: Self) {
        match (&mut self.value, over.value) {
            (Value::Map(entries), Value::Map(new)) => {
                if self.origin == Origin::Default {
                    self.origin = over.origin;
                }
                for entry in new {
                    match entries.iter_mut().find(|e| e.key == entry.key) {
                        Some(known) => {
                            known.key_origin = entry.key_origin;
                            known.node.overlay(entry.node);
                        }
                        None => entries.push(entry),
                    }
                }
            }
            (Value::Map(_), Value::Scalar { text, plain: true }) if matches!(text.as_str(), "" | "~" | "null") => {}
            (mine, value) => {
                *mine = value;
                self.origin = over.origin;
            }
        }
    }

    /// The tree in which only the value at `path` is set.
    pub(crate) fn at_path(path: &[String], leaf: Self) -> Self {
        path.iter().rev().fold(leaf, |node, key| {
            let origin = node.origin.clone();
            let entry = Entry { key: key.clone(), key_origin: origin.clone(), node };
            Self { origin, value: Value::Map(vec![entry]) }
        })
    }

    /// Gives older names their present one, at every depth.
    ///
    /// # Errors
    /// One section has both.
    pub(crate) fn rename(&mut self, aliases: &[(String, String)]) -> Result<(), ConfigError> {
        match &mut self.value {
            Value::Scalar { .. } => {}
            Value::List(nodes) => nodes.iter_mut().try_for_each(|n| n.rename(aliases))?,
            Value::Map(entries) => {
                for (old, new) in aliases {
                    let taken = entries.iter().any(|e| e.key == *new);
                    let Some(entry) = entries.iter_mut().find(|e| e.key == *old) else { continue };
                    if taken {
                        let kind = ErrorKind::Twice { other: format!("it is another name of `{new}`, which is set beside it") };
                        return Err(ConfigError::new(kind).with_path(old).at(&entry.key_origin));
                    }
                    entry.key.clone_from(new);
                }
                for entry in entries {
                    entry.node.rename(aliases).map_err(|e| e.with_path(&entry.key))?;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn is_scalar(&self) -> bool {
        matches!(self.value, Value::Scalar { .. })
    }

    /// What stands at `path`, through sections only.
    pub(crate) fn find(&self, path: &[String]) -> Option<&Self> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        match &self.value {
            Value::Map(entries) => entries.iter().find(|e| e.key == *first)?.node.find(rest),
            Value::List(_) | Value::Scalar { .. } => None,
        }
    }

    /// Where the value at `path` (keys and list positions) was set; the nearest section above it if it was not.
    pub(crate) fn origin_of(&self, path: &[String]) -> Option<&Origin> {
        let Some((first, rest)) = path.split_first() else { return Some(&self.origin) };
        match &self.value {
            Value::Map(entries) => entries.iter().find(|e| e.key == *first)?.node.origin_of(rest),
            Value::List(nodes) => nodes.get(first.parse::<usize>().ok()?)?.origin_of(rest),
            // A list that was written as one text with commas, or a name that stands for a map with that name in it.
            Value::Scalar { .. } => Some(&self.origin),
        }
    }
}
