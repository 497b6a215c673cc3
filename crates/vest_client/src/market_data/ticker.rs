//! Tickers: mark price, funding and status, and the only witness against a book that has stopped.
//!
//! Neither generation numbers its books and v2 does not date them, so a frozen feed looks like a calm market (spec section
//! 17). Three things give it away here: the book is old when a ticker comes, the mark price lies far outside it, or the
//! mark price moves while the best bid and ask stand still.

use super::Phase;
use crate::parse::Round;
use crate::wire::ws::TickerRow;
use crate::{Generation, VestClient, parse};
use domain::{Booking, MarketEvent, Now, Price, Rate, SCALE, Wall, parse_e8};
use venue_api::Out;

const HOUR_MS: i64 = 3_600_000;

impl VestClient {
    /// One row. `time_ms` is the venue's, where the message carries it.
    pub(super) fn ticker(&mut self, row: &TickerRow<'_>, time_ms: Option<i64>, now: Now, out: &mut Out) {
        let Some(place) = self.place_of(&row.symbol) else { return };
        if let Some(status) = row.status {
            self.status_told(place, status.text(), out);
        }
        self.funding(place, row, time_ms, now, out);
        let units = self.units.get(place).copied().unwrap_or_default();
        let mark = row.mark_price.and_then(|m| parse_e8(m.text().as_bytes()).ok()).map(|m| units.price_in(m, false));
        let (Some(mark), Some(one)) = (mark.and_then(Price::from_e8), self.instruments.get(place)) else { return };
        out.market.push(MarketEvent::Mark { instrument: one.id, mark });
        if let Some(why) = self.doubt(place, mark.e8(), now) {
            self.lose_book(place, why, out);
        }
    }

    /// A change of status is also asked about: the list of instruments says what else changed with it.
    fn status_told(&mut self, place: usize, status: &str, out: &mut Out) {
        let Some(condition) = self.conditions.get_mut(place) else { return };
        condition.status = parse::lifecycle(status);
        if self.set_lifecycles() {
            self.refresh(out);
        }
    }

    /// What holding costs. v2 accrues every second; v3's pages describe a settlement at the top of each hour (spec section 13).
    fn funding(&self, place: usize, row: &TickerRow<'_>, time_ms: Option<i64>, now: Now, out: &mut Out) {
        // Finer than we count: rounded up, which is the payer's side when it is positive.
        let hourly = row.one_hr_funding_rate.and_then(|rate| parse::e8(rate.text(), Round::Up));
        let (Some(hourly), Some(one)) = (hourly, self.instruments.get(place)) else { return };
        let next = match self.config.feed {
            Generation::V2 => None,
            Generation::V3 => {
                let ms = time_ms.filter(|t| *t > 0).unwrap_or_else(|| self.clock.now_ms(now));
                let top = ms.div_euclid(HOUR_MS).saturating_add(1).saturating_mul(HOUR_MS);
                Some(Booking { at: Wall::from_ms(top), every_ms: HOUR_MS })
            }
        };
        out.market.push(MarketEvent::Funding { instrument: one.id, hourly: Rate::from_e8(hourly), next });
    }

    /// Why the book is not to be believed, if it is not. The mark is no traded price, so its band around the book is wide.
    fn doubt(&mut self, place: usize, mark: i64, now: Now) -> Option<&'static str> {
        let config = &self.config;
        let sub = self.feed.subscriptions.get_mut(place)?;
        let (bid, ask) = sub.top?;
        let age_ms = now.mono.since(sub.last_data) / 1_000_000;
        if sub.phase == Phase::Live && age_ms >= config.depth_age_ms {
            self.feed.counters.frozen += 1;
            return Some("silent");
        }
        let beyond = |from: i64, band: Rate| {
            let (mark, from, band, scale) = (i128::from(mark), i128::from(from), i128::from(band.e8()), i128::from(SCALE));
            (mark * scale > from * (scale + band), mark * scale < from * (scale - band))
        };
        if beyond(ask, config.mark_band).0 || beyond(bid, config.mark_band).1 {
            self.feed.counters.disagreements += 1;
            return Some("ticker_disagrees");
        }
        let first = *sub.still.mark.get_or_insert(mark);
        let (above, below) = beyond(first, config.frozen_band);
        let still_ms = now.mono.since(sub.still.since) / 1_000_000;
        if (above || below) && still_ms >= config.frozen_after_ms {
            self.feed.counters.frozen += 1;
            return Some("frozen");
        }
        None
    }
}
