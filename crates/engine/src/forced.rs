//! A venue changes a position by itself: liquidation, auto-deleveraging, settlement.
//!
//! What it took is a record of the round, so that the fold holds what the account holds, and the saga closes the other
//! leg by what it does not cover any more. The venue may name it, late or twice; or a comparison of accounts is all there
//! is, which then stands in for it. The pair stops either way.

use crate::engine::{Engine, Slot};
use crate::{Desk, Notice};
use domain::record::{Record, Taken};
use domain::{Fills, InstrumentId, LegId, Now, RoundId, Size, VenueId, Wall};
use saga::Round;

/// For so long after a venue's word that names no size its account is read until something is missing, ms.
const LOOK_FOR_MS: i64 = 15_000;
/// How often, ms.
pub(crate) const LOOK_EVERY_MS: i64 = 300;

/// How long after a leg of a round that is over last moved a position can still be its doing, ms.
const LATELY_MS: i64 = 30_000;

/// A leg of which an account shows less than the fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) round: RoundId,
    pub(crate) leg: LegId,
    pub(crate) size: Size,
    /// Closed beyond zero, which no lag of a position explains.
    pub(crate) beyond: bool,
}

impl Engine {
    /// A venue says that it changed a position by itself.
    pub fn on_forced(
        &mut self,
        venue: VenueId,
        instrument: InstrumentId,
        taken: Option<Taken>,
        evidence: String,
        now: Now,
        desk: &mut impl Desk,
    ) {
        let pair = desk.instrument(instrument).pair;
        let Some(taken) = taken else {
            self.tell_forced(venue, instrument, None, evidence, now, desk);
            // How much is gone only the account can say.
            let state = self.venues.entry(venue).or_default();
            state.missing.insert(instrument, now.wall.plus_ms(LOOK_FOR_MS));
            self.read(venue, now, desk);
            return;
        };
        match self.whose(venue, instrument, &taken) {
            Some((id, leg)) if self.find(id).is_some_and(|r| r.would_take(leg, &taken)) => {
                self.tell_forced(venue, instrument, Some(id), evidence, now, desk);
                self.take_away(id, leg, taken, now, desk);
            }
            Some(_) => {}
            // Nothing of ours was there to be taken: the account is not ours alone.
            None => self.stop_for(venue, Some(pair), evidence, now, desk),
        }
    }

    fn tell_forced(
        &mut self,
        venue: VenueId,
        instrument: InstrumentId,
        round: Option<RoundId>,
        evidence: String,
        now: Now,
        desk: &mut impl Desk,
    ) {
        let pair = desk.instrument(instrument).pair;
        let round = round.or_else(|| self.round_on(pair).map(Round::id));
        desk.notice(Notice::Forced { round, pair, venue, evidence: evidence.clone() });
        self.stop_for(venue, Some(pair), evidence, now, desk);
    }

    /// Records what was taken and lets the round do what follows.
    pub(crate) fn take_away(&mut self, round: RoundId, leg: LegId, taken: Taken, now: Now, desk: &mut impl Desk) {
        if self.record(Record::Forced { at: now.wall, round, leg, taken }, desk) {
            self.drive(round, now, desk);
        }
    }

    /// Whose leg it was: of the round that knows this name, else of the one that holds what it took, else of the last one
    /// for which something stands in.
    fn whose(&self, venue: VenueId, instrument: InstrumentId, taken: &Taken) -> Option<(RoundId, LegId)> {
        let on = |round: &Round, leg: LegId| {
            let plan = round.plan.legs[leg.index()];
            plan.venue == venue && plan.instrument == instrument && Round::entry_side(leg) == taken.side.opposite()
        };
        let find = |fits: &dyn Fn(&Round, LegId) -> bool| {
            let all = self.rounds.values().chain(self.ended.iter().rev()).map(|s: &Slot| &s.round);
            all.flat_map(|r| LegId::BOTH.map(|leg| (r, leg)))
                .find(|(r, leg)| on(r, *leg) && fits(r, *leg))
                .map(|(r, l)| (r.id(), l))
        };
        let names = |r: &Round, leg: LegId| r.forced.iter().any(|f| f.leg == leg && f.taken.id == taken.id);
        let stands_in = |r: &Round, leg: LegId| r.forced.iter().any(|f| f.leg == leg && f.taken.stands_in());
        find(&names).or_else(|| find(&|r, _| r.outcome.is_none())).or_else(|| find(&stands_in))
    }

    /// A leg of which an account shows less than the fold, in a round that is open or was lately: which, and how much is
    /// gone. It may be beyond zero by what our own orders closed: they closed what the venue had taken before.
    pub(crate) fn missing_from(&self, venue: VenueId, instrument: InstrumentId, theirs_e8: i64, asked: Wall) -> Option<Missing> {
        let legs_of = |slot: &'_ Slot| {
            LegId::BOTH.into_iter().find(|leg| {
                let plan = slot.round.plan.legs[leg.index()];
                plan.venue == venue && plan.instrument == instrument
            })
        };
        let mut open = self.rounds.values().filter_map(|s| Some((&s.round, legs_of(s)?)));
        let lately = |round: &Round, leg: LegId| round.moved_at(leg).is_some_and(|at| asked <= at.plus_ms(LATELY_MS));
        let (round, leg) = match (open.next(), open.next()) {
            (Some(one), None) => one,
            // Two rounds on one instrument: nobody can say whose it was.
            (Some(_), Some(_)) => return None,
            (None, _) => {
                self.ended.iter().rev().find_map(|s| Some((&s.round, legs_of(s)?))).filter(|(r, leg)| lately(r, *leg))?
            }
        };
        let (own, theirs) = (round.held(leg), theirs_e8.saturating_mul(Round::entry_side(leg).sign()));
        let beyond = theirs < 0;
        if own <= theirs || (beyond && theirs.saturating_neg() > round.closed(leg).e8()) {
            return None;
        }
        Some(Missing { round: round.id(), leg, size: Size::from_e8(own.checked_sub(theirs)?)?, beyond })
    }

    /// What an account shows to be gone, at the price of the moment until the venue says its own.
    pub(crate) fn seen_gone(&self, id: RoundId, leg: LegId, size: Size, asked: Wall, desk: &impl Desk) -> Option<Taken> {
        let round = self.find(id)?;
        let (side, instrument) = (Round::entry_side(leg).opposite(), round.plan.legs[leg.index()].instrument);
        let own = || round.orders.iter().find(|o| o.spec.id.leg == leg).map(|o| o.spec.limit);
        let price = desk.touch(instrument).map(|t| t.taken_by(side)).or_else(|| desk.reference(instrument)).or_else(own)?;
        let fills = Fills { size, cost: size.cost(price), ..Fills::default() };
        Some(Taken { id: format!("{}{}", Taken::SEEN, asked.0), side, fills })
    }
}
