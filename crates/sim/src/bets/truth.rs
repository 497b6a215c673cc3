//! What both venues know of the bot's bets: the yardstick that no client sees.

use super::Both;
use super::bettor::{AZURO, SX, address};
use alloy_primitives::Address;
use domain::BetStatus;
use venue_sim::azuro::AzuroSim;
use venue_sim::sx::SxSim;

/// One bet as its venue knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Truth {
    /// By which the client named it.
    pub(super) key: String,
    /// How it stands by the venue's own books; `Pending` while anything of it can still be taken.
    pub(super) status: BetStatus,
    /// Stake that is, or may still become, irrevocable; base units.
    pub(super) taken_e6: u64,
    /// What came back in the end, base units.
    pub(super) paid_e6: Option<u64>,
}

fn ours(venue: usize) -> Address {
    address(venue).parse().expect("an address of ours")
}

/// All orders of ours that SX Bet ever took.
pub(super) fn of_sx(sim: &SxSim) -> Vec<Truth> {
    let us = ours(SX);
    let ours = sim.bets_seen(0).filter(|bet| bet.owner == us);
    ours.map(|bet| {
        let taken = bet.matched - bet.failed;
        let status = match bet.outcome {
            _ if bet.live => BetStatus::Pending,
            _ if taken == 0 => BetStatus::Refused,
            Some(0) => BetStatus::Void,
            Some(_) => BetStatus::Settled,
            None if taken == bet.stake => BetStatus::Accepted,
            None => BetStatus::Partial,
        };
        let paid_e6 = status.is_final().then(|| u64::try_from(bet.paid).unwrap_or(0)).filter(|_| status != BetStatus::Refused);
        Truth { key: bet.id, status, taken_e6: u64::try_from(taken).unwrap_or(0), paid_e6 }
    })
    .collect()
}

/// All orders of ours that Azuro ever took, or refused with an id.
pub(super) fn of_azuro(sim: &AzuroSim) -> Vec<Truth> {
    let us = ours(AZURO);
    let ours = sim.bets_seen(0).filter(|bet| bet.bettor == us);
    ours.map(|bet| {
        let status = match (bet.token_id, bet.result) {
            (None, _) if bet.may_fill => BetStatus::Pending,
            (None, _) => BetStatus::Refused,
            (Some(_), Some("Canceled")) => BetStatus::Void,
            (Some(_), Some(_)) => BetStatus::Settled,
            (Some(_), None) => BetStatus::Accepted,
        };
        let taken_e6 = bet.token_id.and(u64::try_from(bet.stake_raw).ok()).unwrap_or(0);
        Truth { key: bet.id, status, taken_e6, paid_e6: bet.returns_raw.and_then(|raw| u64::try_from(raw).ok()) }
    })
    .collect()
}

/// Money neither made nor lost on either side.
pub(super) fn money_is_conserved(venues: &Both) -> Result<(), String> {
    venues.sx.check()?;
    venues.azuro.money_agrees()
}
