//! On which terms may be traded: the venue's state, its markets, the account's fees. Read at the start and again and again,
//! and at once when the venue says or shows that something changed.
//!
//! Owns `Instrument`s: nobody else in this crate writes one. A market that ends is `Delisted` only when the venue says so
//! plainly, for that closes positions: a list without any market in it, a page of a longer list, or one reading without
//! the symbol prove nothing.

use crate::client::{Http, ParadexClient, TimerKind, set_timer};
use crate::error::DecodeError;
use crate::parse;
use crate::wire::rest::{AccountInfo, MarketData, Page, parse_body};
use domain::{Instrument, Lifecycle, Now, Price, Rate, Size, Wall};
use venue_api::{Lane, Method, Out};

/// A perpetual that names its end is left this long before it.
const LEAVE_BEFORE_MS: i64 = 24 * 3_600_000;
/// A market that was missing in one list is asked for again after this long.
const MISSING_AGAIN_MS: u64 = 2_000;

/// What `/markets` says of one market beside its grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listing {
    /// Not heard of yet.
    Untold,
    /// Takes what the venue as a whole takes.
    Open,
    /// Takes nothing for now: not open yet, without an order book, or on a grid we cannot say.
    Shut,
    /// Was missing once.
    Missing,
    /// Ended, or about to.
    Gone,
}

/// The venue's release window in UTC: weekdays, from minute to minute of the day, with some minutes around the documented
/// 04:30 and quarter of an hour (paradex.md 11). Entries are better left alone in it.
pub const RELEASE_WINDOW_UTC: std::ops::Range<u16> = 265..290;

/// Whether the venue's clock stands in its release window.
pub fn in_release_window(venue: Wall) -> bool {
    let minutes = venue.ms().div_euclid(60_000);
    // The epoch began on a Thursday; Monday is 0.
    let weekday = minutes.div_euclid(1_440).saturating_add(3).rem_euclid(7);
    let minute = u16::try_from(minutes.rem_euclid(1_440)).unwrap_or(0);
    weekday < 5 && RELEASE_WINDOW_UTC.contains(&minute)
}

impl ParadexClient {
    /// `ok`, `maintenance`, `cancel_only`, `post_only` (paradex.md 4.2). An immediate order passes only in the first.
    pub(crate) fn take_state(&mut self, status: &str) {
        self.lifecycle = match status {
            "ok" => Lifecycle::Trading,
            "maintenance" => Lifecycle::Halted,
            _ => Lifecycle::ReduceOnly,
        };
        self.relive();
    }

    /// Each market lives as the venue does, unless it is out of it.
    fn relive(&mut self) {
        for (i, listing) in self.instruments.iter_mut().zip(&self.listing) {
            i.lifecycle = match listing {
                Listing::Open => self.lifecycle,
                Listing::Untold | Listing::Shut | Listing::Missing => Lifecycle::Halted,
                Listing::Gone => Lifecycle::Delisted,
            };
        }
    }

    /// Asks for the markets, once at a time: what is said meanwhile is asked for afterwards.
    pub(crate) fn ask_markets(&mut self, out: &mut Out) {
        self.markets_again = self.markets_asked;
        if !self.markets_asked {
            self.markets_asked = true;
            self.get(Http::Markets, Lane::Public, "/markets".to_owned(), out);
        }
    }

    /// The question for the markets was answered, or not.
    pub(crate) fn markets_answered(&mut self, out: &mut Out) {
        self.markets_asked = false;
        if std::mem::take(&mut self.markets_again) {
            self.ask_markets(out);
        }
    }

    /// Asks what this account pays.
    pub(crate) fn ask_fees(&mut self, now: Now, out: &mut Out) {
        if let Some(token) = self.session.token(now.mono).cloned() {
            let target = "/account/info".to_owned();
            self.request(Http::Fees, Lane::Account, Method::Get, target, Self::bearer(&token), String::new(), out);
        }
    }

    /// The timer of all this.
    pub(crate) fn reread_rules(&mut self, now: Now, out: &mut Out) {
        self.ask_markets(out);
        self.ask_fees(now, out);
        set_timer(TimerKind::Rules, 0, now.mono.plus_ms(self.config.rules_every_ms.max(1_000)), out);
    }

