//! The projections on a real SQLite file, and the projector between a real journal and that. Invariants:
//! * a batch applied twice, or after later ones, is applied once;
//! * after a crash at any moment every batch is there whole, with the cursor, or not at all;
//! * an empty database fed from the beginning holds the same rows as one that was never lost;
//! * wherever batches are cut, snapshots written and processes restarted, the same records give the same rows;
//! * the tables never know more than what is on the disk.

mod crash;
mod life;
mod projector;
mod read_only;
mod rounds;
mod support;
mod trader;
