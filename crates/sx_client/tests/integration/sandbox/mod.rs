//! The client on real sockets against the simulated venue over TLS.

mod drops;
mod faults;
mod lifecycle;
pub(crate) mod rig;
mod spy;
