//! What the matcher makes of a labelled set, and what it never does.

mod labelled;
mod properties;
mod set;
mod settlement;