    /// Takes the markets over. `Err` names what only a person can mend, at the start alone.
    pub(crate) fn take_markets(
        &mut self,
        body: &[u8],
        first: bool,
        now: Now,
        out: &mut Out,
    ) -> Result<Result<(), String>, DecodeError> {
        let page = parse_body::<Page<MarketData<'_>>>(body)?;
        let whole = page.cursor().is_none() && !page.results.is_empty();
        let venue = self.session.venue_time(now);
        for index in 0..self.instruments.len() {
            let symbol = self.feed.symbol(index).to_owned();
            let Some(data) = page.results.iter().find(|m| m.symbol == symbol) else {
                if whole {
                    let known = self.orders.any_in(index);
                    if first && !known {
                        return Ok(Err(format!("Paradex has no market {symbol}: correct the symbol in the configuration")));
                    }
                    self.missing(index, first, now, out);
                } else if first {
                    return Err(DecodeError::Field("the list of markets"));
                }
                continue;
            };
            let no_book = data.trading_mode == "RFQ_ONLY" || !matches!(&*data.asset_kind, "" | "PERP");
            if first && no_book {
                return Ok(Err(format!("{symbol} is no perpetual with an order book on Paradex: choose another market")));
            }
            let grid = parse::grid(data)?;
            let units = self.feed.units(index);
            let Some(i) = self.instruments.get_mut(index) else { continue };
            let fits = write_grid(i, &grid, units);
            if first && !fits {
                return Ok(Err(format!(
                    "{symbol}: its price step of {} per contract cannot be said per unit with eight decimals at {} units a contract: \
                     trade the pair per contract, with multiplier 1 on both venues",
                    grid.tick, i.multiplier
                )));
            }
            i.quote = data.quote_currency.to_string();
            i.price_band = grid.band;
            i.initial_margin = grid.initial_margin;
            if let Some(slot) = self.market_fees.get_mut(index) {
                *slot = grid.taker_fee;
            }
            let ends = data.expiry_at > 0 && venue.ms() >= data.expiry_at.saturating_sub(LEAVE_BEFORE_MS);
            if let Some(listing) = self.listing.get_mut(index) {
                *listing = if ends {
                    Listing::Gone
                } else if no_book || !fits || data.open_at > venue.ms() {
                    Listing::Shut
                } else {
                    Listing::Open
                };
            }
        }
        // One band for all: the narrowest.
        let narrowest = self.instruments.iter().filter_map(|i| i.price_band).min();
        self.capabilities.price_band = narrowest.or(self.capabilities.price_band);
        self.relive();
        self.refee();
        Ok(Ok(()))
    }

    /// The whole list does not name a market: once it is asked for again, twice it is gone.
    fn missing(&mut self, index: usize, first: bool, now: Now, out: &mut Out) {
        if let Some(listing) = self.listing.get_mut(index) {
            *listing = match listing {
                Listing::Missing | Listing::Gone => Listing::Gone,
                // Orders of an earlier life are known in it: it was there.
                Listing::Untold if first => Listing::Gone,
                Listing::Untold | Listing::Open | Listing::Shut => {
                    set_timer(TimerKind::Rules, 0, now.mono.plus_ms(MISSING_AGAIN_MS), out);
                    Listing::Missing
                }
            };
        }
    }

    /// Takes the account's fees over.
    pub(crate) fn take_fees(&mut self, body: &[u8]) -> Result<(), DecodeError> {
        let page = parse_body::<Page<AccountInfo<'_>>>(body)?;
        let ours = page.results.iter().find(|a| same_felt(&a.account, &self.config.account)).or(match &page.results[..] {
            [only] if only.account.is_empty() => Some(only),
            _ => None,
        });
        let text = ours.and_then(|a| a.fees.as_ref()).and_then(|f| f.taker_rate.as_deref()).filter(|t| !t.is_empty());
        self.account_fee = text.map(parse::rate_up).transpose()?;
        self.refee();
        Ok(())
    }

    /// The account's own fee; else the market's; else the documented one.
    fn refee(&mut self) {
        for (i, of_market) in self.instruments.iter_mut().zip(&self.market_fees) {
            // A rebate for takers is none to count on.
            i.taker_fee = self.account_fee.or(*of_market).unwrap_or(self.config.taker_fee).max(Rate::ZERO);
        }
    }
}

/// Puts a grid, told per contract, on an instrument, per unit. False, and nothing written, if it cannot be said so.
fn write_grid(i: &mut Instrument, grid: &parse::Grid, units: crate::units::Units) -> bool {
    let size = |v: Size| units.size_in(v.e8()).and_then(Size::from_e8);
    let tick = units.price_in(grid.tick.e8()).and_then(Price::from_e8);
    let (Some(tick), Some(lot)) = (tick, size(grid.lot)) else { return false };
    (i.tick, i.lot, i.min_size, i.min_notional) = (tick, lot, lot, grid.min_notional);
    i.max_size = grid.max_size.and_then(size);
    true
}

/// Whether two texts are the same felt: leading zeros and the case of digits do not count.
fn same_felt(a: &str, b: &str) -> bool {
    let digits = |t: &str| t.trim_start_matches("0x").trim_start_matches('0').to_ascii_lowercase();
    !a.is_empty() && digits(a) == digits(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_window_is_on_weekdays_around_half_past_four() {
        fn check(ms: i64, expect: bool) {
            assert_eq!(in_release_window(Wall::from_ms(ms)), expect, "{ms}");
        }
        // 2026-11-20 was a Friday.
        let friday = 1_795_132_800_000;
        let at = |day: i64, hour: i64, minute: i64| friday + ((day * 24 + hour) * 60 + minute) * 60_000;
        check(at(0, 4, 24), false);
        check(at(0, 4, 25), true);
        check(at(0, 4, 49), true);
        check(at(0, 4, 50), false);
        check(at(0, 16, 30), false);
        check(at(1, 4, 30), false);
        check(at(2, 4, 30), false);
        check(at(3, 4, 30), true);
    }

    #[test]
    fn an_account_is_known_by_its_number_not_by_its_spelling() {
        assert!(same_felt("0x0AB", "0xab"));
        assert!(!same_felt("0xab", "0xabc"));
        assert!(!same_felt("", "0x0"));
    }
}
