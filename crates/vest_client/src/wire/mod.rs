//! What stands on the wire, as structs that never leave this crate; `parse` turns them into our words.

pub(crate) mod depth;
pub(crate) mod rest;
pub(crate) mod ws;
