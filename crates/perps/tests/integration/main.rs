//! The strategy by what is told to it: books, rules, funding, currencies in; calls and sightings out.

mod edge;
mod fitness;
mod rules;
mod sightings;
mod stage;
