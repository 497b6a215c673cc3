//! What is wrong with the settings, in sentences that say where and what would be right.

use crate::suggest::nearest;
use crate::tree::Origin;
use serde::de::{self, Expected, Unexpected};
use std::fmt;

/// One thing that is wrong: `config.yaml:3:3: perps.spread_entri: unknown, did you mean `spread_entry`?`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    origin: Option<Origin>,
    /// Outermost last while it is built up.
    path: Vec<String>,
    kind: ErrorKind,
}

/// What kind of thing is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file cannot be read.
    Unreadable {
        /// Why.
        why: String,
    },
    /// The file is not YAML, or uses what this does not.
    Syntax {
        /// Why.
        why: String,
    },
    /// No such setting.
    Unknown {
        /// What it was called.
        name: String,
        /// What would be valid here.
        known: Vec<String>,
    },
    /// Set in two ways at once.
    Twice {
        /// By what else.
        other: String,
    },
    /// A setting without a default is not set.
    Missing {
        /// Which one.
        name: String,
    },
    /// Not a value for this setting.
    Invalid {
        /// Why, and what would be valid.
        why: String,
    },
}

impl ConfigError {
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self { origin: None, path: Vec::new(), kind }
    }
    pub(crate) fn invalid(why: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid { why: why.into() })
    }
    /// Names the place, unless something deeper has named one.
    pub(crate) fn at(mut self, origin: &Origin) -> Self {
        if self.origin.is_none() && *origin != Origin::Default {
            self.origin = Some(origin.clone());
        }
        self
    }
    /// Names the section or list position the error is in.
    pub(crate) fn with_path(mut self, key: &str) -> Self {
        self.path.push(key.to_owned());
        self
    }
    /// What is wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }
    /// Where it was written, if it was written anywhere.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }
    /// Which setting, such as `perps.spread_entry`; empty if it is about a file as a whole.
    pub fn path(&self) -> String {
        let name = match &self.kind {
            ErrorKind::Unknown { name, .. } | ErrorKind::Missing { name } => Some(name),
            _ => None,
        };
        self.path.iter().rev().chain(name).map(String::as_str).collect::<Vec<_>>().join(".")
    }
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.origin {
            write!(f, "{origin}: ")?;
        }
        let path = self.path();
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        match &self.kind {
            ErrorKind::Unreadable { why } => write!(f, "cannot be read: {why}"),
            ErrorKind::Syntax { why } | ErrorKind::Invalid { why } => f.write_str(why),
            ErrorKind::Twice { other } => write!(f, "set twice: {other}"),
            ErrorKind::Missing { .. } => f.write_str("missing, it has no default"),
            ErrorKind::Unknown { name, known } => {
                f.write_str("unknown")?;
                if let Some(meant) = nearest(name, known.iter().map(String::as_str)) {
                    write!(f, ", did you mean `{meant}`?")?;
                }
                if known.is_empty() {
                    f.write_str("; nothing can be set here")
                } else {
                    write!(f, "; known: {}", known.join(", "))
                }
            }
        }
    }
}

/// What `serde` and the config types have to say. The place is added on the way out.
impl de::Error for ConfigError {
    fn custom<T: fmt::Display>(why: T) -> Self {
        Self::invalid(why.to_string())
    }
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid(format!("expected {expected}, found {found}"))
    }
    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid(format!("expected {expected}, found {found}"))
    }
    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::invalid(format!("expected {expected}, found {length}"))
    }
    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let meant = nearest(variant, expected.iter().copied()).map_or_else(String::new, |m| format!("; did you mean `{m}`?"));
        Self::invalid(format!("{variant:?} is none of: {}{meant}", expected.join(", ")))
    }
    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let known = expected.iter().map(|s| (*s).to_owned()).collect();
        Self::new(ErrorKind::Unknown { name: field.to_owned(), known })
    }
    fn missing_field(field: &'static str) -> Self {
        Self::new(ErrorKind::Missing { name: field.to_owned() })
    }
    fn duplicate_field(field: &'static str) -> Self {
        Self::new(ErrorKind::Twice { other: format!("by two names of `{field}`") })
    }
}
