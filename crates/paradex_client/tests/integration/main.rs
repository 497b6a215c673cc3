//! Scripted sessions: the machine driven by hand, its requests answered from the venue's documents.

mod account;
mod feed;
mod forced;
mod frames;
mod lookup;
mod orders;
mod rig;
mod rules;
mod session;
mod stream;
mod venue;
mod world;
