//! Markets and books: which are watched, how a book is reloaded, and what can be had now.

use crate::SxClient;
use crate::book::{Book, Taken};
use crate::call;
use crate::catalog;
use crate::out::{News, Out, QuoteNews};
use crate::requests::{Pending, timers};
use crate::session::{Channel, Kind};
use crate::wire::json::data;
use domain::{MarketId, Now, Outcome, Quote};
use venue_api::Reply;

/// Between two tries of a read, ms.
const RETRY_MS: u64 = 2_000;
/// Pages of markets read at most: the venue lists a few thousand, 50 to a page.
const PAGES_MAX: usize = 400;

impl SxClient {
    /// Follows the book of a market: its quotes come from now on.
    pub fn watch(&mut self, market: MarketId, out: &mut Out) {
        if self.books.contains_key(&market) {
            return;
        }
        self.books.insert(market, Book::default());
        self.session.channels.push(Channel::new(format!("orderbook_v3:{market}"), Kind::Book(market)));
        self.subscribe_all(out);
    }

    pub(crate) fn read_markets(&mut self, now: Now, out: &mut Out) {
        let call = call::markets(&self.config.sports, None);
        if !self.requests.is_asked(&Pending::Markets { seen: 0 }) {
            self.ask(Pending::Markets { seen: 0 }, call, now, out);
        }
    }

    pub(crate) fn markets_reply(&mut self, pages: usize, reply: Reply<'_>, now: Now, out: &mut Out) {
        let page = match reply {
            Reply::Answer { status: 200, body, .. } => catalog::markets_page(body),
            _ => None,
        };
        let Some((markets, next)) = page else { return Self::timer(timers::MARKETS, RETRY_MS, now, out) };
        markets.into_iter().for_each(|market| drop(self.markets.insert(market.id, market)));
        match next.filter(|_| pages < PAGES_MAX) {
            Some(next) => {
                let call = call::markets(&self.config.sports, Some(&next));
                self.ask(Pending::Markets { seen: pages + 1 }, call, now, out);
            }
            None => {
                out.news.push(News::Markets(self.markets.len()));
                Self::timer(timers::MARKETS, self.config.markets_every_ms, now, out);
            }
        }
    }

    /// Reads the whole book again: nothing is known of it until then.
    pub(crate) fn reload_book(&mut self, market: MarketId, now: Now, out: &mut Out) {
        if let Some(book) = self.books.get_mut(&market) {
            book.lose();
        }
        if !self.requests.is_asked(&Pending::Snapshot(market)) {
            self.ask(Pending::Snapshot(market), call::snapshot(market), now, out);
        }
    }

    pub(crate) fn snapshot_reply(&mut self, market: MarketId, reply: Reply<'_>, now: Now, out: &mut Out) {
        let text = match reply {
            Reply::Answer { status: 200, body, .. } => data(body),
            _ => None,
        };
        let taken = text.map(|text| self.take_book(market, text, out));
        // Stale means that the channel was faster, which is as good.
        if !matches!(taken, Some(Taken::Replaced | Taken::Stale)) && self.books.get(&market).is_some_and(|book| !book.is_valid())
        {
            self.ask(Pending::Snapshot(market), call::snapshot(market), now, out);
        }
    }

    pub(crate) fn book_pushed(&mut self, market: MarketId, text: &str, now: Now, out: &mut Out) {
        if self.take_book(market, text, out) == Taken::Unreadable {
            out.quotes.push(QuoteNews::Lost(market));
            self.reload_book(market, now, out);
        }
    }

    fn take_book(&mut self, market: MarketId, text: &str, out: &mut Out) -> Taken {
        let Some(book) = self.books.get_mut(&market) else { return Taken::Unreadable };
        let taken = book.take(market, text);
        if taken == Taken::Replaced {
            self.tell_quotes(market, out);
        }
        taken
    }

    pub(crate) fn resume_book(&mut self, market: MarketId, out: &mut Out) {
        if let Some(book) = self.books.get_mut(&market) {
            book.resume();
            self.tell_quotes(market, out);
        }
    }

    /// Best odds of both outcomes, for who bets now. Without metadata there is no ladder, so there are none.
    pub(crate) fn tell_quotes(&self, market: MarketId, out: &mut Out) {
        let Some(book) = self.books.get(&market).filter(|book| book.is_valid()) else { return };
        let Some((metadata, _)) = &self.metadata else { return };
        let line = self.markets.get(&market).and_then(|market| market.line);
        for outcome in [Outcome::ONE, Outcome::TWO] {
            out.quotes.push(match book.best(outcome == Outcome::ONE, metadata.ladder) {
                Some(best) => {
                    QuoteNews::Best(Quote { venue: crate::VENUE, market, line, outcome, odds: best.odds, size: best.size })
                }
                None => QuoteNews::Empty(market, outcome),
            });
        }
    }
}
