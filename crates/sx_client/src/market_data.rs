//! Books: which are watched, how one is read again, and what can be had now.
//!
//! A watched market has a channel that brings its whole book each time. Where the venue refuses the channel, its best odds are read over
//! REST instead. What is not the venue's last word is told as lost.

use crate::SxClient;
use crate::book::{Best, Book, Taken, best_of};
use crate::call;
use crate::channels::{CHANNELS_MAX, Channels, Kind};
use crate::parse::{self, BestOdds};
use crate::requests::{Pending, timers};
use crate::wire::json::{data, rows};
use domain::{MarketId, Now, Outcome, Quote};
use venue_api::{BetOut, QuoteNews, Reply};

/// Between two tries to read a book, ms.
const RETRY_MS: u64 = 500;
/// Markets in one question for best odds (spec section 6).
const ODDS_PAGE: usize = 100;

impl SxClient {
    pub(crate) fn watch_book(&mut self, market: MarketId, out: &mut BetOut) {
        if self.books.contains_key(&market) {
            return;
        }
        let mut lost = |why| out.quotes.push(QuoteNews::Lost { market, why });
        if !self.markets.contains_key(&market) {
            return lost("the venue does not list it");
        }
        if !self.session.channels.add(Channels::book(market), Kind::Book(market)) {
            debug_assert_eq!(CHANNELS_MAX, 512, "the sentence below says so");
            return lost("the realtime connection holds 512 channels at most: unwatch another market first");
        }
        self.books.insert(market, Book::default());
        self.subscribe_all(out);
    }

    pub(crate) fn unwatch_book(&mut self, market: MarketId, out: &mut BetOut) {
        if self.books.remove(&market).is_some() {
            self.odds_told.remove(&market);
            self.unsubscribe(&Channels::book(market), out);
        }
    }

    /// Reads the whole book again: nothing is known of it until then.
    pub(crate) fn reload_book(&mut self, market: MarketId, now: Now, out: &mut BetOut) {
        let Some(book) = self.books.get_mut(&market) else { return };
        book.lose();
        self.read_book(market, now, out);
    }

    fn read_book(&mut self, market: MarketId, now: Now, out: &mut BetOut) {
        // Without its channel a book would be stale the moment it was read.
        let Some(since) = self.session.channels.book_since(market) else { return };
        let what = Pending::Snapshot { market, since };
        self.requests
            .drop_waiting(|one| matches!(one, Pending::Snapshot { market: same, .. } if *same == market && *one != what));
        if !self.requests.is_asked(&what) {
            self.ask(what, call::snapshot(market), now, out);
        }
    }

    pub(crate) fn snapshot_reply(&mut self, market: MarketId, since: u32, reply: Reply<'_>, now: Now, out: &mut BetOut) {
        // Asked before the channel was subscribed anew: what changed in between is in neither.
        if self.session.channels.book_since(market) != Some(since) {
            return;
        }
        let text = match reply {
            Reply::Answer { status: 200, body, .. } => data(body),
            _ => None,
        };
        let taken = text.map(|text| self.take_book(market, text, out));
        // Stale means that the channel was faster, which is as good.
        let read = matches!(taken, Some(Taken::Replaced | Taken::Stale));
        if !read && self.books.get(&market).is_some_and(|book| !book.is_valid()) {
            Self::timer(timers::BOOKS, RETRY_MS, now, out);
        }
    }

    /// Reads every book that should be known and is not.
    pub(crate) fn books_due(&mut self, now: Now, out: &mut BetOut) {
        let unknown = self.books.iter().filter(|(_, book)| !book.is_valid()).map(|(market, _)| *market);
        let unknown: Vec<MarketId> = unknown.collect();
        unknown.into_iter().for_each(|market| self.read_book(market, now, out));
    }

