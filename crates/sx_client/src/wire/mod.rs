//! The venue's structs as they stand on the wire. Nothing of this leaves the crate except through `parse` and the machine;
//! `ws` is open because the golden frames are recomputed with it.

pub(crate) mod json;
pub(crate) mod rest;
pub mod ws;
