//! What can be bet on, kept up to date: the active markets page by page, the fixtures of what is watched, and what the channels of
//! both change. Every market that is new or changed is told as a [`domain::Listing`].

use crate::SxClient;
use crate::call;
use crate::catalog::{self, Market};
use crate::listing::listing;
use crate::requests::{Pending, timers};
use domain::{MarketId, Now};
use std::collections::BTreeSet;
use venue_api::{BetNews, BetOut, Reply};

/// Between two tries of a read, ms.
const RETRY_MS: u64 = 2_000;
/// Pages of markets read at most: the venue lists a few thousand, 50 to a page.
const PAGES_MAX: u16 = 400;

/// Whether a fixture's status takes bets at all: 1 not started, 2 live, 9 about to start (spec section 5.3).
const fn takes_bets(status: u8) -> bool {
    matches!(status, 1 | 2 | 9)
}

impl SxClient {
    pub(crate) fn read_markets(&mut self, now: Now, out: &mut BetOut) {
        if !self.reading_markets {
            self.reading_markets = true;
            self.seen.clear();
            self.ask(Pending::Markets { pages: 0 }, call::markets(&self.config.sports, None), now, out);
        }
    }

    pub(crate) fn markets_reply(&mut self, pages: u16, reply: Reply<'_>, now: Now, out: &mut BetOut) {
        let page = match reply {
            Reply::Answer { status: 200, body, .. } => catalog::markets_page(body),
            _ => None,
        };
        let Some((markets, next)) = page else {
            self.reading_markets = false;
            return Self::timer(timers::MARKETS, RETRY_MS, now, out);
        };
        markets.into_iter().for_each(|market| self.list(market, out));
        if let Some(next) = next.filter(|_| pages < PAGES_MAX) {
            let call = call::markets(&self.config.sports, Some(&next));
            return self.ask(Pending::Markets { pages: pages + 1 }, call, now, out);
        }
        self.reading_markets = false;
        self.unlist(out);
        out.news.push(BetNews::Listed(self.markets.len()));
        self.read_fixtures(now, out);
        Self::timer(timers::MARKETS, self.config.markets_every_ms, now, out);
    }

    /// Takes in a market as the venue has it now.
    pub(crate) fn list(&mut self, market: Market, out: &mut BetOut) {
        self.seen.insert(market.id);
        if self.markets.get(&market.id) != Some(&market) {
            let takes = self.fixtures.get(&market.event).is_none_or(|status| takes_bets(*status));
            out.listings.push(listing(&market, takes));
            self.markets.insert(market.id, market);
        }
    }

    /// What a whole reading did not show takes no more bets; nothing is kept of it unless it is watched or has a bet of ours.
    fn unlist(&mut self, out: &mut BetOut) {
        let bet_on: BTreeSet<MarketId> = self.bets.values().map(|tracked| tracked.spec.market).collect();
        let (seen, books) = (&self.seen, &self.books);
        self.markets.retain(|id, market| {
            if seen.contains(id) {
                return true;
            }
            if market.active {
                market.active = false;
                out.listings.push(listing(market, false));
            }
            books.contains_key(id) || bet_on.contains(id)
        });
        let events: BTreeSet<&str> = self.markets.values().map(|market| market.event.as_str()).collect();
        self.fixtures.retain(|event, _| events.contains(event.as_str()));
        self.seen.clear();
    }

    /// Reads the fixtures of the leagues in which something is watched.
    pub(crate) fn read_fixtures(&mut self, now: Now, out: &mut BetOut) {
        let leagues: BTreeSet<u32> =
            self.books.keys().filter_map(|id| self.markets.get(id)).map(|market| market.league).collect();
        for league in leagues {
            if !self.requests.is_asked(&Pending::Fixtures(league)) {
                self.ask(Pending::Fixtures(league), call::fixtures(league), now, out);
            }
        }
    }

    pub(crate) fn fixtures_reply(&mut self, reply: Reply<'_>, out: &mut BetOut) {
        // One that cannot be read is read again with the next reading of the markets.
        if let Reply::Answer { status: 200, body, .. } = reply
            && let Some(fixtures) = catalog::fixtures(body)
        {
            fixtures.into_iter().for_each(|fixture| self.fixture(fixture.event, fixture.status, out));
        }
    }

    /// `fixtures:global`. The form of its rows is not published: what does not read as a fixture is asked for.
    pub(crate) fn fixtures_pushed(&mut self, text: &str, now: Now, out: &mut BetOut) {
        match catalog::fixture_rows(text) {
            Some(fixtures) => fixtures.into_iter().for_each(|fixture| self.fixture(fixture.event, fixture.status, out)),
            None => self.read_fixtures(now, out),
        }
    }

    fn fixture(&mut self, event: String, status: u8, out: &mut BetOut) {
        let before = self.fixtures.insert(event.clone(), status).is_none_or(takes_bets);
        if takes_bets(status) != before {
            let changed = self.markets.values().filter(|market| market.event == event);
            out.listings.extend(changed.map(|market| listing(market, takes_bets(status))));
        }
    }

    /// Whether a market takes bets now, as far as is known.
    pub(crate) fn takes_bets(&self, market: &Market, now: Now) -> bool {
        let started = market.game_time <= now.wall.ms() / 1_000;
        let status = self.fixtures.get(&market.event).copied();
        market.active && (market.live || !started) && status.is_none_or(takes_bets)
    }
}
