//! Environment variables and credentials: the process's own before those of a `.env` file, and nothing is changed.

use signing::SanitizedValue;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

/// Variables by name. Values never print.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<String, Variable>,
    file: Option<PathBuf>,
    readable_by_others: bool,
    /// Names that the file gives a value, hidden by the process's environment or not.
    in_file: BTreeSet<String>,
}

#[derive(Clone, Debug)]
struct Variable {
    value: SanitizedValue,
    from_file: bool,
}

/// The `.env` file cannot be used. Never shows its content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// A line is not `NAME=value`.
    #[error("{}:{line}: not NAME=value (the line is not shown, it may hold a secret)", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// It is there and cannot be read.
    #[error("{} cannot be read", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl Environment {
    /// The process's environment over what `dotenv` says, if that file exists. Variables that are not UTF-8 are left
    /// out.
    ///
    /// # Errors
    /// The file exists and is unreadable or malformed.
    pub fn load(dotenv: Option<&Path>) -> Result<Self, EnvironmentError> {
        let utf8 =
            |(name, value): (std::ffi::OsString, std::ffi::OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        Self::of(std::env::vars_os().filter_map(utf8), dotenv)
    }

    /// The same with other variables than the process's.
    ///
    /// # Errors
    /// As [`Environment::load`].
    pub fn of(process: impl IntoIterator<Item = (String, String)>, dotenv: Option<&Path>) -> Result<Self, EnvironmentError> {
        let mut environment = Self { file: dotenv.map(Path::to_owned), ..Self::default() };
        if let Some(file) = dotenv {
            environment.read(file)?;
        }
        for (name, value) in process {
            environment.variables.insert(name, Variable { value: SanitizedValue::new(value), from_file: false });
        }
        Ok(environment)
    }

    fn read(&mut self, file: &Path) -> Result<(), EnvironmentError> {
        let unreadable = |source| EnvironmentError::Unreadable { file: file.to_owned(), source };
        let text = match std::fs::read_to_string(file) {
            Ok(text) => zeroizing(text),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(unreadable(e)),
        };
        self.readable_by_others = readable_by_others(file);
        for item in dotenvy::from_read_iter(text.expose_secret().as_bytes()) {
            let (name, value) = item.map_err(|e| match e {
                // The library's own text shows the line, which may hold a secret.
                dotenvy::Error::LineParse(line, _) => {
                    let at = text.expose_secret().lines().position(|l| line.starts_with(l.trim_end()) && !l.trim().is_empty());
                    EnvironmentError::Line { file: file.to_owned(), line: at.map_or(1, |n| n + 1) }
                }
                dotenvy::Error::Io(source) => unreadable(source),
                other => unreadable(std::io::Error::other(other.to_string())),
            })?;
            if !value.trim().is_empty() {
                self.in_file.insert(name.clone());
            }
            self.variables.insert(name, Variable { value: SanitizedValue::new(value), from_file: true });
        }
        Ok(())
    }

    /// Whether the `.env` file may be read or written by users who are not its owner: with credentials in it, a reason not
    /// to start.
    pub fn readable_by_others(&self) -> bool {
        self.readable_by_others
    }

    /// The view that hands out credentials.
    pub fn secrets(&self) -> Secrets<'_> {
        Secrets(self)
    }

    /// A variable that is no secret, such as a path; empty ones count as not set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|v| v.value.expose_secret()).filter(|v| !v.trim().is_empty())
    }

    /// Name, value and, if it stands there, the file.
    pub(crate) fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str, Option<String>)> {
        self.variables.iter().filter(move |(name, _)| name.len() > prefix.len() && name.starts_with(prefix)).map(|(name, v)| {
            let file = if v.from_file { self.file.as_ref().map(|f| f.display().to_string()) } else { None };
            (name.as_str(), v.value.expose_secret(), file)
        })
    }
}

/// Credentials, by name.
#[derive(Clone, Copy, Debug)]
pub struct Secrets<'a>(&'a Environment);

/// A credential is not there. Says where it belongs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct MissingCredential {
    /// Its name.
    pub name: String,
    /// The `.env` file that was looked into, whether or not it exists.
    pub file: Option<PathBuf>,
    /// Whether it is there and empty.
    pub empty: bool,
}

impl fmt::Display for MissingCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.empty { "empty" } else { "missing" };
        write!(f, "credential {} is {how}: set it in the environment", self.name)?;
        self.file.as_ref().map_or(Ok(()), |file| write!(f, " or in {}", file.display()))
    }
}

impl Secrets<'_> {
    /// A credential; blanks around it are dropped.
    ///
    /// # Errors
    /// It is not set, or empty.
    pub fn require(&self, name: &str) -> Result<SanitizedValue, MissingCredential> {
        let found = self.0.variables.get(name).map(|v| v.value.expose_secret().trim());
        match found {
            Some(value) if !value.is_empty() => Ok(SanitizedValue::from(value)),
            other => Err(MissingCredential { name: name.to_owned(), file: self.0.file.clone(), empty: other.is_some() }),
        }
    }

    /// A credential that may be missing.
    pub fn get(&self, name: &str) -> Option<SanitizedValue> {
        self.require(name).ok()
    }

    /// Whether one of these is set in the `.env` file, whatever the process's environment says.
    pub fn any_in_file(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.0.in_file.contains(*name))
    }

    /// Where a credential that is set stands: the `.env` file, or `None` for the process's environment.
    pub fn file_of(&self, name: &str) -> Option<&Path> {
        let variable = self.0.variables.get(name)?;
        self.0.file.as_deref().filter(|_| variable.from_file)
    }

    /// Whether one of these is set: then somebody means to trade with them.
    pub fn any_present(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.get(name).is_some())
    }
}

/// So that the file's text is wiped when it has been read.
fn zeroizing(text: String) -> SanitizedValue {
    SanitizedValue::new(text)
}

#[cfg(unix)]
fn readable_by_others(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).is_ok_and(|m| m.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn readable_by_others(_file: &Path) -> bool {
    false
}
