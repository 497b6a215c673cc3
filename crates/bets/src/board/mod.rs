//! The board: what every matched pair of markets is worth now, and why it is not traded if it is not.
//!
//! Owns the last quote of every outcome that a pair needs, each with its age, and each venue's terms for it. Does not match markets,
//! does not know a venue's protocol, sends nothing and has no clock: every call says what time it is. Called by `bot4 quotes`, and by
//! whoever bets.
//!
//! A quote touches the pairs of its market alone. In the steady state nothing is allocated: slots are made when a pair is linked.

mod row;
#[cfg(test)]
mod tests;

pub use row::{Row, Why};

use books::betting::{self, BetLeg, BetRound, BetTerms, NoRound};
use domain::{Listing, MarketId, Mono, Now, Odds, Outcome, Pick, Quote, Rate, Stake, VenueId, Wall};
use std::collections::BTreeMap;

/// One of the two venues, as far as the board needs to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// Which.
    pub venue: VenueId,
    /// A quote not told anew for longer is not traded on, ms.
    pub age_ms_max: u64,
}

/// By which rules a pair counts as tradable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoardOptions {
    /// Both venues; everything that has two sides is in this order.
    pub sites: [Site; 2],
    /// The most that a round may cost, both stakes and all costs.
    pub budget: Stake,
    /// The margin that a round must leave, after fees, costs and rounding.
    pub m_net_min: Rate,
}

/// Two outcomes, one of either market, of which exactly one comes true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cover {
    /// The outcomes, by their venues' numbers.
    pub outcomes: [Outcome; 2],
    /// What they say.
    pub picks: [Pick; 2],
}

/// How a pair of markets stands with the mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is the same question, and a person has said so.
    Confirmed,
    /// Nobody has said so; how alike they look, 0 to 1000.
    Proposed(u16),
    /// The two must not be bet against each other: the reason.
    Refused(String),
}

/// A pair of markets that ask the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Both, in the order of the sites.
    pub listings: [Listing; 2],
    /// Every way to cover the question with one bet at either venue.
    pub covers: Vec<Cover>,
    /// What the mapping says.
    pub standing: Standing,
}

impl Link {
    /// Both kick-offs are said; the earlier one counts.
    pub fn starts(&self) -> Wall {
        self.listings[0].starts.min(self.listings[1].starts)
    }
}

/// The last word on one outcome.
#[derive(Clone, Copy, Debug)]
struct Held {
    outcome: Outcome,
    quote: Result<(Odds, Stake), &'static str>,
    told: Mono,
    /// There were odds once.
    quoted: bool,
    terms: Option<BetTerms>,
}

#[derive(Debug)]
struct Slot {
    held: Vec<Held>,
    pairs: Vec<usize>,
}

/// What one cover of a pair comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Worth {
    /// Site without a quote, and why.
    NoQuote(usize, &'static str),
    /// Site whose terms are not known.
    NoTerms(usize),
    NoRound(NoRound),
    Round(BetRound),
}

/// Where a number that orders covers comes from: the round's margin, else that of the odds.
#[derive(Clone, Copy, Debug)]
struct Found {
    cover: usize,
    m_net: Option<Rate>,
    worth: Worth,
}

#[derive(Debug)]
struct Tied {
    link: Link,
    slots: [usize; 2],
    found: Found,
    touched: bool,
    /// Over for so long that nobody asks: its place stays, so that no other pair is taken for it.
    retired: bool,
}

/// The board. See the module.
#[derive(Debug)]
pub struct Board {
    options: BoardOptions,
    markets: [BTreeMap<MarketId, usize>; 2],
    slots: Vec<Slot>,
    ties: Vec<Tied>,
    /// Pairs by their two markets.
    known: BTreeMap<[MarketId; 2], usize>,
    touched: Vec<usize>,
}

/// A pair on the board; good as long as the board is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PairIndex(pub usize);

