//! What a bettor does in the arena: watches a market, wants a bet on it, waits for what becomes of it.

use super::arena::Arena;
use super::journal::Written;
use azuro_client::AzuroClient;
use domain::{BetSpec, BetStatus, LegId, Listing, OrderId, Purpose, Question, RoundId, Stake, TimeInForce};
use venue_api::{BetClient, BetNews, PrepareError};
use venue_sim::azuro::SeenBet;

impl Arena {
    /// Waits for the lists and watches an open market of a game that begins late enough; gives its quotes.
    pub(crate) fn watching(&mut self, question: Question) -> Listing {
        assert!(self.until(60_000, |a| a.news.iter().any(|n| matches!(n, BetNews::Listed(_)))), "nothing is listed");
        let soon = self.now().wall.plus_ms(1_800_000);
        let found = self.listings.values().find(|l| l.open && l.question == question && l.starts > soon).cloned();
        let listing = found.unwrap_or_else(|| panic!("no open market asks for {question:?}"));
        self.watch(&listing);
        listing
    }
    pub(crate) fn watch(&mut self, listing: &Listing) {
        let market = listing.market;
        self.step(|client, now, out| client.watch(market, now, out));
        let (first, _) = listing.picks[0];
        let quoted = self.until(60_000, |a| {
            a.client.terms(market, first).is_some() && a.quotes.contains_key(&(market, first)) && a.client.ready(a.now())
        });
        assert!(quoted, "never ready: {:?} {:?}", self.told, self.news.last());
    }

    /// Wants ten dollars on an outcome at the odds that are quoted.
    pub(crate) fn spec(&self, listing: &Listing, attempt: u16) -> BetSpec {
        let (outcome, _) = listing.picks[0];
        let quote = self.quotes.get(&(listing.market, outcome)).expect("quoted");
        BetSpec {
            id: OrderId { round: RoundId { epoch: 1, seq: 1 }, leg: LegId::B, purpose: Purpose::Entry, attempt },
            venue: AzuroClient::VENUE,
            market: listing.market,
            outcome,
            stake: Stake::from_e6(10_000_000),
            odds_min: quote.odds,
            tif: TimeInForce::Fok,
            expires: self.now().wall.plus_ms(20_000),
        }
    }
    /// Prepares, journals, sends.
    pub(crate) fn place(&mut self, spec: BetSpec) -> Result<(), PrepareError> {
        let now = self.now();
        let prepared = self.client.prepare(spec, now)?;
        let (spec, key) = (prepared.spec.clone(), prepared.key.clone());
        if self.write(|arena| arena.journal.push(Written { spec, key, reports: Vec::new() })) {
            self.step(|client, now, out| client.send(prepared, now, out));
        }
        Ok(())
    }
    pub(crate) fn bet(&self) -> &Written {
        self.journal.last().expect("a bet")
    }
    /// Waits for a status of the last bet.
    pub(crate) fn until_bet(&mut self, ms: i64, status: BetStatus) {
        let came = self.until(ms, |a| a.bet().status() == status);
        assert!(
            came,
            "{status:?} never came: {:?}\n{:?}",
            self.bet().reports,
            self.news.iter().rev().take(4).collect::<Vec<_>>()
        );
    }
    pub(crate) fn seen(&self) -> Vec<SeenBet> {
        self.sim.bets_seen(0).collect()
    }
}
