//! What must hold: a client claims nothing that its venue does not know, forgets nothing, and sends nothing twice or unrecorded.

use super::bettor::{AZURO, NAMES, SX};
use super::truth::Truth;
use super::{Bets, World};
use domain::{BetStatus, OrderId, Stake};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What was recorded and claimed in all lives.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) bets: Bets,
    claims: BTreeMap<OrderId, (BetStatus, Option<Stake>)>,
    /// How often each body of an order left, over all lives.
    posted: BTreeMap<[u8; 32], u32>,
}

impl World {
    fn truths(&self, venue: usize) -> Vec<Truth> {
        if venue == SX {
            return super::truth::of_sx(&self.venues.sx);
        }
        let mut all = super::truth::of_azuro(&self.venues.azuro);
        for truth in &mut all {
            // An order may hang in the API for ever: what its contract would refuse is dead. If it is taken all the same, the end shows it.
            let fence =
                self.ledger.bets.values().find(|recorded| recorded.key.key == truth.key).map(|recorded| recorded.key.dead_after);
            if truth.status == BetStatus::Pending && fence.is_some_and(|fence| self.net.now > fence.0) {
                truth.status = BetStatus::Refused;
            }
        }
        all
    }

    fn truth(&self, bet: OrderId) -> Option<Truth> {
        let recorded = self.ledger.bets.get(&bet)?;
        self.truths(recorded.venue).into_iter().find(|truth| truth.key == recorded.key.key)
    }

    /// An order leaves: SX Bet gets it once, Azuro the identical bytes at most twice (spec section 7.6), and a record came before it.
    pub(super) fn judge_post(&mut self, venue: usize, body: &[u8]) -> Result<(), String> {
        let posted = self.ledger.posted.entry(Sha256::digest(body).into()).or_default();
        *posted += 1;
        let most = if venue == SX { 1 } else { 2 };
        if *posted > most {
            return Err(format!("{} is sent the same order {posted} times", NAMES[venue]));
        }
        Ok(())
    }

    /// A client says how a bet stands.
    pub(super) fn judge_claim(
        &mut self,
        bet: OrderId,
        status: BetStatus,
        taken: Stake,
        paid: Option<Stake>,
    ) -> Result<(), String> {
        let truth = self.truth(bet);
        let wrong =
            |why: &str| Err(format!("{bet} is said to be {} ({taken} taken, {paid:?} paid) {why}: {truth:?}", status.word()));
        if let Some((before, was_paid)) = self.ledger.claims.insert(bet, (status, paid)) {
            if before.is_final() && (before != status || was_paid != paid) {
                return wrong(&format!("after it was final as {}", before.word()));
            }
            if before == BetStatus::Accepted && matches!(status, BetStatus::Pending | BetStatus::Matched | BetStatus::Refused) {
                return wrong("after it was accepted");
            }
        }
        match (&truth, status) {
            (None, BetStatus::Pending | BetStatus::Refused) => Ok(()),
            (None, _) => wrong("and its venue does not know it"),
            (Some(t), BetStatus::Refused) if t.taken_e6 > 0 || t.status == BetStatus::Pending => {
                wrong("and its venue can still take it or has")
            }
            (Some(t), BetStatus::Accepted | BetStatus::Partial | BetStatus::Settled)
                if t.taken_e6 < taken.e6() || taken.is_zero() =>
            {
                wrong("and its venue took less")
            }
            // Called off before it reached the chain: nothing was taken and nothing came back.
            (Some(t), BetStatus::Void) if t.status == BetStatus::Refused && taken.is_zero() => Ok(()),
            (Some(t), BetStatus::Settled | BetStatus::Void) if t.status != status => wrong("and its venue says otherwise"),
            (Some(t), _) if paid.is_some_and(|paid| t.paid_e6.is_some_and(|really| really != paid.e6())) => {
                wrong("and its venue paid something else")
            }
            _ => Ok(()),
        }
    }

    /// Whether every bet has come to an end that the living bot knows; what leaves unrecorded or twice breaks the run at once.
    pub(super) fn all_is_known(&self) -> Result<bool, String> {
        let mut open = false;
        for venue in [SX, AZURO] {
            for truth in self.truths(venue) {
                let ours = self.ledger.bets.values().any(|recorded| recorded.venue == venue && recorded.key.key == truth.key);
                if !ours {
                    return Err(format!("{} has {truth:?}, which is in no record", NAMES[venue]));
                }
                open |= !truth.status.is_final();
            }
        }
        let Some(bettor) = &self.bettor else { return Ok(false) };
        Ok(!open && bettor.bets.values().all(|(_, status)| status.is_final()))
    }

    /// Every bet is known for what it came to, and no other money has moved.
    pub(super) fn at_rest(&mut self) -> Result<(), String> {
        let Some(bettor) = &self.bettor else { return Err("at rest without a bot".to_owned()) };
        for (id, recorded) in &self.ledger.bets {
            let Some((_, status)) = bettor.bets.get(id) else { return Err(format!("{id} is recorded and not known any more")) };
            let truth = self.truth(*id);
            let really = truth.as_ref().map_or(BetStatus::Refused, |t| t.status);
            let (_, paid) = self.ledger.claims.get(id).copied().unwrap_or((*status, None));
            let called_off_before = (really, *status) == (BetStatus::Refused, BetStatus::Void) && paid.is_none_or(Stake::is_zero);
            if called_off_before {
                self.coverage.add("ending", &format!("{} called off before it was taken", NAMES[recorded.venue]));
                continue;
            }
            if really != *status {
                return Err(format!(
                    "{} {id} came to be {} and is known as {}: {truth:?}",
                    NAMES[recorded.venue],
                    really.word(),
                    status.word()
                ));
            }
            if let (BetStatus::Settled | BetStatus::Void, Some(truth)) = (really, &truth)
                && truth.paid_e6 != paid.map(Stake::e6)
            {
                return Err(format!(
                    "{} {id} paid {:?} and is known to have paid {paid:?}",
                    NAMES[recorded.venue], truth.paid_e6
                ));
            }
            self.coverage.add("ending", &format!("{} {}", NAMES[recorded.venue], really.word()));
        }
        super::truth::money_is_conserved(&self.venues)
    }
}
