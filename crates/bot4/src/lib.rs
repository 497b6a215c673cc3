//! The door: command line, configuration, wiring and modes. No rule of trading lives here.

mod check_command;
pub mod cli;
mod config;
mod config_command;
#[cfg(test)]
mod config_example;
mod db_command;
mod demo;
mod init_command;
mod keys;
mod mirror;
mod out;
mod probe;
mod register_command;
mod replay;
mod run;
mod source;
mod storm;
mod summary;
mod venue_sim_command;
mod wiring;
