//! The journal as its callers see it.

mod codec;
mod files;
mod support;