    pub(crate) fn book_pushed(&mut self, market: MarketId, text: &str, now: Now, out: &mut BetOut) {
        // One book, or an array of books: the venue publishes both (spec section 11.1).
        let read = if text.trim_start().starts_with('[') {
            rows(text).is_some_and(|rows| rows.iter().all(|row| self.take_book(market, row.get(), out) != Taken::Unreadable))
        } else {
            self.take_book(market, text, out) != Taken::Unreadable
        };
        if !read {
            out.quotes.push(QuoteNews::Lost { market, why: "a message of its book does not read" });
            self.reload_book(market, now, out);
        }
    }

    fn take_book(&mut self, market: MarketId, text: &str, out: &mut BetOut) -> Taken {
        let Some(book) = self.books.get_mut(&market) else { return Taken::Unreadable };
        let taken = book.take(market, text);
        if taken == Taken::Replaced {
            self.tell_quotes(market, out);
        }
        taken
    }

    /// The venue closed the gap: what was known still is. What was lost before the gap is read.
    pub(crate) fn resume_book(&mut self, market: MarketId, now: Now, out: &mut BetOut) {
        let Some(book) = self.books.get_mut(&market) else { return };
        book.resume();
        if book.is_valid() {
            self.tell_quotes(market, out);
        } else {
            self.read_book(market, now, out);
        }
    }

    /// Best odds of both outcomes, for who bets now. Without metadata there is no ladder, so there are none.
    pub(crate) fn tell_quotes(&self, market: MarketId, out: &mut BetOut) {
        let Some(book) = self.books.get(&market).filter(|book| book.is_valid()) else { return };
        let Some((metadata, _)) = &self.metadata else { return };
        self.tell_best(market, [book.best(true, metadata.ladder), book.best(false, metadata.ladder)], out);
    }

    fn tell_best(&self, market: MarketId, best: [Option<Best>; 2], out: &mut BetOut) {
        let line = self.markets.get(&market).and_then(|market| market.line);
        for (outcome, best) in [Outcome::ONE, Outcome::TWO].into_iter().zip(best) {
            out.quotes.push(match best {
                Some(best) => {
                    QuoteNews::Best(Quote { venue: crate::VENUE, market, line, outcome, odds: best.odds, size: best.size })
                }
                None => QuoteNews::Empty { market, outcome, why: "nobody offers the other side" },
            });
        }
    }

    /// Asks for the best odds of the watched markets that have no channel.
    pub(crate) fn odds_due(&mut self, now: Now, out: &mut BetOut) {
        let refused: Vec<MarketId> = self.session.channels.refused_books().collect();
        if refused.is_empty() {
            return;
        }
        for markets in refused.chunks(ODDS_PAGE) {
            let what = Pending::BestOdds(markets.to_vec());
            if !self.requests.is_asked(&what) {
                self.ask(what, call::best_odds(markets), now, out);
            }
        }
        Self::timer(timers::ODDS, self.config.odds_every_ms, now, out);
    }

    pub(crate) fn odds_reply(&mut self, asked: &[MarketId], reply: Reply<'_>, out: &mut BetOut) {
        let seen = match reply {
            Reply::Answer { status: 200, body, .. } => parse::best_odds_page(body).unwrap_or_default(),
            _ => Vec::new(),
        };
        let ladder = self.metadata.as_ref().map(|(metadata, _)| metadata.ladder);
        for market in asked {
            // Meanwhile unwatched, or its channel is back and says more.
            if !self.session.channels.refused_books().any(|one| one == *market) {
                continue;
            }
            let found = seen.iter().find(|odds| odds.market == *market).zip(ladder);
            if let Some((BestOdds { one, two, .. }, ladder)) = found {
                // As in the book: who bets outcome one takes a level of outcome two.
                let best = [two, one].map(|level| level.and_then(best_of).filter(|best| ladder.contains(best.p)));
                self.tell_best(*market, best, out);
                self.odds_told.insert(*market);
            } else if self.odds_told.remove(market) {
                out.quotes.push(QuoteNews::Lost { market: *market, why: "its best odds could not be read" });
            }
        }
    }
}
