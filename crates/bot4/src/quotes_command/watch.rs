//! The board while it lives: listings become pairs, pairs are watched, quotes and terms move them.
//!
//! Knows no screen. Called by the command's loop, which says when.

use super::pairing::Pairing;
use crate::bets_wiring::{AZURO, BetFeeds, BetPlaces, SX, SxKeys};
use crate::config::Config;
use crate::wiring::clock;
use bets::board::{Board, BoardOptions, PairIndex, Site, Standing};
use domain::{MarketId, Now, Stake, VenueId, Wall};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use venue_api::QuoteNews;

/// Markets watched at each venue at most: SX Bet's realtime connection holds 512 channels, some of them the account's.
const WATCHED_MAX: usize = 500;

/// An event that began so long ago is over, µs.
const OVER_US: i64 = 12 * 3_600 * 1_000_000;

/// See the module.
pub(super) struct Watch {
    feeds: BetFeeds,
    board: Rc<RefCell<Board>>,
    pairing: Pairing,
    horizon_us: i64,
    watched: BTreeSet<(VenueId, MarketId)>,
    touched: Vec<PairIndex>,
    /// Pairs for which there was no room among the watched.
    pub(super) unwatched: usize,
    /// Some time both venues had told all they list.
    pub(super) loaded: bool,
}

/// Puts what a venue told about its quotes onto the board.
fn quote(board: &mut Board, venue: VenueId, quotes: &[QuoteNews], now: Now) {
    for news in quotes {
        match news {
            QuoteNews::Best(quote) => board.quoted(quote, now),
            QuoteNews::Empty { market, outcome, why } => board.unquoted(venue, *market, Some(*outcome), why, now),
            QuoteNews::Lost { market, why } => board.unquoted(venue, *market, None, why, now),
        }
    }
}

impl Watch {
    /// Starts both clients; must be called inside a `LocalSet`.
    pub(super) fn start(config: &Config, keys: Option<&SxKeys>, places: &BetPlaces, pairing: Pairing) -> anyhow::Result<Self> {
        let (v, bets) = (&config.file.venues, &config.file.bets);
        let site = |venue, s: u64| Site { venue, age_ms_max: s.saturating_mul(1_000) };
        let board = Rc::new(RefCell::new(Board::new(BoardOptions {
            sites: [site(SX, v.sx.max_quote_age_s), site(AZURO, v.azuro.max_quote_age_s)],
            budget: Stake::from_usd_down(bets.budget_usd.0).unwrap_or_default(),
            m_net_min: bets.margin_min_percent.0,
        })));
        let told = Rc::clone(&board);
        let feeds =
            BetFeeds::start(config, keys, places, move |venue, quotes, now| quote(&mut told.borrow_mut(), venue, quotes, now))?;
        Ok(Self {
            feeds,
            board,
            pairing,
            horizon_us: i64::from(bets.horizon_h) * 3_600_000_000,
            watched: BTreeSet::new(),
            touched: Vec::new(),
            unwatched: 0,
            loaded: false,
        })
    }

