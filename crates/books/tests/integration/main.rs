//! What a book promises, from the outside: rules as tables, content and money against a decimal oracle, captured
//! frames, and a counted "no allocation".

mod allocations;
mod captured;
mod content;
mod money;
mod oracle;
mod rules;
mod told;
