//! The instruments while the bot runs: their grid, fee and margin as last read, whether they trade, and their leverage.
//!
//! Read at the start, again and again after it, and at once when an order or a ticker shows that something changed. What
//! is listed no more is [`Lifecycle::Delisted`]; what cannot be traded up, only down, is [`Lifecycle::ReduceOnly`].
//! Source: spec sections 4, 8, 9 and 12.

use crate::error::Fault;
use crate::parse::{self, Decimals};
use crate::state::{Pending, Stage, timers};
use crate::units::Units;
use crate::wire::rest::{LeverageRow, SymbolRow, object, rows};
use crate::{Generation, VestClient};
use domain::{Instrument, Lifecycle, Now};
use venue_api::{Action, Lane, Method, Out, Reply};

/// So many times in a row the list of instruments may be missing before it counts as gone: one 404 may be a proxy's.
pub(crate) const MISSING_MAX: u32 = 3;

/// What decides whether an instrument trades, each from its own source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Condition {
    /// The venue lists it.
    pub(crate) listed: bool,
    /// How often in a row it was not listed.
    absences: u32,
    /// The venue's own word, from the list or a ticker, whichever was later.
    pub(crate) status: Lifecycle,
    /// Leverage as the venue last told it; `None` where it tells none.
    pub(crate) leverage: Option<i64>,
    /// The leverage is the configured one, told or set.
    pub(crate) leverage_fits: bool,
    /// A request to set it is under way.
    pub(crate) setting: bool,
}

impl Condition {
    pub(crate) const UNKNOWN: Self =
        Self { listed: true, absences: 0, status: Lifecycle::Halted, leverage: None, leverage_fits: true, setting: false };
}

/// So many lists in a row must lack an instrument before it is gone: what follows closes positions, and one list may be cut.
const ABSENCES_MIN: u32 = 2;

/// The list of instruments as a source.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Listing {
    /// Ask for all symbols: one unknown name in the list and the venue refuses all of it with 1121.
    pub(crate) all: bool,
    /// How often in a row its path was missing.
    pub(crate) missing: u32,
    /// A refresh is under way.
    asked: bool,
}

impl VestClient {
    pub(crate) fn info_target(&self) -> String {
        let path = if self.config.feed == Generation::V3 && self.signer.is_none() { "/v3" } else { "" };
        if self.listing.all {
            return format!("{path}/exchangeInfo");
        }
        let names: Vec<&str> = self.config.instruments.iter().map(|one| one.symbol.as_str()).collect();
        format!("{path}/exchangeInfo?symbols={}", names.join(","))
    }

