//! The simulated Azuro against its documents: signatures, feed, stream, life of an order, settlement, chain, faults.

mod anything;
mod bench;
mod chain;
mod feed;
mod money;
mod orders;
mod outside;
mod rlp;
mod settlement;
mod signatures;
mod stream;
mod switches;
