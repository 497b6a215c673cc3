//! The door: command line, configuration, wiring and modes. No rule of trading lives here.

mod azuro_command;
mod azuro_nodes;
mod bets_wiring;
mod check_command;
pub mod cli;
mod config;
mod config_command;
#[cfg(test)]
mod config_example;
mod db_command;
mod demo;
#[cfg(test)]
mod events_reference;
mod explain_command;
mod fence;
mod flatten_command;
mod heartbeat;
mod hot_thread;
mod init_command;
mod journal_view;
mod keys;
mod map_command;
mod mapping_file;
mod mirror;
mod out;
mod probe;
mod quotes_command;
mod register_command;
mod replay;
mod resume_command;
mod run;
mod source;
mod storm;
mod summary;
mod takeover;
mod timeline_command;
mod venue_sim_command;
mod watchdog_command;
mod when;
mod wiring;