    /// Takes the rules of every configured symbol. One that is not listed is gone, or was never there: either way it takes
    /// no entry, and the rest of the account must not stand still for it.
    ///
    /// # Errors
    /// A sentence that names the symbol whose rules do not read; that one is halted.
    pub(crate) fn take_grid(&mut self, listed: &[SymbolRow<'_>]) -> Result<(), String> {
        let mut bad = None;
        for (place, one) in self.config.instruments.iter().enumerate() {
            let row = listed.iter().find(|row| row.symbol == one.symbol.as_str());
            let units = self.units.get(place).copied().unwrap_or_default();
            let Some(condition) = self.conditions.get_mut(place) else { continue };
            condition.absences = if row.is_some() { 0 } else { condition.absences.saturating_add(1) };
            // Before the start is through nothing hangs on it.
            let gone = condition.absences >= ABSENCES_MIN || (row.is_none() && self.session.stage != Stage::Live);
            condition.listed = row.is_some() || (condition.listed && !gone);
            let Some(row) = row else { continue };
            match parse::instrument(row, one, units, self.config.fee_allowance) {
                Some((instrument, decimals)) => {
                    condition.status = instrument.lifecycle;
                    if let (Some(i), Some(d)) = (self.instruments.get_mut(place), self.decimals.get_mut(place)) {
                        (*i, *d) = (instrument, decimals);
                    }
                }
                None => {
                    condition.status = Lifecycle::Halted;
                    bad = Some(format!("the venue's rules of {} do not read", one.symbol));
                }
            }
        }
        self.set_lifecycles();
        bad.map_or(Ok(()), Err)
    }

    /// Names of what is configured and not listed.
    pub(crate) fn unlisted(&self) -> Vec<&str> {
        let places = self.config.instruments.iter().zip(&self.conditions);
        places.filter(|(_, c)| !c.listed).map(|(one, _)| one.symbol.as_str()).collect()
    }

    /// What the parts say together. True if anything changed.
    pub(crate) fn set_lifecycles(&mut self) -> bool {
        let rules_gone = self.listing.missing >= MISSING_MAX;
        let mut changed = false;
        for (one, condition) in self.instruments.iter_mut().zip(&self.conditions) {
            let lifecycle = match condition {
                Condition { listed: false, .. } => Lifecycle::Delisted,
                Condition { status: Lifecycle::Trading, leverage_fits, .. } if rules_gone || !leverage_fits => {
                    Lifecycle::ReduceOnly
                }
                Condition { status, .. } => *status,
            };
            changed |= one.lifecycle != lifecycle;
            one.lifecycle = lifecycle;
        }
        changed
    }

    pub(crate) fn arm_refresh(&self, now: Now, out: &mut Out) {
        out.actions.push(Action::Timer { id: timers::INFO, at: now.mono.plus_ms(self.config.info_every_ms) });
    }

    /// Asks for the rules again; once at a time.
    pub(crate) fn refresh(&mut self, out: &mut Out) {
        if !std::mem::replace(&mut self.listing.asked, true) {
            let target = self.info_target();
            self.request(Pending::Refresh, Lane::Public, Method::Get, target, String::new(), out);
        }
    }

    /// The rules read again, while orders go on. What cannot be read changes nothing but what it is about.
    pub(crate) fn refreshed(&mut self, reply: Reply<'_>, out: &mut Out) {
        self.listing.asked = false;
        let Reply::Answer { status, body, .. } = reply else { return };
        if let (200..=299, Some(listed)) = (status, rows::<SymbolRow<'_>>(body)) {
            self.listing.missing = 0;
            // A row that does not read halts its own instrument.
            let _ = self.take_grid(&listed);
            if self.conditions.iter().any(|c| c.listed && c.absences > 0) {
                self.listing.all = true;
                self.refresh(out);
            }
        } else if Fault::parse(body).code == Some(1121) && !self.listing.all {
            // One of ours is gone and the venue does not say which: the whole list will, and is the second to do so.
            self.conditions.iter_mut().for_each(|c| c.absences = c.absences.max(1));
            self.listing.all = true;
            self.refresh(out);
        } else if matches!(status, 404 | 410) {
            self.listing.missing = self.listing.missing.saturating_add(1);
            self.set_lifecycles();
        }
    }

    /// Leverages by an account read. During the start the stages set what differs; later a difference is set at once, and
    /// nothing is opened on it meanwhile.
    pub(crate) fn take_leverages(&mut self, listed: &[LeverageRow<'_>], now: Now, out: &mut Out) {
        let mut wrong = Vec::new();
        for (place, one) in self.config.instruments.iter().enumerate() {
            let found = listed.iter().find(|l| l.symbol == one.symbol.as_str()).and_then(|l| l.value.int());
            let Some(condition) = self.conditions.get_mut(place) else { continue };
            let lost = condition.leverage.is_some() && found.is_none();
            condition.leverage = found;
            match found {
                Some(value) => condition.leverage_fits = value == i64::from(one.leverage),
                // Not told proves nothing, unless it was told before.
                None if lost => condition.leverage_fits = false,
                None => {}
            }
            if !condition.leverage_fits {
                wrong.push(place);
            }
        }
        self.set_lifecycles();
        if self.session.stage == Stage::Live {
            wrong.into_iter().for_each(|place| self.set_leverage_again(place, now, out));
        }
    }

    /// An order met another leverage (3020): nothing is opened until it is set again.
    pub(crate) fn leverage_lost(&mut self, place: usize, now: Now, out: &mut Out) {
        if let Some(condition) = self.conditions.get_mut(place) {
            condition.leverage_fits = false;
        }
        self.set_lifecycles();
        self.set_leverage_again(place, now, out);
    }

    fn set_leverage_again(&mut self, place: usize, now: Now, out: &mut Out) {
        let Some(condition) = self.conditions.get_mut(place).filter(|c| !c.setting) else { return };
        condition.setting = true;
        self.post_leverage(Pending::Leverage(place), place, now, out);
    }

    /// `POST /account/leverage`: not signed (spec section 7).
    pub(crate) fn post_leverage(&mut self, pending: Pending, place: usize, now: Now, out: &mut Out) {
        let time = self.clock.now_ms(now);
        let Some(one) = self.config.instruments.get(place) else { return };
        let body = format!(r#"{{"time":{time},"symbol":"{}","value":{}}}"#, one.symbol, one.leverage);
        self.request(pending, Lane::Account, Method::Post, "/account/leverage".to_owned(), body, out);
    }

    /// What became of setting it while running: refused (3021 while a position stands) leaves the instrument to reduce only,
    /// until the next account read tries again.
    pub(crate) fn leverage_reply(&mut self, place: usize, reply: Reply<'_>) {
        let wanted = self.config.instruments.get(place).map(|one| i64::from(one.leverage));
        let set = match reply {
            Reply::Answer { status: 200..=299, body, .. } => object::<LeverageRow<'_>>(body).and_then(|row| row.value.int()),
            _ => None,
        };
        let Some(condition) = self.conditions.get_mut(place) else { return };
        condition.setting = false;
        if set.is_some() && set == wanted {
            condition.leverage = set;
            condition.leverage_fits = true;
        }
        self.set_lifecycles();
    }

    pub(crate) fn leverage_sentence(&self, place: usize, what: &str) -> String {
        let one = self.config.instruments.get(place);
        let (symbol, wanted) = one.map_or(("?", 0), |o| (o.symbol.as_str(), o.leverage));
        let has = self.conditions.get(place).and_then(|c| c.leverage);
        let has = has.map_or_else(|| "none".to_owned(), |v| v.to_string());
        format!("leverage of {symbol} is {has} at the venue and {wanted} in the configuration; setting it {what}")
    }

    /// The next listed instrument whose leverage is not the configured one.
    pub(crate) fn next_leverage(&self, from: usize) -> Option<usize> {
        let differs = |place: &usize| {
            let wanted = self.config.instruments.get(*place).map(|one| i64::from(one.leverage));
            self.conditions.get(*place).is_some_and(|c| c.listed && c.leverage != wanted)
        };
        (from..self.config.instruments.len()).find(differs)
    }

    /// Instruments of which nothing is known yet.
    pub(crate) fn blank(config: &crate::VestConfig) -> (Vec<Instrument>, Vec<Decimals>, Vec<Units>, Vec<Condition>) {
        let units = config.instruments.iter().map(|one| Units::of(&one.symbol, &one.pair.to_string()));
        let unknown = |one: &crate::VestInstrument| Instrument::unknown(one.id, parse::VENUE, one.pair, &one.symbol);
        let count = config.instruments.len();
        (
            config.instruments.iter().map(unknown).collect(),
            vec![Decimals::default(); count],
            units.collect(),
            vec![Condition::UNKNOWN; count],
        )
    }
}
