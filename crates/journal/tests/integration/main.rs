//! The journal as its callers see it.

mod codec;
mod files;
mod restore;
mod support;
mod tail;
