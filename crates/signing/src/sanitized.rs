//! A secret that does not print.

use std::fmt;
use zeroize::Zeroizing;

/// A key, token or password. Wiped when dropped, prints `[REDACTED]`, cannot be serialised or compared by `==`.
#[derive(Clone)]
pub struct SanitizedValue(Zeroizing<String>);

impl SanitizedValue {
    /// Takes a secret in.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(Zeroizing::new(secret.into()))
    }
    /// The secret itself, for the one place that must use it. The name is long so that reviews find it.
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}
impl From<String> for SanitizedValue {
    fn from(s: String) -> Self {
        Self::new(s)
    }
}
impl From<&str> for SanitizedValue {
    fn from(s: &str) -> Self {
        Self::new(s)
    }
}
impl fmt::Debug for SanitizedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}
impl fmt::Display for SanitizedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}
