//! Everything that must hold before either leg of an entry is sent, each refusal with its name and its numbers.
//!
//! Asks in the order in which an operator would: is the bot to trade, may this pair, is each venue there, would each
//! venue take its leg, is there margin, what may it cost. Decides nothing that is not also recorded or told by `enter`.

use crate::engine::Engine;
use crate::enter::Intent;
use crate::{Desk, Touch};
use domain::names::SkipReason;
use domain::{Instrument, InstrumentId, LegId, Lifecycle, Now, Pair, Price, Rate, Side, Usd, VenueId};
use risk::{Certificate, LegRisk, certificate};
use saga::Round;

pub(crate) type Refusal = (SkipReason, String);

impl Engine {
    /// Whether a pair could be traded now if its spread were there: what uptime is the share of. A round that is open
    /// or a pause after one is trading, not downtime; a quiet window comes as [`SkipReason::Schedule`].
    ///
    /// # Errors
    /// The first reason that would keep an entry from being made.
    pub fn could_trade(
        &self,
        pair: Pair,
        legs: [(VenueId, InstrumentId); 2],
        now: Now,
        desk: &impl Desk,
    ) -> Result<(), SkipReason> {
        self.may_trade(pair).map_err(|(reason, _)| reason)?;
        for (venue, instrument) in legs {
            self.is_up(venue, instrument, now, desk).map_err(|(reason, _)| reason)?;
        }
        Ok(())
    }

    /// Whether a round may be opened at all, and on this pair.
    pub(crate) fn may_open(&self, intent: &Intent, now: Now) -> Result<(), Refusal> {
        let no = |reason: SkipReason, detail: &str| Err((reason, detail.to_owned()));
        self.may_trade(intent.pair)?;
        if self.round_on(intent.pair).is_some() {
            return no(SkipReason::RoundOpen, "one round per pair");
        }
        if self.cooldown.get(&intent.pair).is_some_and(|&until| now.wall < until) {
            return no(SkipReason::Cooldown, "the last round did not complete");
        }
        Ok(())
    }

    /// Whether nothing stops the bot or the pair.
    fn may_trade(&self, pair: Pair) -> Result<(), Refusal> {
        let no = |reason: SkipReason, detail: &str| Err((reason, detail.to_owned()));
        if self.paused || self.stopping.is_some() {
            return no(SkipReason::Paused, "entries are paused");
        }
        if !self.journal_ok {
            return no(SkipReason::JournalDown, "the journal takes no records");
        }
        if let Some((reason, detail)) = self.blocks.first_key_value() {
            return no(*reason, detail);
        }
        if let Some(why) = &self.frozen {
            return no(SkipReason::ForeignActivity, why);
        }
        if let Some(why) = self.halted.get(&pair) {
            return no(SkipReason::PairStuck, why);
        }
        Ok(())
    }

    /// Whether a venue is there, long enough and at its hours, and the instrument trades on a book that may be traded on.
    fn is_up(&self, venue: VenueId, instrument: InstrumentId, now: Now, desk: &impl Desk) -> Result<Touch, Refusal> {
        let state = self.venues.get(&venue).filter(|v| v.reconciled && desk.ready(venue));
        let Some(state) = state else {
            return Err((SkipReason::VenueDown, format!("{venue} is not connected and reconciled")));
        };
        let warm = state.up_since.map(|since| since.plus_ms(self.config.rules.warm_up_ms));
        if let Some(until) = warm.filter(|&until| now.wall < until) {
            let left = until.ms().saturating_sub(now.wall.ms());
            return Err((
                SkipReason::WarmUp,
                format!("{venue} came up lately, {left} ms of {} left", self.config.rules.warm_up_ms),
            ));
        }
        if let Some(window) = self.config.quiet_at(venue, now.wall) {
            let show = |min: u16| format!("{:02}:{:02}", min.checked_div(60).unwrap_or(0), min.checked_rem(60).unwrap_or(0));
            let (from, until) = (show(window.from_min), show(window.until_min));
            return Err((SkipReason::Schedule, format!("{venue} is quiet from {from} to {until} UTC")));
        }
        let id = instrument;
        let instrument = desk.instrument(id);
        if instrument.lifecycle != Lifecycle::Trading {
            return Err((SkipReason::NotTrading, format!("{} on {venue} is {:?}", instrument.symbol, instrument.lifecycle)));
        }
        // What to take is there, but a side that is gone says that the book is not what the market is.
        desk.touch(id).ok_or_else(|| (SkipReason::BookStale, format!("{} on {venue} may not be traded on", instrument.symbol)))
    }

