//! The saga from outside: scenarios as tables, every combination of outcomes, and properties of any history.

mod anchors;
mod injectors;
mod paths;
mod properties;
mod stage;
mod table;