/// Why nothing is known of an outcome before the first word about it.
const NOT_YET: &str = "not quoted yet";

impl Board {
    /// An empty board.
    pub fn new(options: BoardOptions) -> Self {
        let (slots, ties, touched) = (Vec::new(), Vec::new(), Vec::new());
        Self { options, markets: [BTreeMap::new(), BTreeMap::new()], slots, ties, known: BTreeMap::new(), touched }
    }
    /// By which rules it judges.
    pub const fn options(&self) -> &BoardOptions {
        &self.options
    }
    /// How many pairs it has.
    pub fn len(&self) -> usize {
        self.pairs().count()
    }
    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.pairs().next().is_none()
    }
    /// Every pair, in the order in which they were linked.
    pub fn pairs(&self) -> impl Iterator<Item = PairIndex> + '_ {
        self.ties.iter().enumerate().filter(|(_, tie)| !tie.retired).map(|(n, _)| PairIndex(n))
    }
    /// How many are confirmed.
    pub fn confirmed(&self) -> usize {
        self.ties.iter().filter(|tie| !tie.retired && tie.link.standing == Standing::Confirmed).count()
    }

    /// Takes pairs off the board whose event began before this.
    pub fn retire(&mut self, before: Wall) {
        for (n, tie) in self.ties.iter_mut().enumerate() {
            if tie.retired || tie.link.starts() >= before {
                continue;
            }
            tie.retired = true;
            for slot in tie.slots {
                if let Some(slot) = self.slots.get_mut(slot) {
                    slot.pairs.retain(|pair| *pair != n);
                }
            }
        }
    }

    /// Puts a pair on the board, or says anew what is known of one that is there: a moved kick-off, another standing. Quotes are kept.
    pub fn link(&mut self, link: Link) -> PairIndex {
        let ids = [link.listings[0].market, link.listings[1].market];
        let new = self.ties.len();
        let at = *self.known.entry(ids).or_insert(new);
        let slots = [0, 1].map(|site| self.slot(site, ids[site]));
        for (site, slot) in slots.into_iter().enumerate() {
            let Some(slot) = self.slots.get_mut(slot) else { continue };
            if !slot.pairs.contains(&at) {
                slot.pairs.push(at);
            }
            for cover in &link.covers {
                let outcome = cover.outcomes[site];
                if slot.held.iter().all(|held| held.outcome != outcome) {
                    slot.held.push(Held { outcome, quote: Err(NOT_YET), told: Mono::default(), quoted: false, terms: None });
                }
            }
        }
        let found = Found { cover: 0, m_net: None, worth: Worth::NoQuote(0, NOT_YET) };
        match self.ties.get_mut(at) {
            Some(tie) => (tie.link, tie.retired) = (link, false),
            None => self.ties.push(Tied { link, slots, found, touched: false, retired: false }),
        }
        self.weigh(at);
        PairIndex(at)
    }

    fn slot(&mut self, site: usize, market: MarketId) -> usize {
        let new = self.slots.len();
        let slot = *self.markets[site].entry(market).or_insert(new);
        if slot == new {
            self.slots.push(Slot { held: Vec::new(), pairs: Vec::new() });
        }
        slot
    }

    /// The best odds of an outcome now.
    pub fn quoted(&mut self, quote: &Quote, now: Now) {
        self.say(quote.venue, quote.market, Some(quote.outcome), Ok((quote.odds, quote.size)), now);
    }
    /// Nothing can be had on an outcome (`None`: on the whole market), and why.
    pub fn unquoted(&mut self, venue: VenueId, market: MarketId, outcome: Option<Outcome>, why: &'static str, now: Now) {
        self.say(venue, market, outcome, Err(why), now);
    }
    /// What the venue takes of a bet on an outcome; `None` while that is not known.
    pub fn termed(&mut self, venue: VenueId, market: MarketId, outcome: Outcome, terms: Option<BetTerms>) {
        let mut changed = false;
        let slot = self.at(venue, market, |held| {
            if held.outcome == outcome && held.terms != terms {
                held.terms = terms;
                changed = true;
            }
        });
        if let (true, Some(slot)) = (changed, slot) {
            self.weigh_all(slot);
        }
    }

    fn say(
        &mut self,
        venue: VenueId,
        market: MarketId,
        outcome: Option<Outcome>,
        quote: Result<(Odds, Stake), &'static str>,
        now: Now,
    ) {
        let slot = self.at(venue, market, |held| {
            if outcome.is_none_or(|outcome| held.outcome == outcome) {
                (held.quote, held.told) = (quote, now.mono);
                held.quoted |= quote.is_ok();
            }
        });
        if let Some(slot) = slot {
            self.weigh_all(slot);
        }
    }

    fn at(&mut self, venue: VenueId, market: MarketId, change: impl FnMut(&mut Held)) -> Option<usize> {
        let site = self.options.sites.iter().position(|site| site.venue == venue)?;
        let slot = *self.markets[site].get(&market)?;
        self.slots.get_mut(slot)?.held.iter_mut().for_each(change);
        Some(slot)
    }

    fn weigh_all(&mut self, slot: usize) {
        let mut n = 0;
        while let Some(pair) = self.slots.get(slot).and_then(|slot| slot.pairs.get(n)).copied() {
            self.weigh(pair);
            n += 1;
        }
    }

    /// Finds the best cover of a pair anew.
    fn weigh(&mut self, pair: usize) {
        let Some(tie) = self.ties.get(pair) else { return };
        let worths = tie.link.covers.iter().enumerate().map(|(n, cover)| self.worth(n, tie.slots, cover));
        // The best margin; of covers without any the first.
        let best = worths.reduce(|best, found| if rank(&found) > rank(&best) { found } else { best });
        let Some(tie) = self.ties.get_mut(pair) else { return };
        tie.found =
            best.unwrap_or(Found { cover: 0, m_net: None, worth: Worth::NoQuote(0, "no outcomes that cover each other") });
        if !tie.touched {
            tie.touched = true;
            self.touched.push(pair);
        }
    }

    fn held(&self, slot: usize, outcome: Outcome) -> Option<&Held> {
        self.slots.get(slot)?.held.iter().find(|held| held.outcome == outcome)
    }

    fn worth(&self, n: usize, slots: [usize; 2], cover: &Cover) -> Found {
        let mut legs = [None; 2];
        for site in [0, 1] {
            let Some(held) = self.held(slots[site], cover.outcomes[site]) else {
                return Found { cover: n, m_net: None, worth: Worth::NoQuote(site, NOT_YET) };
            };
            let (odds, size) = match held.quote {
                Ok(quote) => quote,
                Err(why) => return Found { cover: n, m_net: None, worth: Worth::NoQuote(site, why) },
            };
            legs[site] = held.terms.map(|terms| BetLeg { venue: self.options.sites[site].venue, odds, size, terms });
        }
        let [Some(a), Some(b)] = legs else {
            return Found { cover: n, m_net: None, worth: Worth::NoTerms(usize::from(legs[0].is_some())) };
        };
        match betting::split(&a, &b, self.options.budget) {
            Ok(round) => Found { cover: n, m_net: Some(round.m_net), worth: Worth::Round(round) },
            Err(none @ NoRound::NoMargin(m_net)) => Found { cover: n, m_net: Some(m_net), worth: Worth::NoRound(none) },
            Err(none) => Found { cover: n, m_net: betting::m_net(&a, &b), worth: Worth::NoRound(none) },
        }
    }

    /// Moves the pairs that were touched since the last call into `into`, which it empties first.
    pub fn take_touched(&mut self, into: &mut Vec<PairIndex>) {
        into.clear();
        for pair in self.touched.drain(..) {
            if let Some(tie) = self.ties.get_mut(pair) {
                tie.touched = false;
                into.push(PairIndex(pair));
            }
        }
    }

    /// Outcomes that a pair needs, to ask their venues for terms: site, market, outcome.
    pub fn needs(&self, pair: PairIndex) -> impl Iterator<Item = (usize, MarketId, Outcome)> + '_ {
        self.ties.get(pair.0).into_iter().flat_map(|tie| {
            let of = |site: usize| {
                tie.link.covers.iter().map(move |cover| (site, tie.link.listings[site].market, cover.outcomes[site]))
            };
            of(0).chain(of(1))
        })
    }

    /// A pair as it stands now.
    pub fn row(&self, pair: PairIndex, now: Now) -> Option<Row<'_>> {
        let tie = self.ties.get(pair.0).filter(|tie| !tie.retired)?;
        let Found { cover, m_net, worth } = tie.found;
        let at = tie.link.covers.get(cover);
        let held = [0, 1].map(|site| at.and_then(|at| self.held(tie.slots[site], at.outcomes[site])));
        let quotes = held.map(|held| held.and_then(|held| held.quote.ok()));
        let told = |held: &Held| now.mono.since(held.told).div_euclid(1_000_000);
        let ages_ms = held.map(|held| held.filter(|held| held.quote.is_ok()).map(told));
        let terms = held.map(|held| held.and_then(|held| held.terms));
        let round = if let Worth::Round(round) = worth { Some(round) } else { None };
        let why = self.why(tie, ages_ms, now);
        let first = held.iter().flatten().any(|held| !held.quoted);
        let unheard = matches!(worth, Worth::NoTerms(_)) || (first && matches!(worth, Worth::NoQuote(..)));
        let waits = unheard && !matches!(why, Some(Why::RulesDiffer(_) | Why::InPlay | Why::Closed(_)));
        Some(Row { pair, link: &tie.link, cover: at.copied(), quotes, terms, ages_ms, m_net, round, waits, why })
    }

    /// The first reason in the order in which a person would mend them: the match, the market, the odds, the money.
    fn why<'a>(&self, tie: &'a Tied, ages_ms: [Option<u64>; 2], now: Now) -> Option<Why<'a>> {
        match &tie.link.standing {
            Standing::Refused(why) => return Some(Why::RulesDiffer(why)),
            Standing::Proposed(score) => return Some(Why::NotConfirmed(*score)),
            Standing::Confirmed => {}
        }
        let venue = |site: usize| self.options.sites[usize::from(site > 0)].venue;
        if now.wall >= tie.link.starts() {
            return Some(Why::InPlay);
        }
        if let Some(site) = tie.link.listings.iter().position(|listing| !listing.open) {
            return Some(Why::Closed(venue(site)));
        }
        let (m_net, limit) = match tie.found.worth {
            Worth::NoQuote(site, why) => return Some(Why::NoQuote(venue(site), why)),
            Worth::NoTerms(site) => return Some(Why::NoTerms(venue(site))),
            Worth::NoRound(none) => (None, Some(none)),
            Worth::Round(round) => (Some(round.m_net), None),
        };
        let stale = |site: &usize| ages_ms[*site].is_none_or(|age| age > self.options.sites[*site].age_ms_max);
        if let Some(site) = [0, 1].into_iter().find(stale) {
            return Some(Why::Stale(venue(site)));
        }
        if let Some(none) = limit {
            return Some(Why::NoRound(none));
        }
        m_net.filter(|m_net| *m_net < self.options.m_net_min).map(|m_net| Why::UnderMargin(m_net, self.options.m_net_min))
    }
}

/// A cover that can be bet before one that cannot, then by margin.
fn rank(found: &Found) -> (u8, Rate) {
    let kind = match found.worth {
        Worth::Round(_) => 3,
        Worth::NoRound(_) => 2,
        Worth::NoTerms(_) => 1,
        Worth::NoQuote(..) => 0,
    };
    (kind, found.m_net.unwrap_or(Rate::from_e8(i64::MIN)))
}