    pub(super) fn feeds(&self) -> &BetFeeds {
        &self.feeds
    }
    /// By what pairs are confirmed.
    pub(super) fn confirmed_by(&self) -> &str {
        self.pairing.by()
    }
    pub(super) fn board(&self) -> std::cell::Ref<'_, Board> {
        self.board.borrow()
    }

    /// Matches anew if anything listed has changed, and watches what is worth it.
    pub(super) fn match_listings(&mut self) {
        if !self.feeds.relisted() {
            return;
        }
        self.loaded |= [SX, AZURO].iter().all(|venue| self.feeds.session(*venue).listed.is_some());
        if !self.loaded {
            // Half a list would pair events that the other half has a better partner for.
            return;
        }
        let now = clock().now().wall;
        let until = now.0.saturating_add(self.horizon_us);
        // An event that is on is still listed; one of yesterday is nobody's business any more.
        let over = Wall(now.0.saturating_sub(OVER_US));
        self.feeds.forget(over);
        let soon = |venue| {
            let mut listings = self.feeds.listings(venue);
            listings.retain(|listing| listing.starts.0 <= until);
            listings
        };
        let links = self.pairing.links(&soon(SX), &soon(AZURO));
        let mut wanted: Vec<(bool, i64, [MarketId; 2])> = Vec::new();
        {
            let mut board = self.board.borrow_mut();
            board.retire(over);
            for link in links {
                let (confirmed, refused) = (link.standing == Standing::Confirmed, matches!(link.standing, Standing::Refused(_)));
                let markets = [link.listings[0].market, link.listings[1].market];
                // What is closed now may open again, and its feed is the first to say so.
                let known = self.watched.contains(&(SX, markets[0])) && self.watched.contains(&(AZURO, markets[1]));
                let open = known || link.listings.iter().all(|listing| listing.open);
                if open && !refused && link.starts() > now {
                    wanted.push((!confirmed, link.starts().0, markets));
                }
                board.link(link);
            }
        }
        // Confirmed pairs first, then by kick-off.
        wanted.sort_unstable();
        self.watch_these(wanted.into_iter().map(|(_, _, markets)| markets));
    }

    /// Watches as many of these as there is room for, in order, and nothing else.
    fn watch_these(&mut self, wanted: impl Iterator<Item = [MarketId; 2]>) {
        let mut these = [BTreeSet::new(), BTreeSet::new()];
        let mut order = Vec::new();
        self.unwatched = 0;
        for [sx, azuro] in wanted {
            let room = |these: &BTreeSet<MarketId>, market| these.len() < WATCHED_MAX || these.contains(market);
            if room(&these[0], &sx) && room(&these[1], &azuro) {
                order.extend([(SX, sx), (AZURO, azuro)].into_iter().filter(|watch| !self.watched.contains(watch)));
                these[0].insert(sx);
                these[1].insert(azuro);
            } else {
                self.unwatched += 1;
            }
        }
        let [sx, azuro] = these;
        let these: BTreeSet<(VenueId, MarketId)> =
            sx.into_iter().map(|market| (SX, market)).chain(azuro.into_iter().map(|market| (AZURO, market))).collect();
        for (venue, market) in self.watched.difference(&these) {
            self.feeds.unwatch(*venue, *market);
        }
        for (venue, market) in order {
            if self.watched.insert((venue, market)) {
                self.feeds.watch(venue, market);
            }
        }
        self.watched = these;
    }

    /// Asks both clients anew for the terms of these pairs.
    fn ask_terms(&self, pairs: &[PairIndex]) {
        for pair in pairs {
            let needs: Vec<_> = self.board.borrow().needs(*pair).collect();
            for (site, market, outcome) in needs {
                let venue = if site == 0 { SX } else { AZURO };
                let terms = self.feeds.terms(venue, market, outcome);
                self.board.borrow_mut().termed(venue, market, outcome, terms);
            }
        }
    }

    /// Gives the pairs that moved, their terms brought up to date.
    pub(super) fn moved(&mut self) -> Vec<PairIndex> {
        self.board.borrow_mut().take_touched(&mut self.touched);
        let mut moved: BTreeSet<PairIndex> = self.touched.iter().copied().collect();
        self.ask_terms(&self.touched);
        self.board.borrow_mut().take_touched(&mut self.touched);
        moved.extend(self.touched.iter().copied());
        moved.into_iter().collect()
    }

    /// Brings the terms of every pair up to date: fees and minima come late and change by themselves.
    pub(super) fn refresh_terms(&self) {
        let all: Vec<PairIndex> = self.board.borrow().pairs().collect();
        self.ask_terms(&all);
    }

    /// How many pairs still wait for a first word; `None` while the lists are being read.
    pub(super) fn waiting(&self, now: Now) -> Option<usize> {
        let board = self.board.borrow();
        let waits = |pair: &PairIndex| board.row(*pair, now).is_some_and(|row| row.waits);
        self.loaded.then(|| board.pairs().filter(waits).count())
    }

    pub(super) async fn stop(self) {
        self.feeds.stop().await;
    }
}
