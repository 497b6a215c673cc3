//! A second opinion on the book: `GET /orderbook/{m}` from time to time (paradex.md 4.2).
//!
//! The book itself is audited by `books` against the BBO channel, with which it shares a counter. Whether the numbers of
//! REST mean the same is not documented. So at equal numbers only the plausibility of the best prices is judged, against
//! the last BBO; at different ones only the age: a book whose last frame is much older than what REST shows is not fed
//! any more, however lively its connection. Either way the answer is a new subscription.

use crate::client::{Http, ParadexClient, TimerKind, set_timer};
use crate::wire::rest::{BookPage, parse_body};
use domain::{Level, Now, parse_e8};
use venue_api::{Lane, Out, Reply};

/// Best prices further apart than this, in basis points, are not of the same market at the same number.
const APART_BPS: i128 = 200;

impl ParadexClient {
    /// Asks for one market's book, one market after the other.
    pub(crate) fn audit_next(&mut self, now: Now, out: &mut Out) {
        let every = self.config.audit_every_ms;
        if every == 0 || self.instruments.is_empty() {
            return;
        }
        let market = self.audited.checked_rem(self.instruments.len()).unwrap_or(0);
        self.audited = market.wrapping_add(1);
        if self.feed.age_at(market).is_some() {
            let target = format!("/orderbook/{}?depth=1", self.feed.symbol(market));
            self.get(Http::Book { market }, Lane::Public, target, out);
        }
        let share = every.checked_div(self.instruments.len() as u64).unwrap_or(every).max(1_000);
        set_timer(TimerKind::Audit, 0, now.mono.plus_ms(share), out);
    }

    /// Judges a live book by the answer. An answer that cannot be read says nothing.
    pub(crate) fn on_audit(&mut self, market: usize, reply: Reply<'_>, now: Now, out: &mut Out) {
        let Reply::Answer { status: 200..=299, body, .. } = reply else { return };
        let Ok(page) = parse_body::<BookPage<'_>>(body) else { return };
        let (Some((seq, at)), true) = (self.feed.age_at(market), page.market == self.feed.symbol(market)) else { return };
        let behind_ms = page.last_updated_at.saturating_sub(at.ms());
        let limit_ms = i64::try_from(self.config.book_age_ms_max).unwrap_or(i64::MAX);
        let why = if page.seq_no == seq {
            let units = self.feed.units(market);
            let best = |side: &[[std::borrow::Cow<'_, str>; 2]]| {
                let e8 = |t: &str| parse_e8(t.as_bytes()).ok();
                let [price, size] = side.first()?;
                units.level_in(Level { price: e8(price)?, size: e8(size)? })
            };
            let (bid, ask) = self.feed.top_of(market);
            if plausible(bid, best(&page.bids)) && plausible(ask, best(&page.asks)) { None } else { Some("rest differs") }
        } else {
            (behind_ms > limit_ms).then_some("behind rest")
        };
        if let Some(why) = why
            && let Some(resync) = self.feed.lose(market, why, now.mono, out)
        {
            self.resync(resync, out);
        }
    }
}

/// Whether two best prices may be the same one; what is not there cannot differ.
fn plausible(ours: Option<Level>, theirs: Option<Level>) -> bool {
    let (Some(a), Some(b)) = (ours, theirs) else { return true };
    let (a, b) = (i128::from(a.price), i128::from(b.price));
    (a - b).abs().saturating_mul(10_000) <= a.max(b).saturating_mul(APART_BPS)
}