    /// Whether a leg's venue is there and would take it.
    pub(crate) fn may_send(&self, intent: &Intent, leg: LegId, now: Now, desk: &impl Desk) -> Result<(), Refusal> {
        let plan = &intent.legs[leg.index()];
        let venue = plan.venue;
        let touch = self.is_up(venue, plan.instrument, now, desk)?;
        let instrument = desk.instrument(plan.instrument);
        fits(intent, leg, instrument)?;
        let (limit, side) = (intent.limits[leg.index()], Round::entry_side(leg));
        let near = [
            ("mark price", desk.mark(plan.instrument), instrument.price_band),
            ("best price", Some(touch.taken_by(side)), desk.capabilities(venue).and_then(|c| c.price_band)),
        ];
        for (what, from, band) in near {
            if let (Some(from), Some(band)) = (from, band)
                && !within(limit, from, band)
            {
                let text = format!("limit {limit} of {} is more than {band}% from the {what} {from}", instrument.symbol);
                return Err((SkipReason::Filter, text));
            }
        }
        self.has_margin(intent, leg, instrument)
    }

    /// Whether a venue's free margin, less what entries since its last word took, holds a leg.
    fn has_margin(&self, intent: &Intent, leg: LegId, instrument: &Instrument) -> Result<(), Refusal> {
        let Some(need) = margin(intent, leg, instrument) else { return Ok(()) };
        let venue = instrument.venue;
        let state = self.venues.get(&venue);
        let Some(free) = state.and_then(|v| v.free) else {
            return Err((SkipReason::Margin, format!("needs {need} on {venue}, whose account is not read yet")));
        };
        let taken = state.map_or(Usd::ZERO, |v| v.margin.iter().fold(Usd::ZERO, |sum, (_, m)| sum.plus(*m)));
        let left = free.minus(taken);
        if need > left {
            return Err((SkipReason::Margin, format!("needs {need} on {venue}, free {free}, taken since {taken}")));
        }
        Ok(())
    }

    /// The certificate of an entry, or that it is over a limit.
    pub(crate) fn certify(&self, intent: &Intent, desk: &impl Desk) -> Result<Certificate, Refusal> {
        let risk = |leg: LegId| {
            let i = leg.index();
            let fee = desk.instrument(intent.legs[i].instrument).taker_fee;
            LegRisk { limit: intent.limits[i], top: intent.quoted.tops[i], fee }
        };
        let limits = self.config.limits_of(intent.pair);
        let most = limits.worst_loss.map_or(self.config.worst_loss_max, |own| own.min(self.config.worst_loss_max));
        let Some(worst) = certificate(&LegId::BOTH.map(risk), intent.size, self.config.adverse_move) else {
            return Err((SkipReason::WorstLoss, format!("worst loss beyond all bounds, limit {most}")));
        };
        if worst.loss > most {
            let [a, b] = worst.fills;
            let text = format!("worst loss {} with {a} long and {b} short filled, limit {most}", worst.loss);
            return Err((SkipReason::WorstLoss, text));
        }
        let largest = LegId::BOTH.map(|leg| intent.size.cost(intent.limits[leg.index()])).into_iter().fold(Usd::ZERO, Usd::max);
        match limits.notional {
            Some(most) if largest > most => {
                Err((SkipReason::NotionalCap, format!("{} at {largest}, limit of the pair {most}", intent.pair)))
            }
            _ => Ok(worst),
        }
    }
}

/// Margin that a leg will lock up, if its venue has said so.
pub(crate) fn margin(intent: &Intent, leg: LegId, instrument: &Instrument) -> Option<Usd> {
    let price = intent.limits[leg.index()].max(intent.quoted.tops[leg.index()]);
    instrument.initial_margin.map(|share| intent.size.cost(price).share_up(share))
}

/// Size and notional filters.
fn fits(intent: &Intent, leg: LegId, instrument: &Instrument) -> Result<(), Refusal> {
    let limit = intent.limits[leg.index()];
    if instrument.takes(intent.size, limit) {
        return Ok(());
    }
    let most = instrument.max_size.map_or_else(|| "none".to_owned(), |m| m.to_string());
    Err((
        SkipReason::Filter,
        format!(
            "{} of {} at {limit}: step {}, minimum {} and {} USD, maximum {most}",
            intent.size, instrument.symbol, instrument.lot, instrument.min_size, instrument.min_notional
        ),
    ))
}

/// Whether a limit lies within a band around a price.
fn within(limit: Price, from: Price, band: Rate) -> bool {
    let bound = |side| from.worse(side, band);
    bound(Side::Buy).is_none_or(|high| limit <= high) && bound(Side::Sell).is_none_or(|low| limit >= low)
}
