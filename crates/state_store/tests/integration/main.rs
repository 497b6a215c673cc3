//! The projections on a real SQLite file. Invariants:
//! * a batch applied twice, or after later ones, is applied once;
//! * after a crash at any moment every batch is there whole, with the cursor, or not at all;
//! * an empty database fed from the beginning holds the same rows as one that was never lost.

mod crash;
mod life;
mod support;
