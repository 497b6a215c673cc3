//! A secret that does not print.

use std::fmt;
use zeroize::Zeroizing;

/// A key, token or password. Wiped when dropped, prints `[REDACTED]`, cannot be serialised or compared by `==`.
///
/// ```compile_fail,E0277
/// fn needs<T: serde::Serialize>() {}
/// needs::<signing::SanitizedValue>();
/// ```
///
/// ```compile_fail
/// let secret = signing::SanitizedValue::from("a");
/// let _ = secret == secret;
/// ```
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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone)]
    #[allow(dead_code, reason = "read by Debug")]
    struct Credentials {
        user: &'static str,
        token: SanitizedValue,
        more: Option<Vec<SanitizedValue>>,
    }

    #[test]
    fn a_secret_prints_redacted_however_it_is_printed() {
        let secret = SanitizedValue::from("hunter2");
        let check = |text: String, expect: &str| assert_eq!(text, expect);
        check(format!("{secret}"), "[REDACTED]");
        check(format!("{secret:?}"), "[REDACTED]");
        check(format!("{secret:#?}"), "[REDACTED]");
        check(format!("{:?}", secret.clone()), "[REDACTED]");
        check(format!("{:?}", Some(&secret)), "Some([REDACTED])");
        check(secret.to_string(), "[REDACTED]");
    }

    #[test]
    fn a_struct_that_holds_secrets_prints_all_but_them() {
        let secret = SanitizedValue::from(String::from("hunter2"));
        let credentials = Credentials { user: "me", token: secret.clone(), more: Some(vec![secret]) };
        assert_eq!(format!("{credentials:?}"), "Credentials { user: \"me\", token: [REDACTED], more: Some([[REDACTED]]) }");
        assert!(!format!("{credentials:#?}").contains("hunter2"));
    }

    #[test]
    fn the_secret_itself_is_what_was_put_in() {
        assert_eq!(SanitizedValue::new("hunter2").expose_secret(), "hunter2");
    }
}
