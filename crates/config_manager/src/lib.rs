//! Where settings come from: command line before environment before files before defaults.
//!
//! Owns the layering, the provenance of every value, the hash of the whole and the error texts; knows no setting. The
//! config types belong to the crates that use them and come in as a type parameter. Files are read, never written;
//! the process's environment is read, never changed. Called by `bot4` alone.
//!
//! Every layer becomes one tree of texts, each with the place it was written at, and only then is the type asked what
//! it wants: so a decimal keeps its digits, and every error names file, line, column, field and what would be valid.

mod de;
mod environment;
mod error;
mod layers;
mod suggest;
mod tree;
mod yaml;

pub use environment::{Environment, EnvironmentError, MissingCredential, Secrets};
pub use error::{ConfigError, ErrorKind};
pub use layers::{Layers, Loaded, Provenance};
pub use tree::Origin;
