//! The whole bot on virtual time, as `cargo test` runs it: some hundred worlds, crashes at every effect of some rounds,
//! the planted bugs, and the same seed in two processes. The release binary does the same with thousands
//! (`docs/proof.md`).

mod binary;
mod kinds;
mod worlds;
