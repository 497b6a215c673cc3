//! The whole life of a bet at SX Bet, shown: against the simulated venue that it starts itself, or against the venue's own test network.

#[path = "dry_run/shell.rs"]
mod shell;

fn main() {
    let _ = shell::known_bets(std::iter::empty());
}
