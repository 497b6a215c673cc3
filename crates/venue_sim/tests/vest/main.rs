//! The simulated Vest against its documents: signatures, routes, streams, life of an order, faults.

mod faults;
mod harness;
mod lifecycle;
mod routes;
mod signatures;
mod stream;
mod upheaval;
mod v3;
