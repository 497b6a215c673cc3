//! The saga from outside: scenarios as tables, every combination of outcomes, and properties of any history.

mod anchors;
mod evening;
mod forced;
mod injectors;
mod lines;
mod paths;
mod properties;
mod stage;
mod table;
