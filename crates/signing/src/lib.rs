//! Signatures of the venues and the wrapper that keeps secrets out of sight.
mod sanitized;
pub use sanitized::SanitizedValue;
