//! What the matcher makes of a labelled set, and what it never does.

mod labelled;
mod mapping;
mod properties;
mod set;
mod settlement;
