//! The venue's words on the wire: REST bodies, JSON-RPC frames, SBE frames. None of these structs leaves the crate's
//! own conversions in `parse`; `sbe` is public for benches and fuzzing alone.

pub(crate) mod rest;
pub mod sbe;
pub mod sbe_private;
pub(crate) mod ws;
